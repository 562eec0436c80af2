//! Service principals of Microsoft's APIs, at Microsoft Graph.

use serde_json::{Value, json};
use zrec_plan::Guid;
use zrec_plan::observed::ResourcePrincipal;

use super::guid;
use crate::cloud::answer::Answer;

/// What is read of one: its roles alone would be hundreds of kilobytes.
pub const FIELDS: &[&str] = &["id", "appId", "accountEnabled"];

/// Decodes one.
pub fn decode(answer: &Answer) -> Option<ResourcePrincipal> {
    Some(ResourcePrincipal {
        object_id: guid(&answer.body, "id")?,
        account_enabled: answer.body.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true),
    })
}

/// The body that creates one.
pub fn create_body(app_id: Guid) -> Value {
    json!({ "appId": app_id })
}
