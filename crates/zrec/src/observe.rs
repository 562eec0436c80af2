//! Observe: what the clouds say of one set, read in levels and not object by object.
//!
//! Level 1 asks for the applications by their keys, for Microsoft's APIs and for the tenant's
//! policy, all at once; level 2 asks for the children of what was found, and for what may stand in
//! the place of what was not. Each level goes out in batches. Nothing here can write: it holds
//! readers only.

use std::collections::BTreeMap;

use futures::future::join_all;
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::{Desired, DesiredConnector, DesiredTenant};
use zrec_plan::name::{ConnectorId, TenantName};
use zrec_plan::observed::{Caller, Observed, ObservedConnector, ObservedTenant, Refusal, Seen};

use crate::cloud::answer::Answer;
use crate::cloud::failure::Failure;
use crate::cloud::graph::{Call, Reader};
use crate::fleet::{Fleet, Member};

mod children;
mod records;
mod tenant;

pub use records::read_records_again;

/// What is read beside the connectors themselves.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// All applications of the set, to find those that no manifest names.
    pub prune: bool,
}

/// Reads everything that planning the set needs. Tenants are read side by side.
pub async fn observe(
    fleet: &Fleet,
    desired: &Desired,
    catalog: &Catalog,
    wanted: Wanted,
) -> Observed {
    let reads = desired.tenants.iter().filter_map(|(name, tenant)| {
        let member = fleet.tenants.get(name)?;
        let connectors: Vec<_> =
            desired.connectors.values().filter(|connector| connector.id.tenant == *name).collect();
        Some(observe_tenant(member, desired, tenant, connectors, catalog, wanted))
    });
    let mut observed = Observed::default();
    for (name, seen, connectors) in join_all(reads).await {
        observed.tenants.insert(name, seen);
        observed.connectors.extend(connectors);
    }
    observed
}

type TenantReading = (TenantName, ObservedTenant, BTreeMap<ConnectorId, ObservedConnector>);

async fn observe_tenant(
    member: &Member,
    desired: &Desired,
    tenant: &DesiredTenant,
    connectors: Vec<&DesiredConnector>,
    catalog: &Catalog,
    wanted: Wanted,
) -> TenantReading {
    match &member.graph {
        Ok(graph) => {
            let reader = graph.reader();
            let mut first = tenant::Level::new(&connectors, catalog, wanted);
            let answers = Answers(reader.send_all(first.calls()).await);
            let (mut seen, applications) = first.decode(&answers, desired, member, &reader);
            let wanted = connectors;
            let mut connectors = children::read(&reader, &wanted, applications).await;
            records::read(member, &wanted, &mut connectors);
            seen.server_time = answers.server_time();
            seen.clock_skew_seconds =
                seen.server_time.map(|servers| (reader.now() - servers).whole_seconds());
            (tenant.name.clone(), seen, connectors)
        }
        Err(failure) => (tenant.name.clone(), not_signed_in(member, failure), BTreeMap::new()),
    }
}

fn not_signed_in(member: &Member, failure: &Failure) -> ObservedTenant {
    let refusal = Refusal {
        what: "sign-in".to_owned(),
        reason: failure.to_string(),
        missing_permission: None,
    };
    ObservedTenant {
        login: member.login.clone(),
        caller: Seen::Unreadable(refusal.clone()),
        resource_principals: BTreeMap::new(),
        app_management_policy: Seen::Absent,
        set_applications: None,
        clock_skew_seconds: None,
        server_time: None,
    }
}

/// Who the session signed in as.
fn caller(reader: &Reader) -> Caller {
    let caller = reader.caller();
    Caller { object_id: caller.object_id, app_id: Some(caller.app_id), roles: caller.roles.clone() }
}

/// The answers of one level, in the order of its calls.
struct Answers(Vec<Result<Answer, Failure>>);

impl Answers {
    fn get(&self, index: usize) -> &Result<Answer, Failure> {
        &self.0[index]
    }

    /// The newest `Date` of the servers.
    fn server_time(&self) -> Option<time::OffsetDateTime> {
        self.0.iter().flatten().filter_map(|answer| answer.date).max()
    }
}

/// The calls of one level; each is found again by its place.
#[derive(Default)]
struct Calls(Vec<Call>);

impl Calls {
    fn push(&mut self, call: Call) -> usize {
        self.0.push(call);
        self.0.len() - 1
    }
}
