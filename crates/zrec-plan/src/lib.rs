//! Decides: what the manifests want, what the clouds show, and which steps lie between.
//!
//! The path of the data is five rooms: text → [`manifest`] → [`desired`] → (with [`observed`])
//! [`plan`] → [`render`], or the applier of the `zrec` crate. Nothing here reads a clock, a file,
//! the environment or the network, and nothing here draws a random number or logs: the same
//! arguments give the same plan, byte for byte.

pub mod catalog;
pub mod code;
pub mod desired;
pub mod finding;
pub mod guid;
pub mod manifest;
pub mod name;

pub use guid::Guid;
