//! Pretends.
