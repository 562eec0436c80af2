//! From a cloud file's grants to those of a directory.

use time::OffsetDateTime;

use super::first_party;
use super::tenant::{Object, Tenant, text};
use crate::clock::stamp;
use crate::graph::defaults;
use uuid::Uuid;

/// An app role assignment; returns its id.
pub(crate) fn assignment(
    tenant: &mut Tenant,
    seed: &Object,
    now: OffsetDateTime,
) -> Result<String, String> {
    let find = |property: &str| {
        let named = text(seed, property);
        tenant
            .principal(named)
            .ok_or_else(|| format!("`{property}`: no service principal `{named}`"))
    };
    let (principal, resource) = (find("principalId")?, find("resourceId")?);
    let role = text(seed, "appRoleId");
    let holder = &tenant.service_principals[&resource];
    let app_id = text(holder, "appId").to_owned();
    let known = match first_party::by_app_id(&app_id) {
        Some(api) => api.role_id(role).map(str::to_owned),
        None => own_role(tenant, &app_id, role),
    };
    if known.is_none() && Uuid::parse_str(role).is_err() {
        return Err(format!("`appRoleId`: `{role}` is no application role of {app_id}"));
    }
    let role = known.unwrap_or_else(|| role.to_owned());
    let id = match text(seed, "id") {
        "" => tenant.mint_assignment(&principal),
        id => id.to_owned(),
    };
    let object = defaults::assignment(tenant, &id, [&principal, &resource, &role], &stamp(now));
    tenant.app_role_assignments.insert(id.clone(), object);
    Ok(id)
}

/// A role that an application of the tenant publishes, by its value or id.
fn own_role(tenant: &Tenant, app_id: &str, name: &str) -> Option<String> {
    let roles = tenant.application_by_app_id(app_id)?.get("appRoles")?.as_array()?;
    let role = roles.iter().find(|role| role["value"] == name || role["id"] == name)?;
    role["id"].as_str().map(str::to_owned)
}

/// A delegated grant.
pub(crate) fn grant(tenant: &mut Tenant, seed: &Object) -> Result<(), String> {
    let find = |property: &str| {
        let named = text(seed, property);
        tenant
            .principal(named)
            .ok_or_else(|| format!("`{property}`: no service principal `{named}`"))
    };
    let (client, resource) = (find("clientId")?, find("resourceId")?);
    let person = text(seed, "principalId");
    let consent = if person.is_empty() { "AllPrincipals" } else { "Principal" };
    let object = defaults::grant([&client, &resource, person], consent, text(seed, "scope"));
    tenant.grants.insert(text(&object, "id").to_owned(), object);
    Ok(())
}
