//! Renewal, retirement, and what the tenant's policy and the approval make of a mint.

use time::{Duration, OffsetDateTime};
use zrec_plan::approval::{self, Consented};
use zrec_plan::code;
use zrec_plan::credential::History;
use zrec_plan::desired::{Consent, RetireOld};
use zrec_plan::observed::{AppManagementPolicy, Seen};
use zrec_plan::record::{Evidence, Transition};
use zrec_plan::step::{Action, Class, Verb};

use crate::cloud::{self, present};
use crate::story::Story;
use crate::{NOW, ago};

const DAY: Duration = Duration::DAY;

/// A secret of 180 days, in use.
fn used(
    story: Story,
    number: u128,
    at: OffsetDateTime,
    rest: &[(OffsetDateTime, Transition)],
) -> Story {
    let key_id = uuid::Uuid::from_u128(0xaaaa + number).to_string().parse().unwrap();
    let mut entries =
        vec![(at, Transition::Minted { key_id, end: at + 180 * DAY }), (at, Transition::Seen)];
    entries.extend_from_slice(rest);
    story.record(number, at, &entries).key(0xaaaa + number, Some(number))
}

fn acknowledged(at: OffsetDateTime, evidence: Evidence) -> Vec<(OffsetDateTime, Transition)> {
    vec![(at, Transition::Offered), (at, Transition::Acknowledged { evidence })]
}

#[test]
fn renewal_is_beside_the_old_and_on_time() {
    let by_person = |at| acknowledged(at, Evidence::Operator);
    let rows: [(i32, &[&str]); 5] = [
        (1, &[]),
        (149, &[]),
        (150, &["maintenance mint secret"]),
        (179, &["maintenance mint secret"]),
        (180, &["maintenance mint secret", "maintenance retire secret/C1"]),
    ];
    for (days, steps) in rows {
        let born = ago(days * DAY);
        assert_eq!(used(Story::secret(), 1, born, &by_person(born)).steps(), steps, "{days} days");
    }
    let dark = |days: i32| {
        let born = ago(days * DAY);
        let mut story = used(Story::secret(), 1, born, &by_person(born));
        story.observed.tenants.values_mut().next().unwrap().server_time = None;
        story.steps()
    };
    assert_eq!(dark(200), Vec::<String>::new(), "no clock, no renewal and no sweep");
}

#[test]
fn renewal_is_at_most_half_of_the_actual_life() {
    let mut story = used(Story::secret(), 1, NOW, &[]);
    let record = present(&mut story.connector().records).records[0].clone();
    let history = History::of(&record);
    for (before, expected) in [(30, 150), (90, 90), (170, 90), (0, 180)] {
        assert_eq!(history.renewal(before), Some(NOW + expected * DAY), "{before} days before");
    }
}

#[test]
fn the_old_goes_when_the_new_has_arrived() {
    use {Evidence as E, RetireOld as R};
    let (old, new) = (ago(160 * DAY), ago(5 * DAY));
    let retire: &[&str] = &["maintenance retire secret/C1!"];
    let rows: [(R, Option<E>, &[&str]); 6] = [
        (R::Acknowledged, None, &[]),
        (R::Acknowledged, Some(E::Operator), retire),
        (R::Acknowledged, Some(E::SignInReport), retire),
        (R::Evidence, Some(E::Operator), &[]),
        (R::Evidence, Some(E::SignInReport), retire),
        (R::Expiry, Some(E::SignInReport), &[]),
    ];
    for (retire_old, evidence, steps) in rows {
        let story = used(Story::secret(), 1, old, &acknowledged(old, E::Operator));
        let next = evidence.map_or_else(
            || vec![(new, Transition::Offered)],
            |evidence| acknowledged(new, evidence),
        );
        let mut story = used(story, 2, new, &next);
        story.desired.connectors.values_mut().next().unwrap().client_secret.retire_old = retire_old;
        assert_eq!(story.steps(), steps, "{retire_old:?} {evidence:?}");
        let waits = story.plan().findings.iter().any(|finding| finding.code == code::EXPIRING);
        assert_eq!(waits, evidence.is_none(), "{retire_old:?} {evidence:?}");
    }
    // Offered late, the old one makes its successor not needless.
    let story = used(Story::secret(), 1, old, &[(NOW, Transition::Offered)]);
    assert_eq!(used(story, 2, new, &[]).steps(), Vec::<String>::new());
}

#[test]
fn the_tenants_policy_is_kept() {
    let rows = [
        (true, false, None, Some(180), None),
        (true, false, Some(90), Some(90), Some(code::CAPPED)),
        (false, false, Some(90), None, Some(code::POLICY_REFUSES)),
        (false, false, Some(365), Some(180), None),
        (true, true, None, None, Some(code::POLICY_REFUSES)),
    ];
    for (cap, blocked, longest, days, found) in rows {
        let mut story = Story::secret();
        let tenant = story.observed.tenants.values_mut().next().unwrap();
        tenant.app_management_policy = Seen::Present(AppManagementPolicy {
            enabled: true,
            password_addition_blocked: blocked,
            password_lifetime_days: longest,
            key_lifetime_days: None,
        });
        story.desired.connectors.values_mut().next().unwrap().client_secret.cap_to_policy = cap;
        let plan = story.plan();
        let minted = plan.steps.iter().find_map(|step| match step.action {
            Action::MintCredential { lifetime_days } => Some(lifetime_days),
            _ => None,
        });
        assert_eq!(minted, days, "{cap} {blocked} {longest:?}");
        let mut codes = plan.findings.iter().map(|finding| finding.code);
        let expected = [code::CAPPED, code::POLICY_REFUSES];
        assert_eq!(
            codes.find(|code| expected.contains(code)),
            found,
            "{cap} {blocked} {longest:?}"
        );
    }
}

#[test]
fn a_first_secret_waits_for_consent_and_a_successor_does_not() {
    let goes = |story: &Story| {
        let plan = story.plan();
        assert!(plan.steps.iter().any(|step| step.verb == Verb::Grant));
        let division = approval::by_class(&plan, Consented::default());
        division.go.iter().any(|step| step.verb == Verb::Mint)
    };
    let mut first = Story::secret();
    present(&mut first.connector().role_grants).pop();
    assert!(!goes(&first), "a grant is held");
    let old = ago(160 * DAY);
    let mut next = used(Story::secret(), 1, old, &acknowledged(old, Evidence::Operator));
    present(&mut next.connector().role_grants).pop();
    assert!(goes(&next), "what works must not end because a grant is held");
    let mut handed_off = Story::secret();
    present(&mut handed_off.connector().role_grants).pop();
    handed_off.desired.tenants.values_mut().next().unwrap().consent = Consent::HandOff;
    assert_eq!(handed_off.steps(), ["maintenance mint secret"]);
}

#[test]
fn what_was_revoked_stays_on_the_books_until_it_has_a_successor() {
    let old = ago(DAY);
    let mut story = used(Story::secret(), 1, old, &acknowledged(old, Evidence::Operator));
    present(&mut story.connector().application).credentials.clear();
    let plan = story.plan();
    assert_eq!(plan.privileges.len(), 1, "a successor is a privilege gained");
    let division = approval::by_class(&plan, Consented::default());
    assert!(division.go.is_empty(), "{:?}", division.go);
    let yes = Consented { widening: true, ..Consented::default() };
    let division = approval::by_class(&plan, yes);
    assert_eq!(division.go.len(), 2);
    cloud::apply(&division.go, &story.desired, &mut story.observed);
    assert_eq!(story.steps(), Vec::<String>::new());
    // However long nobody answers, it stays widening.
    for days in [30, 179, 181, 200] {
        let old = ago(days * DAY);
        let mut story = used(Story::secret(), 1, old, &acknowledged(old, Evidence::Operator));
        present(&mut story.connector().application).credentials.clear();
        let mints = story.plan().steps.into_iter().filter(|step| step.verb == Verb::Mint);
        assert_eq!(mints.map(|step| step.class).collect::<Vec<_>>(), [Class::Widening], "{days}");
    }
}

#[test]
fn a_record_of_a_dead_application_says_nothing_of_its_heir() {
    let mut story = used(Story::secret(), 1, ago(DAY), &acknowledged(ago(DAY), Evidence::Operator));
    let application = present(&mut story.connector().application);
    application.credentials.clear();
    application.app_id = uuid::Uuid::from_u128(7).to_string().parse().unwrap();
    assert_eq!(story.steps(), ["maintenance mint secret"]);
}
