//! The standard observer: counts per segment and per window, and what becomes of them at the end.
//!
//! The run is cut into *segments* wherever a declared interval or a phase begins or ends; every
//! interval is then a sum of segments. Requests count where they were born.
//! Memory depends on segments, windows, users and backends, never on the number of requests.

use super::figures::{self, Counted};
use super::people::{People, UserWindows};
use super::pieces::Pieces;
use super::recovery;
use super::result::{
    AlertResult, BackendRow, Happening, HappeningKind, RunResult, ScenarioId, Series, SeriesRow,
};
use super::segments::Segments;
use super::successes::{Success, Successes};
use crate::engine::histogram::{Histogram, Measured};
use crate::engine::random::Seed;
use crate::engine::time::Time;
use crate::model::outcome::Outcome;
use crate::model::probe::{FinishedRequest, Gauges, Probe, WorldChange};
use crate::model::setup::{Origin, PopulationId, Setup, Trigger};
use crate::model::world::World;
use std::sync::Arc;

/// Observes one run.
#[derive(Clone, Debug)]
pub struct Recorder {
    setup: Arc<Setup>,
    people: People,
    /// Requests born from here on are of the current piece and of one of the last two parts of user windows.
    recent: Time,
    /// Births before this are in the current piece and the current part.
    straight: Time,
    /// Births there that are not counted yet.
    births: u64,
    /// Successes of recent births that are not counted yet.
    successes: Successes,
    pieces: Pieces,
    user_windows: UserWindows,
    window: OpenWindow,
    segments: Segments,
    rows: Vec<SeriesRow>,
    happenings: Vec<Happening>,
    /// What was done that puts something right, or may: when, and whether surely.
    repairs: Vec<(Time, bool)>,
    told: Vec<Told>,
    alerts: Vec<AlertResult>,
}

/// Happenings of one kind and subject that are told one by one; a backend that flaps a million
/// times must not fill the memory.
const HAPPENINGS_MOST: u64 = 100;

/// How often something of one kind happened to one subject, and when last.
#[derive(Clone, Debug)]
struct Told {
    kind: HappeningKind,
    subject: String,
    count: u64,
    last: Time,
}

/// What finished in the current series window, and the readings at its start.
#[derive(Clone, Debug, Default)]
struct OpenWindow {
    row: SeriesRow,
    latency: Histogram,
    /// Per backend: attempts that had reached it, and its occupied worker-nanoseconds.
    backends: Vec<(u64, u128)>,
    database_busy_ns: u128,
    attempts: u64,
    offered: u64,
    start: Time,
}

/// A quotient of integers.
fn ratio(part: u128, whole: u128) -> f64 {
    float(part) / float(whole)
}

/// Nearly all of them fit into 64 bits, whose conversion is one instruction.
fn float(n: u128) -> f64 {
    #[cold]
    #[inline(never)]
    fn large(n: u128) -> f64 {
        n as f64
    }
    u64::try_from(n).map_or_else(|_| large(n), |n| n as f64)
}

impl Recorder {
    /// An observer for one run of `setup`.
    pub fn new(setup: &Arc<Setup>) -> Self {
        let n = setup.backends.len();
        let people = People::new(setup);
        let segments = Segments::new(setup);
        let alert = |name: &String| AlertResult {
            name: name.clone(),
            fired_at: None,
            resolved_at: None,
            fired: 0,
        };
        Self {
            recent: Time::ZERO,
            straight: Time::ZERO,
            births: 0,
            successes: Successes::new(),
            pieces: Pieces::new(segments.starts(), setup.duration, 0),
            user_windows: UserWindows::new(setup, people.count(), segments.starts()),
            segments,
            people,
            window: OpenWindow { backends: vec![(0, 0); n], ..OpenWindow::default() },
            rows: Vec::new(),
            happenings: Vec::new(),
            repairs: Vec::new(),
            told: Vec::new(),
            alerts: setup.alerts.iter().map(|rule| alert(&rule.name)).collect(),
            setup: Arc::clone(setup),
        }
    }

    /// The same observer, which also keeps the latencies of `count` equal slices of the run apart.
    pub fn with_slices(mut self, count: usize) -> Self {
        self.pieces = Pieces::new(self.segments.starts(), self.setup.duration, count);
        self
    }

    /// Counts what has been seen since the last time.
    fn catch_up(&mut self) {
        self.count_births();
        let (window, piece) = (&mut self.window.latency, &mut self.pieces.current.latency);
        self.successes.count(window, piece, &mut self.user_windows);
    }

    #[inline]
    fn count_births(&mut self) {
        let births = std::mem::take(&mut self.births);
        self.pieces.current.requests += births;
        self.user_windows.born(births);
    }

    /// Closes the series window that ends now.
    fn close_window(&mut self, now: Time, gauges: &Gauges<'_>) {
        self.catch_up();
        let window = &mut self.window;
        let span_ns = u128::from(now.since(window.start).as_ns()).max(1);
        let quantiles = window.latency.quantiles_ns([0.5, 0.95, 0.99]);
        let mut row = std::mem::take(&mut window.row);
        row.at_s = window.start.as_secs_f64();
        row.outcomes[Outcome::Ok.index()] = window.latency.count();
        row.offered = gauges.requests - window.offered;
        row.attempts = gauges.attempts - window.attempts;
        [row.p50_ms, row.p95_ms, row.p99_ms] = quantiles.map(|ns| ns.map(|ns| ns / 1e6));
        row.in_flight = gauges.in_flight;
        row.backends = gauges
            .backends
            .iter()
            .zip(&mut window.backends)
            .zip(&self.setup.backends)
            .map(|((gauge, before), setup)| {
                let (reached, busy_ns) = std::mem::replace(before, (gauge.reached, gauge.busy_ns));
                let capacity = span_ns * u128::from(setup.workers);
                BackendRow {
                    attempts: u32::try_from(gauge.reached - reached).unwrap_or(u32::MAX),
                    queue: gauge.waiting,
                    utilization: ratio(gauge.busy_ns - busy_ns, capacity),
                }
            })
            .collect();
        if let (Some(gauge), Some(setup)) = (gauges.database, &self.setup.database) {
            let busy = gauge.busy_ns - window.database_busy_ns;
            let capacity = span_ns * u128::from(setup.connections);
            row.database_utilization = Some(ratio(busy, capacity));
            window.database_busy_ns = gauge.busy_ns;
        }
        self.rows.push(row);
        window.latency.clear();
        window.attempts = gauges.attempts;
        window.offered = gauges.requests;
        window.start = now;
    }

    fn happen(&mut self, now: Time, kind: HappeningKind, subject: &str, what: &str) {
        if !self.has_room(now, kind, subject) {
            return;
        }
        self.happenings.push(Happening {
            at_s: now.as_secs_f64(),
            kind,
            subject: subject.to_owned(),
            what: what.to_owned(),
        });
    }

    /// Whether a subject that changes over and over may still be told of; the rest is counted.
    fn has_room(&mut self, now: Time, kind: HappeningKind, subject: &str) -> bool {
        let same = |told: &Told| told.kind == kind && told.subject == subject;
        let index = self.told.iter().position(same).unwrap_or_else(|| {
            let subject = subject.to_owned();
            self.told.push(Told { kind, subject, count: 0, last: now });
            self.told.len() - 1
        });
        let told = &mut self.told[index];
        (told.count, told.last) = (told.count + 1, now);
        told.count <= HAPPENINGS_MOST
    }

    /// Says how often happened what there was no room for.
    fn tell_the_rest(&mut self) {
        for told in std::mem::take(&mut self.told) {
            if told.count > HAPPENINGS_MOST {
                let what = format!("and {} changes more until here", told.count - HAPPENINGS_MOST);
                let Told { kind, subject, last, .. } = told;
                let at_s = last.as_secs_f64();
                self.happenings.push(Happening { at_s, kind, subject, what });
            }
        }
        self.happenings.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    }

    /// Requests that are still unanswered at the end, after longer than their population's `slow`
    /// limit or than a user window, count against their users: a dead system must not look well.
    fn count_unanswered(&mut self, world: &World) {
        for (population, user, born) in world.unanswered() {
            let slow = self.setup.populations[population.index()].slow;
            let person = self.people.person(population, user);
            if world.now().since(born) > slow.unwrap_or(self.setup.observation.user_window) {
                self.user_windows.overdue(born, person);
            } else {
                self.user_windows.unanswered(born, person);
            }
        }
    }

    /// What the run showed. `world` is the world at its end, `scenario` and `start` go into the
    /// result as they are.
    pub fn into_result(
        mut self,
        world: &World,
        seed: Seed,
        scenario: ScenarioId,
        start: Option<String>,
    ) -> RunResult {
        let end = self.setup.duration.after_start();
        self.catch_up();
        self.count_unanswered(world);
        self.tell_the_rest();
        self.user_windows.close_all();
        self.pieces.close();
        let counted = Counted {
            setup: &self.setup,
            pieces: &self.pieces,
            segments: &self.segments,
            user_windows: &self.user_windows,
        };
        let whole = figures::of(counted, Time::ZERO, end);
        let intervals = self.setup.observation.intervals.iter();
        let intervals = intervals.map(|&(from, to)| figures::of(counted, from, to)).collect();
        let phases = figures::phases(counted);
        let series = Series {
            window_s: self.setup.observation.window.as_secs_f64(),
            rows: std::mem::take(&mut self.rows),
            user_window_s: self.user_windows.length().as_secs_f64(),
            users: self.user_windows.rows().to_vec(),
        };
        let first_action = self.setup.timeline.iter().filter_map(|entry| match entry.trigger {
            Trigger::At(at) => Some(at),
            Trigger::AfterAlert(..) => None,
        });
        let causes = recovery::Causes {
            first_action: first_action.min().unwrap_or(end),
            disturbed: world.is_disturbed(),
            disturbances: world.disturbances(),
            repairs: &self.repairs,
        };
        let recovery = recovery::judge(&series, &self.setup.observation.recovery, &causes, end);
        RunResult {
            schema: 1,
            scenario,
            start,
            duration_s: self.setup.duration.as_secs_f64(),
            seed: seed.value,
            digest: world.digest().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            figures: whole,
            phases,
            intervals,
            alerts: self.alerts,
            recovery,
            happenings: self.happenings,
            series,
            slices: self.pieces.into_slices(),
        }
    }
}

impl Probe for Recorder {
    #[inline]
    fn request_born(&mut self, now: Time, _: PopulationId, _: u32) {
        if now >= self.straight {
            self.go_on(now);
        }
        self.births += 1;
    }

    #[expect(clippy::inline_always, reason = "half of it is to hand over the request otherwise")]
    #[inline(always)]
    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let FinishedRequest { population, user, born, outcome, attempts, slow } = *request;
        let person = self.people.person(population, user);
        if born < self.recent || !outcome.is_ok() || slow {
            self.finished_elsewhere(now, born, person, outcome, attempts, slow);
            return;
        }
        self.pieces.current.attempts += u64::from(attempts);
        if !self.successes.push(Success { born, ended: now, person }) {
            self.catch_up();
        }
    }

    fn changed(&mut self, now: Time, change: WorldChange) {
        let setup = Arc::clone(&self.setup);
        match change {
            WorldChange::Entry(id) => {
                let action = &setup.timeline[id.index()].action;
                if action.may_repair() {
                    self.repairs.push((now, action.is_repair()));
                }
                self.happen(now, HappeningKind::Action, &setup.timeline[id.index()].name, "done");
            }
            WorldChange::EntryEnded(id) => {
                let name = &setup.timeline[id.index()].name;
                self.happen(now, HappeningKind::ActionEnded, name, "over");
            }
            WorldChange::Adopted(instance, version) => {
                let subject = format!("balancer {}", instance.0 + 1);
                let what = format!("runs configuration {version}");
                self.happen(now, HappeningKind::Adoption, &subject, &what);
            }
            WorldChange::Backend(id, state) => {
                let name = &setup.backends[id.index()].name;
                self.happen(now, HappeningKind::Backend, name, state.name());
            }
            WorldChange::Draining(id, draining) => {
                let what = if draining { "draining" } else { "takes traffic again" };
                self.happen(now, HappeningKind::Backend, &setup.backends[id.index()].name, what);
            }
            WorldChange::Member(_, id, up) => {
                let what = if up { "up for a balancer" } else { "down for a balancer" };
                self.happen(now, HappeningKind::Backend, &setup.backends[id.index()].name, what);
            }
            WorldChange::Scaled { from, to } => {
                let what = format!("{from} to {to} members");
                self.happen(now, HappeningKind::Backend, "autoscaler", &what);
            }
            WorldChange::Cause(id, strikes) => {
                let cause = &setup.causes[id.index()];
                // A backend's own failures show in its state.
                if let Origin::Shared(_) = cause.origin {
                    let what = if strikes { "strikes" } else { "is over" };
                    self.happen(now, HappeningKind::Backend, &cause.name, what);
                }
            }
            WorldChange::Alert(id, fires) => self.note_alert(now, id.index(), fires),
        }
    }

    fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        let window = self.setup.observation.window.as_ns();
        let end = self.setup.duration.after_start();
        self.segments.sample(now, gauges);
        if now == end || now.as_ns().is_multiple_of(window) {
            self.close_window(now, gauges);
        }
    }
}

impl Recorder {
    /// Requests are born in another piece or user window than the last one.
    #[cold]
    #[inline(never)]
    fn go_on(&mut self, now: Time) {
        self.catch_up();
        self.pieces.go_on(now);
        self.user_windows.go_on(now);
        self.straight = self.pieces.until().min(self.user_windows.until());
        self.recent = self.pieces.from().max(self.user_windows.recent());
    }

    /// A request has failed, or was slow, or was born before what is recent.
    #[inline(never)]
    fn finished_elsewhere(
        &mut self,
        now: Time,
        born: Time,
        person: usize,
        outcome: Outcome,
        attempts: u32,
        slow: bool,
    ) {
        self.count_births();
        let piece = self.pieces.of(born);
        piece.slow += u64::from(slow);
        if outcome.is_ok() {
            let latency = Measured::of(now.after(born));
            self.window.latency.record_measured(latency);
            piece.succeeded(latency, attempts);
        } else {
            self.window.row.outcomes[outcome.index()] += 1;
            piece.failed(outcome, attempts);
        }
        self.user_windows.finished(born, person, outcome.is_ok(), outcome.is_ok() && !slow);
    }

    fn note_alert(&mut self, now: Time, index: usize, fires: bool) {
        let alert = &mut self.alerts[index];
        let at = Some(now.as_secs_f64());
        let (kind, what) = if fires {
            alert.fired += 1;
            alert.fired_at = alert.fired_at.or(at);
            (HappeningKind::AlertFired, "fires")
        } else {
            alert.resolved_at = alert.resolved_at.or(at);
            (HappeningKind::AlertResolved, "resolves")
        };
        let name = alert.name.clone();
        self.happen(now, kind, &name, what);
    }
}
