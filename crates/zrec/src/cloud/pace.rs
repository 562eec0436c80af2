//! Pace: the one place that decides when a request may go, and whether it goes again.
//!
//! One [`Pace`] is the budget of one API of one tenant. It waits on the runtime's clock only, so
//! that a paused clock makes it instant.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::failure::{Failure, FailureKind};

mod retry_after;

pub use retry_after::retry_after;

/// Whether a request may be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeat {
    /// Done twice is done once: GET, and PUT, PATCH and DELETE of one object.
    Safe,
    /// Only after a refusal that says for certain that nothing was done.
    OnRefusalOnly,
}

/// The bounds of waiting.
#[derive(Clone, Copy, Debug)]
pub struct PaceOptions {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Attempts at one call, the first included.
    pub attempts: u32,
    /// Attempts at one call while the host cannot be reached, the first included.
    pub attempts_unsent: u32,
    /// The longest that one call may wait in all.
    pub patience: Duration,
    /// The first delay where the service names none; it doubles.
    pub first_delay: Duration,
    /// The longest delay where the service names none.
    pub longest_delay: Duration,
    /// Where jitter and request ids come from; the same seed gives the same run, so a real run
    /// takes a random one.
    pub seed: u64,
}

impl PaceOptions {
    /// The usual bounds.
    pub const fn seeded(seed: u64) -> Self {
        Self {
            concurrency: 4,
            attempts: 6,
            attempts_unsent: 3,
            patience: Duration::from_secs(300),
            first_delay: Duration::from_millis(500),
            longest_delay: Duration::from_secs(30),
            seed,
        }
    }
}

/// When some answers came, and the jitter of whatever is repeated because of them.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    now: Instant,
    share: f64,
}

/// What waits until nearly the same time waits until the same time, so that it goes together.
const GATHER: Duration = Duration::from_millis(250);

/// The latest of the times that are close to the earliest; none where there are none.
pub fn gathered(times: impl Iterator<Item = Instant> + Clone) -> Option<Instant> {
    let earliest = times.clone().min()?;
    times.filter(|time| *time <= earliest + GATHER).max()
}

/// How often, and since when, a call was tried.
#[derive(Clone, Copy, Debug)]
pub struct Tries {
    attempts: u32,
    since: Instant,
}

impl Tries {
    /// Before the first attempt.
    pub fn none() -> Self {
        Self { attempts: 0, since: Instant::now() }
    }

    /// Counts an attempt.
    pub const fn count(&mut self) {
        self.attempts += 1;
    }
}

/// The budget of one API of one tenant. Clones share it.
#[derive(Clone, Debug)]
pub struct Pace(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    options: PaceOptions,
    slots: Semaphore,
    not_before: Mutex<Option<Instant>>,
    chance: AtomicU64,
}

impl Pace {
    /// A fresh budget.
    pub fn new(options: PaceOptions) -> Self {
        Self(Arc::new(Budget {
            options,
            slots: Semaphore::new(options.concurrency.max(1)),
            not_before: Mutex::new(None),
            chance: AtomicU64::new(options.seed),
        }))
    }

    /// Waits until a request may go, and holds its slot. Where another call was told to wait for
    /// longer than anybody's patience, this one fails at once, unsent.
    pub async fn slot(&self, what: &str) -> Result<SemaphorePermit<'_>, Failure> {
        let throttled = |delay: Duration| {
            let mut failure = Failure::of(FailureKind::Throttled, what)
                .because(format!("the service asked for {} s of silence", delay.as_secs()))
                .advise("run again later");
            failure.retry_after = Some(Box::new(delay));
            failure
        };
        // The semaphore is never closed.
        let slot = self.0.slots.acquire().await.map_err(|_| throttled(Duration::ZERO))?;
        while let Some(instant) = self.not_before() {
            let delay = instant.saturating_duration_since(Instant::now());
            if delay.is_zero() {
                break;
            }
            if delay > self.0.options.patience {
                return Err(throttled(delay));
            }
            sleep_until(instant).await;
        }
        Ok(slot)
    }

    fn not_before(&self) -> Option<Instant> {
        *self.0.not_before.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, with a throw of the dice: what fails together waits equally long, and so goes together
    /// again.
    pub fn moment(&self) -> Moment {
        Moment { now: Instant::now(), share: (self.draw() >> 11) as f64 / (1_u64 << 53) as f64 }
    }

    /// When to try again, or `None`: the failure stands.
    ///
    /// A throttled call holds back every other call of the same budget.
    pub fn again(
        &self,
        repeat: Repeat,
        failure: &Failure,
        tries: &Tries,
        moment: &Moment,
    ) -> Option<Instant> {
        let options = &self.0.options;
        let (may, limit) = match failure.kind {
            FailureKind::Throttled | FailureKind::Concurrency => (true, options.attempts),
            FailureKind::NotSent => (true, options.attempts_unsent),
            FailureKind::OutcomeUnknown | FailureKind::Server | FailureKind::Truncated => {
                (repeat == Repeat::Safe, options.attempts)
            }
            FailureKind::Html | FailureKind::NotJson if failure.may_have_happened() => {
                (repeat == Repeat::Safe && is_server_error(failure), options.attempts_unsent)
            }
            _ => (false, 0),
        };
        let asked = failure.retry_after.as_deref().copied();
        let delay = asked.unwrap_or_else(|| self.growing_delay(tries.attempts, moment.share));
        let instant = moment.now + delay;
        if failure.kind == FailureKind::Throttled {
            let mut not_before = self.0.not_before.lock().unwrap_or_else(PoisonError::into_inner);
            // Without a word from the service, only the refused call waits.
            if asked.is_some() && not_before.is_none_or(|known| known < instant) {
                *not_before = Some(instant);
            }
        }
        let in_time = instant.duration_since(tries.since) <= options.patience;
        (may && tries.attempts < limit && in_time).then_some(instant)
    }

    /// Doubles with each attempt, up to a bound; the second half of it is chance.
    fn growing_delay(&self, attempts: u32, share: f64) -> Duration {
        let options = &self.0.options;
        let doubled = options.first_delay.saturating_mul(1 << attempts.saturating_sub(1).min(16));
        let delay = doubled.min(options.longest_delay);
        delay.mul_f64(0.5 + share / 2.0)
    }

    /// A request id, from the seed.
    pub fn request_id(&self) -> uuid::Uuid {
        uuid::Builder::from_random_bytes(
            ((u128::from(self.draw()) << 64) | u128::from(self.draw())).to_be_bytes(),
        )
        .into_uuid()
    }

    /// The next number of the seeded source (SplitMix64).
    fn draw(&self) -> u64 {
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let state = self.0.chance.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

fn is_server_error(failure: &Failure) -> bool {
    failure.status.is_some_and(|status| status >= 500)
}
