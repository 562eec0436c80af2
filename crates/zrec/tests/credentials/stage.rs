//! A stage: an emulated cloud and a store in one process, on a clock of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use time::OffsetDateTime;
use tokio::time::Instant;
use zrec::apply::{Names, Outcome, Work};
use zrec::cloud::failure::Failure;
use zrec::cloud::graph::{Graph, Settings};
use zrec::cloud::journal::Journal;
use zrec::cloud::origin::{Endpoints, Trust};
use zrec::cloud::pace::PaceOptions;
use zrec::cloud::settle::Patience;
use zrec::cloud::token::SignIn;
use zrec::cloud::transport::{Broken, InProcess, Transport};
use zrec::failpoint::FailPoints;
use zrec::fleet::{Fleet, Member};
use zrec::observe::{Wanted, observe};
use zrec::progress::Progress;
use zrec::store::{Store, Surroundings};
use zrec_emulator::{CloudFile, DEFAULT_CALLER, Emulator, Lost, Quirk};
use zrec_plan::approval::{self, Consented};
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::manifest;
use zrec_plan::plan::{Plan, plan};
use zrec_plan::safety::Limits;

mod shown;

/// When a run is killed.
#[derive(Clone, Debug, Default)]
pub(crate) enum Kill {
    #[default]
    Never,
    /// When the n-th request is about to be sent.
    Before(usize),
    /// When the n-th request was done, and its answer is on the way.
    After(usize),
    /// At a fail point.
    At(FailPoints),
}

/// What became of a run.
pub(crate) enum Ended {
    Done(Box<Outcome>),
    Killed,
}

impl Ended {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Done(outcome) => *outcome,
            Self::Killed => panic!("the run was killed"),
        }
    }
}

/// After which read of certificates, and what.
type Meanwhile = Arc<Mutex<Option<(usize, BoxFuture<'static, ()>)>>>;

pub(crate) struct Stage {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) emulator: Emulator,
    pub(crate) desired: Desired,
    pub(crate) requests: Arc<AtomicUsize>,
    pub(crate) surroundings: Surroundings,
    /// What another does right after the n-th read of certificates.
    pub(crate) meanwhile: Meanwhile,
    /// Where runs write their journals, if they do.
    pub(crate) journal: Option<PathBuf>,
    /// The first run's seed; each later one has the next.
    pub(crate) seed: u64,
    clock: Arc<dyn Fn() -> OffsetDateTime + Send + Sync>,
    runs: AtomicUsize,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// What the examples want, read once.
fn examples() -> &'static Desired {
    static EXAMPLES: OnceLock<Desired> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let files = zrec::files::collect(&[repository().join("manifests")]).unwrap();
        let set = manifest::read(&files.sources, Catalog::built_in()).set.unwrap();
        manifest::desire(&set, Catalog::built_in(), OffsetDateTime::now_utc().date())
    })
}

/// In memory where the system has such a place: thousands of synced files need no disk.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

impl Stage {
    /// A stage for these connectors of the examples.
    pub(crate) fn new(connectors: &[&str], quirks: Vec<Quirk>) -> Self {
        Self::at(OffsetDateTime::now_utc(), connectors, quirks)
    }

    /// A stage whose clock starts at a moment.
    pub(crate) fn at(moment: OffsetDateTime, connectors: &[&str], quirks: Vec<Quirk>) -> Self {
        let began = (moment, Instant::now());
        let mut desired = examples().clone();
        desired.connectors.retain(|id, _| connectors.contains(&id.connector.as_str()));
        let clock: Arc<dyn Fn() -> OffsetDateTime + Send + Sync> =
            Arc::new(move || began.0 + began.1.elapsed());
        let cloud = CloudFile { quirks, ..CloudFile::default() };
        Self {
            folder: scratch(),
            emulator: Emulator::new(cloud).with_clock(clock.clone()),
            desired,
            requests: Arc::default(),
            surroundings: Surroundings::default(),
            meanwhile: Arc::default(),
            journal: None,
            seed: 0,
            clock,
            runs: AtomicUsize::new(0),
        }
    }

    /// The time, everywhere.
    pub(crate) fn now(&self) -> OffsetDateTime {
        (self.clock)()
    }

    fn transport(&self, kill: &Kill, dead: &Arc<AtomicBool>) -> Transport {
        let (emulator, kill, dead) = (self.emulator.clone(), kill.clone(), dead.clone());
        let (requests, own) = (self.requests.clone(), AtomicUsize::new(0));
        let (meanwhile, reads) = (self.meanwhile.clone(), Arc::new(AtomicUsize::new(0)));
        requests.store(0, Ordering::Relaxed);
        Transport::InProcess(InProcess::new(move |request: http::Request<Bytes>| {
            let (emulator, kill, dead) = (emulator.clone(), kill.clone(), dead.clone());
            requests.fetch_add(1, Ordering::Relaxed);
            // Of two runs at once each counts its own.
            let number = own.fetch_add(1, Ordering::Relaxed) + 1;
            let of_keys = request.method() == http::Method::GET
                && request.uri().to_string().contains("keyCredentials");
            let read = reads.fetch_add(usize::from(of_keys), Ordering::Relaxed) + 1;
            let meanwhile = of_keys.then(|| meanwhile.lock().unwrap().take_if(|(n, _)| *n == read));
            async move {
                let die = || async {
                    dead.store(true, Ordering::Relaxed);
                    std::future::pending::<()>().await;
                };
                let is_gone = dead.load(Ordering::Relaxed)
                    || matches!(&kill, Kill::At(points) if points.is_dead());
                if is_gone || matches!(kill, Kill::Before(n) if n == number) {
                    die().await;
                }
                let answer = emulator.call(request).await;
                if let Some((_, act)) = meanwhile.flatten() {
                    act.await;
                }
                if matches!(kill, Kill::After(n) if n == number) {
                    die().await;
                }
                answer.map_err(|lost| match lost {
                    Lost::Connection => Broken::NotSent(lost.to_string()),
                    _ => Broken::OutcomeUnknown(lost.to_string()),
                })
            }
            .boxed()
        }))
    }

    fn settings(&self, transport: Transport, sign_in: SignIn) -> Settings {
        let tenant = self.desired.tenants.values().next().unwrap();
        Settings {
            transport,
            endpoints: Endpoints::emulator("https://localhost").unwrap(),
            trust: Trust::default(),
            tenant_name: tenant.name.to_string(),
            tenant_id: tenant.tenant_id,
            sign_in,
            pace: PaceOptions::seeded(self.seed ^ 7),
            clock: self.clock.clone(),
            journal: self.journal.as_ref().map(|path| {
                let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
                Arc::new(Journal::to_file(path, file.unwrap()))
            }),
            yields: false,
        }
    }

    pub(crate) fn store(&self) -> Store {
        let tenant = self.desired.tenants.values().next().unwrap();
        Store::of(tenant, self.folder.path(), &self.surroundings).unwrap().unwrap()
    }

    async fn fleet(&self, kill: &Kill, dead: &Arc<AtomicBool>) -> Fleet {
        let tenant = self.desired.tenants.values().next().unwrap();
        let secret = DEFAULT_CALLER.secret.to_owned();
        let sign_in = SignIn::with_secret(DEFAULT_CALLER.app_id.parse().unwrap(), secret.into());
        let graph = Graph::sign_in(self.settings(self.transport(kill, dead), sign_in)).await;
        let mut surroundings = self.surroundings.clone();
        if let Kill::At(points) = kill {
            surroundings.fail_points = points.clone();
        }
        let store = Store::of(tenant, self.folder.path(), &surroundings);
        let member = Member { login: "https://localhost".to_owned(), graph, store };
        Fleet { tenants: BTreeMap::from([(tenant.name.clone(), member)]) }
    }

    /// A graph session of the operator.
    pub(crate) async fn graph(&self) -> Graph {
        let fleet = self.fleet(&Kill::Never, &Arc::default()).await;
        fleet.graph(self.desired.tenants.keys().next().unwrap()).unwrap().clone()
    }

    pub(crate) async fn plan(&self) -> Plan {
        let fleet = self.fleet(&Kill::Never, &Arc::default()).await;
        let catalog = Catalog::built_in();
        let observed = observe(&fleet, &self.desired, catalog, Wanted::default()).await;
        plan(&self.desired, &observed, catalog, &Limits::default())
    }

    /// One apply, with everything approved.
    pub(crate) async fn apply(&self, kill: Kill) -> Ended {
        let dead = Arc::new(AtomicBool::new(false));
        let is_dead = async {
            let points = match &kill {
                Kill::At(points) => points.clone(),
                _ => FailPoints::default(),
            };
            while !dead.load(Ordering::Relaxed) && !points.is_dead() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::select! {
            biased;
            outcome = self.one_apply(&kill, &dead) => Ended::Done(Box::new(outcome)),
            () = is_dead => Ended::Killed,
        }
    }

    async fn one_apply(&self, kill: &Kill, dead: &Arc<AtomicBool>) -> Outcome {
        let fleet = self.fleet(kill, dead).await;
        let catalog = Catalog::built_in();
        let fail_points = match kill {
            Kill::At(points) => points.clone(),
            _ => FailPoints::default(),
        };
        let work = Work {
            fleet: &fleet,
            desired: &self.desired,
            catalog,
            limits: Limits::default(),
            wanted: Wanted::default(),
            patience: Patience::EMULATED,
            binding: None,
            stop: Arc::default(),
            names: Names::seeded(
                (u128::from(self.seed) << 32) + self.runs.fetch_add(1, Ordering::Relaxed) as u128,
            ),
            fail_points,
        };
        let observed = observe(&fleet, &self.desired, catalog, Wanted::default()).await;
        let plan = plan(&self.desired, &observed, catalog, &Limits::default());
        let consented = Consented { widening: true, destructive: false, only_maintenance: false };
        let division = approval::by_class(&plan, consented);
        let outcome = work.apply(observed, division, &Progress::over(0)).await;
        fleet.end_runs();
        outcome
    }

    /// Whether the cloud lets somebody in.
    pub(crate) async fn signs_in(&self, sign_in: SignIn) -> Result<(), Failure> {
        let transport = self.transport(&Kill::Never, &Arc::default());
        Graph::sign_in(self.settings(transport, sign_in)).await.map(|_| ())
    }
}
