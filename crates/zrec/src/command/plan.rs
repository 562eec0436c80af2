//! `zrec plan`: read, decide, show. Nothing here can write.

use zrec_plan::catalog::Catalog;
use zrec_plan::code;
use zrec_plan::finding::Effect;
use zrec_plan::manifest;
use zrec_plan::plan::{Plan, plan};
use zrec_plan::render::{self, Style};
use zrec_plan::safety::Limits;

use super::saved;
use super::session::{self, SigningIn};
use super::{Failed, Stream};
use crate::args::{Format, Global, PlanArgs, Scope};
use crate::cloud::stats::Counts;
use crate::observe::{Wanted, observe};

/// Shows what would change.
pub(super) fn run(arguments: &PlanArgs, global: &Global) -> Result<u8, Failed> {
    if arguments.explain_defaults {
        return explain_defaults(arguments, global);
    }
    let target = saved::target(arguments)?;
    let today = time::OffsetDateTime::now_utc().date();
    let (desired, root) = session::desire(&arguments.scope, global, today)?;
    super::runtime()?.block_on(async {
        let signing_in = SigningIn {
            global,
            journal: None,
            seed: super::seed(),
            root: &root,
            surroundings: session::surroundings(),
        };
        let (fleet, _embedded) = signing_in.fleet(&desired).await?;
        let catalog = Catalog::built_in();
        let observed = observe(&fleet, &desired, catalog, wanted(&arguments.scope)).await;
        let plan = plan(&desired, &observed, catalog, &limits(&arguments.scope));
        if let Some(path) = target {
            saved::save(path, &plan, &desired, arguments, global)?;
        }
        show(&plan, global)?;
        if global.stats {
            stats(&fleet.counts());
        }
        Ok(match exit_code(&plan) {
            0 if arguments.detailed_exitcode && !plan.steps.is_empty() => 2,
            code => code,
        })
    })
}

/// What is read beside the connectors.
pub(super) fn wanted(scope: &Scope) -> Wanted {
    Wanted { prune: scope.prune }
}

/// The operator's limits.
pub(super) fn limits(scope: &Scope) -> Limits {
    Limits {
        max_removal_percent: scope.max_removals,
        revoke_foreign: scope.revoke,
        ..Limits::default()
    }
}

/// Writes a plan to stdout in the format that was asked for.
pub(super) fn show(plan: &Plan, global: &Global) -> Result<u8, Failed> {
    super::report(&match global.format {
        Format::Text => {
            render::text(plan, Style { colour: super::is_coloured(global, Stream::Out) })
        }
        Format::Json => render::json_text(&render::json(plan)),
        Format::Markdown => render::markdown(plan),
    })
}

/// What a plan's findings mean for the exit code. A suspension is meant, and no refusal.
pub(super) fn exit_code(plan: &Plan) -> u8 {
    let blocking = plan
        .findings
        .iter()
        .filter(|finding| finding.effect != Effect::Informs && finding.code != code::SUSPENDED);
    blocking
        .map(|finding| if finding.code == code::SIGN_IN_FAILED { 1 } else { 3 })
        .min()
        .unwrap_or(0)
}

/// What the run cost, on stderr: it is no part of the report.
pub(super) fn stats(counts: &Counts) {
    anstream::eprintln!(
        "stats: {} requests ({} for tokens, {} plain, {} batches of {} calls), {} round trips deep, {} retries, {} B sent, {} B received",
        counts.requests(),
        counts.tokens,
        counts.plain,
        counts.batches,
        counts.items,
        counts.depth(),
        counts.retries,
        counts.bytes_sent,
        counts.bytes_received,
    );
    for (depth, level) in counts.levels.iter().enumerate() {
        anstream::eprintln!(
            "stats: level {}: {} requests, {} ms",
            depth + 1,
            level.requests,
            level.milliseconds
        );
    }
}

fn explain_defaults(arguments: &PlanArgs, global: &Global) -> Result<u8, Failed> {
    let set = session::read_set(&arguments.scope.paths, global)?;
    let text = manifest::explain_defaults(&set, &|id| {
        (global.tenant.is_empty() || global.tenant.iter().any(|name| name == id.tenant.as_str()))
            && (global.connector.is_empty()
                || global.connector.iter().any(|name| name == id.connector.as_str()))
    });
    super::report(&text)
}
