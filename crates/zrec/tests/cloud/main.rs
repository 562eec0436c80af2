//! The cloud room against a cloud of a few lines: rules that need an answering other side.

// The lint's exception for tests does not reach the functions that tests share.
#![allow(clippy::unwrap_used)]

mod batching;
mod classes;
#[cfg(feature = "emulator")]
mod emulated;
mod fake;
mod journal;
mod network;
mod origins;
mod paging;
mod repeating;
mod server;
mod signing_in;
