//! Text → manifest → desired: what people wrote, judged as a whole and spelled out.
//!
//! [`read`] takes the files of a set and gives back either a [`Set`] that obeys every rule or all
//! the [`Diagnostic`]s of the run at once; [`desire`] turns a set into [`crate::desired::Desired`].

mod connector;
mod date;
mod desire;
mod diagnostic;
mod explain;
mod index;
mod neighbour;
mod node;
mod parse;
mod permission;
mod redirect;
mod render;
mod resolve;
pub mod rule;
mod schema;
mod set;
mod shape;
mod source;
mod spec;
mod store;
mod suggest;
mod tenant;
mod tree;

pub use desire::desire;
pub use diagnostic::{Diagnostic, Related, Severity};
pub use explain::explain_defaults;
pub use render::render_diagnostics;
pub use rule::{RULES, Rule};
pub use schema::MANIFEST_SCHEMA;
pub use set::Set;
pub use source::{MAX_BYTES, MAX_FILES, Source, Span};

use crate::catalog::Catalog;
use diagnostic::Log;

/// What reading the files of a set came to.
#[derive(Debug)]
pub struct Reading {
    /// The set; `None` where a diagnostic is an error.
    pub set: Option<Set>,
    /// Everything found, by file and line.
    pub diagnostics: Vec<Diagnostic>,
    /// How many documents the files hold.
    pub documents: usize,
}

/// Reads the files of one set and judges them by every rule.
pub fn read(sources: &[Source], catalog: &Catalog) -> Reading {
    let mut log = Log::new(sources);
    let index = index::Index::build(&mut log);
    let set = resolve::resolve(&index, catalog, &mut log);
    Reading {
        set: set.filter(|_| !log.has_errors()),
        documents: index.documents,
        diagnostics: log.finish(),
    }
}
