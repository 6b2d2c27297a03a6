//! Figures by name: what expectations, sweeps and comparisons ask for. One table, [`METRICS`].

use super::result::{BackendFigures, Figures, RunResult, SeriesRow, Verdict};
use crate::model::outcome::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// What a figure is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// A share of a whole, as a fraction.
    Ratio,
    /// Milliseconds.
    Milliseconds,
    /// A number of things.
    Count,
    /// Per second.
    Rate,
    /// A moment, in seconds since the start of the run.
    Instant,
    /// Minutes of people's time.
    Minutes,
    /// A plain number.
    Number,
    /// One of a few words.
    Text,
}

impl Unit {
    /// How values are written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ratio => "%",
            Self::Milliseconds => "time",
            Self::Count => "count",
            Self::Rate => "per second",
            Self::Instant => "moment",
            Self::Minutes => "user-minutes",
            Self::Number => "number",
            Self::Text => "word",
        }
    }
}

/// What a metric reads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Observed {
    /// Nothing to measure: no success has no latency.
    Absent,
    /// In the metric's unit.
    Number(f64),
    /// A word.
    Text(&'static str),
}

impl From<Option<f64>> for Observed {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Absent, Self::Number)
    }
}

impl Observed {
    /// The number, if it is one.
    pub fn number(self) -> Option<f64> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }
}

/// What a metric's name says beyond its pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Argument {
    /// Nothing.
    Nothing,
    /// A backend, by position.
    Backend(usize),
    /// An alert, by position.
    Alert(usize),
    /// An outcome.
    Outcome(Outcome),
    /// A quantile, 0 to 1.
    Quantile(f64),
}

/// A figure that can be asked for.
#[derive(Debug)]
pub struct Metric {
    /// Its name; NAME stands for a backend, an alert or an outcome, NN for a percentile.
    pub name: &'static str,
    /// What it is measured in.
    pub unit: Unit,
    /// Whether it is of the whole run, whatever the interval.
    pub whole_run: bool,
    /// What it means.
    pub doc: &'static str,
    /// Reads it from a run and the figures of one of its intervals.
    pub read: fn(&RunResult, &Figures, &Argument) -> Observed,
}

/// The name of a metric with what it refers to: `backends.api-1.share`.
#[derive(Clone, Debug)]
pub struct MetricRef {
    /// The entry in the table.
    pub metric: &'static Metric,
    /// As it was written.
    pub text: String,
    /// What it refers to.
    pub argument: Argument,
}

/// The names that a metric may refer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// Backends, in order.
    pub backends: &'a [String],
    /// Alerts, in order.
    pub alerts: &'a [String],
    /// Whether there is a database.
    pub database: bool,
}

/// Why a text names no metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricError {
    /// The bytes at fault.
    pub at: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What could stand there instead.
    pub candidates: Vec<String>,
}

impl MetricRef {
    /// Looks a metric up.
    pub fn parse(text: &str, names: &Names<'_>) -> Result<Self, MetricError> {
        for metric in METRICS {
            let Some(range) = metric.placeholder(text) else { continue };
            let argument = argument(metric, text, range, names)?;
            return Ok(Self { metric, text: text.to_owned(), argument });
        }
        Err(MetricError {
            at: 0..text.len(),
            message: format!("unknown metric `{text}`"),
            candidates: METRICS.iter().map(|metric| metric.name.to_owned()).collect(),
        })
    }

    /// Its value in a run, over the interval whose figures are given.
    pub fn read(&self, result: &RunResult, figures: &Figures) -> Observed {
        (self.metric.read)(result, figures, &self.argument)
    }
}

impl Metric {
    /// Where in `text` the placeholder's value stands, if `text` has this metric's shape.
    fn placeholder(&self, text: &str) -> Option<Range<usize>> {
        let split = self.name.split_once("NAME").or_else(|| self.name.split_once("NN"));
        let Some((before, after)) = split else {
            return (self.name == text).then_some(0..0);
        };
        let shaped = text.len() > before.len() + after.len()
            && text.starts_with(before)
            && text.ends_with(after);
        shaped.then(|| before.len()..text.len() - after.len())
    }
}

fn argument(
    metric: &Metric,
    text: &str,
    range: Range<usize>,
    names: &Names<'_>,
) -> Result<Argument, MetricError> {
    let name = &text[range.clone()];
    let fail = |what: &str, candidates: Vec<String>| {
        let message = format!("unknown {what} `{name}`");
        Err(MetricError { at: range.clone(), message, candidates })
    };
    let position = |list: &[String]| list.iter().position(|other| other == name);
    match metric.name.split('.').next().unwrap_or_default() {
        "backends" => match position(names.backends) {
            Some(index) => Ok(Argument::Backend(index)),
            None => fail("backend", names.backends.to_vec()),
        },
        "alerts" => match position(names.alerts) {
            Some(index) => Ok(Argument::Alert(index)),
            None => fail("alert", names.alerts.to_vec()),
        },
        "outcomes" | "failures" => {
            let possible =
                |outcome: &Outcome| metric.name.starts_with("outcomes") || !outcome.is_ok();
            if let Some(outcome) = Outcome::from_name(name).filter(possible) {
                return Ok(Argument::Outcome(outcome));
            }
            let all = Outcome::ALL.iter().filter(|outcome| possible(outcome));
            fail("outcome", all.map(|outcome| outcome.name().to_owned()).collect())
        }
        "database" if !names.database => Err(MetricError {
            at: 0..text.len(),
            message: "the scenario has no [database]".to_owned(),
            candidates: Vec::new(),
        }),
        "latency" if metric.name.ends_with("NN") => match quantile(name) {
            Some(quantile) => Ok(Argument::Quantile(quantile)),
            None => fail("percentile", ["50", "95", "99", "999"].map(str::to_owned).to_vec()),
        },
        _ => Ok(Argument::Nothing),
    }
}

/// `5` is 5%, `95` is 95%, `999` is 99.9%.
pub fn quantile(digits: &str) -> Option<f64> {
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Read as decimals, so that 0.95 is the nearest number to 0.95.
    match digits.len() {
        1 => format!("0.0{digits}").parse().ok(),
        2 => format!("0.{digits}").parse().ok(),
        _ => digits.starts_with("99").then(|| format!("0.{digits}").parse().ok()).flatten(),
    }
}

/// The words that `recovery.verdict` knows.
pub const VERDICTS: [&str; 4] = ["unharmed", "recovered", "degraded", "metastable"];

fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unharmed => VERDICTS[0],
        Verdict::Recovered => VERDICTS[1],
        Verdict::Degraded => VERDICTS[2],
        Verdict::Metastable => VERDICTS[3],
    }
}

fn ratio(part: u64, whole: u64) -> Observed {
    if whole == 0 { Observed::Absent } else { Observed::Number(part as f64 / whole as f64) }
}

fn count(number: u64) -> Observed {
    Observed::Number(number as f64)
}

/// Requests that succeeded or failed.
fn finished(figures: &Figures) -> u64 {
    figures.totals.succeeded + figures.totals.failed
}

/// Over the windows of the series that begin in the interval.
fn served(result: &RunResult, figures: &Figures, _: &Argument) -> Observed {
    let rows = windows(result, figures);
    ratio(succeeded(rows), rows.iter().map(|row| row.offered).sum())
}

/// The windows of the series that begin in an interval.
fn windows<'a>(result: &'a RunResult, figures: &Figures) -> &'a [SeriesRow] {
    let rows = &result.series.rows;
    let from = rows.partition_point(|row| row.at_s < figures.from_s);
    let to = rows.partition_point(|row| row.at_s < figures.to_s);
    &rows[from..to.max(from)]
}

fn succeeded(rows: &[SeriesRow]) -> u64 {
    rows.iter().map(|row| row.outcomes[Outcome::Ok.index()]).sum()
}

/// Requests succeeded, per second, counted when they succeed, over the windows of the series that begin
/// in an interval; of the whole run the same as those born in it. Of a later part of a run in which
/// work piles up, those born in it are fewer: most of them are still waiting at its end.
pub fn throughput_rps(result: &RunResult, figures: &Figures) -> Option<f64> {
    let rows = windows(result, figures);
    let seconds = figures.to_s - rows.first()?.at_s;
    Some(succeeded(rows) as f64 / seconds)
}

fn outcome(figures: &Figures, argument: &Argument) -> u64 {
    match argument {
        Argument::Outcome(outcome) => figures.totals.outcome(*outcome),
        _ => 0,
    }
}

fn backend(
    figures: &Figures,
    argument: &Argument,
    read: impl Fn(&BackendFigures) -> Observed,
) -> Observed {
    match argument {
        Argument::Backend(index) => figures.backends.get(*index).map_or(Observed::Absent, read),
        _ => Observed::Absent,
    }
}

fn alert(result: &RunResult, argument: &Argument) -> Option<(Option<f64>, u64)> {
    let Argument::Alert(index) = argument else { return None };
    result.alerts.get(*index).map(|alert| (alert.fired_at, alert.fired))
}

const fn metric(
    name: &'static str,
    unit: Unit,
    doc: &'static str,
    read: fn(&RunResult, &Figures, &Argument) -> Observed,
) -> Metric {
    Metric { name, unit, whole_run: false, doc, read }
}

const fn of_run(
    name: &'static str,
    unit: Unit,
    doc: &'static str,
    read: fn(&RunResult, &Figures, &Argument) -> Observed,
) -> Metric {
    Metric { name, unit, whole_run: true, doc, read }
}

/// Every metric. Ratios of requests are of those that finished.
pub static METRICS: &[Metric] = &[
    metric("requests.count", Unit::Count, "requests born", |_, f, _| count(f.totals.requests)),
    metric(
        "requests.succeeded_ratio",
        Unit::Ratio,
        "share of finished requests that succeeded",
        |_, f, _| ratio(f.totals.succeeded, finished(f)),
    ),
    metric(
        "requests.failed_ratio",
        Unit::Ratio,
        "share of finished requests that failed after their retries",
        |_, f, _| ratio(f.totals.failed, finished(f)),
    ),
    metric(
        "requests.slow_ratio",
        Unit::Ratio,
        "share of finished requests that succeeded later than their `slow` limit",
        |_, f, _| ratio(f.totals.slow, finished(f)),
    ),
    metric("requests.amplification", Unit::Number, "attempts per request", |_, f, _| {
        f.totals.amplification.into()
    }),
    metric("requests.offered_rps", Unit::Rate, "requests born, per second", |_, f, _| {
        Observed::Number(f.totals.offered_rps)
    }),
    metric("requests.goodput_rps", Unit::Rate, "requests succeeded, per second", |_, f, _| {
        Observed::Number(f.totals.goodput_rps)
    }),
    metric(
        "requests.served_ratio",
        Unit::Ratio,
        "successes per request born, each counted when it happens: below 100% while a backlog grows",
        served,
    ),
    metric(
        "outcomes.NAME_ratio",
        Unit::Ratio,
        "share of finished requests with this outcome",
        |_, f, a| ratio(outcome(f, a), finished(f)),
    ),
    metric(
        "failures.NAME_share",
        Unit::Ratio,
        "share of failed requests with this outcome",
        |_, f, a| ratio(outcome(f, a), f.totals.failed),
    ),
    metric("latency.mean", Unit::Milliseconds, "mean latency of successes", |_, f, _| {
        f.latency_ms.mean.into()
    }),
    metric("latency.max", Unit::Milliseconds, "latency of the slowest success", |_, f, _| {
        f.latency_ms.max.into()
    }),
    metric(
        "latency.pNN",
        Unit::Milliseconds,
        "percentile of the latency of successes: p5, p95, p999 for 99.9%",
        |_, f, a| match a {
            Argument::Quantile(q) => f.latency.quantile_ns(*q).map(|ns| ns / 1e6).into(),
            _ => Observed::Absent,
        },
    ),
    metric(
        "users.affected_ratio",
        Unit::Ratio,
        "share of a window's users with a failed or slow request, mean over windows",
        |_, f, _| f.users.affected_ratio.into(),
    ),
    metric(
        "users.unable_ratio",
        Unit::Ratio,
        "share of a window's users without any success, mean over windows",
        |_, f, _| f.users.unable_ratio.into(),
    ),
    metric(
        "users.affected_ratio_whole",
        Unit::Ratio,
        "share of users affected at least once in the interval",
        |_, f, _| f.users.affected_ratio_whole.into(),
    ),
    metric(
        "users.unable_ratio_whole",
        Unit::Ratio,
        "share of users without any success in the interval",
        |_, f, _| f.users.unable_ratio_whole.into(),
    ),
    metric("users.affected_minutes", Unit::Minutes, "affected users times minutes", |_, f, _| {
        Observed::Number(f.users.affected_minutes)
    }),
    metric("users.unable_minutes", Unit::Minutes, "unable users times minutes", |_, f, _| {
        Observed::Number(f.users.unable_minutes)
    }),
    metric(
        "balance.jain",
        Unit::Number,
        "fairness of the backends' shares: 1 even, 1/n all on one",
        |_, f, _| f.balance.jain.into(),
    ),
    metric(
        "balance.max_over_mean",
        Unit::Number,
        "largest share over mean share: 1 even, n all on one",
        |_, f, _| f.balance.max_over_mean.into(),
    ),
    metric(
        "balance.cv",
        Unit::Number,
        "coefficient of variation of the shares: 0 even",
        |_, f, _| f.balance.cv.into(),
    ),
    metric(
        "backends.NAME.share",
        Unit::Ratio,
        "share of the attempts that reached a backend",
        |_, f, a| backend(f, a, |b| b.share.into()),
    ),
    metric("backends.NAME.utilization", Unit::Ratio, "occupied share of its workers", |_, f, a| {
        backend(f, a, |b| Observed::Number(b.utilization))
    }),
    metric("backends.NAME.queue_max", Unit::Count, "most attempts waiting at once", |_, f, a| {
        backend(f, a, |b| count(b.queue_max))
    }),
    metric(
        "backends.NAME.queue_mean",
        Unit::Number,
        "mean number of attempts waiting",
        |_, f, a| backend(f, a, |b| Observed::Number(b.queue_mean)),
    ),
    metric(
        "backends.NAME.unresponsive_ratio",
        Unit::Ratio,
        "share of the time it did not answer at all",
        |_, f, a| backend(f, a, |b| Observed::Number(b.unresponsive_ratio)),
    ),
    metric(
        "backends.NAME.succeeded",
        Unit::Count,
        "attempts it answered successfully",
        |_, f, a| backend(f, a, |b| count(b.succeeded)),
    ),
    metric(
        "database.utilization",
        Unit::Ratio,
        "occupied share of the database's connections",
        |_, f, _| f.database.as_ref().map(|d| d.utilization).into(),
    ),
    metric(
        "database.waiting_mean",
        Unit::Number,
        "mean number of attempts waiting for a connection",
        |_, f, _| f.database.as_ref().map(|d| d.waiting_mean).into(),
    ),
    metric(
        "database.waiting_max",
        Unit::Count,
        "most attempts waiting for a connection at once",
        |_, f, _| f.database.as_ref().map(|d| d.waiting_max as f64).into(),
    ),
    of_run("alerts.NAME.fired_at", Unit::Instant, "when the alert first fired", |r, _, a| {
        alert(r, a).and_then(|(at, _)| at).into()
    }),
    of_run("alerts.NAME.fired", Unit::Count, "how often the alert fired", |r, _, a| {
        alert(r, a).map(|(_, fired)| fired as f64).into()
    }),
    of_run("recovery.at", Unit::Instant, "when users were well again for good", |r, _, _| {
        r.recovery.recovered_at.into()
    }),
    of_run(
        "recovery.after",
        Unit::Milliseconds,
        "from the first harm until users were well again for good",
        |r, _, _| r.recovery.after_s.map(|s| s * 1e3).into(),
    ),
    of_run(
        "recovery.after_trigger",
        Unit::Milliseconds,
        "from the end of the last fault, surge, drain or changed configuration until then",
        |r, _, _| r.recovery.after_trigger_s.map(|s| s * 1e3).into(),
    ),
    of_run(
        "recovery.after_repair",
        Unit::Milliseconds,
        "from the last repair until then",
        |r, _, _| r.recovery.after_repair_s.map(|s| s * 1e3).into(),
    ),
    of_run(
        "recovery.amplification",
        Unit::Number,
        "attempts per request while users were worse off",
        |r, _, _| r.recovery.amplification.into(),
    ),
    of_run(
        "recovery.amplification_peak",
        Unit::Number,
        "most attempts per request in any window of the series",
        |r, _, _| r.recovery.amplification_peak.into(),
    ),
    of_run(
        "recovery.verdict",
        Unit::Text,
        "unharmed, recovered, degraded or metastable",
        |r, _, _| Observed::Text(verdict(r.recovery.verdict)),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_metrics_and_what_they_refer_to() {
        let (backends, alerts) = (["api-1".to_owned()], ["error.rate high".to_owned()]);
        let names = Names { backends: &backends, alerts: &alerts, database: false };
        let parse = |text: &str| MetricRef::parse(text, &names).map(|metric| metric.argument);
        assert_eq!(parse("requests.count"), Ok(Argument::Nothing));
        assert_eq!(parse("backends.api-1.share"), Ok(Argument::Backend(0)));
        assert_eq!(parse("alerts.error.rate high.fired_at"), Ok(Argument::Alert(0)));
        assert_eq!(parse("outcomes.http_503_ratio"), Ok(Argument::Outcome(Outcome::Http503)));
        assert_eq!(parse("latency.p999"), Ok(Argument::Quantile(0.999)));
        assert_eq!(parse("latency.p5"), Ok(Argument::Quantile(0.05)));
        assert_eq!(parse("backends.api-9.share").unwrap_err().at, 9..14);
        assert!(parse("failures.ok_share").is_err());
        assert!(parse("latency.p100").is_err());
        assert!(parse("database.utilization").is_err());
        assert!(parse("users").is_err());
    }

    #[test]
    fn what_rests_on_nothing_is_absent() {
        let figures = Figures::default();
        let names = Names::default();
        let run = crate::observe::result::RunResult {
            schema: 1,
            scenario: crate::observe::result::ScenarioId {
                name: String::new(),
                digest: String::new(),
            },
            start: None,
            duration_s: 1.0,
            seed: 0,
            digest: String::new(),
            version: String::new(),
            figures: Figures::default(),
            phases: Vec::new(),
            intervals: Vec::new(),
            alerts: Vec::new(),
            recovery: crate::observe::result::Recovery::of(Verdict::Unharmed),
            happenings: Vec::new(),
            series: crate::observe::result::Series::default(),
            slices: Vec::new(),
        };
        for text in
            ["requests.failed_ratio", "latency.p95", "failures.http_503_share", "recovery.at"]
        {
            let metric = MetricRef::parse(text, &names).unwrap();
            assert_eq!(metric.read(&run, &figures), Observed::Absent, "{text}");
        }
        let verdict = MetricRef::parse("recovery.verdict", &names).unwrap();
        assert_eq!(verdict.read(&run, &figures), Observed::Text("unharmed"));
    }
}
