//! Binding: a saved plan holds an apply to what was reviewed.
//!
//! With A = the steps of the file and N = what is needed now, compared by
//! [`StepId`](crate::step::StepId): where N is part of A, N is done; the rest of A is true already.
//! Repair and maintenance outside of A are done and said. Anything else in N alone, or other
//! manifests, and that connector gets repair only, with both sides shown. Other connectors go on.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::approval::{Approved, Division, divide};
use crate::desired::Desired;
use crate::guid::Guid;
use crate::name::{ConnectorName, TenantName};
use crate::plan::Plan;
use crate::plan_file::{PlanFile, SavedStep, WantedDigests, wanted, wanted_under};
use crate::render::{printable, printable_sentence};
use crate::step::{Class, Step};

/// What an apply is bound to.
#[derive(Clone, Debug)]
pub struct Binding {
    approved: Vec<SavedStep>,
    ids: Approved,
    changed: BTreeMap<Place, Change>,
}

/// A connector of which something else is needed now than was approved: both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The tenant, by its name of today where it has one.
    pub tenant: TenantName,
    /// The connector; `None` for an object of the whole tenant.
    pub connector: Option<ConnectorName>,
    /// What differs.
    pub why: String,
    /// What was approved and is not needed in this form; harmless to print.
    pub approved: Vec<String>,
    /// What is needed now and was not approved; harmless to print.
    pub needed: Vec<String>,
    /// Approved steps that are needed still, and wait for a new plan with the rest.
    pub waiting: usize,
}

/// The unit that a difference stops: a connector, or one object of a whole tenant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    tenant_id: Guid,
    connector: Option<ConnectorName>,
    object: Option<String>,
}

/// What the manifests wanted of a connector then, and want now.
#[derive(Clone, Debug)]
struct Change {
    tenant: TenantName,
    then: String,
    now: String,
}

impl Place {
    fn of(tenant_id: Guid, connector: Option<&ConnectorName>, key: &str) -> Self {
        let object = connector.is_none().then(|| key.to_owned());
        Self { tenant_id, connector: connector.cloned(), object }
    }

    fn of_step(step: &Step) -> Self {
        Self::of(step.tenant_id, step.connector.as_ref(), &step.key)
    }

    fn of_saved(step: &SavedStep) -> Self {
        Self::of(step.tenant_id, step.connector.as_ref(), &step.key)
    }
}

impl Binding {
    /// Binds to a file, under the manifests of today.
    pub fn new(file: &PlanFile, desired: &Desired) -> Self {
        Self {
            approved: file.plan.steps.clone(),
            ids: file.plan.steps.iter().map(SavedStep::id).collect(),
            changed: changed(file, desired),
        }
    }

    /// The approved steps.
    pub fn approved(&self) -> &Approved {
        &self.ids
    }

    /// Divides what is needed now by what was approved.
    pub fn divide(&self, plan: &Plan) -> Division {
        let unapproved = |step: &&Step| {
            !matches!(step.class, Class::Repair | Class::Maintenance)
                && !self.ids.contains(&step.id())
        };
        let mut stopped: BTreeSet<Place> =
            plan.steps.iter().filter(unapproved).map(Place::of_step).collect();
        stopped.extend(self.changed.keys().cloned());
        let mut division = divide(plan, |step| match step.class {
            Class::Repair => None,
            _ if stopped.contains(&Place::of_step(step)) => Some(match unapproved(&step) {
                true => "not in the approved plan; plan again".to_owned(),
                false => {
                    "the approved plan of this connector no longer holds; plan again".to_owned()
                }
            }),
            _ => None,
        });
        division.conflicts = stopped.iter().map(|place| self.conflict(place, plan)).collect();
        division
    }

    /// Steps that may be done although they were not approved: repair and maintenance.
    pub fn outside<'a>(&self, steps: &'a [Step]) -> Vec<&'a Step> {
        steps.iter().filter(|step| !self.ids.contains(&step.id())).collect()
    }

    fn conflict(&self, place: &Place, plan: &Plan) -> Conflict {
        let needed: Vec<_> =
            plan.steps.iter().filter(|step| Place::of_step(step) == *place).collect();
        let needed_ids: Approved = needed.iter().map(|step| step.id()).collect();
        let approved: Vec<_> =
            self.approved.iter().filter(|step| Place::of_saved(step) == *place).collect();
        let change = self.changed.get(place);
        let tenant = needed
            .first()
            .map(|step| &step.tenant)
            .or(change.map(|change| &change.tenant))
            .or(approved.first().map(|step| &step.tenant));
        let mut conflict = Conflict {
            tenant: tenant.cloned().unwrap_or_else(|| TenantName::new(place.tenant_id.to_string())),
            connector: place.connector.clone(),
            why: match change {
                Some(_) => "the manifests want something else than when it was planned",
                None => "what is needed now is not what was approved",
            }
            .to_owned(),
            approved: change.iter().map(|change| change.then.clone()).collect(),
            needed: change.iter().map(|change| change.now.clone()).collect(),
            waiting: needed
                .iter()
                .filter(|step| step.class != Class::Repair && self.ids.contains(&step.id()))
                .count(),
        };
        conflict.approved.extend(
            approved.iter().filter(|step| !needed_ids.contains(&step.id())).map(|step| line(step)),
        );
        conflict.needed.extend(
            needed
                .iter()
                .filter(|step| !self.ids.contains(&step.id()))
                .map(|step| line(&SavedStep::from(*step))),
        );
        conflict
    }
}

/// The connectors of which the manifests want something else now.
fn changed(file: &PlanFile, desired: &Desired) -> BTreeMap<Place, Change> {
    let then: WantedDigests = file
        .wanted
        .iter()
        .map(|wanted| ((wanted.tenant_id, wanted.connector.clone()), wanted.digest.clone()))
        .collect();
    let now = wanted(desired);
    let names = file.plan.tenants.iter().map(|tenant| (tenant.tenant_id, tenant.name.clone()));
    let unrenamed = wanted_under(desired, &names.collect());
    let name = |id: Guid| {
        let today = desired.tenants.values().find(|tenant| tenant.tenant_id == id);
        let saved = || file.plan.tenants.iter().find(|tenant| tenant.tenant_id == id);
        today
            .map(|tenant| tenant.name.clone())
            .or_else(|| saved().map(|tenant| tenant.name.clone()))
            .unwrap_or_else(|| TenantName::new(id.to_string()))
    };
    let side = |digests: &WantedDigests, key: &(Guid, ConnectorName)| {
        digests.get(key).map_or_else(
            || "no manifest asks for it".to_owned(),
            |digest| format!("its manifest, digest {}", digest.as_str()),
        )
    };
    then.keys()
        .chain(now.keys())
        .filter(|key| then.get(key) != now.get(key) && then.get(key) != unrenamed.get(key))
        .map(|key| {
            let place = Place::of(key.0, Some(&key.1), "");
            let change =
                Change { tenant: name(key.0), then: side(&then, key), now: side(&now, key) };
            (place, change)
        })
        .collect()
}

/// A step on one line, with what it changes.
fn line(step: &SavedStep) -> String {
    let changes = match step.changes.is_empty() {
        true => format!("{} -> {}", step.before.as_str(), step.after.as_str()),
        false => step
            .changes
            .iter()
            .map(|change| {
                let (before, after) = (change.before.to_string(), change.after.to_string());
                format!("{}: {} -> {}", change.field, printable(&before), printable(&after))
            })
            .collect::<Vec<_>>()
            .join("; "),
    };
    let text = format!("{} {} {} {} ({changes})", step.class, step.verb, step.kind, step.summary);
    printable_sentence(&text)
}

impl Conflict {
    /// Whether it is about the place of this step.
    pub fn covers(&self, step: &Step) -> bool {
        self.tenant == step.tenant && self.connector.is_some() && self.connector == step.connector
    }

    /// Both sides as lines, for a terminal or a log.
    pub fn text(&self) -> String {
        let place = match &self.connector {
            Some(connector) => format!("{}/{connector}", self.tenant),
            None => self.tenant.to_string(),
        };
        let mut out = format!("held: {}: {}\n", printable(&place), self.why);
        for (sign, side) in [("- approved:", &self.approved), ("+ needed:  ", &self.needed)] {
            for line in side {
                out += &format!("  {sign} {line}\n");
            }
        }
        if self.waiting > 0 {
            out += &format!("  = {} approved steps of it wait: plan again\n", self.waiting);
        }
        out
    }
}
