//! A manifest file as it was read, and places in it.

use serde::Serialize;

/// One file's path and bytes.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as messages show it.
    pub path: String,
    /// The same file's path from the set's root, with `/` between its parts: paths that a manifest
    /// names are resolved against it and must stay below the root.
    pub below_root: String,
    /// The content, not yet known to be UTF-8.
    pub bytes: Vec<u8>,
}

impl Source {
    /// A file whose shown path is also its path from the set's root.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        let path = path.into();
        Self { below_root: path.clone(), path, bytes: bytes.into() }
    }

    /// The content as text, where it is text.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

/// The most bytes that a manifest may have.
pub const MAX_BYTES: usize = 1024 * 1024;

/// The most files that a set may have.
pub const MAX_FILES: usize = 10_000;

/// Where something is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index of the source; `None` for what zrec itself fills in.
    pub(crate) source: Option<u32>,
    /// First byte.
    pub(crate) start: u32,
    /// Byte after the last.
    pub(crate) end: u32,
    /// Line, from 1.
    pub(crate) line: u32,
    /// Column in characters, from 1.
    pub(crate) column: u32,
}

impl Place {
    /// The place as `file:line`.
    pub(crate) fn shown(&self, sources: &[Source]) -> String {
        match self.source.and_then(|index| sources.get(index as usize)) {
            Some(source) => format!("{}:{}", source.path, self.line),
            None => "default".to_owned(),
        }
    }
}

/// A stretch of a file, for people and for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Span {
    /// Line, from 1; 0 where the whole file is meant.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
}

impl From<Place> for Span {
    fn from(place: Place) -> Self {
        Self { line: place.line, column: place.column, start: place.start, end: place.end }
    }
}
