//! The manifests under `tests/manifests`, and the examples: what each of them comes to.
//!
//! `ZREC_BLESS=1` rewrites the expected diagnostics. The first line of a bad manifest says what the
//! JSON Schema alone thinks of it: `accepts`, `rejects`, or `unreadable` where no YAML reader gets
//! that far.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde::Deserialize as _;
use time::macros::date;
use zrec_plan::catalog::{App, Catalog};
use zrec_plan::manifest::{
    MANIFEST_SCHEMA, RULES, Reading, Source, desire, explain_defaults, read, render_diagnostics,
};

const TODAY: time::Date = date!(2026 - 12 - 01);

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The sources of a case: one file, or all files of a folder.
fn sources(path: &Path) -> Vec<Source> {
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
fn directive(source: &Source, name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(&source.bytes).into_owned();
    let lines = text.lines().take_while(|line| line.starts_with('#'));
    lines
        .filter_map(|line| line.strip_prefix("# ")?.split_once(": "))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

fn cases(folder: &str) -> Vec<PathBuf> {
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
fn said(reading: &Reading, sources: &[Source]) -> (String, BTreeSet<String>) {
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
fn schema_accepts(validator: &Validator, source: &Source) -> Option<bool> {
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

fn validator() -> Validator {
    let schema = serde_json::from_str(MANIFEST_SCHEMA).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

#[test]
fn good_manifests_are_good_to_parser_and_schema() {
    let validator = validator();
    for path in cases("good").into_iter().chain([root().join("manifests")]) {
        let sources = sources(&path);
        let reading = read(&sources, Catalog::built_in());
        let (text, _) = said(&reading, &sources);
        assert_eq!(text, "", "{}", path.display());
        assert!(reading.set.is_some(), "{}", path.display());
        for source in &sources {
            assert_eq!(schema_accepts(&validator, source), Some(true), "{}", source.path);
        }
    }
}

#[test]
fn bad_manifests_say_what_is_expected() {
    let bless = std::env::var_os("ZREC_BLESS").is_some();
    let mut wrong = Vec::new();
    for path in cases("bad") {
        let sources = sources(&path);
        let (text, codes) = said(&read(&sources, Catalog::built_in()), &sources);
        let name = path.file_stem().unwrap().to_str().unwrap();
        let code = name.split('-').next().unwrap().to_owned();
        assert_eq!(codes, BTreeSet::from([code]), "{name} breaks one rule\n{text}");
        let expected_at = path.with_extension("stderr");
        if bless {
            std::fs::write(&expected_at, &text).unwrap();
        } else if std::fs::read_to_string(&expected_at).unwrap_or_default() != text {
            wrong.push(format!("{name}:\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "not as expected; ZREC_BLESS=1 rewrites\n{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_a_bad_manifest() {
    let known: BTreeSet<String> = RULES.iter().map(|rule| rule.code.to_string()).collect();
    assert_eq!(known.len(), RULES.len(), "codes are unique");
    let covered: BTreeSet<String> = cases("bad")
        .iter()
        .map(|path| path.file_stem().unwrap().to_str().unwrap()[..5].to_owned())
        .collect();
    assert_eq!(covered, known);
}

#[test]
fn schema_and_parser_agree_on_bad_manifests() {
    let validator = validator();
    for path in cases("bad") {
        let sources = sources(&path);
        let wanted =
            directive(&sources[0], "schema").expect("the first line says what the schema thinks");
        let verdicts: Vec<Option<bool>> =
            sources.iter().take(9).map(|source| schema_accepts(&validator, source)).collect();
        let verdict = match wanted.as_str() {
            // The two readers may disagree on what is too much; the schema is not asked.
            "unreadable" => continue,
            _ if verdicts.contains(&None) => "unreadable",
            _ if verdicts.contains(&Some(false)) => "rejects",
            _ => "accepts",
        };
        assert_eq!(verdict, wanted, "{}", path.display());
        if verdict == "rejects" {
            assert!(read(&sources, Catalog::built_in()).set.is_none(), "{}", path.display());
        }
    }
}

#[test]
fn the_schema_knows_the_catalogue() {
    let schema: serde_json::Value = serde_json::from_str(MANIFEST_SCHEMA).unwrap();
    let apps: Vec<&str> = schema["$defs"]["connectorSpec"]["properties"]["app"]["enum"]
        .as_array()
        .unwrap()
        .iter()
        .map(|app| app.as_str().unwrap())
        .collect();
    assert_eq!(apps, App::ALL.map(App::as_str));
}

#[test]
fn every_key_of_the_schema_is_described_and_used_by_a_good_manifest() {
    let schema: serde_json::Value = serde_json::from_str(MANIFEST_SCHEMA).unwrap();
    let mut keys = BTreeMap::new();
    collect_keys(&schema, &mut keys);
    let mut used = BTreeSet::new();
    for path in cases("good").into_iter().chain([root().join("manifests")]) {
        for source in sources(&path) {
            for document in serde_yaml::Deserializer::from_str(source.text().unwrap()) {
                let value = serde_json::Value::deserialize(document).unwrap();
                used_keys(&value, &mut used);
            }
        }
    }
    for (key, described) in keys {
        assert!(described, "{key} has no description");
        assert!(used.contains(&key), "no good manifest uses {key}");
    }
}

fn collect_keys(schema: &serde_json::Value, keys: &mut BTreeMap<String, bool>) {
    let Some(object) = schema.as_object() else {
        return;
    };
    for (keyword, value) in object {
        match keyword.as_str() {
            "properties" => {
                for (key, property) in value.as_object().unwrap() {
                    if property != true {
                        let described = property.get("description").is_some()
                            || property.get("const").is_some();
                        *keys.entry(key.clone()).or_insert(true) &= described;
                    }
                    collect_keys(property, keys);
                }
            }
            "$defs" => value.as_object().unwrap().values().for_each(|it| collect_keys(it, keys)),
            "items" | "additionalProperties" => collect_keys(value, keys),
            _ => {}
        }
    }
}

fn used_keys(value: &serde_json::Value, used: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| used_keys(item, used)),
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                used.insert(key.clone());
                used_keys(value, used);
            }
        }
        _ => {}
    }
}

#[test]
fn the_examples_hold_all_seven_connectors_and_explain_themselves() {
    let sources = sources(&root().join("manifests"));
    let reading = read(&sources, Catalog::built_in());
    let set = reading.set.unwrap();
    let desired = desire(&set, Catalog::built_in(), TODAY);
    let apps: BTreeSet<App> = desired.connectors.values().map(|connector| connector.app).collect();
    assert_eq!(apps, BTreeSet::from(App::ALL));
    let rows: usize =
        desired.connectors.values().map(|connector| connector.permissions.len()).sum();
    assert_eq!(rows, 76, "the guide has 76 rows");
    let explained = explain_defaults(&set, &|_| true);
    assert!(
        explained.contains("lifetimeDays: 180  # from manifests/defaults.yaml:"),
        "{explained}"
    );
    assert!(explained.contains("retireOld: acknowledged  # default"), "{explained}");
}

mod hostile {
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

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
}

#[test]
#[ignore = "measures; run with --release --ignored --nocapture"]
fn a_thousand_manifests() {
    let mut sources = Vec::new();
    let head = "apiVersion: connectors.zrec/v1\nkind: ";
    for number in 0..125 {
        let text = format!(
            "{head}Tenant\nmetadata: {{ name: tenant-{number}, labels: {{ ring: all }} }}\nspec:\n  tenantId: \
             3f0a9c52-6f0e-4c0b-9a55-{number:012}\n  zscaler: {{ console: \"https://console.zscaler.com\" }}\n"
        );
        sources.push(Source::new(format!("manifests/tenant-{number}.yaml"), text));
        for app in App::ALL {
            let text = format!(
                "{head}Connector\nmetadata: {{ name: {app}-{number} }}\nspec:\n  app: {app}\n  tenants: [tenant-{number}]\n"
            );
            sources.push(Source::new(format!("manifests/{app}-{number}.yaml"), text));
        }
    }
    assert_eq!(sources.len(), 1000);
    for _ in 0..3 {
        let started = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let reading = read(&sources, Catalog::built_in());
        let desired = desire(&reading.set.unwrap(), Catalog::built_in(), TODAY);
        let took = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap() - started;
        println!("{} connectors in {took:?}", desired.connectors.len());
    }
}

/// A pull request may hold any megabyte; none of them may hold up the machine that checks it.
#[test]
fn a_hostile_megabyte_is_judged_in_seconds() {
    let head = "apiVersion: connectors.zrec/v1\nkind: Tenant\nmetadata: { name: contoso }\nspec:\n";
    let many = |line: &dyn Fn(usize) -> String| {
        let lines = (0..60_000).map(line).take_while({
            let mut size = head.len();
            move |line| {
                size += line.len();
                size < 1_000_000
            }
        });
        lines.collect::<String>()
    };
    let texts = [
        format!("{head}{}", many(&|number| format!("  key{number}: x\n"))),
        format!("{head}{}", many(&|_| "  consent: grant\n".to_owned())),
        format!("{head}  owners: [{}]\n", many(&|number| format!("'{number}', "))),
        format!("{head}  owners: [{}]\n", many(&|_| "{a: b}, ".to_owned())),
        format!("{head}  overrides:\n{}", many(&|number| format!("    c{number}: {{}}\n"))),
        format!("{head}  tenantId: \"{}\"\n", "\u{202e}".repeat(300_000)),
        many(&|_| "--- {kind: Tenant}\n".to_owned()),
        "[".repeat(1_000_000),
        "- ".repeat(500_000),
        "a: &a [x]\nb: [".to_owned() + &"*a,".repeat(300_000),
    ];
    for (number, text) in texts.into_iter().enumerate() {
        let sources = [Source::new("hostile.yaml", text)];
        let started = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        let reading = read(&sources, Catalog::built_in());
        let rendered = render_diagnostics(&reading.diagnostics, &sources, false);
        let took = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap() - started;
        println!("{number}: {} diagnostics, {took:?}", reading.diagnostics.len());
        assert!(reading.set.is_none() && rendered.len() < 1_000_000, "{number}");
        assert!(took < std::time::Duration::from_secs(60), "{number} took {took:?}");
    }
}
