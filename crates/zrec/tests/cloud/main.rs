//! The cloud room against a cloud of a few lines: rules that need an answering other side.

mod batching;
mod classes;
mod fake;
mod journal;
mod network;
mod origins;
mod paging;
mod repeating;
mod server;
mod signing_in;
