//! Results for tests, made up window by window.

use super::{AssumptionLine, Judgement, Report, Status};
use crate::engine::histogram::Histogram;
use crate::engine::random::{Purpose, Seed, Stream};
use crate::engine::time::Span;
use crate::model::outcome::Outcome;
use crate::observe::result::{
    AlertResult, BackendFigures, BackendRow, Balance, Figures, Happening, HappeningKind, Latency,
    Phase, Recovery, RunResult, ScenarioId, Series, SeriesRow, Totals, UserRow, Users, Verdict,
};
use std::sync::LazyLock;

/// What one stretch of a made-up run looks like.
#[derive(Clone)]
pub(crate) struct Stretch {
    pub(crate) label: &'static str,
    pub(crate) to_s: f64,
    /// Requests per second.
    pub(crate) offered: f64,
    /// Shares of the outcomes, in the order of `Outcome::ALL`; the rest is still in flight.
    pub(crate) outcomes: [f64; Outcome::COUNT],
    pub(crate) median_ms: f64,
    /// Shares of the backends.
    pub(crate) shares: Vec<f64>,
    pub(crate) affected: f64,
    pub(crate) unable: f64,
}

/// Shares of the outcomes of attempts; everything was sent.
fn attempts<const N: usize>(shares: [f64; N]) -> [f64; Outcome::COUNT] {
    let mut all = [0.0; Outcome::COUNT];
    all[..N].copy_from_slice(&shares);
    all
}

/// Shares with one backend at `one` and the rest even.
pub(crate) fn one_takes(one: f64, index: usize, of: usize) -> Vec<f64> {
    (0..of).map(|n| if n == index { one } else { (1.0 - one) / (of - 1) as f64 }).collect()
}

/// A stretch in which all is well.
pub(crate) fn well(label: &'static str, to_s: f64, offered: f64, backends: usize) -> Stretch {
    Stretch {
        label,
        to_s,
        offered,
        outcomes: attempts([1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        median_ms: 82.0,
        shares: vec![1.0 / backends as f64; backends],
        affected: 0.0,
        unable: 0.0,
    }
}

/// A count around `mean`, as a Poisson one would be; nothing is nothing, and takes no draw.
fn around(stream: &mut Stream, mean: f64) -> u64 {
    if mean <= 0.0 {
        return 0;
    }
    let noise = (0..12).map(|_| stream.unit()).sum::<f64>() - 6.0;
    (mean + noise * mean.sqrt()).max(0.0).round() as u64
}

fn row(stream: &mut Stream, stretch: &Stretch, at_s: f64, window_s: f64) -> SeriesRow {
    let offered = around(stream, stretch.offered * window_s);
    let outcomes = stretch.outcomes.map(|share| around(stream, offered as f64 * share));
    let jitter = 0.9 + 0.2 * stream.unit();
    let latency = |factor: f64| {
        (outcomes[0] > 0).then_some(stretch.median_ms * (1.0 + (factor - 1.0) * jitter))
    };
    let backends = stretch.shares.iter().map(|share| BackendRow {
        attempts: around(stream, offered as f64 * share) as u32,
        utilization: (share * 4.0).min(1.0),
        queue: (share * 100.0) as u32,
    });
    SeriesRow {
        at_s,
        offered,
        attempts: offered + offered / 5,
        outcomes,
        backends: backends.collect(),
        p50_ms: latency(1.0),
        p95_ms: latency(2.6),
        p99_ms: latency(4.9),
        in_flight: offered / 10,
        database_utilization: None,
    }
}

fn series(stretches: &[Stretch], window_s: f64, user_window_s: f64) -> Series {
    let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
    let end = stretches.last().map_or(0.0, |stretch| stretch.to_s);
    let at = |n: usize, window: f64| n as f64 * window;
    let during = |at_s: f64| stretches.iter().find(|stretch| at_s < stretch.to_s).unwrap();
    let rows = (0..(end / window_s).ceil() as usize)
        .map(|n| row(&mut stream, during(at(n, window_s)), at(n, window_s), window_s))
        .collect();
    let users = (0..(end / user_window_s).ceil() as usize)
        .map(|n| {
            let stretch = during(at(n, user_window_s));
            let active = around(&mut stream, 2_800.0);
            let share = |of: f64| (active as f64 * of * (0.95 + 0.1 * stream.unit())) as u64;
            let mut share = share;
            let affected = share(stretch.affected).min(active);
            UserRow { active, affected, unable: share(stretch.unable).min(affected) }
        })
        .collect();
    Series { window_s, rows, user_window_s, users }
}

fn figures(series: &Series, from_s: f64, to_s: f64) -> Figures {
    let rows = || series.rows.iter().filter(|row| from_s <= row.at_s && row.at_s < to_s);
    let sum = |outcome: Outcome| rows().map(|row| row.outcomes[outcome.index()]).sum::<u64>();
    let requests: u64 = rows().map(|row| row.offered).sum();
    let succeeded = sum(Outcome::Ok);
    let failed = Outcome::ALL.into_iter().filter(|o| !o.is_ok()).map(sum).sum();
    let mut latency = Histogram::default();
    for row in rows() {
        for ms in [row.p50_ms, row.p50_ms, row.p95_ms, row.p99_ms].into_iter().flatten() {
            latency.record(Span::from_ns_f64(ms * 1e6));
        }
    }
    let backends = series.rows.first().map_or(0, |row| row.backends.len());
    let attempts =
        |index: usize| rows().map(|row| u64::from(row.backends[index].attempts)).sum::<u64>();
    let all: u64 = (0..backends).map(attempts).sum();
    let window = |n: &usize| (from_s..to_s).contains(&(*n as f64 * series.user_window_s));
    let users: Vec<UserRow> =
        (0..series.users.len()).filter(window).map(|n| series.users[n]).collect();
    let minutes = series.user_window_s / 60.0;
    let ratio = |count: fn(&UserRow) -> u64| {
        let ratios = users.iter().map(|row| count(row) as f64 / row.active as f64).sum::<f64>();
        (!users.is_empty()).then(|| ratios / users.len() as f64)
    };
    Figures {
        from_s,
        to_s,
        totals: Totals {
            requests,
            succeeded,
            failed,
            in_flight: requests.saturating_sub(succeeded + failed),
            attempts: requests + requests / 5,
            amplification: (requests > 0).then_some(1.2),
            goodput_rps: succeeded as f64 / (to_s - from_s),
            offered_rps: requests as f64 / (to_s - from_s),
            outcomes: Outcome::ALL.into_iter().map(|o| (o.name(), sum(o))).collect(),
            ..Totals::default()
        },
        latency_ms: Latency::of(&latency),
        users: Users {
            active: 3_000,
            affected: users.iter().map(|row| row.affected).max().unwrap_or(0),
            unable: users.iter().map(|row| row.unable).max().unwrap_or(0),
            affected_ratio: ratio(|row| row.affected),
            unable_ratio: ratio(|row| row.unable),
            affected_minutes: users.iter().map(|row| row.affected as f64 * minutes).sum(),
            unable_minutes: users.iter().map(|row| row.unable as f64 * minutes).sum(),
            ..Users::default()
        },
        backends: (0..backends)
            .map(|index| BackendFigures {
                name: format!("api-{}", index + 1),
                requests: attempts(index),
                share: (all > 0).then(|| attempts(index) as f64 / all as f64),
                ..BackendFigures::default()
            })
            .collect(),
        balance: Balance { jain: Some(0.5), max_over_mean: Some(2.0), cv: None },
        database: None,
        latency,
    }
}

pub(crate) fn happening(at_s: f64, kind: HappeningKind, subject: &str, what: &str) -> Happening {
    Happening { at_s, kind, subject: subject.into(), what: what.into() }
}

/// A result made of stretches, with nothing happening.
pub(crate) fn result(name: &str, stretches: &[Stretch], windows: (f64, f64)) -> RunResult {
    let series = series(stretches, windows.0, windows.1);
    let end = stretches.last().map_or(0.0, |stretch| stretch.to_s);
    let mut from = 0.0;
    let phases = stretches.iter().map(|stretch| {
        let figures = figures(&series, from, stretch.to_s);
        from = stretch.to_s;
        Phase { label: stretch.label.into(), figures }
    });
    RunResult {
        schema: 1,
        scenario: ScenarioId { name: name.into(), digest: "8c1f0e5d2b3a4967".into() },
        start: None,
        duration_s: end,
        seed: 7,
        digest: "3fa92c0d77e1b845".into(),
        version: "0.1.0".into(),
        phases: phases.collect(),
        figures: figures(&series, 0.0, end),
        intervals: Vec::new(),
        alerts: Vec::new(),
        recovery: Recovery::of(Verdict::Unharmed),
        happenings: Vec::new(),
        series,
        slices: Vec::new(),
    }
}

/// An outage of 105 minutes: one of ten backends takes everything for an hour, and stays away after.
pub(crate) fn outage() -> RunResult {
    let bad = Stretch {
        label: "maintenance",
        outcomes: attempts([0.2, 0.0, 0.0, 0.55, 0.0, 0.0, 0.25]),
        median_ms: 2_900.0,
        shares: one_takes(1.0, 3, 10),
        affected: 0.81,
        unable: 0.68,
        ..well("", 4_200.0, 450.0, 10)
    };
    let worse = Stretch {
        label: "rebalance by hand",
        to_s: 5_400.0,
        outcomes: attempts([0.0, 0.02, 0.0, 0.6, 0.0, 0.08, 0.3]),
        shares: one_takes(0.4, 3, 10),
        affected: 0.97,
        unable: 0.93,
        ..bad.clone()
    };
    let healing = Stretch {
        label: "restart and correct",
        to_s: 6_900.0,
        outcomes: attempts([0.9, 0.0, 0.01, 0.05, 0.0, 0.0, 0.03]),
        median_ms: 190.0,
        shares: vec![0.1; 10],
        affected: 0.2,
        unable: 0.03,
        ..bad.clone()
    };
    let stretches =
        [well("start", 600.0, 450.0, 10), bad, worse, healing, well("well", 8_400.0, 450.0, 10)];
    let mut result = result("2024-08-10-two-of-five", &stretches, (10.0, 60.0));
    result.start = Some("2024-08-10T13:50:00Z".into());
    result.happenings = outage_happenings();
    result.alerts = vec![
        AlertResult {
            name: "success-rate".into(),
            fired_at: Some(660.0),
            resolved_at: Some(6_900.0),
            fired: 1,
        },
        AlertResult {
            name: "latency-p95".into(),
            fired_at: Some(905.0),
            resolved_at: Some(5_700.0),
            fired: 2,
        },
        AlertResult { name: "cpu".into(), fired_at: None, resolved_at: None, fired: 0 },
    ];
    result.recovery = Recovery {
        verdict: Verdict::Recovered,
        harms: 1,
        harmed_at: Some(600.0),
        recovered_at: Some(6_900.0),
        after_s: Some(6_300.0),
        trigger_gone_at: Some(6_000.0),
        repaired_at: Some(6_600.0),
        after_trigger_s: Some(900.0),
        after_repair_s: Some(300.0),
        amplification: Some(1.75),
        amplification_peak: Some(3.5),
    };
    result
}

fn outage_happenings() -> Vec<Happening> {
    use HappeningKind::{Action, Adoption, AlertFired, AlertResolved, Backend};
    let mut happenings = vec![
        happening(600.0, Action, "maintenance", "done"),
        happening(600.0, Adoption, "balancer 1", "runs configuration 2"),
        happening(601.0, Adoption, "balancer 2", "runs configuration 2"),
        happening(660.0, AlertFired, "success-rate", "fires"),
        happening(655.0, Backend, "api-4", "unresponsive"),
        happening(900.0, Action, "suspect the database", "done"),
        happening(905.0, AlertFired, "latency-p95", "fires"),
        happening(1_200.0, Action, "roll the API back to the release of last week", "done"),
        happening(1_500.0, Action, "page the balancer team", "done"),
        happening(4_200.0, Action, "rebalance by hand", "done"),
        happening(4_200.0, Adoption, "balancer 1", "runs configuration 3"),
        happening(4_500.0, Adoption, "balancer 2", "runs configuration 3"),
        happening(5_400.0, Action, "restart", "done"),
        happening(5_400.0, Action, "correct the configuration", "done"),
        happening(6_900.0, AlertResolved, "success-rate", "resolves"),
    ];
    for n in 1..=10 {
        let name = format!("api-{n}");
        happenings.push(happening(5_400.0, Backend, &name, "restarting"));
        happenings.push(happening(5_420.0 + f64::from(n), Backend, &name, "up"));
    }
    happenings.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    happenings
}

/// A minute in windows of a second, with a bump in the middle and no clock.
pub(crate) fn minute() -> RunResult {
    let slow = Stretch {
        label: "bump",
        outcomes: attempts([0.93, 0.03, 0.0, 0.0, 0.04, 0.0, 0.0]),
        median_ms: 240.0,
        affected: 0.02,
        unable: 0.001,
        ..well("", 40.0, 120.0, 4)
    };
    let stretches = [well("start", 25.0, 120.0, 4), slow, well("end", 60.0, 120.0, 4)];
    result("a-minute", &stretches, (1.0, 10.0))
}

/// Every backend is down from the start: no attempt reaches one and no request succeeds.
pub(crate) fn dead() -> RunResult {
    let dead = Stretch {
        outcomes: attempts([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]),
        shares: vec![0.0; 5],
        affected: 1.1,
        unable: 1.1,
        ..well("start", 1_800.0, 300.0, 5)
    };
    let mut result = result("all-down", &[dead], (5.0, 60.0));
    result.start = Some("2024-05-15T14:10:00Z".into());
    result.happenings = vec![happening(
        60.0,
        HappeningKind::AlertFired,
        "error rate above 5% for a minute",
        "fired",
    )];
    result.recovery.verdict = Verdict::Metastable;
    result
}

/// Twenty backends, of which three take more than they should in the middle.
pub(crate) fn twenty() -> RunResult {
    let mut shares = vec![0.3 / 17.0; 20];
    for (index, share) in [(4, 0.35), (11, 0.2), (17, 0.15)] {
        shares[index] = share;
    }
    let skewed = Stretch {
        label: "test algorithm",
        outcomes: attempts([0.55, 0.2, 0.05, 0.0, 0.1, 0.03, 0.07]),
        median_ms: 900.0,
        shares,
        affected: 0.6,
        unable: 0.25,
        ..well("", 7_200.0, 900.0, 20)
    };
    let stretches =
        [well("start", 1_800.0, 900.0, 20), skewed, well("corrected", 14_400.0, 900.0, 20)];
    let mut result = result("2024-06-21-test-algorithm", &stretches, (15.0, 60.0));
    result.start = Some("2024-06-21T07:45:00Z".into());
    result.happenings = (0..40)
        .map(|n| {
            let (at, name) = (f64::from(n) * 350.0 + 100.0, format!("step number {n}"));
            let kind = match n % 4 {
                0 => HappeningKind::Action,
                1 => HappeningKind::Adoption,
                2 => HappeningKind::AlertFired,
                _ => HappeningKind::ActionEnded,
            };
            happening(at, kind, &name, "adopts")
        })
        .collect();
    result
}

fn expect(name: &str, status: Status, observed: &str, bounds: &str, fact: &str) -> Judgement {
    let fact = (!fact.is_empty()).then(|| fact.to_owned());
    let [name, observed, bounds] = [name, observed, bounds].map(str::to_owned);
    Judgement { name, status, observed, bounds, fact }
}

/// A report about a run, with one expectation of each status and two assumptions.
pub(crate) fn report(result: &RunResult) -> Report<'_> {
    static EXPECT: LazyLock<Vec<Judgement>> = LazyLock::new(|| {
        vec![
            expect(
                "share of users without service",
                Status::Pass,
                "67.9%",
                "within 65% to 75%",
                "Approximately 70% of the users were unable to access course schedules",
            ),
            expect("alert on response times", Status::Fail, "14:05", "14:00 to 14:02", ""),
            expect("p99 after the fix", Status::NoData, "no success", "below 1s", ""),
        ]
    });
    static ASSUMPTIONS: LazyLock<Vec<AssumptionLine>> = LazyLock::new(|| {
        let assumption = |path: &str, value: &str, range: &str, reason: &str| AssumptionLine {
            path: path.into(),
            value: value.into(),
            range: range.into(),
            reason: reason.into(),
        };
        vec![
            assumption(
                "clients.web.rate",
                "450/s",
                "350/s to 550/s",
                "a pool of five sized for 60% at peak",
            ),
            assumption(
                "backends.api-1.queue",
                "400",
                "100 to 1000",
                "the default of the application server, which nobody had changed in years",
            ),
        ]
    });
    Report {
        result,
        title: Some("Most of the traffic goes to two of five servers"),
        expect: &EXPECT,
        objective: &[],
        steady: None,
        assumptions: &ASSUMPTIONS,
        command: None,
    }
}
