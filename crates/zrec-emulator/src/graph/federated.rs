//! Federated identity credentials of applications.

use serde_json::{Value, json};

use super::desk::{Ask, Desk, owned};
use super::failure::Failure;
use super::{lookup, page};
use crate::cloud::tenant::{Object, text};
use crate::wire::Answer;

const KIND: &str = "federatedIdentityCredential";
const PROPERTIES: [&str; 6] =
    ["name", "issuer", "subject", "audiences", "description", "claimsMatchingExpression"];

fn held(desk: &Desk<'_>, app: &Object) -> Vec<Object> {
    desk.tenant().federated.get(text(app, "id")).cloned().unwrap_or_default()
}

fn position(desk: &Desk<'_>, ask: &Ask, app: &Object) -> Result<usize, Failure> {
    let key = &ask.keys[1];
    let is = |one: &Object| {
        if key.name.is_some() {
            text(one, "name") == key.value
        } else {
            text(one, "id") == key.value || text(one, "name") == key.value
        }
    };
    held(desk, app).iter().position(is).ok_or_else(|| Failure::not_found(&key.value))
}

/// `GET …/federatedIdentityCredentials`.
pub(crate) fn list(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let app = lookup::application(desk, ask)?;
    let set = format!("applications('{}')/federatedIdentityCredentials", text(&app, "id"));
    page::answer(desk, ask, &set, KIND, held(desk, &app))
}

/// `GET …/federatedIdentityCredentials/{id or name}`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let app = lookup::application(desk, ask)?;
    let one = held(desk, &app).swap_remove(position(desk, ask, &app)?);
    let set = format!("applications('{}')/federatedIdentityCredentials/$entity", text(&app, "id"));
    Ok(desk.entity(ask, &set, KIND, one))
}

/// `POST …/federatedIdentityCredentials`.
pub(crate) fn create(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let app = lookup::application(desk, ask)?;
    owned(desk, text(&app, "id"))?;
    let body = ask.object();
    check(&body)?;
    for property in ["name", "issuer", "subject"] {
        if text(&body, property).is_empty() {
            return Err(Failure::contract(format!(
                "A value is required for property '{property}' of resource 'FederatedIdentityCredential'."
            )));
        }
    }
    let held = held(desk, &app);
    if held.len() >= 20 {
        // Unverified text; the limit is documented.
        return Err(Failure::bad(
            "The application has reached the limit of 20 federated identity credentials.",
        ));
    }
    if held.iter().any(|one| text(one, "name") == text(&body, "name")) {
        let message = "FederatedIdentityCredential with name already exists.";
        return Err(Failure::new(409, "Request_MultipleObjectsWithSameKeyValue", message));
    }
    if held.iter().any(|one| {
        text(one, "issuer") == text(&body, "issuer")
            && text(one, "subject") == text(&body, "subject")
    }) {
        return Err(Failure::bad(
            "FederatedIdentityCredential with issuer and subject already exists.",
        ));
    }
    let mut object = Object::new();
    let tenant = desk.tenant_mut();
    object.insert("id".into(), json!(tenant.mint("federated")));
    for property in PROPERTIES {
        object.insert(property.into(), body.get(property).cloned().unwrap_or(Value::Null));
    }
    tenant.federated.entry(text(&app, "id").to_owned()).or_default().push(object.clone());
    let set = format!("applications('{}')/federatedIdentityCredentials/$entity", text(&app, "id"));
    let mut answer = desk.entity(ask, &set, KIND, object);
    answer.status = 201;
    Ok(answer)
}

/// `PATCH …/federatedIdentityCredentials/{id}`: all but the name.
pub(crate) fn patch(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let app = lookup::application(desk, ask)?;
    owned(desk, text(&app, "id"))?;
    let body = ask.object();
    check(&body)?;
    let at = position(desk, ask, &app)?;
    let entries = desk.tenant_mut().federated.entry(text(&app, "id").to_owned()).or_default();
    if body.get("name").is_some_and(|name| Some(name) != entries[at].get("name")) {
        return Err(Failure::contract(
            "The name of a federated identity credential cannot be changed.",
        ));
    }
    entries[at].extend(body);
    Ok(Answer::nothing())
}

/// `DELETE …/federatedIdentityCredentials/{id}`.
pub(crate) fn delete(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let app = lookup::application(desk, ask)?;
    owned(desk, text(&app, "id"))?;
    let at = position(desk, ask, &app)?;
    desk.tenant_mut().federated.entry(text(&app, "id").to_owned()).or_default().remove(at);
    Ok(Answer::nothing())
}

fn check(body: &Object) -> Result<(), Failure> {
    if let Some(unknown) = body.keys().find(|name| !PROPERTIES.contains(&name.as_str())) {
        return Err(Failure::contract(format!("Invalid property '{unknown}'.")));
    }
    let audiences = body.get("audiences").map(|a| a.as_array().map_or(0, Vec::len));
    if audiences.is_some_and(|count| count != 1) {
        return Err(Failure::contract("A federated identity credential has exactly one audience."));
    }
    Ok(())
}
