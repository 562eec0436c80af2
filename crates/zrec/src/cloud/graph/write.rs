//! Every write of Graph. Only what applies may use these.

use graph_rs_sdk::http::Method;
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zrec_plan::guid::Guid;
use zrec_plan::record::CredentialName;

use super::build::{call, custom, keyed, sdk};
use super::{Call, GrantId};
use crate::cloud::origin::Service;
use crate::cloud::pace::Repeat;

fn create_if_missing(mut call: Call) -> Call {
    call.headers.push(("prefer", "create-if-missing".to_owned()));
    call
}

/// Creates the application with this key, or updates it: 201 with the object, or 204 without.
/// The body needs `displayName` in either case.
pub fn upsert_application(unique_name: &str, body: &Value) -> Call {
    let segment = keyed("applications", "uniqueName", unique_name);
    let handler = custom(Method::PATCH, &[&segment], Some(body));
    let what = format!("create or update the application {unique_name}");
    create_if_missing(call(handler, Repeat::Safe, what))
}

/// Updates an application; collections in the body replace whole collections.
pub fn update_application(id: Guid, body: &Value) -> Call {
    let handler = sdk().application(id.to_string()).update_application(body);
    call(handler, Repeat::Safe, format!("update the application {id}"))
}

/// Deletes an application softly: its key and quota stay taken for 30 days.
pub fn delete_application(id: Guid) -> Call {
    let handler = sdk().application(id.to_string()).delete_application();
    call(handler, Repeat::Safe, format!("delete the application {id}"))
}

/// Brings a soft-deleted object back.
pub fn restore_deleted(id: Guid) -> Call {
    let segments = ["directory", "deletedItems", &id.to_string(), "restore"];
    let handler = custom(Method::POST, &segments, None);
    call(handler, Repeat::OnRefusalOnly, format!("restore the deleted object {id}"))
}

fn reference(graph: &Service, id: Guid) -> Value {
    let (origin, base) = (&graph.origin, &graph.base_path);
    json!({ "@odata.id": format!("{origin}{base}/v1.0/directoryObjects/{id}") })
}

/// Makes a principal an owner of an application. The reference names the cloud's own Graph.
pub fn bind_owner(graph: &Service, application: Guid, owner: Guid) -> Call {
    let body = reference(graph, owner);
    let handler = sdk().application(application.to_string()).owners().create_ref_owners(&body);
    let what = format!("make {owner} an owner of the application {application}");
    call(handler, Repeat::OnRefusalOnly, what)
}

/// Makes a principal an owner of a service principal.
pub fn bind_principal_owner(graph: &Service, principal: Guid, owner: Guid) -> Call {
    let body = reference(graph, owner);
    let handler = sdk().service_principal(principal.to_string()).owners().create_ref_owners(&body);
    let what = format!("make {owner} an owner of the service principal {principal}");
    call(handler, Repeat::OnRefusalOnly, what)
}

/// Creates a service principal; one that exists answers 409.
pub fn create_service_principal(body: &Value) -> Call {
    let handler = sdk().service_principals().create_service_principal(body);
    let app_id = body.get("appId").and_then(Value::as_str).unwrap_or("?");
    call(handler, Repeat::OnRefusalOnly, format!("create the service principal of {app_id}"))
}

/// Creates or updates the service principal of an application id: 201 or 204.
pub fn upsert_service_principal(app_id: Guid, body: &Value) -> Call {
    let segment = keyed("servicePrincipals", "appId", &app_id.to_string());
    let handler = custom(Method::PATCH, &[&segment], Some(body));
    let what = format!("create or update the service principal of {app_id}");
    create_if_missing(call(handler, Repeat::Safe, what))
}

/// Updates a service principal.
pub fn update_service_principal(id: Guid, body: &Value) -> Call {
    let handler = sdk().service_principal(id.to_string()).update_service_principal(body);
    call(handler, Repeat::Safe, format!("update the service principal {id}"))
}

/// Deletes a service principal softly.
pub fn delete_service_principal(id: Guid) -> Call {
    let handler = sdk().service_principal(id.to_string()).delete_service_principal();
    call(handler, Repeat::Safe, format!("delete the service principal {id}"))
}

/// Grants an application permission: effective at once.
pub fn grant_app_role(resource: Guid, principal: Guid, role: Guid) -> Call {
    let body = json!({ "principalId": principal, "resourceId": resource, "appRoleId": role });
    let handler = sdk().service_principal(resource.to_string()).create_app_role_assigned_to(&body);
    let what = format!("grant the role {role} of {resource} to {principal}");
    call(handler, Repeat::OnRefusalOnly, what)
}

/// Takes an application permission back.
pub fn revoke_app_role(resource: Guid, assignment: &GrantId) -> Call {
    let handler = sdk()
        .service_principal(resource.to_string())
        .delete_app_role_assigned_to(assignment.as_str());
    call(handler, Repeat::Safe, format!("revoke the role assignment {assignment}"))
}

/// Creates a delegated grant for all users of the tenant; ids are of service principals.
pub fn create_delegated_grant(client: Guid, resource: Guid, scope: &str) -> Call {
    let body = json!({
        "clientId": client, "consentType": "AllPrincipals", "resourceId": resource, "scope": scope,
    });
    let handler = sdk().oauth2_permission_grants().create_oauth2_permission_grant(&body);
    let what = format!("grant the delegated scopes `{scope}` of {resource} to {client}");
    call(handler, Repeat::OnRefusalOnly, what)
}

/// Replaces the scopes of a delegated grant.
pub fn update_delegated_grant(id: &GrantId, scope: &str) -> Call {
    let body = json!({ "scope": scope });
    let handler = sdk().oauth2_permission_grant(id.as_str()).update_oauth2_permission_grant(&body);
    call(handler, Repeat::Safe, format!("set the delegated grant {id} to `{scope}`"))
}

/// Takes a delegated grant back.
pub fn delete_delegated_grant(id: &GrantId) -> Call {
    let handler = sdk().oauth2_permission_grant(id.as_str()).delete_oauth2_permission_grant();
    call(handler, Repeat::Safe, format!("revoke the delegated grant {id}"))
}

/// Several calls in one request; each item has its own class, so the whole is never repeated.
pub(in crate::cloud) fn batch(body: &Value, items: usize) -> Call {
    call(sdk().batch(body), Repeat::OnRefusalOnly, format!("send a batch of {items} calls"))
}

/// Adds a client secret. Done twice it is two secrets, so only a refusal is repeated.
pub fn add_password(application: Guid, name: &CredentialName, end: OffsetDateTime) -> Call {
    // Whole seconds: parts of one are no part of a life.
    let end = end.replace_nanosecond(0).unwrap_or(end).format(&Rfc3339).unwrap_or_default();
    let body = json!({ "passwordCredential": { "displayName": name, "endDateTime": end } });
    let handler = sdk().application(application.to_string()).add_password(&body);
    call(handler, Repeat::OnRefusalOnly, format!("add the client secret {name}"))
}

/// Replaces the certificates of an application. Not repeated after an unknown outcome: the list
/// would be older than what others may have added meanwhile.
pub fn replace_certificates(application: Guid, list: &[Value]) -> Call {
    let body = json!({ "keyCredentials": list });
    let handler = sdk().application(application.to_string()).update_application(&body);
    let what = format!("set the certificates of the application {application}");
    call(handler, Repeat::OnRefusalOnly, what)
}

/// Removes one client secret.
pub fn remove_password(application: Guid, key_id: Guid) -> Call {
    let body = json!({ "keyId": key_id });
    let handler = sdk().application(application.to_string()).remove_password(&body);
    call(handler, Repeat::Safe, format!("remove the client secret {key_id}"))
}
