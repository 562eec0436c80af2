//! Saved plans at the command line, on the embedded emulator: saved, shown, applied, refused.
#![cfg(feature = "emulator")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A work tree with the example manifests, and a cloud of its own.
struct Tree {
    folder: TempDir,
}

/// What a run said.
#[derive(Debug)]
struct Said {
    code: i32,
    out: String,
    err: String,
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => fs::write(target, fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

impl Tree {
    /// All seven connectors.
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests");
        copy(&examples, &folder.path().join("manifests"));
        Self { folder }
    }

    /// Two connectors, which is quicker.
    fn of_two() -> Self {
        let tree = Self::new();
        for app in ["azure-blob", "copilot", "mip", "onedrive", "sharepoint"] {
            fs::remove_file(tree.path(&format!("manifests/connectors/{app}.yaml"))).unwrap();
        }
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zrec"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("AZURE_") || name.starts_with("ACTIONS_") {
                command.env_remove(name);
            }
        }
        let output = command.args(arguments).current_dir(self.folder.path()).output().unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    fn expect(&self, code: i32, arguments: &[&str]) -> Said {
        let said = self.run(arguments);
        assert_eq!(said.code, code, "{arguments:?}\n{}\n{}", said.out, said.err);
        said
    }

    fn replace(&self, name: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(from), "{name} has no {from}");
        fs::write(self.path(name), text.replacen(from, to, 1)).unwrap();
    }

    /// Gives an application of the manifests another display name.
    fn rename(&self, folder: &str, app: &str, name: &str) {
        let path = self.path(&format!("{folder}/connectors/{app}.yaml"));
        let text = fs::read_to_string(&path).unwrap();
        let kept: Vec<_> =
            text.lines().filter(|line| !line.starts_with("  displayName:")).collect();
        fs::write(path, format!("{}\n  displayName: {name}\n", kept.join("\n"))).unwrap();
    }

    fn edit_plan(&self, edit: impl FnOnce(&mut Value)) {
        let text = fs::read_to_string(self.path("plan.json")).unwrap();
        let mut plan = serde_json::from_str(&text).unwrap();
        edit(&mut plan);
        fs::write(self.path("plan.json"), plan.to_string()).unwrap();
    }
}

#[test]
fn what_was_saved_is_what_is_done_and_twice_is_once() {
    let tree = Tree::new();
    let planned = tree.expect(0, &["plan", "-o", "plan.json"]);
    assert!(planned.err.contains("apply --plan plan.json"), "{}", planned.err);
    let text = fs::read_to_string(tree.path("plan.json")).unwrap();
    let plan: Value = serde_json::from_str(&text).unwrap();
    let steps = plan["plan"]["steps"].as_array().unwrap().len();
    for marker in ["secretText", "PRIVATE KEY", "Bearer", "eyJ", "\"value\"", "\"action\""] {
        assert!(!text.contains(marker), "a plan file says {marker}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(tree.path("plan.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
    }
    let left: Vec<_> = fs::read_dir(tree.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".tmp"))
        .collect();
    assert_eq!(left, Vec::<String>::new());

    let applied = tree.expect(0, &["apply", "--plan", "plan.json"]);
    assert!(applied.out.contains(&format!("Done: {steps} steps.")), "{}", applied.out);
    assert!(tree.expect(0, &["plan", "--detailed-exitcode"]).out.contains("Nothing to do"));
    let again = tree.expect(0, &["apply", "--plan", "plan.json"]);
    assert!(again.out.contains("Nothing to do"), "{}", again.out);
}

#[test]
fn a_saved_plan_is_shown_offline() {
    let tree = Tree::of_two();
    let planned = tree.expect(0, &["plan", "-o", "plan.json"]);
    fs::remove_dir_all(tree.path(".zrec")).unwrap();
    fs::remove_dir_all(tree.path("manifests")).unwrap();
    let shown = tree.expect(0, &["show", "plan.json"]);
    assert!(shown.out.starts_with("Plan of the set example, made "), "{}", shown.out);
    assert!(shown.out.contains("(just now)") && shown.out.ends_with(&planned.out));
    let json = tree.expect(0, &["show", "plan.json", "--format", "json"]).out;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json["ageSeconds"].as_i64().unwrap() < 600);
    let markdown = tree.expect(0, &["show", "plan.json", "--format", "markdown"]).out;
    assert!(markdown.contains("### Steps"));
    tree.edit_plan(|plan| plan["createdAt"] = json!("2026-01-01T00:00:00Z"));
    let old = tree.expect(0, &["show", "plan.json"]);
    assert!(old.out.contains("may not be applied"), "{}", old.out);
    assert!(!tree.path(".zrec").exists(), "offline");
}

#[test]
fn a_changed_manifest_holds_only_its_connector() {
    let tree = Tree::of_two();
    tree.expect(0, &["plan", "-o", "plan.json"]);
    tree.rename("manifests", "teams", "Another name");
    let said = tree.expect(3, &["apply", "--plan", "plan.json"]);
    assert!(said.err.contains("held: contoso/teams: the manifests want something else"));
    assert!(said.err.contains("- approved: its manifest, digest"), "{}", said.err);
    assert!(said.err.contains("+ needed:   its manifest, digest"), "{}", said.err);
    assert!(!said.err.contains("contoso/exchange"), "{}", said.err);
    let left = tree.expect(0, &["plan", "--format", "json"]).out;
    let left: Value = serde_json::from_str(&left).unwrap();
    let steps = left["steps"].as_array().unwrap();
    assert!(!steps.is_empty() && steps.iter().all(|step| step["connector"] == "teams"));
}

#[test]
fn a_changed_cloud_stops_only_its_connector() {
    let tree = Tree::of_two();
    tree.expect(0, &["apply", "--auto-approve"]);
    copy(&tree.path("manifests"), &tree.path("others"));
    tree.rename("manifests", "teams", "Teams now");
    tree.rename("manifests", "exchange", "Exchange now");
    tree.expect(0, &["plan", "-o", "plan.json"]);
    tree.rename("others", "exchange", "Somebody else was here");
    tree.expect(0, &["apply", "others", "--auto-approve"]);
    let said = tree.expect(3, &["apply", "--plan", "plan.json"]);
    assert!(said.out.contains("Done: 1 steps."), "{}", said.out);
    assert!(said.err.contains("held: contoso/exchange: what is needed now"), "{}", said.err);
    assert!(said.err.contains("\"Zscaler Exchange Connector\" -> \"Exchange now\""));
    assert!(said.err.contains("\"Somebody else was here\" -> \"Exchange now\""));
    tree.expect(0, &["plan", "-o", "plan.json"]);
    tree.expect(0, &["apply", "--plan", "plan.json"]);
    assert!(tree.expect(0, &["plan"]).out.contains("Nothing to do"));
}

#[test]
fn the_selection_and_flags_of_the_plan_come_back() {
    let tree = Tree::of_two();
    tree.expect(0, &["plan", "--tenant", "contoso", "--connector", "teams", "-o", "plan.json"]);
    // A tenant may be renamed; its id is what counts.
    tree.replace("manifests/tenant.yaml", "name: contoso", "name: fabrikam");
    tree.expect(0, &["apply", "--plan", "plan.json"]);
    let left = tree.expect(0, &["plan", "--format", "json"]).out;
    let left: Value = serde_json::from_str(&left).unwrap();
    assert_eq!(left["inSync"], json!([{ "tenant": "fabrikam", "connector": "teams" }]));
}

#[test]
fn a_half_done_plan_is_finished() {
    let tree = Tree::of_two();
    tree.expect(0, &["plan", "-o", "plan.json"]);
    tree.expect(0, &["apply", "--connector", "teams", "--auto-approve"]);
    let said = tree.expect(0, &["apply", "--plan", "plan.json"]);
    assert!(said.out.contains("contoso/exchange") && !said.out.contains("contoso/teams"));
    assert!(tree.expect(0, &["plan", "--detailed-exitcode"]).out.contains("Nothing to do"));
}

#[test]
fn a_plan_that_prunes_needs_no_flag_to_be_applied() {
    let tree = Tree::of_two();
    tree.expect(0, &["apply", "--auto-approve"]);
    fs::remove_file(tree.path("manifests/connectors/exchange.yaml")).unwrap();
    let planned = tree.expect(0, &["plan", "--prune", "--max-removals", "100", "-o", "plan.json"]);
    assert!(planned.out.contains("1 destructive"), "{}", planned.out);
    let applied = tree.expect(0, &["apply", "--plan", "plan.json"]);
    assert!(applied.out.contains("Done: 1 steps."), "{}", applied.out);
    let left = tree.expect(0, &["plan", "--prune", "--detailed-exitcode"]);
    assert!(left.out.contains("Nothing to do"), "{}", left.out);
}

#[test]
fn programs_get_both_sides_too() {
    let tree = Tree::of_two();
    tree.expect(0, &["apply", "--auto-approve"]);
    tree.expect(0, &["plan", "-o", "plan.json"]);
    tree.rename("manifests", "teams", "Another name");
    let said = tree.expect(3, &["apply", "--plan", "plan.json", "--format", "json"]);
    let outcome: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(outcome["conflicts"][0]["connector"], "teams");
    assert_eq!(outcome["conflicts"][0]["approved"].as_array().unwrap().len(), 1);
    assert_eq!(outcome["conflicts"][0]["needed"].as_array().unwrap().len(), 2);
}

#[test]
fn refusals_say_why() {
    type Edit = fn(&Tree);
    let tree_of = || {
        let tree = Tree::of_two();
        tree.expect(0, &["plan", "-o", "plan.json"]);
        tree
    };
    let rows: [(Edit, &str); 12] = [
        (
            |t| t.edit_plan(|p| p["createdAt"] = json!("2026-01-01T00:00:00Z")),
            "a plan ends after 72",
        ),
        (|t| t.edit_plan(|p| p["createdAt"] = json!("2099-01-01T00:00:00Z")), "in the future"),
        (|t| t.edit_plan(|p| p["schemaVersion"] = json!(7)), "schemaVersion is 7"),
        (|t| t.edit_plan(|p| p["catalogVersion"] = json!("2025.01")), "catalogue 2025.01"),
        (|t| t.edit_plan(|p| p["set"] = json!("other")), "the set `other`"),
        (|t| t.edit_plan(|p| p["surprise"] = json!(1)), "surprise"),
        (
            |t| {
                t.edit_plan(|p| {
                    p["plan"]["tenants"][0]["emulated"] = json!(false);
                    p["plan"]["tenants"][0]["cloud"] = json!("public");
                });
            },
            "made for a real cloud",
        ),
        (
            |t| t.replace("manifests/tenant.yaml", "  cloud: emulator", "  cloud: public"),
            "on the emulator",
        ),
        (|t| t.replace("manifests/tenant.yaml", "3f0a9c52", "4f0a9c52"), "other tenants"),
        (|t| fs::write(t.path("plan.json"), "garbage").unwrap(), "not JSON"),
        (|t| fs::write(t.path("plan.json"), "{}").unwrap(), "not a saved plan"),
        (
            |t| {
                fs::remove_file(t.path("plan.json")).unwrap();
                fs::create_dir(t.path("plan.json")).unwrap();
            },
            "not a regular file",
        ),
    ];
    let tree = tree_of();
    let whole = fs::read(tree.path("plan.json")).unwrap();
    let tenant = fs::read(tree.path("manifests/tenant.yaml")).unwrap();
    for (edit, expected) in rows {
        edit(&tree);
        let said = tree.expect(3, &["apply", "--plan", "plan.json"]);
        assert!(said.err.contains(expected), "{expected}: {}", said.err);
        assert!(said.out.is_empty(), "{}", said.out);
        if tree.path("plan.json").is_file() {
            fs::write(tree.path("plan.json"), &whole).unwrap();
        }
        fs::write(tree.path("manifests/tenant.yaml"), &tenant).unwrap();
    }
}

#[test]
fn a_plan_by_a_newer_zrec_is_warned_about() {
    let tree = Tree::of_two();
    tree.expect(0, &["plan", "-o", "plan.json"]);
    tree.edit_plan(|plan| plan["zrecVersion"] = json!("99.0.0"));
    let said = tree.expect(0, &["apply", "--plan", "plan.json"]);
    assert!(said.err.contains("made by zrec 99.0.0"), "{}", said.err);
}

#[test]
fn misuse_is_a_usage_error() {
    let tree = Tree::of_two();
    tree.expect(0, &["plan", "-o", "plan.json"]);
    for flags in [
        ["--plan", "plan.json", "--auto-approve"],
        ["--plan", "plan.json", "--allow-widening"],
        ["--plan", "plan.json", "--prune"],
        ["--plan", "plan.json", "--max-removals=5"],
        ["--plan", "plan.json", "--tenant=contoso"],
        ["--plan", "nowhere.json", "--require-complete"],
    ] {
        let said = tree.expect(1, &[&["apply"], &flags[..]].concat());
        assert!(!said.err.is_empty());
    }
    assert!(tree.expect(1, &["plan", "-o", "-"]).err.contains("stdout is the report"));
    assert!(tree.expect(1, &["plan", "-o", "manifests"]).err.contains("is a directory"));
    assert!(tree.expect(0, &["schema", "plan"]).out.contains("plan.schema.json"));
}
