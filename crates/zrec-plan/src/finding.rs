//! Findings: what a person must know or decide.

use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::name::{ConnectorName, TenantName};

/// What a finding does to the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing of its connector (or tenant) is changed until it is resolved.
    Blocks,
    /// Steps that widen access are held back; reading and narrowing go on.
    BlocksWidening,
    /// Said, and nothing else.
    Informs,
}

/// Something a person must know or decide.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its effect; blocking findings sort first.
    pub effect: Effect,
    /// Its stable code.
    pub code: Code,
    /// The tenant it concerns; `None` for the whole set.
    pub tenant: Option<TenantName>,
    /// The connector it concerns; `None` for the whole tenant.
    pub connector: Option<ConnectorName>,
    /// What is so, in one sentence. May hold foreign text: print it through `render::printable`.
    pub message: String,
    /// What to do now.
    pub hint: String,
}
