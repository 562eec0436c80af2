//! HTTPS: the authority that vouches for us, and the server.

pub(crate) mod authority;
pub(crate) mod server;
