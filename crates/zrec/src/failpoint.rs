//! Fail points: places between two durable steps at which a test may end the run.
//!
//! Without the Cargo feature `fail-points` nothing here does anything. Points are named after what
//! was done last: `after-intent`, `after-add-password`.

use std::io;

/// What happens at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// The process ends at once with 137, as if it were killed.
    Exit,
    /// The future never wakes again: the simulation drops it.
    Pend,
    /// A durable step of the store is refused.
    Refuse,
}

/// The points of one run. Clones share their counters.
#[derive(Clone, Debug, Default)]
pub struct FailPoints {
    #[cfg(feature = "fail-points")]
    rule: Option<std::sync::Arc<armed::Rule>>,
}

#[cfg(not(feature = "fail-points"))]
impl FailPoints {
    /// Does nothing.
    pub fn from_text(_: Option<&str>) -> Self {
        Self::default()
    }

    /// Does nothing.
    pub async fn reach(&self, _: &'static str) {}

    /// Does nothing.
    pub fn alive(&self, _: &'static str) -> bool {
        true
    }

    /// Does nothing.
    pub fn strike(&self, _: &'static str) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(feature = "fail-points")]
mod armed {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, PoisonError};

    use super::{Act, FailPoints, io};

    #[derive(Debug)]
    pub(super) struct Rule {
        /// Only this point; none means every point.
        point: Option<String>,
        /// The n-th time, from 1; zero: every time.
        nth: usize,
        act: Act,
        count: AtomicUsize,
        dead: AtomicBool,
        passed: Mutex<Vec<&'static str>>,
    }

    impl FailPoints {
        /// Strikes the `nth` passing (from 1; 0: each) of `point`, or of any point.
        pub fn armed(point: Option<&str>, nth: usize, act: Act) -> Self {
            Self {
                rule: Some(Arc::new(Rule {
                    point: point.map(str::to_owned),
                    nth,
                    act,
                    count: AtomicUsize::new(0),
                    dead: AtomicBool::new(false),
                    passed: Mutex::default(),
                })),
            }
        }

        /// `point[:n][=exit|refuse]`; `*` is any point. What is no such text arms nothing.
        pub fn from_text(text: Option<&str>) -> Self {
            let Some(text) = text.filter(|text| !text.is_empty()) else { return Self::default() };
            let (place, act) = text.split_once('=').unwrap_or((text, "exit"));
            let (point, nth) = place.split_once(':').unwrap_or((place, "1"));
            let act = if act == "refuse" { Act::Refuse } else { Act::Exit };
            Self::armed((point != "*").then_some(point), nth.parse().unwrap_or(1), act)
        }

        /// The points passed so far, in order.
        pub fn passed(&self) -> Vec<&'static str> {
            let rule = self.rule.as_ref();
            rule.map(|rule| rule.passed.lock().unwrap_or_else(PoisonError::into_inner).clone())
                .unwrap_or_default()
        }

        /// Passes a point of an asynchronous protocol.
        pub async fn reach(&self, point: &'static str) {
            // A refusal is for the store's own steps; elsewhere it would be no failure of anything.
            if self.hit(point, false) == Some(Act::Pend) || self.is_dead() {
                std::future::pending::<()>().await;
            }
        }

        /// Passes a point where nothing can be awaited; false: the process counts as dead.
        pub fn alive(&self, point: &'static str) -> bool {
            self.hit(point, false);
            !self.is_dead()
        }

        /// Passes a durable step of the store. In-process death is an error here, and the next
        /// [`FailPoints::reach`] never wakes.
        pub fn strike(&self, point: &'static str) -> io::Result<()> {
            match self.hit(point, true) {
                Some(Act::Pend) => Err(io::Error::other("killed by a fail point")),
                Some(Act::Refuse) => Err(io::Error::from(io::ErrorKind::StorageFull)),
                _ if self.is_dead() => Err(io::Error::other("killed by a fail point")),
                _ => Ok(()),
            }
        }

        /// Whether the process counts as dead.
        pub fn is_dead(&self) -> bool {
            self.rule.as_ref().is_some_and(|rule| rule.dead.load(Ordering::Relaxed))
        }

        fn hit(&self, point: &'static str, store: bool) -> Option<Act> {
            let rule = self.rule.as_ref()?;
            rule.passed.lock().unwrap_or_else(PoisonError::into_inner).push(point);
            if rule.point.as_ref().is_some_and(|only| only != point)
                || (rule.act == Act::Refuse && !store)
            {
                return None;
            }
            let count = rule.count.fetch_add(1, Ordering::Relaxed) + 1;
            if rule.nth != 0 && count != rule.nth {
                return None;
            }
            match rule.act {
                Act::Exit => std::process::exit(137),
                Act::Pend => rule.dead.store(true, Ordering::Relaxed),
                Act::Refuse => {}
            }
            Some(rule.act)
        }
    }
}
