//! Silence: the whole command at its most talkative, and no secret in anything it leaves behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::marks::silent;

struct Machine {
    folder: tempfile::TempDir,
    outputs: Vec<(String, Vec<u8>)>,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let manifests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../manifests");
        for (from, to) in [
            ("defaults.yaml", "manifests/defaults.yaml"),
            ("tenant.yaml", "manifests/tenant.yaml"),
            ("connectors/teams.yaml", "manifests/teams.yaml"),
            ("connectors/sharepoint.yaml", "manifests/sharepoint.yaml"),
        ] {
            fs::create_dir_all(folder.path().join("manifests")).unwrap();
            fs::copy(manifests.join(from), folder.path().join(to)).unwrap();
        }
        Self { folder, outputs: Vec::new() }
    }

    fn run(&mut self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let output = Command::new(env!("CARGO_BIN_EXE_zrec"))
            .current_dir(self.folder.path())
            .args(arguments)
            .args(["--log-level", "trace,zrec=trace"])
            .env("RUST_BACKTRACE", "full")
            .envs(environment.iter().copied())
            .output()
            .unwrap();
        let name = arguments.join(" ");
        self.outputs.push((format!("stdout of {name}"), output.stdout.clone()));
        self.outputs.push((format!("stderr of {name}"), output.stderr.clone()));
        output
    }

    /// Every file below a folder.
    fn files(&self, below: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().join(below)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.path() {
                    path if path.is_dir() => folders.push(path),
                    path => found.push((path.clone(), fs::read(path).unwrap())),
                }
            }
        }
        found
    }

    /// The values in the store: the only place where they may be.
    fn secrets(&self) -> Vec<String> {
        let json = |bytes: &Vec<u8>| serde_json::from_slice::<serde_json::Value>(bytes).ok();
        let objects = self.files(".zrec/secrets");
        let values = objects.iter().filter_map(|(_, bytes)| json(bytes));
        values.filter_map(|object| object["value"].as_str().map(str::to_owned)).collect()
    }
}

#[test]
fn no_output_holds_a_secret() {
    let mut machine = Machine::new();
    let code = |output: &Output| output.status.code();
    assert_eq!(code(&machine.run(&["plan"], &[])), Some(0));
    // A store that refuses a value (the certificate takes three objects, the intents two), a crash
    // between answer and value, and then all is well.
    let refuse = [("ZREC_FAIL_POINT", "store-written:6=refuse")];
    assert_eq!(code(&machine.run(&["apply"], &refuse)), Some(1));
    let crash = [("ZREC_FAIL_POINT", "after-add-password")];
    assert_eq!(code(&machine.run(&["apply"], &crash)), Some(137));
    for format in ["text", "json", "markdown"] {
        assert_eq!(code(&machine.run(&["apply", "--format", format], &[])), Some(0), "{format}");
        let plan = machine.run(&["plan", "--format", format, "--detailed-exitcode"], &[]);
        assert_eq!(code(&plan), Some(0), "{format}: nothing to do");
    }
    let secrets = machine.secrets();
    assert_eq!(secrets.len(), 3, "two client secrets and a private key are live or were");

    let to_file = ["handoff", "open", "sharepoint", "--kind", "certificate", "-o", "key.json"];
    assert_eq!(code(&machine.run(&to_file, &[])), Some(0));
    let secret = ["handoff", "open", "teams", "-o", "secret"];
    let opened = machine.run(&secret, &[]);
    assert_eq!(code(&opened), Some(0));
    assert_eq!(code(&machine.run(&secret, &[])), Some(1), "it is there already");
    assert_eq!(
        code(&machine.run(&["handoff", "open", "teams", "-o", "/dev/stdout"], &[])),
        Some(1)
    );
    let given = fs::read_to_string(machine.folder.path().join("secret")).unwrap();
    assert!(secrets.contains(&given));
    let json = fs::read(machine.folder.path().join("key.json")).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert!(secrets.iter().any(|secret| json["private_key"] == *secret.as_str()));

    let text = String::from_utf8(opened.stdout).unwrap();
    let key = text.split_whitespace().last().unwrap().to_owned();
    assert_eq!(code(&machine.run(&["handoff", "done", "teams", "--key", &key], &[])), Some(0));
    assert_eq!(code(&machine.run(&["plan"], &[])), Some(0));

    for (path, bytes) in machine.files(".zrec") {
        if !path.to_string_lossy().contains(".zrec/secrets/") {
            machine.outputs.push((path.display().to_string(), bytes));
        }
    }
    assert!(machine.outputs.iter().any(|(name, _)| name.contains("journal")));
    assert!(machine.outputs.iter().any(|(name, _)| name.contains("emulator.yaml")));
    assert!(
        machine.outputs.iter().any(|(_, bytes)| String::from_utf8_lossy(bytes).contains("TRACE"))
    );
    silent(&machine.outputs, &secrets);
}

#[test]
fn the_journal_names_the_credential_and_nothing_of_it() {
    let mut machine = Machine::new();
    machine.run(&["apply"], &[]);
    let journal = machine.files(".zrec/journal").remove(0).1;
    let lines: Vec<serde_json::Value> = String::from_utf8(journal)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let minted =
        lines.iter().filter(|line| line["path"].as_str().unwrap().ends_with("addPassword"));
    let steps: Vec<_> = minted.map(|line| line["step"].as_str().unwrap().to_owned()).collect();
    assert_eq!(steps.len(), 2);
    assert!(steps.iter().all(|step| step.contains(" zrec-")), "{steps:?}");
}
