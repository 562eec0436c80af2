//! The house checks itself: lengths, arrows, forbidden words, fresh documents.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// A file has one noun; beyond this it has two.
const LONGEST_FILE: usize = 300;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(below: &str, extension: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no .{extension} files below {below}");
    found
}

fn sources() -> Vec<(String, String)> {
    files("crates", "rs").into_iter().filter(|(name, _)| name.contains("/src/")).collect()
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for (name, text) in sources() {
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            wrong.push(format!("{name}: {lines} lines; split it by meaning"));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{name}: begins without `//!`: what is it for?"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_room_is_called_by_an_empty_word() {
    let empty = ["util", "utils", "helper", "helpers", "manager", "common", "misc"];
    for (name, _) in sources() {
        for part in name.trim_end_matches(".rs").split('/') {
            assert!(!empty.contains(&part), "{name}: `{part}` says nothing");
        }
    }
}

#[test]
fn arrows_point_one_way() {
    let rows: [(&str, &[&str]); 2] = [
        // Decides: no network, no files, no clock, no randomness, no logging.
        (
            "crates/zrec-plan",
            &[
                "reqwest",
                "tokio",
                "azure_core",
                "zrec-emulator",
                "tracing",
                "rand",
                "rcgen",
                "graph-rs-sdk",
            ],
        ),
        // Pretends: shares no type with the others.
        ("crates/zrec-emulator", &["zrec-plan", "zrec.workspace", "graph-rs-sdk", "azure_core"]),
    ];
    for (folder, forbidden) in rows {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap();
        for name in forbidden {
            let named = dependencies.lines().any(|line| {
                line.split(['.', ' ', '=']).next() == Some(name) || line.starts_with(name)
            });
            assert!(!named, "{folder} depends on {name}");
        }
    }
}

/// Who may say a word, by path prefixes.
fn only(word: &str, allowed: &[&str]) {
    for (name, text) in sources() {
        if !name.starts_with("crates/zrec/src") || allowed.iter().any(|path| name.starts_with(path))
        {
            continue;
        }
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or_default();
            assert!(!code.contains(word), "{name}:{}: `{word}` belongs to {allowed:?}", number + 1);
        }
    }
}

#[test]
fn words_stay_in_their_rooms() {
    only("reqwest", &["crates/zrec/src/cloud"]);
    only("graph_rs_sdk", &["crates/zrec/src/cloud/graph"]);
    only(
        "zrec_emulator::",
        &["crates/zrec/src/embedded.rs", "crates/zrec/src/command/emulator.rs"],
    );
    only("sleep(", &["crates/zrec/src/cloud/settle.rs", "crates/zrec/src/cloud/pace"]);
    only(
        "std::env::var",
        &["crates/zrec/src/command", "crates/zrec/src/cloud/transport/network.rs"],
    );
    only("println!", &["crates/zrec/src/command"]);
    only(
        ".expose()",
        &[
            "crates/zrec/src/secret",
            "crates/zrec/src/store",
            "crates/zrec/src/certificate",
            "crates/zrec/src/cloud",
        ],
    );
    only("expose_secret", &["crates/zrec/src/secret.rs", "crates/zrec/src/cloud"]);
    only("add_password(", &["crates/zrec/src/cloud/graph", "crates/zrec/src/apply/credential"]);
    only("/dev/tty", &["crates/zrec/src/secret/delivery.rs"]);
}

#[test]
fn what_observes_cannot_write() {
    for (name, text) in sources() {
        if name.starts_with("crates/zrec/src/observe") {
            assert!(!text.contains("write::"), "{name} builds a writing request");
        }
    }
}

#[test]
fn every_kind_has_a_file_in_both_rooms() {
    let kinds = |folder: &str| -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(root().join(folder))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(kinds("crates/zrec-plan/src/kind"), kinds("crates/zrec/src/kind"));
}

#[test]
fn the_readme_has_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks: Vec<_> = readme.split("```sh\n").skip(1).take(2).collect();
    assert_eq!(blocks.len(), 2, "README.md needs two fenced sh blocks");
    for block in blocks {
        let command = block.split("```").next().unwrap();
        assert_eq!(command.lines().count(), 1, "one command each: {command}");
    }
    let ci = fs::read_to_string(root().join(".ci/run")).unwrap();
    let tests = readme.split("```sh\n").nth(2).unwrap().lines().next().unwrap();
    assert!(ci.contains(tests), ".ci/run does not call `{tests}`");
}

#[test]
fn nothing_points_outside() {
    let outside = ["../shared", concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let mut all = sources();
    for (below, extension) in
        [("docs", "md"), ("manifests", "yaml"), ("schemas", "json"), ("crates", "toml")]
    {
        all.extend(files(below, extension));
    }
    for (name, text) in all {
        for word in outside {
            assert!(!text.contains(word), "{name} names {word}");
        }
    }
}
