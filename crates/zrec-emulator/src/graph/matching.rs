//! `$filter` applied: what may be filtered, what needs advanced query capabilities, and whether an object fits.

use std::cmp::Ordering;

use serde_json::Value;

use super::failure::Failure;
use super::filter::{Filter, Literal, Operator};
use crate::cloud::tenant::Object;

/// Properties that take filters, by type ("Supports $filter" in the API reference); others are refused.
const FILTERABLE: [(&str, &[&str]); 6] = [
    (
        "application",
        &[
            "appId",
            "id",
            "displayName",
            "createdDateTime",
            "identifierUris",
            "tags",
            "signInAudience",
            "uniqueName",
            "publisherDomain",
            "web/redirectUris",
            "spa/redirectUris",
            "publicClient/redirectUris",
            "web/homePageUrl",
            "web/logoutUrl",
            "requiredResourceAccess",
            "keyCredentials",
            "passwordCredentials",
            "appRoles",
            "applicationTemplateId",
            "disabledByMicrosoftStatus",
            "groupMembershipClaims",
            "info/termsOfServiceUrl",
            "notes",
            "isFallbackPublicClient",
            "isDeviceOnlyAuthSupported",
            "serviceManagementReference",
            "verifiedPublisher/displayName",
            "deletedDateTime",
            "api/oauth2PermissionScopes",
            "api/preAuthorizedApplications",
            "api/knownClientApplications",
        ],
    ),
    (
        "servicePrincipal",
        &[
            "appId",
            "id",
            "displayName",
            "appDisplayName",
            "createdDateTime",
            "servicePrincipalNames",
            "tags",
            "servicePrincipalType",
            "appOwnerOrganizationId",
            "accountEnabled",
            "alternativeNames",
            "homepage",
            "replyUrls",
            "keyCredentials",
            "passwordCredentials",
            "applicationTemplateId",
            "preferredSingleSignOnMode",
            "publisherName",
            "deletedDateTime",
            "appRoleAssignmentRequired",
        ],
    ),
    (
        "oAuth2PermissionGrant",
        &["clientId", "consentType", "principalId", "resourceId", "scope", "id"],
    ),
    (
        "appRoleAssignment",
        &["principalId", "resourceId", "appRoleId", "principalDisplayName", "id"],
    ),
    ("federatedIdentityCredential", &["name", "issuer", "subject"]),
    ("directoryObject", &["id", "displayName"]),
];

/// Checks a filter for a type.
pub(crate) fn allowed(filter: &Filter, kind: &str, advanced: bool) -> Result<(), Failure> {
    let check = |property: &str| {
        let known = FILTERABLE.iter().find(|(name, _)| *name == kind);
        if known.is_none_or(|(_, properties)| properties.contains(&property)) {
            return Ok(());
        }
        let root = property.split('/').next().unwrap_or_default();
        if !super::schema::has_property(kind, root) {
            return Err(Failure::malformed(format!(
                "Invalid filter clause: Could not find a property named '{root}' on type 'microsoft.graph.{kind}'."
            )));
        }
        Err(Failure::query(format!(
            "Unsupported or invalid query filter clause specified for property '{property}' of resource '{}'.",
            upper(kind)
        )))
    };
    let need = |what: &str| {
        if advanced {
            Ok(())
        } else {
            Err(Failure::query(format!(
                "Operator: '{what}' is not supported without advanced query capabilities: send the header ConsistencyLevel:eventual and $count=true."
            )))
        }
    };
    match filter {
        Filter::And(a, b) | Filter::Or(a, b) => {
            allowed(a, kind, advanced).and_then(|()| allowed(b, kind, advanced))
        }
        Filter::Not(inner) => need("Not").and_then(|()| allowed(inner, kind, advanced)),
        Filter::Compare(property, Operator::Ne | Operator::Gt | Operator::Lt, _) => {
            check(property).and_then(|()| need("NotEqual"))
        }
        Filter::Compare(property, ..) | Filter::In(property, _) => check(property),
        Filter::Call("endswith" | "contains", property, _) => {
            check(property).and_then(|()| need("EndsWith"))
        }
        Filter::Call(_, property, _) => check(property),
        // The inner paths belong to the items; those of complex items are not checked further.
        Filter::Any(collection, _) => check(collection),
    }
}

fn upper(kind: &str) -> String {
    let mut chars = kind.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Whether an object fits.
pub(crate) fn fits(filter: &Filter, object: &Object) -> bool {
    fits_value(filter, &Value::Object(object.clone()))
}

fn fits_value(filter: &Filter, value: &Value) -> bool {
    match filter {
        Filter::And(a, b) => fits_value(a, value) && fits_value(b, value),
        Filter::Or(a, b) => fits_value(a, value) || fits_value(b, value),
        Filter::Not(inner) => !fits_value(inner, value),
        Filter::Compare(property, operator, literal) => {
            compare(at(value, property), *operator, literal)
        }
        Filter::In(property, literals) => {
            literals.iter().any(|literal| compare(at(value, property), Operator::Eq, literal))
        }
        Filter::Call(function, property, text) => {
            let found = at(value, property).as_str().unwrap_or_default().to_lowercase();
            let text = text.to_lowercase();
            match *function {
                "startswith" => found.starts_with(&text),
                "endswith" => found.ends_with(&text),
                _ => found.contains(&text),
            }
        }
        Filter::Any(collection, inner) => {
            let items = at(value, collection).as_array().map_or(&[][..], Vec::as_slice);
            items.iter().any(|item| inner.as_ref().is_none_or(|inner| fits_value(inner, item)))
        }
    }
}

fn at<'v>(value: &'v Value, path: &str) -> &'v Value {
    path.split('/').filter(|part| !part.is_empty()).fold(value, |value, part| &value[part])
}

/// Entra compares text without regard to case.
fn compare(value: &Value, operator: Operator, literal: &Literal) -> bool {
    let ordering = match (value, literal) {
        (Value::Null, Literal::Null) => Some(Ordering::Equal),
        (Value::Bool(a), Literal::Bool(b)) => Some(a.cmp(b)),
        (Value::String(a), Literal::Text(b) | Literal::Bare(b)) => {
            Some(a.to_lowercase().cmp(&b.to_lowercase()))
        }
        (Value::Number(a), Literal::Bare(b)) => {
            a.as_f64().zip(b.parse().ok()).and_then(|(a, b): (f64, f64)| a.partial_cmp(&b))
        }
        _ => None,
    };
    match operator {
        Operator::Eq => ordering == Some(Ordering::Equal),
        Operator::Ne => ordering != Some(Ordering::Equal),
        Operator::Ge => matches!(ordering, Some(Ordering::Greater | Ordering::Equal)),
        Operator::Le => matches!(ordering, Some(Ordering::Less | Ordering::Equal)),
        Operator::Gt => ordering == Some(Ordering::Greater),
        Operator::Lt => ordering == Some(Ordering::Less),
    }
}
