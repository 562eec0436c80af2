//! The laws, each on every scenario: what zrec promises whatever happens on the way.
//!
//! `ZREC_SCENARIO=name` runs some scenarios only; `ZREC_FULL=1` tries more places of each;
//! `ZREC_BLESS=1` rewrites the goldens.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says why and ends")]

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use zrec_emulator::{Emulator, RecordedRequest};
use zrec_plan::render::{self, Style};

mod bad_input;
mod harness;

use harness::cloud::Prepared;
use harness::faults::{self, Side};
use harness::names::Names;
use harness::process::Story;
use harness::run::{self, Orders};
use harness::scenario::{Law, Scenario, all};
use harness::{golden, process, secrets};

/// So many places of a story are tried; `ZREC_FULL=1` tries four times as many.
fn sampled(places: usize) -> usize {
    if std::env::var_os("ZREC_FULL").is_some() { 4 * places } else { places / 2 }
}

/// Runs a law on every scenario that does not leave it out; says which broke it, and how.
fn each(law: Option<Law>, check: impl AsyncFn(&Scenario, &Prepared) -> Result<usize, String>) {
    let (mut broken, mut runs, since) = (Vec::new(), 0, Instant::now());
    for scenario in all() {
        if law.is_some_and(|law| scenario.leaves_out(law)) {
            continue;
        }
        let attempt = std::panic::catch_unwind(AssertUnwindSafe(|| {
            paused().block_on(async {
                let prepared = Prepared::of(&scenario).await;
                check(&scenario, &prepared).await
            })
        }));
        if std::env::var_os("ZREC_TIMES").is_some() {
            println!("{law:?} {}: {} ms", scenario.name, since.elapsed().as_millis());
        }
        match attempt {
            Ok(Ok(count)) => runs += count,
            Ok(Err(why)) => broken.push(format!("{}: {why}", scenario.name)),
            Err(_) => broken.push(format!("{}: panicked (above)", scenario.name)),
        }
    }
    println!("{law:?}: {runs} runs in {:.1} s", since.elapsed().as_secs_f32());
    assert!(broken.is_empty(), "{} scenarios:\n\n{}", broken.len(), broken.join("\n\n"));
}

/// One thread, and a clock that stands still until everybody waits.
fn paused() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap()
}

fn is_write(request: &RecordedRequest) -> bool {
    let token = request.path.contains("/oauth2/");
    match request.path.as_str() {
        "/v1.0/$batch" => request.items.iter().any(|item| item.method != "GET"),
        _ => request.method != "GET" && !token,
    }
}

/// What has to hold whatever a test is about: no request broke the contract.
fn lawful(emulator: &Emulator) -> Result<(), String> {
    let broken: Vec<_> =
        emulator.requests().iter().flat_map(|request| request.violations.clone()).collect();
    if broken.is_empty() { Ok(()) } else { Err(format!("contract broken: {broken:#?}")) }
}

/// The cloud after two uninterrupted runs: where every other story has to end.
async fn goal(scenario: &Scenario, prepared: &Prepared) -> Result<String, String> {
    let (emulator, desired) = (prepared.start(), scenario.desired());
    for _ in 0..2 {
        run::apply(&emulator, &desired, &Orders::of(scenario)).await;
    }
    lawful(&emulator)?;
    Ok(Names::of(scenario, &emulator, &prepared.known).cloud(&emulator))
}

/// At most two further runs reach the goal, where the cloud is not there already.
async fn reaches(
    goal: &str,
    story: &str,
    scenario: &Scenario,
    prepared: &Prepared,
    emulator: &Emulator,
) -> Result<usize, String> {
    let desired = scenario.desired();
    let mut cloud = Names::of(scenario, emulator, &prepared.known).cloud(emulator);
    if cloud == goal {
        return Ok(0);
    }
    for runs in 1..=2 {
        run::apply(emulator, &desired, &Orders::of(scenario).seed(100 + runs)).await;
        lawful(emulator).map_err(|why| format!("{story}: {why}"))?;
        cloud = Names::of(scenario, emulator, &prepared.known).cloud(emulator);
        if cloud == goal {
            return Ok(runs as usize);
        }
    }
    let diff = similar::TextDiff::from_lines(goal, cloud.as_str());
    let diff = diff.unified_diff().header("uninterrupted", story).to_string();
    Err(format!("{story}: two further runs end elsewhere\n{diff}"))
}

#[test]
fn goldens() {
    each(None, async |scenario, prepared| {
        let (emulator, desired) = (prepared.start(), scenario.desired());
        let orders = Orders::of(scenario);
        let plan = run::plan_only(&prepared.start(), &desired, &orders).await;
        let ran = run::apply(&emulator, &desired, &orders).await;
        lawful(&emulator)?;
        let mut names = Names::of(scenario, &emulator, &prepared.known);
        let text = render::text(&plan, Style::default());
        let files = [
            ("plan.txt", names.put(&format!("{text}{}", ran.outcome.text()))),
            ("plan.md", names.put(&render::markdown(&plan))),
            ("calls.txt", names.calls(&emulator.requests())),
            ("cloud-after.yaml", names.cloud(&emulator)),
        ];
        let differ: Vec<_> = files
            .into_iter()
            .filter_map(|(file, actual)| golden::compare(&scenario.folder, file, &actual).err())
            .collect();
        if differ.is_empty() { Ok(2) } else { Err(differ.join("\n")) }
    });
}

#[test]
fn planning_writes_nothing() {
    each(Some(Law::Reads), async |scenario, prepared| {
        let (emulator, desired) = (prepared.start(), scenario.desired());
        let before = emulator.snapshot_text();
        run::plan_only(&emulator, &desired, &Orders::of(scenario)).await;
        let writes: Vec<_> = emulator.requests().into_iter().filter(is_write).collect();
        if !writes.is_empty() || emulator.snapshot_text() != before {
            return Err(format!("planning wrote: {writes:#?}"));
        }
        lawful(&emulator).map(|()| 1)
    });
}

#[test]
fn after_apply_there_is_nothing_to_do() {
    each(Some(Law::Converges), async |scenario, prepared| {
        let (emulator, desired) = (prepared.start(), scenario.desired());
        let orders = Orders::of(scenario);
        let ran = run::apply(&emulator, &desired, &orders).await;
        if !ran.outcome.failed.is_empty() {
            return Err(format!("failed: {:#?}", ran.outcome.failed));
        }
        let plan = run::plan_only(&emulator, &desired, &orders).await;
        if !plan.steps.is_empty() {
            return Err(format!("still to do:\n{}", render::text(&plan, Style::default())));
        }
        emulator.clear_requests();
        let before = emulator.snapshot_text();
        run::apply(&emulator, &desired, &orders.seed(8)).await;
        let writes: Vec<_> = emulator.requests().into_iter().filter(is_write).collect();
        if !writes.is_empty() || emulator.snapshot_text() != before {
            return Err(format!("a second apply wrote: {writes:#?}"));
        }
        lawful(&emulator).map(|()| 3)
    });
}

#[test]
fn a_crash_at_each_request_is_mended() {
    each(Some(Law::Crash), async |scenario, prepared| {
        let (goal, desired) = (goal(scenario, prepared).await?, scenario.desired());
        let mut runs = 2;
        let mut mended = BTreeSet::new();
        // Before one request is after the one before it, unless both are under way at once.
        for (side, stride) in [(Side::After, 1), (Side::Before, 3)] {
            for n in (1..).step_by(stride) {
                let emulator = prepared.start();
                if !faults::dies_at(n, side, &emulator, &desired, &Orders::of(scenario)).await {
                    break;
                }
                runs += 1;
                // Killed between two reads, the cloud is as it was after the last write.
                if !mended.insert(emulator.snapshot_text()) {
                    continue;
                }
                let story = format!("killed at request {n}, {side:?} the work");
                runs += reaches(&goal, &story, scenario, prepared, &emulator).await?;
            }
        }
        Ok(runs)
    });
}

#[test]
fn any_prefix_of_the_steps_can_be_finished() {
    each(Some(Law::Prefix), async |scenario, prepared| {
        let (goal, desired) = (goal(scenario, prepared).await?, scenario.desired());
        let orders = Orders::of(scenario);
        let mut runs = 2;
        let steps = run::apply(&prepared.start(), &desired, &orders).await.division.go.len();
        for most in (1..steps).step_by(1 + steps / sampled(12)) {
            let emulator = prepared.start();
            run::apply(&emulator, &desired, &orders.clone().most(most)).await;
            let story = format!("after {most} of {steps} steps");
            runs += 1 + reaches(&goal, &story, scenario, prepared, &emulator).await?;
        }
        Ok(runs)
    });
}

#[test]
fn two_runs_at_once_are_safe() {
    each(Some(Law::Interleave), async |scenario, prepared| {
        let (goal, desired) = (goal(scenario, prepared).await?, scenario.desired());
        let orders = Orders::of(scenario);
        let emulator = prepared.start();
        run::apply(&emulator, &desired, &orders).await;
        let requests = emulator.requests().len();
        let mut runs = 3;
        for n in (1..=requests).step_by(1 + requests / sampled(12)) {
            let emulator = prepared.start();
            faults::overtaken_at(n, &emulator, &desired, &orders).await;
            let story = format!("overtaken at request {n}");
            runs += 2 + reaches(&goal, &story, scenario, prepared, &emulator).await?;
        }
        for seed in 0..sampled(4) as u64 {
            let emulator = prepared.start();
            faults::side_by_side(seed, &emulator, &desired, &orders).await;
            let story = format!("side by side, seed {seed}");
            runs += 2 + reaches(&goal, &story, scenario, prepared, &emulator).await?;
        }
        Ok(runs)
    });
}

#[test]
fn no_output_holds_a_secret() {
    each(None, async |scenario, prepared| {
        let (emulator, desired) = (prepared.start(), scenario.desired());
        let folder = tempfile::tempdir().unwrap();
        let log = secrets::Log::default();
        let guard = log.listen();
        let orders = Orders::of(scenario).journal(folder.path());
        let ran = run::apply(&emulator, &desired, &orders).await;
        drop(guard);
        let journal = std::fs::read_to_string(folder.path().join("run.jsonl")).unwrap();
        let outputs = [
            ("log", log.text()),
            ("journal", journal),
            ("text", render::text(&ran.plan, Style::default()) + &ran.outcome.text()),
            ("JSON", render::json(&ran.plan).to_string() + &ran.outcome.json().to_string()),
            ("Markdown", render::markdown(&ran.plan)),
            ("debug", format!("{ran:?}")),
        ];
        for (what, text) in &outputs {
            secrets::absent(what, text)?;
        }
        assert!(!log.text().is_empty(), "the log was not heard");
        Ok(1)
    });
}

#[test]
fn a_process_that_is_killed_can_be_run_again() {
    let since = Instant::now();
    let scenarios: Vec<_> =
        all().into_iter().filter(|scenario| !scenario.leaves_out(Law::Process)).collect();
    let broken = process::on_threads(&scenarios, |scenario| {
        let (prepared, goal, requests) = paused().block_on(async {
            let prepared = Prepared::of(scenario).await;
            let goal = goal(scenario, &prepared).await;
            let emulator = prepared.start();
            run::apply(&emulator, &scenario.desired(), &Orders::of(scenario)).await;
            (prepared, goal, emulator.requests())
        });
        let told = |why: String| format!("{}: {why}", scenario.name);
        let story = Story { scenario, prepared: &prepared, goal: goal.map_err(told)?, requests };
        story.plays().map_err(told)?;
        for moment in faults::kills(&story) {
            story.is_killed_at(&moment).map_err(told)?;
        }
        Ok(())
    });
    println!("processes: {} scenarios in {:.1} s", scenarios.len(), since.elapsed().as_secs_f32());
    assert!(broken.is_empty(), "{} scenarios:\n\n{}", broken.len(), broken.join("\n\n"));
}

/// A removal rests on agreeing reads: what another run has removed meanwhile is not removed again.
#[test]
fn a_removal_is_read_again_before_it_is_done() {
    let scenario = all().into_iter().find(|scenario| scenario.name == "surplus-grant").unwrap();
    let removals = paused().block_on(async {
        let prepared = Prepared::of(&scenario).await;
        let (desired, orders) = (scenario.desired(), Orders::of(&scenario));
        let reading = prepared.start();
        run::plan_only(&reading, &desired, &orders).await;
        let first_after_planning = reading.requests().len() + 1;
        let emulator = prepared.start();
        faults::overtaken_at(first_after_planning, &emulator, &desired, &orders).await;
        let items = emulator.requests().into_iter().flat_map(|request| {
            let plain = (request.method.clone(), request.items.is_empty());
            let inside = request.items.into_iter().map(|item| item.method);
            inside.chain((plain.1).then_some(plain.0)).collect::<Vec<_>>()
        });
        items.filter(|method| method == "DELETE").count()
    });
    assert_eq!(removals, 1, "the other run's");
}
