//! Progress on standard error: on a terminal only, and only of what takes more than a second.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Mutex;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(1);
const STEPS: u64 = 1000;

/// A bar over several runs that may go on at the same time.
pub(super) struct Progress {
    bar: ProgressBar,
    started: Instant,
    done: Mutex<Vec<f64>>,
}

impl Progress {
    /// A bar over `runs` runs; a `quiet` one never shows.
    pub(super) fn new(runs: usize, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(STEPS), ProgressDrawTarget::hidden());
        let style = ProgressStyle::with_template("simulating {bar:40} {percent:>3}%  {eta} left")
            .expect("the template is valid");
        bar.set_style(style);
        let done = Mutex::new(if quiet { Vec::new() } else { vec![0.0; runs] });
        Self { bar, started: now(), done }
    }

    /// One run is done to this share.
    pub(super) fn update(&self, run: usize, share: f64) {
        let mut done = self.done.lock().expect("no holder of this lock panics");
        let Some(mine) = done.get_mut(run) else { return };
        *mine = share;
        if self.bar.is_hidden() && now().duration_since(self.started) > PATIENCE {
            // Hides itself where standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(2));
        }
        let whole = done.iter().sum::<f64>() / done.len() as f64;
        self.bar.set_position((whole * STEPS as f64) as u64);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A bar over many short runs, with how many are done in a second.
pub(super) struct Tally {
    bar: ProgressBar,
    started: Instant,
    quiet: bool,
}

impl Tally {
    /// A bar over `all` things that are called so; a `quiet` one never shows.
    pub(super) fn new(all: u64, things: &str, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(Some(all), ProgressDrawTarget::hidden());
        let template =
            format!("simulating {{bar:30}} {{pos}} of {{len}} {things}, {{per_sec}}, {{eta}} left");
        let style = ProgressStyle::with_template(&template).expect("the template is valid");
        bar.set_style(style);
        Self { bar, started: now(), quiet }
    }

    /// One more is done.
    pub(super) fn add(&self) {
        self.bar.inc(1);
        let shows = !self.quiet && now().duration_since(self.started) > PATIENCE;
        if shows && self.bar.is_hidden() {
            // Hides itself where standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(2));
        }
    }
}

impl Drop for Tally {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[expect(clippy::disallowed_methods, reason = "a progress bar is about the wall clock")]
fn now() -> Instant {
    Instant::now()
}
