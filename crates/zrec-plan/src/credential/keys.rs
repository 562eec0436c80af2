//! Keys: which of those at Microsoft belong to which record.

use crate::credential::{History, Keys};
use crate::observed::Credential;
use crate::record::CredentialKind;

/// The keys of one record.
#[derive(Clone, Debug, Default)]
pub struct Matched<'a> {
    /// The one that the record stands for.
    pub own: Option<&'a Credential>,
    /// Others that carry its name.
    pub others: Vec<&'a Credential>,
}

impl Matched<'_> {
    /// For the table.
    pub fn keys(&self) -> Keys {
        match (self.own.is_some(), self.others.is_empty()) {
            (false, true) => Keys::Absent,
            (true, true) => Keys::Own,
            (false, false) => Keys::Others,
            (true, false) => Keys::OwnAndOthers,
        }
    }
}

/// Whether a key belongs to a record in any way.
pub fn belongs(history: &History<'_>, key: &Credential) -> bool {
    history.is(kind_of(key))
        && (is_named(history, key)
            || history.key_id() == Some(key.key_id)
            || has_fingerprint(history, key))
}

/// Client secret, or certificate.
pub fn kind_of(key: &Credential) -> CredentialKind {
    match key.certificate {
        true => CredentialKind::Certificate,
        false => CredentialKind::ClientSecret,
    }
}

/// The keys of one record: its own by key id, else by fingerprint, else, for a certificate whose
/// fingerprint was not read, by name.
pub fn of<'a>(history: &History<'_>, keys: &'a [Credential]) -> Matched<'a> {
    let belonging: Vec<_> = keys.iter().filter(|key| belongs(history, key)).collect();
    let find =
        |is_own: &dyn Fn(&Credential) -> bool| belonging.iter().copied().find(|key| is_own(key));
    let own = find(&|key| history.key_id() == Some(key.key_id))
        .or_else(|| find(&|key| has_fingerprint(history, key)))
        .or_else(|| find(&|key| key.certificate && key.sha256.is_none()));
    let others = belonging
        .into_iter()
        .filter(|key| own.is_none_or(|own| own.key_id != key.key_id))
        .collect();
    Matched { own, others }
}

fn is_named(history: &History<'_>, key: &Credential) -> bool {
    key.display_name.as_deref() == Some(history.record.name.as_str())
}

fn has_fingerprint(history: &History<'_>, key: &Credential) -> bool {
    key.sha256.is_some() && key.sha256.as_deref() == history.sha256()
}
