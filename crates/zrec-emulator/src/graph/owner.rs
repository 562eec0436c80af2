//! Owners of applications and service principals.

use serde_json::{Value, json};

use super::desk::{Ask, Desk, owned};
use super::failure::Failure;
use super::{defaults, directory, lookup, page};
use crate::cloud::tenant::{Object, text};
use crate::wire::Answer;

/// Microsoft's limit.
const MOST: usize = 100;

/// The owners as directory objects.
pub(crate) fn views(desk: &Desk<'_>, object: &str) -> Vec<Object> {
    let owners = desk.tenant().owners.get(object).cloned().unwrap_or_default();
    owners.iter().map(|id| directory::find(desk, id).unwrap_or_else(|| {
        let user = json!({ "id": id, "deletedDateTime": null, "displayName": null, "userPrincipalName": null });
        defaults::typed("user", user.as_object().unwrap_or(&Object::new()))
    })).collect()
}

/// `GET …/owners`, and its `$ref`.
pub(crate) fn list(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let object = lookup::either(desk, ask)?;
    let owners = views(desk, text(&object, "id"));
    if ask.template.ends_with("/$ref") {
        let refs = owners.iter().map(|owner| json!({ "@odata.id": format!("{}/v2/{}/directoryObjects/{}", desk.base, desk.caller.tenant, text(owner, "id")) }));
        let value: Vec<Value> = refs.collect();
        return Ok(Answer::json(
            200,
            json!({ "@odata.context": desk.context("Collection($ref)"), "value": value }),
        ));
    }
    page::answer(desk, ask, "directoryObjects", "anyDirectoryObject", owners)
}

/// `POST …/owners/$ref`.
pub(crate) fn add(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let object = lookup::either(desk, ask)?;
    let id = text(&object, "id").to_owned();
    owned(desk, &id)?;
    let body = ask.object();
    if body.len() != 1 {
        return Err(Failure::contract("A reference carries '@odata.id' and nothing else."));
    }
    let owner = resolve(desk, ask.text("@odata.id"))?;
    let owners = desk.tenant_mut().owners.entry(id).or_default();
    if owners.contains(&owner) {
        return Err(Failure::bad(
            "One or more added object references already exist for the following modified properties: 'owners'.",
        ));
    }
    if owners.len() >= MOST {
        // Unverified text.
        return Err(Failure::new(
            403,
            "Directory_QuotaExceeded",
            "The number of owners exceeds the limit of 100.",
        ));
    }
    owners.push(owner);
    Ok(Answer::nothing())
}

/// `DELETE …/owners/{id}/$ref`.
pub(crate) fn remove(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let object = lookup::either(desk, ask)?;
    let id = text(&object, "id").to_owned();
    owned(desk, &id)?;
    let owner = ask.keys[1].value.to_lowercase();
    let owners = desk.tenant_mut().owners.entry(id).or_default();
    let before = owners.len();
    owners.retain(|known| *known != owner);
    if owners.len() == before { Err(Failure::not_found(&owner)) } else { Ok(Answer::nothing()) }
}

/// `GET /servicePrincipals/{id}/ownedObjects`.
pub(crate) fn owned_objects(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let principal = lookup::principal(desk, ask)?;
    let id = text(&principal, "id");
    let of: Vec<String> = desk
        .tenant()
        .owners
        .iter()
        .filter(|(_, owners)| owners.iter().any(|o| o == id))
        .map(|(object, _)| object.clone())
        .collect();
    let items = of.iter().filter_map(|object| directory::find(desk, object)).collect();
    page::answer(desk, ask, "directoryObjects", "anyDirectoryObject", items)
}

/// The owners that a body binds.
pub(crate) fn bound(desk: &Desk<'_>, body: &mut Object) -> Result<Vec<String>, Failure> {
    let Some(bound) = body.remove("owners@odata.bind") else {
        return Ok(Vec::new());
    };
    let urls = bound
        .as_array()
        .ok_or_else(|| Failure::contract("'owners@odata.bind' is a list of references."))?;
    if urls.len() > 20 {
        return Err(Failure::contract("At most 20 references can be bound in one request."));
    }
    let mut owners: Vec<String> = Vec::new();
    for url in urls {
        let owner = resolve(desk, url.as_str().unwrap_or_default())?;
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }
    Ok(owners)
}

/// The bound owners; a caller that may manage only what it owns becomes an owner itself.
pub(crate) fn with_creator(desk: &Desk<'_>, mut owners: Vec<String>) -> Vec<String> {
    let caller = &desk.caller;
    if !caller.has("Application.ReadWrite.All") && !owners.contains(&caller.object_id) {
        owners.push(caller.object_id.clone());
    }
    owners
}

fn resolve(desk: &Desk<'_>, url: &str) -> Result<String, Failure> {
    let id = lookup::reference(url).ok_or_else(|| {
        // Unverified text.
        Failure::contract(format!(
            "Invalid value specified for property '@odata.id': '{url}' names no directory object."
        ))
    })?;
    if directory::find(desk, &id).is_none() {
        return Err(Failure::not_found(&id));
    }
    Ok(id)
}
