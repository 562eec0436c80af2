//! The real program against a cloud over real HTTPS; and its real end.
//!
//! The cloud lives in the test's process, so it outlives the program that is killed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use zrec_emulator::{
    CertificateAuthority, DEFAULT_CALLER, Emulator, Quirk, QuirkKind, RecordedRequest, Server,
};

use super::cloud::{Prepared, Started};
use super::scenario::Scenario;
use super::secrets;

/// A cloud over HTTPS, and a folder with manifests for it.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) cloud: Started,
    pub(crate) base: String,
    folder: tempfile::TempDir,
    _server: Server,
    _runtime: tokio::runtime::Runtime,
}

impl Site {
    /// Serves a scenario's cloud.
    pub(crate) fn of(scenario: &Scenario, prepared: &Prepared) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let authority = CertificateAuthority::ephemeral().unwrap();
        fs::write(folder.path().join("ca.pem"), authority.certificate_pem()).unwrap();
        let cloud = prepared.start_by_the_wall();
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let emulator: Emulator = (*cloud).clone();
        let server = runtime.block_on(emulator.serve(listener, &authority)).unwrap();
        let base = server.url();
        let site = Self { cloud, base, folder, _server: server, _runtime: runtime };
        fs::create_dir(site.path("manifests")).unwrap();
        for (name, text) in scenario.manifests(".", &site.base) {
            fs::write(site.path("manifests").join(name), text).unwrap();
        }
        site
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// The program, as an operator with credentials starts it.
    pub(crate) fn zrec(&self, words: &[&str]) -> Command {
        let mut command = zrec(self.folder.path(), words);
        command
            .env("SSL_CERT_FILE", self.path("ca.pem"))
            .env("AZURE_CLIENT_ID", DEFAULT_CALLER.app_id)
            .env("AZURE_CLIENT_SECRET", DEFAULT_CALLER.secret);
        command
    }

    /// Every line of every journal.
    pub(crate) fn journals(&self) -> String {
        let Ok(folder) = fs::read_dir(self.path(".zrec/journal")) else { return String::new() };
        folder.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    /// Waits until a request hangs; false where the program ended before.
    pub(crate) fn waits_for_hang(&self, child: &mut Child) -> bool {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if self.cloud.requests().iter().any(|request| request.lost) {
                return true;
            }
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("no request hangs, and the program does not end");
    }

    /// The n-th request is never answered.
    pub(crate) fn hang_at(&self, request: &Moment) {
        self.cloud.clear_requests();
        let quirk = serde_json::json!({
            "quirk": "hang", "method": request.method, "path": request.path,
            "nth": request.nth, "afterWork": request.after_work,
        });
        self.cloud.set_quirks(vec![serde_json::from_value(quirk).unwrap()]);
    }
}

/// A clean environment: nothing of the machine's sign-in, proxies or colours.
pub(crate) fn zrec(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zrec"));
    command.args(words).current_dir(folder).env_clear().env("NO_PROXY", "*").stdin(Stdio::null());
    for kept in ["PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "HOME"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    command
}

/// A request at which a program is killed.
#[derive(Clone, Debug)]
pub(crate) struct Moment {
    method: String,
    path: String,
    nth: u64,
    after_work: bool,
}

/// Every request of an uninterrupted run, as what tells it from the others.
pub(crate) fn moments(requests: &[RecordedRequest], after_work: bool) -> Vec<Moment> {
    let hits = |request: &RecordedRequest, method: &str, path: &str| {
        let outer = request.method == method && request.path.contains(path);
        let items = request.items.iter().filter(|it| it.method == method && it.url.contains(path));
        u64::from(outer) + items.count() as u64
    };
    let paths = requests.iter().map(|request| request.path.split('?').next().unwrap().to_owned());
    requests
        .iter()
        .zip(paths)
        .enumerate()
        .map(|(at, (request, path))| {
            let earlier = requests[..at].iter().map(|other| hits(other, &request.method, &path));
            let nth = earlier.sum::<u64>() + 1;
            Moment { method: request.method.clone(), path, nth, after_work }
        })
        .collect()
}

/// What the real runs of one scenario need to know of the simulated ones.
#[derive(Debug)]
pub(crate) struct Story<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) prepared: &'a Prepared,
    pub(crate) goal: String,
    pub(crate) requests: Vec<RecordedRequest>,
}

impl Story<'_> {
    fn words<'a>(&'a self, command: &'a str) -> Vec<&'a str> {
        let mut words = vec![command];
        if command == "apply" {
            words.push("--auto-approve");
        }
        let flags = self.scenario.args.flags.iter().map(String::as_str);
        let for_both = |flag: &&str| command == "apply" || !flag.starts_with("--allow");
        words.extend(flags.filter(for_both));
        words
    }

    /// Plans, applies and applies again: exit codes, and nothing secret in any output.
    pub(crate) fn plays(&self) -> Result<(), String> {
        let site = Site::of(self.scenario, self.prepared);
        let trace = ["--log-level", "trace,zrec=trace"];
        let planned = output(site.zrec(&self.words("plan")).args(trace).args(["--format", "json"]));
        secret_free("plan", &planned)?;
        let usual = [0, 0];
        let exits = &self.scenario.args.exit;
        for code in if exits.is_empty() { &usual[..] } else { exits } {
            let applied = output(site.zrec(&self.words("apply")).args(trace));
            secret_free("apply", &applied)?;
            if applied.status.code() != Some(i32::from(*code)) {
                return Err(format!("apply: exit code {code} expected\n{}", told(&applied)));
            }
        }
        secrets::absent("journal", &site.journals())?;
        self.is_at_goal(&site).map_err(|why| format!("uninterrupted process: {why}"))
    }

    /// Is killed at a request, and runs again, at most twice.
    pub(crate) fn is_killed_at(&self, moment: &Moment) -> Result<bool, String> {
        let site = Site::of(self.scenario, self.prepared);
        site.hang_at(moment);
        let mut command = site.zrec(&self.words("apply"));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let hangs = site.waits_for_hang(&mut child);
        if hangs {
            child.kill().unwrap();
        }
        let _: ExitStatus = child.wait().unwrap();
        site.cloud.set_quirks(Vec::new());
        let mut last = Ok(());
        for _ in 0..2 {
            let applied = output(&mut site.zrec(&self.words("apply")));
            last = self
                .is_at_goal(&site)
                .map_err(|why| format!("killed at {moment:?}: {why}\n{}", told(&applied)));
            if last.is_ok() {
                break;
            }
        }
        last.map(|()| hangs)
    }

    fn is_at_goal(&self, site: &Site) -> Result<(), String> {
        let names = super::names::Names::of(self.scenario, &site.cloud, &self.prepared.known);
        let cloud = names.at(&site.base).cloud(&site.cloud);
        if cloud == self.goal {
            return Ok(());
        }
        let diff = similar::TextDiff::from_lines(self.goal.as_str(), cloud.as_str());
        Err(diff.unified_diff().header("simulated", "process").to_string())
    }
}

/// The outcome of a program.
pub(crate) fn output(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// What a program said, for a report.
pub(crate) fn told(output: &Output) -> String {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let lines: Vec<_> = text.lines().filter(|line| !line.contains("TRACE")).collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    };
    format!("{}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))
}

fn secret_free(what: &str, output: &Output) -> Result<(), String> {
    secrets::absent(what, &String::from_utf8_lossy(&output.stdout))?;
    secrets::absent(&format!("{what}'s log"), &String::from_utf8_lossy(&output.stderr))
}

/// Works through a list on a few threads: programs mostly wait.
pub(crate) fn on_threads<T: Sync>(
    items: &[T],
    work: impl Fn(&T) -> Result<(), String> + Sync,
) -> Vec<String> {
    let (next, broken) = (Mutex::new(items.iter()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        // More threads than cores: a process that waits for agreeing reads uses none.
        for _ in 0..12 {
            scope.spawn(|| {
                loop {
                    let Some(item) = next.lock().unwrap().next() else { return };
                    if let Err(why) = work(item) {
                        broken.lock().unwrap().push(why);
                    }
                }
            });
        }
    });
    broken.into_inner().unwrap()
}

/// Quirks that a kill replaces would change what the cloud ends as.
pub(crate) fn is_calm(scenario: &Scenario) -> bool {
    let lasting = |quirk: &Quirk| quirk.nth.is_none() && quirk.times.is_none();
    !scenario.cloud.quirks.iter().any(|quirk| lasting(quirk) && quirk.quirk != QuirkKind::Lag)
}
