//! Failure: what went wrong with one call, in one shape for people and for code.

use std::fmt;
use std::time::Duration;

mod classify;

pub(in crate::cloud) use classify::is_html;
pub use classify::{Body, Raw, classify};
use zrec_plan::render::printable_sentence as printable;

/// The classes that the code tells apart. Microsoft's texts are matched in one table only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// 404: not there, or not visible yet.
    NotFound,
    /// It exists already (grant, principal, owner): success for whoever wanted it.
    AlreadyExists,
    /// The key is held by another application, perhaps a soft-deleted one.
    UniqueNameTaken,
    /// The object was made a moment ago and is not visible everywhere.
    CreationRace,
    /// What was to be removed is not there: success for a removal.
    Gone,
    /// The caller lacks a right.
    Forbidden,
    /// The token was not accepted.
    Unauthorized,
    /// A policy of the tenant forbids it.
    PolicyRefused,
    /// The caller's or tenant's quota is used up.
    Quota,
    /// Too many requests, and waiting did not help in time.
    Throttled,
    /// Another write of the same object or tenant was in the way.
    Concurrency,
    /// A web page instead of an answer: a proxy, a portal, a wrong address.
    Html,
    /// Neither JSON nor HTML.
    NotJson,
    /// The answer ends too early.
    Truncated,
    /// The answer is larger than the transport allows.
    TooLarge,
    /// Not sent, for certain.
    NotSent,
    /// Sent, and no answer: it may have been done.
    OutcomeUnknown,
    /// Refused in another way: 3xx or 4xx.
    Refused,
    /// The service failed: 5xx.
    Server,
    /// A host that may not see a token, or a certificate that is not trusted.
    Untrusted,
    /// Sign-in is not possible: nothing to sign in with, refused, or the wrong tenant.
    SignIn,
    /// The journal cannot be written; nothing more may be changed.
    Journal,
}

/// Why a call failed.
///
/// Foreign text is kept raw in the fields; `Display` escapes and shortens it.
#[derive(Clone, PartialEq, Eq)]
pub struct Failure {
    /// What was tried, for people.
    pub what: Box<str>,
    /// The class.
    pub kind: FailureKind,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The service's own error code.
    pub code: Option<Box<str>>,
    /// The service's own text, or ours where there was no answer; raw.
    pub message: Option<Box<str>>,
    /// Microsoft's id of the request.
    pub request_id: Option<Box<str>>,
    /// Our id of the request.
    pub client_request_id: Option<Box<str>>,
    /// What to do.
    pub hint: Option<Box<str>>,
    /// How long the service asked to wait, where it asked.
    pub retry_after: Option<Box<Duration>>,
}

impl Failure {
    /// A failure without an answer behind it.
    pub fn of(kind: FailureKind, what: impl Into<Box<str>>) -> Self {
        Self {
            what: what.into(),
            kind,
            status: None,
            code: None,
            message: None,
            request_id: None,
            client_request_id: None,
            hint: None,
            retry_after: None,
        }
    }

    /// Adds why.
    #[must_use]
    pub fn because(mut self, message: impl Into<Box<str>>) -> Self {
        self.message = Some(message.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn advise(mut self, hint: impl Into<Box<str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the call may have been done all the same. A write for which this holds must not be
    /// repeated blindly: read first.
    pub fn may_have_happened(&self) -> bool {
        match self.kind {
            FailureKind::OutcomeUnknown
            | FailureKind::Truncated
            | FailureKind::TooLarge
            | FailureKind::Server => true,
            FailureKind::Html | FailureKind::NotJson => {
                !self.status.is_some_and(|status| (300..500).contains(&status) && status != 408)
            }
            _ => false,
        }
    }
}

impl From<(super::transport::Broken, &str)> for Failure {
    fn from((broken, what): (super::transport::Broken, &str)) -> Self {
        use super::transport::Broken;
        let kind = match broken {
            Broken::NotSent(_) => FailureKind::NotSent,
            Broken::Distrusted(_) => FailureKind::Untrusted,
            Broken::OutcomeUnknown(_) => FailureKind::OutcomeUnknown,
            Broken::TooLarge(_) => FailureKind::TooLarge,
        };
        Self::of(kind, what).because(broken.to_string())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}", printable(&self.what))?;
        match (self.status, &self.code) {
            (Some(status), Some(code)) => write!(f, ": {status} {}", printable(code))?,
            (Some(status), None) => write!(f, ": {status}")?,
            (None, Some(code)) => write!(f, ": {}", printable(code))?,
            (None, None) => {}
        }
        if let Some(message) = &self.message {
            write!(f, ": {}", printable(message))?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "; {}", printable(hint))?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {})", printable(id))?;
        }
        Ok(())
    }
}

/// As `Display`, with the class: a failure lands in logs, and raw foreign text must not.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl std::error::Error for Failure {}
