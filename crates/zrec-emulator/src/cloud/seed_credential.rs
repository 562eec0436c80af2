//! From a cloud file's credentials to those of an application.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::tenant::{self, Object, Tenant, list, text};
use crate::clock::stamp;

/// Fills in what a seeded credential leaves out; a `secretText` is kept as its digest.
pub(crate) fn credentials(tenant: &mut Tenant, object: &mut Object, now: OffsetDateTime) {
    for property in ["passwordCredentials", "keyCredentials"] {
        let mut entries: Vec<Value> = list(object, property).to_vec();
        for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
            entry.entry("keyId").or_insert_with(|| json!(tenant.mint("keyId")));
            entry.entry("startDateTime").or_insert_with(|| json!(stamp(now)));
            let end = now + time::Duration::days(730);
            entry.entry("endDateTime").or_insert_with(|| json!(stamp(end)));
            entry.entry("displayName").or_insert(Value::Null);
            entry.entry("customKeyIdentifier").or_insert(Value::Null);
            if property == "passwordCredentials" {
                let secret = entry.insert("secretText".into(), Value::Null);
                let secret = secret.as_ref().and_then(Value::as_str).unwrap_or_default();
                let hint: String = secret.chars().take(3).collect();
                entry.entry("hint").or_insert(json!(hint));
                let key_id = text(entry, "keyId").to_owned();
                tenant.secrets.insert(key_id, tenant::digest(secret));
            }
        }
        object.insert(property.into(), Value::Array(entries));
    }
}
