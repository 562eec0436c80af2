//! The simulation: whole lives of credentials, in weather, each drawn from a seed.
//!
//! `ZREC_SEEDS=1250 cargo test -p zrec --test credentials simulation -- --nocapture` lives that
//! many, more than 10,000 runs; `ZREC_SEED=n` lives one again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

mod chance;
mod hand_off;
mod law;
mod life;
mod tally;
mod weather;

use life::{Life, Violation};
use tally::Tally;

/// How many stories `cargo test` lives.
const SEEDS: u64 = 60;

/// After so many violations the others would say nothing new.
const ENOUGH: usize = 20;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

fn story(seed: u64) -> Result<Tally, Violation> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    catch_unwind(AssertUnwindSafe(|| runtime.block_on(Life::of_seed(seed))))
        .unwrap_or_else(|_| Err("a panic, above".to_owned()))
}

#[test]
fn no_life_loses_orphans_or_interrupts() {
    let seeds = match number("ZREC_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("ZREC_SEEDS").unwrap_or(SEEDS),
    };
    let (next, began) = (AtomicU64::new(seeds.start), Instant::now());
    let (total, violations) = (Mutex::new(Tally::default()), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end || violations.lock().unwrap().len() >= ENOUGH {
                        return;
                    }
                    match story(seed) {
                        Ok(tally) => *total.lock().unwrap() += tally,
                        Err(why) => violations.lock().unwrap().push((seed, why)),
                    }
                }
            });
        }
    });
    let (total, mut violations) = (total.into_inner().unwrap(), violations.into_inner().unwrap());
    violations.sort();
    for (seed, why) in &violations {
        println!("ZREC_SEED={seed}: {why}");
    }
    let of = |word: &str| violations.iter().filter(|(_, why)| why.starts_with(word)).count();
    println!(
        "{}; {} lost, {} orphaned, {} outages, {} violations in all; {} s",
        total.line(),
        of("lost"),
        of("orphaned"),
        of("outage"),
        violations.len(),
        began.elapsed().as_secs()
    );
    assert!(violations.is_empty(), "{} of the stories end badly", violations.len());
}
