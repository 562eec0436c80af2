//! The ledger: all records of one kind of one application, beside the keys at Microsoft.

use std::collections::BTreeSet;

use time::OffsetDateTime;

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

    /// Whether one is to be minted: none is usable, or all that are end soon, and none is under way.
    pub fn mint(&self, renew_before_days: u16) -> Option<Mint> {
        let under_way = self
            .judged
            .iter()
            .any(|judged| matches!(judged.decision.verdict, Verdict::Minting | Verdict::Settling));
        if under_way || self.live().any(|live| !self.is_due(live, renew_before_days)) {
            return None;
        }
        let names = |judged: &mut dyn Iterator<Item = &Judged<'a>>| -> BTreeSet<String> {
            judged.map(|judged| judged.history.record.name.to_string()).collect()
        };
        let revoked = names(&mut self.unanswered());
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
        let maintenance = |reason: String, succeeds, rests_on_absence| {
            Some(Mint { class: Class::Maintenance, reason, succeeds, rests_on_absence })
        };
        if let Some(last) = self.live().max_by_key(|live| live.history.end()) {
            let renewal = last.history.renewal(renew_before_days);
            let reason = format!(
                "{} ends on {}; its renewal is due from {}",
                last.history.record.name,
                day(last.history.end()),
                day(renewal)
            );
            return maintenance(reason, names(&mut self.live()), false);
        }
        let lost = names(&mut self.with(Verdict::Lost));
        if !lost.is_empty() {
            return maintenance(
                format!("{} was lost before anybody was given it", list(&lost)),
                lost,
                true,
            );
        }
        let left = names(&mut self.with(Verdict::GiveUp));
        if !left.is_empty() {
            return maintenance(format!("{} was left unfinished", list(&left)), left, false);
        }
        let ended = names(&mut self.with(Verdict::Ended));
        if !ended.is_empty() {
            return maintenance(format!("{} has ended", list(&ended)), ended, false);
        }
        maintenance("the connector has none that works".to_owned(), BTreeSet::new(), false)
    }

    /// R7: usable ones that may go, each with the reason.
    pub fn replaced(&self, retire_old: RetireOld) -> Vec<(&Judged<'a>, String)> {
        let usable = || self.with(Verdict::Live).chain(self.with(Verdict::RecordSeen));
        usable()
            .filter_map(|old| {
                let (next, what) = match old.history.offered {
                    None => (
                        self.with(Verdict::Live).find(|next| {
                            next.history.offered >= old.history.minted_at()
                                && next.history.is_offered()
                        }),
                        "was offered instead",
                    ),
                    Some(offered) => (
                        self.with(Verdict::Live).find(|next| {
                            next.history.offered > Some(offered)
                                && suffices(&next.history, retire_old)
                        }),
                        "is acknowledged",
                    ),
                };
                Some((old, format!("{} {what}", next?.history.record.name)))
            })
            .collect()
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
/// usable name. Judged by a fresh read of the store alone.
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
    // What a later one has replaced is on its way out.
    let replaced = |old: &History<'_>| {
        usable.iter().any(|next| match old.offered {
            None => next.is_offered() && next.offered >= old.minted_at(),
            Some(offered) => next.offered > Some(offered) && next.is_acknowledged(),
        })
    };
    let waiting = usable.iter().filter(|history| !history.is_acknowledged() && !replaced(history));
    waiting
        .min_by_key(|history| (!history.is_offered(), &history.record.name))
        .map(|history| history.record)
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
