//! The planner against a model of the cloud: what it plans, done, leaves nothing to plan.
#![allow(clippy::unwrap_used, clippy::too_many_lines, reason = "a test fails by panicking")]

use proptest::prelude::*;
use zrec_plan::approval::{self, Approved, Consented};
use zrec_plan::catalog::Catalog;
use zrec_plan::code;
use zrec_plan::desired::{Adopt, Desired, SignInAudience};
use zrec_plan::finding::Effect;
use zrec_plan::observed::{Observed, Refusal, Seen};
use zrec_plan::plan::{Plan, plan};
use zrec_plan::render::{self, BUDGET, Style};
use zrec_plan::safety::Limits;
use zrec_plan::step::{Class, Step, Verb};

#[path = "planning/binding.rs"]
mod binding;
#[path = "planning/cloud.rs"]
mod cloud;
#[path = "planning/credentials.rs"]
mod credentials;
#[path = "planning/set.rs"]
mod set;
#[path = "planning/weather.rs"]
mod weather;

fn plan_now(desired: &Desired, observed: &Observed) -> Plan {
    plan(desired, observed, Catalog::built_in(), &Limits::default())
}

fn all(plan: &Plan) -> Vec<Step> {
    let yes = Consented { widening: true, destructive: true, only_maintenance: false };
    let division = approval::by_class(plan, yes);
    assert!(division.held.is_empty(), "{:?}", division.held);
    division.go
}

use set::desired;

const SEVEN: [&str; 7] =
    ["azure-blob", "copilot", "exchange", "mip", "onedrive", "sharepoint", "teams"];

#[test]
fn from_nothing_every_application_is_planned_and_then_nothing_is() {
    let desired = desired(&SEVEN);
    let mut observed = cloud::empty(&desired);
    let first = plan_now(&desired, &observed);
    let grants = first.steps.iter().filter(|step| step.verb == Verb::Grant).count();
    assert_eq!(grants, 76, "the guide's 76 rows");
    assert!(first.has(Class::Widening) && !first.has(Class::Destructive));
    cloud::apply(&all(&first), &desired, &mut observed);
    let second = plan_now(&desired, &observed);
    assert_eq!(second.steps, []);
    assert_eq!(second.in_sync.len(), 7);
}

#[test]
fn declaration_comes_before_grants_and_revocation_before_both() {
    let desired = desired(&["exchange"]);
    let mut observed = cloud::synced(&desired);
    let connector = observed.connectors.values_mut().next().unwrap();
    weather::swap_a_permission(connector, &desired);
    let plan = plan_now(&desired, &observed);
    let order: Vec<_> = plan.steps.iter().map(|step| (step.verb, step.key.as_str())).collect();
    assert_eq!(
        order,
        [
            (Verb::Update, "application/declaration"),
            (Verb::Grant, "microsoft-graph/Role/AuditLog.Read.All"),
            (Verb::Revoke, "microsoft-graph/Role/Chat.Read.All"),
            (Verb::Revoke, "application/declaration"),
        ]
    );
}

#[test]
fn what_is_not_seen_is_not_gone() {
    let desired = desired(&["exchange", "mip"]);
    let dark = || Refusal {
        what: "it".to_owned(),
        reason: "403".to_owned(),
        missing_permission: Some("Application.Read.All".to_owned()),
    };
    let mut observed = cloud::empty(&desired);
    observed.connectors.values_mut().next().unwrap().application = Seen::Unreadable(dark());
    let plan = plan_now(&desired, &observed);
    let touched: std::collections::BTreeSet<_> = plan
        .steps
        .iter()
        .filter_map(|step| step.connector.as_ref())
        .map(|name| name.as_str())
        .collect();
    assert_eq!(touched.into_iter().collect::<Vec<_>>(), ["mip"], "the other one goes on");
    let finding = plan.findings.iter().find(|finding| finding.code == code::UNREADABLE).unwrap();
    assert!(finding.hint.contains("Application.Read.All"));
}

#[test]
fn what_is_only_advisory_is_said_once_and_blocks_nothing() {
    let desired = desired(&["exchange", "mip"]);
    let mut observed = cloud::synced(&desired);
    for (number, connector) in observed.connectors.values_mut().enumerate() {
        connector.directory_roles = Seen::Unreadable(Refusal {
            what: "the service principals' directory roles".to_owned(),
            reason: format!("403 (request {number})"),
            missing_permission: Some("Directory.Read.All".to_owned()),
        });
    }
    let plan = plan_now(&desired, &observed);
    assert_eq!((plan.steps.len(), plan.in_sync.len(), plan.findings.len()), (0, 2, 1));
    assert_eq!(plan.findings[0].code, code::UNKNOWN);
}

#[test]
fn a_squatted_key_is_narrowed_and_never_widened() {
    let desired = desired(&["exchange"]);
    let mut observed = cloud::synced(&desired);
    let connector = observed.connectors.values_mut().next().unwrap();
    weather::swap_a_permission(connector, &desired);
    let Seen::Present(owners) = &mut connector.owners else { panic!() };
    owners.insert("99999999-0000-4000-8000-000000000009".parse().unwrap());
    let plan = plan_now(&desired, &observed);
    assert!(plan.steps.iter().all(|step| step.verb == Verb::Revoke), "{:?}", plan.steps);
    assert_eq!(plan.steps.len(), 2);
    assert!(plan.findings.iter().any(|finding| finding.effect == Effect::BlocksWidening));
}

#[test]
fn a_foreign_owner_may_be_accepted_by_adoption() {
    let mut desired = desired(&["exchange"]);
    let mut observed = cloud::synced(&desired);
    let connector = observed.connectors.values_mut().next().unwrap();
    let Seen::Present(owners) = &mut connector.owners else { panic!() };
    owners.insert("99999999-0000-4000-8000-000000000009".parse().unwrap());
    let app_id = connector.application.present().unwrap().app_id;
    desired.connectors.values_mut().next().unwrap().adopt = Some(Adopt::AppId(app_id));
    assert!(!plan_now(&desired, &observed).is_blocked());
}

#[test]
fn audience_narrows_last_and_widens_by_name() {
    let mut desired = desired(&["copilot"]);
    let observed = cloud::synced(&desired);
    desired.connectors.values_mut().next().unwrap().sign_in_audience = SignInAudience::MyOrg;
    let narrowed = plan_now(&desired, &observed);
    assert_eq!(narrowed.steps[0].class, Class::Destructive);
    let mut observed = observed;
    cloud::apply(&all(&narrowed), &desired, &mut observed);
    desired.connectors.values_mut().next().unwrap().sign_in_audience = SignInAudience::MultipleOrgs;
    assert_eq!(plan_now(&desired, &observed).steps[0].class, Class::Widening);
}

#[test]
fn too_many_removals_are_held() {
    let mut desired = desired(&["teams"]);
    let observed = cloud::synced(&desired);
    desired
        .connectors
        .values_mut()
        .next()
        .unwrap()
        .permissions
        .retain(|_, wanted| wanted.actions.iter().any(|action| action.as_str() == "block-message"));
    let plan = plan_now(&desired, &observed);
    assert!(!plan.has(Class::Destructive));
    assert!(plan.findings.iter().any(|finding| finding.code == code::THRESHOLD));
    let limits = Limits { max_removal_percent: 100, ..Limits::default() };
    let meant = zrec_plan::plan::plan(&desired, &observed, Catalog::built_in(), &limits);
    assert!(meant.has(Class::Destructive));
}

fn any_cloud() -> impl Strategy<Value = (Desired, Observed)> {
    let apps = proptest::sample::subsequence(SEVEN.to_vec(), 1..=3);
    (apps, proptest::collection::vec(any::<u32>(), 0..20)).prop_map(|(apps, gusts)| {
        let desired = desired(&apps);
        let mut observed = cloud::synced(&desired);
        for gust in gusts {
            weather::gust(gust, &mut observed, &desired);
        }
        (desired, observed)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    /// Whatever happened to the cloud, what is planned leaves nothing to plan.
    #[test]
    fn planning_converges((desired, mut observed) in any_cloud()) {
        let limits = Limits { max_removal_percent: 100, ..Limits::default() };
        let first = plan(&desired, &observed, Catalog::built_in(), &limits);
        cloud::apply(&all(&first), &desired, &mut observed);
        let second = plan(&desired, &observed, Catalog::built_in(), &limits);
        prop_assert_eq!(second.steps, vec![]);
    }

    /// After any prefix of an approved plan, the rest is part of what was approved.
    #[test]
    fn every_prefix_can_be_finished((desired, observed) in any_cloud(), cut in 0usize..40) {
        let limits = Limits { max_removal_percent: 100, ..Limits::default() };
        let first = plan(&desired, &observed, Catalog::built_in(), &limits);
        let steps = all(&first);
        let approved: Approved = steps.iter().map(Step::id).collect();
        let mut observed = observed;
        cloud::apply(&steps[..cut.min(steps.len())], &desired, &mut observed);
        let rest = plan(&desired, &observed, Catalog::built_in(), &limits);
        let division = approval::by_approval(&rest, &approved);
        prop_assert!(division.held.is_empty(), "held: {:#?}", division.held);
        cloud::apply(&division.go, &desired, &mut observed);
        let last = plan(&desired, &observed, Catalog::built_in(), &limits);
        prop_assert_eq!(last.steps, vec![]);
    }

    /// The same arguments give the same bytes, and no report breaks its bounds.
    #[test]
    fn reports_are_stable_and_bounded((desired, observed) in any_cloud()) {
        let (a, b) = (plan_now(&desired, &observed), plan_now(&desired, &observed));
        prop_assert_eq!(render::json(&a).to_string(), render::json(&b).to_string());
        let text = render::text(&a, Style::default());
        prop_assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
        prop_assert!(render::markdown(&a).len() < BUDGET);
    }
}
