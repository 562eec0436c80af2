//! Directory objects of any kind, and the few of people.

use serde_json::{Value, json};

use super::desk::{Ask, Desk};
use super::failure::Failure;
use super::{defaults, page};
use crate::cloud::tenant::Object;
use crate::wire::Answer;

/// An object by id, with its type.
pub(crate) fn find(desk: &Desk<'_>, id: &str) -> Option<Object> {
    let tenant = desk.tenant();
    let id = id.to_lowercase();
    if let Some(app) = tenant.applications.get(&id) {
        return Some(defaults::typed("application", app));
    }
    if let Some(sp) = tenant.service_principals.get(&id) {
        return Some(defaults::typed("servicePrincipal", &desk.world.principal_view(sp)));
    }
    tenant.users.get(&id).map(|user| defaults::typed("user", user))
}

/// `GET /directoryObjects/{id}`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let id = &ask.keys[0].value;
    let object = find(desk, id).ok_or_else(|| Failure::not_found(id))?;
    Ok(desk.entity(ask, "directoryObjects/$entity", "anyDirectoryObject", object))
}

/// `POST /directoryObjects/getByIds`: unknown ids are left out.
pub(crate) fn get_by_ids(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    if let Some(unknown) =
        ask.object().keys().find(|name| !matches!(name.as_str(), "ids" | "types"))
    {
        return Err(Failure::contract(format!("Invalid property '{unknown}'.")));
    }
    let ids = ask.body["ids"]
        .as_array()
        .ok_or_else(|| Failure::contract("A value is required for 'ids'."))?;
    if ids.len() > 1000 {
        return Err(Failure::contract("At most 1000 ids can be given."));
    }
    let types = ask.body["types"].as_array();
    let wanted = |object: &Object| {
        types.is_none_or(|types| {
            let kind = object["@odata.type"]
                .as_str()
                .unwrap_or_default()
                .trim_start_matches("#microsoft.graph.");
            types
                .iter()
                .filter_map(Value::as_str)
                .any(|t| t.eq_ignore_ascii_case(kind) || t == "directoryObject")
        })
    };
    let found = ids.iter().filter_map(|id| find(desk, id.as_str()?)).filter(wanted);
    let value: Vec<Value> = found.map(Value::Object).collect();
    Ok(Answer::json(
        200,
        json!({ "@odata.context": desk.context("directoryObjects"), "value": value }),
    ))
}

/// `GET /users`: those of the cloud file.
pub(crate) fn users(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let items = desk.tenant().users.values().cloned().collect();
    page::answer(desk, ask, "users", "user", items)
}

/// `GET /users/{id}`.
pub(crate) fn user(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let id = &ask.keys[0].value;
    let user = desk
        .tenant()
        .users
        .get(&id.to_lowercase())
        .cloned()
        .ok_or_else(|| Failure::not_found(id))?;
    Ok(desk.entity(ask, "users/$entity", "user", user))
}

/// `GET /me`: an application is nobody.
pub(crate) fn me(_desk: &mut Desk<'_>, _ask: &Ask) -> Result<Answer, Failure> {
    Err(Failure::malformed("/me request is only valid with delegated authentication flow."))
}

/// A collection that is always empty here.
pub(crate) fn nothing(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    page::answer(desk, ask, ask.template.trim_start_matches('/'), "extensionProperty", Vec::new())
}
