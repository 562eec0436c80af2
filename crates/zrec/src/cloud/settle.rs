//! Settle: the only place that waits for what was written to become visible.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::progress::Progress;

/// How long to wait for the clouds to show what was written. The figures belong to the cloud.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// The longest wait in one look.
    pub bound: Duration,
    /// The first pause; it doubles.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How long three equal reads must lie apart to be believed.
    pub settled_over: Duration,
}

/// Reads that must agree before something is taken for gone.
pub const READS: usize = 3;

impl Patience {
    /// Real clouds: Microsoft names no bound for replication; five minutes is ours.
    pub const REAL: Self = Self {
        bound: Duration::from_secs(300),
        first_pause: Duration::from_secs(1),
        longest_pause: Duration::from_secs(20),
        settled_over: Duration::from_secs(10),
    };

    /// The emulator shows writes at once, unless its weather says otherwise.
    pub const EMULATED: Self = Self {
        bound: Duration::from_secs(20),
        first_pause: Duration::from_millis(50),
        longest_pause: Duration::from_secs(1),
        settled_over: Duration::from_millis(60),
    };

    /// Waits between two of the [`READS`].
    pub async fn between_reads(self) {
        sleep(self.settled_over / (READS as u32 - 1)).await;
    }

    /// Begins to wait.
    pub fn start(self) -> Waiting {
        Waiting { patience: self, since: Instant::now(), pause: self.first_pause }
    }

    /// The pause before another pass: longer each time, for what was left open may be under way.
    pub async fn pause(self, pass: usize) {
        let doublings = u32::try_from(pass.min(16)).unwrap_or(16);
        sleep((self.first_pause * 2u32.pow(doublings)).min(self.longest_pause)).await;
    }
}

/// A wait under way.
#[derive(Debug)]
pub struct Waiting {
    patience: Patience,
    since: Instant,
    pause: Duration,
}

impl Waiting {
    /// Waits for the next look; false when the bound is reached.
    pub async fn wait(&mut self, progress: &Progress) -> bool {
        if self.since.elapsed() + self.pause > self.patience.bound {
            return false;
        }
        progress.say("waiting for the clouds to show what was written");
        sleep(self.pause).await;
        self.pause = (self.pause * 2).min(self.patience.longest_pause);
        true
    }
}

/// The pause before another attempt at an object that was made a moment ago.
pub async fn replication_pause(attempt: u32) {
    let seconds = 1u64 << attempt.min(5);
    sleep(Duration::from_millis(500 * seconds)).await;
}
