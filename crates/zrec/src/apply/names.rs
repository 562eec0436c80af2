//! Names: the seeded source of everything that a run calls by a random name.

use std::sync::{Mutex, PoisonError};

use aws_lc_rs::digest::{SHA256, digest};
use zrec_plan::Guid;
use zrec_plan::record::{CredentialName, RunId};

/// The source of one run. The same seed gives the same names.
#[derive(Debug)]
pub struct Names {
    seed: u128,
    drawn: Mutex<u64>,
    run: RunId,
}

impl Names {
    /// A source; a real run's seed is 128 random bits.
    pub fn seeded(seed: u128) -> Self {
        // Drawn apart from the counted ones: a run keeps its name however many it gives.
        let run = RunId(format!("{:032x}", bits(seed, u64::MAX)));
        Self { seed, drawn: Mutex::new(0), run }
    }

    /// The run's own name.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// A name for a new credential.
    pub fn credential(&self) -> CredentialName {
        CredentialName::from_bits(self.draw())
    }

    /// A key id for a new certificate.
    pub fn key_id(&self) -> Guid {
        let id = uuid::Builder::from_random_bytes(self.draw().to_be_bytes()).into_uuid();
        id.to_string().parse().expect("a UUID is a GUID")
    }

    fn draw(&self) -> u128 {
        let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
        *drawn += 1;
        bits(self.seed, *drawn)
    }
}

/// One half of the SHA-256 of seed and number.
fn bits(seed: u128, number: u64) -> u128 {
    let mut text = seed.to_be_bytes().to_vec();
    text.extend(number.to_be_bytes());
    let hash = digest(&SHA256, &text);
    hash.as_ref().iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_its_names_and_no_other() {
        let (one, same, other) = (Names::seeded(7), Names::seeded(7), Names::seeded(8));
        assert_eq!(one.run(), same.run());
        assert_ne!(one.run(), other.run());
        let first = one.credential();
        assert_eq!(first, same.credential());
        assert_ne!(first, one.credential());
        assert_ne!(first, other.credential());
    }
}
