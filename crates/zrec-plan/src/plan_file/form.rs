//! The form of a saved plan: what a report shows of a plan, and the identity of each step.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::desired::{Cloud, Desired};
use crate::finding::{Effect, Finding};
use crate::guid::Guid;
use crate::hand_off::HandOff;
use crate::kind::Kind;
use crate::name::{ConnectorId, ConnectorName, TenantName};
use crate::plan::{Plan, PlannedTenant};
use crate::privilege::PrivilegeChange;
use crate::step::{Class, Digest, FieldChange, Phase, Step, StepId, Verb};

/// A plan without what the applier needs. Every report is made of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedPlan {
    /// The tenants that were planned.
    pub tenants: Vec<SavedTenant>,
    /// What is gained or lost, worst first.
    pub privileges: Vec<PrivilegeChange>,
    /// Findings, blocking ones first.
    pub findings: Vec<Finding>,
    /// Steps, in the order of work.
    pub steps: Vec<SavedStep>,
    /// What only a person can do.
    pub hand_offs: Vec<SavedHandOff>,
    /// Connectors with neither steps nor blocking findings.
    pub in_sync: Vec<ConnectorId>,
}

/// A tenant of a saved plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedTenant {
    /// Its name at that time.
    pub name: TenantName,
    /// Its id.
    pub tenant_id: Guid,
    /// The cloud it lives in; none in a report that is not saved.
    pub cloud: Option<Cloud>,
    /// Whether that is the emulator.
    pub emulated: bool,
    /// How many connectors were planned in it.
    pub connectors: usize,
}

/// A step without its action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedStep {
    /// The tenant's name.
    pub tenant: TenantName,
    /// The tenant's id.
    pub tenant_id: Guid,
    /// The connector; `None` for steps of the whole tenant.
    pub connector: Option<ConnectorName>,
    /// When.
    pub phase: Phase,
    /// What kind of object.
    pub kind: Kind,
    /// Which object of that kind, and which part.
    pub key: String,
    /// What happens.
    pub verb: Verb,
    /// How much trust it needs.
    pub class: Class,
    /// One line for people.
    pub summary: String,
    /// Fields, before and after.
    pub changes: Vec<SavedChange>,
    /// Why.
    pub reason: String,
    /// Digest of the part before.
    pub before: Digest,
    /// Digest of the part after.
    pub after: Digest,
}

/// One field of a step, before and after. Values may be foreign text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedChange {
    /// Microsoft's name of the field.
    pub field: String,
    /// Before.
    pub before: Value,
    /// After.
    pub after: Value,
}

/// Something that only a person can do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedHandOff {
    /// The tenant.
    pub tenant: TenantName,
    /// The connector; `None` for the whole tenant.
    pub connector: Option<ConnectorName>,
    /// What to do, in a few words.
    pub title: String,
    /// The least role of the person.
    pub who: String,
    /// Labels and exact values.
    pub values: Vec<(String, String)>,
    /// Why it is needed.
    pub reason: String,
}

impl SavedPlan {
    /// What is saved of a plan.
    pub fn of(plan: &Plan, desired: &Desired) -> Self {
        let mut saved = Self::from(plan);
        for tenant in &mut saved.tenants {
            tenant.cloud = desired.tenants.get(&tenant.name).map(|tenant| tenant.cloud.clone());
        }
        saved
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

impl From<&Plan> for SavedPlan {
    fn from(plan: &Plan) -> Self {
        Self {
            tenants: plan.tenants.iter().map(SavedTenant::from).collect(),
            privileges: plan.privileges.clone(),
            findings: plan.findings.clone(),
            steps: plan.steps.iter().map(SavedStep::from).collect(),
            hand_offs: plan.hand_offs.iter().map(SavedHandOff::from).collect(),
            in_sync: plan.in_sync.clone(),
        }
    }
}

impl From<&PlannedTenant> for SavedTenant {
    fn from(tenant: &PlannedTenant) -> Self {
        Self {
            name: tenant.name.clone(),
            tenant_id: tenant.tenant_id,
            cloud: None,
            emulated: tenant.emulated,
            connectors: tenant.connectors,
        }
    }
}

impl From<&Step> for SavedStep {
    fn from(step: &Step) -> Self {
        Self {
            tenant: step.tenant.clone(),
            tenant_id: step.tenant_id,
            connector: step.connector.clone(),
            phase: step.phase,
            kind: step.kind,
            key: step.key.clone(),
            verb: step.verb,
            class: step.class,
            summary: step.summary.clone(),
            changes: step.changes.iter().map(SavedChange::from).collect(),
            reason: step.reason.clone(),
            before: step.before.clone(),
            after: step.after.clone(),
        }
    }
}

impl From<&FieldChange> for SavedChange {
    fn from(change: &FieldChange) -> Self {
        let FieldChange { field, before, after } = change.clone();
        Self { field: field.to_owned(), before, after }
    }
}

impl From<&HandOff> for SavedHandOff {
    fn from(hand_off: &HandOff) -> Self {
        Self {
            tenant: hand_off.tenant.clone(),
            connector: hand_off.connector.clone(),
            title: hand_off.title.clone(),
            who: hand_off.who.clone(),
            values: hand_off
                .values
                .iter()
                .map(|(label, value)| ((*label).to_owned(), value.clone()))
                .collect(),
            reason: hand_off.reason.clone(),
        }
    }
}

impl SavedStep {
    /// What makes it the same step in another plan.
    pub fn id(&self) -> StepId {
        StepId {
            tenant_id: self.tenant_id,
            connector: self.connector.clone(),
            kind: self.kind,
            key: self.key.clone(),
            verb: self.verb,
            before: self.before.clone(),
            after: self.after.clone(),
        }
    }
}
