//! The harness: a scenario is a folder, and every law holds on every folder.

pub(crate) mod cloud;
pub(crate) mod faults;
pub(crate) mod golden;
pub(crate) mod names;
pub(crate) mod process;
pub(crate) mod run;
pub(crate) mod scenario;
pub(crate) mod secrets;
