//! Acts: the command, and all input and output.
//!
//! What plans holds readers only; what writes does nothing but the steps it is given. Only
//! [`cloud`] knows HTTP.

pub mod apply;
pub mod args;
pub mod certificate;
pub mod cloud;
pub mod command;
#[cfg(feature = "emulator")]
pub mod embedded;
pub mod failpoint;
pub mod files;
pub mod fleet;
pub mod kind;
pub mod observe;
pub mod progress;
pub mod secret;
pub mod store;
