//! Application and delegated permissions granted, at Microsoft Graph.

use std::collections::BTreeSet;

use serde_json::Value;
use zrec_plan::observed::{DelegatedGrant, RoleGrant};

use super::{guid, text};
use crate::cloud::answer::Answer;

/// Decodes application permissions.
pub fn decode_roles(answer: &Answer) -> Option<Vec<RoleGrant>> {
    let decode = |item: &Value| {
        Some(RoleGrant {
            assignment_id: text(item, "id")?,
            resource_object_id: guid(item, "resourceId")?,
            role_id: guid(item, "appRoleId")?,
        })
    };
    let mut grants = answer.items().iter().map(decode).collect::<Option<Vec<_>>>()?;
    grants.sort();
    Some(grants)
}

/// Decodes delegated permissions.
pub fn decode_delegated(answer: &Answer) -> Option<Vec<DelegatedGrant>> {
    let decode = |item: &Value| {
        Some(DelegatedGrant {
            grant_id: text(item, "id")?,
            resource_object_id: guid(item, "resourceId")?,
            for_all_principals: item.get("consentType")?.as_str()? == "AllPrincipals",
            scopes: scopes(item.get("scope").and_then(Value::as_str).unwrap_or_default()),
        })
    };
    let mut grants = answer.items().iter().map(decode).collect::<Option<Vec<_>>>()?;
    grants.sort();
    Some(grants)
}

/// Scopes are one text with spaces between; a set, whatever the order.
fn scopes(text: &str) -> BTreeSet<String> {
    text.split_ascii_whitespace().map(str::to_owned).collect()
}

/// Scopes as Graph writes them.
pub fn scope_text(scopes: &BTreeSet<String>) -> String {
    scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}
