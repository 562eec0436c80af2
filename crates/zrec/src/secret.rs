//! Secret: a value that exists in memory and in the store, and nowhere else.
//!
//! No `Display`, no `Serialize`, a `Debug` that says nothing; wiped when dropped. `expose` is for
//! this room, `store`, `certificate` and `cloud` only, which `tests/tidy.rs` checks.
//!
//! What cannot be wiped: the bytes of the HTTP answer and of its JSON text, which belong to the HTTP
//! client and its parser until they are freed. Core dumps are switched off at the start, so that
//! they do not reach a disk; swap is the operator's to encrypt.

use secrecy::{ExposeSecret as _, SecretString};

pub mod delivery;

/// A client secret's value, or a private key in PEM.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a text over; it is moved, not copied.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The value.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Forbids the system to write this process's memory to a core file.
pub fn forbid_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        if let Err(error) = setrlimit(Resource::Core, none) {
            tracing::warn!(%error, "cannot switch core dumps off");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_says_nothing() {
        let secret = Secret::new("marker-of-a-secret".to_owned());
        assert_eq!(format!("{secret:?} {:?}", Some(&secret)), "Secret(…) Some(Secret(…))");
        assert_eq!(secret.expose(), "marker-of-a-secret");
    }
}
