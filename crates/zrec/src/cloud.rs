//! Cloud: the only room that knows HTTP.
//!
//! A call is built in [`graph`], packed by [`batch`], paced and repeated by [`pace`], given its
//! token by [`token`] under the rules of [`origin`], carried by [`transport`], and its answer is
//! judged by [`failure`]. [`journal`] keeps what was written, [`stats`] what it cost.

pub mod answer;
pub mod batch;
pub mod failure;
pub mod graph;
pub mod journal;
pub mod origin;
pub mod pace;
pub mod settle;
pub mod stats;
pub mod token;
pub mod transport;
