//! Keys and records that are not where they should be; one row for each.

use time::Duration;
use zrec_plan::code;
use zrec_plan::credential::{Subject, offerable};
use zrec_plan::desired::Adopt;
use zrec_plan::observed::{ObservedConnector, Refusal, Seen};
use zrec_plan::record::{CredentialKind, Evidence, Transition};
use zrec_plan::step::{Class, Verb};

use crate::cloud::present;
use crate::story::{
    DAY, HOUR, KEY, OTHER, Story, acknowledged, check, minted, name, offered, seen,
};
use crate::{NOW, ago};

#[test]
fn secrets_that_are_not_where_they_should_be() {
    let (young, old) = (ago(29 * Duration::MINUTE), ago(HOUR));
    let lost = ["repair repair secret/C1/aborted!", "maintenance mint secret!"];
    let story = Story::secret;
    check("not visible yet", story().record(1, young, &[minted(1, young)]), &[], &[code::SETTLING]);
    check("never came to sight", story().record(1, old, &[minted(1, old)]), &lost, &[code::LOST]);
    check(
        "the clock is not known",
        story().record(1, old, &[minted(1, old)]).without_clock(),
        &[],
        &[code::SETTLING],
    );
    check(
        "vanished, and nobody had it",
        story().record(1, old, &[minted(1, old), seen(old)]),
        &lost,
        &[code::LOST],
    );
    check(
        "revoked by hand",
        story().record(1, old, &[minted(1, old), seen(old), offered(old), acknowledged(old)]),
        &["widening mint secret!", "repair repair secret/C1/aborted!"],
        &[code::REVOKED_BY_HAND],
    );
    check(
        "revoked by hand, with a younger one in its place",
        story()
            .record(1, ago(DAY), &[minted(1, ago(DAY)), seen(ago(DAY)), offered(ago(DAY))])
            .record(2, old, &[minted(2, old), seen(old)])
            .key(KEY + 2, Some(2)),
        &["repair repair secret/C1/aborted!"],
        &[code::REVOKED_BY_HAND],
    );
    check(
        "a younger one revoked by hand while the old one lives",
        story()
            .record(
                1,
                ago(DAY),
                &[minted(1, ago(DAY)), seen(ago(DAY)), offered(ago(DAY)), acknowledged(ago(DAY))],
            )
            .key(KEY + 1, Some(1))
            .record(2, old, &[minted(2, old), seen(old), offered(old)]),
        &[],
        &[code::REVOKED_BY_HAND],
    );
}

#[test]
fn keys_and_entries_that_come_twice() {
    let (young, old) = (ago(29 * Duration::MINUTE), ago(HOUR));
    let story = Story::secret;
    check(
        "two keys of one name: the stored one stays",
        story()
            .record(1, old, &[minted(1, old), seen(old)])
            .key(KEY + 1, Some(1))
            .key(OTHER + 1, Some(1)),
        &["repair repair secret/C1/key/X1!"],
        &[],
    );
    check(
        "entries in any order, some twice",
        story()
            .record(1, old, &[seen(old), minted(1, old), seen(young), minted(1, old)])
            .key(KEY + 1, None),
        &[],
        &[],
    );
    check(
        "a retired one shows up",
        story()
            .record(1, ago(DAY), &[minted(1, ago(DAY)), seen(ago(DAY)), (old, Transition::Retired)])
            .key(KEY + 1, Some(1))
            .record(2, old, &[minted(2, old), seen(old)])
            .key(KEY + 2, Some(2)),
        &["repair repair secret/C1/key/K1"],
        &[],
    );
}

#[test]
fn the_wrong_store_removes_nothing() {
    let story = Story::secret().key(KEY + 1, Some(1)).key(OTHER + 1, None);
    check("all keys unrecorded", story, &[], &[code::FOREIGN, code::UNRECORDED, code::UNRECORDED]);
    let mut adopted = Story::secret().key(OTHER + 1, None);
    let app_id = present(&mut adopted.connector().application).app_id;
    adopted.desired.connectors.values_mut().next().unwrap().adopt = Some(Adopt::AppId(app_id));
    check("adopted with its key", adopted, &["maintenance mint secret"], &[code::INHERITED]);
    let mut dark = Story::secret();
    dark.connector().records = Seen::Unreadable(Refusal {
        what: "the store".to_owned(),
        reason: "403".to_owned(),
        missing_permission: None,
    });
    check("unreadable", dark, &[], &[code::UNREADABLE]);
    let mut none = Story::secret();
    none.connector().records = Seen::Absent;
    none.desired.tenants.values_mut().next().unwrap().secret_store = None;
    check("no store", none, &[], &[code::NO_STORE]);
}

#[test]
fn people_are_given_one_and_the_same() {
    let (day, old) = (ago(DAY), ago(HOUR));
    let both = || {
        Story::secret()
            .record(2, day, &[minted(2, day), seen(day)])
            .key(KEY + 2, Some(2))
            .record(1, old, &[minted(1, old), seen(old)])
            .key(KEY + 1, Some(1))
    };
    let offer = |story: &mut Story| {
        let tenant_id = story.desired.tenants.values().next().unwrap().tenant_id;
        let connector = story.connector();
        let application = present(&mut connector.application).clone();
        let subject = Subject {
            tenant_id,
            unique_name: application.unique_name.as_ref().unwrap(),
            app_id: Some(application.app_id),
        };
        let records = present(&mut connector.records);
        offerable(records, &subject, CredentialKind::ClientSecret, Some(NOW))
            .map(|record| record.name.clone())
    };
    let mut story = both();
    assert_eq!(offer(&mut story), Some(name(1)), "the smallest");
    assert_eq!(story.steps(), Vec::<String>::new(), "nobody was given any: both stay");
    crate::credentials::write(story.connector(), &name(2), NOW, Transition::Offered);
    assert_eq!(offer(&mut story), Some(name(2)), "already offered");
    assert_eq!(story.steps(), ["maintenance retire secret/C1!"], "the other one is needless");
    let done = Transition::Acknowledged { evidence: Evidence::Operator };
    crate::credentials::write(story.connector(), &name(2), NOW, done);
    assert_eq!(offer(&mut story), None, "Zscaler has it");
}

#[test]
fn a_restore_keeps_what_is_recorded() {
    let old = ago(HOUR);
    let mut story = Story::certificate()
        .record(1, old, &[minted(1, old), seen(old)])
        .key(KEY + 1, Some(1))
        .key(OTHER + 1, None);
    let connector = story.connector();
    let records = connector.records.clone();
    let deleted = connector.application.clone();
    *connector = ObservedConnector { records, deleted, ..ObservedConnector::absent() };
    let steps = story.steps();
    let wanted = ["repair revoke certificates", "repair repair certificate/C1/sent!"];
    assert!(wanted.iter().all(|step| steps.iter().any(|found| found == step)), "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("revoke password")), "{steps:?}");
    assert!(!story.plan().steps.iter().any(|step| step.verb == Verb::Mint));
    assert_eq!(story.plan().steps[0].class, Class::Widening, "{steps:?}");
}
