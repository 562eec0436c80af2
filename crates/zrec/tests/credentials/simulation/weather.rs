//! Weather: what goes wrong during a run.

use zrec::failpoint::{Act, FailPoints};
use zrec_emulator::{Quirk, QuirkKind};

use super::chance::Chance;
use crate::stage::Kill;

/// No reading is older than this; Microsoft says minutes.
pub(super) const LONGEST_LAG: u64 = 5 * 60;

/// What may go wrong at Microsoft during a run.
pub(super) fn quirks(chance: &mut Chance) -> Vec<Quirk> {
    let most = chance.one_of(&[0, 0, 1, 1, 2, 4]);
    (0..most).map(|_| quirk(chance)).collect()
}

fn quirk(chance: &mut Chance) -> Quirk {
    let kind = chance.one_of(&[
        QuirkKind::LostAnswer,
        QuirkKind::LostAnswer,
        QuirkKind::Truncate,
        QuirkKind::Refuse,
        QuirkKind::Throttle,
        QuirkKind::Throttle,
        QuirkKind::ConcurrencyViolation,
        QuirkKind::ConcurrencyViolation,
        QuirkKind::Lag,
        QuirkKind::Lag,
        QuirkKind::Status,
        QuirkKind::Html,
        QuirkKind::Delay,
        QuirkKind::CreationRace,
    ]);
    let mut quirk: Quirk = serde_json::from_value(serde_json::json!({ "quirk": kind })).unwrap();
    quirk.nth = Some(chance.within(1..=12));
    quirk.times = Some(chance.one_of(&[1, 1, 1, 2, 4, 9]));
    let place = chance.one_of(&["/v1.0", "/v1.0/applications", "assword", "addPassword", ""]);
    quirk.path = Some(place.to_owned());
    if place.ends_with("assword") {
        quirk.nth = Some(chance.within(1..=2));
    }
    match kind {
        QuirkKind::Throttle => {
            let asked = chance.one_of(&["1", "2.5", "17", "119", "130", "290", "700"]);
            quirk.retry_after = chance.percent(60).then(|| asked.to_owned());
        }
        QuirkKind::ConcurrencyViolation => quirk.status = Some(chance.one_of(&[409, 503])),
        QuirkKind::Status => quirk.status = Some(chance.one_of(&[500, 503, 504])),
        QuirkKind::Lag => {
            let most = chance.one_of(&[300, 3_000, 40_000, LONGEST_LAG * 1000]);
            quirk.milliseconds = Some(chance.within(1..=most));
            quirk.flickers = chance.percent(50);
        }
        QuirkKind::Delay => quirk.milliseconds = Some(chance.one_of(&[50, 5_000, 130_000])),
        QuirkKind::CreationRace => (quirk.nth, quirk.path) = (None, None),
        _ => {}
    }
    quirk
}

/// Where it hurts most: between two durable things.
const POINTS: [&str; 9] = [
    "after-intent",
    "after-add-password",
    "after-minted",
    "store-written",
    "store-named",
    "after-certificates",
    "after-seen",
    "after-retired",
    "after-remove-password",
];

/// When a run is killed, or what its store refuses.
pub(super) fn kill(chance: &mut Chance) -> Kill {
    let most = chance.one_of(&[6, 12, 22]);
    let request = usize::try_from(chance.within(1..=most)).unwrap();
    let point = usize::try_from(chance.within(1..=26)).unwrap();
    let (name, nth) = (chance.one_of(&POINTS), chance.one_of(&[1, 1, 1, 2, 3, 5]));
    match chance.within(1..=100) {
        1..=14 => Kill::Before(request),
        15..=30 => Kill::After(request),
        31..=44 => Kill::At(FailPoints::armed(None, point, Act::Pend)),
        45..=58 => Kill::At(FailPoints::armed(Some(name), nth, Act::Pend)),
        59..=68 => Kill::At(FailPoints::armed(None, point, Act::Refuse)),
        _ => Kill::Never,
    }
}
