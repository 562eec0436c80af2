//! `zrec apply`: plan, approve, do, look again.

use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::Arc;

use zrec_plan::approval::{self, Consented, Division, Held};
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::plan::{Plan, plan};
use zrec_plan::render;
use zrec_plan::step::Step;

use super::saved::Saved;
use super::session::{self, STATE, SigningIn};
use super::{Failed, plan as planning};
use crate::apply::{Names, Outcome, Work};
use crate::args::{ApplyArgs, Format, Global};
use crate::cloud::journal::Journal;
use crate::cloud::settle::Patience;
use crate::observe::observe;
use crate::progress::Progress;

/// Makes the clouds what the manifests say.
pub(super) fn run(arguments: &ApplyArgs, global: &Global) -> Result<u8, Failed> {
    let now = time::OffsetDateTime::now_utc();
    let saved = Saved::open(arguments, global, now)?;
    let arguments = &saved.as_ref().map_or_else(|| arguments.clone(), |s| s.arguments(arguments));
    let (desired, root) = match &saved {
        Some(saved) => saved.desire(arguments, global, now.date())?,
        None => session::desire(&arguments.scope, global, now.date())?,
    };
    if arguments.scope.prune && !desired.set_is_named {
        return Err(Failed::refused(
            "--prune needs a `Defaults` document with the set's name: without one, nothing tells this set's applications from another's",
        ));
    }
    super::runtime()?.block_on(async {
        let journal = journal(now)?;
        let surroundings = session::surroundings();
        let fail_points = surroundings.fail_points.clone();
        let signing_in = SigningIn {
            global,
            journal: Some(journal.clone()),
            seed: super::seed(),
            root: &root,
            surroundings,
        };
        let (fleet, _embedded) = signing_in.fleet(&desired).await?;
        let work = Work {
            fleet: &fleet,
            desired: &desired,
            catalog: Catalog::built_in(),
            limits: planning::limits(&arguments.scope),
            wanted: planning::wanted(&arguments.scope),
            patience: patience(&desired),
            binding: saved.as_ref().map(|saved| saved.binding(&desired)),
            stop: super::stop_on_interrupt(),
            names: Names::seeded(super::wide_seed()),
            fail_points,
        };
        let code = apply(&work, arguments, global, &journal).await;
        fleet.end_runs();
        journal.end();
        if global.stats {
            planning::stats(&fleet.counts());
        }
        code
    })
}

fn journal(now: time::OffsetDateTime) -> Result<Arc<Journal>, Failed> {
    let name = format!("{}-{}", now.unix_timestamp(), std::process::id());
    Ok(Arc::new(Journal::create(&Path::new(STATE).join("journal"), &name)?))
}

fn patience(desired: &Desired) -> Patience {
    let emulated = |tenant: &zrec_plan::desired::DesiredTenant| {
        tenant.cloud == zrec_plan::desired::Cloud::Emulator
    };
    match desired.tenants.values().all(emulated) {
        true => Patience::EMULATED,
        false => Patience::REAL,
    }
}

async fn apply(
    work: &Work<'_>,
    arguments: &ApplyArgs,
    global: &Global,
    journal: &Journal,
) -> Result<u8, Failed> {
    let reading = Progress::spinner();
    let observed = observe(work.fleet, work.desired, work.catalog, work.wanted).await;
    let plan = plan(work.desired, &observed, work.catalog, &work.limits);
    reading.finish();
    if global.format != Format::Json {
        planning::show(&plan, global)?;
    }
    let division = divide(&plan, work, arguments);
    say_held(&division);
    if division.go.is_empty() {
        let Division { held, conflicts, .. } = division;
        let outcome = Outcome { held, conflicts, ..Outcome::default() };
        return finish(&plan, &outcome, arguments, global);
    }
    approve(&plan, &division, arguments)?;
    let progress = Progress::over(division.go.len());
    let outcome = work.apply(observed, division, &progress).await;
    progress.finish();
    summary(&outcome, global, journal)?;
    finish(&plan, &outcome, arguments, global)
}

/// What may be done: by the saved plan, or by the classes that the flags consent to.
fn divide(plan: &Plan, work: &Work<'_>, arguments: &ApplyArgs) -> Division {
    let Some(binding) = &work.binding else {
        let consented = Consented {
            widening: arguments.allow_widening,
            destructive: arguments.scope.prune,
            only_maintenance: arguments.only.is_some(),
        };
        return approval::by_class(plan, consented);
    };
    let division = binding.divide(plan);
    for conflict in &division.conflicts {
        anstream::eprint!("{}", conflict.text());
    }
    for step in binding.outside(&division.go) {
        anstream::eprintln!("not in the saved plan, and done: {} {}", step.class, named(step));
    }
    division
}

/// Asks a person, unless the flags or the emulator have answered already.
fn approve(plan: &Plan, division: &Division, arguments: &ApplyArgs) -> Result<(), Failed> {
    if arguments.auto_approve || arguments.plan.is_some() {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        if plan.is_emulated() {
            return Ok(());
        }
        return Err(Failed::refused(
            "nobody can be asked, for stdin is not a terminal: say --auto-approve to approve what the plan shows",
        ));
    }
    anstream::eprint!("Do these {} steps? Only `yes` does: ", division.go.len());
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Failed::new(format!("cannot read the answer: {error}")))?;
    match answer.trim() {
        "yes" => Ok(()),
        _ => Err(Failed::refused("not approved; nothing was changed")),
    }
}

/// One line for steps of one connector that are held for one reason.
/// Where a conflict has shown both sides, that has said it.
fn say_held(division: &Division) {
    let said = |held: &&Held| division.conflicts.iter().any(|other| other.covers(&held.step));
    let mut groups: BTreeMap<(String, &str), Vec<&Held>> = BTreeMap::new();
    for one in division.held.iter().filter(|held| !said(held)) {
        let place = match &one.step.connector {
            Some(connector) => format!("{}/{connector}", one.step.tenant),
            None => one.step.tenant.to_string(),
        };
        groups.entry((place, &one.why)).or_default().push(one);
    }
    for ((place, why), steps) in groups {
        let what = match steps[..] {
            [Held { step, .. }] => format!("{} {} {}", step.verb, step.kind, step.summary),
            _ => format!("{} steps", steps.len()),
        };
        anstream::eprintln!("held: {place}: {what} ({why})");
    }
}

fn named(step: &Step) -> String {
    let place = step.connector.as_ref().map_or_else(String::new, |name| format!("/{name}"));
    format!("{}{place}: {} {} {}", step.tenant, step.verb, step.kind, step.summary)
}

fn summary(outcome: &Outcome, global: &Global, journal: &Journal) -> Result<(), Failed> {
    if global.format == Format::Json {
        super::report(&render::json_text(&outcome.json()))?;
    } else {
        super::report(&outcome.text())?;
    }
    tracing::info!(journal = %journal.path().display(), "journal written");
    Ok(())
}

/// The exit code, and the last word.
fn finish(
    plan: &Plan,
    outcome: &Outcome,
    arguments: &ApplyArgs,
    global: &Global,
) -> Result<u8, Failed> {
    let last = outcome.last.as_ref().unwrap_or(plan);
    if outcome.last.is_none() && global.format == Format::Json {
        super::report(&render::json_text(&match arguments.plan {
            Some(_) => outcome.json(),
            None => render::json(plan),
        }))?;
    }
    let findings = planning::exit_code(last);
    Ok(if outcome.interrupted {
        anstream::eprintln!("interrupted; run the same command again to go on");
        130
    } else if !outcome.failed.is_empty() || findings == 1 {
        1
    } else if !outcome.held.is_empty() || !outcome.conflicts.is_empty() || findings == 3 {
        3
    } else if !outcome.settling.is_empty()
        || !outcome.unfinished.is_empty()
        || !outcome.left_open.is_empty()
    {
        anstream::eprintln!("not all of it shows yet; run the same command again");
        4
    } else if arguments.require_complete && !last.hand_offs.is_empty() {
        5
    } else {
        0
    })
}
