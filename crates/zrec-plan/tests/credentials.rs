//! The rules of credentials: every cell of the table, what may go wrong, and ten years of nights.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use zrec_plan::credential::{Age, Keys, Removes, Situation, State, Verdict, decide};
use zrec_plan::record::CredentialKind;

#[path = "planning/cloud.rs"]
#[allow(dead_code, reason = "shared with the tests of planning")]
mod cloud;
#[path = "planning/credentials.rs"]
#[allow(dead_code, reason = "shared with the tests of planning")]
mod credentials;
#[path = "credentials/cut_short.rs"]
mod cut_short;
#[path = "credentials/misplaced.rs"]
mod misplaced;
#[path = "planning/set.rs"]
mod set;
#[path = "credentials/story.rs"]
mod story;
#[path = "credentials/terms.rs"]
mod terms;
#[path = "credentials/years.rs"]
mod years;

/// The moment of every story.
const NOW: OffsetDateTime = datetime!(2027-03-01 12:00 UTC);

/// A moment before it.
fn ago(duration: Duration) -> OffsetDateTime {
    NOW - duration
}

const SECRET: &[CredentialKind] = &[CredentialKind::ClientSecret];
const CERTIFICATE: &[CredentialKind] = &[CredentialKind::Certificate];
const BOTH: &[CredentialKind] = &[CredentialKind::ClientSecret, CredentialKind::Certificate];
const PRESENT: &[Keys] = &[Keys::Own, Keys::OwnAndOthers];
const ABSENT: &[Keys] = &[Keys::Absent, Keys::Others];
const ANY: &[Keys] = &[Keys::Absent, Keys::Own, Keys::Others, Keys::OwnAndOthers];
const AGES: [Age; 4] = [Age::Unknown, Age::Young, Age::Ripe, Age::Ended];

type Row = (State, &'static [Keys], &'static [CredentialKind], [Verdict; 4], [Removes; 4]);

/// State, keys, kinds; for unknown, young, ripe, ended: the verdict, and what is removed.
fn rows() -> Vec<Row> {
    use {Removes as R, State as S, Verdict as V};
    const OTHERS: [Removes; 4] = [R::Others; 4];
    const ALL: [Removes; 4] = [R::All; 4];
    let open = |ripe, removes| {
        ([V::Minting, V::Minting, ripe, V::GiveUp], [R::Nothing, R::Nothing, removes, R::All])
    };
    let (given_up, sent, shown) =
        (open(V::GiveUp, R::All), open(V::Send, R::Others), open(V::RecordSeen, R::Others));
    let lost = [V::Settling, V::Settling, V::Lost, V::Ended];
    let live = [V::Live, V::Live, V::Live, V::Ended];
    vec![
        (S::Open, ANY, SECRET, given_up.0, given_up.1),
        (S::Open, PRESENT, CERTIFICATE, shown.0, shown.1),
        (S::Open, ABSENT, CERTIFICATE, sent.0, sent.1),
        (S::Minted, PRESENT, BOTH, [V::RecordSeen, V::RecordSeen, V::RecordSeen, V::Ended], OTHERS),
        (S::Minted, ABSENT, BOTH, lost, OTHERS),
        (S::Seen, PRESENT, BOTH, live, OTHERS),
        (S::Seen, ABSENT, BOTH, lost, OTHERS),
        (S::Offered, PRESENT, BOTH, live, OTHERS),
        (S::Offered, ABSENT, BOTH, [V::Settling, V::Settling, V::Revoked, V::Revoked], OTHERS),
        (S::Retired, ANY, BOTH, [V::Gone; 4], ALL),
        (S::Aborted, ANY, BOTH, [V::Gone; 4], ALL),
    ]
}

#[test]
fn every_cell_of_the_table() {
    let mut checked: BTreeMap<Situation, usize> = BTreeMap::new();
    for (state, keys, kinds, verdicts, removes) in rows() {
        for (keys, kind) in keys.iter().flat_map(|keys| kinds.iter().map(move |kind| (keys, kind)))
        {
            for (index, age) in AGES.into_iter().enumerate() {
                let situation = Situation { kind: *kind, state, keys: *keys, age };
                let decision = decide(&situation);
                assert_eq!(decision.verdict, verdicts[index], "{situation:?}");
                assert_eq!(decision.removes, removes[index], "{situation:?}");
                *checked.entry(situation).or_default() += 1;
            }
        }
    }
    assert_eq!(checked.len(), 2 * 6 * 4 * 4, "every situation has a row");
    assert!(checked.values().all(|count| *count == 1), "and only one");
}

#[test]
fn nothing_rests_on_an_unknown_age_or_on_youth() {
    for (state, keys, kinds, verdicts, removes) in rows() {
        for index in [0, 1] {
            let rash =
                [Verdict::GiveUp, Verdict::Send, Verdict::Lost, Verdict::Revoked, Verdict::Ended];
            assert!(!rash.contains(&verdicts[index]), "{state:?} {keys:?} {kinds:?}");
            let gone = matches!(state, State::Retired | State::Aborted);
            assert!(gone || removes[index] != Removes::All, "{state:?} {keys:?} {kinds:?}");
        }
    }
}
