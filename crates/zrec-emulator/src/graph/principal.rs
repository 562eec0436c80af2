//! `servicePrincipals`.

use serde_json::{Value, json};

use super::desk::{Ask, Desk, owned};
use super::failure::Failure;
use super::{defaults, deleted, lookup, owner, page};
use crate::clock::stamp;
use crate::cloud::tenant::{Kind, Object, text};
use crate::cloud::{first_party, seed};
use crate::wire::Answer;

const KIND: &str = "servicePrincipal";

/// Properties that belong to the application and cannot be written on its principal.
const OF_APPLICATION: [&str; 4] =
    ["appRoles", "oauth2PermissionScopes", "signInAudience", "verifiedPublisher"];

/// `GET /servicePrincipals`, and its `$count`.
pub(crate) fn list(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let items = desk.tenant().service_principals.values().map(|sp| view(desk, ask, sp)).collect();
    page::answer(desk, ask, "servicePrincipals", KIND, items)
}

/// `GET /servicePrincipals/{id}`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    page::check(ask, KIND)?;
    let sp = lookup::principal(desk, ask)?;
    Ok(desk.entity(ask, "servicePrincipals/$entity", KIND, view(desk, ask, &sp)))
}

fn view(desk: &Desk<'_>, ask: &Ask, sp: &Object) -> Object {
    let mut view = desk.world.principal_selected(sp, &ask.query.select);
    if ask.query.expand.iter().any(|name| name == "owners") {
        let owners = owner::views(desk, text(sp, "id"));
        view.insert("owners".into(), owners.into_iter().take(20).map(Value::Object).collect());
    }
    view
}

/// `POST /servicePrincipals`.
pub(crate) fn create(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let app_id = ask.text("appId").to_lowercase();
    let object = make(desk, &app_id, ask.object())?;
    let mut answer =
        desk.entity(ask, "servicePrincipals/$entity", KIND, desk.world.principal_view(&object));
    answer.status = 201;
    Ok(answer)
}

fn make(desk: &mut Desk<'_>, app_id: &str, mut body: Object) -> Result<Object, Failure> {
    let owners = owner::bound(desk, &mut body)?;
    body.remove("appId");
    if desk.tenant().principal_by_app_id(app_id).is_some() {
        let message = format!(
            "The service principal cannot be created, updated, or restored because the service principal name {app_id} is already in use."
        );
        return Err(Failure::new(409, "Request_MultipleObjectsWithSameKeyValue", message.clone())
            .detail("ObjectConflict", "servicePrincipalNames", &message));
    }
    writable(&body)?;
    backed(desk, app_id)?;
    let (now, here) = (desk.now, desk.caller.tenant.clone());
    let mut object = if let Some(api) = first_party::by_app_id(app_id) {
        seed::first_party_principal(desk.tenant_mut(), api, now)
    } else {
        let (name, home) =
            desk.world.backing(app_id).map_or((String::new(), here), |(home, app)| {
                (text(app, "displayName").to_owned(), home.id.clone())
            });
        let id = desk.tenant_mut().mint("servicePrincipal");
        defaults::principal(&id, app_id, &name, &home, &stamp(now))
    };
    for (property, value) in body {
        defaults::assign(&mut object, &property, value);
    }
    object.insert("createdByAppId".into(), json!(desk.caller.app_id));
    let id = text(&object, "id").to_owned();
    let owners = owner::with_creator(desk, owners);
    let tenant = desk.tenant_mut();
    tenant.service_principals.insert(id.clone(), object.clone());
    if !owners.is_empty() {
        tenant.owners.insert(id, owners);
    }
    Ok(object)
}

/// There must be an application behind it: for a caller that manages only what it owns, one of its own, in this tenant.
fn backed(desk: &Desk<'_>, app_id: &str) -> Result<(), Failure> {
    let caller = &desk.caller;
    if !caller.has("Application.ReadWrite.All") && !caller.has("Directory.ReadWrite.All") {
        let own = desk
            .tenant()
            .application_by_app_id(app_id)
            .is_some_and(|app| desk.tenant().owns(&caller.object_id, text(app, "id")));
        if !own {
            return Err(Failure::new(
                403,
                "Authorization_RequestDenied",
                "When using this permission, the backing application of the service principal being created must in the local tenant",
            ));
        }
    }
    if first_party::by_app_id(app_id).is_some() {
        return Ok(());
    }
    let usable = desk.world.backing(app_id).is_some_and(|(home, app)| {
        home.id == desk.caller.tenant || text(app, "signInAudience") != "AzureADMyOrg"
    });
    if usable { Ok(()) } else { Err(Failure::no_backing_application(app_id)) }
}

fn writable(body: &Object) -> Result<(), Failure> {
    let of_application = |name: &&String| OF_APPLICATION.contains(&name.as_str());
    body.keys().find(of_application).map_or(Ok(()), |property| {
        // Unverified text.
        Err(Failure::value(property, "PropertyReadOnly", format!("Property '{property}' is read-only on a service principal and is managed on its application.")))
    })
}

/// `PATCH /servicePrincipals/{id}`; with `Prefer: create-if-missing` on `appId`, an upsert (unverified in the reference).
pub(crate) fn patch(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let key = &ask.keys[0];
    let upsert = key.name.as_deref() == Some("appId") && ask.prefer.contains("create-if-missing");
    let sp = match lookup::principal(desk, ask) {
        Ok(sp) => sp,
        Err(_) if upsert => {
            let object = make(desk, &key.value.to_lowercase(), ask.object())?;
            let mut answer = desk.entity(
                ask,
                "servicePrincipals/$entity",
                KIND,
                desk.world.principal_view(&object),
            );
            answer.status = 201;
            return Ok(answer);
        }
        Err(failure) => return Err(failure),
    };
    owned(desk, text(&sp, "id"))?;
    let body = ask.object();
    if body.is_empty() && !upsert {
        return Err(Failure::contract("One or more properties contains invalid values."));
    }
    writable(&body)?;
    if first_party::by_app_id(text(&sp, "appId")).is_some()
        && let Some(property) = body.keys().find(|name| {
            !matches!(
                name.as_str(),
                "accountEnabled"
                    | "appRoleAssignmentRequired"
                    | "tags"
                    | "notes"
                    | "notificationEmailAddresses"
            )
        })
    {
        // Unverified text.
        return Err(Failure::value(
            property,
            "PropertyReadOnly",
            format!(
                "Property '{property}' cannot be updated on a Microsoft first-party service principal."
            ),
        ));
    }
    let mut changed = sp;
    for (property, value) in body {
        defaults::assign(&mut changed, &property, value);
    }
    desk.tenant_mut().service_principals.insert(text(&changed, "id").to_owned(), changed);
    Ok(Answer::nothing())
}

/// `DELETE /servicePrincipals/{id}`: soft, with its grants.
pub(crate) fn delete(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let sp = lookup::principal(desk, ask)?;
    owned(desk, text(&sp, "id"))?;
    let at = stamp(desk.now);
    deleted::bury(desk.tenant_mut(), Kind::ServicePrincipal, text(&sp, "id"), &at);
    Ok(Answer::nothing())
}

/// `GET /servicePrincipals/{id}/memberOf` and `transitiveMemberOf`: what the cloud file says.
pub(crate) fn member_of(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let sp = lookup::principal(desk, ask)?;
    let items = desk.tenant().memberships.get(text(&sp, "id")).cloned().unwrap_or_default();
    let cast = ask.template.ends_with("/microsoft.graph.directoryRole");
    let wanted =
        |item: &Object| !cast || text(item, "@odata.type") == "#microsoft.graph.directoryRole";
    let items = items.into_iter().filter(wanted).collect();
    page::answer(desk, ask, "directoryObjects", "anyDirectoryObject", items)
}
