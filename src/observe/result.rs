//! What a run showed, as plain data: the only thing that reports, plots and judgements read.
//!
//! Serialized, this is `summary.json`; `misroute schema result` prints its JSON Schema. Times are
//! seconds since the start of the run unless a name says otherwise. A figure that rests on nothing
//! (the p99 of no success) is absent, never zero.

use crate::engine::histogram::Histogram;
use crate::model::outcome::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything one run showed.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunResult {
    /// Version of this document's layout.
    pub schema: u32,
    /// What was run.
    pub scenario: ScenarioId,
    /// Wall-clock time of the start, RFC 3339, if the scenario has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Simulated length, seconds.
    pub duration_s: f64,
    /// The seed.
    pub seed: u64,
    /// Fingerprint of everything that happened: equal digests, equal runs.
    pub digest: String,
    /// Version of misroute.
    pub version: String,
    /// Figures over the whole run.
    #[serde(flatten)]
    pub figures: Figures,
    /// The same figures between two timeline entries.
    pub phases: Vec<Phase>,
    /// The same figures over intervals that the scenario asks about.
    pub intervals: Vec<Figures>,
    /// Alerts, in the order of the scenario.
    pub alerts: Vec<AlertResult>,
    /// Whether and when users were well again.
    pub recovery: Recovery,
    /// What was done and what happened by itself, in order of time.
    pub happenings: Vec<Happening>,
    /// Figures per window, for plots and `series.csv`.
    #[serde(skip)]
    pub series: Series,
    /// Latencies of the successes born in each of equal slices of the run, in order; none unless the
    /// observer was asked to keep them apart.
    #[serde(skip)]
    pub slices: Vec<Histogram>,
}

/// Name and fingerprint of a scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScenarioId {
    /// Its name.
    pub name: String,
    /// Hash of the scenario with its overrides.
    pub digest: String,
}

/// Figures of requests born in an interval, and of what was busy during it.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Figures {
    /// Start of the interval, seconds.
    pub from_s: f64,
    /// End of the interval, seconds.
    pub to_s: f64,
    /// Requests and their outcomes.
    pub totals: Totals,
    /// How long successes took, from the birth of the request.
    pub latency_ms: Latency,
    /// People.
    pub users: Users,
    /// Per backend, in order.
    pub backends: Vec<BackendFigures>,
    /// How evenly the backends shared the attempts.
    pub balance: Balance,
    /// The shared database, if the scenario has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub database: Option<DatabaseFigures>,
    /// Latency of successes, for quantiles that `latency_ms` does not list.
    #[serde(skip)]
    pub latency: Histogram,
}

/// Counts of requests.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Totals {
    /// Requests born.
    pub requests: u64,
    /// Of these, answered.
    pub succeeded: u64,
    /// Of these, failed after their retries.
    pub failed: u64,
    /// Of these, neither by the end of the run.
    pub in_flight: u64,
    /// Answered, but later than the population's `slow` limit.
    pub slow: u64,
    /// Attempts made for the finished ones.
    pub attempts: u64,
    /// Attempts per request.
    pub amplification: Option<f64>,
    /// Requests succeeded, per second.
    pub goodput_rps: f64,
    /// Requests born, per second.
    pub offered_rps: f64,
    /// Finished requests by outcome.
    pub outcomes: BTreeMap<&'static str, u64>,
}

impl Totals {
    /// Finished requests with this outcome.
    pub fn outcome(&self, outcome: Outcome) -> u64 {
        self.outcomes.get(outcome.name()).copied().unwrap_or(0)
    }
}

/// Latency of successes, milliseconds, seen by clients, from the birth of the request.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Latency {
    /// Mean.
    pub mean: Option<f64>,
    /// Median.
    pub p50: Option<f64>,
    /// 90% are faster.
    pub p90: Option<f64>,
    /// 95% are faster.
    pub p95: Option<f64>,
    /// 99% are faster.
    pub p99: Option<f64>,
    /// 99.9% are faster.
    pub p999: Option<f64>,
    /// The slowest.
    pub max: Option<f64>,
    /// How many successes this rests on.
    pub count: u64,
}

impl Latency {
    /// The usual figures of a histogram.
    pub fn of(histogram: &Histogram) -> Self {
        let quantile = |q| histogram.quantile_ns(q).map(|ns| ns / 1e6);
        Self {
            mean: histogram.mean_ns().map(|ns| ns / 1e6),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p95: quantile(0.95),
            p99: quantile(0.99),
            p999: quantile(0.999),
            max: histogram.max().map(crate::engine::time::Span::as_ms_f64),
            count: histogram.count(),
        }
    }
}

/// People. *Affected*: a request failed after its retries, or was slower than the stated limit.
/// *Unable*: no request succeeded and at least one failed. A request that is still unanswered at the
/// end of the run, after longer than the limit (or than a user window), counts as failed here.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Users {
    /// Different people who sent a request in the interval.
    pub active: u64,
    /// Of these, affected at least once.
    pub affected: u64,
    /// Of these, unable throughout.
    pub unable: u64,
    /// Share of a window's active users that are affected, averaged over the windows that lie
    /// wholly in the interval; of an interval without any, `affected_ratio_whole`.
    pub affected_ratio: Option<f64>,
    /// Share of a window's active users that are unable, averaged like `affected_ratio`.
    pub unable_ratio: Option<f64>,
    /// `affected` over `active`: over an hour of trying again this tends to one.
    pub affected_ratio_whole: Option<f64>,
    /// `unable` over `active`: over an hour of trying again this tends to zero.
    pub unable_ratio_whole: Option<f64>,
    /// Affected users summed over the windows that begin in the interval, times their minutes.
    pub affected_minutes: f64,
    /// Unable users summed over the windows that begin in the interval, times their minutes.
    pub unable_minutes: f64,
}

/// One backend over an interval.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct BackendFigures {
    /// Its name.
    pub name: String,
    /// Attempts that reached it during the interval.
    pub requests: u64,
    /// Of all attempts that reached a backend.
    pub share: Option<f64>,
    /// Attempts it answered successfully during the interval.
    pub succeeded: u64,
    /// Attempts it rejected because its queue was full, or because they had waited too long in it.
    pub rejected: u64,
    /// Attempts it served although their client had left.
    pub wasted: u64,
    /// Occupied worker time over worker time, 0 to 1.
    pub utilization: f64,
    /// Mean number waiting.
    pub queue_mean: f64,
    /// Most waiting at once.
    pub queue_max: u64,
    /// Share of the interval during which it did not answer at all: down, starting or hung.
    pub unresponsive_ratio: f64,
    /// How often its state changed.
    pub state_changes: u64,
}

/// How evenly attempts were spread over the backends.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct Balance {
    /// Jain's fairness index: 1 even, 1/n all on one (Jain, Chiu & Hawe 1984).
    pub jain: Option<f64>,
    /// Largest share over mean share: 1 even, n all on one.
    pub max_over_mean: Option<f64>,
    /// Coefficient of variation of the shares: 0 even.
    pub cv: Option<f64>,
}

/// The shared database over an interval.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct DatabaseFigures {
    /// Queries begun.
    pub queries: u64,
    /// Occupied connection time over connection time, 0 to 1.
    pub utilization: f64,
    /// Mean number of attempts waiting for a connection.
    pub waiting_mean: f64,
    /// Most waiting for a connection at once.
    pub waiting_max: u64,
}

/// Figures between two timeline entries.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Phase {
    /// What began it.
    pub label: String,
    /// The figures, with `from_s` and `to_s`.
    #[serde(flatten)]
    pub figures: Figures,
}

/// When an alert fired and resolved, seconds since the start.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AlertResult {
    /// Its name.
    pub name: String,
    /// First time it fired.
    pub fired_at: Option<f64>,
    /// When it resolved after that, if it did.
    pub resolved_at: Option<f64>,
    /// How often it fired.
    pub fired: u64,
}

/// How the run ended for users.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Users were never worse off than at the start.
    Unharmed,
    /// They were, and are well again.
    Recovered,
    /// Still worse off at the end, with the cause still there.
    Degraded,
    /// Still worse off at the end, although the cause is gone.
    Metastable,
}

/// Recovery, judged on the windowed share of affected users.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Recovery {
    /// How it ended.
    pub verdict: Verdict,
    /// How many times users were worse off, with at least five good user windows in between. All that
    /// follows is said of the last time if that has not ended, else of the worst: that with most affected.
    pub harms: u32,
    /// When users began to be worse off, seconds since the start.
    pub harmed_at: Option<f64>,
    /// When they were well again for good, seconds since the start.
    pub recovered_at: Option<f64>,
    /// From the one to the other, seconds.
    pub after_s: Option<f64>,
    /// When the last fault, surge, drain or changed configuration that began before users were well
    /// again was over, seconds since the start, or the one that harm outlasted before the next began;
    /// nothing if it still is in force, or none ever was.
    pub trigger_gone_at: Option<f64>,
    /// When the last thing was done that puts something right, before users were well again, seconds
    /// since the start: a restart, a rollback, the end of a fault; once users were worse off also a
    /// new configuration or a drain.
    pub repaired_at: Option<f64>,
    /// From the end of the trigger until users were well again, seconds; 0 if they were before.
    pub after_trigger_s: Option<f64>,
    /// From the last repair until users were well again, seconds.
    pub after_repair_s: Option<f64>,
    /// Attempts sent per request born while users were worse off.
    pub amplification: Option<f64>,
    /// The most attempts sent per request born in any window of the series.
    pub amplification_peak: Option<f64>,
}

impl Recovery {
    /// A verdict about nothing that ever happened.
    pub(crate) fn of(verdict: Verdict) -> Self {
        Self {
            verdict,
            harms: 0,
            harmed_at: None,
            recovered_at: None,
            after_s: None,
            trigger_gone_at: None,
            repaired_at: None,
            after_trigger_s: None,
            after_repair_s: None,
            amplification: None,
            amplification_peak: None,
        }
    }
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HappeningKind {
    /// A timeline entry was carried out.
    Action,
    /// An entry's effect ended by itself.
    ActionEnded,
    /// A balancer instance took up a configuration.
    Adoption,
    /// A backend's state changed.
    Backend,
    /// An alert fired.
    AlertFired,
    /// An alert resolved.
    AlertResolved,
}

/// One thing that happened.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Happening {
    /// When, seconds since the start.
    pub at_s: f64,
    /// What kind of thing.
    pub kind: HappeningKind,
    /// Who or which: an entry's, alert's or backend's name.
    pub subject: String,
    /// What, in a few words.
    pub what: String,
}

/// Figures per window.
#[derive(Clone, Debug, Default)]
pub struct Series {
    /// Length of a window, seconds. Counts are of what finished in the window.
    pub window_s: f64,
    /// One row per window, in order.
    pub rows: Vec<SeriesRow>,
    /// Length of a user window, seconds.
    pub user_window_s: f64,
    /// One entry per user window, in order; people count where their request was born.
    pub users: Vec<UserRow>,
}

/// One window. Requests and attempts are counted when they finish, as monitoring sees them.
#[derive(Clone, Debug, Default)]
pub struct SeriesRow {
    /// Start of the window, seconds.
    pub at_s: f64,
    /// Requests born.
    pub offered: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Requests finished, by outcome, in the order of [`Outcome::ALL`].
    pub outcomes: [u64; Outcome::COUNT],
    /// Latency of successes, milliseconds: median.
    pub p50_ms: Option<f64>,
    /// Latency of successes, milliseconds: 95% are faster.
    pub p95_ms: Option<f64>,
    /// Latency of successes, milliseconds: 99% are faster.
    pub p99_ms: Option<f64>,
    /// Requests in flight at the end of the window.
    pub in_flight: u64,
    /// Per backend.
    pub backends: Vec<BackendRow>,
    /// Occupied share of the database's connections.
    pub database_utilization: Option<f64>,
}

/// One backend in one window. Small: there are as many as windows times backends.
#[derive(Clone, Copy, Debug, Default)]
pub struct BackendRow {
    /// Attempts that reached it.
    pub attempts: u32,
    /// Waiting at the end of the window.
    pub queue: u32,
    /// Occupied share of its workers.
    pub utilization: f64,
}

/// People in one user window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserRow {
    /// Who sent a request.
    pub active: u64,
    /// Of these, affected.
    pub affected: u64,
    /// Of these, unable.
    pub unable: u64,
}
