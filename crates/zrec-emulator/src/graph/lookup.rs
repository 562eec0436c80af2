//! From a key in a path to the object it names.

use super::desk::{Ask, Desk};
use super::failure::Failure;
use super::path::Key;
use crate::cloud::tenant::{Object, text};
use crate::cloud::world::guid;

/// The application of the path's first key.
pub(crate) fn application(desk: &Desk<'_>, ask: &Ask) -> Result<Object, Failure> {
    let key = &ask.keys[0];
    let tenant = desk.tenant();
    let found = match key.name.as_deref() {
        Some("appId") => tenant.application_by_app_id(&key.value),
        Some(_) => tenant.applications.values().find(|app| text(app, "uniqueName") == key.value),
        None => tenant.applications.get(&key.value.to_lowercase()),
    };
    found.cloned().ok_or_else(|| missing(key))
}

/// The service principal of the path's first key.
pub(crate) fn principal(desk: &Desk<'_>, ask: &Ask) -> Result<Object, Failure> {
    let key = &ask.keys[0];
    let tenant = desk.tenant();
    let found = match key.name {
        Some(_) => tenant.principal_by_app_id(&key.value),
        None => tenant.service_principals.get(&key.value.to_lowercase()),
    };
    found.cloned().ok_or_else(|| missing(key))
}

/// The owner-bearing object of the path's first key: an application or a service principal.
pub(crate) fn either(desk: &Desk<'_>, ask: &Ask) -> Result<Object, Failure> {
    if ask.template.starts_with("applications") {
        application(desk, ask)
    } else {
        principal(desk, ask)
    }
}

/// 404. A key that is no GUID gets the same answer for applications (unverified for other keys).
pub(crate) fn missing(key: &Key) -> Failure {
    match &key.name {
        Some(name) if name == "appId" && guid(&key.value).is_none() => Failure::contract(format!(
            "Invalid value specified for property 'appId' of resource: '{}'.",
            key.value
        )),
        _ => Failure::not_found(&key.value),
    }
}

/// The last segment of an `@odata.id` or `@odata.bind` URL, which must name a directory object of this service.
pub(crate) fn reference(url: &str) -> Option<String> {
    let path = url
        .split_once("://")
        .map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.trim_start_matches('/').trim_start_matches("v1.0/").trim_start_matches("beta/");
    let (collection, id) = path.trim_end_matches('/').rsplit_once('/')?;
    let collection = collection.rsplit('/').next()?;
    let known = ["directoryObjects", "users", "servicePrincipals", "groups"].contains(&collection);
    guid(id).filter(|_| known).map(|id| id.to_string())
}
