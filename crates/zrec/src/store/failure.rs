//! Why a store could not be read or written, and whether the write may have been done.

use std::fmt;
use std::path::Path;

use zrec_plan::render::printable_sentence as printable;

/// A store's failure. Never holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFailure {
    /// What failed, where, and what to do.
    message: String,
    /// Whether the write may have been done all the same.
    unknown: bool,
}

impl StoreFailure {
    /// Nothing was written, for certain.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { message: message.into(), unknown: false }
    }

    /// The write may have been done.
    pub fn unknown(message: impl Into<String>) -> Self {
        Self { message: message.into(), unknown: true }
    }

    pub(super) fn io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::refused(format!("cannot {what} {}: {error}", path.display()))
    }

    pub(super) fn perhaps(what: &str, path: &Path, error: &std::io::Error) -> Self {
        Self::unknown(format!("cannot {what} {}: {error}", path.display()))
    }

    /// Whether the write may have been done.
    pub fn may_have_happened(&self) -> bool {
        self.unknown
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", printable(&self.message))
    }
}

impl std::error::Error for StoreFailure {}
