//! The cloud itself: what it starts from, what it holds, how it is kept.

pub(crate) mod file;
pub(crate) mod first_party;
pub(crate) mod quirk;
pub(crate) mod seed;
pub(crate) mod seed_credential;
pub(crate) mod seed_grant;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod tenant;
pub(crate) mod world;
