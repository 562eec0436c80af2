//! A run in this process: the same functions as the command's, on a transport with gates.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::SecretString;
use zrec::apply::{Names, Outcome, Work};
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
use zrec_emulator::{DEFAULT_CALLER, Emulator, Lost};
use zrec_plan::approval::{self, Consented, Division};
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::plan::{Plan, plan};
use zrec_plan::safety::Limits;

use super::cloud::paused_clock;
use super::scenario::Scenario;

/// Waits at request `n`, from 1.
pub(crate) type Gate = Arc<dyn Fn(usize) -> BoxFuture<'static, ()> + Send + Sync>;

/// Where a run can be held: before a request reaches the cloud, and before its answer comes back.
#[derive(Clone)]
pub(crate) struct Gates {
    pub(crate) before: Gate,
    pub(crate) after: Gate,
}

impl Default for Gates {
    fn default() -> Self {
        let open: Gate = Arc::new(|_| async {}.boxed());
        Self { before: open.clone(), after: open }
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Gates")
    }
}

/// What one run is told, beside the manifests.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    pub(crate) consented: Consented,
    pub(crate) limits: Limits,
    pub(crate) wanted: Wanted,
    pub(crate) gates: Gates,
    pub(crate) seed: u64,
    /// Only the first so many steps.
    pub(crate) most: usize,
    pub(crate) journal: Option<Arc<Journal>>,
    /// The set's root, where secret stores are; none where the story has none.
    pub(crate) root: Option<PathBuf>,
    pub(crate) fail_points: FailPoints,
}

impl Orders {
    /// As the flags of the scenario say.
    pub(crate) fn of(scenario: &Scenario) -> Self {
        let (arguments, _) = scenario.apply_args();
        Self {
            consented: Consented {
                widening: arguments.allow_widening,
                destructive: arguments.scope.prune,
                only_maintenance: arguments.only.is_some(),
            },
            limits: Limits {
                max_removal_percent: arguments.scope.max_removals,
                revoke_foreign: arguments.scope.revoke,
                ..Limits::default()
            },
            wanted: Wanted { prune: arguments.scope.prune },
            gates: Gates::default(),
            seed: 7,
            most: usize::MAX,
            journal: None,
            root: None,
            fail_points: FailPoints::default(),
        }
    }

    /// Held at these gates.
    pub(crate) fn gates(mut self, gates: Gates) -> Self {
        self.gates = gates;
        self
    }

    /// Only the first so many steps.
    pub(crate) fn most(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// With another stream of chance.
    pub(crate) fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// With a journal in this folder.
    pub(crate) fn journal(mut self, folder: &Path) -> Self {
        self.journal = Some(Arc::new(Journal::create(folder, "run").unwrap()));
        self
    }
}

/// What a run did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) plan: Plan,
    pub(crate) division: Division,
    pub(crate) outcome: Outcome,
}

/// Plans as the command does.
pub(crate) async fn plan_only(emulator: &Emulator, desired: &Desired, orders: &Orders) -> Plan {
    let fleet = fleet(emulator, desired, orders).await;
    let catalog = Catalog::built_in();
    let observed = observe(&fleet, desired, catalog, orders.wanted).await;
    plan(desired, &observed, catalog, &orders.limits)
}

/// Applies as the command does.
pub(crate) async fn apply(emulator: &Emulator, desired: &Desired, orders: &Orders) -> Ran {
    let fleet = fleet(emulator, desired, orders).await;
    let work = Work {
        fleet: &fleet,
        desired,
        catalog: Catalog::built_in(),
        limits: orders.limits,
        wanted: orders.wanted,
        patience: Patience::REAL,
        binding: None,
        stop: Arc::new(AtomicBool::new(false)),
        names: Names::seeded(orders.seed.into()),
        fail_points: orders.fail_points.clone(),
    };
    let observed = observe(&fleet, desired, work.catalog, work.wanted).await;
    let plan = plan(desired, &observed, work.catalog, &work.limits);
    let division = approval::by_class(&plan, orders.consented);
    let mut first = division.clone();
    first.go.truncate(orders.most);
    let outcome = match first.go.is_empty() {
        true => Outcome { held: first.held, ..Outcome::default() },
        false => work.apply(observed, first, &Progress::over(0)).await,
    };
    Ran { plan, division, outcome }
}

/// Applies with every flag: how the cloud came to be as it is.
pub(crate) async fn apply_everything(emulator: &Emulator, desired: &Desired) {
    let orders = Orders {
        consented: Consented { widening: true, destructive: true, only_maintenance: false },
        limits: Limits { max_removal_percent: 100, ..Limits::default() },
        wanted: Wanted { prune: true },
        gates: Gates::default(),
        seed: 1,
        most: usize::MAX,
        journal: None,
        root: None,
        fail_points: FailPoints::default(),
    };
    let ran = apply(emulator, desired, &orders).await;
    assert!(ran.outcome.failed.is_empty(), "{:#?}", ran.outcome.failed);
}

async fn fleet(emulator: &Emulator, desired: &Desired, orders: &Orders) -> Fleet {
    let requests = Arc::new(AtomicUsize::new(0));
    let mut fleet = Fleet::default();
    for (name, tenant) in &desired.tenants {
        let endpoints = Endpoints::of(&tenant.cloud).unwrap();
        let login = endpoints.login.to_string();
        let secret = SecretString::from(DEFAULT_CALLER.secret.to_owned());
        let graph = Graph::sign_in(Settings {
            transport: transport(emulator.clone(), orders.gates.clone(), requests.clone()),
            endpoints,
            trust: Trust::new(""),
            tenant_name: name.to_string(),
            tenant_id: tenant.tenant_id,
            sign_in: SignIn::with_secret(DEFAULT_CALLER.app_id.parse().unwrap(), secret),
            pace: PaceOptions { concurrency: 8, ..PaceOptions::seeded(orders.seed) },
            clock: paused_clock(),
            journal: orders.journal.clone(),
            yields: orders.journal.is_none(),
        });
        let surroundings = Surroundings { ci: false, fail_points: orders.fail_points.clone() };
        let store = orders.root.as_ref().and_then(|root| Store::of(tenant, root, &surroundings));
        fleet.tenants.insert(name.clone(), Member { login, graph: graph.await, store });
    }
    fleet
}

fn transport(emulator: Emulator, gates: Gates, requests: Arc<AtomicUsize>) -> Transport {
    Transport::InProcess(InProcess::new(move |request| {
        let (emulator, gates) = (emulator.clone(), gates.clone());
        let number = requests.fetch_add(1, Ordering::Relaxed) + 1;
        async move {
            (gates.before)(number).await;
            let answer = emulator.call(request).await;
            (gates.after)(number).await;
            answer.map_err(|lost| match lost {
                Lost::Connection => Broken::NotSent("cannot reach the cloud".to_owned()),
                _ => Broken::OutcomeUnknown("the cloud did not answer".to_owned()),
            })
        }
        .boxed()
    }))
}
