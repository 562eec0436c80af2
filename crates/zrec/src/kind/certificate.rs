//! Certificates of an application, at Microsoft Graph.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use zrec_plan::Guid;
use zrec_plan::record::{CertificateFacts, CredentialName};

use super::guid;
use crate::cloud::answer::Answer;

/// The entries of `keyCredentials` as they came; none where the answer is not of the documented
/// form, which is not the same as an empty list.
pub fn decode_entries(answer: &Answer) -> Option<Vec<Value>> {
    let entries = answer.body.get("keyCredentials")?.as_array()?.clone();
    entries.iter().all(|entry| key_id(entry).is_some()).then_some(entries)
}

/// The key id of an entry.
pub fn key_id(entry: &Value) -> Option<Guid> {
    guid(entry, "keyId")
}

/// An entry as it is sent back to be kept: by its key id, without the key. One that somebody has
/// removed meanwhile is then refused, and not brought back.
pub fn kept(mut entry: Value) -> Value {
    entry["key"] = Value::Null;
    entry
}

/// The entry of a certificate of ours. Start and end are the certificate's own: Graph would end it
/// after a year.
pub fn entry(name: &CredentialName, facts: &CertificateFacts) -> Value {
    json!({
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "keyId": facts.key_id,
        "key": facts.der,
        "displayName": name,
        "startDateTime": facts.start.format(&Rfc3339).unwrap_or_default(),
        "endDateTime": facts.end.format(&Rfc3339).unwrap_or_default(),
    })
}
