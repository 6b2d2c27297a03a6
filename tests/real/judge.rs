//! Predicted against measured: a band for every figure, fixed before anything is compared.

use super::case::{Case, balancer_ms, timer_ms};
use super::observe::{self, Observed, begins_again};
use misroute::model::setup::Setup;
use rayon::prelude::*;
use statrs::distribution::{ContinuousCDF, StudentsT};

/// A figure of a window, measured and predicted.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) window: String,
    pub(crate) figure: String,
    /// Mean and standard deviation over the repetitions.
    pub(crate) measured: (f64, f64),
    /// Mean over the model's runs.
    pub(crate) predicted: f64,
    /// Where the measured mean has to be.
    pub(crate) band: (f64, f64),
}

impl Row {
    /// Window and figure.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.window, self.figure)
    }

    pub(crate) fn holds(&self) -> bool {
        (self.band.0..=self.band.1).contains(&self.measured.0)
    }
}

fn mean_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { 0.0 })
}

/// Percentage points within which a share of the outcomes must be, at least.
const OUTCOME_POINTS: f64 = 2.0;
/// Percentage points within which a backend's share of the attempts must be.
const SHARE_POINTS: f64 = 1.5;
/// Milliseconds added to 5% for what failures take: some take no more than the way there and back.
const FAILURE_MS: f64 = 1.0;
/// Seconds within which a change of state must be: one check interval of the cases that have any.
const CHANGE_SECONDS: f64 = 1.0;

/// By how much the prediction interval of a latency is widened, of its centre.
fn widened(figure: &str) -> f64 {
    if figure == "lat_ms_p99" { 0.08 } else { 0.05 }
}

/// The 99% prediction interval of the mean of `repetitions` new runs.
fn prediction(values: &[f64], repetitions: usize) -> (f64, f64, f64) {
    let n = values.len() as f64;
    let (mean, sd) = mean_sd(values);
    let t = StudentsT::new(0.0, 1.0, n - 1.0).expect("two runs at least").inverse_cdf(0.995);
    let half = t * sd * (1.0 / repetitions as f64 + 1.0 / n).sqrt();
    (mean, mean - half, mean + half)
}

/// Every row of a case, from `runs` runs of the model.
pub(crate) fn rows(case: &Case, setup: &Setup, runs: u32) -> Vec<Row> {
    let observed: Vec<Observed> =
        (0..runs).into_par_iter().map(|replication| observe::run(setup, replication)).collect();
    let windows = ["all", "steady"].into_iter().map(str::to_owned);
    let windows: Vec<String> = windows.chain(case.windows.keys().cloned()).collect();
    let mut rows = Vec::new();
    for window in &windows {
        for figure in figures(case, window) {
            rows.extend(row(case, setup, &observed, window, &figure));
        }
    }
    rows.extend(returns(case, &observed));
    rows
}

/// The figures of a window that are compared.
fn figures(case: &Case, window: &str) -> Vec<String> {
    let mut names: Vec<String> = case.reps.iter().flat_map(|rep| rep.names(window)).collect();
    names.sort();
    names.dedup();
    // How many come is chance in an open loop, and an answer in a closed one.
    let is_open = case.workload.mode == "open";
    names.retain(|name| name != "goodput_rps" && !(is_open && name == "offered_rps"));
    names
}

/// Percentage points that depend on when checks happen to be made: nobody noted how long before
/// the first request the balancer began to check, so a change is discovered up to an interval
/// sooner or later, and meanwhile one server's share goes wrong.
fn undiscovered(case: &Case, setup: &Setup, (from, to): (u64, u64)) -> f64 {
    let checks = setup.balancer.config.health.as_ref();
    let Some(checks) = checks.filter(|_| case.backends.iter().any(|b| b.ev.is_some())) else {
        return 0.0;
    };
    100.0 * checks.interval.as_secs_f64() / (to - from) as f64 / case.backends.len() as f64
}

fn row(
    case: &Case,
    setup: &Setup,
    observed: &[Observed],
    window: &str,
    figure: &str,
) -> Option<Row> {
    let measured: Option<Vec<f64>> =
        case.reps.iter().map(|rep| rep.figure(window, figure)).collect();
    // A latency of nobody is none.
    let measured = measured?;
    let overhead = balancer_ms(&case.kind) + timer_ms(case);
    let span = observe::window(case, window);
    let mut values: Vec<f64> =
        observed.iter().map(|run| run.figure(case, figure, span, overhead)).collect();
    let (mean, sd) = mean_sd(&measured);
    values.retain(|value| value.is_finite());
    if values.len() < 2 {
        values = vec![f64::NAN; 2];
    }
    let (predicted, low, high) = prediction(&values, measured.len());
    let unseen = undiscovered(case, setup, span);
    let band = if figure.starts_with("pct_") {
        let most = OUTCOME_POINTS.max(3.0 * sd) + unseen;
        (predicted - most, predicted + most)
    } else if figure.starts_with("share_pct_") {
        let most = SHARE_POINTS + unseen;
        (predicted - most, predicted + most)
    } else {
        let more = widened(figure) * predicted
            + if figure.starts_with("fail_") { FAILURE_MS } else { 0.0 };
        (low - more, high + more)
    };
    Some(Row {
        window: window.to_owned(),
        figure: figure.to_owned(),
        measured: (mean, sd),
        predicted,
        band,
    })
}

/// When servers whose port opens again get their first request.
fn returns(case: &Case, observed: &[Observed]) -> Option<Row> {
    let (index, backend) = case
        .backends
        .iter()
        .enumerate()
        .find(|(_, b)| b.ev.as_deref().is_some_and(|events| events.contains("online")))?;
    let events = backend.ev.as_deref()?;
    let at = events.split(';').find_map(|event| event.strip_suffix(":online"))?;
    let at: usize = at.parse().ok()?;
    let measured: Option<Vec<f64>> =
        case.reps.iter().map(|rep| begins_again(&rep.arrivals(&backend.id)?, at)).collect();
    let (mean, sd) = mean_sd(&measured?);
    let predicted: Vec<f64> =
        observed.iter().filter_map(|run| begins_again(&run.arrivals(index), at)).collect();
    let predicted = mean_sd(&predicted).0;
    Some(Row {
        window: "all".to_owned(),
        figure: format!("{} gets requests again, s", backend.id),
        measured: (mean, sd),
        predicted,
        band: (predicted - CHANGE_SECONDS, predicted + CHANGE_SECONDS),
    })
}
