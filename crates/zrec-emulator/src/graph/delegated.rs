//! `oauth2PermissionGrants`.

use serde_json::json;

use super::desk::{Ask, Desk};
use super::failure::Failure;
use super::{defaults, lookup, page};
use crate::cloud::tenant::{Object, list as array, text};
use crate::wire::Answer;

const KIND: &str = "oAuth2PermissionGrant";

/// `GET /oauth2PermissionGrants`, all of them or those of a client.
pub(crate) fn list(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let client = if ask.keys.is_empty() { None } else { Some(lookup::principal(desk, ask)?) };
    let ours = |g: &&Object| {
        client.as_ref().is_none_or(|client| text(g, "clientId") == text(client, "id"))
    };
    let items = desk.tenant().grants.values().filter(ours).cloned().collect();
    page::answer(desk, ask, "oauth2PermissionGrants", KIND, items)
}

fn find(desk: &Desk<'_>, ask: &Ask) -> Result<Object, Failure> {
    let id = &ask.keys[0].value;
    desk.tenant().grants.get(id).cloned().ok_or_else(|| Failure::not_found(id))
}

/// `GET /oauth2PermissionGrants/{id}`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let grant = find(desk, ask)?;
    Ok(desk.entity(ask, "oauth2PermissionGrants/$entity", KIND, grant))
}

/// `POST /oauth2PermissionGrants`.
pub(crate) fn create(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let id = |property: &str| ask.text(property).to_lowercase();
    let (client, resource, person) = (id("clientId"), id("resourceId"), id("principalId"));
    let consent = ask.text("consentType");
    match (consent, person.is_empty()) {
        ("AllPrincipals", true) | ("Principal", false) => {}
        ("AllPrincipals" | "Principal", _) => {
            return Err(Failure::contract(
                "The value of 'principalId' does not fit 'consentType'.",
            ));
        }
        _ => {
            return Err(Failure::contract(format!(
                "Invalid value specified for property 'consentType': '{consent}'."
            )));
        }
    }
    for principal in [&client, &resource] {
        if !desk.tenant().service_principals.contains_key(principal) {
            // Seen with an appId in place of an object id, and with a principal that is not replicated yet.
            return Err(Failure::bad(format!(
                "Resource '{principal}' does not exist or one of its queried reference-property objects are not present."
            )));
        }
    }
    scope(desk, &resource, ask.text("scope"))?;
    let grant = defaults::grant([&client, &resource, &person], consent, ask.text("scope"));
    let key = text(&grant, "id").to_owned();
    if desk.tenant().grants.contains_key(&key) {
        return Err(Failure::new(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            "Permission entry already exists.",
        ));
    }
    desk.tenant_mut().grants.insert(key, grant.clone());
    let mut answer = desk.entity(ask, "oauth2PermissionGrants/$entity", KIND, grant);
    answer.status = 201;
    Ok(answer)
}

/// Unverified: that Graph refuses a scope that the resource does not publish (the portal does).
fn scope(desk: &Desk<'_>, resource: &str, scope: &str) -> Result<(), Failure> {
    let view = desk
        .tenant()
        .service_principals
        .get(resource)
        .map(|sp| desk.world.principal_view(sp))
        .unwrap_or_default();
    let known = |value: &&str| {
        array(&view, "oauth2PermissionScopes")
            .iter()
            .any(|s| s["value"] == **value && s["isEnabled"] == true)
    };
    let openid = ["openid", "profile", "email", "offline_access"];
    let unknown = scope.split_whitespace().find(|value| !known(value) && !openid.contains(value));
    unknown.map_or(Ok(()), |value| {
        Err(Failure::bad(format!(
            "The scope '{value}' was not found on application '{}'.",
            text(&view, "appId")
        )))
    })
}

/// `PATCH /oauth2PermissionGrants/{id}`: the scope, as a whole.
pub(crate) fn patch(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let mut grant = find(desk, ask)?;
    scope(desk, text(&grant, "resourceId"), ask.text("scope"))?;
    grant.insert("scope".into(), json!(ask.text("scope")));
    desk.tenant_mut().grants.insert(text(&grant, "id").to_owned(), grant);
    Ok(Answer::nothing())
}

/// `DELETE /oauth2PermissionGrants/{id}`.
pub(crate) fn delete(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let grant = find(desk, ask)?;
    desk.tenant_mut().grants.remove(text(&grant, "id"));
    Ok(Answer::nothing())
}
