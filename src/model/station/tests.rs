//! Stations by hand, and each discipline against a naive twin.

use super::discipline::Discipline;
use super::*;
use crate::engine::slab::Slab;
use proptest::prelude::*;

/// Somebody who has been in line since then; `number` is found again as its handle's index.
pub(super) fn waiter(number: u32, since: u64) -> Waiter {
    let mut slab = Slab::default();
    let handles: Vec<Handle> = (0..=number).map(|_| slab.insert(())).collect();
    let attempt = handles[number as usize];
    Waiter { attempt, since: at(since), priority: 0, begun: false }
}

/// Who is taken out of the line at that time, and whether to be served.
pub(super) fn turn(line: &mut dyn Discipline, now: u64) -> Option<(u32, bool)> {
    line.take(at(now)).map(|turn| match turn {
        Turn::Serve(waiter) => (waiter.attempt.index() as u32, true),
        Turn::Drop(waiter) => (waiter.attempt.index() as u32, false),
    })
}

/// Who is served at that time.
pub(super) fn served(line: &mut dyn Discipline, now: u64) -> Option<u32> {
    turn(line, now).and_then(|(number, served)| served.then_some(number))
}

fn at(ns: u64) -> Time {
    Time::from_ns(ns)
}

#[test]
fn a_change_of_speed_rescales_what_is_left() {
    let mut slab = Slab::default();
    let mut station = Station::new(1);
    let job = slab.insert(());
    station.enter(at(0));
    station.start(at(0), job, Span::from_ns(100));
    assert_eq!(station.reschedule(at(0)).unwrap().0, at(100));
    station.set_speed(at(40), 0.5); // 60 left, at half speed
    assert_eq!(station.reschedule(at(40)).unwrap().0, at(160));
    station.set_speed(at(60), 0.0); // 50 left, paused
    assert_eq!(station.reschedule(at(60)), None);
    station.set_speed(at(1_000), 1.0);
    let (time, epoch) = station.reschedule(at(1_000)).unwrap();
    assert_eq!(time, at(1_050));
    assert!(station.is_current(epoch));
    assert_eq!(station.finish(at(1_050)), job);
    station.leave_worker(at(1_050));
    assert_eq!(station.occupancy(at(2_000)).busy_ns, 1_050);
    assert!(station.occupancy(at(2_000)).obeys_littles_law(at(2_000)));
}

#[test]
fn what_is_withdrawn_leaves_no_trace() {
    let mut slab = Slab::default();
    let mut station = Station::new(1);
    let [served, first, second] = [(); 3].map(|()| slab.insert(()));
    for (time, job) in [(0, served), (10, first), (20, second)] {
        station.enter(at(time));
        if station.has_free_worker() {
            station.start(at(time), job, Span::from_ns(100));
        } else {
            station.wait(at(time), job, 0);
        }
    }
    let (_, epoch) = station.reschedule(at(20)).unwrap();
    assert!(!station.withdraw(at(30), first));
    assert!(station.is_current(epoch), "nothing has changed for who is served");
    assert!(station.withdraw(at(40), served));
    assert!(!station.is_current(epoch));
    assert_eq!(station.reschedule(at(40)), None);
    assert!(matches!(station.next_waiting(at(40)), Some(Turn::Serve(w)) if w.attempt == second));
    station.start(at(40), second, Span::from_ns(100));
    assert_eq!(station.reschedule(at(40)).unwrap().0, at(140));
    assert_eq!(station.finish(at(140)), second);
    station.leave_worker(at(140));
    let occupancy = station.occupancy(at(200));
    // In line: 20 and 20; in service: 40 and 100.
    assert_eq!((occupancy.waiting_ns, occupancy.busy_ns), (40, 140));
    assert!(occupancy.obeys_littles_law(at(200)));
}

#[test]
fn an_earlier_job_replaces_the_scheduled_completion() {
    let mut slab = Slab::default();
    let mut station = Station::new(2);
    let (long, short) = (slab.insert(()), slab.insert(()));
    station.enter(at(0));
    station.start(at(0), long, Span::from_ns(100));
    let (_, first) = station.reschedule(at(0)).unwrap();
    station.enter(at(10));
    station.start(at(10), short, Span::from_ns(5));
    let (time, second) = station.reschedule(at(10)).unwrap();
    assert_eq!(time, at(15));
    assert!(!station.is_current(first));
    assert!(station.is_current(second));
    assert_eq!(station.finish(at(15)), short);
}

/// Somebody who comes `gap` after the one before, with so much work, and leaves after a while unless
/// it is done by then.
#[derive(Clone, Copy, Debug)]
struct Visit {
    gap: u64,
    work: u64,
    priority: u8,
    leaves_after: Option<u64>,
}

/// When each visitor left, served or not, and the integrals at the end.
type Departures = (Vec<u64>, u128, u128);

/// A station, and what the world does with it.
struct Driver {
    station: Station,
    next: Option<(Time, u32)>,
    left_at: Vec<Option<u64>>,
    works: Vec<u64>,
}

impl Driver {
    fn schedule(&mut self, now: Time) {
        if let Some(next) = self.station.reschedule(now) {
            self.next = Some(next);
        }
    }

    fn fill(&mut self, now: Time) {
        let Some(Turn::Serve(next)) = self.station.next_waiting(now) else { return };
        if next.begun {
            self.station.go_on(now, next.attempt);
        } else {
            let work = Span::from_ns(self.works[next.attempt.index()]);
            self.station.start(now, next.attempt, work);
        }
    }

    /// Everything that is done until then, then included.
    fn complete(&mut self, until: Time) {
        while let Some((now, epoch)) = self.next.filter(|&(now, _)| now <= until) {
            self.next = None;
            if self.station.is_current(epoch) {
                let done = self.station.finish(now);
                self.station.leave_worker(now);
                self.left_at[done.index()] = Some(now.as_ns());
                self.fill(now);
            }
            self.schedule(now);
        }
    }

    fn enter(&mut self, now: Time, visitor: Handle, priority: u8) {
        self.station.enter(now);
        if self.station.has_free_worker() || self.station.makes_room(now) {
            let work = Span::from_ns(self.works[visitor.index()]);
            self.station.start(now, visitor, work);
        } else {
            self.station.wait(now, visitor, priority);
        }
        self.schedule(now);
    }

    fn leave(&mut self, now: Time, visitor: Handle) {
        let left_at = &mut self.left_at[visitor.index()];
        if left_at.is_none() {
            *left_at = Some(now.as_ns());
            if self.station.withdraw(now, visitor) {
                self.fill(now);
            }
            self.schedule(now);
        }
    }
}

/// What happens from outside, in order: (time, visitor, whether it comes). Who leaves does so before
/// somebody comes.
fn outside(visits: &[Visit]) -> Vec<(u64, bool, usize)> {
    let mut events = Vec::new();
    let mut now = 0;
    for (number, visit) in visits.iter().enumerate() {
        now += visit.gap;
        events.push((now, true, number));
        events.extend(visit.leaves_after.map(|after| (now + after, false, number)));
    }
    events.sort_unstable();
    events
}

fn station(config: &DisciplineConfig, workers: u32, contention: Option<&Contention>) -> Station {
    Station::with(workers, config, contention, Stream::new(Seed::new(7), Purpose::Test, 0))
}

fn departures(station: Station, visits: &[Visit]) -> Departures {
    let mut slab = Slab::default();
    let handles: Vec<Handle> = visits.iter().map(|_| slab.insert(())).collect();
    let works = visits.iter().map(|visit| visit.work).collect();
    let mut driver = Driver { station, next: None, left_at: vec![None; visits.len()], works };
    for (now, comes, number) in outside(visits) {
        let now = at(now);
        driver.complete(now);
        if comes {
            driver.enter(now, handles[number], visits[number].priority);
        } else {
            driver.leave(now, handles[number]);
        }
        let occupancy = driver.station.occupancy(now);
        assert!(occupancy.obeys_littles_law(now));
        let inside = u64::from(driver.station.busy()) + u64::from(driver.station.waiting());
        assert_eq!(occupancy.passage.entered - occupancy.passage.left, inside);
    }
    let end = at(1 << 50);
    driver.complete(end);
    let occupancy = driver.station.occupancy(end);
    assert!(occupancy.obeys_littles_law(end));
    assert_eq!(occupancy.passage.entered, occupancy.passage.left, "everybody leaves in the end");
    let left_at = driver.left_at.into_iter().map(|left| left.unwrap()).collect();
    (left_at, occupancy.busy_ns, occupancy.waiting_ns)
}

/// Somebody inside the twin.
struct Inside {
    number: usize,
    left: f64,
    in_service: bool,
}

/// The naive twin: a list of everybody inside in order of arrival, looked through at every step;
/// time is a float, and each has its own remaining work.
struct Twin<'a> {
    config: &'a DisciplineConfig,
    workers: usize,
    contention: Option<&'a Contention>,
    visits: &'a [Visit],
    inside: Vec<Inside>,
    now: f64,
    left_at: Vec<f64>,
    busy: f64,
    waiting: f64,
    /// Since when somebody has been in line without a break.
    formed: f64,
}

impl Twin<'_> {
    fn in_service(&self) -> usize {
        self.inside.iter().filter(|inside| inside.in_service).count()
    }

    fn rate(&self) -> f64 {
        let n = self.in_service();
        let shared = (self.workers as f64 / n as f64).min(1.0);
        shared / self.contention.map_or(1.0, |contention| contention.factor(n as u32))
    }

    fn pass(&mut self, to: f64) {
        let (elapsed, rate) = (to - self.now, self.rate());
        for inside in self.inside.iter_mut().filter(|inside| inside.in_service) {
            inside.left -= elapsed * rate;
        }
        let busy = self.in_service().min(self.workers) as f64;
        self.busy += elapsed * busy;
        self.waiting += elapsed * (self.inside.len() as f64 - busy);
        self.now = to;
    }

    /// Who is served now, from scratch.
    fn serve(&mut self) {
        let slots = self.config.slots(self.workers as u32) as usize;
        let mut line: Vec<usize> = (0..self.inside.len()).collect();
        if self.config.spec.name == "lifo-preemptive" {
            let newest = self.inside.len().saturating_sub(self.workers);
            for (position, inside) in self.inside.iter_mut().enumerate() {
                inside.in_service = newest <= position;
            }
            return;
        }
        line.retain(|&position| !self.inside[position].in_service);
        while !line.is_empty() && self.in_service() < slots {
            let next = match self.config.spec.name {
                "lifo" => line.len() - 1,
                "adaptive-lifo" if self.formed + self.config.arguments[0] * 1e9 < self.now => {
                    line.len() - 1
                }
                "priority" => {
                    let rank = |&at: &usize| self.visits[self.inside[line[at]].number].priority;
                    (0..line.len()).min_by_key(rank).unwrap()
                }
                _ => 0,
            };
            self.inside[line.remove(next)].in_service = true;
        }
    }

    fn waits(&self) -> bool {
        self.inside.iter().any(|inside| !inside.in_service)
    }

    fn complete(&mut self, until: f64) {
        loop {
            let rate = self.rate();
            let first = self.inside.iter().enumerate().filter(|(_, inside)| inside.in_service);
            let first = first.min_by(|(_, a), (_, b)| a.left.total_cmp(&b.left));
            let Some((position, at)) = first.map(|(p, i)| (p, self.now + i.left / rate)) else {
                break;
            };
            if at > until {
                break;
            }
            self.pass(at);
            let done = self.inside.remove(position);
            self.left_at[done.number] = at;
            self.serve();
        }
        self.pass(until);
    }

    fn run(&mut self) {
        for (now, comes, number) in outside(self.visits) {
            self.complete(now as f64);
            let waited = self.waits();
            if comes {
                let left = self.visits[number].work as f64;
                self.inside.push(Inside { number, left, in_service: false });
            } else if let Some(position) = self.inside.iter().position(|i| i.number == number) {
                self.inside.remove(position);
                self.left_at[number] = now as f64;
            }
            self.serve();
            if self.waits() && !waited {
                self.formed = now as f64;
            }
        }
        self.complete((1_u64 << 50) as f64);
    }
}

fn check_against_twin(
    config: &DisciplineConfig,
    workers: u32,
    contention: Option<&Contention>,
    visits: &[Visit],
) {
    let (left_at, busy, waiting) = departures(station(config, workers, contention), visits);
    let mut twin = Twin {
        config,
        workers: workers as usize,
        contention,
        visits,
        inside: Vec::new(),
        now: 0.0,
        left_at: vec![0.0; visits.len()],
        busy: 0.0,
        waiting: 0.0,
        formed: 0.0,
    };
    twin.run();
    // Work is counted in whole nanoseconds, of which each may take thousands where many share.
    let is_exact = contention.is_none() && config.spec.service != Service::Shared;
    let last = twin.left_at.iter().copied().fold(0.0, f64::max);
    let each = if is_exact { 0.0 } else { 1e-5 * last };
    let all = each * visits.len() as f64;
    for (number, (&found, &expected)) in left_at.iter().zip(&twin.left_at).enumerate() {
        let difference = (found as f64 - expected).abs();
        assert!(
            difference <= each,
            "{}: visitor {number} left at {found}, twin: {expected}",
            config.spec.name
        );
    }
    assert!(
        (busy as f64 - twin.busy).abs() <= all,
        "{}: busy {busy}, twin {}",
        config.spec.name,
        twin.busy
    );
    assert!((waiting as f64 - twin.waiting).abs() <= all, "{}: waiting", config.spec.name);
}

fn visits() -> impl Strategy<Value = Vec<Visit>> {
    // Multiples of different primes: few things happen at one instant, but some do.
    let visit = (0_u64..40, 1_u64..60, 0_u8..3, prop::option::weighted(0.2, 1_u64..150));
    let visit = visit.prop_map(|(gap, work, priority, leaves_after)| Visit {
        gap: gap * 1_009_000,
        work: work * 1_013_000,
        priority,
        leaves_after: leaves_after.map(|after| after * 1_019_000),
    });
    prop::collection::vec(visit, 1..40)
}

proptest! {
    #[test]
    fn disciplines_do_what_a_naive_list_does(visits in visits(), workers in 1_u32..4) {
        let mut lines: Vec<DisciplineConfig> = ["fifo", "lifo", "lifo-preemptive", "priority"]
            .map(|name| DisciplineConfig::named(name).unwrap())
            .into();
        let mut adaptive = DisciplineConfig::named("adaptive-lifo").unwrap();
        adaptive.arguments[0] = 0.05;
        lines.push(adaptive);
        for config in &lines {
            check_against_twin(config, workers, None, &visits);
        }
    }

    #[test]
    fn shared_workers_do_what_a_naive_list_does(visits in visits(), workers in 1_u32..4, most in 1_u32..6) {
        let mut config = DisciplineConfig::named("processor-sharing").unwrap();
        check_against_twin(&config, workers, None, &visits);
        config.arguments[0] = f64::from(workers.max(most));
        check_against_twin(&config, workers, None, &visits);
    }

    #[test]
    fn contention_does_what_a_naive_list_does(visits in visits(), workers in 1_u32..6) {
        let law = |slowdown| Contention { slowdown, at_start: false };
        let laws = [
            law(Slowdown::Scalability { alpha: 0.1, beta: 0.05 }),
            law(Slowdown::Curve(vec![(1.0, 1.0), (4.0, 3.0)])),
        ];
        for name in ["fifo", "processor-sharing"] {
            let config = DisciplineConfig::named(name).unwrap();
            for law in &laws {
                check_against_twin(&config, workers, Some(law), &visits);
            }
        }
    }

    /// Random order has no twin, but the same visitors, work and conservation.
    #[test]
    fn random_order_serves_everybody_once(visits in visits(), workers in 1_u32..4) {
        let stays: Vec<Visit> =
            visits.iter().map(|visit| Visit { leaves_after: None, ..*visit }).collect();
        let run = |name| {
            let config = DisciplineConfig::named(name).unwrap();
            departures(station(&config, workers, None), &stays)
        };
        let (mine, busy, waiting) = run("random-order");
        let (_, work, fifo_waiting) = run("fifo");
        prop_assert_eq!(busy, work);
        prop_assert_eq!(mine, run("random-order").0);
        // With one worker, the order changes nothing about when the last one is done.
        prop_assert!(workers > 1 || (waiting > 0) == (fifo_waiting > 0));
    }
}

/// Two share one worker from 10 on: at 50 the first has 100 - 10 - 20 = 70 left, the second 80. The
/// first is paused for 50 and done 140 later at half speed; the second has 10 left for itself.
#[test]
fn shared_work_stands_still_and_goes_on() {
    let mut slab = Slab::default();
    let config = DisciplineConfig::named("processor-sharing").unwrap();
    let mut station = station(&config, 1, None);
    let [first, second] = [(); 2].map(|()| slab.insert(()));
    station.enter(at(0));
    station.start(at(0), first, Span::from_ns(100));
    station.enter(at(10));
    assert!(!station.has_free_worker() && station.makes_room(at(10)));
    station.start(at(10), second, Span::from_ns(100));
    assert_eq!((station.busy(), station.waiting()), (1, 1));
    station.slow_down(at(50), 1.0, true);
    assert_eq!(station.reschedule(at(50)), None);
    station.slow_down(at(100), 1.0, false);
    assert_eq!(station.reschedule(at(100)).unwrap().0, at(240));
    assert_eq!(station.finish(at(240)), first);
    station.leave_worker(at(240));
    assert_eq!(station.reschedule(at(240)).unwrap().0, at(250));
}

/// Work that is taken up beside one other takes 1 + 0.5 * 2 = 2 times as long, and keeps that.
#[test]
fn a_factor_at_the_start_is_kept() {
    let mut slab = Slab::default();
    let curve = Slowdown::Curve(vec![(0.0, 1.0), (10.0, 6.0)]);
    let contention = Contention { slowdown: curve, at_start: true };
    let mut station = station(&DisciplineConfig::fifo(), 5, Some(&contention));
    let [first, second] = [(); 2].map(|()| slab.insert(()));
    station.enter(at(0));
    station.start(at(0), first, Span::from_ns(100)); // until 150
    station.enter(at(50));
    station.start(at(50), second, Span::from_ns(100)); // until 250
    assert_eq!(station.reschedule(at(50)).unwrap().0, at(150));
    assert_eq!(station.finish(at(150)), first);
    station.leave_worker(at(150));
    assert_eq!(station.reschedule(at(150)).unwrap().0, at(250));
    assert_eq!(station.finish(at(250)), second);
}
