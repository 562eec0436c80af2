//! `zrec check`: are these manifests right? Offline, all problems at once.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;
use time::{Date, OffsetDateTime};
use zrec_plan::catalog::Catalog;
use zrec_plan::finding::Finding;
use zrec_plan::manifest::{Diagnostic, Set, Severity, desire, read, render_diagnostics};
use zrec_plan::render::printable;

use super::{Failed, Stream, is_coloured, report};
use crate::args::{Format, Global};
use crate::files;

/// What checking manifests came to.
#[derive(Debug)]
pub struct Checked {
    /// The set, unless an error forbids it.
    pub set: Option<Set>,
    /// The set's root: paths of secret stores are relative to it.
    pub root: PathBuf,
    /// What is wrong, for people; empty where nothing is.
    pub diagnostics: String,
    /// The whole report in the wanted format.
    pub report: String,
    /// 1 where there are errors, else 0.
    pub code: u8,
}

/// The report for programs.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Summary<'a> {
    schema_version: u8,
    files: usize,
    documents: usize,
    errors: usize,
    warnings: usize,
    diagnostics: &'a [Diagnostic],
    findings: &'a [Finding],
}

/// `zrec check`: reports on stdout.
pub fn run(paths: &[PathBuf], global: &Global) -> Result<u8, Failed> {
    let colour = is_coloured(global, Stream::Out);
    let checked = check(paths, global.format, colour)?;
    report(&checked.report)?;
    Ok(checked.code)
}

/// Checks the manifests at these paths as they stand today.
pub fn check(paths: &[PathBuf], format: Format, colour: bool) -> Result<Checked, Failed> {
    check_on(paths, format, colour, OffsetDateTime::now_utc().date())
}

fn check_on(
    paths: &[PathBuf],
    format: Format,
    colour: bool,
    today: Date,
) -> Result<Checked, Failed> {
    let files = files::collect(paths).map_err(|error| {
        let text = error.to_string();
        let lines: Vec<String> = text.lines().map(files::shown).collect();
        Failed::new(lines.join("\n"))
    })?;
    let catalog = Catalog::built_in();
    let reading = read(&files.sources, catalog);
    let desired = reading.set.as_ref().map(|set| desire(set, catalog, today));
    let findings = desired.map(|desired| desired.findings).unwrap_or_default();
    let count = |severity| reading.diagnostics.iter().filter(|it| it.severity == severity).count();
    let summary = Summary {
        schema_version: 1,
        files: files.sources.len(),
        documents: reading.documents,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        diagnostics: &reading.diagnostics,
        findings: &findings,
    };
    let colour = colour && format == Format::Text;
    let diagnostics = render_diagnostics(&reading.diagnostics, &files.sources, colour);
    let report = match format {
        Format::Text => text(&summary, &diagnostics),
        Format::Markdown => fenced(&text(&summary, &diagnostics)),
        Format::Json => {
            serde_json::to_string_pretty(&summary)
                .map_err(|error| Failed::new(format!("cannot write the report as JSON: {error}")))?
                + "\n"
        }
    };
    let code = u8::from(summary.errors > 0);
    Ok(Checked { set: reading.set, root: files.root, diagnostics, report, code })
}

fn text(summary: &Summary<'_>, diagnostics: &str) -> String {
    let mut out = diagnostics.to_owned();
    for finding in summary.findings {
        out.push_str(&finding_text(finding));
    }
    out.push_str(&last_line(summary));
    out
}

/// The text as a Markdown code block that nothing in it can end, cut to what a comment may hold.
fn fenced(text: &str) -> String {
    const LONGEST: usize = 59_000;
    let longest = text.split(|it| it != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let end = text.floor_char_boundary(text.len().min(LONGEST));
    let cut = if end < text.len() { "\n… cut; the text format has it all\n" } else { "" };
    format!("{fence}text\n{}{cut}{fence}\n", &text[..end])
}

fn finding_text(finding: &Finding) -> String {
    let mut place = String::new();
    if let Some(tenant) = &finding.tenant {
        let _ = write!(place, "{tenant}");
    }
    if let Some(connector) = &finding.connector {
        let _ = write!(place, "/{connector}");
    }
    let (code, message, hint) =
        (finding.code, printable(&finding.message), printable(&finding.hint));
    format!("finding[{code}]: {place}: {message}\n  = help: {hint}\n\n")
}

fn last_line(report: &Summary<'_>) -> String {
    let many =
        |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut found: Vec<String> = Vec::new();
    for (count, word) in
        [(report.errors, "error"), (report.warnings, "warning"), (report.findings.len(), "finding")]
    {
        if count > 0 {
            found.push(many(count, word));
        }
    }
    let found = if found.is_empty() { "no problems".to_owned() } else { found.join(", ") };
    let documents = many(report.documents, "document");
    format!("checked {documents} in {}: {found}\n", many(report.files, "file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = time::macros::date!(2026 - 12 - 01);

    fn repository(path: &str) -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
    }

    fn checked(path: &str, format: Format) -> Checked {
        check_on(&[repository(path)], format, false, TODAY).unwrap()
    }

    #[test]
    fn the_examples_are_right() {
        let checked = checked("manifests", Format::Text);
        assert_eq!(checked.report, "checked 10 documents in 9 files: no problems\n");
        assert_eq!((checked.code, checked.diagnostics.as_str()), (0, ""));
        assert!(checked.set.is_some());
    }

    #[test]
    fn errors_fail_and_warnings_do_not() {
        let rows = [
            ("ZR014-unknown-key.yaml", 1, "2 errors"),
            ("ZR069-fragile-store.yaml", 0, "1 warning"),
            ("ZR082-suspension-ended.yaml", 0, "1 finding"),
        ];
        for (name, code, summary) in rows {
            let path = format!("tests/manifests/bad/{name}");
            let text = checked(&path, Format::Text);
            assert_eq!(text.code, code, "{}", text.report);
            assert!(text.report.trim_end().ends_with(summary), "{}", text.report);
            let json = checked(&path, Format::Json);
            let value: serde_json::Value = serde_json::from_str(&json.report).unwrap();
            assert_eq!(value["schemaVersion"], 1);
            assert!(value["documents"].as_u64().unwrap() > 0);
            assert!(checked(&path, Format::Markdown).report.starts_with("```text\n"));
        }
    }

    #[test]
    fn a_path_that_is_not_there_is_one_error() {
        let failed = check(&[PathBuf::from("no\u{1b}where")], Format::Text, false).unwrap_err();
        assert_eq!(failed.code, 1);
        assert!(
            failed.message.starts_with("there is no file or directory no\\u{1b}where\nhelp: "),
            "{failed}"
        );
    }

    #[test]
    fn a_code_block_cannot_be_ended_from_inside() {
        assert_eq!(fenced("a\n```\nb\n"), "````text\na\n```\nb\n````\n");
    }
}
