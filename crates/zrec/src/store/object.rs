//! One object of a store: a transition as JSON, and the value beside it where there is one.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;
use zrec_plan::Guid;
use zrec_plan::record::{CredentialKind, CredentialName, Entry, Transition};

use super::Place;
use crate::secret::Secret;

/// The format of the objects.
const VERSION: u8 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    version: u8,
    name: &'a CredentialName,
    kind: CredentialKind,
    tenant_id: Guid,
    unique_name: &'a str,
    entry: &'a Entry,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
}

/// Everything but the value, which the parser skips without copying it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Described {
    version: u8,
    name: CredentialName,
    kind: CredentialKind,
    tenant_id: Guid,
    unique_name: String,
    entry: Entry,
    value: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Valued {
    value: String,
}

/// The name of a transition's object: one object for each transition of a credential.
pub(super) fn file_name(transition: &Transition) -> &'static str {
    match transition {
        Transition::Intended { .. } => "10-intended.json",
        Transition::Minted { .. } => "20-minted.json",
        Transition::Seen => "30-seen.json",
        Transition::Offered => "40-offered.json",
        Transition::Acknowledged { .. } => "50-acknowledged.json",
        Transition::Retired => "60-retired.json",
        Transition::Aborted => "90-aborted.json",
    }
}

/// Which object holds the value of a credential of this kind.
pub(super) fn valued_file(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ClientSecret => "20-minted.json",
        CredentialKind::Certificate => "10-intended.json",
    }
}

/// Whether the transition's object must hold a value.
fn holds_value(kind: CredentialKind, transition: &Transition) -> bool {
    file_name(transition) == valued_file(kind)
}

/// The object's text. It is wiped after use, for it may hold the value.
pub(super) fn encode(
    place: &Place,
    entry: &Entry,
    value: Option<&Secret>,
) -> Result<Zeroizing<Vec<u8>>, String> {
    if holds_value(place.kind, &entry.transition) != value.is_some() {
        return Err("a value is stored with the transition that brings it, and no other".into());
    }
    let written = Written {
        version: VERSION,
        name: &place.name,
        kind: place.kind,
        tenant_id: place.tenant_id,
        unique_name: &place.unique_name,
        entry,
        value: value.map(Secret::expose),
    };
    // Large enough from the start: a buffer that grows leaves copies behind.
    let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
    serde_json::to_writer(&mut *text, &written).map_err(|error| error.to_string())?;
    text.push(b'\n');
    Ok(text)
}

/// Reads an object without its value, and checks that it stands where it belongs.
pub(super) fn decode(
    text: &[u8],
    file: &str,
    tenant_id: Guid,
    unique_name: &str,
    name: &CredentialName,
) -> Result<(CredentialKind, Entry), String> {
    // The parser's own text may quote what it stumbled over.
    let place =
        |error: &serde_json::Error| format!("line {}, column {}", error.line(), error.column());
    let object: Described = serde_json::from_slice(text)
        .map_err(|error| format!("is damaged or of another version ({})", place(&error)))?;
    if object.version != VERSION {
        return Err(format!("is of version {}, which this zrec does not know", object.version));
    }
    let at_home = object.tenant_id == tenant_id
        && object.unique_name == unique_name
        && object.name == *name
        && file_name(&object.entry.transition) == file;
    if !at_home {
        return Err("belongs to another place of the store".into());
    }
    if holds_value(object.kind, &object.entry.transition) != object.value.is_some() {
        return Err("lacks its value, or has one that it must not have".into());
    }
    Ok((object.kind, object.entry))
}

/// Reads the value alone.
pub(super) fn value(text: &[u8]) -> Result<Secret, String> {
    serde_json::from_slice::<Valued>(text)
        .map(|valued| Secret::new(valued.value))
        .map_err(|_| "holds no value".to_owned())
}
