//! Decides: what the manifests want, what the clouds show, and which steps lie between.
//!
//! The path of the data is five rooms: text → [`manifest`] → [`desired`] → (with [`observed`])
//! [`plan`] → [`render`], or the applier of the `zrec` crate. Nothing here reads a clock, a file,
//! the environment or the network, and nothing here draws a random number or logs: the same
//! arguments give the same plan, byte for byte.

pub mod approval;
pub mod binding;
pub mod catalog;
pub mod code;
pub mod connector;
pub mod context;
pub mod credential;
pub mod desired;
pub mod draft;
pub mod finding;
pub mod guid;
pub mod hand_off;
pub mod kind;
pub mod manifest;
pub mod name;
pub mod observed;
pub mod ownership;
pub mod plan;
pub mod plan_file;
pub mod privilege;
pub mod record;
pub mod render;
pub mod safety;
pub mod step;

pub use guid::Guid;
