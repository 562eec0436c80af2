//! The ledger: all records of one kind of one application, beside the keys at Microsoft.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};

use crate::credential::{Decision, History, Situation, State, Verdict, decide, keys};
use crate::desired::RetireOld;
use crate::guid::Guid;
use crate::observed::Credential;
use crate::record::{CredentialKind, Evidence, Record, Records};
use crate::step::Class;

/// Whose credentials: records of other applications, dead ones of the same key too, are not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The Entra tenant.
    pub tenant_id: Guid,
    /// The application's unique name.
    pub unique_name: &'a str,
    /// Its application id; `None` where it is yet to be made, and no record can be of it.
    pub app_id: Option<Guid>,
}

impl Subject<'_> {
    fn has(&self, history: &History<'_>) -> bool {
        history.record.tenant_id == self.tenant_id
            && history.record.unique_name == self.unique_name
            && self.app_id.is_some()
            && history.app_id.is_none_or(|app_id| Some(app_id) == self.app_id)
    }

    /// Its records, read, by name.
    pub fn histories<'a>(&self, records: &'a Records) -> Vec<History<'a>> {
        let histories = records.records.iter().map(History::of);
        let mut histories: Vec<_> = histories.filter(|history| self.has(history)).collect();
        histories.sort_by(|a, b| a.record.name.cmp(&b.record.name));
        histories
    }
}

/// One record, judged.
#[derive(Clone, Debug)]
pub struct Judged<'a> {
    /// What it says.
    pub history: History<'a>,
    /// Its keys.
    pub keys: keys::Matched<'a>,
    /// What the table says.
    pub decision: Decision,
}

impl Judged<'_> {
    /// Usable now, or once this plan is done.
    pub fn is_live(&self) -> bool {
        matches!(self.decision.verdict, Verdict::Live | Verdict::RecordSeen | Verdict::Send)
    }

    fn is_younger_than(&self, other: &Self) -> bool {
        (self.history.born, &self.history.record.name)
            > (other.history.born, &other.history.record.name)
    }
}

/// A mint that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mint {
    /// Maintenance; widening where it restores what somebody revoked.
    pub class: Class,
    /// Why.
    pub reason: String,
    /// The credentials that it succeeds; empty for the first one.
    pub succeeds: BTreeSet<String>,
    /// Whether it rests on the absence of a key.
    pub rests_on_absence: bool,
}

/// All records of one kind of one application.
#[derive(Clone, Debug)]
pub struct Ledger<'a> {
    /// By name.
    pub judged: Vec<Judged<'a>>,
    now: Option<OffsetDateTime>,
}

impl<'a> Ledger<'a> {
    /// Judges the records of a kind.
    pub fn of(
        records: &'a Records,
        subject: &Subject<'_>,
        kind: CredentialKind,
        seen: &'a [Credential],
        now: Option<OffsetDateTime>,
    ) -> Self {
        let histories = subject.histories(records).into_iter().filter(|history| history.is(kind));
        let judged = histories.map(|history| {
            let keys = keys::of(&history, seen);
            let age = history.age(now, &records.runs_over);
            let situation = Situation { kind, state: history.state(), keys: keys.keys(), age };
            Judged { decision: decide(&situation), history, keys }
        });
        Self { judged: judged.collect(), now }
    }

    /// Those that are usable, or will be once this plan is done.
    pub fn live(&self) -> impl Iterator<Item = &Judged<'a>> {
        self.judged.iter().filter(|judged| judged.is_live())
    }

    fn with(&self, verdict: Verdict) -> impl Iterator<Item = &Judged<'a>> {
        self.judged.iter().filter(move |judged| judged.decision.verdict == verdict)
    }

    /// Revoked by hand, and no younger one has taken its place.
    pub fn unanswered(&self) -> impl Iterator<Item = &Judged<'a>> {
        self.with(Verdict::Revoked).filter(|revoked| self.is_unanswered(revoked))
    }

    /// Whether no younger one has taken the place of one that was revoked by hand.
    pub fn is_unanswered(&self, revoked: &Judged<'_>) -> bool {
        !self.live().any(|live| live.is_younger_than(revoked))
    }

    /// Whether a successor of this one is due.
    pub fn is_due(&self, judged: &Judged<'_>, renew_before_days: u16) -> bool {
        let renewal = judged.history.renewal(renew_before_days);
        renewal.zip(self.now).is_some_and(|(renewal, now)| renewal <= now)
    }

    /// Whether one is to be minted: of those that stay none is usable, or all end soon; and none
    /// is under way.
    pub fn mint(&self, renew_before_days: u16, retire_old: RetireOld) -> Option<Mint> {
        let under_way = self
            .judged
            .iter()
            .any(|judged| matches!(judged.decision.verdict, Verdict::Minting | Verdict::Settling));
        let leaving = self.replaced(retire_old);
        let stays = |live: &&Judged<'a>| {
            !leaving.iter().any(|(old, _)| old.history.record.name == live.history.record.name)
        };
        if under_way || self.live().filter(stays).any(|live| !self.is_due(live, renew_before_days))
        {
            return None;
        }
        let revoked = names(self.unanswered());
        if !revoked.is_empty() {
            return Some(Mint {
                class: Class::Widening,
                reason: format!(
                    "{} was removed by hand; a new one lets the connector in again",
                    list(&revoked)
                ),
                succeeds: revoked,
                rests_on_absence: true,
            });
        }
        let (reason, succeeds, rests_on_absence) = self.maintenance(renew_before_days);
        Some(Mint { class: Class::Maintenance, reason, succeeds, rests_on_absence })
    }

    /// Why one is to be minted as a matter of course, what it succeeds, and whether that rests on
    /// the absence of a key.
    fn maintenance(&self, renew_before_days: u16) -> (String, BTreeSet<String>, bool) {
        if let Some(last) = self.live().max_by_key(|live| live.history.end()) {
            let reason = format!(
                "{} ends on {}; its renewal is due from {}",
                last.history.record.name,
                day(last.history.end()),
                day(last.history.renewal(renew_before_days))
            );
            return (reason, names(self.live()), false);
        }
        let rows = [
            (Verdict::Lost, "was lost before anybody was given it"),
            (Verdict::GiveUp, "was left unfinished"),
            (Verdict::Ended, "has ended"),
        ];
        for (verdict, what) in rows {
            let gone = names(self.with(verdict));
            if !gone.is_empty() {
                return (format!("{} {what}", list(&gone)), gone, verdict == Verdict::Lost);
            }
        }
        ("the connector has none that works".to_owned(), BTreeSet::new(), false)
    }

    /// R7: usable ones that may go, each with the one that replaces it.
    pub fn replaced(&self, retire_old: RetireOld) -> Vec<(&Judged<'a>, &Judged<'a>)> {
        let usable = self.judged.iter().filter(|judged| {
            matches!(judged.decision.verdict, Verdict::Live | Verdict::RecordSeen)
        });
        let next = |old: &Judged<'_>| {
            self.with(Verdict::Live).find(|next| replaces(&next.history, &old.history, retire_old))
        };
        usable.filter_map(|old| Some((old, next(old)?))).collect()
    }
}

/// R7: whether one credential makes an older one needless.
fn replaces(next: &History<'_>, old: &History<'_>, retire_old: RetireOld) -> bool {
    match old.offered {
        // Of two that were minted side by side, the one that is offered stays. A successor, which
        // lives longer, is not needless because its predecessor was offered late.
        None => {
            next.is_offered()
                && next.offered >= old.minted_at()
                && next.end().zip(old.end()).is_some_and(|(next, old)| old - next <= Duration::DAY)
        }
        Some(offered) => next.offered > Some(offered) && suffices(next, retire_old),
    }
}

/// Whether an acknowledgement lets the older one go.
fn suffices(history: &History<'_>, retire_old: RetireOld) -> bool {
    match retire_old {
        RetireOld::Acknowledged => history.is_acknowledged(),
        RetireOld::Evidence => history.acknowledged.contains(&Evidence::SignInReport),
        RetireOld::Expiry => false,
    }
}

/// R7: what people are given: the one already offered and not acknowledged, else the smallest
/// usable name of those that live longest, to the day. Judged by a fresh read of the store alone.
pub fn offerable<'a>(
    records: &'a Records,
    subject: &Subject<'_>,
    kind: CredentialKind,
    now: Option<OffsetDateTime>,
) -> Option<&'a Record> {
    let usable: Vec<_> = subject
        .histories(records)
        .into_iter()
        .filter(|history| history.is(kind))
        .filter(|history| matches!(history.state(), State::Seen | State::Offered))
        .filter(|history| history.end().zip(now).is_none_or(|(end, now)| now < end))
        .collect();
    // What another has replaced is on its way out.
    let needless =
        |old: &History<'_>| usable.iter().any(|next| replaces(next, old, RetireOld::Acknowledged));
    let waiting: Vec<_> =
        usable.iter().filter(|history| !history.is_acknowledged() && !needless(history)).collect();
    let longest = waiting.iter().filter_map(|history| history.end()).max();
    let lives_longest = |history: &History<'_>| {
        longest.zip(history.end()).is_some_and(|(longest, end)| longest - end <= Duration::DAY)
    };
    waiting
        .into_iter()
        .min_by_key(|history| {
            (!history.is_offered(), !lives_longest(history), &history.record.name)
        })
        .map(|history| history.record)
}

fn names<'b, 'a: 'b>(judged: impl Iterator<Item = &'b Judged<'a>>) -> BTreeSet<String> {
    judged.map(|judged| judged.history.record.name.to_string()).collect()
}

/// Names in one phrase.
fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

/// A moment's date, in UTC.
pub(super) fn day(moment: Option<OffsetDateTime>) -> String {
    moment.map_or_else(
        || "an unknown day".to_owned(),
        |moment| moment.to_offset(time::UtcOffset::UTC).date().to_string(),
    )
}
