//! What must hold in every run, whatever the scenario.

use super::twin::{self, Ledger};
use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::experiment::run::run;
use misroute::model::outcome::Outcome;
use misroute::model::probe::{BackendGauge, Blind, FinishedRequest, Gauges, Probe, WorldChange};
use misroute::model::run::simulate;
use misroute::model::setup::PopulationId;
use misroute::model::world::{Counts, World};
use misroute::observe::recorder::Recorder;
use misroute::observe::result::{Figures, RunResult, ScenarioId};
use misroute::report::{Report, csv, json, text};
use misroute::scenario::Scenario;
use std::sync::Arc;
use std::thread;

/// Pieces in which a run goes on, and after which the books are audited.
const PIECES: u64 = 37;

/// An observer that keeps accounts of its own, and passes everything on.
struct Watch {
    recorder: Recorder,
    now: Time,
    /// More requests than these cannot come from such a scenario.
    most: u64,
    seen: Seen,
    ledger: Ledger,
    backends: Vec<BackendGauge>,
}

/// What an observer has counted.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) born: u64,
    pub(super) finished: [u64; Outcome::COUNT],
    pub(super) attempts: u64,
}

impl Watch {
    fn pass(&mut self, now: Time) {
        assert!(now >= self.now, "time ran backwards from {} to {now}", self.now);
        self.now = now;
    }
}

impl Probe for Watch {
    fn request_born(&mut self, now: Time, population: PopulationId, user: u32) {
        self.pass(now);
        self.seen.born += 1;
        assert!(self.seen.born <= self.most, "requests without end");
        self.ledger.born(now, population, user);
        self.recorder.request_born(now, population, user);
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.pass(now);
        assert!(request.born <= now, "finished before it was born");
        // Whoever waits for a connection until the deadline has sent nothing either.
        let unsent = request.outcome.is_unsent() || request.outcome == Outcome::Timeout;
        assert!(request.attempts >= 1 || unsent, "finished without an attempt");
        self.seen.finished[request.outcome.index()] += 1;
        self.seen.attempts += u64::from(request.attempts);
        self.ledger.finished(now, request);
        self.recorder.request_finished(now, request);
    }

    fn changed(&mut self, now: Time, change: WorldChange) {
        self.pass(now);
        self.recorder.changed(now, change);
    }

    fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        self.pass(now);
        assert_eq!(gauges.requests, self.seen.born, "requests born, by gauge and by probe");
        let finished: u64 = self.seen.finished.iter().sum();
        assert_eq!(gauges.requests, finished + gauges.in_flight, "offered = finished + in flight");
        assert!(gauges.attempts >= self.seen.attempts, "attempts of the finished are some of all");
        for (after, before) in gauges.backends.iter().zip(&self.backends) {
            let counters = |g: &BackendGauge| {
                let ns = [g.busy_ns, g.waiting_ns, g.unresponsive_ns];
                ([g.reached, g.succeeded, g.rejected, g.wasted, g.state_changes], ns)
            };
            let ((a, a_ns), (b, b_ns)) = (counters(after), counters(before));
            let grows = a.iter().zip(b).all(|(a, b)| *a >= b);
            let integrals_grow = a_ns.iter().zip(b_ns).all(|(a, b)| *a >= b);
            assert!(grows && integrals_grow, "a counter shrank: {before:?}, {after:?}");
        }
        self.backends = gauges.backends.to_vec();
        self.recorder.sample(now, gauges);
    }
}

/// Something that a run turned out to be, and may be falsified to see whether that is noticed.
pub(super) struct Observed {
    pub(super) seen: Seen,
    pub(super) ledger: Ledger,
    pub(super) counts: Counts,
    pub(super) result: RunResult,
}

/// Runs a scenario piece by piece, and audits it after each.
pub(super) fn observe(scenario: &Scenario, seed: u64) -> Observed {
    let setup = Arc::new(scenario.setup.clone());
    let seed = Seed::new(seed);
    // Users who are back ask besides; they are among the attempts at most.
    let effort = scenario.effort();
    let most = 10_000 + (20.0 * effort.requests).max(effort.attempts_most) as u64;
    let recorder = Recorder::new(&setup).with_slices(twin::SLICES);
    let (now, seen, ledger) = (Time::ZERO, Seen::default(), Ledger::default());
    let mut watch = Watch { recorder, now, most, seen, ledger, backends: Vec::new() };
    let mut world = World::new(Arc::clone(&setup), seed);
    for piece in 1..=PIECES {
        let end = setup.duration.as_ns() / PIECES * piece;
        let end = if piece == PIECES { setup.duration.as_ns() } else { end };
        world.step_until(Time::from_ns(end), &mut watch);
        world.assert_bookkeeping();
        world.assert_progress();
    }
    world.finish(&mut watch);
    watch.ledger.close(&world, &setup);
    let id = ScenarioId { name: scenario.name.clone(), digest: scenario.digest.clone() };
    let start = scenario.start.map(|start| start.to_string());
    let result = watch.recorder.into_result(&world, seed, id, start);
    Observed { seen: watch.seen, ledger: watch.ledger, counts: world.counts(), result }
}

/// Runs a scenario several times, and compares. Fails by panicking.
pub(super) fn check(scenario: &Scenario, seed: u64, falsify: &(dyn Fn(&mut Observed) + Sync)) {
    let mut observed = observe(scenario, seed);
    falsify(&mut observed);
    accounts(&observed);
    observed.ledger.agrees(&observed.result);
    plausible(&observed.result);
    let setup = Arc::new(scenario.setup.clone());
    // A pool of threads would begin the next scenario while it waits for this one.
    let again = thread::scope(|scope| scope.spawn(|| run(scenario, seed, |_| {})).join());
    let again = again.expect("it ran through before");
    assert_eq!(again.result.digest, observed.result.digest, "another digest on another thread");
    crate::straight::assert_both_ways_agree(&scenario.setup, seed);
    let unseen = simulate(&setup, Seed::new(seed), &mut Blind).digest().to_string();
    assert_eq!(unseen, observed.result.digest, "another digest without an observer");
    let json = |result: &RunResult| serde_json::to_string(result).unwrap();
    assert_eq!(json(&again.result), json(&observed.result), "another result in other pieces");
    // What everything is written with must not stumble over any of it.
    let (expect, objective) = (&again.judgements[..], &again.objective[..]);
    let result = &again.result;
    let report = Report {
        result,
        title: None,
        expect,
        objective,
        steady: again.steady.as_ref(),
        assumptions: &[],
        command: None,
    };
    let summary = json::summary(&report);
    serde_json::from_str::<serde_json::Value>(&summary).unwrap();
    assert!(!text::summary(&report, text::Style::plain()).contains("NaN"), "NaN in the summary");
    assert_eq!(csv::series(result).lines().count(), result.series.rows.len() + 1, "series.csv");
    for variant in scenario.measures.iter().chain(&scenario.twins) {
        run(&scenario.variant(variant).unwrap(), seed, |_| {});
    }
}

/// The report, the world and an observer of its own count the same.
fn accounts(observed: &Observed) {
    let Observed { seen, counts, result, .. } = observed;
    let totals = &result.figures.totals;
    let finished: u64 = seen.finished.iter().sum();
    assert_eq!(totals.requests, counts.requests, "requests, in the report and in the world");
    assert_eq!(totals.requests, seen.born, "requests, in the report and seen");
    assert_eq!(totals.succeeded + totals.failed, finished, "finished, in the report and seen");
    assert_eq!(totals.in_flight, seen.born - finished, "in flight, in the report and seen");
    assert_eq!(totals.attempts, seen.attempts, "attempts, in the report and seen");
    for (outcome, (seen, counted)) in
        Outcome::ALL.iter().zip(seen.finished.iter().zip(&counts.finished))
    {
        assert_eq!(seen, counted, "outcomes, seen and in the world");
        assert_eq!(totals.outcome(*outcome), *seen, "outcomes, in the report and seen");
    }
    let rows = &result.series.rows;
    let sum = |read: fn(&Figures) -> u64| {
        result.phases.iter().map(|phase| read(&phase.figures)).sum::<u64>()
    };
    assert_eq!(sum(|f| f.totals.requests), totals.requests, "phases make up the whole");
    assert_eq!(sum(|f| f.totals.succeeded), totals.succeeded, "phases make up the whole");
    let offered: u64 = rows.iter().map(|row| row.offered).sum();
    let attempts: u64 = rows.iter().map(|row| row.attempts).sum();
    assert_eq!(offered, totals.requests, "windows make up the requests");
    assert_eq!(attempts, counts.attempts, "windows make up the attempts");
    for outcome in Outcome::ALL {
        let ended: u64 = rows.iter().map(|row| row.outcomes[outcome.index()]).sum();
        assert_eq!(ended, totals.outcome(outcome), "windows make up the outcomes");
    }
}

/// Shares are shares, quantiles are in order, and times go on.
fn plausible(result: &RunResult) {
    let shown = format!("{result:?}");
    assert!(!shown.contains("NaN") && !shown.contains("inf,"), "a figure is no number: {shown}");
    let whole = [&result.figures];
    for figures in whole.into_iter().chain(result.phases.iter().map(|phase| &phase.figures)) {
        let users = &figures.users;
        assert!(users.unable <= users.affected && users.affected <= users.active, "{users:?}");
        let latency = &figures.latency_ms;
        assert_eq!(latency.count, figures.totals.succeeded, "successes with a latency");
        let quantiles = [latency.p50, latency.p90, latency.p95, latency.p99, latency.max];
        assert!(quantiles.iter().flatten().is_sorted(), "quantiles out of order: {latency:?}");
        let shares: f64 = figures.backends.iter().filter_map(|backend| backend.share).sum();
        let reached: u64 = figures.backends.iter().map(|backend| backend.requests).sum();
        assert!(reached == 0 || (shares - 1.0).abs() < 1e-9, "shares sum to {shares}");
        for backend in &figures.backends {
            let within = |ratio: f64| (0.0..=1.0 + 1e-9).contains(&ratio);
            assert!(within(backend.utilization), "{backend:?}");
            assert!(within(backend.unresponsive_ratio), "{backend:?}");
        }
    }
    assert!(result.happenings.iter().is_sorted_by(|a, b| a.at_s <= b.at_s), "happenings in order");
    assert!(result.series.rows.iter().is_sorted_by(|a, b| a.at_s < b.at_s), "windows in order");
    let recovery = &result.recovery;
    assert!(recovery.recovered_at.is_none() || recovery.harmed_at <= recovery.recovered_at);
}
