//! The connector's service principal, at Microsoft Graph.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use zrec_plan::Guid;
use zrec_plan::observed::ServicePrincipal;

use super::{application, guid, text, texts};
use crate::cloud::answer::Answer;

/// Decodes a service principal.
pub fn decode(answer: &Answer) -> Option<ServicePrincipal> {
    let value = &answer.body;
    Some(ServicePrincipal {
        object_id: guid(value, "id")?,
        account_enabled: value.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true),
        tags: texts(value.get("tags")),
        credentials: application::credentials(value)?,
    })
}

/// Decodes directory roles out of memberships, which may also be groups.
pub fn decode_directory_roles(answer: &Answer) -> Option<BTreeSet<String>> {
    let is_role = |item: &&Value| {
        item.get("@odata.type").and_then(Value::as_str) == Some("#microsoft.graph.directoryRole")
    };
    let name = |item: &Value| text(item, "displayName").or_else(|| text(item, "id"));
    answer.items().iter().filter(is_role).map(name).collect()
}

/// The body that creates the principal.
pub fn create_body(app_id: Guid, tags: &BTreeSet<String>) -> Value {
    json!({ "appId": app_id, "tags": tags })
}
