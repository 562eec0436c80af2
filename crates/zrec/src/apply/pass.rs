//! One pass: the steps of a division, level by level, tenants side by side.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use futures::future::join_all;
use zrec_plan::approval::depends;
use zrec_plan::kind::Kind;
use zrec_plan::name::TenantName;
use zrec_plan::observed::Observed;
use zrec_plan::step::Step;

use super::ledger::Ledger;
use super::send::{self, Fate};
use super::{Run, Work};
use crate::cloud::graph::Graph;
use crate::cloud::settle;
use crate::progress::Progress;

/// Attempts at a step whose object of this run is not visible everywhere yet.
const MOST_ATTEMPTS: u32 = 8;

/// What one tenant's pass did.
#[derive(Default)]
struct Done {
    done: Vec<Step>,
    open: Vec<Step>,
    failed: Vec<(Step, String)>,
    skipped: Vec<Step>,
}

impl Work<'_> {
    /// Does the steps that are not done yet.
    pub(super) async fn pass(
        &self,
        seen: &Observed,
        steps: &[Step],
        run: &mut Run,
        progress: &Progress,
    ) {
        let mut by_tenant: BTreeMap<TenantName, Vec<Step>> = BTreeMap::new();
        for step in run.to_do(steps) {
            by_tenant.entry(step.tenant.clone()).or_default().push(step);
        }
        let passes = by_tenant.into_iter().filter_map(|(tenant, steps)| {
            let graph = self.fleet.graph(&tenant)?;
            Some(self.tenant_pass(graph, Ledger::of(seen), steps, progress))
        });
        run.open.clear();
        for Done { done, open, failed, skipped } in join_all(passes).await {
            run.done.extend(done.iter().map(Step::id));
            run.open.extend(open.iter().map(Step::id));
            run.outcome.done.extend(done);
            run.outcome.failed.extend(failed);
            run.outcome.skipped.extend(skipped);
        }
    }

    async fn tenant_pass(
        &self,
        graph: &Graph,
        mut ledger: Ledger,
        steps: Vec<Step>,
        progress: &Progress,
    ) -> Done {
        let mut levels: BTreeMap<u8, VecDeque<Step>> = BTreeMap::new();
        for step in steps {
            levels.entry(step.level()).or_default().push_back(step);
        }
        let mut pass = Done::default();
        for (_, mut waiting) in levels {
            while !waiting.is_empty() {
                if self.stopped() {
                    return pass;
                }
                let wave = next_wave(&mut waiting);
                self.wave(graph, &mut ledger, wave, &mut pass, progress).await;
            }
        }
        pass
    }

    /// Sends one wave, and again those whose objects are not visible everywhere yet.
    async fn wave(
        &self,
        graph: &Graph,
        ledger: &mut Ledger,
        wave: Vec<Step>,
        pass: &mut Done,
        progress: &Progress,
    ) {
        let mut wave = wave;
        for attempt in 1..=MOST_ATTEMPTS {
            let (steps, calls) = ready(wave, ledger, graph, pass);
            let answers = graph.send_all(calls).await;
            wave = Vec::new();
            for (step, answer) in steps.into_iter().zip(answers) {
                match send::fate(&step, answer, ledger) {
                    Fate::Done => {
                        progress.step(&step);
                        pass.done.push(step);
                    }
                    Fate::ReadAgain => pass.open.push(step),
                    Fate::TryAgain(_) if attempt < MOST_ATTEMPTS && !self.stopped() => {
                        wave.push(step);
                    }
                    Fate::TryAgain(failure) => pass.failed.push((step, failure.to_string())),
                    Fate::Failed(why) => pass.failed.push((step, why)),
                }
            }
            if wave.is_empty() {
                return;
            }
            settle::replication_pause(attempt).await;
        }
    }
}

/// The steps of a wave whose predecessors are done, with their requests.
fn ready(
    wave: Vec<Step>,
    ledger: &Ledger,
    graph: &Graph,
    pass: &mut Done,
) -> (Vec<Step>, Vec<crate::cloud::graph::Call>) {
    let mut steps = Vec::new();
    let mut calls = Vec::new();
    for step in wave {
        let rests_on = |other: &Step| depends(&step, other);
        if pass.open.iter().any(rests_on) {
            // Its predecessor is read again first; the next pass takes it up.
            pass.open.push(step);
        } else if pass.failed.iter().map(|(other, _)| other).chain(&pass.skipped).any(rests_on) {
            pass.skipped.push(step);
        } else {
            match send::call(&step, ledger, graph) {
                Ok(call) => {
                    steps.push(step);
                    calls.push(call);
                }
                Err(why) => pass.failed.push((step, why)),
            }
        }
    }
    (steps, calls)
}

/// What may go out together: of one application object, one write at a time.
fn next_wave(waiting: &mut VecDeque<Step>) -> Vec<Step> {
    let mut busy = BTreeSet::new();
    let mut wave = Vec::new();
    let mut later = VecDeque::new();
    for step in waiting.drain(..) {
        if step.kind == Kind::Application && !busy.insert((step.connector.clone(), object(&step))) {
            later.push_back(step);
        } else {
            wave.push(step);
        }
    }
    *waiting = later;
    wave
}

/// Pruned applications have no connector: they are told apart by their key.
fn object(step: &Step) -> Option<String> {
    step.connector.is_none().then(|| step.key.clone())
}
