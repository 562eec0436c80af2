//! Life: one connector or two through months of runs, hand-offs and weather.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;
use time::macros::datetime;
use zrec_plan::desired::RetireOld;
use zrec_plan::record::CredentialKind;

use super::chance::Chance;
use super::hand_off::{self, Given};
use super::law;
use super::tally::Tally;
use super::weather;
use crate::stage::{Ended, Kill, Stage};

pub(super) type Violation = String;

/// No run takes longer, whatever the weather.
const LONGEST_RUN: Duration = Duration::from_secs(4 * 3600);

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// The story of one seed.
pub(super) struct Life {
    pub(super) stage: Stage,
    pub(super) chance: Chance,
    pub(super) connectors: Vec<&'static str>,
    /// What people were given, oldest first: the last acknowledged one is what Zscaler uses.
    pub(super) given: BTreeMap<(&'static str, CredentialKind), Vec<Given>>,
    pub(super) retire_old: RetireOld,
    pub(super) renew_before_days: u16,
    pub(super) tally: Tally,
}

impl Life {
    fn begin(seed: u64) -> Self {
        let mut chance = Chance::seeded(seed);
        let connectors = match chance.within(1..=12) {
            1..=3 => vec!["sharepoint"],
            4 => vec!["sharepoint", "teams"],
            5..=7 => vec!["teams"],
            8..=10 => vec!["copilot"],
            _ => vec!["teams", "copilot"],
        };
        let start: OffsetDateTime = datetime!(2026-11-23 09:00 UTC);
        let mut stage = Stage::at(start, &connectors, vec![]);
        stage.seed = seed;
        stage.journal = Some(stage.folder.path().join("journal.jsonl"));
        let lifetime_days = chance.one_of(&[30, 90, 180]);
        let renew_before_days = lifetime_days / chance.one_of(&[2, 3, 6]);
        let retire_old = match chance.percent(12) {
            true => RetireOld::Expiry,
            false => RetireOld::Acknowledged,
        };
        for connector in stage.desired.connectors.values_mut() {
            let few = connector.permissions.keys().take(2).cloned().collect::<Vec<_>>();
            connector.permissions.retain(|key, _| few.contains(key));
            let secret = &mut connector.client_secret;
            (secret.lifetime_days, secret.renew_before_days) = (lifetime_days, renew_before_days);
            secret.retire_old = retire_old;
            if let Some(certificate) = &mut connector.certificate {
                certificate.lifetime_days = lifetime_days;
                certificate.renew_before_days = renew_before_days;
            }
        }
        let (given, tally) = (BTreeMap::new(), Tally::default());
        Self { stage, chance, connectors, given, retire_old, renew_before_days, tally }
    }

    /// Lives one story to its end, and judges it.
    pub(super) async fn of_seed(seed: u64) -> Result<Tally, Violation> {
        let mut life = Self::begin(seed);
        let runs = life.chance.within(3..=8);
        for run in 1..=runs {
            life.run().await?;
            law::no_outage(&life).await?;
            if run < runs {
                life.people();
                life.pass_time().await;
            }
        }
        life.calm().await?;
        law::in_order(&life, false).await?;
        // Everything is handed over; then exactly one of each kind is left.
        for _ in 0..5 {
            if !life.hand_all_over() {
                break;
            }
            life.calm().await?;
            law::no_outage(&life).await?;
        }
        law::in_order(&life, true).await?;
        law::silence(&life)?;
        life.tally.seeds = 1;
        Ok(life.tally)
    }

    pub(super) fn kinds(connector: &str) -> &'static [CredentialKind] {
        match connector {
            "sharepoint" => &[CredentialKind::ClientSecret, CredentialKind::Certificate],
            _ => &[CredentialKind::ClientSecret],
        }
    }

    fn places(&self) -> Vec<(&'static str, CredentialKind)> {
        let connectors = self.connectors.iter();
        connectors.flat_map(|it| Self::kinds(it).iter().map(|kind| (*it, *kind))).collect()
    }

    /// One run in the weather of the day, or two at once; perhaps somebody opens a hand-off meanwhile.
    async fn run(&mut self) -> Result<(), Violation> {
        self.stage.emulator.set_quirks(weather::quirks(&mut self.chance));
        let kills = [weather::kill(&mut self.chance), weather::kill(&mut self.chance)];
        let two = self.chance.percent(22);
        let later = Duration::from_millis(self.chance.within(0..=400));
        let place = self.chance.one_of(&self.places());
        let opens = self.chance.percent(15);
        let when = Duration::from_millis(self.chance.within(0..=2_000));
        let [kill, other] = kills;
        let stage = &self.stage;
        let second = async {
            if !two {
                return None;
            }
            tokio::time::sleep(later).await;
            Some(stage.apply(other).await)
        };
        let person = async {
            tokio::time::sleep(when).await;
            opens.then(|| hand_off::open(stage, place)).flatten()
        };
        let all = async { tokio::join!(stage.apply(kill), second, person) };
        let (first, second, given) = tokio::time::timeout(LONGEST_RUN, all)
            .await
            .map_err(|_| "a run does not end".to_owned())?;
        self.tally.interleaved += usize::from(second.is_some());
        for ended in std::iter::once(first).chain(second) {
            self.tally.runs += 1;
            match ended {
                Ended::Killed => {
                    self.tally.kills += 1;
                    self.forget_locks();
                }
                Ended::Done(outcome) => law::says_nothing(self, &outcome)?,
            }
        }
        self.tally.take(&self.stage.emulator);
        self.stage.emulator.set_quirks(vec![]);
        if let Some(given) = given {
            self.hand(place, given);
        }
        Ok(())
    }

    /// A run on another machine proves nothing by its lock: half of the killed ones were such.
    fn forget_locks(&mut self) {
        if self.chance.percent(50) {
            for (path, _) in hand_off::files(self.stage.folder.path()) {
                if path.extension().is_some_and(|it| it == "lock") {
                    std::fs::remove_file(path).unwrap();
                }
            }
        }
    }

    async fn pass_time(&mut self) {
        let seconds = match self.chance.within(1..=8) {
            1 => self.chance.within(0..=20),
            2..=3 => self.chance.within(MINUTE..=40 * MINUTE),
            4 => self.chance.within(DAY / 24..=3 * DAY),
            5..=6 => self.chance.within(5 * DAY..=40 * DAY),
            _ => self.chance.within(30 * DAY..=100 * DAY),
        };
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }

    /// People open hand-offs and say that Zscaler has the last one; or forget to.
    fn people(&mut self) {
        for place in self.places() {
            if self.chance.percent(45)
                && let Some(given) = hand_off::open(&self.stage, place)
            {
                self.hand(place, given);
            }
            if self.chance.percent(55) {
                self.acknowledge(place);
            }
        }
    }

    fn hand(&mut self, place: (&'static str, CredentialKind), given: Given) {
        let all = self.given.entry(place).or_default();
        if all.iter().all(|known| known.record.name != given.record.name) {
            all.push(given);
        }
    }

    fn acknowledge(&mut self, place: (&'static str, CredentialKind)) -> bool {
        let now = self.stage.now();
        let last = self.given.get_mut(&place).and_then(|all| all.last_mut());
        let Some(last) = last.filter(|last| !last.acknowledged && last.end() > now) else {
            return false;
        };
        hand_off::done(&self.stage, &last.record);
        last.acknowledged = true;
        self.tally.acknowledged += 1;
        true
    }

    /// Whether anything waited.
    fn hand_all_over(&mut self) -> bool {
        let mut any = false;
        for place in self.places() {
            if let Some(given) = hand_off::open(&self.stage, place) {
                self.hand(place, given);
            }
            any |= self.acknowledge(place);
        }
        any
    }

    /// The weather clears: two runs; where something is young or another machine's, half an hour
    /// (R4, R8) and two more.
    async fn calm(&mut self) -> Result<(), Violation> {
        tokio::time::advance(Duration::from_secs(weather::LONGEST_LAG)).await;
        let mut left = String::new();
        for run in 1..=4 {
            if run == 3 {
                self.tally.half_hours += 1;
                tokio::time::advance(Duration::from_secs(31 * MINUTE)).await;
            }
            let outcome = self.stage.apply(Kill::Never).await.outcome();
            self.tally.runs += 1;
            law::says_nothing(self, &outcome)?;
            if !outcome.failed.is_empty() {
                return Err(format!("calm run {run} fails: {:?}", outcome.failed));
            }
            let plan = self.stage.plan().await;
            match law::waits(&plan) {
                None => {
                    self.tally.take(&self.stage.emulator);
                    return Ok(());
                }
                Some(what) => left = what,
            }
        }
        Err(format!("no calm after four runs: {left}"))
    }
}
