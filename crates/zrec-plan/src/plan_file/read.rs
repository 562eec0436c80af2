//! Reading a plan file back: whatever is not exactly one is refused, and the refusal says why.

use std::sync::LazyLock;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use super::{LARGEST, PLAN_SCHEMA, PlanFile, SCHEMA_VERSION};
use crate::render::{printable, printable_sentence};

/// Why a text is no plan file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is larger than any plan.
    #[error("it is larger than {} MiB, and no plan is", LARGEST >> 20)]
    TooLarge,
    /// It is no JSON, or ends too early.
    #[error("it is not JSON, or not all of it: {0}")]
    NotJson(String),
    /// It is some other document.
    #[error(
        "it is not a saved plan{0}; `zrec plan -o FILE` makes one (the report of --format json is for programs to read)"
    )]
    NotAPlan(String),
    /// Another version of the shape.
    #[error(
        "its schemaVersion is {0}, and this zrec knows {SCHEMA_VERSION}: use the zrec that made it, or plan again"
    )]
    UnknownVersion(String),
    /// It differs from the schema.
    #[error("it is damaged or was edited by hand: {what}, at `{place}`")]
    Malformed {
        /// What is wrong.
        what: String,
        /// Where, as a JSON pointer.
        place: String,
    },
}

static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| {
    let schema: Value = serde_json::from_str(PLAN_SCHEMA).ok()?;
    jsonschema::options().with_pattern_options(PatternOptions::regex()).build(&schema).ok()
});

/// Reads a plan file.
///
/// # Errors
/// It is not a plan file of this version, whole and unknown to nothing.
pub fn read(bytes: &[u8]) -> Result<PlanFile, Unreadable> {
    if bytes.len() > LARGEST {
        return Err(Unreadable::TooLarge);
    }
    let value: Value =
        serde_json::from_slice(bytes).map_err(|error| Unreadable::NotJson(error.to_string()))?;
    if value["kind"] != "Plan" {
        let found = value["kind"].as_str().map(|kind| format!(", but a `{}`", printable(kind)));
        return Err(Unreadable::NotAPlan(found.unwrap_or_default()));
    }
    if value["schemaVersion"] != SCHEMA_VERSION {
        return Err(Unreadable::UnknownVersion(printable(&value["schemaVersion"].to_string())));
    }
    let malformed = |what: String, place: String| Unreadable::Malformed {
        what: printable_sentence(&what),
        place: printable(&place),
    };
    let Some(validator) = VALIDATOR.as_ref() else {
        return Err(malformed("the embedded schema does not compile".to_owned(), String::new()));
    };
    if let Some(error) = validator.iter_errors(&value).next() {
        return Err(malformed(error.to_string(), error.instance_path().to_string()));
    }
    // From the text and not from the value: a key said twice is refused only so.
    serde_json::from_slice(bytes).map_err(|error| malformed(error.to_string(), String::new()))
}
