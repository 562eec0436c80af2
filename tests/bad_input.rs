//! Bad input and bad weather at the command: one clear error, the exit code, nothing lost.

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::harness::cloud::Prepared;
use crate::harness::process::{Site, output, told, zrec};
use crate::harness::scenario::{Scenario, named};
use crate::harness::secrets;
use crate::{is_write, paused};

/// A scenario's cloud, served.
fn site(name: &str) -> Site {
    let scenario: Scenario = named(name);
    let prepared = paused().block_on(Prepared::of(&scenario));
    Site::of(&scenario, &prepared)
}

fn writes(site: &Site) -> usize {
    site.cloud.requests().iter().filter(|request| is_write(request)).count()
}

/// The exit code, and words that the outputs hold together.
fn check(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.status.code(), Some(code), "{}", told(output));
    let all = told(output);
    for word in words {
        assert!(all.contains(word), "no {word:?} in\n{all}");
    }
    secrets::absent("output", &all).unwrap();
}

fn edit(site: &Site, from: &str, to: &str) {
    let path = site.path("manifests/manifest.yaml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    fs::write(path, text.replace(from, to)).unwrap();
}

const APPLY: &[&str] = &["apply", "--auto-approve", "--allow-widening"];

#[test]
fn a_broken_manifest_is_refused_before_anything_is_sent() {
    let site = site("alone-copilot");
    edit(&site, "app: copilot", "app: copilto");
    check(&output(&mut site.zrec(APPLY)), 1, &["manifests/manifest.yaml:", "copilot"]);
    assert!(site.cloud.requests().is_empty());
}

#[test]
fn a_permission_that_takes_over_a_tenant_is_refused() {
    let site = site("alone-copilot");
    edit(
        &site,
        "app: copilot",
        "app: copilot, permissions: { add: [{ api: microsoft-graph, name: RoleManagement.ReadWrite.Directory, reason: why not }] }",
    );
    check(&output(&mut site.zrec(APPLY)), 1, &["ZR055"]);
    assert!(site.cloud.requests().is_empty());
}

#[test]
fn an_unreachable_host_is_one_error() {
    let site = site("alone-copilot");
    edit(&site, &site.base, "https://localhost:1");
    check(&output(&mut site.zrec(APPLY)), 1, &["cannot reach localhost:1"]);
}

#[test]
fn a_host_that_nobody_trusts_sees_no_token() {
    let site = site("alone-copilot");
    edit(&site, &site.base, "https://graph.example.test");
    check(&output(&mut site.zrec(APPLY)), 1, &["graph.example.test", "ZREC_TRUST_HOSTS"]);
}

#[test]
fn a_certificate_that_nobody_signed_is_not_trusted() {
    let site = site("alone-copilot");
    let mut command = site.zrec(APPLY);
    command.env_remove("SSL_CERT_FILE");
    check(&output(&mut command), 1, &["not trusted", "SSL_CERT_FILE"]);
    assert!(site.cloud.requests().is_empty());
}

#[test]
fn a_wrong_secret_is_one_error_without_the_secret() {
    let site = site("alone-copilot");
    let mut command = site.zrec(APPLY);
    command.env("AZURE_CLIENT_SECRET", "wrong-secret-marker");
    let refused = output(&mut command);
    check(&refused, 1, &["AADSTS7000215"]);
    assert!(!told(&refused).contains("wrong-secret-marker"));
    assert_eq!(writes(&site), 0);
}

#[test]
fn nothing_to_sign_in_with_is_one_error() {
    let site = site("alone-copilot");
    let mut command = site.zrec(APPLY);
    command.env_remove("AZURE_CLIENT_ID");
    check(&output(&mut command), 1, &["AZURE_CLIENT_ID"]);
}

#[test]
fn without_a_journal_nothing_is_written() {
    let site = site("alone-copilot");
    fs::write(site.path(".zrec"), "a file in the place of the folder").unwrap();
    check(&output(&mut site.zrec(APPLY)), 1, &["journal"]);
    assert_eq!(writes(&site), 0);
    fs::remove_file(site.path(".zrec")).unwrap();
    check(&output(&mut site.zrec(APPLY)), 0, &["nothing to do"]);
}

#[test]
fn nobody_to_ask_means_no() {
    let site = site("alone-copilot");
    check(&output(&mut site.zrec(&["apply", "--allow-widening"])), 3, &["--auto-approve"]);
    assert_eq!(writes(&site), 0);
}

#[cfg(unix)]
#[test]
fn a_person_is_asked_on_a_terminal() {
    let site = site("alone-copilot");
    // `script` gives the program a terminal; where it is missing, this is not shown.
    for (answer, code, word) in [("no\n", 3, "not approved"), ("yes\n", 0, "Done: 5 steps")] {
        let zrec = format!("{} apply --allow-widening", env!("CARGO_BIN_EXE_zrec"));
        let plain = site.zrec(&[]);
        let mut command = Command::new("script");
        command.args(["-qec", &zrec, "/dev/null"]).current_dir(site.path("")).env_clear();
        command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let Ok(mut child) = child else { return };
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, answer.as_bytes()).unwrap();
        let asked = child.wait_with_output().unwrap();
        drop(stdin);
        check(&asked, code, &["Only `yes` does", word]);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_finishes_what_is_in_flight_and_can_be_repeated() {
    let site = site("alone-copilot");
    let slow = serde_json::json!({ "quirk": "delay", "method": "PATCH", "milliseconds": 1500 });
    site.cloud.set_quirks(vec![serde_json::from_value(slow).unwrap()]);
    let mut command = site.zrec(APPLY);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while writes(&site) == 0 && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let interrupted = child.wait_with_output().unwrap();
    check(&interrupted, 130, &["interrupted", "run the same command again"]);
    assert_eq!(writes(&site), 1, "nothing was begun after the interrupt");
    let journal = site.journals();
    let lines: Vec<serde_json::Value> =
        journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 1, "{journal}");
    assert_eq!(lines[0]["outcome"], "done");
    check(&output(&mut site.zrec(APPLY)), 0, &["nothing to do"]);
}

#[test]
fn real_credentials_and_the_emulator_do_not_mix_by_accident() {
    let folder = tempfile::tempdir().unwrap();
    let text = named("alone-copilot").manifests(".", "BASE").remove(0).1;
    let text = text.replace("{ login: \"BASE\", graph: \"BASE\" }", "emulator");
    fs::create_dir(folder.path().join("manifests")).unwrap();
    fs::write(folder.path().join("manifests/manifest.yaml"), text).unwrap();
    let mut command = zrec(folder.path(), &["plan"]);
    command.env("AZURE_CLIENT_ID", "11111111-2222-4333-8444-555555555555");
    check(&output(&mut command), 3, &["AZURE_CLIENT_ID", "--emulated"]);
    command.arg("--emulated");
    check(&output(&mut command), 0, &["EMULATED"]);
}

#[test]
fn prune_needs_the_whole_set_and_its_name() {
    let site = site("alone-copilot");
    let narrow = ["apply", "--auto-approve", "--prune", "--connector", "copilot"];
    check(&output(&mut site.zrec(&narrow)), 3, &["--prune", "whole set"]);
    edit(
        &site,
        "kind: Defaults\nmetadata: { name: acme }\n---\napiVersion: connectors.zrec/v1\n",
        "",
    );
    let nameless = ["apply", "--auto-approve", "--prune"];
    check(&output(&mut site.zrec(&nameless)), 3, &["Defaults"]);
    assert!(site.cloud.requests().is_empty());
}

#[test]
fn exit_codes_say_what_was_found() {
    let site = site("alone-copilot");
    check(&output(&mut site.zrec(&["plan", "--detailed-exitcode"])), 2, &["Plan: 5 steps"]);
    check(&output(&mut site.zrec(&["plan"])), 0, &["Plan: 5 steps"]);
    check(&output(&mut site.zrec(&["apply", "--auto-approve"])), 3, &["needs --allow-widening"]);
    check(&output(&mut site.zrec(APPLY)), 0, &["nothing to do"]);
    check(&output(&mut site.zrec(&["plan", "--detailed-exitcode"])), 0, &["Nothing to do"]);
    check(&output(&mut site.zrec(&["plan", "--no-such-flag"])), 1, &["--no-such-flag"]);
}

#[test]
fn what_is_left_to_a_person_can_be_waited_for() {
    let site = site("consent-hand-off");
    let words = ["apply", "--auto-approve", "--require-complete"];
    check(&output(&mut site.zrec(&words)), 5, &["left to a person"]);
    check(&output(&mut site.zrec(&words)), 5, &["adminconsent"]);
    check(&output(&mut site.zrec(&words[..2])), 0, &["adminconsent"]);
}
