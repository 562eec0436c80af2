//! The plan as Markdown for a pull-request comment: below a byte budget, whatever the plan.

use super::printable::{code_span, plain, sentence_span};
use crate::finding::{Effect, Finding};
use crate::name::{ConnectorName, TenantName};
use crate::plan::Plan;
use crate::plan_file::{SavedHandOff as HandOff, SavedPlan, SavedStep as Step};
use crate::privilege::{Direction, PrivilegeChange};

/// GitHub refuses comments over 65,536 characters; this leaves room for a frame around it.
pub const BUDGET: usize = 60_000;

/// The plan as Markdown, at most [`BUDGET`] bytes; what did not fit is counted.
pub fn markdown(plan: &Plan) -> String {
    saved_markdown(&SavedPlan::from(plan), "")
}

/// The same of a saved plan, below a head of its own; all of its text may be foreign.
pub fn saved_markdown(plan: &SavedPlan, head: &str) -> String {
    let mut page = Page::default();
    page.add(head);
    if plan.is_emulated() {
        page.add("**EMULATED**: no real cloud was read, and none will be changed.\n\n");
    }
    page.add(&headline(plan));
    page.section("Privilege, worst first", plan.privileges.iter().map(privilege));
    page.section("Findings", plan.findings.iter().map(finding));
    page.section("For a person", plan.hand_offs.iter().map(hand_off));
    page.section("Steps", plan.steps.iter().map(step));
    page.text
}

fn place(tenant: &TenantName, connector: Option<&ConnectorName>) -> String {
    code_span(&match connector {
        Some(connector) => format!("{tenant}/{connector}"),
        None => tenant.to_string(),
    })
}

fn privilege(change: &PrivilegeChange) -> String {
    let sign = match change.direction {
        Direction::Gained => "gains",
        Direction::Lost => "loses",
    };
    let level = change.level.map_or_else(|| "?".to_owned(), |level| level.to_string());
    format!(
        "- {} **{sign}** {} (level {level}) {}\n",
        place(&change.tenant, change.connector.as_ref()),
        code_span(&change.permission),
        plain(&change.sentence)
    )
}

fn finding(finding: &Finding) -> String {
    let word = match finding.effect {
        Effect::Blocks => "blocked",
        Effect::BlocksWidening => "held",
        Effect::Informs => "note",
    };
    let place =
        finding.tenant.as_ref().map(|tenant| place(tenant, finding.connector.as_ref()) + " ");
    format!(
        "- **{word}** [{}] {}{}\n",
        finding.code,
        place.unwrap_or_default(),
        sentence_span(&finding.message)
    )
}

fn hand_off(hand_off: &HandOff) -> String {
    let values: Vec<_> = hand_off
        .values
        .iter()
        .map(|(label, value)| format!("{} {}", plain(label), long_span(value)))
        .collect();
    format!(
        "- [ ] {} {} ({}): {}\n",
        place(&hand_off.tenant, hand_off.connector.as_ref()),
        plain(&hand_off.title),
        plain(&hand_off.who),
        values.join(", ")
    )
}

fn step(step: &Step) -> String {
    format!(
        "- {} {} {} *{}* {} ({})\n",
        place(&step.tenant, step.connector.as_ref()),
        step.verb,
        step.kind,
        step.class,
        sentence_span(&step.summary),
        sentence_span(&step.reason)
    )
}

/// Links are longer than names; they are ours, and must stay whole to work.
fn long_span(value: &str) -> String {
    match value.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'`') {
        true => format!("`{value}`"),
        false => code_span(value),
    }
}

fn headline(plan: &SavedPlan) -> String {
    match plan.steps.len() {
        0 => format!("Nothing to do: {} connectors in sync.\n", plan.in_sync.len()),
        steps => format!("{steps} steps; {} connectors in sync.\n", plan.in_sync.len()),
    }
}

#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn add(&mut self, text: &str) -> bool {
        // The reserve holds the lines that say how much was left out.
        let fits = self.text.len() + text.len() < BUDGET - 1_000;
        if fits {
            self.text.push_str(text);
        }
        fits
    }

    fn section(&mut self, title: &str, rows: impl ExactSizeIterator<Item = String>) {
        let all = rows.len();
        if all == 0 || !self.add(&format!("\n### {title}\n\n")) {
            return;
        }
        let mut shown = 0;
        // A long section may not starve the ones after it.
        let share = self.text.len() + (BUDGET - self.text.len()) / 2;
        for row in rows {
            if self.text.len() + row.len() > share || !self.add(&row) {
                break;
            }
            shown += 1;
        }
        if shown < all {
            self.text.push_str(&format!("- … and {} more\n", all - shown));
        }
    }
}
