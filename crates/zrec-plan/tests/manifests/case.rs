//! A case: its files, what it says about itself, and what reading it says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde::Deserialize as _;
use time::macros::date;
use zrec_plan::catalog::Catalog;
use zrec_plan::manifest::{MANIFEST_SCHEMA, Reading, Source, desire, render_diagnostics};

/// The day on which all cases are judged.
pub(crate) const TODAY: time::Date = date!(2026 - 12 - 01);

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The sources of a case: one file, or all files of a folder.
pub(crate) fn sources(path: &Path) -> Vec<Source> {
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in path.read_dir().unwrap() {
            let entry = entry.unwrap().path();
            if entry.is_dir() {
                files.extend(sources(&entry));
            } else if entry.extension().is_some_and(|extension| extension == "yaml") {
                files.push(source(&entry));
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
    } else {
        files.push(source(path));
    }
    let copies = directive(&files[0], "files").map_or(1, |count| count.parse().unwrap());
    if copies > 1 {
        return (0..copies).map(|_| files[0].clone()).collect();
    }
    files
}

fn source(path: &Path) -> Source {
    let shown = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    let mut source = Source::new(shown, std::fs::read(path).unwrap());
    // Each case is a set of its own: its folder lies right below the set's root.
    source.below_root = format!("manifests/{}", path.file_name().unwrap().to_str().unwrap());
    source
}

/// What the head of a case says about itself.
pub(crate) fn directive(source: &Source, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&source.bytes).into_owned();
    let lines = text.lines().take_while(|line| line.starts_with('#'));
    lines
        .filter_map(|line| line.strip_prefix("# ")?.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

pub(crate) fn cases(folder: &str) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = root()
        .join("tests/manifests")
        .join(folder)
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension == "yaml"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

/// Everything that a run would say, findings too, and the codes in it.
pub(crate) fn said(reading: &Reading, sources: &[Source]) -> (String, BTreeSet<String>) {
    let mut codes: BTreeSet<String> =
        reading.diagnostics.iter().map(|diagnostic| diagnostic.code.to_string()).collect();
    let mut text = render_diagnostics(&reading.diagnostics, sources, false);
    let desired = reading.set.as_ref().map(|set| desire(set, Catalog::built_in(), TODAY));
    for finding in desired.map(|desired| desired.findings).unwrap_or_default() {
        codes.insert(finding.code.to_string());
        let tenant = finding.tenant.map(|name| name.to_string()).unwrap_or_default();
        let connector = finding.connector.map(|name| format!("/{name}")).unwrap_or_default();
        text.push_str(&format!(
            "finding[{}]: {tenant}{connector}: {}\n  hint: {}\n",
            finding.code, finding.message, finding.hint
        ));
    }
    (text, codes)
}

/// The schema alone, through another YAML reader: `None` where that cannot read the text.
pub(crate) fn schema_accepts(validator: &Validator, source: &Source) -> Option<bool> {
    let text = source.text()?;
    let mut accepts = true;
    for document in serde_yaml::Deserializer::from_str(text) {
        let mut value = serde_yaml::Value::deserialize(document).ok()?;
        value.apply_merge().ok()?;
        if value.is_null() {
            continue;
        }
        let value: serde_json::Value = serde_json::to_value(value).ok()?;
        accepts &= validator.is_valid(&value);
    }
    Some(accepts)
}

pub(crate) fn validator() -> Validator {
    let schema = serde_json::from_str(MANIFEST_SCHEMA).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}
