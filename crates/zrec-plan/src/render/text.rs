//! The plan as text. Nothing is said by colour alone.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style as Ansi};

use super::printable::printable_whole;
use super::{field, printable, printable_sentence};
use crate::finding::{Effect, Finding};
use crate::plan::Plan;
use crate::plan_file::{SavedHandOff as HandOff, SavedPlan, SavedStep as Step};
use crate::privilege::{Direction, PrivilegeChange};
use crate::step::{Class, Verb};

/// How text is dressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are written.
    pub colour: bool,
}

impl Style {
    fn paint(self, colour: AnsiColor, text: &str) -> String {
        match self.colour {
            true => {
                let ansi = Ansi::new().fg_color(Some(colour.into()));
                format!("{ansi}{text}{ansi:#}")
            }
            false => text.to_owned(),
        }
    }
}

/// The whole plan, for a terminal or a log.
pub fn text(plan: &Plan, style: Style) -> String {
    saved_text(&SavedPlan::from(plan), style)
}

/// The same of a saved plan; all of its text may be foreign.
pub fn saved_text(plan: &SavedPlan, style: Style) -> String {
    let mut out = String::new();
    header(plan, &mut out);
    privileges(&plan.privileges, style, &mut out);
    findings(&plan.findings, style, &mut out);
    steps(&plan.steps, style, &mut out);
    hand_offs(&plan.hand_offs, &mut out);
    summary(plan, &mut out);
    out
}

// Writing to a String cannot fail, so the results of `writeln!` carry nothing.
macro_rules! line {
    ($out:expr, $($arg:tt)*) => {{ let _ = writeln!($out, $($arg)*); }};
}

fn header(plan: &SavedPlan, out: &mut String) {
    if plan.is_emulated() {
        line!(out, "EMULATED: no real cloud was read, and none will be changed");
    }
    for tenant in &plan.tenants {
        let cloud = if tenant.emulated && !plan.is_emulated() { " (EMULATED)" } else { "" };
        line!(
            out,
            "tenant {} {}{cloud}: {} connectors",
            tenant.name,
            tenant.tenant_id,
            tenant.connectors
        );
    }
}

fn privileges(changes: &[PrivilegeChange], style: Style, out: &mut String) {
    if changes.is_empty() {
        return;
    }
    line!(out, "\nPrivilege, worst first");
    // Connectors that gain the same thing are one line.
    let mut groups: Vec<(&PrivilegeChange, Vec<String>)> = Vec::new();
    for change in changes {
        let who = change
            .connector
            .as_ref()
            .map_or_else(|| change.tenant.to_string(), |name| format!("{}/{name}", change.tenant));
        match groups.last_mut() {
            Some((first, names))
                if first.direction == change.direction && first.permission == change.permission =>
            {
                names.push(who);
            }
            _ => groups.push((change, vec![who])),
        }
    }
    for (change, names) in groups {
        let (sign, colour) = match change.direction {
            Direction::Gained => ("gains", AnsiColor::Yellow),
            Direction::Lost => ("loses", AnsiColor::Cyan),
        };
        let level =
            change.level.map_or_else(|| "level ?".to_owned(), |level| format!("level {level}"));
        let sentence = match change.sentence.is_empty() {
            true => String::new(),
            false => format!(": {}", printable_sentence(&change.sentence)),
        };
        line!(
            out,
            "  {} {level}  {}{sentence}",
            style.paint(colour, sign),
            printable_sentence(&change.permission)
        );
        line!(out, "        {}", fold(&names, 4));
    }
}

/// The first few of a list, and how many more there are.
fn fold(names: &[String], most: usize) -> String {
    let shown = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn findings(findings: &[Finding], style: Style, out: &mut String) {
    if findings.is_empty() {
        return;
    }
    line!(out, "\nFindings");
    for finding in findings {
        let (word, colour) = match finding.effect {
            Effect::Blocks => ("blocked", AnsiColor::Red),
            Effect::BlocksWidening => ("held", AnsiColor::Red),
            Effect::Informs => ("note", AnsiColor::Blue),
        };
        let place = match (&finding.tenant, &finding.connector) {
            (Some(tenant), Some(connector)) => format!(" {tenant}/{connector}"),
            (Some(tenant), None) => format!(" {tenant}"),
            (None, _) => String::new(),
        };
        let message = printable_sentence(&finding.message);
        line!(out, "  {} [{}]{place}: {message}", style.paint(colour, word), finding.code);
        line!(out, "        hint: {}", printable_sentence(&finding.hint));
    }
}

fn steps(steps: &[Step], style: Style, out: &mut String) {
    let mut current = None;
    for step in steps {
        let place = (&step.tenant, step.connector.as_ref());
        if current != Some(place) {
            match place.1 {
                Some(connector) => line!(out, "\n{}/{connector}", place.0),
                None => line!(out, "\n{}", place.0),
            }
            current = Some(place);
        }
        one_step(step, style, out);
    }
}

fn one_step(step: &Step, style: Style, out: &mut String) {
    let (sign, colour) = match step.verb {
        Verb::Create | Verb::Restore | Verb::Bind | Verb::Grant | Verb::Mint => {
            ("+", AnsiColor::Green)
        }
        Verb::Adopt | Verb::Update | Verb::Repair => ("~", AnsiColor::Yellow),
        Verb::Revoke | Verb::Delete | Verb::Retire => ("-", AnsiColor::Red),
    };
    line!(
        out,
        "  {} {:<11} {:<17} {}  ({})",
        style.paint(colour, sign),
        step.class,
        step.kind,
        printable_sentence(&step.summary),
        printable_sentence(&step.reason),
    );
    if step.verb != Verb::Create {
        // The summary of a declaration names its permissions; their ids would say less.
        let shown = step.changes.iter().filter(|change| change.field != "requiredResourceAccess");
        for field in shown.flat_map(field::lines) {
            line!(out, "        {field}");
        }
    }
}

fn hand_offs(hand_offs: &[HandOff], out: &mut String) {
    if hand_offs.is_empty() {
        return;
    }
    line!(out, "\nFor a person");
    for hand_off in hand_offs {
        let place = match &hand_off.connector {
            Some(connector) => format!("{}/{connector}", hand_off.tenant),
            None => hand_off.tenant.to_string(),
        };
        line!(
            out,
            "  [ ] {place}: {}  ({})",
            printable_sentence(&hand_off.title),
            printable_sentence(&hand_off.who)
        );
        for (label, value) in &hand_off.values {
            line!(out, "        {}: {}", printable(label), printable_whole(value));
        }
        line!(out, "        why: {}", printable_sentence(&hand_off.reason));
    }
}

fn summary(plan: &SavedPlan, out: &mut String) {
    if plan.steps.is_empty() {
        let (nothing, connectors) = ("Nothing to do", plan.in_sync.len());
        match plan.is_blocked() {
            false => {
                line!(out, "\n{nothing}: {connectors} connectors are as the manifests want them.")
            }
            true => line!(
                out,
                "\n{nothing} that may be done: {connectors} connectors in sync, the rest blocked."
            ),
        }
    } else {
        let count = |class| plan.steps.iter().filter(|step| step.class == class).count();
        let classes: Vec<_> =
            [Class::Repair, Class::Maintenance, Class::Change, Class::Widening, Class::Destructive]
                .into_iter()
                .filter(|class| count(*class) > 0)
                .map(|class| format!("{} {class}", count(class)))
                .collect();
        line!(
            out,
            "\nPlan: {} steps ({}); {} connectors in sync.",
            plan.steps.len(),
            classes.join(", "),
            plan.in_sync.len()
        );
    }
    if !plan.hand_offs.is_empty() {
        line!(out, "{} steps are left to a person.", plan.hand_offs.len());
    }
}
