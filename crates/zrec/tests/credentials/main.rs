//! Credentials: the store's rules, the protocols, the crash law, silence.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod certificate;
mod crash;
mod marks;
mod protocol;
mod silence;
mod simulation;
mod stage;
#[cfg(unix)]
mod store;
mod union;
