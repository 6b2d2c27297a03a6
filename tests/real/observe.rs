//! One run of the model, seen as the measuring saw the real one.

use super::case::Case;
use misroute::engine::random::Seed;
use misroute::engine::time::{Span, Time};
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Gauges, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::Setup;
use std::sync::Arc;

/// What a run showed.
#[derive(Debug, Default)]
pub(crate) struct Observed {
    /// Seconds of birth, outcome, milliseconds until then.
    requests: Vec<(f64, Outcome, f64)>,
    /// Attempts that have reached each backend, second by second, from 0.
    reached: Vec<Vec<u64>>,
}

impl Probe for Observed {
    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let latency = now.since(request.born).as_secs_f64() * 1e3;
        self.requests.push((request.born.as_secs_f64(), request.outcome, latency));
    }

    fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        // Timeline entries are samples, too: all of them at whole seconds.
        let second = (now.as_secs_f64() + 0.5) as usize;
        self.reached.resize(second, Vec::new());
        self.reached.push(gauges.backends.iter().map(|backend| backend.reached).collect());
    }
}

/// Runs a case once.
pub(crate) fn run(setup: &Setup, replication: u32) -> Observed {
    let mut setup = setup.clone();
    setup.observation.window = Span::from_secs(1);
    let mut observed =
        Observed { reached: vec![vec![0; setup.backends.len()]], ..Observed::default() };
    simulate(&Arc::new(setup), Seed { value: 0x5EED, replication }, &mut observed);
    observed
}

/// The name that the measurements give an outcome.
fn outcome(name: &str) -> Outcome {
    let is_it = |outcome: &Outcome| outcome.name().replace('_', "") == name;
    Outcome::ALL.into_iter().find(is_it).unwrap_or_else(|| panic!("unknown outcome {name}"))
}

/// The value that a share `q` stays within.
fn quantile(sorted: &[f64], q: f64) -> f64 {
    match sorted.len() {
        0 => f64::NAN,
        n => sorted[((q * n as f64).ceil() as usize).clamp(1, n) - 1],
    }
}

/// From and to, seconds, of a window of a case.
pub(crate) fn window(case: &Case, name: &str) -> (u64, u64) {
    let end = case.workload.duration_s;
    match name {
        "all" => (0, end),
        "steady" => (10, end),
        _ => case.windows[name],
    }
}

impl Observed {
    /// A figure of a window by the name that the measurements give it; what the measuring itself
    /// adds to every latency is in it.
    pub(crate) fn figure(&self, case: &Case, name: &str, window: (u64, u64), overhead: f64) -> f64 {
        let (from, to) = (window.0 as f64, window.1 as f64);
        let born = self.requests.iter().filter(|(born, ..)| (from..to).contains(born));
        if let Some(name) = name.strip_prefix("pct_") {
            let wanted = outcome(name);
            let (mut all, mut these) = (0_u32, 0_u32);
            for (_, outcome, _) in born {
                all += 1;
                these += u32::from(*outcome == wanted);
            }
            return 100.0 * f64::from(these) / f64::from(all);
        }
        if let Some(name) = name.strip_prefix("share_pct_") {
            let index = case.backends.iter().position(|backend| backend.id == name);
            return self.share(case, index.expect("a figure names a backend"), window);
        }
        if name == "offered_rps" {
            return born.count() as f64 / (to - from);
        }
        let wanted = name.strip_prefix("fail_ms_p50_").map_or(Outcome::Ok, outcome);
        let these = born.filter(|(_, outcome, _)| *outcome == wanted);
        let mut latencies: Vec<f64> = these.map(|(.., latency)| latency + overhead).collect();
        latencies.sort_unstable_by(f64::total_cmp);
        match name {
            "lat_ms_mean" => latencies.iter().sum::<f64>() / latencies.len() as f64,
            _ if wanted != Outcome::Ok => quantile(&latencies, 0.5),
            "lat_ms_p50" => quantile(&latencies, 0.5),
            "lat_ms_p90" => quantile(&latencies, 0.9),
            "lat_ms_p99" => quantile(&latencies, 0.99),
            _ => panic!("unknown figure {name}"),
        }
    }

    fn share(&self, case: &Case, backend: usize, (from, to): (u64, u64)) -> f64 {
        // What is sent late still arrives.
        let last = self.reached.len() - 1;
        let to = if to == case.workload.duration_s { last } else { to as usize };
        let (before, after) = (&self.reached[from as usize], &self.reached[to]);
        let grown = |index: usize| (after[index] - before[index]) as f64;
        let all: f64 = (0..after.len()).map(grown).sum();
        100.0 * grown(backend) / all
    }

    /// Arrivals per second at a backend.
    pub(crate) fn arrivals(&self, backend: usize) -> Vec<u32> {
        self.reached.windows(2).map(|pair| (pair[1][backend] - pair[0][backend]) as u32).collect()
    }
}

/// When arrivals begin again after `at`, estimated within their first second from how many they are
/// in full ones.
pub(crate) fn begins_again(arrivals: &[u32], at: usize) -> Option<f64> {
    let first = (at..arrivals.len()).find(|&second| arrivals[second] > 0)?;
    let full = arrivals.get(first + 1..first + 6)?;
    let full = f64::from(full.iter().sum::<u32>()) / 5.0;
    Some(first as f64 + 1.0 - (f64::from(arrivals[first]) / full).min(1.0))
}
