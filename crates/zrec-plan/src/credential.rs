//! Credentials: what one record and the keys at Microsoft say together, and what follows.
//!
//! A record is read by meaning, not by the order or the time of its entries ([`History`]); the
//! keys are matched to it by key id, name and fingerprint ([`keys`]); [`decide`] is the one table
//! for client secrets and certificates alike; [`Ledger`] looks at all records of a kind together:
//! what is due, what may go, what may be offered.

use time::Duration;

use crate::record::CredentialKind;

mod finding;
mod history;
pub mod keys;
mod ledger;
mod step;
mod terms;

pub use finding::{not_ours, unrecorded, without_store};
pub use history::{History, State};
pub use ledger::{Judged, Ledger, Mint, Subject, offerable};
pub use step::{Desk, plan, send_again};
pub use terms::{Allowance, Terms};

/// R4 and R8: for this long, by the servers' clock, what looks unfinished may still be under way.
pub const GRACE: Duration = Duration::minutes(30);

/// Which keys at Microsoft belong to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Keys {
    /// None.
    Absent,
    /// The one that the record stands for.
    Own,
    /// Its own is not there, but others of its name are.
    Others,
    /// Its own, and others of its name.
    OwnAndOthers,
}

/// How old the last thing is that zrec itself did to the credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Age {
    /// The servers' time is not known: nothing that rests on age is done.
    Unknown,
    /// Within [`GRACE`].
    Young,
    /// Beyond it; or the run that intended it is known to be over.
    Ripe,
    /// The credential itself has ended.
    Ended,
}

/// One record beside the keys at Microsoft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Situation {
    /// Client secret, or certificate.
    pub kind: CredentialKind,
    /// How far its record says it got.
    pub state: State,
    /// Which keys are there.
    pub keys: Keys,
    /// How old it is.
    pub age: Age,
}

/// What a situation means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Another run may be at it: it is left alone, and nothing is minted meanwhile.
    Minting,
    /// Nobody will finish it: its keys are removed, and it is aborted.
    GiveUp,
    /// A certificate that the store holds and Microsoft does not: it is sent.
    Send,
    /// It has come to sight: that is recorded, and it is usable.
    RecordSeen,
    /// It is usable.
    Live,
    /// Minted and not visible yet: it is waited for, and nothing is minted meanwhile.
    Settling,
    /// It never came to sight or vanished, and nobody was given it: it is aborted.
    Lost,
    /// Somebody was given it, and somebody removed it: a finding; a successor is widening.
    Revoked,
    /// It has ended: it is retired.
    Ended,
    /// It is not wanted any more.
    Gone,
}

/// Which of the keys must not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Removes {
    /// None: all are left alone.
    Nothing,
    /// Those that have its name and are not its own (R6).
    Others,
    /// All of them.
    All,
}

/// A verdict, and the keys that go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decision {
    /// What the situation means.
    pub verdict: Verdict,
    /// Which keys are removed.
    pub removes: Removes,
}

/// The table of rules R2 and R4 to R8. "Present" is its own key, whether or not others are there.
///
/// | state   | its key | kind        | age unknown | young       | ripe        | ended    | removes  |
/// |---------|---------|-------------|-------------|-------------|-------------|----------|----------|
/// | open    | any     | secret      | minting     | minting     | give up     | give up  | all, once given up |
/// | open    | present | certificate | minting     | minting     | record seen | give up  | others; all, once given up |
/// | open    | absent  | certificate | minting     | minting     | send        | give up  | others; all, once given up |
/// | minted  | present | both        | record seen | record seen | record seen | ended    | others   |
/// | minted  | absent  | both        | settling    | settling    | lost        | ended    | others   |
/// | seen    | present | both        | live        | live        | live        | ended    | others   |
/// | seen    | absent  | both        | settling    | settling    | lost        | ended    | others   |
/// | offered | present | both        | live        | live        | live        | ended    | others   |
/// | offered | absent  | both        | settling    | settling    | revoked     | revoked  | others   |
/// | retired | any     | both        | gone        | gone        | gone        | gone     | all      |
/// | aborted | any     | both        | gone        | gone        | gone        | gone     | all      |
///
/// The ripe column of `open` is also reached when the run of the intent is known to be over. What
/// was offered, vanished and then ended stays *revoked*: a responder's doing does not lapse.
pub fn decide(situation: &Situation) -> Decision {
    use {Age as A, CredentialKind as K, State as S};
    let present = matches!(situation.keys, Keys::Own | Keys::OwnAndOthers);
    let verdict = match (situation.state, present, situation.kind, situation.age) {
        (S::Open, _, _, A::Unknown | A::Young) => Verdict::Minting,
        (S::Open, _, K::ClientSecret, A::Ripe | A::Ended) => Verdict::GiveUp,
        (S::Open, _, K::Certificate, A::Ended) => Verdict::GiveUp,
        (S::Open, true, K::Certificate, A::Ripe) => Verdict::RecordSeen,
        (S::Open, false, K::Certificate, A::Ripe) => Verdict::Send,
        (S::Offered, false, _, A::Ripe | A::Ended) => Verdict::Revoked,
        (S::Minted | S::Seen | S::Offered, _, _, A::Ended) => Verdict::Ended,
        (S::Minted, true, _, A::Unknown | A::Young | A::Ripe) => Verdict::RecordSeen,
        (S::Seen | S::Offered, true, _, A::Unknown | A::Young | A::Ripe) => Verdict::Live,
        (S::Minted | S::Seen | S::Offered, false, _, A::Unknown | A::Young) => Verdict::Settling,
        (S::Minted | S::Seen, false, _, A::Ripe) => Verdict::Lost,
        (S::Retired | S::Aborted, _, _, _) => Verdict::Gone,
    };
    let removes = match verdict {
        Verdict::Minting => Removes::Nothing,
        Verdict::GiveUp | Verdict::Gone => Removes::All,
        _ => Removes::Others,
    };
    Decision { verdict, removes }
}
