//! `directory/deletedItems`: soft-deleted objects, kept for 30 days.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::desk::{Ask, Desk, owned};
use super::failure::Failure;
use super::{defaults, page};
use crate::cloud::tenant::{Deleted, Kind, Object, Tenant, text};
use crate::wire::Answer;

/// Takes an object out of the directory, with the grants that hang on it.
pub(crate) fn bury(tenant: &mut Tenant, kind: Kind, id: &str, at: &str) {
    let taken = match kind {
        Kind::Application => tenant.applications.remove(id),
        Kind::ServicePrincipal => tenant.service_principals.remove(id),
    };
    let Some(mut object) = taken else {
        return;
    };
    object.insert("deletedDateTime".into(), json!(at));
    let names =
        |grant: &Object, properties: [&str; 2]| properties.iter().any(|p| text(grant, p) == id);
    let app_role_assignments =
        split(&mut tenant.app_role_assignments, |a| names(a, ["principalId", "resourceId"]));
    let grants = split(&mut tenant.grants, |g| names(g, ["clientId", "resourceId"]));
    tenant.deleted.insert(id.to_owned(), Deleted { kind, object, app_role_assignments, grants });
}

fn split(
    from: &mut BTreeMap<String, Object>,
    takes: impl Fn(&Object) -> bool,
) -> BTreeMap<String, Object> {
    let (taken, kept) = std::mem::take(from).into_iter().partition(|(_, object)| takes(object));
    *from = kept;
    taken
}

/// `GET /directory/deletedItems/microsoft.graph.application`.
pub(crate) fn applications(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    list(desk, ask, Kind::Application)
}

/// `GET /directory/deletedItems/microsoft.graph.servicePrincipal`.
pub(crate) fn principals(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    list(desk, ask, Kind::ServicePrincipal)
}

fn list(desk: &mut Desk<'_>, ask: &Ask, kind: Kind) -> Result<Answer, Failure> {
    let items = desk
        .tenant()
        .deleted
        .values()
        .filter(|item| item.kind == kind)
        .map(|item| item.object.clone())
        .collect();
    let set = format!("{}s", kind.type_name());
    page::answer(desk, ask, &set, kind.type_name(), items)
}

fn find(desk: &Desk<'_>, ask: &Ask) -> Result<Deleted, Failure> {
    let id = &ask.keys[0].value;
    desk.tenant().deleted.get(&id.to_lowercase()).cloned().ok_or_else(|| Failure::not_found(id))
}

/// `GET /directory/deletedItems/{id}`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let item = find(desk, ask)?;
    let view = defaults::typed(item.kind.type_name(), &item.object);
    Ok(desk.entity(ask, "directoryObjects/$entity", item.kind.type_name(), view))
}

/// The principal that was deleted with an application.
fn partner(tenant: &Tenant, item: &Deleted) -> Option<String> {
    let same = |other: &&Deleted| {
        other.kind == Kind::ServicePrincipal
            && text(&other.object, "appId") == text(&item.object, "appId")
    };
    let found =
        tenant.deleted.values().find(same).map(|other| text(&other.object, "id").to_owned());
    found.filter(|_| item.kind == Kind::Application)
}

/// `POST /directory/deletedItems/{id}/restore`: an application comes back with its principal, and all with their
/// credentials and grants.
pub(crate) fn restore(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let item = find(desk, ask)?;
    owned(desk, text(&item.object, "id"))?;
    let app_id = text(&item.object, "appId").to_owned();
    if item.kind == Kind::ServicePrincipal {
        if desk.tenant().principal_by_app_id(&app_id).is_some() {
            let message = format!(
                "The service principal cannot be created, updated, or restored because the service principal name {app_id} is already in use."
            );
            return Err(Failure::new(
                409,
                "Request_MultipleObjectsWithSameKeyValue",
                message.clone(),
            )
            .detail("ObjectConflict", "servicePrincipalNames", &message));
        }
        if desk.world.backing(&app_id).is_none() {
            return Err(Failure::no_backing_application(&app_id));
        }
    }
    let tenant = desk.tenant_mut();
    let partner = partner(tenant, &item).filter(|_| tenant.principal_by_app_id(&app_id).is_none());
    raise(tenant, text(&item.object, "id"));
    if let Some(partner) = partner {
        raise(tenant, &partner);
    }
    let mut object = defaults::typed(item.kind.type_name(), &item.object);
    object.insert("deletedDateTime".into(), Value::Null);
    Ok(desk.entity(ask, "directoryObjects/$entity", item.kind.type_name(), object))
}

fn raise(tenant: &mut Tenant, id: &str) {
    let Some(mut item) = tenant.deleted.remove(id) else {
        return;
    };
    item.object.insert("deletedDateTime".into(), Value::Null);
    match item.kind {
        Kind::Application => tenant.applications.insert(id.to_owned(), item.object),
        Kind::ServicePrincipal => tenant.service_principals.insert(id.to_owned(), item.object),
    };
    tenant.app_role_assignments.extend(item.app_role_assignments);
    tenant.grants.extend(item.grants);
}

/// `DELETE /directory/deletedItems/{id}`: for ever. Unverified: that the principal goes with its application.
pub(crate) fn purge(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let item = find(desk, ask)?;
    owned(desk, text(&item.object, "id"))?;
    let tenant = desk.tenant_mut();
    let partner = partner(tenant, &item);
    for id in [Some(text(&item.object, "id").to_owned()), partner].into_iter().flatten() {
        tenant.deleted.remove(&id);
        tenant.owners.remove(&id);
        tenant.federated.remove(&id);
    }
    Ok(Answer::nothing())
}
