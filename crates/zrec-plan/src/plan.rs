//! The plan: what would make observed equal to desired. Same arguments, same plan, byte for byte.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::catalog::{Catalog, PermissionType};
use crate::code;
use crate::connector;
use crate::credential;
use crate::desired::{Cloud, Desired, DesiredConnector, DesiredTenant};
use crate::draft::Draft;
use crate::finding::{Effect, Finding};
use crate::guid::Guid;
use crate::hand_off::HandOff;
use crate::kind;
use crate::name::{ConnectorId, SetName, TenantName};
use crate::observed::{Observed, ObservedConnector, ObservedTenant, Seen};
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

/// One tenant, as the kinds of its scope see it.
#[derive(Clone, Copy, Debug)]
pub struct TenantContext<'a> {
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// The tenant as wanted.
    pub tenant: &'a DesiredTenant,
    /// The tenant as seen.
    pub seen: &'a ObservedTenant,
}

/// One connector, as the kinds of its scope see it.
#[derive(Clone, Copy, Debug)]
pub struct ConnectorContext<'a> {
    /// Its tenant.
    pub tenant: TenantContext<'a>,
    /// The set's name.
    pub set: &'a SetName,
    /// The connector as wanted.
    pub want: &'a DesiredConnector,
    /// The connector as seen.
    pub seen: &'a ObservedConnector,
    /// Whether grants that the application never declared are removed.
    pub revoke_foreign: bool,
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

/// A connector as wanted and as seen.
pub(crate) type Pair<'a> = (&'a DesiredConnector, &'a ObservedConnector);

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

impl TenantContext<'_> {
    /// Microsoft's name of an API, or its id where the catalogue does not know it.
    pub fn api_name(&self, app_id: Guid) -> String {
        self.catalog
            .api_by_app_id(app_id)
            .map_or_else(|| app_id.to_string(), |api| api.display_name.clone())
    }

    /// The object id of an API's principal in this tenant, where it was seen.
    pub fn resource_object_id(&self, app_id: Guid) -> Option<Guid> {
        self.seen.resource_principals.get(&app_id)?.present().map(|principal| principal.object_id)
    }

    /// APIs by the object ids of their principals.
    pub fn resources(&self) -> BTreeMap<Guid, Guid> {
        self.seen
            .resource_principals
            .iter()
            .filter_map(|(app_id, seen)| Some((seen.present()?.object_id, *app_id)))
            .collect()
    }
}

impl ConnectorContext<'_> {
    /// `api value`, as people know a permission.
    pub fn permission_name(&self, key: &crate::catalog::PermissionKey) -> String {
        match self.tenant.catalog.permission(key) {
            Some(permission) => {
                format!("{} {}", self.tenant.api_name(key.resource_app_id), permission.value)
            }
            None => {
                let kind = match key.kind {
                    PermissionType::Role => "role",
                    PermissionType::Scope => "scope",
                };
                format!("{} {kind} {}", self.tenant.api_name(key.resource_app_id), key.id)
            }
        }
    }
}
