//! Progress: on stderr, as bars where it is a terminal, else as nothing but the log.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use zrec_plan::step::Step;

/// The progress of one run.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar over so many steps; hidden where stderr is not a terminal.
    pub fn over(steps: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(steps as u64), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}");
        bar.set_style(style.expect("the template is a constant that a test renders"));
        Self { bar }
    }

    /// A spinner, for reading.
    pub fn spinner() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        Self { bar }
    }

    /// One more step is done.
    pub fn step(&self, step: &Step) {
        self.bar.inc(1);
        self.bar.set_message(format!("{} {} {}", step.verb, step.kind, step.summary));
        tracing::info!(tenant = %step.tenant, kind = %step.kind, verb = %step.verb, key = step.key, "step done");
    }

    /// What is going on.
    pub fn say(&self, message: &'static str) {
        self.bar.set_message(message);
        tracing::debug!(message, "progress");
    }

    /// Clears the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_bar_renders() {
        super::Progress::over(3).finish();
    }
}
