//! Apply: does what was approved, level by level, and then looks again.
//!
//! A pass does the steps of a division. Whatever a pass leaves open — an answer lost, an object
//! that was there already — is read again, planned again, and done only where it is part of what
//! was approved. What was done and does not show yet is waited for, within a bound: it is settling.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zrec_plan::approval::{self, Approved, Division};
use zrec_plan::binding::{Binding, Conflict};
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::name::{ConnectorName, TenantName};
use zrec_plan::observed::Observed;
use zrec_plan::plan::plan;
use zrec_plan::safety::Limits;
use zrec_plan::step::{Class, Step, StepId};

use crate::cloud::settle::Patience;
use crate::fleet::Fleet;
use crate::observe::{Wanted, observe};
use crate::progress::Progress;

mod ledger;
mod outcome;
mod pass;
mod send;

pub use outcome::Outcome;

/// Passes over one set: the first does the work, the later ones finish what was left open.
const MOST_PASSES: usize = 6;

/// What an apply works on.
#[derive(Debug)]
pub struct Work<'a> {
    /// The tenants.
    pub fleet: &'a Fleet,
    /// What the manifests want.
    pub desired: &'a Desired,
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// The operator's limits.
    pub limits: Limits,
    /// What is read beside the connectors.
    pub wanted: Wanted,
    /// How long to wait for what was written to show.
    pub patience: Patience,
    /// The saved plan that was approved; without one, the first division is what was approved.
    pub binding: Option<Binding>,
    /// Set by Ctrl-C: what is in flight is finished, and nothing more is begun.
    pub stop: Arc<AtomicBool>,
}

impl Work<'_> {
    /// Does the approved steps of `first`, and looks until the clouds show them.
    pub async fn apply(&self, observed: Observed, first: Division, progress: &Progress) -> Outcome {
        let approved: Approved = first.go.iter().map(Step::id).collect();
        let mut run = Run { outcome: Outcome::default(), done: BTreeMap::new() };
        let mut next = first;
        let mut seen = observed;
        for pass in 0..MOST_PASSES {
            self.pass(&seen, &next.go, &mut run, progress).await;
            if self.stopped() {
                run.outcome.interrupted = true;
                run.outcome.unfinished = run.not_done(&next.go);
                return run.outcome;
            }
            (seen, next) = self.look(&approved, &mut run, progress, pass).await;
            run.outcome.held.clone_from(&next.held);
            run.outcome.conflicts.clone_from(&next.conflicts);
            if run.to_do(&next.go).is_empty() {
                break;
            }
        }
        run.outcome.unfinished = run.to_do(&next.go);
        run.outcome
    }

    /// Reads and plans again, waiting for what was done and does not show yet.
    async fn look(
        &self,
        approved: &Approved,
        run: &mut Run,
        progress: &Progress,
        pass: usize,
    ) -> (Observed, Division) {
        let mut waiting = self.patience.start(pass);
        loop {
            progress.say("looking at what the clouds show");
            let observed = observe(self.fleet, self.desired, self.catalog, self.wanted).await;
            let plan = plan(self.desired, &observed, self.catalog, &self.limits);
            let mut division = match &self.binding {
                Some(binding) => binding.divide(&plan),
                None => approval::by_approval(&plan, approved),
            };
            let settling = run.settling(&division.go);
            let blind: BTreeSet<_> = settling.iter().map(place).collect();
            run.outcome.settling.clone_from(&settling);
            run.outcome.last = Some(plan);
            // What is settling is not done again, nor anything that rests on it.
            division.go.retain(|step| !blind.contains(&place(step)));
            // A stale read of what this run changed looks like somebody else's work: look again.
            let unclear = run.changed_one_of(&division.conflicts);
            let done = (settling.is_empty() && !unclear) || !division.go.is_empty();
            if done || self.stopped() || !waiting.wait(progress).await {
                return (observed, division);
            }
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn place(step: &Step) -> (TenantName, Option<ConnectorName>) {
    (step.tenant.clone(), step.connector.clone())
}

/// One apply under way.
struct Run {
    outcome: Outcome,
    done: BTreeMap<StepId, ()>,
}

impl Run {
    fn settling(&self, steps: &[Step]) -> Vec<Step> {
        steps.iter().filter(|step| self.done.contains_key(&step.id())).cloned().collect()
    }

    /// Whether a conflict is about a connector that this run has changed.
    fn changed_one_of(&self, conflicts: &[Conflict]) -> bool {
        let changed = |step: &&Step| step.class != Class::Repair;
        let places: BTreeSet<_> = self.outcome.done.iter().filter(changed).map(place).collect();
        conflicts
            .iter()
            .any(|conflict| places.contains(&(conflict.tenant.clone(), conflict.connector.clone())))
    }

    fn not_done(&self, steps: &[Step]) -> Vec<Step> {
        steps.iter().filter(|step| !self.done.contains_key(&step.id())).cloned().collect()
    }

    /// What another pass could still do: not what was refused for good.
    fn to_do(&self, steps: &[Step]) -> Vec<Step> {
        let refused: BTreeSet<_> = self.outcome.failed.iter().map(|(step, _)| step.id()).collect();
        let skipped: BTreeSet<_> = self.outcome.skipped.iter().map(Step::id).collect();
        let mut rest = self.not_done(steps);
        rest.retain(|step| !refused.contains(&step.id()) && !skipped.contains(&step.id()));
        rest
    }
}
