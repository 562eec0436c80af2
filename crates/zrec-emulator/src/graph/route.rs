//! The table of routes.

use super::desk::{Ask, Desk};
use super::failure::Failure;
use super::{
    app_role, application, certificate, delegated, deleted, directory, federated, owner, password,
    policy, principal,
};
use crate::wire::Answer;

type Handler = fn(&mut Desk<'_>, &Ask) -> Result<Answer, Failure>;

/// One route.
pub(crate) struct Route {
    method: &'static str,
    template: &'static str,
    pub(crate) handler: Handler,
    /// Whether a body is needed.
    pub(crate) body: bool,
    /// The closed shape of the body.
    pub(crate) schema: Option<&'static str>,
}

const fn read(template: &'static str, handler: Handler) -> Route {
    Route { method: "GET", template, handler, body: false, schema: None }
}

const fn delete(template: &'static str, handler: Handler) -> Route {
    Route { method: "DELETE", template, handler, body: false, schema: None }
}

const fn write(
    method: &'static str,
    template: &'static str,
    handler: Handler,
    schema: Option<&'static str>,
) -> Route {
    Route { method, template, handler, body: true, schema }
}

const POST: &str = "POST";
const PATCH: &str = "PATCH";

#[rustfmt::skip]
static ROUTES: &[Route] = &[
    read("applications", application::list),
    read("applications/$count", application::list),
    write(POST, "applications", application::create, Some("application.create")),
    read("applications/{}", application::get),
    // The shape depends on the key: `application::patch` checks it.
    write(PATCH, "applications/{}", application::patch, None),
    delete("applications/{}", application::delete),
    write(POST, "applications/{}/addPassword", password::add, Some("application.addPassword")),
    write(POST, "applications/{}/removePassword", password::remove, Some("application.removePassword")),
    write(POST, "applications/{}/addKey", certificate::add, Some("application.addKey")),
    read("applications/{}/owners", owner::list),
    read("applications/{}/owners/$ref", owner::list),
    write(POST, "applications/{}/owners/$ref", owner::add, None),
    delete("applications/{}/owners/{}/$ref", owner::remove),
    read("applications/{}/federatedIdentityCredentials", federated::list),
    write(POST, "applications/{}/federatedIdentityCredentials", federated::create, None),
    read("applications/{}/federatedIdentityCredentials/{}", federated::get),
    write(PATCH, "applications/{}/federatedIdentityCredentials/{}", federated::patch, None),
    delete("applications/{}/federatedIdentityCredentials/{}", federated::delete),
    read("applications/{}/extensionProperties", directory::nothing),
    read("servicePrincipals", principal::list),
    read("servicePrincipals/$count", principal::list),
    write(POST, "servicePrincipals", principal::create, Some("servicePrincipal.create")),
    read("servicePrincipals/{}", principal::get),
    write(PATCH, "servicePrincipals/{}", principal::patch, Some("servicePrincipal.upsert")),
    delete("servicePrincipals/{}", principal::delete),
    write(POST, "servicePrincipals/{}/addPassword", password::add_to_principal, Some("application.addPassword")),
    write(POST, "servicePrincipals/{}/removePassword", password::remove_from_principal, Some("application.removePassword")),
    read("servicePrincipals/{}/owners", owner::list),
    read("servicePrincipals/{}/owners/$ref", owner::list),
    write(POST, "servicePrincipals/{}/owners/$ref", owner::add, None),
    delete("servicePrincipals/{}/owners/{}/$ref", owner::remove),
    read("servicePrincipals/{}/ownedObjects", owner::owned_objects),
    read("servicePrincipals/{}/memberOf", principal::member_of),
    read("servicePrincipals/{}/transitiveMemberOf", principal::member_of),
    read("servicePrincipals/{}/memberOf/microsoft.graph.directoryRole", principal::member_of),
    read("servicePrincipals/{}/transitiveMemberOf/microsoft.graph.directoryRole", principal::member_of),
    read("servicePrincipals/{}/appRoleAssignments", app_role::list),
    write(POST, "servicePrincipals/{}/appRoleAssignments", app_role::create, Some("appRoleAssignment.create")),
    read("servicePrincipals/{}/appRoleAssignments/{}", app_role::get),
    delete("servicePrincipals/{}/appRoleAssignments/{}", app_role::delete),
    read("servicePrincipals/{}/appRoleAssignedTo", app_role::list),
    write(POST, "servicePrincipals/{}/appRoleAssignedTo", app_role::create, Some("appRoleAssignment.create")),
    read("servicePrincipals/{}/appRoleAssignedTo/{}", app_role::get),
    delete("servicePrincipals/{}/appRoleAssignedTo/{}", app_role::delete),
    read("servicePrincipals/{}/oauth2PermissionGrants", delegated::list),
    read("oauth2PermissionGrants", delegated::list),
    write(POST, "oauth2PermissionGrants", delegated::create, Some("oAuth2PermissionGrant.create")),
    read("oauth2PermissionGrants/{}", delegated::get),
    write(PATCH, "oauth2PermissionGrants/{}", delegated::patch, Some("oAuth2PermissionGrant.update")),
    delete("oauth2PermissionGrants/{}", delegated::delete),
    read("directory/deletedItems/microsoft.graph.application", deleted::applications),
    read("directory/deletedItems/microsoft.graph.servicePrincipal", deleted::principals),
    read("directory/deletedItems/{}", deleted::get),
    delete("directory/deletedItems/{}", deleted::purge),
    Route { method: POST, template: "directory/deletedItems/{}/restore", handler: deleted::restore, body: false, schema: None },
    read("directoryObjects/{}", directory::get),
    write(POST, "directoryObjects/getByIds", directory::get_by_ids, None),
    read("organization", policy::organization),
    read("organization/{}", policy::organization),
    read("policies/defaultAppManagementPolicy", policy::get),
    read("users", directory::users),
    read("users/{}", directory::user),
    read("me", directory::me),
];

/// The route of a request, or the segment that does not exist.
pub(crate) fn find(method: &str, template: &str) -> Result<&'static Route, Failure> {
    if let Some(route) =
        ROUTES.iter().find(|route| route.template == template && route.method == method)
    {
        return Ok(route);
    }
    if ROUTES.iter().any(|route| route.template == template) {
        return Err(Failure::new(
            405,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
        .violating());
    }
    let segments: Vec<&str> = template.split('/').collect();
    let known = |n: usize| {
        let head = segments[..n].join("/");
        ROUTES
            .iter()
            .any(|route| route.template == head || route.template.starts_with(&format!("{head}/")))
    };
    let unknown = (1..=segments.len())
        .find(|&n| !known(n))
        .map_or_else(|| segments.last(), |n| segments.get(n - 1));
    let unknown = unknown.copied().unwrap_or_default();
    Err(Failure::malformed(format!("Resource not found for the segment '{unknown}'.")))
}
