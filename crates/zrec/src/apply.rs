//! Apply: does what was approved, level by level, and then looks again.
//!
//! A pass does the steps of a division. Whatever a pass leaves open — an answer lost, an object
//! that was there already — is read again, planned again, and done only where it is part of what
//! was approved. What was done and does not show yet is waited for, within a bound: it is settling.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use zrec_plan::approval::{self, Approved, Division};
use zrec_plan::binding::{Binding, Conflict};
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::name::{ConnectorName, TenantName};
use zrec_plan::observed::Observed;
use zrec_plan::plan::plan;
use zrec_plan::record::RunId;
use zrec_plan::safety::Limits;
use zrec_plan::step::{Action, Class, Step, StepId};

use crate::cloud::settle::Patience;
use crate::failpoint::FailPoints;
use crate::fleet::Fleet;
use crate::observe::{Wanted, observe, read_records_again};
use crate::progress::Progress;

mod credential;
mod ledger;
mod names;
mod outcome;
mod pass;
mod send;
mod settled;

pub use names::Names;
pub use outcome::Outcome;

/// Passes over one set: the first does the work, the later ones finish what was left open.
const MOST_PASSES: usize = 10;

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
    /// Where the names of this run's credentials come from.
    pub names: Names,
    /// Where a test may strike.
    pub fail_points: FailPoints,
}

impl Work<'_> {
    /// Does the approved steps of `first`, and looks until the clouds show them.
    pub async fn apply(&self, observed: Observed, first: Division, progress: &Progress) -> Outcome {
        let approved: Approved = first.go.iter().map(Step::id).collect();
        let mut run = Run::default();
        let mut next = first;
        let mut seen = observed;
        for pass in 0..MOST_PASSES {
            let go = self.settled(run.to_do(&next.go), &mut seen, progress).await;
            self.pass(&seen, &go, &mut run, progress).await;
            if self.stopped() {
                run.outcome.interrupted = true;
                run.outcome.unfinished = run.not_done(&next.go);
                return run.outcome;
            }
            // After steps that only the store knows, the clouds need not be asked again.
            let known = go.iter().all(credential::is_record_only).then(|| {
                let mut known = seen.clone();
                read_records_again(self.fleet, self.desired, &mut known);
                known
            });
            (seen, next) = self.look(&approved, &mut run, progress, known).await;
            run.outcome.held.clone_from(&next.held);
            run.outcome.conflicts.clone_from(&next.conflicts);
            let to_do = run.to_do(&next.go);
            if to_do.is_empty() {
                break;
            }
            if to_do.iter().any(|step| run.open.contains(&step.id())) {
                // Its answer left open what is there, and the read may be older than the write.
                self.patience.pause(pass).await;
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
        mut known: Option<Observed>,
    ) -> (Observed, Division) {
        let mut waiting = self.patience.start();
        loop {
            progress.say("looking at what the clouds show");
            let observed = match known.take() {
                Some(known) => known,
                None => observe(self.fleet, self.desired, self.catalog, self.wanted).await,
            };
            let plan = plan(self.desired, &observed, self.catalog, &self.limits);
            let mut division = match &self.binding {
                Some(binding) => binding.divide(&plan),
                None => approval::by_approval(&plan, approved),
            };
            let mut settling = run.settling(&division.go);
            settling.extend(run.not_shown(&observed, &plan.steps, self.names.run()));
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
#[derive(Default)]
struct Run {
    outcome: Outcome,
    /// Steps done by this run.
    done: BTreeSet<StepId>,
    /// Steps of the last pass whose answer left open what is there.
    open: BTreeSet<StepId>,
}

impl Run {
    fn settling(&self, steps: &[Step]) -> Vec<Step> {
        steps.iter().filter(|step| self.done.contains(&step.id())).cloned().collect()
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
        steps.iter().filter(|step| !self.done.contains(&step.id())).cloned().collect()
    }

    /// What another pass could still do: not what was refused for good.
    fn to_do(&self, steps: &[Step]) -> Vec<Step> {
        let refused: BTreeSet<_> = self.outcome.failed.iter().map(|(step, _)| step.id()).collect();
        let skipped: BTreeSet<_> = self.outcome.skipped.iter().map(Step::id).collect();
        let open: BTreeSet<_> = self.outcome.left_open.iter().map(|(step, _)| step.id()).collect();
        let mut rest = self.not_done(steps);
        rest.retain(|step| {
            let id = step.id();
            !refused.contains(&id) && !skipped.contains(&id) && !open.contains(&id)
        });
        rest
    }

    /// Steps of this run whose new credential no read has shown yet.
    fn not_shown(&self, observed: &Observed, planned: &[Step], run: &RunId) -> Vec<Step> {
        let mints = self.outcome.done.iter().filter(|step| {
            matches!(step.action, Action::MintCredential { .. } | Action::SendCertificate { .. })
        });
        let is_hidden = |step: &&Step| {
            let id = send::connector(step);
            let records = id
                .and_then(|id| observed.connectors.get(&id))
                .and_then(|connector| connector.records.present());
            let hidden = records.into_iter().flat_map(|records| &records.records);
            hidden.filter(|record| credential::is_hidden(record, run)).any(|record| {
                let shows = |step: &Step| {
                    matches!(&step.action, Action::RecordSeen { name } if *name == record.name)
                };
                credential::is_of(record, step) && !planned.iter().any(shows)
            })
        };
        mints.filter(is_hidden).cloned().collect()
    }
}
