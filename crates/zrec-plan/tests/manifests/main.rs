//! The manifests under `tests/manifests`, and the examples: what each of them comes to.
//!
//! `ZREC_BLESS=1` rewrites the expected diagnostics. The first line of a bad manifest says what the
//! JSON Schema alone thinks of it: `accepts`, `rejects`, or `unreadable` where no YAML reader gets
//! that far.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the crate does no I/O; its tests read their cases and tell what they measure"
)]

mod case;
mod cost;
mod hostile;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use zrec_plan::catalog::{App, Catalog};
use zrec_plan::manifest::{MANIFEST_SCHEMA, RULES, desire, explain_defaults, read};

use case::{TODAY, cases, directive, root, said, schema_accepts, sources, validator};

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
