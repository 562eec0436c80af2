//! What may go wrong between zrec, its store and Microsoft; one row for each.

use time::{Duration, OffsetDateTime};
use zrec_plan::Guid;
use zrec_plan::code::{self, Code};
use zrec_plan::credential::{Subject, offerable};
use zrec_plan::desired::{Adopt, Desired};
use zrec_plan::observed::{Credential, Observed, ObservedConnector, Refusal, Seen};
use zrec_plan::plan::{Plan, plan};
use zrec_plan::record::{
    CertificateFacts, CredentialKind, CredentialName, Entry, Evidence, Record, RunId, Transition,
};
use zrec_plan::safety::Limits;
use zrec_plan::step::{Class, Verb};

use crate::cloud::{self, present};
use crate::set::desired;
use crate::{NOW, ago};

const HOUR: Duration = Duration::HOUR;
const DAY: Duration = Duration::DAY;
const KEY: u128 = 0xaaaa;
const OTHER: u128 = 0xbbbb;

fn guid(number: u128) -> Guid {
    uuid::Uuid::from_u128(number).to_string().parse().unwrap()
}

/// C1, C2, …: in this order by name.
fn name(number: u128) -> CredentialName {
    CredentialName::from_bits(number)
}

/// A tenant in order, but for credentials: there are none, and the time is [`NOW`].
pub(crate) struct Story {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
    kind: CredentialKind,
}

impl Story {
    pub(crate) fn of(app: &str, kind: CredentialKind) -> Self {
        let desired = desired(&[app]);
        let mut observed = cloud::synced(&desired);
        let connector = observed.connectors.values_mut().next().unwrap();
        present(&mut connector.records).records.retain(|record| record.kind != kind);
        let certificate = kind == CredentialKind::Certificate;
        present(&mut connector.application)
            .credentials
            .retain(|key| key.certificate != certificate);
        observed.tenants.values_mut().next().unwrap().server_time = Some(NOW);
        Self { desired, observed, kind }
    }

    pub(crate) fn secret() -> Self {
        Self::of("exchange", CredentialKind::ClientSecret)
    }

    fn certificate() -> Self {
        let mut story = Self::of("sharepoint", CredentialKind::Certificate);
        // Only certificates are spoken of.
        let connector = story.connector();
        for record in &mut present(&mut connector.records).records {
            for entry in &mut record.entries {
                if let Transition::Minted { end, .. } = &mut entry.transition {
                    *end += 1000 * DAY;
                }
            }
        }
        story
    }

    pub(crate) fn connector(&mut self) -> &mut ObservedConnector {
        self.observed.connectors.values_mut().next().unwrap()
    }

    /// A record of the story's kind, intended by the run `earlier`.
    pub(crate) fn record(
        mut self,
        number: u128,
        at: OffsetDateTime,
        rest: &[(OffsetDateTime, Transition)],
    ) -> Self {
        let connector = self.observed.connectors.values_mut().next().unwrap();
        let application = present(&mut connector.application);
        let facts = CertificateFacts {
            key_id: guid(KEY + number),
            sha256: format!("{number:064x}"),
            der: String::new(),
            start: at,
            end: at + 1461 * DAY,
        };
        let intended = Transition::Intended {
            run: RunId("earlier".to_owned()),
            app_id: application.app_id,
            certificate: (self.kind == CredentialKind::Certificate).then_some(facts),
        };
        let all = std::iter::once(&(at, intended)).chain(rest).cloned().collect::<Vec<_>>();
        let record = Record {
            name: name(number),
            kind: self.kind,
            tenant_id: self.desired.tenants.values().next().unwrap().tenant_id,
            unique_name: application.unique_name.clone().unwrap(),
            entries: all.into_iter().map(|(at, transition)| Entry { at, transition }).collect(),
        };
        present(&mut connector.records).records.push(record);
        self
    }

    /// A key at Microsoft.
    pub(crate) fn key(mut self, key_id: u128, called: Option<u128>) -> Self {
        let certificate = self.kind == CredentialKind::Certificate;
        present(&mut self.connector().application).credentials.push(Credential {
            key_id: guid(key_id),
            certificate,
            display_name: called.map(|number| name(number).to_string()),
            sha256: None,
            end: None,
        });
        self
    }

    fn run_is_over(mut self) -> Self {
        present(&mut self.connector().records).runs_over.insert(RunId("earlier".to_owned()));
        self
    }

    fn without_clock(mut self) -> Self {
        self.observed.tenants.values_mut().next().unwrap().server_time = None;
        self
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(
            &self.desired,
            &self.observed,
            zrec_plan::catalog::Catalog::built_in(),
            &Limits::default(),
        )
    }

    /// The steps as `class verb key`, C1 for the first name; `!` where a settled read comes first.
    pub(crate) fn steps(&self) -> Vec<String> {
        let short = |key: &str| {
            (1..=4).fold(key.to_owned(), |key, number| {
                let key = key.replace(name(number).as_str(), &format!("C{number}"));
                key.replace(&guid(KEY + number).to_string(), &format!("K{number}"))
                    .replace(&guid(OTHER + number).to_string(), &format!("X{number}"))
            })
        };
        self.plan()
            .steps
            .iter()
            .map(|step| {
                let settled = if step.needs_settled { "!" } else { "" };
                format!("{} {} {}{settled}", step.class, step.verb, short(&step.key))
            })
            .collect()
    }

    fn codes(&self) -> Vec<Code> {
        self.plan().findings.iter().map(|finding| finding.code).collect()
    }
}

fn minted(number: u128, at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Minted { key_id: guid(KEY + number), end: at + 180 * DAY })
}

fn seen(at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Seen)
}

fn offered(at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Offered)
}

fn acknowledged(at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Acknowledged { evidence: Evidence::Operator })
}

fn check(what: &str, story: Story, steps: &[&str], codes: &[Code]) {
    assert_eq!(story.steps(), steps, "{what}: steps");
    assert_eq!(story.codes(), codes, "{what}: findings");
}

#[test]
fn secrets_whose_making_was_cut_short() {
    let young = ago(29 * Duration::MINUTE);
    let give_up = ["repair repair secret/C1/aborted!", "maintenance mint secret"];
    let clean = [
        "repair repair secret/C1/aborted!",
        "repair repair secret/C1/key/K1!",
        "maintenance mint secret",
    ];
    check("nothing yet", Story::secret(), &["maintenance mint secret"], &[]);
    check(
        "another run's open intent",
        Story::secret().record(1, young, &[]),
        &[],
        &[code::MINTING],
    );
    check(
        "its key is there already",
        Story::secret().record(1, young, &[]).key(KEY + 1, Some(1)),
        &[],
        &[code::MINTING],
    );
    check("the run is over", Story::secret().record(1, young, &[]).run_is_over(), &give_up, &[]);
    check("30 minutes are over", Story::secret().record(1, ago(HOUR), &[]), &give_up, &[]);
    check(
        "the clock is not known",
        Story::secret().record(1, ago(HOUR), &[]).without_clock(),
        &[],
        &[code::MINTING],
    );
    check(
        "the local clock was ahead when it was intended",
        Story::secret().record(1, NOW + HOUR, &[]),
        &[],
        &[code::MINTING],
    );
    check(
        "a crash between mint and record",
        Story::secret().record(1, young, &[]).key(KEY + 1, Some(1)).run_is_over(),
        &clean,
        &[],
    );
    check(
        "a retried intent: twice in the store, two keys",
        Story::secret()
            .record(1, ago(HOUR), &[(ago(HOUR), Transition::Seen)])
            .key(KEY + 1, Some(1))
            .key(OTHER + 1, Some(1)),
        &[
            "repair repair secret/C1/aborted!",
            "repair repair secret/C1/key/K1!",
            "repair repair secret/C1/key/X1!",
            "maintenance mint secret",
        ],
        &[],
    );
    check(
        "the store's write timed out, but was done",
        Story::secret().record(1, young, &[minted(1, young)]).key(KEY + 1, Some(1)),
        &["repair repair secret/C1/seen"],
        &[],
    );
    check(
        "the outcome was unknown, C was aborted, and the key shows up late",
        Story::secret()
            .record(1, ago(2 * HOUR), &[(ago(HOUR), Transition::Aborted)])
            .key(KEY + 1, Some(1))
            .record(2, ago(HOUR), &[minted(2, ago(HOUR)), seen(ago(HOUR))])
            .key(KEY + 2, Some(2)),
        &["repair repair secret/C1/key/K1"],
        &[],
    );
    check(
        "an aborted C wins over a later minted",
        Story::secret()
            .record(
                1,
                ago(2 * HOUR),
                &[(ago(HOUR), Transition::Aborted), minted(1, young), seen(young)],
            )
            .key(KEY + 1, Some(1)),
        &["repair repair secret/C1/key/K1", "maintenance mint secret"],
        &[],
    );
}

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
fn certificates_are_sent_again_rather_than_made_again() {
    let (young, old) = (ago(29 * Duration::MINUTE), ago(HOUR));
    let story = Story::certificate;
    check("another run's", story().record(1, young, &[]), &[], &[code::MINTING]);
    check("left unsent", story().record(1, old, &[]), &["repair repair certificate/C1/sent!"], &[]);
    check(
        "sent, and not recorded",
        story().record(1, old, &[]).key(KEY + 1, Some(1)),
        &["repair repair certificate/C1/seen"],
        &[],
    );
    check(
        "seen, and never recorded as minted",
        story().record(1, old, &[seen(old)]).key(KEY + 1, None),
        &[],
        &[],
    );
    let mut by_fingerprint = story().record(1, old, &[]).key(OTHER + 1, None);
    present(&mut by_fingerprint.connector().application).credentials.last_mut().unwrap().sha256 =
        Some(format!("{:064x}", 1));
    check("known by its fingerprint", by_fingerprint, &["repair repair certificate/C1/seen"], &[]);
    check(
        "ended before it was ever sent",
        story().record(1, ago(1462 * DAY), &[]),
        &["repair repair certificate/C1/aborted!", "maintenance mint certificate"],
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
