//! The world: one run's state, advanced event by event.
//!
//! It is `Clone`, so a drill can fork and undo; it advances with [`World::step_until`] and takes
//! typed actions with [`World::apply`]. Here events are only routed; each part has its own file.

use super::alert::Monitor;
use super::autoscale::Scaler;
use super::backend::Backend;
use super::balancer::instance::Instance;
use super::balancer::layer::Seat;
use super::causes::CauseState;
use super::client::PopulationState;
use super::client::connection::Connections;
use super::client::flight::Flights;
use super::database::Database;
use super::dispatch::Lane;
use super::disturbance::Disturbance;
pub use super::disturbance::Disturbed;
use super::event::{Event, TIMELINE, WINDOWS};
use super::express::Express;
use super::network::Network;
use super::outcome::Outcome;
use super::probe::{BackendGauge, BackendState, Gauges, Probe, WorldChange};
use super::request::{Attempt, Request, Sender};
use super::setup::{
    AlertId, BackendId, BalancerConfig, BalancerSetup, CauseId, Change, EntryId, InstanceId,
    PopulationId, Setup, Trigger,
};
use super::straight;
use super::timeline::RollingPlan;
use crate::engine::digest::Digest;
use crate::engine::queue::{EventQueue, Next};
use crate::engine::random::{Purpose, Seed, Stream, key};
use crate::engine::slab::Slab;
use crate::engine::time::Time;
use std::sync::Arc;

/// Changes of the balancer's configuration that are in force, and the entry that made them.
#[derive(Clone, Debug)]
pub(super) struct Configured {
    pub(super) changes: Vec<Change>,
    pub(super) source: Option<EntryId>,
}

/// Exact counts since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests born.
    pub requests: u64,
    /// Attempts sent.
    pub attempts: u64,
    /// Requests finished, by outcome, in the order of [`Outcome::ALL`].
    pub finished: [u64; Outcome::COUNT],
}

/// What a fact that enters the digest is about. The numbers are part of every digest.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub(super) enum Fact {
    Pick = 1,
    RequestOver = 2,
    Entry = 3,
    EntryEnded = 4,
    Adopted = 5,
    Backend = 6,
    Alert = 7,
    Draining = 8,
    Member = 9,
    Cause = 20,
    Pause = 21,
    Scale = 22,
}

/// A process of an instance as it starts; `id` is unlike that of any other process.
fn process(
    setup: &BalancerSetup,
    config: &BalancerConfig,
    instance: u16,
    seed: Seed,
    id: u64,
) -> Instance {
    let start = key(seed, Purpose::BalancerStart, id);
    let seat = Seat { instance, instances: setup.instances, thread: 0, seed: start };
    Instance::new(config, setup.threads, seat, Stream::new(seed, Purpose::Balancer, id))
}

/// Those of every instance, one after the other.
fn processes(setup: &BalancerSetup, seed: Seed) -> Vec<Instance> {
    let each = u64::from(setup.processes);
    (0..u64::from(setup.instances) * each)
        .map(|id| process(setup, &setup.config, (id / each) as u16, seed, id))
        .collect()
}

fn backends(setup: &Setup, seed: Seed) -> Vec<Backend> {
    let stream = |id| Stream::new(seed, Purpose::Discipline, setup.backend_stream(BackendId(id)));
    (0..).zip(&setup.backends).map(|(id, backend)| Backend::new(backend, stream(id))).collect()
}

/// A running simulation.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) setup: Arc<Setup>,
    pub(super) now: Time,
    pub(super) queue: EventQueue<Event>,
    pub(super) requests: Slab<Request>,
    pub(super) attempts: Slab<Attempt>,
    /// Attempts that are all that is known of their requests.
    pub(super) alone: u64,
    pub(super) flights: Flights,
    pub(super) connections: Connections,
    pub(super) populations: Vec<PopulationState>,
    /// Balancer processes; those of before a reload go on until they have nothing left to do.
    pub(super) instances: Vec<Instance>,
    /// The processes that get new attempts, instance by instance: positions in `instances`.
    pub(super) routes: Vec<u16>,
    /// Every configuration that was rolled out, the first one first.
    pub(super) versions: Vec<Arc<BalancerConfig>>,
    /// Whether each was taken up in new processes.
    pub(super) reloads: Vec<bool>,
    pub(super) seed: Seed,
    /// What the newest configuration changes of the first, in order.
    pub(super) configured: Vec<Configured>,
    pub(super) backends: Vec<Backend>,
    pub(super) database: Option<Database>,
    /// What messages cross; `None`: they arrive at once.
    pub(super) network: Option<Box<Network>>,
    /// Who takes no new traffic, by the entry that said so.
    pub(super) drains: Vec<(Option<EntryId>, BackendId)>,
    /// Who takes no new traffic, all entries together.
    pub(super) draining: Vec<bool>,
    pub(super) rolling: Vec<RollingPlan>,
    /// Random failures.
    pub(super) causes: Vec<CauseState>,
    pub(super) scaler: Option<Scaler>,
    /// Who is registered with no balancer; empty without an autoscaler.
    pub(super) absent: Vec<bool>,
    pub(super) monitor: Monitor,
    pub(super) disturbance: Disturbance,
    pub(super) counts: Counts,
    samples: Arc<[Time]>,
    next_sample: usize,
    gauges: Vec<BackendGauge>,
    /// Health checks sent as work.
    pub(super) checks_made: u64,
    pub(super) check_key: u64,
    /// Balancer processes started so far, less one.
    processes_started: u64,
    /// Attempts inside each backend, for algorithms that are oracles; kept to allocate nothing.
    pub(super) backlog: Vec<u32>,
    /// Who hears that a backend has an idle worker.
    pub(super) report_key: u64,
    digest: Digest,
    /// What stretches need in which nothing but requests happens, if there may be any.
    pub(super) express: Option<Box<Express>>,
    /// Whether all attempts come to the one thread of one process.
    pub(super) is_one_process: bool,
}

impl World {
    /// The world at the start of a run.
    pub fn new(setup: Arc<Setup>, seed: Seed) -> Self {
        let population = |(id, population)| {
            let stream = setup.population_stream(PopulationId(id));
            PopulationState::new(population, stream, seed, setup.duration)
        };
        let mut populations: Vec<_> = (0_u16..).zip(&setup.populations).map(population).collect();
        let instances = processes(&setup.balancer, seed);
        let network = Network::of(&setup, seed).map(Box::new);
        let mut backends = backends(&setup, seed);
        straight::mark(&setup, network.is_some(), &mut populations, &mut backends);
        let is_straight = populations.iter().all(|population| population.straight)
            && backends.iter().all(|backend| backend.straight);
        let express = Express::new(&setup, is_straight);
        let mut world = Self {
            now: Time::ZERO,
            // One lane per population's attempt timeout, and those of the balancers' timers; a source
            // for each population, each backend and the database.
            queue: EventQueue::new(
                populations.len() + Lane::COUNT,
                populations.len(),
                setup.backends.len() + 1,
            ),
            requests: Slab::default(),
            attempts: Slab::default(),
            alone: 0,
            flights: Flights::new(&setup.populations),
            connections: Connections::default(),
            populations,
            routes: (0..instances.len() as u16).collect(),
            versions: vec![Arc::new(setup.balancer.config.clone())],
            reloads: vec![false],
            seed,
            configured: Vec::new(),
            backends,
            database: setup
                .database
                .as_ref()
                .map(|database| Database::new(database, setup.backends.len(), seed)),
            network,
            drains: Vec::new(),
            draining: vec![false; setup.backends.len()],
            rolling: Vec::new(),
            scaler: setup.autoscale.as_ref().map(|autoscale| Scaler::new(autoscale, &setup)),
            absent: Vec::new(),
            causes: setup.causes.iter().map(|cause| CauseState::new(cause, &setup, seed)).collect(),
            monitor: Monitor::new(&setup),
            disturbance: Disturbance::default(),
            counts: Counts::default(),
            samples: setup.observation.samples(&setup).into(),
            next_sample: 0,
            gauges: Vec::new(),
            checks_made: 0,
            processes_started: (instances.len() as u64).saturating_sub(1),
            check_key: key(seed, Purpose::Check, 0),
            backlog: Vec::new(),
            report_key: key(seed, Purpose::IdleReport, 0),
            digest: Digest::default(),
            express,
            is_one_process: instances.len() == 1 && setup.balancer.threads == 1,
            instances,
            setup,
        };
        if let Some(network) = &mut world.network {
            network.add_lanes(&mut world.queue);
        }
        world.schedule_start();
        world
    }

    fn schedule_start(&mut self) {
        self.schedule_sample();
        self.note_all_up();
        for alert in (0..self.setup.alerts.len() as u16).map(AlertId) {
            let at = self.monitor.next_tick(alert.index(), Time::ZERO);
            self.queue.push(at, WINDOWS, Event::AlertTick(alert));
        }
        for (id, entry) in (0_u16..).zip(&self.setup.timeline) {
            if let Trigger::At(at) = entry.trigger {
                self.queue.push(at, TIMELINE, Event::Entry(EntryId(id)));
            }
        }
        self.start_causes();
        self.start_autoscaler();
        for backend in 0..self.backends.len() as u16 {
            self.start_own_faults(BackendId(backend), self.seed);
        }
        for process in 0..self.instances.len() as u16 {
            self.start_membership(InstanceId(process));
        }
        self.open(self.seed);
    }

    /// Now, in the simulation.
    pub fn now(&self) -> Time {
        self.now
    }

    /// What is being simulated.
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// Exact counts so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Requests without an outcome.
    pub(super) fn in_flight(&self) -> u64 {
        self.requests.len() as u64 + self.alone
    }

    /// The fingerprint of everything so far.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Handles everything that happens before `end`, and moves the clock there.
    ///
    /// # Panics
    /// If an invariant of the model is broken: that is a bug in misroute.
    pub fn step_until(&mut self, end: Time, probe: &mut impl Probe) {
        self.step_on_until(end, probe);
        self.end_stretch();
    }

    /// The same, but for the next step alone: before anybody looks at the world or does anything to it
    /// there must be a [`World::step_until`].
    #[inline]
    pub(super) fn step_on_until(&mut self, end: Time, probe: &mut impl Probe) {
        self.try_express(end, probe);
        while let Some((at, next)) = self.next_before(end) {
            debug_assert!(at >= self.now, "time ran backwards from {} to {at}", self.now);
            self.now = at;
            match next {
                Next::Many(number, epoch) if number < self.backends.len() => {
                    self.on_completion(BackendId(number as u16), epoch, probe);
                }
                Next::Many(_, epoch) => self.on_database_completion(epoch, probe),
                Next::Few(number, epoch) => {
                    self.on_arrival(PopulationId(number as u16), epoch, probe);
                }
                // Most timers find nothing: what they bounded is over.
                Next::Event(Event::AttemptTimeout(attempt))
                    if self.attempts.get(attempt).is_none() => {}
                Next::Event(event) => self.route(event, probe),
            }
            self.try_express(end, probe);
        }
        self.now = self.now.max(end);
    }

    /// The last sample, at the end of the run.
    pub fn finish(&mut self, probe: &mut impl Probe) {
        self.sample(probe);
    }

    /// Everything but arrivals and completions.
    #[inline(never)]
    pub(super) fn route(&mut self, event: Event, probe: &mut impl Probe) {
        match event {
            Event::Thought { population, index } => self.on_thought(population, index, probe),
            Event::Returned { population, user } => self.on_returned(population, user, probe),
            Event::AttemptTimeout(attempt) => self.on_attempt_timeout(attempt, probe),
            Event::BalancerTimeout(attempt) => self.on_balancer_timeout(attempt, probe),
            Event::RetryDue(request) => self.on_retry_due(request, probe),
            Event::HedgeDue { request, attempts } => self.on_hedge_due(request, attempts, probe),
            Event::RequestTimeout(request) => self.on_request_timeout(request, probe),
            Event::PoolTimeout { request, attempts } => {
                self.on_pool_timeout(request, attempts, probe);
            }
            Event::PoolTurn { population, user } => self.on_pool_turn(population, user, probe),
            Event::ConnectionIdle(connection) => self.on_connection_idle(connection, probe),
            Event::ConnectionAged(connection) => self.on_connection_aged(connection, probe),
            Event::AcceptTimeout(attempt) => self.on_accept_timeout(attempt, probe),
            Event::ConnectRetry(attempt) => self.on_connect_retry(attempt, probe),
            Event::Member { instance, member, epoch, due } => {
                self.on_member_due(instance, member, epoch, due, probe);
            }
            Event::Sweep { instance, epoch } => self.on_sweep(instance, epoch, probe),
            Event::CheckTimeout(check) => self.on_check_timeout(check, probe),
            Event::ConnectTimeout { attempt, leg } => {
                self.on_connect_timeout(attempt, leg, probe);
            }
            Event::Crossed(what) => self.on_crossed(what, probe),
            Event::TryAgain(attempt) => self.on_try_again(attempt, probe),
            Event::QueueTimeout { attempt, turn } => {
                self.on_queue_timeout(attempt, turn, probe);
            }
            Event::ServerTimeout { attempt, turn } => {
                self.on_server_timeout(attempt, turn, probe);
            }
            Event::ProbeAnswer { instance, thread, backend } => {
                self.on_probe_answer(instance, thread, backend);
            }
            Event::PatienceOver(attempt) => self.on_patience_over(attempt),
            Event::FailingReply { attempt, turn } => {
                self.on_failing_reply(attempt, turn, probe);
            }
            Event::BackendTimer { backend, life, what } => {
                self.on_backend_timer(backend, life, what, probe);
            }
            Event::DatabasePoolTimeout(attempt) => self.on_database_pool_timeout(attempt, probe),
            Event::QueryTimeout(attempt) => self.on_query_timeout(attempt, probe),
            Event::DatabaseResumes => self.on_database_resumes(),
            Event::Entry(entry) => self.on_entry(entry, probe),
            Event::EntryEnds(entry) => self.on_entry_ends(entry, probe),
            Event::Adopt { instance, version } => self.on_adopt(instance, version, probe),
            Event::Cause { cause, begins } => self.on_cause(cause, begins, probe),
            Event::Scale(step) => self.on_scale(step, probe),
            Event::Pause { backend, begins } => self.on_pause(backend, begins, probe),
            Event::Rolling { plan, step } => self.on_rolling(plan, step, probe),
            Event::AlertTick(alert) => self.on_alert_tick(alert, probe),
            Event::Sample => {
                self.sample(probe);
                self.schedule_sample();
            }
        }
    }

    /// The next event, but for timers of attempts that are over.
    #[expect(clippy::inline_always, reason = "as what it calls")]
    #[inline(always)]
    pub(super) fn next_before(&mut self, end: Time) -> Option<(Time, Next<Event>)> {
        let attempts = &self.attempts;
        self.queue.pop_before_unless(end, |event| match *event {
            Event::AttemptTimeout(attempt)
            | Event::BalancerTimeout(attempt)
            | Event::ServerTimeout { attempt, .. } => attempts.get(attempt).is_none(),
            _ => false,
        })
    }

    fn schedule_sample(&mut self) {
        if let Some(&at) = self.samples.get(self.next_sample) {
            self.next_sample += 1;
            self.queue.push(at, WINDOWS, Event::Sample);
        }
    }

    fn sample(&mut self, probe: &mut impl Probe) {
        let now = self.now;
        self.note_disturbance();
        self.assert_conservation();
        self.gauges.clear();
        self.gauges.extend(self.backends.iter_mut().map(|backend| backend.read(now)));
        probe.sample(
            now,
            &Gauges {
                backends: &self.gauges,
                database: self.database.as_mut().map(|database| database.read(now)),
                requests: self.counts.requests,
                attempts: self.counts.attempts,
                in_flight: self.in_flight(),
            },
        );
    }

    fn on_alert_tick(&mut self, id: AlertId, probe: &mut impl Probe) {
        let (backends, rule) = (&self.backends, &self.setup.alerts[id.index()]);
        let reached = |index: usize| backends[index].gauge.reached;
        if let Some(fires) = self.monitor.evaluate(id.index(), rule, self.now, reached) {
            self.note_change(WorldChange::Alert(id, fires), probe);
            if fires && self.monitor.fired(id.index()) == 1 {
                self.call_responders(id);
            }
        }
        let at = self.monitor.next_tick(id.index(), self.now);
        self.queue.push(at, WINDOWS, Event::AlertTick(id));
    }

    fn call_responders(&mut self, alert: AlertId) {
        for (id, entry) in (0_u16..).zip(&self.setup.timeline) {
            if let Trigger::AfterAlert(on, delay) = entry.trigger
                && on == alert
            {
                self.queue.push(self.now + delay, TIMELINE, Event::Entry(EntryId(id)));
            }
        }
    }

    /// Tells the digest and the probe that something changed.
    pub(super) fn note_change(&mut self, change: WorldChange, probe: &mut impl Probe) {
        let (fact, subject, value) = match change {
            WorldChange::Entry(id) => (Fact::Entry, id.0, 0),
            WorldChange::EntryEnded(id) => (Fact::EntryEnded, id.0, 0),
            WorldChange::Adopted(InstanceId(id), version) => {
                (Fact::Adopted, id, u64::from(version))
            }
            WorldChange::Backend(BackendId(id), state) => (Fact::Backend, id, state as u64),
            WorldChange::Draining(BackendId(id), draining) => {
                (Fact::Draining, id, u64::from(draining))
            }
            WorldChange::Member(InstanceId(process), BackendId(member), up) => {
                let subject = (u64::from(process) << 16) | u64::from(member);
                self.digest_fact(Fact::Member, subject, u64::from(up));
                probe.changed(self.now, change);
                return;
            }
            WorldChange::Alert(AlertId(id), fires) => (Fact::Alert, id, u64::from(fires)),
            WorldChange::Scaled { from, to } => (Fact::Scale, from as u16, u64::from(to)),
            WorldChange::Cause(CauseId(id), strikes) => (Fact::Cause, id, u64::from(strikes)),
        };
        self.digest_fact(fact, u64::from(subject), value);
        probe.changed(self.now, change);
    }

    /// Folds a fact and its time into the digest.
    #[inline]
    pub(super) fn digest_fact(&mut self, fact: Fact, subject: u64, value: u64) {
        self.digest.word(self.now.as_ns() ^ ((fact as u64) << 59));
        self.digest.word(subject ^ value.rotate_right(8));
    }

    /// A new process takes the place of one that gets no new attempts from now on.
    pub(super) fn replace_process(&mut self, route: usize, config: &BalancerConfig) {
        let old = usize::from(self.routes[route]);
        self.instances[old].membership.retire();
        if let Some(network) = &mut self.network {
            network.forget_process(InstanceId(old as u16));
        }
        self.processes_started += 1;
        let setup = &self.setup.balancer;
        let instance = (route / usize::from(setup.processes)) as u16;
        let mut fresh = process(setup, config, instance, self.seed, self.processes_started);
        fresh.absent.clone_from(&self.absent);
        // One of an earlier reload may have nothing left to do by now.
        let checks = |id: usize| {
            let mut attempts = self.attempts.iter().map(|(_, attempt)| attempt);
            attempts.any(|a| a.sender == Sender::Check && a.held && a.instance.index() == id)
        };
        let is_done = |&id: &usize| {
            self.instances[id].held == 0
                && self.instances[id].connections == 0
                && !self.routes.contains(&(id as u16))
                && !checks(id)
        };
        let free = (0..self.instances.len()).find(is_done);
        if let Some(id) = free {
            fresh.membership.epoch = self.instances[id].membership.epoch.wrapping_add(1);
            self.instances[id] = fresh;
            self.routes[route] = id as u16;
        } else {
            self.routes[route] = self.instances.len() as u16;
            self.instances.push(fresh);
        }
    }

    /// Requests without an outcome: whose, and since when.
    pub fn unanswered(&self) -> impl Iterator<Item = (PopulationId, u32, Time)> + '_ {
        let alone = self.attempts.iter().filter(|(_, attempt)| attempt.alone);
        let requests = self.requests.iter().map(|(_, &request)| request);
        let requests = requests.chain(alone.map(|(_, attempt)| attempt.sole_request()));
        requests.map(|request| (request.population, request.user, request.born))
    }

    /// A backend's condition now.
    pub fn backend_state(&self, id: BackendId) -> BackendState {
        self.backends[id.index()].state
    }
}
