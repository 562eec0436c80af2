//! What can go wrong with the emulator itself, as opposed to the errors that it plays.

use std::path::PathBuf;

/// Why the emulator could not start, load or save.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The cloud file is not well formed.
    #[error("cloud file: {0}")]
    CloudFile(String),
    /// The state file cannot be read as one.
    #[error("state file {}: {reason}", path.display())]
    State {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system refused.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// Keys, certificates or the TLS set-up.
    #[error("TLS: {0}")]
    Tls(String),
    /// The listener could not be used.
    #[error("listener: {0}")]
    Listener(std::io::Error),
}

/// The caller got no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The work was done; its answer never arrived.
    #[error("the connection was closed before the answer arrived")]
    Answer,
    /// The connection was refused; nothing was done.
    #[error("the connection was refused")]
    Connection,
}
