//! A step: one change to one object, with its reason and class. Data, never a closure.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::guid::Guid;
use crate::kind::Kind;
use crate::name::{ConnectorName, TenantName};

mod action;
mod builder;

pub use action::{Action, Owner};
pub use builder::StepBuilder;

/// How much trust a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Finishes or undoes our own unfinished work.
    Repair,
    /// Mints, offers and retires our own credentials as the manifest says.
    Maintenance,
    /// Neither gains nor loses anybody anything.
    Change,
    /// Any gain: grant, role, redirect URI, owner, audience, restore, adoption.
    Widening,
    /// Removes what works.
    Destructive,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Repair => "repair",
            Self::Maintenance => "maintenance",
            Self::Change => "change",
            Self::Widening => "widening",
            Self::Destructive => "destructive",
        })
    }
}

/// When a step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Finishes or undoes what an earlier run of ours left open.
    Repair,
    /// Brings soft-deleted objects back.
    Restore,
    /// Creates and updates, in the order of the kinds.
    Write,
    /// Revokes and retires, in reverse.
    Revoke,
}

/// What happens to the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It is made.
    Create,
    /// It is brought back from the deleted items.
    Restore,
    /// One made by hand gets our key.
    Adopt,
    /// Some of its fields change.
    Update,
    /// An owner is bound.
    Bind,
    /// A permission is granted.
    Grant,
    /// A permission is revoked, or a field narrowed.
    Revoke,
    /// It is deleted.
    Delete,
    /// A credential is made.
    Mint,
    /// A credential is no longer wanted, and removed.
    Retire,
    /// What an earlier run left open is recorded or undone.
    Repair,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Create => "create",
            Self::Restore => "restore",
            Self::Adopt => "adopt",
            Self::Update => "update",
            Self::Bind => "bind",
            Self::Grant => "grant",
            Self::Revoke => "revoke",
            Self::Delete => "delete",
            Self::Mint => "mint",
            Self::Retire => "retire",
            Self::Repair => "repair",
        })
    }
}

/// One field of a step, before and after. Values may be foreign text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldChange {
    /// Microsoft's name of the field.
    pub field: &'static str,
    /// Before; `null` where there was none.
    pub before: Value,
    /// After; `null` where there is none any more.
    pub after: Value,
}

/// One change to one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// The tenant's name.
    pub tenant: TenantName,
    /// The tenant's id: names may be changed, ids not.
    pub tenant_id: Guid,
    /// The connector; `None` for steps of the whole tenant.
    pub connector: Option<ConnectorName>,
    /// When.
    pub phase: Phase,
    /// What kind of object.
    pub kind: Kind,
    /// Which object of that kind, and which part.
    pub key: String,
    /// What happens.
    pub verb: Verb,
    /// How much trust it needs.
    pub class: Class,
    /// One line for people; foreign text inside is already printable.
    pub summary: String,
    /// Fields, before and after.
    pub changes: Vec<FieldChange>,
    /// Why.
    pub reason: String,
    /// What the applier is to do.
    pub action: Action,
    /// Digest of the part before.
    pub before: Digest,
    /// Digest of the part after.
    pub after: Digest,
    /// Whether the applier must read again, settled, before it does the step: it rests on
    /// something not being there, or takes away what works.
    pub needs_settled: bool,
}

/// What makes two steps of two plans the same step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StepId {
    /// The tenant's id.
    pub tenant_id: Guid,
    /// The connector.
    pub connector: Option<ConnectorName>,
    /// The kind.
    pub kind: Kind,
    /// Which object and part.
    pub key: String,
    /// What happens.
    pub verb: Verb,
    /// Before.
    pub before: Digest,
    /// After.
    pub after: Digest,
}

impl Step {
    /// What makes it the same step in another plan.
    pub fn id(&self) -> StepId {
        StepId {
            tenant_id: self.tenant_id,
            connector: self.connector.clone(),
            kind: self.kind,
            key: self.key.clone(),
            verb: self.verb,
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }

    /// The level at which it runs. Steps of one level are independent of one another, but for
    /// writes to the same application object, which the applier sends one after the other.
    pub fn level(&self) -> u8 {
        match (self.phase, self.kind, self.verb) {
            (Phase::Repair, _, _) => 0,
            (Phase::Restore, _, Verb::Restore) => 1,
            (Phase::Restore, _, _) => 2,
            (Phase::Write, Kind::Application, Verb::Bind) => 4,
            (Phase::Write, Kind::ResourcePrincipal | Kind::Application, _) => 3,
            (Phase::Write, Kind::ServicePrincipal, _) => 5,
            (Phase::Write, Kind::Consent, _) => 6,
            (Phase::Write, Kind::Certificate, _) => 7,
            (Phase::Write, Kind::ClientSecret, _) => 8,
            (Phase::Revoke, Kind::ClientSecret, _) => 9,
            (Phase::Revoke, Kind::Certificate, _) => 10,
            (Phase::Revoke, Kind::Consent, _) => 11,
            (Phase::Revoke, _, Verb::Delete) => 13,
            (Phase::Revoke, _, _) => 12,
        }
    }
}

/// SHA-256 of a canonical JSON text, shortened to 16 hexadecimal digits; `absent` for nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of nothing.
    pub fn absent() -> Self {
        Self("absent".to_owned())
    }

    /// The digest of a value; the order of an object's keys does not matter.
    pub fn of(value: &impl Serialize) -> Self {
        let mut value = serde_json::to_value(value).expect("plan data has string keys only");
        value.sort_all_objects();
        let hash = Sha256::digest(value.to_string().as_bytes());
        Self(hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
