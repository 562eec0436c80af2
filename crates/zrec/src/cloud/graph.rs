//! Graph: every request that zrec makes to Microsoft Graph, built and sent.
//!
//! [`read`] and [`mod@write`] build; [`Graph`] sends. What plans holds a [`Reader`], which refuses
//! everything but reads.

use std::fmt;

use http::Method;
use serde_json::Value;
use tokio::time::Instant;

use super::pace::Repeat;

mod build;
pub mod read;
pub mod session;
pub mod write;

pub use session::{Graph, Reader, Settings};

/// One request to Graph, not yet sent. It is data: no token, no host.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Relative to the version, with a leading slash: `/applications(uniqueName='x')?$select=id`.
    pub path_and_query: String,
    /// Headers beside those that every request has.
    pub headers: Vec<(&'static str, String)>,
    /// The body, where there is one.
    pub body: Option<Value>,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What it does, for people: `read application zrec.acme.teams`.
    pub what: String,
    /// Whose step it is, for the journal.
    pub about: About,
    /// After this it is not sent any more, and not repeated.
    pub deadline: Option<Instant>,
    /// Why it could not be built, where it could not; it is then not sent.
    pub(super) unbuilt: Option<String>,
}

/// Whose step a call belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The connector, as `tenant/connector`; none for what belongs to the tenant.
    pub connector: Option<String>,
    /// The step of the plan.
    pub step: Option<String>,
}

impl Call {
    /// Says whose step it is.
    #[must_use]
    pub fn for_step(mut self, connector: impl Into<String>, step: impl Into<String>) -> Self {
        self.about = About { connector: Some(connector.into()), step: Some(step.into()) };
        self
    }

    /// Says until when it may be sent.
    #[must_use]
    pub fn until(mut self, deadline: Instant) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Whether it changes nothing.
    pub fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}

/// The id of a grant: not a GUID at Microsoft, but safe in a path by its alphabet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GrantId(String);

/// The text was no id of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a grant (letters, digits, - and _)")]
pub struct NotAGrantId;

impl std::str::FromStr for GrantId {
    type Err = NotAGrantId;

    fn from_str(text: &str) -> Result<Self, NotAGrantId> {
        let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if text.is_empty() || text.len() > 128 || !text.bytes().all(is_safe) {
            return Err(NotAGrantId);
        }
        Ok(Self(text.to_owned()))
    }
}

impl GrantId {
    /// The id as Graph wrote it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
