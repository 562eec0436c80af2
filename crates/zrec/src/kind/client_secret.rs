//! Client secrets of an application, at Microsoft Graph: the one place where a value comes in.

use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use zrec_plan::Guid;

use crate::cloud::answer::Answer;
use crate::secret::Secret;

/// A client secret that Microsoft has just made.
#[derive(Debug)]
pub struct Minted {
    /// Its key id.
    pub key_id: Guid,
    /// Its end.
    pub end: OffsetDateTime,
    /// Its value, which is never shown again.
    pub value: Secret,
}

/// Takes the value out of the answer; none where it is not of the documented form.
pub fn minted(mut answer: Answer) -> Option<Minted> {
    let value = match answer.body.get_mut("secretText")?.take() {
        Value::String(text) if !text.is_empty() => Secret::new(text),
        _ => return None,
    };
    let text = |field: &str| answer.body.get(field).and_then(Value::as_str);
    Some(Minted {
        key_id: text("keyId")?.parse().ok()?,
        end: OffsetDateTime::parse(text("endDateTime")?, &Rfc3339).ok()?,
        value,
    })
}
