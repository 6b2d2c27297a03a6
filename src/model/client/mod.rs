//! Clients: whose requests are, what they ask for, and what happens when an attempt fails.

mod arrivals;
mod backoff;
mod breaker;
mod budget;
mod bursts;
pub(super) mod connection;
mod draws;
pub(super) mod flight;
mod hedge;
mod keys;
mod patience;
mod policies;
mod pool;
pub(super) mod profile;
mod session;
mod surge;
#[cfg(test)]
mod tests;
mod throttle;
mod trace;
mod window;

use crate::engine::queue::Source;
use crate::engine::random::{Purpose, Seed, key, keyed, unit};
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use crate::model::balancer::Key;
use crate::model::dispatch::Lane;
use crate::model::event::{ARRIVALS, Event, TIMERS};
use crate::model::outcome::Outcome;
use crate::model::probe::Probe;
use crate::model::request::Request;
use crate::model::setup::{
    Arrivals, Class, EntryId, FlashCrowd, Population, PopulationId, RetryPolicy, Trace, TraceRow,
};
use crate::model::world::World;
use arrivals::Arriving;
use connection::Pools;
pub(super) use draws::Drawn;
use draws::{Draws, Laws};
use hedge::Hedging;
use keys::{KeySpace, cumulative, draw};
use patience::Patience;
use policies::Policies;
use std::sync::Arc;
use surge::{Ramp, Surge};

/// A population at run time.
#[derive(Clone, Debug)]
pub(super) struct PopulationState {
    /// The number of its random streams.
    pub(super) stream: u64,
    arriving: Arriving,
    /// Whether its requests may go straight.
    pub(super) straight: bool,
    /// How long its clients wait for an attempt, and beyond what an answer counts as slow (forever, if none
    /// does): at hand for requests that go straight.
    pub(super) timeout: Option<Span>,
    pub(super) slow: Span,
    trace: Option<Trace>,
    classes: Arc<[Class]>,
    class_shares: Arc<[f64]>,
    class_key: u64,
    session_key: u64,
    source_key: u64,
    database_key: u64,
    backoff_key: u64,
    instance_key: u64,
    thread_key: u64,
    think_key: u64,
    /// Where later attempts read their service and their query, if not where the first does.
    redraw_keys: Option<(u64, u64)>,
    hedging: Option<Hedging>,
    /// Its users' connections, if they keep any.
    pools: Option<Box<Pools>>,
    keys: Option<KeySpace>,
    /// What clients have learned, if they do.
    policies: Option<Box<Policies>>,
    /// Users who may leave.
    patience: Option<Box<Patience>>,
    laws: Laws,
    draws: Draws,
    /// Requests born so far: the next one's index.
    born: u64,
}

impl PopulationState {
    /// `index` numbers its random streams.
    pub(super) fn new(setup: &Population, index: u64, seed: Seed, duration: Span) -> Self {
        Self {
            stream: index,
            arriving: Arriving::new(setup, index, seed, duration),
            straight: false,
            timeout: setup.timeout,
            slow: setup.slow.unwrap_or(Span::FOREVER),
            trace: match &setup.arrivals {
                Arrivals::Trace(trace) => Some(trace.clone()),
                _ => None,
            },
            classes: Arc::clone(&setup.classes),
            class_shares: cumulative(setup.classes.iter().map(|class| class.share)),
            class_key: key(seed, Purpose::Class, index),
            session_key: key(seed, Purpose::Session, index),
            source_key: key(seed, Purpose::SourceKey, index),
            database_key: key(seed, Purpose::DatabaseMark, index),
            backoff_key: key(seed, Purpose::Backoff, index),
            instance_key: key(seed, Purpose::Instance, index),
            thread_key: key(seed, Purpose::Thread, index),
            think_key: key(seed, Purpose::Think, index),
            redraw_keys: setup.redraw.then(|| {
                (key(seed, Purpose::Redraw, index), key(seed, Purpose::DatabaseRedraw, index))
            }),
            hedging: None,
            pools: None,
            keys: setup.keys.as_ref().map(|keys| KeySpace::new(keys, seed, index)),
            policies: Policies::new(setup, seed, index),
            patience: (setup.policies.patience.as_ref())
                .map(|policy| Box::new(Patience::new(policy, setup.users, seed, index))),
            laws: Laws::new(setup.users, seed, index),
            draws: Draws::new(),
            born: 0,
        }
    }

    /// Where an attempt reads its backend's service distribution: the same under every
    /// configuration, and for each of a request's attempts unless they draw their own.
    pub(super) fn service_mark(&self, index: u64, number: u16) -> u64 {
        match self.redraw_keys {
            Some((again, _)) if number > 1 => keyed(again, keyed(u64::from(number), index)),
            _ => self.first_mark(index),
        }
    }

    /// The same of a first attempt.
    #[inline]
    pub(super) fn first_mark(&self, index: u64) -> u64 {
        self.laws.mark(index)
    }

    /// Where an attempt reads the database's query distribution.
    pub(super) fn database_mark(&self, index: u64, number: u16) -> u64 {
        match self.redraw_keys {
            Some((_, again)) if number > 1 => keyed(again, keyed(u64::from(number), index)),
            _ => keyed(self.database_key, index),
        }
    }

    /// What a hash sees of a request: its key, or else its user, the same for each of them.
    pub(super) fn key(&self, user: u32, index: u64) -> Key<'_> {
        let Some(keys) = &self.keys else {
            return Key::of_hash(keyed(self.source_key, u64::from(user)));
        };
        let recorded = self.recorded(index).and_then(|row| row.key);
        let rank = recorded.unwrap_or_else(|| keys.rank(index));
        let hash = keyed(self.source_key, u64::from(rank));
        Key { hash, address: keys.address(rank), text: keys.text(rank) }
    }

    /// Which of `instances` an attempt reaches: any, as through DNS or anycast.
    pub(super) fn instance(&self, index: u64, attempt: u32, instances: u16) -> u16 {
        if instances == 1 {
            return 0;
        }
        let bits = keyed(self.instance_key, keyed(u64::from(attempt), index));
        ((u128::from(bits) * u128::from(instances)) >> 64) as u16
    }

    /// Which of `threads` of a balancer process an attempt reaches.
    pub(super) fn thread(&self, index: u64, attempt: u32, threads: u16) -> u16 {
        if threads == 1 {
            return 0;
        }
        let bits = keyed(self.thread_key, keyed(u64::from(attempt), index));
        ((u128::from(bits) * u128::from(threads)) >> 64) as u16
    }

    /// Whether an arrival event is not of an earlier rate.
    #[inline]
    pub(super) fn expects(&self, epoch: u32) -> bool {
        self.arriving.epoch == epoch
    }

    /// The request that is born now, where each comes alone: its index, and when the next one is due.
    #[inline]
    pub(super) fn next_birth(&mut self) -> (u64, Option<Time>) {
        let index = self.born;
        self.born += 1;
        (index, self.arriving.draw())
    }

    /// What a trace says of a request.
    fn recorded(&self, index: u64) -> Option<&TraceRow> {
        self.trace.as_ref().map(|trace| trace::row(trace, index))
    }

    fn class(&self, index: u64) -> Option<&Class> {
        if self.classes.is_empty() {
            return None;
        }
        let recorded = self.recorded(index).and_then(|row| row.class);
        let drawn = || draw(&self.class_shares, keyed(self.class_key, index));
        Some(&self.classes[recorded.map_or_else(drawn, usize::from)])
    }

    /// The priority of a request where backends serve by it, the lower number first: 0 unless its
    /// class has another.
    pub(super) fn priority(&self, index: u64) -> u8 {
        self.class(index).map_or(0, |class| class.priority)
    }

    /// What is asked of a backend whose service distribution says `work` for this request.
    pub(super) fn demand(&self, index: u64, work: Span) -> Span {
        if self.classes.is_empty() && self.trace.is_none() {
            return work;
        }
        let class = self.class(index).map_or(1.0, |class| class.work);
        work.scaled(class * self.recorded(index).map_or(1.0, |row| row.demand))
    }

    fn user(&self, index: u64) -> u32 {
        if let Some(user) = self.recorded(index).and_then(|row| row.user) {
            return user;
        }
        self.laws.user(index)
    }

    /// The wait before retry number `retry` (from 1) of a request.
    fn backoff(&self, policy: &RetryPolicy, index: u64, retry: u32) -> Span {
        policy.wait(retry, |retry| unit(keyed(self.backoff_key, keyed(u64::from(retry), index))))
    }
}

impl World {
    /// The first arrival of every population; in a closed loop, of every user.
    pub(super) fn open(&mut self, seed: Seed) {
        for index in 0..self.populations.len() {
            let id = PopulationId(index as u16);
            self.open_hedging(id);
            self.open_pools(id, seed);
            let at = self.populations[index].arriving.draw();
            self.push_arrival(id, at);
            self.open_loop(id);
        }
    }

    #[inline]
    fn push_arrival(&mut self, population: PopulationId, at: Option<Time>) {
        if let Some(at) = at {
            let epoch = self.populations[population.index()].arriving.epoch;
            self.queue.set(Source::Few(population.index()), at, ARRIVALS, epoch);
        }
    }

    #[inline]
    pub(super) fn on_arrival(&mut self, id: PopulationId, epoch: u32, probe: &mut impl Probe) {
        let population = &mut self.populations[id.index()];
        if !population.expects(epoch) {
            return;
        }
        if !population.arriving.is_one_by_one() {
            self.on_batch(id, probe);
            return;
        }
        let (index, next) = population.next_birth();
        let user = population.laws.user(index);
        let begins_straight = population.straight;
        self.push_arrival(id, next);
        if !(begins_straight && self.go_straight(id, user, index, probe)) {
            self.give_birth(id, user, index, probe);
        }
    }

    /// Several arrive at once, or one that was recorded.
    fn on_batch(&mut self, id: PopulationId, probe: &mut impl Probe) {
        let population = &mut self.populations[id.index()];
        let size = u64::from(population.arriving.batch());
        let first = population.arriving.recorded().unwrap_or(population.born);
        population.born += size;
        let next = population.arriving.draw();
        self.push_arrival(id, next);
        for index in first..first + size {
            let population = &self.populations[id.index()];
            let user = population.user(index);
            if !(population.straight && self.go_straight(id, user, index, probe)) {
                self.give_birth(id, user, index, probe);
            }
        }
    }

    fn give_birth(&mut self, id: PopulationId, user: u32, index: u64, probe: &mut impl Probe) {
        self.counts.requests += 1;
        probe.request_born(self.now, id, user);
        let born = self.now;
        let request = Request { population: id, user, index, born, attempts: 0, hedges: 0 };
        let handle = self.requests.insert(request);
        if self.is_away(id, user) {
            self.finish_request(handle, Outcome::Withheld, probe);
            return;
        }
        if let Some(hedging) = &mut self.populations[id.index()].hedging {
            hedging.deposit();
        }
        if let Some(timeout) = self.setup.populations[id.index()].total_timeout {
            self.queue.push(born + timeout, TIMERS, Event::RequestTimeout(handle));
        }
        self.send_unless_refused(handle, probe);
    }

    /// A request's last attempt in flight has ended: done, or once more.
    pub(super) fn attempt_over(
        &mut self,
        handle: Handle,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        let request = *self.requests.get(handle).expect("its attempt referred to it");
        let setup = &self.setup.populations[request.population.index()];
        let policy = &setup.retries;
        // Hedges are not retries.
        let sent = request.attempts - u32::from(request.hedges);
        let again = !outcome.is_ok() && sent <= policy.max && policy.on.contains(outcome);
        let population = &mut self.populations[request.population.index()];
        if again && population.may_retry(request.user, self.now) {
            let wait = population.backoff(policy, request.index, sent);
            let (lane, at) = (self.lane(Lane::Retry), self.now + wait);
            self.queue.push_in_lane(lane, at, TIMERS, Event::RetryDue(handle));
            return;
        }
        let closes = self.cancels_losers(request.population);
        for &loser in self.flights.of(handle).iter().filter(|_| closes) {
            let loser = self.attempts.get(loser).expect("it is in flight");
            self.populations[request.population.index()].forget(loser);
        }
        self.give_up_attempts(handle, closes, probe);
        self.finish_request(handle, outcome, probe);
    }

    /// A request has its outcome.
    pub(super) fn finish_request(
        &mut self,
        handle: Handle,
        outcome: Outcome,
        probe: &mut impl Probe,
    ) {
        let request = self.requests.remove(handle).expect("it was in flight");
        let slow = outcome.is_ok() && self.is_slow(&request);
        self.tell_finished(request, outcome, slow, probe);
        if !self.loses_patience(&request, outcome) {
            self.go_on(request.population, request.index);
        }
    }

    /// Changes populations' rates: `change` edits the surges in force of each one chosen.
    fn resurge(&mut self, chosen: Option<PopulationId>, change: impl Fn(&mut Vec<Surge>)) {
        for index in 0..self.populations.len() {
            let setup = &self.setup.populations[index];
            if chosen.is_some_and(|id| id.index() != index) || !setup.arrivals.has_rate() {
                continue;
            }
            let arriving = &mut self.populations[index].arriving;
            let epoch = arriving.epoch;
            let at = arriving.resurge(self.now, setup.rate, &change);
            // Where nothing changes the arrival that is expected stays.
            if arriving.epoch != epoch {
                self.push_arrival(PopulationId(index as u16), at);
            }
        }
    }

    /// Multiplies rates until the surge ends.
    pub(super) fn surge(
        &mut self,
        chosen: Option<PopulationId>,
        factor: f64,
        source: Option<EntryId>,
    ) {
        self.resurge(chosen, |surges| surges.push(Surge { source, factor, ramp: None }));
    }

    /// A crowd comes, stays and goes: it ends by itself, or with `calm`.
    pub(super) fn flash_crowd(
        &mut self,
        chosen: Option<PopulationId>,
        crowd: &FlashCrowd,
        source: Option<EntryId>,
    ) {
        let ramp = Ramp::new(self.now, crowd);
        let surge = Surge { source, factor: crowd.factor, ramp: Some(ramp) };
        self.resurge(chosen, |surges| surges.push(surge));
    }

    /// Ends the surges that one entry began, or all of them.
    pub(super) fn calm(&mut self, chosen: Option<PopulationId>, of: Option<EntryId>) {
        self.resurge(chosen, |surges| surges.retain(|surge| of.is_some() && surge.source != of));
    }

    /// Whether any population's rate is not its own.
    pub(super) fn has_surges(&self) -> bool {
        self.populations.iter().any(|population| population.arriving.is_surging(self.now))
    }
}
