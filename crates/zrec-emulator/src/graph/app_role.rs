//! App role assignments, from both sides.

use serde_json::Value;

use super::desk::{Ask, Desk};
use super::failure::Failure;
use super::{defaults, lookup, page};
use crate::clock::stamp;
use crate::cloud::first_party;
use crate::cloud::tenant::{Object, list as array, text};
use crate::cloud::world::guid;
use crate::wire::Answer;

const KIND: &str = "appRoleAssignment";
/// The role of "no role": default access.
const DEFAULT_ACCESS: &str = "00000000-0000-0000-0000-000000000000";

/// The property that names the principal in the path: `appRoleAssignments` are its own, `appRoleAssignedTo` are to it.
fn side(ask: &Ask) -> &'static str {
    if ask.template.contains("appRoleAssignedTo") { "resourceId" } else { "principalId" }
}

fn set(ask: &Ask, principal: &Object) -> String {
    let name = if side(ask) == "resourceId" { "appRoleAssignedTo" } else { "appRoleAssignments" };
    format!("servicePrincipals('{}')/{name}", text(principal, "id"))
}

/// `GET …/appRoleAssignments` and `…/appRoleAssignedTo`.
pub(crate) fn list(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let principal = lookup::principal(desk, ask)?;
    let ours = |a: &&Object| text(a, side(ask)) == text(&principal, "id");
    let items = desk.tenant().app_role_assignments.values().filter(ours).cloned().collect();
    page::answer(desk, ask, &set(ask, &principal), KIND, items)
}

/// `GET …/{id}`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let principal = lookup::principal(desk, ask)?;
    let found = desk.tenant().app_role_assignments.get(&ask.keys[1].value).cloned();
    let found = found
        .filter(|a| text(a, side(ask)) == text(&principal, "id"))
        .ok_or_else(|| Failure::not_found(&ask.keys[1].value))?;
    Ok(desk.entity(ask, &format!("{}/$entity", set(ask, &principal)), KIND, found))
}

/// Whether a resource publishes the role, enabled and for applications.
fn publishes(resource: &Object, role: &str) -> bool {
    let roles = array(resource, "appRoles");
    let is_it = |published: &Value| {
        published["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(role))
            && published["isEnabled"] == true
            && takes_applications(published)
    };
    role == DEFAULT_ACCESS && roles.is_empty() || roles.iter().any(is_it)
}

/// `POST …/appRoleAssignments` and `…/appRoleAssignedTo`.
pub(crate) fn create(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let holder = lookup::principal(desk, ask)?;
    let id = |property: &str| ask.text(property).to_lowercase();
    let (principal, resource, role) = (id("principalId"), id("resourceId"), id("appRoleId"));
    if id(side(ask)) != text(&holder, "id") {
        return Err(Failure::contract(format!(
            "The value of '{}' does not match the object in the path.",
            side(ask)
        )));
    }
    let (principal, resource) = (existing(desk, &principal)?, existing(desk, &resource)?);
    may_grant(desk, &resource)?;
    let app_id = text(&resource, "appId");
    let known = match first_party::by_app_id(app_id) {
        Some(api) if role == DEFAULT_ACCESS => !api.has_roles(),
        Some(api) => api.role_value(&role).is_some(),
        None => publishes(&desk.world.principal_view(&resource), &role),
    };
    if !known {
        return Err(Failure::bad(format!(
            "Permission being assigned was not found on application '{app_id}'."
        ))
        .violating_if(guid(&role).is_none()));
    }
    let (principal, resource) =
        (text(&principal, "id").to_owned(), text(&resource, "id").to_owned());
    let same = |a: &Object| {
        text(a, "principalId") == principal
            && text(a, "resourceId") == resource
            && text(a, "appRoleId") == role
    };
    if desk.tenant().app_role_assignments.values().any(same) {
        return Err(Failure::bad("Permission being assigned already exists on the object").detail(
            "InvalidUpdate",
            "appRoleId",
            "Permission being assigned already exists on the object",
        ));
    }
    let now = stamp(desk.now);
    let tenant = desk.tenant_mut();
    let id = tenant.mint_assignment(&principal);
    let object = defaults::assignment(tenant, &id, [&principal, &resource, &role], &now);
    tenant.app_role_assignments.insert(id, object.clone());
    let mut answer = desk.entity(ask, &format!("{}/$entity", set(ask, &holder)), KIND, object);
    answer.status = 201;
    Ok(answer)
}

fn takes_applications(role: &Value) -> bool {
    role["allowedMemberTypes"]
        .as_array()
        .is_some_and(|types| types.iter().any(|t| t == "Application"))
}

fn existing(desk: &Desk<'_>, id: &str) -> Result<Object, Failure> {
    desk.tenant().service_principals.get(id).cloned().ok_or_else(|| Failure::not_found(id))
}

/// `Application.ReadWrite.All` grants roles of every API but Microsoft Graph.
fn may_grant(desk: &Desk<'_>, resource: &Object) -> Result<(), Failure> {
    let all = desk.caller.has("AppRoleAssignment.ReadWrite.All");
    if all || text(resource, "appId") != first_party::GRAPH {
        Ok(())
    } else {
        Err(Failure::denied())
    }
}

/// `DELETE …/{id}`.
pub(crate) fn delete(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let principal = lookup::principal(desk, ask)?;
    let id = &ask.keys[1].value;
    let found = desk
        .tenant()
        .app_role_assignments
        .get(id)
        .filter(|a| text(a, side(ask)) == text(&principal, "id"))
        .cloned();
    let Some(found) = found else {
        return Err(Failure::bad("EntitlementGrant being updated or deleted is not found."));
    };
    let resource = existing(desk, text(&found, "resourceId"))?;
    may_grant(desk, &resource)?;
    desk.tenant_mut().app_role_assignments.remove(id);
    Ok(Answer::nothing())
}
