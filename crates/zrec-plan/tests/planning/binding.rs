//! Saved plans: what they bind an apply to, and what stops only its own connector.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use zrec_plan::approval::Division;
use zrec_plan::binding::Binding;
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::observed::{Observed, Seen};
use zrec_plan::plan::{Plan, plan};
use zrec_plan::plan_file::{self, LIFETIME, PLAN_SCHEMA, PlanFile, Scope, Unreadable};
use zrec_plan::render::{self, Style};
use zrec_plan::safety::Limits;
use zrec_plan::step::{Class, Step, Verb};

use crate::{SEVEN, cloud, desired, weather};

fn noon() -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(1_795_435_200).unwrap()
}

fn plan_all(desired: &Desired, observed: &Observed) -> Plan {
    let limits = Limits { max_removal_percent: 100, ..Limits::default() };
    plan(desired, observed, Catalog::built_in(), &limits)
}

/// The file of a plan, through its text.
fn saved(desired: &Desired, observed: &Observed) -> PlanFile {
    let plan = plan_all(desired, observed);
    let scope = Scope { max_removals: 100, ..Scope::default() };
    let file = PlanFile::of(&plan, desired, Catalog::built_in(), scope, "0.1.0", noon());
    let read = plan_file::read(file.text().as_bytes()).unwrap();
    assert_eq!(read, file, "what was written is what is read");
    read
}

fn divide(file: &PlanFile, desired: &Desired, observed: &Observed) -> Division {
    Binding::new(file, desired).divide(&plan_all(desired, observed))
}

fn connectors(steps: &[Step]) -> BTreeSet<String> {
    steps.iter().filter_map(|step| Some(step.connector.as_ref()?.to_string())).collect()
}

fn drifted() -> (Desired, Observed) {
    let desired = desired(&SEVEN);
    let mut observed = cloud::synced(&desired);
    for gust in 0..40 {
        weather::gust(gust * 7, &mut observed, &desired);
    }
    (desired, observed)
}

fn blocked() -> (Desired, Observed) {
    let desired = desired(&["exchange", "mip"]);
    let mut observed = cloud::synced(&desired);
    let connector = observed.connectors.values_mut().next().unwrap();
    let Seen::Present(owners) = &mut connector.owners else { panic!() };
    owners.insert("99999999-0000-4000-8000-000000000009".parse().unwrap());
    (desired, observed)
}

fn from_nothing() -> (Desired, Observed) {
    let desired = desired(&SEVEN);
    let observed = cloud::empty(&desired);
    (desired, observed)
}

#[test]
fn plan_files_are_as_their_schema_says() {
    let schema: Value = serde_json::from_str(PLAN_SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (desired, observed) in [from_nothing(), drifted(), blocked()] {
        let file = saved(&desired, &observed);
        let errors: Vec<_> =
            validator.iter_errors(&json!(file)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let (desired, observed) = blocked();
    assert!(saved(&desired, &observed).plan.is_blocked());
}

/// Puts a value at a JSON pointer; the last part may be new.
fn put(document: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    document.pointer_mut(parent).unwrap()[key] = value;
}

#[test]
fn what_is_not_a_plan_file_is_refused() {
    let (desired, observed) = from_nothing();
    let text = saved(&desired, &observed).text();
    let whole: Value = serde_json::from_str(&text).unwrap();
    let rows = [
        ("/extra", json!(1), "extra"),
        ("/plan/extra", json!(1), "extra"),
        ("/plan/steps/0/action", json!({}), "action"),
        ("/plan/steps/0/class", json!("harmless"), "harmless"),
        ("/plan/steps/0/kind", json!("quantum-gate"), "quantum-gate"),
        ("/plan/steps/0/tenantId", json!("not-a-guid"), "not-a-guid"),
        ("/plan/steps/0/connector", json!("\u{1b}[31mteams"), "u001b"),
        ("/plan/steps/0/before", json!("short"), "short"),
        ("/plan/tenants/0/cloud", json!("moon"), "moon"),
        ("/createdAt", json!("yesterday"), "yesterday"),
        ("/scope/maxRemovals", json!(101), "101"),
        ("/schemaVersion", json!(2), "schemaVersion is 2"),
        ("/kind", json!("Catalog"), "not a saved plan"),
    ];
    for (pointer, value, expected) in rows {
        let mut document = whole.clone();
        put(&mut document, pointer, value);
        let error = plan_file::read(document.to_string().as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{pointer}: {error}");
        assert!(!error.chars().any(char::is_control), "{error:?}");
    }
    for cut in [0, 1, text.len() / 2, text.len() - 3] {
        let error = plan_file::read(&text.as_bytes()[..cut]).unwrap_err();
        assert!(matches!(error, Unreadable::NotJson(_)), "{cut}: {error}");
    }
    let twice = text.replacen('{', "{\n  \"set\": \"other\",", 1);
    assert!(plan_file::read(twice.as_bytes()).unwrap_err().to_string().contains("duplicate"));
    let error = plan_file::read(&vec![b' '; plan_file::LARGEST + 1]).unwrap_err();
    assert_eq!(error, Unreadable::TooLarge);
    let report = render::json(&plan_all(&desired, &observed)).to_string();
    let error = plan_file::read(report.as_bytes()).unwrap_err();
    assert!(matches!(error, Unreadable::NotAPlan(_)), "{error}");
}

#[test]
fn a_plan_lives_three_days() {
    let (desired, observed) = blocked();
    let file = saved(&desired, &observed);
    let rows = [
        (Duration::ZERO, true),
        (LIFETIME, true),
        (LIFETIME + Duration::SECOND, false),
        (Duration::minutes(-5), true),
        (Duration::minutes(-6), false),
    ];
    for (age, timely) in rows {
        assert_eq!(file.untimely(noon() + age).is_none(), timely, "{age}");
    }
}

#[test]
fn show_says_what_plan_says() {
    for (desired, observed) in [from_nothing(), drifted(), blocked()] {
        let plan = plan_all(&desired, &observed);
        let file = saved(&desired, &observed);
        assert_eq!(
            render::saved_text(&file.plan, Style::default()),
            render::text(&plan, Style::default())
        );
        assert_eq!(render::saved_markdown(&file.plan, ""), render::markdown(&plan));
    }
}

#[test]
fn an_edited_file_prints_harmlessly() {
    let (desired, observed) = from_nothing();
    let mut file = saved(&desired, &observed);
    let hostile = "\u{1b}[31m\n\u{202e}<img src=x> [x](y) `";
    file.plan.steps[0].summary = hostile.to_owned();
    file.plan.privileges[0].sentence = hostile.to_owned();
    let text = render::saved_text(&file.plan, Style::default());
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
    let markdown = render::saved_markdown(&file.plan, "");
    assert!(markdown.contains("\\<img") && markdown.contains("\\[x]"), "outside of spans");
}

#[test]
fn only_the_approved_and_our_own_upkeep_is_done() {
    let (desired, observed) = from_nothing();
    let file = saved(&desired, &observed);
    let base = plan_all(&desired, &observed);
    // The class of a step that nobody approved: does it go, and does the rest of its connector?
    let rows = [
        (Class::Repair, true, true),
        (Class::Maintenance, true, true),
        (Class::Change, false, false),
        (Class::Widening, false, false),
        (Class::Destructive, false, false),
    ];
    for (class, goes, rest_goes) in rows {
        let mut now = base.clone();
        let teams = Some("teams".into());
        let index = now.steps.iter().rposition(|step| step.connector == teams).unwrap();
        let mut extra = now.steps[index].clone();
        extra.key = "something/else".to_owned();
        extra.class = class;
        now.steps.insert(index + 1, extra.clone());
        let division = Binding::new(&file, &desired).divide(&now);
        assert_eq!(division.go.contains(&extra), goes, "{class}");
        assert_eq!(division.go.contains(&now.steps[index]), rest_goes, "{class}");
        assert_eq!(division.conflicts.len(), usize::from(!goes), "{class}");
        let others = connectors(&division.go);
        assert_eq!(others.len(), if goes { 7 } else { 6 }, "{class}: the others go on");
    }
}

#[test]
fn other_manifests_stop_only_their_connector() {
    let (desired, observed) = from_nothing();
    let file = saved(&desired, &observed);
    let teams = |desired: &mut Desired| {
        let id = desired.connectors.keys().find(|id| id.connector.as_str() == "teams").cloned();
        id.unwrap()
    };
    let mut edited = desired.clone();
    let id = teams(&mut edited);
    // Nothing that a step shows today, and still not what was reviewed.
    edited.connectors.get_mut(&id).unwrap().client_secret.lifetime_days += 1;
    let division = divide(&file, &edited, &observed);
    assert_eq!(division.conflicts.len(), 1);
    assert_eq!(division.conflicts[0].connector, Some("teams".into()));
    let text = division.conflicts[0].text();
    assert!(text.contains("- approved: its manifest, digest"), "{text}");
    assert!(text.contains("+ needed:   its manifest, digest"), "{text}");
    assert_eq!(connectors(&division.go).len(), 6);

    let mut removed = desired.clone();
    let id = teams(&mut removed);
    removed.connectors.remove(&id);
    let text = divide(&file, &removed, &observed).conflicts[0].text();
    assert!(text.contains("no manifest asks for it"), "{text}");
}

#[test]
fn a_renamed_tenant_and_a_moved_line_are_no_difference() {
    let (desired, observed) = from_nothing();
    let file = saved(&desired, &observed);
    let mut moved = desired.clone();
    for connector in moved.connectors.values_mut() {
        connector.written_at = "elsewhere.yaml:99".to_owned();
    }
    let division = divide(&file, &moved, &observed);
    assert!(division.conflicts.is_empty() && division.held.is_empty());
    for named_after in [true, false] {
        let renamed = rename(&desired, named_after);
        let division = divide(&file, &renamed, &cloud::empty(&renamed));
        assert!(division.conflicts.is_empty(), "{:#?}", division.conflicts);
        assert_eq!(division.go.len(), file.plan.steps.len());
    }
}

fn rename(desired: &Desired, named_after: bool) -> Desired {
    let mut renamed = desired.clone();
    renamed.tenants.clear();
    renamed.connectors.clear();
    for mut tenant in desired.tenants.values().cloned() {
        tenant.name = "fabrikam".into();
        renamed.tenants.insert(tenant.name.clone(), tenant);
    }
    for mut connector in desired.connectors.values().cloned() {
        connector.id.tenant = "fabrikam".into();
        if named_after {
            connector.tenant_name = connector.tenant_name.replace("contoso", "fabrikam");
        }
        renamed.connectors.insert(connector.id.clone(), connector);
    }
    renamed
}

#[test]
fn both_sides_of_a_difference_are_shown() {
    let desired = desired(&["exchange", "teams"]);
    let mut observed = cloud::synced(&desired);
    let exchange = observed.connectors.values_mut().next().unwrap();
    let Seen::Present(application) = &mut exchange.application else { panic!() };
    application.display_name = "Then".to_owned();
    let file = saved(&desired, &observed);
    let exchange = observed.connectors.values_mut().next().unwrap();
    let Seen::Present(application) = &mut exchange.application else { panic!() };
    application.display_name = "Now\u{1b}".to_owned();
    let division = divide(&file, &desired, &observed);
    assert!(division.go.is_empty());
    let text = division.conflicts[0].text();
    assert!(text.contains("- approved: change update application"), "{text}");
    assert!(text.contains("\"Then\" ->") && text.contains("\"Now\\u001b\" ->"), "{text}");
}

#[test]
fn an_object_of_the_tenant_stops_only_what_rests_on_it() {
    let desired = desired(&["exchange", "teams"]);
    let mut observed = cloud::empty(&desired);
    let file = saved(&desired, &observed);
    let tenant = observed.tenants.values_mut().next().unwrap();
    let management = Catalog::built_in().find(&"office-365-management".into(), "ActivityFeed.Read");
    let api = management.first().unwrap().key.resource_app_id;
    tenant.resource_principals.insert(api, Seen::Absent);
    tenant.caller = match tenant.caller.clone() {
        Seen::Present(mut caller) => {
            caller.roles.insert("Application.ReadWrite.All".to_owned());
            Seen::Present(caller)
        }
        other => other,
    };
    let division = divide(&file, &desired, &observed);
    assert_eq!(division.conflicts.len(), 1, "{:#?}", division.conflicts);
    assert_eq!(division.conflicts[0].connector, None);
    let held: BTreeSet<_> = division.held.iter().map(|held| held.step.verb).collect();
    assert_eq!(held, BTreeSet::from([Verb::Create, Verb::Grant, Verb::Mint]));
    assert!(
        division.held.len() <= 4,
        "the principal, the grants of its API, and what waits for them"
    );
    assert_eq!(connectors(&division.go).len(), 2);
}

fn any_cloud() -> impl Strategy<Value = (Desired, Observed)> {
    let apps = proptest::sample::subsequence(SEVEN.to_vec(), 1..=3);
    (apps, proptest::collection::vec(any::<u32>(), 0..8), any::<bool>()).prop_map(
        |(apps, gusts, fresh)| {
            let desired = desired(&apps);
            let mut observed = if fresh { cloud::empty(&desired) } else { cloud::synced(&desired) };
            for gust in gusts {
                weather::gust(gust, &mut observed, &desired);
            }
            (desired, observed)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// After any prefix of a saved plan, the file finishes it.
    #[test]
    fn a_half_done_plan_can_be_finished((desired, observed) in any_cloud(), cut in 0usize..60) {
        let file = saved(&desired, &observed);
        let mut observed = observed;
        let first = divide(&file, &desired, &observed);
        prop_assert!(first.held.is_empty(), "{:#?}", first.held);
        cloud::apply(&first.go[..cut.min(first.go.len())], &desired, &mut observed);
        let rest = divide(&file, &desired, &observed);
        prop_assert!(rest.held.is_empty() && rest.conflicts.is_empty(), "{:#?}", rest);
        cloud::apply(&rest.go, &desired, &mut observed);
        prop_assert_eq!(plan_all(&desired, &observed).steps, vec![]);
    }

    /// What happens to one connector after approval, at any point of the work, stops at most that
    /// connector; and nothing outside of the file is done but repair and maintenance.
    #[test]
    fn a_gust_stops_only_its_own_connector(
        (desired, observed) in any_cloud(),
        cut in 0usize..60,
        // 12 and 13 let time pass, which happens to every connector.
        gusts in proptest::collection::vec(prop_oneof![0u32..12, 14u32..24], 1..4),
        which in 0usize..3,
    ) {
        let file = saved(&desired, &observed);
        let ids: BTreeSet<_> = file.plan.steps.iter().map(|step| step.id()).collect();
        let mut observed = observed;
        let first = divide(&file, &desired, &observed);
        cloud::apply(&first.go[..cut.min(first.go.len())], &desired, &mut observed);
        let count = observed.connectors.len() as u32;
        let which = which as u32 % count;
        for gust in gusts {
            weather::gust(gust + 24 * which, &mut observed, &desired);
        }
        let hit = observed.connectors.keys().nth(which as usize).unwrap().connector.clone();
        let now = plan_all(&desired, &observed);
        let division = divide(&file, &desired, &observed);
        for step in &division.go {
            let upkeep = matches!(step.class, Class::Repair | Class::Maintenance);
            prop_assert!(upkeep || ids.contains(&step.id()), "unreviewed: {step:?}");
        }
        for held in &division.held {
            prop_assert_eq!(held.step.connector.as_ref(), Some(&hit));
        }
        for conflict in &division.conflicts {
            prop_assert_eq!(conflict.connector.as_ref(), Some(&hit));
        }
        prop_assert_eq!(division.go.len() + division.held.len(), now.steps.len());
        let stopped = !division.conflicts.is_empty();
        let own = division.go.iter().filter(|step| step.connector.as_ref() == Some(&hit));
        for step in own.filter(|_| stopped) {
            prop_assert_eq!(step.class, Class::Repair, "only repair: {:?} {:?}", Verb::Repair, step);
        }
    }
}
