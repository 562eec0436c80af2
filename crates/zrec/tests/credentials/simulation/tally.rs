//! Tally: what the stories were made of.

use std::ops::AddAssign;

use zrec_emulator::Emulator;

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) seeds: usize,
    /// Applies, calm ones too.
    pub(super) runs: usize,
    pub(super) kills: usize,
    /// Pairs of runs at once.
    pub(super) interleaved: usize,
    /// Answers and connections that were dropped.
    pub(super) lost: usize,
    pub(super) throttled: usize,
    /// Answers 409 and 5xx.
    pub(super) refused: usize,
    /// Credentials that were made.
    pub(super) minted: usize,
    pub(super) acknowledged: usize,
    /// Calms that needed R4's and R8's half hour.
    pub(super) half_hours: usize,
}

impl Tally {
    /// Takes in what the cloud was asked since, and forgets it there.
    pub(super) fn take(&mut self, emulator: &Emulator) {
        for request in emulator.requests() {
            self.lost += usize::from(request.lost);
            let items = request.items.iter().map(|item| (item.url.as_str(), item.status));
            for (url, status) in items.chain([(request.path.as_str(), request.status)]) {
                self.throttled += usize::from(status == 429);
                self.refused += usize::from(status == 409 || status >= 500);
                self.minted += usize::from(url.ends_with("addPassword") && status == 200);
            }
        }
        emulator.clear_requests();
    }

    /// The line of the report.
    pub(super) fn line(&self) -> String {
        format!(
            "simulation: {} seeds, {} runs, {} kills, {} pairs at once, {} lost answers, {} answers \
             429, {} answers 409 or 5xx, {} secrets made, {} acknowledged, {} half hours waited",
            self.seeds,
            self.runs,
            self.kills,
            self.interleaved,
            self.lost,
            self.throttled,
            self.refused,
            self.minted,
            self.acknowledged,
            self.half_hours,
        )
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.seeds += other.seeds;
        self.runs += other.runs;
        self.kills += other.kills;
        self.interleaved += other.interleaved;
        self.lost += other.lost;
        self.throttled += other.throttled;
        self.refused += other.refused;
        self.minted += other.minted;
        self.acknowledged += other.acknowledged;
        self.half_hours += other.half_hours;
    }
}
