//! What became of an apply, for people and programs.

use std::fmt::Write as _;

use serde_json::{Value, json};
use zrec_plan::approval::Held;
use zrec_plan::binding::Conflict;
use zrec_plan::plan::Plan;
use zrec_plan::render::printable_sentence;
use zrec_plan::step::Step;

use super::credential::is_record_only;

/// What became of an apply.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Steps done by this run, in order.
    pub done: Vec<Step>,
    /// Steps that were refused, and why.
    pub failed: Vec<(Step, String)>,
    /// Steps that were not tried, because one before them failed.
    pub skipped: Vec<Step>,
    /// Steps whose outcome is not known: nothing is done about them before the next run.
    pub left_open: Vec<(Step, String)>,
    /// Steps of the last plan that nobody approved.
    pub held: Vec<Held>,
    /// Where the saved plan and what is needed now differ.
    pub conflicts: Vec<Conflict>,
    /// Steps that were done and do not show yet.
    pub settling: Vec<Step>,
    /// Approved steps that are still to be done.
    pub unfinished: Vec<Step>,
    /// The last plan: what is still to do, were everything approved.
    pub last: Option<Plan>,
    /// Whether Ctrl-C ended it.
    pub interrupted: bool,
}

impl Outcome {
    /// The summary, one fact a line.
    pub fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let (records, done): (Vec<_>, Vec<_>) =
            self.done.iter().partition(|step| is_record_only(step));
        let _ = writeln!(out, "\nDone: {} steps.", done.len());
        if !records.is_empty() {
            let _ = writeln!(out, "Recorded: {} entries in the secret store.", records.len());
        }
        for (step, why) in &self.failed {
            let _ = writeln!(out, "  failed: {}: {}", name(step), printable_sentence(why));
        }
        for step in &self.skipped {
            let _ = writeln!(out, "  not tried: {}: a step before it failed", name(step));
        }
        for (step, why) in &self.left_open {
            let _ = writeln!(out, "  not known: {}: {}", name(step), printable_sentence(why));
        }
        for step in &self.settling {
            let _ = writeln!(out, "  settling: {}: done, and not visible yet", name(step));
        }
        for step in &self.unfinished {
            let _ = writeln!(out, "  open: {}", name(step));
        }
        for conflict in &self.conflicts {
            out += &conflict.text();
        }
        if let Some(last) = &self.last {
            let _ = match last.steps.len() {
                0 => writeln!(
                    out,
                    "Planned again: nothing to do; {} connectors are as the manifests want them.",
                    last.in_sync.len()
                ),
                steps => writeln!(out, "Planned again: {steps} steps are still to be done."),
            };
            if !last.hand_offs.is_empty() {
                let _ = writeln!(
                    out,
                    "{} steps are left to a person; `zrec plan` shows them.",
                    last.hand_offs.len()
                );
            }
        }
        out
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        json!({
            "schemaVersion": 1,
            "done": self.done,
            "failed": self.failed.iter().map(|(step, why)| json!({ "step": step, "why": why })).collect::<Vec<_>>(),
            "skipped": self.skipped,
            "leftOpen": self.left_open.iter().map(|(step, why)| json!({ "step": step, "why": why })).collect::<Vec<_>>(),
            "held": self.held,
            "conflicts": self.conflicts,
            "settling": self.settling,
            "unfinished": self.unfinished,
            "interrupted": self.interrupted,
            "remaining": self.last.as_ref().map(zrec_plan::render::json),
        })
    }
}

fn name(step: &Step) -> String {
    let place = step.connector.as_ref().map_or_else(String::new, |name| format!("/{name}"));
    format!("{}{place}: {} {} {}", step.tenant, step.verb, step.kind, step.summary)
}
