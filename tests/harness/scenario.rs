//! A scenario as its folder says: manifests, `cloud.yaml`, `args.yaml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use clap::Parser as _;
use serde::Deserialize;
use serde_json::Value;
use zrec::args::{ApplyArgs, Command, Global, Zrec};
use zrec_emulator::CloudFile;
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::manifest::{Source, desire, read};

/// What `args.yaml` may say; everything has a default.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Args {
    /// What the scenario shows, in a sentence.
    pub(crate) about: String,
    /// Flags of `plan` and `apply`.
    pub(crate) flags: Vec<String>,
    /// Exit codes of `apply`, run after run; `[0, 0]` where nothing is said.
    pub(crate) exit: Vec<u8>,
    /// Folders of manifests that were applied before, in order; `.` is the scenario's own.
    pub(crate) before: Vec<String>,
    /// What others did to the cloud after that, in Graph's own words.
    pub(crate) drift: Vec<Drift>,
    /// Laws that do not hold here, each with the reason.
    pub(crate) except: BTreeMap<Law, String>,
}

/// One request of somebody else.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Drift {
    /// Names for what was found: `name: path -> /json/pointer`.
    #[serde(default)]
    pub(crate) find: BTreeMap<String, String>,
    /// `METHOD path`, after `/v1.0`; `{name}` stands for what was found, `{app}`, `{appId}` and
    /// `{principal}` for those of the first connector that is there.
    pub(crate) send: String,
    /// The body.
    #[serde(default)]
    pub(crate) body: Option<Value>,
}

/// The laws, as `args.yaml` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Law {
    /// Planning writes nothing.
    Reads,
    /// After apply, plan has no step, and a second apply writes nothing.
    Converges,
    /// A crash at each request, then apply, reaches the same cloud.
    Crash,
    /// After each prefix of the steps, apply finishes.
    Prefix,
    /// Two runs at once are safe.
    Interleave,
    /// The same over real sockets, with a process that is really killed.
    Process,
}

/// A folder below `tests/scenarios`.
#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
    pub(crate) args: Args,
    pub(crate) cloud: CloudFile,
    /// What the scenario's own manifests want; read once, for it is asked for thousands of times.
    wanted: Arc<OnceLock<Arc<Desired>>>,
}

/// Where the cloud of the in-process runs is.
pub(crate) const BASE: &str = "https://localhost:8443";

/// Every scenario, or those whose name holds what `ZREC_SCENARIO` says.
pub(crate) fn all() -> Vec<Scenario> {
    let wanted = std::env::var("ZREC_SCENARIO").unwrap_or_default();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    let mut folders: Vec<_> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let scenarios: Vec<_> = folders
        .into_iter()
        .map(Scenario::load)
        .filter(|scenario| scenario.name.contains(&wanted))
        .collect();
    assert!(!scenarios.is_empty(), "no scenario is called {wanted:?}");
    scenarios
}

/// One scenario, by its name.
pub(crate) fn named(name: &str) -> Scenario {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/scenarios");
    Scenario::load(root.join(name))
}

impl Scenario {
    fn load(folder: PathBuf) -> Self {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let text = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_default();
        let args = match text("args.yaml") {
            empty if empty.trim().is_empty() => Args::default(),
            yaml => {
                serde_yaml::from_str(&yaml).unwrap_or_else(|why| panic!("{name}/args.yaml: {why}"))
            }
        };
        let cloud = CloudFile::parse(&text("cloud.yaml"))
            .unwrap_or_else(|why| panic!("{name}/cloud.yaml: {why}"));
        Self { name, folder, args, cloud, wanted: Arc::default() }
    }

    /// Whether a law is left out here.
    pub(crate) fn leaves_out(&self, law: Law) -> bool {
        self.args.except.contains_key(&law)
    }

    /// The manifests of a folder, as the cloud at `base` reads them.
    pub(crate) fn manifests(&self, below: &str, base: &str) -> Vec<(String, String)> {
        let folder = self.folder.join(below);
        let mut files: Vec<_> = fs::read_dir(&folder)
            .unwrap_or_else(|why| panic!("{}: {why}", folder.display()))
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
            .collect();
        files.sort();
        let reserved = ["args.yaml", "cloud.yaml", "cloud-after.yaml"];
        let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
        files.retain(|path| !reserved.contains(&name(path).as_str()));
        files
            .iter()
            .map(|path| (name(path), fs::read_to_string(path).unwrap().replace("{{base}}", base)))
            .collect()
    }

    /// What the scenario's manifests want of the in-process cloud.
    pub(crate) fn desired(&self) -> Arc<Desired> {
        self.wanted.get_or_init(|| Arc::new(self.desired_by("."))).clone()
    }

    /// What the manifests of a folder want of it.
    pub(crate) fn desired_by(&self, below: &str) -> Desired {
        let sources: Vec<_> = self
            .manifests(below, BASE)
            .into_iter()
            .map(|(name, text)| Source::new(format!("manifests/{name}"), text.into_bytes()))
            .collect();
        let catalog = Catalog::built_in();
        let reading = read(&sources, catalog);
        let set =
            reading.set.unwrap_or_else(|| panic!("{}: {:#?}", self.name, reading.diagnostics));
        desire(&set, catalog, time::macros::date!(2026 - 11 - 23))
    }

    /// The flags as `apply` understands them.
    pub(crate) fn apply_args(&self) -> (ApplyArgs, Global) {
        let words = ["zrec", "apply", "--auto-approve"].into_iter().map(str::to_owned);
        let zrec = Zrec::try_parse_from(words.chain(self.args.flags.iter().cloned()))
            .unwrap_or_else(|why| panic!("{}: {why}", self.name));
        match zrec.command {
            Command::Apply(arguments) => (arguments, zrec.global),
            _ => unreachable!("the words say apply"),
        }
    }
}
