//! Stable codes of findings and diagnostics.
//!
//! ZR001 to ZR099: manifests. ZR100 to ZR199: plans. ZR200 to ZR299: clouds and runs.

use std::fmt;

use serde::Serialize;

/// A stable code such as `ZR014`; once published, its meaning never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZR{:03}", self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
