//! The cloud after a run, as stable YAML without secrets and without what was there from the start.

use serde_json::{Map, Value, json};

use super::first_party;
use super::tenant::{Deleted, Object, Tenant, list, text};
use super::world::World;

/// Sorted by what a person knows the objects by, not by their ids.
pub(crate) fn yaml(world: &World) -> serde_yaml::Value {
    let tenants: Vec<Value> = world.tenants.values().map(tenant).collect();
    serde_yaml::to_value(sorted(json!({ "tenants": tenants }))).unwrap_or_default()
}

fn tenant(tenant: &Tenant) -> Value {
    let foreign = |sp: &&Object| {
        first_party::by_app_id(text(sp, "appId")).is_none()
            && !tenant.callers.contains_key(text(sp, "appId"))
    };
    let applications = tenant.applications.values().map(|app| application(tenant, app));
    let principals =
        tenant.service_principals.values().filter(foreign).map(|sp| principal(tenant, sp));
    let ours = |id: &String| !tenant.callers.values().any(|caller| caller.grants.contains(id));
    let assignments = tenant.app_role_assignments.iter().filter(|(id, _)| ours(id)).map(|(_, a)| {
        let resource = tenant.service_principals.get(text(a, "resourceId"));
        json!({
            "principal": a.get("principalDisplayName"), "resource": a.get("resourceDisplayName"),
            "role": role_value(resource, text(a, "appRoleId")),
            "id": a.get("id"), "principalId": a.get("principalId"), "resourceId": a.get("resourceId"),
            "appRoleId": a.get("appRoleId"),
        })
    });
    let name =
        |id: &str| tenant.service_principals.get(id).and_then(|sp| sp.get("displayName")).cloned();
    let grants = tenant.grants.values().map(|g| {
        let mut grant = g.clone();
        grant.insert("client".into(), name(text(g, "clientId")).unwrap_or_default());
        grant.insert("resource".into(), name(text(g, "resourceId")).unwrap_or_default());
        Value::Object(grant)
    });
    json!({
        "id": tenant.id,
        "applications": ordered(applications, &["uniqueName", "displayName", "id"]),
        "servicePrincipals": ordered(principals, &["displayName", "appId"]),
        "appRoleAssignments": ordered(assignments, &["principal", "resource", "role", "id"]),
        "oauth2PermissionGrants": ordered(grants, &["client", "resource", "id"]),
        "deletedItems": ordered(tenant.deleted.values().map(deleted), &["type", "displayName", "id"]),
    })
}

fn role_value(resource: Option<&Object>, id: &str) -> Value {
    let api = resource.and_then(|sp| first_party::by_app_id(text(sp, "appId")));
    api.and_then(|api| api.role_value(id)).map_or(Value::Null, |value| json!(value))
}

fn application(tenant: &Tenant, app: &Object) -> Value {
    let mut view = plain(app);
    let id = text(app, "id");
    view.insert("owners".into(), json!(tenant.owners.get(id)));
    view.insert("federatedIdentityCredentials".into(), json!(tenant.federated.get(id)));
    Value::Object(without_empty(view))
}

fn principal(tenant: &Tenant, sp: &Object) -> Value {
    let mut view = plain(sp);
    view.insert("owners".into(), json!(tenant.owners.get(text(sp, "id"))));
    Value::Object(without_empty(view))
}

fn deleted(item: &Deleted) -> Value {
    let mut view = without_empty(plain(&item.object));
    view.insert("type".into(), json!(item.kind.type_name()));
    Value::Object(view)
}

/// Credentials as keyId, name and dates.
fn plain(object: &Object) -> Object {
    let mut view = object.clone();
    // The day of the run is no fact of the cloud.
    view.retain(|name, _| !matches!(name.as_str(), "createdDateTime" | "deletedDateTime"));
    for property in ["passwordCredentials", "keyCredentials"] {
        let entries = list(object, property).iter().filter_map(Value::as_object).map(|entry| {
            let keep = ["keyId", "displayName", "startDateTime", "endDateTime"];
            let kept: Map<String, Value> = keep
                .iter()
                .filter_map(|&k| entry.get(k).map(|v| (k.to_owned(), v.clone())))
                .collect();
            Value::Object(kept)
        });
        view.insert(property.into(), entries.collect());
    }
    view
}

fn without_empty(mut object: Object) -> Object {
    object.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(inner) => {
            *inner = without_empty(std::mem::take(inner));
            !inner.is_empty()
        }
        _ => true,
    });
    object
}

fn ordered(items: impl Iterator<Item = Value>, keys: &[&str]) -> Vec<Value> {
    let mut items: Vec<Value> = items.collect();
    items.sort_by_cached_key(|item| {
        keys.iter()
            .map(|&key| item[key].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
    });
    items
}

/// Keys in the order of the alphabet at every level, whatever map the JSON library was built with.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(entries.into_iter().map(|(k, v)| (k, sorted(v))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}
