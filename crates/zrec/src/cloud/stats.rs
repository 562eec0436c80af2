//! Stats: what a run cost in requests, round trips, bytes and time; shown by `--stats`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

/// Counts of one tenant's traffic. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Stats(Arc<Mutex<Open>>);

#[derive(Debug, Default)]
struct Open {
    counts: Counts,
    rounds_under_way: usize,
    round_began: Option<Instant>,
}

/// The figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Requests for tokens.
    pub tokens: u64,
    /// Requests that carried one call.
    pub plain: u64,
    /// Requests that carried several.
    pub batches: u64,
    /// Calls inside those.
    pub items: u64,
    /// Calls that were sent again.
    pub retries: u64,
    /// Further pages that were read.
    pub pages: u64,
    /// Bytes of bodies sent.
    pub bytes_sent: u64,
    /// Bytes of bodies received.
    pub bytes_received: u64,
    /// Levels of round trips, one after the other; what overlaps counts once.
    pub levels: Vec<Level>,
}

/// One level: everything that went out together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Level {
    /// Requests.
    pub requests: u64,
    /// Time from the first request to the last answer.
    pub milliseconds: u64,
}

impl Counts {
    /// All HTTP requests, those for tokens too.
    pub fn requests(&self) -> u64 {
        self.tokens + self.plain + self.batches
    }

    /// How many round trips follow one another, without the one for the token.
    pub fn depth(&self) -> usize {
        self.levels.len()
    }

    /// Adds another tenant's figures; tenants run side by side, so levels of the same depth merge.
    pub fn add(&mut self, other: &Self) {
        self.tokens += other.tokens;
        self.plain += other.plain;
        self.batches += other.batches;
        self.items += other.items;
        self.retries += other.retries;
        self.pages += other.pages;
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        let depth = self.levels.len().max(other.levels.len());
        self.levels.resize(depth, Level::default());
        for (level, more) in self.levels.iter_mut().zip(&other.levels) {
            level.requests += more.requests;
            level.milliseconds = level.milliseconds.max(more.milliseconds);
        }
    }
}

/// A round that is under way; it ends when dropped.
#[derive(Debug)]
pub(super) struct Round(Stats);

impl Drop for Round {
    fn drop(&mut self) {
        let mut open = self.0.open();
        open.rounds_under_way = open.rounds_under_way.saturating_sub(1);
        if open.rounds_under_way == 0
            && let Some(began) = open.round_began.take()
            && let Some(level) = open.counts.levels.last_mut()
        {
            level.milliseconds = milliseconds(began.elapsed());
        }
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Stats {
    /// The figures so far.
    pub fn counts(&self) -> Counts {
        self.open().counts.clone()
    }

    pub(super) fn round(&self) -> Round {
        let mut open = self.open();
        if open.rounds_under_way == 0 {
            open.counts.levels.push(Level::default());
            open.round_began = Some(Instant::now());
        }
        open.rounds_under_way += 1;
        Round(self.clone())
    }

    pub(super) fn token(&self) {
        self.open().counts.tokens += 1;
    }

    pub(super) fn plain(&self) {
        self.request(|counts| counts.plain += 1);
    }

    pub(super) fn batch(&self, items: usize) {
        self.request(|counts| {
            counts.batches += 1;
            counts.items += items as u64;
        });
    }

    fn request(&self, count: impl FnOnce(&mut Counts)) {
        let mut open = self.open();
        count(&mut open.counts);
        if let Some(level) = open.counts.levels.last_mut() {
            level.requests += 1;
        }
    }

    pub(super) fn retry(&self) {
        self.open().counts.retries += 1;
    }

    pub(super) fn page(&self) {
        self.open().counts.pages += 1;
    }

    pub(super) fn sent(&self, bytes: usize) {
        self.open().counts.bytes_sent += bytes as u64;
    }

    pub(super) fn received(&self, bytes: usize) {
        self.open().counts.bytes_received += bytes as u64;
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
