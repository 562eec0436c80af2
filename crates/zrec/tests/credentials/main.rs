//! Credentials: the store's rules, the protocols, the crash law, silence.

mod certificate;
mod crash;
mod marks;
mod protocol;
mod silence;
mod stage;
#[cfg(unix)]
mod store;
mod union;
