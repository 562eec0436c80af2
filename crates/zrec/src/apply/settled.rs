//! Settled: steps that rest on what is not there wait until several reads agree on it.

use std::collections::BTreeSet;

use zrec_plan::observed::Observed;
use zrec_plan::plan::plan;
use zrec_plan::step::{Step, StepId};

use super::Work;
use crate::cloud::settle::READS;
use crate::observe::observe;
use crate::progress::Progress;

impl Work<'_> {
    /// The steps that may be done now: of those that need it, the ones that every one of several
    /// new reads asks for. The reads go over the session's connections; that they are two is not
    /// in our hand.
    pub(super) async fn settled(
        &self,
        mut steps: Vec<Step>,
        seen: &mut Observed,
        progress: &Progress,
    ) -> Vec<Step> {
        if !steps.iter().any(|step| step.needs_settled) {
            return steps;
        }
        progress.say("reading again what a removal rests on");
        for read in 0..READS {
            if read > 0 {
                self.patience.between_reads().await;
            }
            *seen = observe(self.fleet, self.desired, self.catalog, self.wanted).await;
            let plan = plan(self.desired, seen, self.catalog, &self.limits);
            let wanted: BTreeSet<StepId> = plan.steps.iter().map(Step::id).collect();
            steps.retain(|step| !step.needs_settled || wanted.contains(&step.id()));
        }
        steps
    }
}
