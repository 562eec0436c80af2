//! From a cloud file's tenant to a directory.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::file::{CallerFile, DEFAULT_CALLER, TenantFile};
use super::first_party::{self, FirstParty};
use super::seed_credential::credentials;
use super::seed_grant::{assignment, grant};
use super::tenant::{self, Caller, Deleted, Kind, Object, Tenant, text};
use crate::clock::stamp;
use crate::graph::{defaults, policy};

/// A tenant with nothing in it but its policy.
pub(crate) fn empty(id: Uuid, now: OffsetDateTime) -> Tenant {
    let mut tenant = Tenant {
        id: id.to_string(),
        created: stamp(now),
        policy: policy::default(),
        ..Tenant::default()
    };
    tenant.display_name = "Contoso".to_owned();
    tenant.verified_domains = vec![tenant.domain()];
    tenant
}

/// A tenant as its file says, or what is wrong with the file.
pub(crate) fn tenant(file: &TenantFile, now: OffsetDateTime) -> Result<Tenant, String> {
    if file.id.is_nil() {
        return Err("a tenant needs an `id`".to_owned());
    }
    let mut tenant = empty(file.id, now);
    if let Some(name) = &file.display_name {
        tenant.display_name.clone_from(name);
    }
    if !file.verified_domains.is_empty() {
        tenant.verified_domains.clone_from(&file.verified_domains);
    }
    if let Some(over) = &file.app_management_policy {
        policy::merge(&mut tenant.policy, over);
    }
    let absent =
        |api: &&FirstParty| !file.absent_principals.iter().any(|id| id.to_string() == api.app_id);
    for api in first_party::all().iter().filter(absent) {
        first_party_principal(&mut tenant, api, now);
    }
    match &file.callers {
        Some(callers) => callers.iter().try_for_each(|one| caller(&mut tenant, one, now))?,
        None => caller(&mut tenant, &default_caller(), now)?,
    }
    objects(&mut tenant, file, now)?;
    Ok(tenant)
}

/// The objects of a file, those that others refer to first.
fn objects(tenant: &mut Tenant, file: &TenantFile, now: OffsetDateTime) -> Result<(), String> {
    for seed in &file.users {
        let mut user = seed.clone();
        let id = given(&mut user, "id").unwrap_or_else(|| tenant.mint("user"));
        user.insert("id".into(), json!(id));
        tenant.users.insert(id, user);
    }
    for seed in &file.applications {
        let (id, object) = application(tenant, seed, now)?;
        tenant.applications.insert(id, object);
    }
    for seed in &file.deleted_items {
        let (id, mut object) = application(tenant, seed, now)?;
        object.entry("deletedDateTime").or_insert_with(|| json!(stamp(now)));
        let deleted = Deleted {
            kind: Kind::Application,
            object,
            app_role_assignments: std::collections::BTreeMap::new(),
            grants: std::collections::BTreeMap::new(),
        };
        tenant.deleted.insert(id, deleted);
    }
    for seed in &file.service_principals {
        principal(tenant, seed, now)?;
    }
    for seed in &file.app_role_assignments {
        assignment(tenant, seed, now)?;
    }
    for seed in &file.oauth2_permission_grants {
        grant(tenant, seed)?;
    }
    Ok(())
}

fn default_caller() -> CallerFile {
    CallerFile {
        app_id: Uuid::parse_str(DEFAULT_CALLER.app_id).unwrap_or_default(),
        object_id: None,
        secret: Some(DEFAULT_CALLER.secret.to_owned()),
        certificate_pem: None,
        roles: DEFAULT_CALLER.roles.iter().map(|&role| role.to_owned()).collect(),
    }
}

/// Puts a first-party API's principal into a tenant; its object id depends on nothing but the two.
pub(crate) fn first_party_principal(
    tenant: &mut Tenant,
    api: &FirstParty,
    now: OffsetDateTime,
) -> Object {
    let id = tenant.derive("firstParty", &api.app_id);
    let mut object =
        defaults::principal(&id, &api.app_id, &api.display_name, first_party::OWNER, &stamp(now));
    object.insert("servicePrincipalNames".into(), json!(api.service_principal_names));
    object.insert("signInAudience".into(), json!("AzureADMultipleOrgs"));
    tenant.service_principals.insert(id, object.clone());
    object
}

fn caller(tenant: &mut Tenant, file: &CallerFile, now: OffsetDateTime) -> Result<(), String> {
    let app_id = file.app_id.to_string();
    let object_id = match file.object_id {
        Some(id) => id.to_string(),
        None => tenant.derive("caller", &app_id),
    };
    let home = tenant.derive("callerHome", &app_id);
    let object = defaults::principal(&object_id, &app_id, "emulated caller", &home, &stamp(now));
    tenant.service_principals.insert(object_id.clone(), object);
    let mut grants = Vec::new();
    for role in &file.roles {
        let seed =
            json!({"principalId": object_id, "resourceId": first_party::GRAPH, "appRoleId": role});
        let seed = seed.as_object().cloned().unwrap_or_default();
        grants.push(
            assignment(tenant, &seed, now)
                .map_err(|reason| format!("caller {app_id}: {reason}"))?,
        );
    }
    let known = Caller {
        object_id,
        secret: file.secret.as_deref().map(tenant::digest),
        certificate_pem: file.certificate_pem.clone(),
        grants,
    };
    tenant.callers.insert(app_id, known);
    Ok(())
}

fn application(
    tenant: &mut Tenant,
    seed: &Object,
    now: OffsetDateTime,
) -> Result<(String, Object), String> {
    let mut seed = seed.clone();
    let id = given(&mut seed, "id").unwrap_or_else(|| tenant.mint("application"));
    let app_id = given(&mut seed, "appId").unwrap_or_else(|| tenant.mint("appId"));
    let owners = seed.remove("owners");
    let federated = seed.remove("federatedIdentityCredentials");
    if let Some(owners) = owners {
        tenant.owners.insert(id.clone(), strings(&owners));
    }
    if let Some(Value::Array(federated)) = federated {
        let mut objects = Vec::new();
        for mut one in federated.into_iter().filter_map(|v| v.as_object().cloned()) {
            one.entry("id").or_insert_with(|| json!(tenant.mint("federated")));
            objects.push(one);
        }
        tenant.federated.insert(id.clone(), objects);
    }
    if text(&seed, "displayName").is_empty() {
        return Err("an application needs a `displayName`".to_owned());
    }
    let mut object = defaults::application(&id, &app_id, &tenant.domain(), &stamp(now));
    for (property, value) in seed {
        defaults::assign(&mut object, &property, value);
    }
    credentials(tenant, &mut object, now);
    Ok((id, object))
}

fn principal(tenant: &mut Tenant, seed: &Object, now: OffsetDateTime) -> Result<(), String> {
    let mut seed = seed.clone();
    let app_id = given(&mut seed, "appId").ok_or("a service principal needs an `appId`")?;
    if let Some(existing) = tenant.principal(&app_id) {
        return merge_principal(tenant, &existing, seed);
    }
    let id = given(&mut seed, "id").unwrap_or_else(|| tenant.mint("servicePrincipal"));
    let app = tenant.application_by_app_id(&app_id);
    let name = app.map_or("foreign application", |app| text(app, "displayName")).to_owned();
    let home = if app.is_some() { tenant.id.clone() } else { tenant.derive("home", &app_id) };
    let object = defaults::principal(&id, &app_id, &name, &home, &stamp(now));
    tenant.service_principals.insert(id.clone(), object);
    merge_principal(tenant, &id, seed)
}

fn merge_principal(tenant: &mut Tenant, id: &str, mut seed: Object) -> Result<(), String> {
    if let Some(owners) = seed.remove("owners") {
        tenant.owners.insert(id.to_owned(), strings(&owners));
    }
    if let Some(Value::Array(groups)) = seed.remove("memberOf") {
        let groups = groups.into_iter().filter_map(|v| v.as_object().cloned()).collect();
        tenant.memberships.insert(id.to_owned(), groups);
    }
    let object = tenant.service_principals.get_mut(id).ok_or("no such service principal")?;
    for (property, value) in seed {
        defaults::assign(object, &property, value);
    }
    Ok(())
}

fn given(seed: &mut Map<String, Value>, property: &str) -> Option<String> {
    seed.remove(property).and_then(|v| v.as_str().map(str::to_lowercase))
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| v.as_str().map(str::to_lowercase))
        .collect()
}
