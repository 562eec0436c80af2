//! Runs that ended half-way, or whose answers were lost; one row for each.

use time::Duration;
use zrec_plan::code;
use zrec_plan::record::Transition;

use crate::cloud::present;
use crate::story::{DAY, HOUR, KEY, OTHER, Story, check, minted, seen};
use crate::{NOW, ago};

#[test]
fn secrets_whose_making_was_cut_short() {
    let young = ago(29 * Duration::MINUTE);
    let give_up = ["repair repair secret/C1/aborted!", "maintenance mint secret"];
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
}

#[test]
fn secrets_that_were_made_and_not_written_down() {
    let young = ago(29 * Duration::MINUTE);
    let clean = [
        "repair repair secret/C1/aborted!",
        "repair repair secret/C1/key/K1!",
        "maintenance mint secret",
    ];
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
