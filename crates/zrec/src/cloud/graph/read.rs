//! Every read of Graph. None of these changes anything.

use graph_rs_sdk::ODataQuery;
use graph_rs_sdk::http::Method;
use zrec_plan::guid::Guid;

use super::Call;
use super::build::{call, custom, keyed, quoted, sdk};
use crate::cloud::pace::Repeat;

/// The largest page of a list of directory objects.
const LARGEST_PAGE: &str = "999";

/// Properties named by `select` are the only ones that come back.
pub type Select<'a> = &'a [&'a str];

fn get(handler: graph_http::api_impl::RequestHandler, what: String) -> Call {
    call(handler, Repeat::Safe, what)
}

fn keyed_get(segments: &[&str], select: Select<'_>, what: String) -> Call {
    let handler = custom(Method::GET, segments, None);
    get(if select.is_empty() { handler } else { handler.select(select) }, what)
}

/// The application with our key; 404 where there is none.
pub fn application_by_unique_name(unique_name: &str, select: Select<'_>) -> Call {
    keyed_get(
        &[&keyed("applications", "uniqueName", unique_name)],
        select,
        format!("read the application {unique_name}"),
    )
}

/// The application with this application id.
pub fn application_by_app_id(app_id: Guid, select: Select<'_>) -> Call {
    keyed_get(
        &[&keyed("applications", "appId", &app_id.to_string())],
        select,
        format!("read the application with appId {app_id}"),
    )
}

/// The application with this object id.
pub fn application(id: Guid, select: Select<'_>) -> Call {
    let handler = sdk().application(id.to_string()).get_application();
    let handler = if select.is_empty() { handler } else { handler.select(select) };
    get(handler, format!("read the application {id}"))
}

/// Applications with exactly this display name; it is no key.
pub fn applications_by_display_name(name: &str, select: Select<'_>) -> Call {
    let filter = format!("displayName eq {}", quoted(name));
    let handler = sdk().applications().list_application().filter(&[&filter]);
    let handler = if select.is_empty() { handler } else { handler.select(select) };
    get(handler, format!("look for applications named {name}"))
}

/// Applications with exactly this redirect URI.
///
/// An advanced query: it needs `$count` and `ConsistencyLevel: eventual`, and reads an index that
/// lags. Not in Microsoft's reference, but in wide use, by Microsoft's own tools too.
pub fn applications_by_redirect_uri(uri: &str, select: Select<'_>) -> Call {
    let filter = format!("web/redirectUris/any(p:p eq {})", quoted(uri));
    let handler = sdk().applications().list_application().filter(&[&filter]).count("true");
    let handler = if select.is_empty() { handler } else { handler.select(select) };
    let mut call = get(handler, format!("look for applications that redirect to {uri}"));
    call.headers.push(("consistencylevel", "eventual".to_owned()));
    call
}

/// Every application of the tenant, for whoever keeps only those of one set.
///
/// `startswith(uniqueName, …)` is in no source, so the set is cut out on our side: keep what
/// [`belongs_to_set`] says. `select` must name `uniqueName`.
pub fn applications_of_set(select: Select<'_>) -> Call {
    let handler = sdk().applications().list_application().select(select).top(LARGEST_PAGE);
    get(handler, "list the applications".to_owned())
}

/// Whether an application of [`applications_of_set`] has a key of this set (`zrec.<set>.`).
pub fn belongs_to_set(application: &serde_json::Value, set: &str) -> bool {
    application
        .get("uniqueName")
        .and_then(serde_json::Value::as_str)
        .and_then(|name| name.strip_prefix("zrec."))
        .and_then(|rest| rest.strip_prefix(set))
        .is_some_and(|rest| rest.starts_with('.'))
}

/// The certificates of an application, with their keys. Graph allows 150 of these a minute for a
/// tenant, so only what changes certificates asks.
pub fn application_certificates(id: Guid) -> Call {
    let handler = sdk().application(id.to_string()).get_application().select(&["keyCredentials"]);
    get(handler, format!("read the certificates of the application {id}"))
}

/// The owners of an application.
pub fn application_owners(id: Guid) -> Call {
    let handler = sdk().application(id.to_string()).owners().list_owners().select(&["id"]);
    get(handler, format!("read the owners of the application {id}"))
}

/// The federated credentials of an application.
pub fn application_federated_credentials(id: Guid) -> Call {
    let handler = sdk().application(id.to_string()).list_federated_identity_credentials();
    get(handler, format!("read the federated credentials of the application {id}"))
}

/// Soft-deleted applications. The SDK's typed method writes another cast than the documented one.
pub fn deleted_applications(select: Select<'_>) -> Call {
    let path = ["directory", "deletedItems", "microsoft.graph.application"];
    let handler = custom(Method::GET, &path, None);
    let handler = if select.is_empty() { handler } else { handler.select(select) };
    get(handler.top(LARGEST_PAGE), "list the deleted applications".to_owned())
}

fn principal(app_id: Guid) -> String {
    keyed("servicePrincipals", "appId", &app_id.to_string())
}

/// The service principal of an application id: ours, or a Microsoft API's.
pub fn service_principal_by_app_id(app_id: Guid, select: Select<'_>) -> Call {
    let what = format!("read the service principal of {app_id}");
    keyed_get(&[&principal(app_id)], select, what)
}

/// The owners of a service principal. The key on this path is by analogy: Microsoft's own lists name
/// it for `appRoleAssignments` and `oauth2PermissionGrants` only.
pub fn service_principal_owners(app_id: Guid) -> Call {
    let what = format!("read the owners of the service principal of {app_id}");
    keyed_get(&[&principal(app_id), "owners"], &["id"], what)
}

/// The groups and directory roles that a service principal is in. The key as with the owners.
pub fn service_principal_member_of(app_id: Guid) -> Call {
    let what = format!("read the memberships of the service principal of {app_id}");
    keyed_get(&[&principal(app_id), "memberOf"], &["id", "displayName"], what)
}

/// Every application permission that the client with this application id was granted.
pub fn app_role_assignments(client_app_id: Guid) -> Call {
    let what = format!("read the application permissions granted to {client_app_id}");
    keyed_get(&[&principal(client_app_id), "appRoleAssignments"], &[], what)
}

/// Every delegated grant of the client with this application id.
pub fn delegated_grants(client_app_id: Guid) -> Call {
    let what = format!("read the delegated permissions granted to {client_app_id}");
    keyed_get(&[&principal(client_app_id), "oauth2PermissionGrants"], &[], what)
}

/// The tenant itself.
pub fn organization() -> Call {
    let handler = sdk().organizations().list_organization().select(&["id", "displayName"]);
    get(handler, "read the organization".to_owned())
}

/// The tenant's policy for applications; needs `Policy.Read.All`.
pub fn default_app_management_policy() -> Call {
    let handler = sdk().policies().get_default_app_management_policy();
    get(handler, "read the tenant's app management policy".to_owned())
}
