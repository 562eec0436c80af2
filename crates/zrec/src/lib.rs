//! Acts.

pub mod cloud;
