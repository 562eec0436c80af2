//! One record, read by meaning: order and repetition of its entries do not matter.

use std::collections::BTreeSet;

use time::{Duration, OffsetDateTime};

use crate::credential::{Age, GRACE};
use crate::guid::Guid;
use crate::record::{CertificateFacts, CredentialKind, Evidence, Record, RunId, Transition};

/// How far a credential got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Intended, and no more is known.
    Open,
    /// Microsoft has answered, and the store holds the value.
    Minted,
    /// A read has shown it; nobody was given it.
    Seen,
    /// A person was given it, and perhaps Zscaler has it.
    Offered,
    /// No longer wanted.
    Retired,
    /// Given up; wins over everything else.
    Aborted,
}

/// A record and what its entries mean.
#[derive(Clone, Debug)]
pub struct History<'a> {
    /// The record.
    pub record: &'a Record,
    /// Its first moment.
    pub born: Option<OffsetDateTime>,
    /// The application that it was intended for.
    pub app_id: Option<Guid>,
    /// When it was offered first.
    pub offered: Option<OffsetDateTime>,
    /// What showed that it arrived.
    pub acknowledged: BTreeSet<Evidence>,
    intended: Option<(OffsetDateTime, &'a RunId)>,
    certificate: Option<&'a CertificateFacts>,
    minted: Option<(OffsetDateTime, Guid, OffsetDateTime)>,
    seen: bool,
    retired: bool,
    aborted: bool,
}

impl<'a> History<'a> {
    /// Reads a record.
    pub fn of(record: &'a Record) -> Self {
        let mut history = Self {
            record,
            born: record.entries.iter().map(|entry| entry.at).min(),
            app_id: None,
            offered: None,
            acknowledged: BTreeSet::new(),
            intended: None,
            certificate: None,
            minted: None,
            seen: false,
            retired: false,
            aborted: false,
        };
        // Of repeated transitions the earliest counts, whatever order they are listed in.
        let mut entries: Vec<_> = record.entries.iter().collect();
        entries.sort();
        for entry in entries {
            match &entry.transition {
                Transition::Intended { run, app_id, certificate } => {
                    history.intended.get_or_insert((entry.at, run));
                    history.app_id.get_or_insert(*app_id);
                    history.certificate = history.certificate.or(certificate.as_ref());
                }
                Transition::Minted { key_id, end } => {
                    history.minted.get_or_insert((entry.at, *key_id, *end));
                }
                Transition::Seen => history.seen = true,
                Transition::Offered => {
                    history.offered.get_or_insert(entry.at);
                }
                Transition::Acknowledged { evidence } => {
                    history.offered.get_or_insert(entry.at);
                    history.acknowledged.insert(*evidence);
                }
                Transition::Retired => history.retired = true,
                Transition::Aborted => history.aborted = true,
            }
        }
        history
    }

    /// How far it got.
    pub fn state(&self) -> State {
        // A certificate's private key is in the store with its intent; a secret's value is not.
        let whole = self.minted.is_some()
            || (self.certificate.is_some() && (self.seen || self.is_offered()));
        match () {
            () if self.aborted => State::Aborted,
            () if self.retired => State::Retired,
            () if !whole => State::Open,
            () if self.is_offered() => State::Offered,
            () if self.seen => State::Seen,
            () => State::Minted,
        }
    }

    /// Whether a person was given it.
    pub fn is_offered(&self) -> bool {
        self.offered.is_some()
    }

    /// Whether Zscaler is known to have it.
    pub fn is_acknowledged(&self) -> bool {
        !self.acknowledged.is_empty()
    }

    /// Microsoft's key id: as answered, or as sent with a certificate.
    pub fn key_id(&self) -> Option<Guid> {
        self.minted
            .map(|(_, key_id, _)| key_id)
            .or_else(|| self.certificate.map(|certificate| certificate.key_id))
    }

    /// A certificate's fingerprint.
    pub fn sha256(&self) -> Option<&'a str> {
        self.certificate.map(|certificate| certificate.sha256.as_str())
    }

    /// Its end.
    pub fn end(&self) -> Option<OffsetDateTime> {
        self.minted
            .map(|(_, _, end)| end)
            .or_else(|| self.certificate.map(|certificate| certificate.end))
    }

    /// When Microsoft had it: what is offered from then on was offered beside it.
    pub fn minted_at(&self) -> Option<OffsetDateTime> {
        self.minted.map(|(at, _, _)| at).or(self.born)
    }

    /// How old it is, by the servers' clock.
    pub fn age(&self, now: Option<OffsetDateTime>, runs_over: &BTreeSet<RunId>) -> Age {
        if self.end().zip(now).is_some_and(|(end, now)| end <= now) {
            return Age::Ended;
        }
        let open = self.state() == State::Open;
        if open && self.intended.is_some_and(|(_, run)| runs_over.contains(run)) {
            return Age::Ripe;
        }
        match self.minted_at().zip(now) {
            None => Age::Unknown,
            Some((since, now)) if now - since < GRACE => Age::Young,
            Some(_) => Age::Ripe,
        }
    }

    /// When its successor is due, from its actual lifetime: at the earliest in its second half.
    pub fn renewal(&self, renew_before_days: u16) -> Option<OffsetDateTime> {
        let (born, end) = (self.born?, self.end()?);
        let before = Duration::days(i64::from(renew_before_days)).min((end - born) / 2);
        Some(end - before.max(Duration::ZERO))
    }

    /// Whether it is a credential of this kind.
    pub fn is(&self, kind: CredentialKind) -> bool {
        self.record.kind == kind
    }
}
