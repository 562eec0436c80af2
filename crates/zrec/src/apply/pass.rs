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
use super::{Run, Work, credential};
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
    left_open: Vec<(Step, String)>,
}

impl Done {
    /// Takes in what became of a step; one that is to be tried again comes back.
    fn take(&mut self, step: Step, fate: Fate, progress: &Progress) -> Option<(Step, String)> {
        match fate {
            Fate::Done => {
                progress.step(&step);
                self.done.push(step);
            }
            Fate::ReadAgain => self.open.push(step),
            Fate::LeftOpen(why) => self.left_open.push((step, why)),
            Fate::Failed(why) => self.failed.push((step, why)),
            Fate::TryAgain(failure) => return Some((step, failure.to_string())),
        }
        None
    }

    /// The steps whose predecessors are done.
    fn sort_out(&mut self, wave: Vec<Step>) -> Vec<Step> {
        let mut ready = Vec::new();
        for step in wave {
            let rests_on = |other: &Step| depends(&step, other);
            let refused = self.failed.iter().chain(&self.left_open).map(|(other, _)| other);
            if self.open.iter().any(rests_on) {
                // Its predecessor is read again first; the next pass takes it up.
                self.open.push(step);
            } else if refused.chain(&self.skipped).any(rests_on) {
                self.skipped.push(step);
            } else {
                ready.push(step);
            }
        }
        ready
    }
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
        for Done { done, open, failed, skipped, left_open } in join_all(passes).await {
            run.done.extend(done.iter().map(Step::id));
            run.open.extend(open.iter().map(Step::id));
            run.outcome.done.extend(done);
            run.outcome.failed.extend(failed);
            run.outcome.skipped.extend(skipped);
            run.outcome.left_open.extend(left_open);
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
        let (credentials, mut wave): (Vec<_>, Vec<_>) =
            wave.into_iter().partition(credential::is_about);
        for (step, fate) in self.credentials(graph, ledger, pass.sort_out(credentials)).await {
            pass.take(step, fate, progress);
        }
        for attempt in 1..=MOST_ATTEMPTS {
            let (steps, calls) = ready(wave, ledger, graph, pass);
            let answers = graph.send_all(calls).await;
            wave = Vec::new();
            for (step, answer) in steps.into_iter().zip(answers) {
                let fate = send::fate(&step, answer, ledger);
                match pass.take(step, fate, progress) {
                    Some((step, _)) if attempt < MOST_ATTEMPTS && !self.stopped() => {
                        wave.push(step);
                    }
                    Some(failed) => pass.failed.push(failed),
                    None => {}
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
    for step in pass.sort_out(wave) {
        match send::call(&step, ledger, graph) {
            Ok(call) => {
                steps.push(step);
                calls.push(call);
            }
            Err(why) => pass.failed.push((step, why)),
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
        // Credentials are written to the application object as well.
        let on_application =
            matches!(step.kind, Kind::Application | Kind::Certificate | Kind::ClientSecret);
        if on_application && !busy.insert((step.connector.clone(), object(&step))) {
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
