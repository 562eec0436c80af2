//! Approval: which steps of a plan may be done, and why the others are held.
//!
//! With A = approved and N = needed now, compared by [`StepId`]: what is in both is done; repair
//! and maintenance outside of A are done and said; anything else in N alone is held.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::binding::Conflict;
use crate::kind::Kind;
use crate::plan::Plan;
use crate::step::{Action, Class, Digest, Phase, Step, StepId, Verb};

/// What the operator has said yes to, by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consented {
    /// `--allow-widening`.
    pub widening: bool,
    /// `--prune`.
    pub destructive: bool,
    /// `--only maintenance`: nothing but repair and maintenance.
    pub only_maintenance: bool,
}

/// Steps that were approved, whoever approved them.
pub type Approved = BTreeSet<StepId>;

/// A step that is not done, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// The step.
    pub step: Step,
    /// Why, and what would let it through.
    pub why: String,
}

/// A plan, divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Division {
    /// To be done, in the order of work.
    pub go: Vec<Step>,
    /// Not to be done.
    pub held: Vec<Held>,
    /// Where a saved plan and what is needed now differ; empty without a saved plan.
    pub conflicts: Vec<Conflict>,
}

/// Divides a plan by the classes that the operator has consented to.
///
/// On an emulated tenant nothing is real, and widening needs no flag.
pub fn by_class(plan: &Plan, consented: Consented) -> Division {
    let emulated: BTreeSet<_> =
        plan.tenants.iter().filter(|tenant| tenant.emulated).map(|tenant| &tenant.name).collect();
    divide(plan, |step| match step.class {
        Class::Repair | Class::Maintenance => None,
        _ if consented.only_maintenance => Some("not maintenance".to_owned()),
        Class::Change => None,
        Class::Widening if consented.widening || emulated.contains(&step.tenant) => None,
        Class::Widening => Some("widens access; needs --allow-widening".to_owned()),
        Class::Destructive if consented.destructive => None,
        Class::Destructive => Some("removes what works; needs --prune".to_owned()),
    })
}

/// Divides a later plan of the same run by what was approved for the first.
pub fn by_approval(plan: &Plan, approved: &Approved) -> Division {
    divide(plan, |step| match step.class {
        Class::Repair | Class::Maintenance => None,
        _ if approved.contains(&step.id()) => None,
        _ => Some("not in the approved plan; plan again".to_owned()),
    })
}

pub(crate) fn divide(plan: &Plan, verdict: impl Fn(&Step) -> Option<String>) -> Division {
    let mut division = Division::default();
    for step in &plan.steps {
        match verdict(step).or_else(|| waits_for(step, &division.held)) {
            None => division.go.push(step.clone()),
            Some(why) => division.held.push(Held { step: step.clone(), why }),
        }
    }
    division
}

/// Why a step cannot go while another of its connector (or tenant) is held.
fn waits_for(step: &Step, held: &[Held]) -> Option<String> {
    held.iter()
        .map(|held| &held.step)
        .find(|other| depends(step, other))
        .map(|other| format!("waits for: {} {} {}", other.verb, other.kind, other.summary))
}

/// Whether `step` makes no sense before `other` was done.
pub fn depends(step: &Step, other: &Step) -> bool {
    if step.tenant != other.tenant || step.level() <= other.level() {
        return false;
    }
    if let Action::CreateResourcePrincipal { app_id } = other.action {
        return match &step.action {
            Action::GrantRole { permission } => permission.resource_app_id == app_id,
            Action::GrantScopes { resource_app_id, .. } => *resource_app_id == app_id,
            _ => false,
        };
    }
    if step.connector != other.connector {
        return false;
    }
    match (other.kind, other.verb) {
        (Kind::Application, Verb::Create | Verb::Restore | Verb::Adopt) => true,
        (Kind::Application, Verb::Revoke) => other.phase == Phase::Restore,
        (Kind::ServicePrincipal, Verb::Create) => step.kind == Kind::Consent,
        // Declared before granted.
        (Kind::Application, Verb::Update) => {
            other.key == "application/declaration" && step.verb == Verb::Grant
        }
        // Revoked before it leaves the declaration.
        (Kind::Consent, Verb::Revoke) => step.key == "application/declaration",
        // The first credential waits for consent. A successor does not: what works must not end
        // because a new permission waits for its review.
        (Kind::Consent, Verb::Grant) => step.verb == Verb::Mint && step.before == Digest::absent(),
        // What was removed by hand stays on the books until it has a successor.
        (Kind::ClientSecret | Kind::Certificate, Verb::Mint) => {
            step.kind == other.kind && matches!(step.action, Action::AbortCredential { .. })
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(kind: Kind, verb: Verb, phase: Phase, class: Class) -> Step {
        Step {
            tenant: "contoso".into(),
            tenant_id: "3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11".parse().unwrap(),
            connector: Some("teams".into()),
            phase,
            kind,
            key: "application/declaration".to_owned(),
            verb,
            class,
            summary: String::new(),
            changes: Vec::new(),
            reason: String::new(),
            action: Action::RemoveCertificates,
            before: Digest::absent(),
            after: Digest::absent(),
            needs_settled: false,
        }
    }

    fn plan(steps: Vec<Step>) -> Plan {
        Plan {
            set: "acme".into(),
            tenants: Vec::new(),
            privileges: Vec::new(),
            findings: Vec::new(),
            steps,
            hand_offs: Vec::new(),
            in_sync: Vec::new(),
        }
    }

    #[test]
    fn what_waits_for_a_held_step_is_held() {
        let revoke = step(Kind::Consent, Verb::Revoke, Phase::Revoke, Class::Destructive);
        let undeclare = step(Kind::Application, Verb::Revoke, Phase::Revoke, Class::Change);
        let division = by_class(&plan(vec![revoke, undeclare]), Consented::default());
        assert!(division.go.is_empty());
        assert_eq!(division.held.len(), 2);
        assert!(division.held[1].why.starts_with("waits for"));
    }

    #[test]
    fn classes_need_their_flags() {
        let rows = [
            (Class::Repair, false, false, true),
            (Class::Maintenance, false, false, true),
            (Class::Change, false, false, true),
            (Class::Widening, false, true, false),
            (Class::Widening, true, false, true),
            (Class::Destructive, true, false, false),
            (Class::Destructive, false, true, true),
        ];
        for (class, widening, destructive, goes) in rows {
            let plan = plan(vec![step(Kind::Consent, Verb::Grant, Phase::Write, class)]);
            let consented = Consented { widening, destructive, only_maintenance: false };
            assert_eq!(by_class(&plan, consented).go.len() == 1, goes, "{class}");
        }
    }

    #[test]
    fn only_what_was_approved_is_done_later() {
        let granted = step(Kind::Consent, Verb::Grant, Phase::Write, Class::Widening);
        let repair = step(Kind::Application, Verb::Bind, Phase::Write, Class::Repair);
        let plan = plan(vec![granted.clone(), repair]);
        assert_eq!(by_approval(&plan, &Approved::new()).go.len(), 1);
        assert_eq!(by_approval(&plan, &Approved::from([granted.id()])).go.len(), 2);
    }
}
