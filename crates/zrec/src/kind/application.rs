//! The application registration, at Microsoft Graph.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zrec_plan::Guid;
use zrec_plan::catalog::{PermissionKey, PermissionType};
use zrec_plan::observed::{Application, Credential, FederatedCredential, Surface};

use super::{guid, text, texts};
use crate::cloud::answer::Answer;

/// Fields that tell one application from another, for lists.
pub const LISTED: &[&str] = &[
    "id",
    "appId",
    "uniqueName",
    "displayName",
    "signInAudience",
    "web",
    "requiredResourceAccess",
    "tags",
    "passwordCredentials",
];

/// Decodes one application. Unknown fields are ignored: the entity is open.
pub fn decode(value: &Value) -> Option<Application> {
    let web = value.get("web");
    Some(Application {
        object_id: guid(value, "id")?,
        app_id: guid(value, "appId")?,
        unique_name: text(value, "uniqueName"),
        display_name: text(value, "displayName").unwrap_or_default(),
        sign_in_audience: text(value, "signInAudience").unwrap_or_default(),
        redirect_uris: texts(web.and_then(|web| web.get("redirectUris"))),
        declared: declared(value)?,
        tags: texts(value.get("tags")),
        service_management_reference: text(value, "serviceManagementReference"),
        credentials: credentials(value)?,
        surface: surface(value),
    })
}

/// Decodes the one application of an answer.
pub fn decode_answer(answer: &Answer) -> Option<Application> {
    decode(&answer.body)
}

/// Decodes a list of applications.
pub fn decode_list(answer: &Answer) -> Option<Vec<Application>> {
    answer.items().iter().map(decode).collect()
}

fn declared(value: &Value) -> Option<BTreeSet<PermissionKey>> {
    let mut keys = BTreeSet::new();
    for api in value.get("requiredResourceAccess").and_then(Value::as_array).into_iter().flatten() {
        let resource_app_id = guid(api, "resourceAppId")?;
        for access in api.get("resourceAccess").and_then(Value::as_array).into_iter().flatten() {
            let kind = match access.get("type")?.as_str()? {
                "Role" => PermissionType::Role,
                "Scope" => PermissionType::Scope,
                _ => return None,
            };
            keys.insert(PermissionKey { resource_app_id, kind, id: guid(access, "id")? });
        }
    }
    Some(keys)
}

/// Client secrets and certificates of an application or a principal, without values.
pub(super) fn credentials(value: &Value) -> Option<Vec<Credential>> {
    let of = |field: &str, certificate: bool| {
        let list = value.get(field).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter().map(move |item| credential(item, certificate)).collect::<Option<Vec<_>>>()
    };
    let mut credentials = of("passwordCredentials", false)?;
    credentials.extend(of("keyCredentials", true)?);
    credentials.sort();
    Some(credentials)
}

fn credential(value: &Value, certificate: bool) -> Option<Credential> {
    let end = text(value, "endDateTime").and_then(|end| OffsetDateTime::parse(&end, &Rfc3339).ok());
    Some(Credential {
        key_id: guid(value, "keyId")?,
        certificate,
        display_name: text(value, "displayName"),
        sha256: None,
        end,
    })
}

fn surface(value: &Value) -> Surface {
    let uris = |platform: &str| -> Vec<String> {
        texts(value.get(platform).and_then(|platform| platform.get("redirectUris")))
    };
    let grants = value.pointer("/web/implicitGrantSettings");
    let granted = |field: &str| {
        grants.and_then(|grants| grants.get(field)).and_then(Value::as_bool).unwrap_or(false)
    };
    let authorized = value.pointer("/api/preAuthorizedApplications").and_then(Value::as_array);
    Surface {
        other_redirect_uris: uris("spa").into_iter().chain(uris("publicClient")).collect(),
        implicit_grant: granted("enableAccessTokenIssuance") || granted("enableIdTokenIssuance"),
        public_client_fallback: value
            .get("isFallbackPublicClient")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        pre_authorized_applications: authorized
            .into_iter()
            .flatten()
            .filter_map(|application| text(application, "appId"))
            .collect(),
        identifier_uris: texts(value.get("identifierUris")),
    }
}

/// Decodes federated credentials.
pub fn decode_federated(answer: &Answer) -> Option<Vec<FederatedCredential>> {
    let decode = |item: &Value| {
        Some(FederatedCredential {
            name: text(item, "name")?,
            issuer: text(item, "issuer").unwrap_or_default(),
            subject: text(item, "subject").unwrap_or_default(),
        })
    };
    let mut credentials = answer.items().iter().map(decode).collect::<Option<Vec<_>>>()?;
    credentials.sort();
    Some(credentials)
}

/// Decodes owners.
pub fn decode_owners(answer: &Answer) -> Option<BTreeSet<Guid>> {
    super::ids(answer)
}

/// The body that empties the certificates of a restored application.
pub fn no_certificates() -> Value {
    json!({ "keyCredentials": [] })
}
