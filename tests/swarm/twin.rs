//! The recorder's slow twin: it keeps every request, and looks through all of them for each figure.

use misroute::engine::histogram::Histogram;
use misroute::engine::time::{Span, Time};
use misroute::model::outcome::Outcome;
use misroute::model::probe::FinishedRequest;
use misroute::model::setup::{PopulationId, Setup};
use misroute::model::world::World;
use misroute::observe::result::{Figures, RunResult};
use std::collections::BTreeSet;

/// Slices that the recorder keeps apart beside it: they end where no interval and no window does.
pub(super) const SLICES: usize = 23;

type Person = (u16, u32);

/// Every request of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    births: Vec<(Time, Person)>,
    ends: Vec<(Time, FinishedRequest)>,
    /// Without an outcome at the end, after too long a time.
    overdue: Vec<(Time, Person)>,
}

impl Ledger {
    pub(super) fn born(&mut self, now: Time, population: PopulationId, user: u32) {
        self.births.push((now, (population.0, user)));
    }

    pub(super) fn finished(&mut self, now: Time, request: &FinishedRequest) {
        self.ends.push((now, *request));
    }

    /// The run is over.
    pub(super) fn close(&mut self, world: &World, setup: &Setup) {
        for (population, user, born) in world.unanswered() {
            let slow = setup.populations[population.index()].slow;
            if world.now().since(born) > slow.unwrap_or(setup.observation.user_window) {
                self.overdue.push((born, (population.0, user)));
            }
        }
    }

    /// People with a request born in `[from, to)` seconds: active, affected, unable.
    fn people(&self, from: f64, to: f64) -> [u64; 3] {
        let within = |born: Time| (from..to).contains(&born.as_secs_f64());
        let of = |r: &FinishedRequest| (r.population.0, r.user);
        let births = self.births.iter().filter(|(born, _)| within(*born));
        let overdue = || self.overdue.iter().filter(|(born, _)| within(*born)).map(|&(_, p)| p);
        let ends = || self.ends.iter().map(|(_, request)| request).filter(|r| within(r.born));
        let bad = |r: &&FinishedRequest| !r.outcome.is_ok() || r.slow;
        let active: BTreeSet<Person> = births.map(|&(_, person)| person).collect();
        let affected: BTreeSet<Person> = ends().filter(bad).map(of).chain(overdue()).collect();
        let served: BTreeSet<Person> = ends().filter(|r| r.outcome.is_ok()).map(of).collect();
        let failed = ends().filter(|r| !r.outcome.is_ok()).map(of).chain(overdue());
        let failed: BTreeSet<Person> = failed.collect();
        let unable = failed.difference(&served).count();
        [active.len() as u64, affected.len() as u64, unable as u64]
    }

    fn latencies(&self, is_meant: impl Fn(Time, Time) -> bool) -> Vec<u64> {
        let ends = self.ends.iter().filter(|(at, r)| r.outcome.is_ok() && is_meant(*at, r.born));
        let mut latencies: Vec<u64> = ends.map(|(at, r)| at.since(r.born).as_ns()).collect();
        latencies.sort_unstable();
        latencies
    }

    /// A run's figures against these.
    pub(super) fn agrees(&self, result: &RunResult) {
        self.agrees_with(&result.figures);
        result.phases.iter().for_each(|phase| self.agrees_with(&phase.figures));
        result.intervals.iter().for_each(|figures| self.agrees_with(figures));
        let series = &result.series;
        for (index, row) in series.users.iter().enumerate() {
            let from = index as f64 * series.user_window_s;
            // Products of a fraction of a second may be off by a bit, nanoseconds are not.
            let (from, to) = (from - 1e-10, from + series.user_window_s - 1e-10);
            let people = [row.active, row.affected, row.unable];
            assert_eq!(people, self.people(from, to), "people in window {index}");
        }
        for row in &series.rows {
            // A window closes before anything else happens at that instant.
            let from = row.at_s - 1e-10;
            let is_within = |at: Time| (from..from + series.window_s).contains(&at.as_secs_f64());
            for outcome in Outcome::ALL {
                let ends =
                    self.ends.iter().filter(|(at, r)| is_within(*at) && r.outcome == outcome);
                let n = row.outcomes[outcome.index()];
                assert_eq!(n, ends.count() as u64, "{outcome:?} in the window at {} s", row.at_s);
            }
            let latencies = self.latencies(|at, _| is_within(at));
            for (q, ms) in [(0.5, row.p50_ms), (0.95, row.p95_ms), (0.99, row.p99_ms)] {
                close_quantile(&latencies, q, ms.map(|ms| ms * 1e6));
            }
        }
        let length = (Span::from_secs_f64(result.duration_s).as_ns() / SLICES as u64).max(1);
        let slice = |born: Time| (born.as_ns() / length).min(SLICES as u64 - 1);
        for (index, kept) in (0_u64..).zip(&result.slices) {
            let mut mine = Histogram::default();
            for ns in self.latencies(|_, born| slice(born) == index) {
                mine.record(Span::from_ns(ns));
            }
            assert_eq!(&mine, kept, "slice {index}");
        }
    }

    fn agrees_with(&self, figures: &Figures) {
        let &Figures { from_s, to_s, ref totals, ref users, ref latency, .. } = figures;
        let within = |born: Time| (from_s..to_s).contains(&born.as_secs_f64());
        let what = format!("of [{from_s}, {to_s})");
        let births = self.births.iter().filter(|(born, _)| within(*born)).count() as u64;
        assert_eq!(totals.requests, births, "requests {what}");
        let ends: Vec<&FinishedRequest> =
            self.ends.iter().map(|(_, r)| r).filter(|r| within(r.born)).collect();
        for outcome in Outcome::ALL {
            let n = ends.iter().filter(|r| r.outcome == outcome).count() as u64;
            assert_eq!(totals.outcome(outcome), n, "{outcome:?} {what}");
        }
        assert_eq!(totals.slow, ends.iter().filter(|r| r.slow).count() as u64, "slow {what}");
        let attempts: u64 = ends.iter().map(|r| u64::from(r.attempts)).sum();
        assert_eq!(totals.attempts, attempts, "attempts {what}");
        let people = [users.active, users.affected, users.unable];
        assert_eq!(people, self.people(from_s, to_s), "people {what}");
        let latencies = self.latencies(|_, born| within(born));
        assert_eq!(latency.count(), latencies.len() as u64, "latencies {what}");
        assert_eq!(latency.max().map(Span::as_ns), latencies.last().copied(), "slowest {what}");
        let sum: u128 = latencies.iter().map(|&ns| u128::from(ns)).sum();
        let mean = (!latencies.is_empty()).then(|| sum as f64 / latencies.len() as f64);
        assert_eq!(latency.mean_ns(), mean, "mean latency {what}");
        for q in [0.5, 0.9, 0.95, 0.99, 0.999] {
            close_quantile(&latencies, q, latency.quantile_ns(q));
        }
    }
}

/// Within a bucket of the nearest rank's value.
fn close_quantile(sorted: &[u64], q: f64, found: Option<f64>) {
    let rank = ((q * sorted.len() as f64).ceil() as usize).max(1);
    let Some(&exact) = sorted.get(rank - 1) else {
        assert_eq!(found, None, "a quantile of nothing");
        return;
    };
    let found = found.expect("there are latencies");
    assert!((found - exact as f64).abs() <= exact as f64 / 128.0, "q {q}: {found}, not {exact}");
}
