//! Record: what the secret store knows of one credential, as append-only transitions.
//!
//! `intended → minted → seen → offered → acknowledged → retired`, or `aborted`. The value itself
//! stands beside the transition in the store and never comes here: this crate has no type for it.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::guid::Guid;

/// The random id C of one credential: its display name at Microsoft, and its name in our records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialName(String);

/// The text is no credential name of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a credential name (zrec- and 26 letters or digits)")]
pub struct NotACredentialName;

impl CredentialName {
    const PREFIX: &'static str = "zrec-";
    const ALPHABET: &'static [u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

    /// A name out of 128 random bits, which the caller draws.
    pub fn from_bits(bits: u128) -> Self {
        let letters = (0..26).rev().map(|place| {
            char::from(Self::ALPHABET[usize::try_from((bits >> (5 * place)) & 31).unwrap_or(0)])
        });
        Self(Self::PREFIX.chars().chain(letters).collect())
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CredentialName {
    type Error = NotACredentialName;

    fn try_from(text: String) -> Result<Self, NotACredentialName> {
        let letters = text.strip_prefix(Self::PREFIX).ok_or(NotACredentialName)?;
        let fits =
            letters.len() == 26 && letters.bytes().all(|byte| Self::ALPHABET.contains(&byte));
        if fits { Ok(Self(text)) } else { Err(NotACredentialName) }
    }
}

impl From<CredentialName> for String {
    fn from(name: CredentialName) -> Self {
        name.0
    }
}

impl fmt::Display for CredentialName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Client secret, or certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CredentialKind {
    /// A client secret; its value is known once Microsoft has answered.
    ClientSecret,
    /// A certificate; its private key is in the store before anything is sent.
    Certificate,
}

/// One run of zrec, as its intents name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

/// What showed that a credential has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// A person said so.
    Operator,
    /// Microsoft's sign-in report named the key.
    SignInReport,
}

/// One thing that happened to a credential.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "transition", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Transition {
    /// It is about to be made.
    Intended {
        /// By which run.
        run: RunId,
        /// For which application.
        app_id: Guid,
        /// For a certificate: what is about to be sent. Its private key stands beside this.
        certificate: Option<CertificateFacts>,
    },
    /// Microsoft has answered; for a secret its value stands beside this.
    Minted {
        /// Microsoft's key id.
        key_id: Guid,
        /// Its end, as Microsoft answered it.
        #[serde(with = "time::serde::rfc3339")]
        end: OffsetDateTime,
    },
    /// A read has shown it.
    Seen,
    /// A person was given it.
    Offered,
    /// Zscaler has it.
    Acknowledged {
        /// How that is known.
        evidence: Evidence,
    },
    /// It is no longer wanted; it is removed wherever it shows up.
    Retired,
    /// It was given up; it is removed wherever it shows up, and this wins over a later `minted`.
    Aborted,
}

/// What is known of a certificate before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// The key id that we send.
    pub key_id: Guid,
    /// SHA-256 of the DER, lower-case hexadecimal: the certificate's identity.
    pub sha256: String,
    /// The DER, base64: public, and sent again whenever a read lacks it.
    pub der: String,
    /// `notBefore`.
    #[serde(with = "time::serde::rfc3339")]
    pub start: OffsetDateTime,
    /// `notAfter`.
    #[serde(with = "time::serde::rfc3339")]
    pub end: OffsetDateTime,
}

/// A transition and its moment, in server time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// What.
    #[serde(flatten)]
    pub transition: Transition,
}

/// Everything the store knows of one credential, without its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// C.
    pub name: CredentialName,
    /// What it is.
    pub kind: CredentialKind,
    /// In which Entra tenant.
    pub tenant_id: Guid,
    /// Of which application, by its unique name.
    pub unique_name: String,
    /// What happened, oldest first.
    pub entries: Vec<Entry>,
}

/// What the secret store says of one connector.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Records {
    /// All records, by name.
    pub records: Vec<Record>,
    /// Runs whose process is known to have ended: their open intents are nobody's work any more.
    pub runs_over: std::collections::BTreeSet<RunId>,
}
