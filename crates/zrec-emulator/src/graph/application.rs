//! `applications`.

use serde_json::{Value, json};

use super::desk::{Ask, Desk, owned};
use super::failure::Failure;
use super::{certificate, defaults, deleted, lookup, owner, page, password, rules, schema};
use crate::clock::stamp;
use crate::cloud::tenant::{Kind, Object, text};
use crate::wire::Answer;

const KIND: &str = "application";

/// `GET /applications`, and its `$count`.
pub(crate) fn list(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let items =
        desk.tenant().applications.values().map(|app| expanded(desk, ask, app.clone())).collect();
    page::answer(desk, ask, "applications", KIND, items)
}

/// `GET /applications/{id}`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    page::check(ask, KIND)?;
    let app = expanded(desk, ask, lookup::application(desk, ask)?);
    Ok(desk.entity(ask, "applications/$entity", KIND, app))
}

fn expanded(desk: &Desk<'_>, ask: &Ask, mut app: Object) -> Object {
    if ask.query.expand.iter().any(|name| name == "owners") {
        let owners = owner::views(desk, text(&app, "id"));
        app.insert("owners".into(), owners.into_iter().take(20).map(Value::Object).collect());
    }
    app
}

/// `POST /applications`.
pub(crate) fn create(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let object = make(desk, ask.object())?;
    let mut answer = desk.entity(ask, "applications/$entity", KIND, object.clone());
    answer.status = 201;
    let location = format!("{}/v1.0/applications/{}", desk.base, text(&object, "id"));
    Ok(answer.with("location", location))
}

/// Makes an application; the secrets that were asked for are in the result once, and never again.
fn make(desk: &mut Desk<'_>, mut body: Object) -> Result<Object, Failure> {
    let bound = owner::bound(desk, &mut body)?;
    let passwords = body.remove("passwordCredentials");
    let keys = body.remove("keyCredentials");
    rules::application(desk, &body, None)?;
    let now = stamp(desk.now);
    let creator = desk.caller.app_id.clone();
    let domain = desk.tenant().domain();
    // Everything is refused before an id is used up: the same requests give the same ids, refused ones between or not.
    let mut draft = defaults::application("", "", &domain, &now);
    draft.insert("createdByAppId".into(), json!(creator));
    for (property, value) in body {
        defaults::assign(&mut draft, &property, value);
    }
    let keys = certificate::replace(
        desk,
        &draft,
        keys.as_ref().and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
    )?;
    draft.insert("keyCredentials".into(), Value::Array(keys));
    let mut made = Vec::new();
    for wanted in passwords.as_ref().and_then(Value::as_array).into_iter().flatten() {
        made.push(password::make(desk, &draft, wanted)?);
    }
    let tenant = desk.tenant_mut();
    let id = tenant.mint("application");
    let app_id = tenant.mint("appId");
    draft.insert("id".into(), json!(id));
    draft.insert("appId".into(), json!(app_id));
    let stored = made.iter().map(|(stored, _)| stored.clone()).collect();
    draft.insert("passwordCredentials".into(), Value::Array(stored));
    tenant.applications.insert(id.clone(), draft.clone());
    let owners = owner::with_creator(desk, bound);
    if !owners.is_empty() {
        desk.tenant_mut().owners.insert(id, owners);
    }
    draft.insert(
        "passwordCredentials".into(),
        Value::Array(made.into_iter().map(|(_, shown)| shown).collect()),
    );
    Ok(draft)
}

/// `PATCH /applications/{id}` and its alternate keys; with `Prefer: create-if-missing` on `uniqueName`, an upsert.
pub(crate) fn patch(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let key = &ask.keys[0];
    let upsert =
        key.name.as_deref() == Some("uniqueName") && ask.prefer.contains("create-if-missing");
    let mut plain = ask.body.clone();
    if let Some(object) = plain.as_object_mut() {
        object.retain(|name, _| !name.contains("@odata."));
    }
    schema::check(if upsert { "application.upsert" } else { "application.update" }, &plain)?;
    match lookup::application(desk, ask) {
        Ok(app) => update(desk, ask, &app),
        Err(_) if upsert => {
            let mut body = ask.object();
            body.insert("uniqueName".into(), json!(key.value));
            let object = make(desk, body)?;
            let mut answer = desk.entity(ask, "applications/$entity", KIND, object);
            answer.status = 201;
            Ok(answer)
        }
        Err(failure) => Err(failure),
    }
}

fn update(desk: &mut Desk<'_>, ask: &Ask, app: &Object) -> Result<Answer, Failure> {
    let id = text(app, "id").to_owned();
    owned(desk, &id)?;
    let mut body = ask.object();
    if body.remove("owners@odata.bind").is_some() {
        return Err(Failure::contract("Invalid property 'owners@odata.bind'."));
    }
    rules::application(desk, &body, Some(app))?;
    let keys = match body.remove("keyCredentials") {
        Some(Value::Array(keys)) => Some(certificate::replace(desk, app, &keys)?),
        _ => None,
    };
    let mut changed = app.clone();
    for (property, value) in body {
        defaults::assign(&mut changed, &property, value);
    }
    if let Some(keys) = keys {
        changed.insert("keyCredentials".into(), Value::Array(keys));
    }
    desk.tenant_mut().applications.insert(id, changed);
    Ok(Answer::nothing())
}

/// `DELETE /applications/{id}`: soft, with its principal.
pub(crate) fn delete(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let app = lookup::application(desk, ask)?;
    owned(desk, text(&app, "id"))?;
    let principal =
        desk.tenant().principal_by_app_id(text(&app, "appId")).map(|sp| text(sp, "id").to_owned());
    let at = stamp(desk.now);
    let tenant = desk.tenant_mut();
    deleted::bury(tenant, Kind::Application, text(&app, "id"), &at);
    if let Some(principal) = principal {
        deleted::bury(tenant, Kind::ServicePrincipal, &principal, &at);
    }
    Ok(Answer::nothing())
}
