//! What can befall a run: it dies at a request, or another run gets in its way.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::Notify;
use zrec_emulator::Emulator;
use zrec_plan::desired::Desired;

use super::process::{self, Moment, Story};
use super::run::{Gates, Orders, apply};
use crate::is_write;

/// On which side of the cloud's work a run dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The request never arrives.
    Before,
    /// The work is done, and its answer never arrives.
    After,
}

/// Runs until request `n` and is dropped there; false where the run ended before.
pub(crate) async fn dies_at(
    n: usize,
    side: Side,
    emulator: &Emulator,
    desired: &Desired,
    orders: &Orders,
) -> bool {
    let died = Arc::new(Notify::new());
    let bell = died.clone();
    let gate: super::run::Gate = Arc::new(move |number| {
        let bell = bell.clone();
        async move {
            if number == n {
                bell.notify_one();
                std::future::pending::<()>().await;
            }
        }
        .boxed()
    });
    let gates = match side {
        Side::Before => Gates { before: gate, ..Gates::default() },
        Side::After => Gates { after: gate, ..Gates::default() },
    };
    let orders = orders.clone().gates(gates);
    tokio::select! {
        biased;
        () = died.notified() => true,
        _ = apply(emulator, desired, &orders) => false,
    }
}

/// Runs, and at request `n` another run takes place from its beginning to its end.
pub(crate) async fn overtaken_at(
    n: usize,
    emulator: &Emulator,
    desired: &Arc<Desired>,
    orders: &Orders,
) {
    let (cloud, wanted) = (emulator.clone(), desired.clone());
    let other = orders.clone().seed(orders.seed + 1);
    let gates = Gates {
        before: Arc::new(move |number| {
            let (cloud, wanted, other) = (cloud.clone(), wanted.clone(), other.clone());
            async move {
                if number == n {
                    apply(&cloud, &wanted, &other).await;
                }
            }
            .boxed()
        }),
        ..Gates::default()
    };
    apply(emulator, desired, &orders.clone().gates(gates)).await;
}

/// Two runs side by side; a seed decides whose request goes next.
pub(crate) async fn side_by_side(
    seed: u64,
    emulator: &Emulator,
    desired: &Desired,
    orders: &Orders,
) {
    let chance = Arc::new(AtomicU64::new(seed));
    let gates = Gates {
        before: Arc::new(move |_| {
            let state = chance.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
            let mixed = (state ^ (state >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            // The clock is paused: this decides the order and costs no time.
            tokio::time::sleep(Duration::from_micros(mixed >> 52)).boxed()
        }),
        ..Gates::default()
    };
    let (one, other) = (orders.clone().gates(gates.clone()), orders.clone().gates(gates));
    let other = other.seed(orders.seed + 1);
    tokio::join!(apply(emulator, desired, &one), apply(emulator, desired, &other));
}

/// Scenarios whose processes are killed at every single request.
const KILLED_EVERYWHERE: &[&str] = &["alone-copilot", "revoked-grant"];

/// One moment of the writing for each scenario, another for each; every moment for a few.
pub(crate) fn kills(story: &Story<'_>) -> Vec<Moment> {
    if !process::is_calm(story.scenario) {
        return Vec::new();
    }
    let name = &story.scenario.name;
    if KILLED_EVERYWHERE.contains(&name.as_str()) {
        let sides = [false, true].into_iter();
        return sides.flat_map(|after| process::moments(&story.requests, after)).collect();
    }
    let chance: usize = name.bytes().map(usize::from).sum();
    let moments = process::moments(&story.requests, chance.is_multiple_of(2));
    let writes: Vec<_> = (0..moments.len()).filter(|at| is_write(&story.requests[*at])).collect();
    match writes.len() {
        0 => Vec::new(),
        count => vec![moments[writes[chance % count]].clone()],
    }
}
