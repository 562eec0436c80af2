//! Whatever the bytes are: no panic, no control character in the output, no way around the schema.

use proptest::prelude::*;
use proptest::sample::Index;

use jsonschema::Validator;
use zrec_plan::catalog::Catalog;
use zrec_plan::manifest::{Source, explain_defaults, read, render_diagnostics};

use crate::case::{cases, said, schema_accepts, validator};

/// Texts that have broken readers, spans and terminals before.
const NASTY: &[&str] = &[
    "\u{0}",
    "\u{1b}[2J",
    "\u{202e}",
    "\u{feff}",
    "é",
    "👩‍👩‍👧",
    "\t",
    "\r",
    "\r\n",
    "---\n",
    "...\n",
    "&a ",
    "*a",
    "<<: *first\n",
    "!!binary ",
    "? ",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "|\n",
    ">\n",
    "#",
    "%YAML 1.1\n",
    "null",
    "~",
    "1e999",
    ".inf",
    "0x10",
    "99999999999999999999",
    "{tenant}",
    "{",
    "until: 2026-02-30",
];

thread_local! {
    static VALIDATOR: Validator = validator();
}

fn reads_and_renders(bytes: Vec<u8>) -> (bool, Source) {
    let sources = [Source::new("manifests/hostile\u{1b}.yaml", bytes)];
    let reading = read(&sources, Catalog::built_in());
    let (text, _) = said(&reading, &sources);
    let harmless = text.chars().all(|it| it == '\n' || !it.is_control());
    assert!(harmless, "{text:?}");
    render_diagnostics(&reading.diagnostics, &sources, true);
    serde_json::to_string(&reading.diagnostics).unwrap();
    if let Some(set) = &reading.set {
        explain_defaults(set, &|_| true);
    }
    let [source] = sources;
    (reading.set.is_some(), source)
}

fn good_text() -> impl Strategy<Value = String> {
    let texts: Vec<String> = cases("good")
        .iter()
        .chain(&cases("bad"))
        .filter(|path| path.is_file())
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    proptest::sample::select(texts)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        reads_and_renders(bytes);
    }

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,300}") {
        reads_and_renders(text.into_bytes());
    }

    #[test]
    fn mutated_manifests_never_panic_and_pass_no_schema_by(
        text in good_text(),
        edits in proptest::collection::vec((any::<Index>(), 0_usize..12, proptest::sample::select(NASTY)), 1..4),
    ) {
        let mut text: Vec<char> = text.chars().collect();
        for (at, length, nasty) in edits {
            let at = at.index(text.len() + 1);
            let end = (at + length).min(text.len());
            text.splice(at..end, nasty.chars());
        }
        let text: String = text.into_iter().collect();
        let (accepted, source) = reads_and_renders(text.into_bytes());
        if accepted {
            let verdict = VALIDATOR.with(|validator| schema_accepts(validator, &source));
            prop_assert_ne!(verdict, Some(false), "{}", source.text().unwrap());
        }
    }
}
