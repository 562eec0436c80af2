//! The plan: what would make observed equal to desired. Same arguments, same plan, byte for byte.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalog::Catalog;
use crate::code;
use crate::connector;
use crate::context::{ConnectorContext, Pair, TenantContext};
use crate::credential;
use crate::desired::{Cloud, Desired};
use crate::draft::Draft;
use crate::finding::{Effect, Finding};
use crate::guid::Guid;
use crate::hand_off::HandOff;
use crate::kind;
use crate::name::{ConnectorId, SetName, TenantName};
use crate::observed::{Observed, Seen};
use crate::privilege::{self, PrivilegeChange};
use crate::safety::{self, Limits};
use crate::step::{Class, Step};

/// The ordered steps between observed and desired, with everything a reviewer needs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// The set.
    pub set: SetName,
    /// The tenants that were planned.
    pub tenants: Vec<PlannedTenant>,
    /// What is gained or lost, worst first.
    pub privileges: Vec<PrivilegeChange>,
    /// Findings, blocking ones first.
    pub findings: Vec<Finding>,
    /// Steps, in the order of work.
    pub steps: Vec<Step>,
    /// What only a person can do.
    pub hand_offs: Vec<HandOff>,
    /// Connectors with neither steps nor blocking findings.
    pub in_sync: Vec<ConnectorId>,
}

/// A tenant of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedTenant {
    /// Its name.
    pub name: TenantName,
    /// Its id.
    pub tenant_id: Guid,
    /// Whether it lives on the emulator and not in a real cloud.
    pub emulated: bool,
    /// How many connectors were planned in it.
    pub connectors: usize,
}

impl Plan {
    /// Whether some step of this class is there.
    pub fn has(&self, class: Class) -> bool {
        self.steps.iter().any(|step| step.class == class)
    }

    /// Whether every tenant is emulated (and there is one).
    pub fn is_emulated(&self) -> bool {
        !self.tenants.is_empty() && self.tenants.iter().all(|tenant| tenant.emulated)
    }

    /// Whether some finding blocks something.
    pub fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.effect != Effect::Informs)
    }
}

/// Says what would make `observed` equal to `desired`.
pub fn plan(desired: &Desired, observed: &Observed, catalog: &Catalog, limits: &Limits) -> Plan {
    let mut draft = Draft { findings: desired.findings.clone(), ..Draft::default() };
    let mut tenants = Vec::new();
    for (name, tenant) in &desired.tenants {
        let Some(seen) = observed.tenants.get(name) else {
            continue;
        };
        let context = TenantContext { catalog, tenant, seen };
        let connectors = connectors_of(desired, observed, name);
        plan_tenant(&context, desired, &connectors, limits, &mut draft);
        tenants.push(PlannedTenant {
            name: name.clone(),
            tenant_id: tenant.tenant_id,
            emulated: tenant.cloud == Cloud::Emulator,
            connectors: desired.connectors.keys().filter(|id| id.tenant == *name).count(),
        });
    }
    seal(desired, observed, catalog, tenants, draft)
}

fn connectors_of<'a>(
    desired: &'a Desired,
    observed: &'a Observed,
    tenant: &TenantName,
) -> Vec<Pair<'a>> {
    desired
        .connectors
        .values()
        .filter(|connector| connector.id.tenant == *tenant)
        .filter_map(|connector| Some((connector, observed.connectors.get(&connector.id)?)))
        .collect()
}

fn plan_tenant(
    context: &TenantContext<'_>,
    desired: &Desired,
    connectors: &[Pair<'_>],
    limits: &Limits,
    draft: &mut Draft,
) {
    if let Seen::Unreadable(refusal) = &context.seen.caller {
        draft.tenant_finding(
            context.tenant,
            code::SIGN_IN_FAILED,
            Effect::Blocks,
            format!("{}: {}", refusal.what, refusal.reason),
            "mend the sign-in; the other tenants go on",
        );
        return;
    }
    safety::tenant_findings(context, draft);
    credential::without_store(context, connectors, draft);
    let before = draft.steps.len();
    let mut needed = BTreeSet::new();
    for (want, seen) in connectors {
        let context = ConnectorContext {
            tenant: *context,
            set: &desired.set,
            want,
            seen,
            revoke_foreign: limits.revoke_foreign,
        };
        if connector::plan(&context, draft) {
            needed.extend(want.permissions.keys().map(|key| key.resource_app_id));
        }
    }
    kind::resource_principal::plan(context, &needed, draft);
    if let Some(applications) = &context.seen.set_applications {
        kind::application::prune(context, desired, applications, draft);
    }
    safety::limit_removals(context, connectors, limits, before, draft);
}

fn seal(
    desired: &Desired,
    observed: &Observed,
    catalog: &Catalog,
    tenants: Vec<PlannedTenant>,
    draft: Draft,
) -> Plan {
    let Draft { mut steps, mut findings, mut hand_offs } = draft;
    steps.sort_by(|a, b| order(a).cmp(&order(b)));
    findings.sort();
    findings.dedup();
    hand_offs.sort();
    let busy: BTreeSet<_> = steps
        .iter()
        .map(|step| (&step.tenant, step.connector.as_ref()))
        .chain(
            findings
                .iter()
                .filter(|finding| finding.effect != Effect::Informs)
                .filter_map(|finding| Some((finding.tenant.as_ref()?, finding.connector.as_ref()))),
        )
        .collect();
    let in_sync = desired
        .connectors
        .keys()
        .filter(|id| observed.connectors.contains_key(id))
        .filter(|id| !busy.contains(&(&id.tenant, Some(&id.connector))))
        .filter(|id| !findings.iter().any(|finding| blocks_tenant(finding, &id.tenant)))
        .cloned()
        .collect();
    let privileges = privilege::changes(&steps, catalog);
    Plan { set: desired.set.clone(), tenants, privileges, findings, steps, hand_offs, in_sync }
}

fn blocks_tenant(finding: &Finding, tenant: &TenantName) -> bool {
    finding.effect == Effect::Blocks
        && finding.connector.is_none()
        && finding.tenant.as_ref() == Some(tenant)
}

fn order(step: &Step) -> impl Ord + '_ {
    (&step.tenant, step.connector.as_ref(), step.level(), step.kind, &step.key, step.verb)
}
