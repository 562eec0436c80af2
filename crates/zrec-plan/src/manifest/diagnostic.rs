//! Diagnostics: what is wrong in a manifest, where, and what to do.

use serde::Serialize;

use crate::code::Code;
use crate::manifest::source::{Place, Source, Span};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The set cannot be used.
    Error,
    /// Legal, and probably not meant.
    Warning,
}

/// Another place that belongs to the problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Related {
    /// The file.
    pub path: String,
    /// The place in it.
    pub span: Span,
    /// What is there.
    pub label: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Diagnostic {
    /// The file.
    pub path: String,
    /// The place in it.
    pub span: Span,
    /// The rule's code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one sentence. May hold foreign text: only `render_diagnostics` may print it.
    pub message: String,
    /// What to say right at the place.
    pub label: String,
    /// What to know besides.
    pub notes: Vec<String>,
    /// What to do now.
    pub help: Vec<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
}

/// The most problems that one reading keeps; the rest would not be read by anybody.
const MAX_KEPT: usize = 2_000;

/// Collects the problems of one reading.
pub(crate) struct Log<'a> {
    pub(crate) sources: &'a [Source],
    pub(crate) found: Vec<Diagnostic>,
    /// Errors, those that were not kept too.
    errors: usize,
}

impl<'a> Log<'a> {
    /// An empty log on these files.
    pub(crate) fn new(sources: &'a [Source]) -> Self {
        Self { sources, found: Vec::new(), errors: 0 }
    }

    /// Notes an error and returns it, so that more can be said.
    pub(crate) fn error(
        &mut self,
        code: Code,
        place: Place,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(code, Severity::Error, place, message.into())
    }

    /// Notes a warning and returns it, so that more can be said.
    pub(crate) fn warning(
        &mut self,
        code: Code,
        place: Place,
        message: impl Into<String>,
    ) -> &mut Diagnostic {
        self.push(code, Severity::Warning, place, message.into())
    }

    /// Another place that belongs to a problem.
    pub(crate) fn related(&self, place: Place, label: impl Into<String>) -> Related {
        Related { path: self.path(place), span: place.into(), label: label.into() }
    }

    /// Whether anything here forbids to use the set.
    pub(crate) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// Whether there are so many problems that looking for more is of no use.
    pub(crate) fn is_full(&self) -> bool {
        self.found.len() >= MAX_KEPT
    }

    /// Everything found, by file and line, each problem once.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort();
        self.found.dedup();
        self.found
    }

    fn path(&self, place: Place) -> String {
        place
            .source
            .and_then(|index| self.sources.get(index as usize))
            .map_or_else(String::new, |source| source.path.clone())
    }

    fn push(
        &mut self,
        code: Code,
        severity: Severity,
        place: Place,
        message: String,
    ) -> &mut Diagnostic {
        let diagnostic = Diagnostic {
            path: self.path(place),
            span: place.into(),
            code,
            severity,
            message,
            label: String::new(),
            notes: Vec::new(),
            help: Vec::new(),
            related: Vec::new(),
        };
        self.errors += usize::from(severity == Severity::Error);
        if self.is_full() {
            self.found.pop();
        }
        self.found.push(diagnostic);
        let last = self.found.len() - 1;
        &mut self.found[last]
    }
}

impl Diagnostic {
    /// Says something right at the place.
    pub(crate) fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = label.into();
        self
    }

    /// Adds what to know besides.
    pub(crate) fn note(&mut self, note: impl Into<String>) -> &mut Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do now.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help.push(help.into());
        self
    }

    /// Adds what to do now, where there is something.
    pub(crate) fn help_maybe(&mut self, help: Option<String>) -> &mut Self {
        self.help.extend(help);
        self
    }

    /// Adds another place.
    pub(crate) fn also(&mut self, related: Related) -> &mut Self {
        self.related.push(related);
        self
    }
}
