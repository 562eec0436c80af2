//! Diagnostics as people read them: source line, caret, label, help.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::manifest::diagnostic::{Diagnostic, Severity};
use crate::manifest::source::{Source, Span};
use crate::render::printable::is_harmless;

/// The most diagnostics that are printed; the rest is counted.
const SHOWN: usize = 100;

/// The most bytes of a source line that are printed.
const LINE: usize = 400;

/// The diagnostics in rustc's manner.
pub fn render_diagnostics(diagnostics: &[Diagnostic], sources: &[Source], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for diagnostic in diagnostics.iter().take(SHOWN) {
        out.push_str(&renderer.render(&report(diagnostic, sources)));
        out.push_str("\n\n");
    }
    if diagnostics.len() > SHOWN {
        out.push_str(&format!("… and {} more\n\n", diagnostics.len() - SHOWN));
    }
    out
}

fn report<'a>(diagnostic: &Diagnostic, sources: &[Source]) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level
        .primary_title(printable(&diagnostic.message))
        .id(diagnostic.code.to_string())
        .elements(excerpt(
            sources,
            &diagnostic.path,
            diagnostic.span,
            &diagnostic.label,
            AnnotationKind::Primary,
        ));
    for related in &diagnostic.related {
        group = group.elements(excerpt(
            sources,
            &related.path,
            related.span,
            &related.label,
            AnnotationKind::Context,
        ));
    }
    for note in &diagnostic.notes {
        group = group.element(Level::NOTE.message(printable(note)));
    }
    for help in &diagnostic.help {
        group = group.element(Level::HELP.message(printable(help)));
    }
    vec![group]
}

/// One line of a file with the span marked; nothing where the file is not known.
fn excerpt<'a>(
    sources: &[Source],
    path: &str,
    span: Span,
    label: &str,
    kind: AnnotationKind,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    let source = sources.iter().find(|source| source.path == path)?;
    let text = String::from_utf8_lossy(&source.bytes);
    let text = text.as_ref();
    let start = snap(text, span.start as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
    let end = snap(text, span.end as usize).clamp(start, line_end);
    let from =
        if start - line_start > LINE / 2 { snap(text, start - LINE / 4) } else { line_start };
    let to = snap(text, line_end.min(from + LINE)).max(start);
    let (line, marked) = harmless(&text[from..to], start - from, end.min(to) - from);
    let label = (!label.is_empty()).then(|| printable(label));
    Some(
        Snippet::source(line)
            .line_start((span.line as usize).max(1))
            .path(printable(path))
            .annotation(kind.span(marked).label(label)),
    )
}

/// The nearest character boundary at or before a byte.
fn snap(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// The line with hostile characters spelled out, and the span moved accordingly.
fn harmless(line: &str, start: usize, end: usize) -> (String, std::ops::Range<usize>) {
    let mut out = String::with_capacity(line.len());
    let (mut from, mut to) = (None, None);
    for (at, character) in line.char_indices() {
        if at >= start && from.is_none() {
            from = Some(out.len());
        }
        if at >= end && to.is_none() {
            to = Some(out.len());
        }
        match character {
            '\r' => {}
            '\t' => out.push(' '),
            hostile if !is_harmless(hostile) => out.extend(hostile.escape_unicode()),
            other => out.push(other),
        }
    }
    let from = from.unwrap_or(out.len());
    let to = to.unwrap_or(out.len()).max(from);
    (out, from..to)
}

/// The text on one line, hostile characters spelled out. Unlike [`crate::render::printable`] it cuts
/// nothing: what is foreign in a message was cut when it was quoted.
fn printable(text: &str) -> String {
    harmless(text, 0, 0).0
}
