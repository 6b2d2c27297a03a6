//! Clients: when requests are born, whose they are, and what happens when an attempt fails.

mod backoff;
mod breaker;
mod budget;
pub(super) mod connection;
pub(super) mod flight;
mod hedge;
mod keys;
mod patience;
mod policies;
mod pool;
#[cfg(test)]
mod tests;
mod throttle;
mod window;

use crate::engine::random::{Purpose, Seed, Stream, key, keyed, unit};
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use crate::model::balancer::Key;
use crate::model::event::{ARRIVALS, Event, TIMERS};
use crate::model::outcome::Outcome;
use crate::model::probe::{FinishedRequest, Probe};
use crate::model::request::Request;
use crate::model::setup::{Arrivals, EntryId, Population, PopulationId, RetryPolicy};
use crate::model::world::{Fact, World};
use connection::Pools;
use hedge::Hedging;
use keys::KeySpace;
use patience::Patience;
use policies::Policies;

/// The identity of a closed loop's request: who sends it, in the low bits, and the how manieth of
/// this user it is. Whatever makes others wait, a user's n-th request is the same.
const USER_BITS: u32 = 24;

/// A population at run time.
#[derive(Clone, Debug)]
pub(super) struct PopulationState {
    arrivals: Stream,
    user_key: u64,
    source_key: u64,
    service_key: u64,
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
    users: u32,
    /// Requests born so far: the next one's index.
    born: u64,
    /// Requests per second now.
    rate: f64,
    /// Arrival events of an earlier rate are dropped.
    epoch: u32,
    /// When the next request is due, in nanoseconds with the fraction that rounding would lose.
    next_ns: f64,
    /// What is left of the current gap, in mean gaps, while the rate is zero.
    gap_left: f64,
    /// Surges in force, by the entry that began them; factors multiply.
    surges: Vec<(Option<EntryId>, f64)>,
}

impl PopulationState {
    pub(super) fn new(setup: &Population, id: PopulationId, seed: Seed) -> Self {
        let index = u64::from(id.0);
        Self {
            arrivals: Stream::new(seed, Purpose::Arrivals, index),
            user_key: key(seed, Purpose::User, index),
            source_key: key(seed, Purpose::SourceKey, index),
            service_key: key(seed, Purpose::ServiceMark, index),
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
            users: setup.users,
            born: 0,
            rate: setup.rate,
            epoch: 0,
            next_ns: 0.0,
            gap_left: 0.0,
            surges: Vec::new(),
        }
    }

    /// Where an attempt reads its backend's service distribution: the same under every
    /// configuration, and for each of a request's attempts unless they draw their own.
    pub(super) fn service_mark(&self, index: u64, number: u16) -> u64 {
        match self.redraw_keys {
            Some((again, _)) if number > 1 => keyed(again, keyed(u64::from(number), index)),
            _ => keyed(self.service_key, index),
        }
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
        let rank = keys.rank(index);
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

    fn user(&self, index: u64) -> u32 {
        ((u128::from(keyed(self.user_key, index)) * u128::from(self.users)) >> 64) as u32
    }

    /// The wait before retry number `retry` (from 1) of a request.
    fn backoff(&self, policy: &RetryPolicy, index: u64, retry: u32) -> Span {
        policy.wait(retry, |retry| unit(keyed(self.backoff_key, keyed(u64::from(retry), index))))
    }

    /// Draws the next gap, and returns when it ends; `None` while nobody arrives.
    fn draw_arrival(&mut self, kind: &Arrivals) -> Option<Time> {
        let gap = match kind {
            Arrivals::Poisson => self.arrivals.exponential(),
            Arrivals::Constant => 1.0,
            Arrivals::Closed { .. } => return None,
        };
        self.arrive_after(gap)
    }

    fn arrive_after(&mut self, gap: f64) -> Option<Time> {
        if self.rate <= 0.0 {
            self.gap_left = gap;
            return None;
        }
        self.next_ns += gap * 1e9 / self.rate;
        Some(Span::from_ns_f64(self.next_ns).after_start())
    }

    /// Changes the rate: what is left of the current gap is stretched or shrunk. For Poisson
    /// arrivals this is exact, because a unit-rate gap is read at the new rate from here on.
    fn set_rate(&mut self, now: Time, rate: f64) -> Option<Time> {
        let now_ns = now.as_ns() as f64;
        let gap = if self.rate > 0.0 {
            (self.next_ns - now_ns).max(0.0) * self.rate / 1e9
        } else {
            self.gap_left
        };
        self.rate = rate;
        self.epoch = self.epoch.wrapping_add(1);
        self.next_ns = now_ns;
        self.arrive_after(gap)
    }
}

fn identity(user: u32, n: u32) -> u64 {
    u64::from(n) << USER_BITS | u64::from(user)
}

/// The how manieth of its user a closed loop's request is.
fn nth(identity: u64) -> u32 {
    (identity >> USER_BITS) as u32
}

impl World {
    /// The first arrival of every population; in a closed loop, of every user.
    pub(super) fn open(&mut self, seed: Seed) {
        for index in 0..self.populations.len() {
            let id = PopulationId(index as u16);
            self.open_hedging(id);
            self.open_pools(id, seed);
            let population = &mut self.populations[index];
            let at = population.draw_arrival(&self.setup.populations[index].arrivals);
            let users = population.users;
            self.push_arrival(id, at);
            if matches!(self.setup.populations[index].arrivals, Arrivals::Closed { .. }) {
                for user in 0..users {
                    self.think(id, user, 0);
                }
            }
        }
    }

    /// In a closed loop a user thinks, before its n-th request.
    fn think(&mut self, id: PopulationId, user: u32, n: u32) {
        self.think_from(self.now, true, id, user, n);
    }

    /// In a closed loop a user sends its n-th request: at some time, after a thought or without.
    fn think_from(&mut self, from: Time, thinks: bool, id: PopulationId, user: u32, n: u32) {
        let Arrivals::Closed { think } = &self.setup.populations[id.index()].arrivals else {
            return;
        };
        let key = self.populations[id.index()].think_key;
        let thought = if thinks { think.at(keyed(key, identity(user, n))) } else { Span::ZERO };
        self.queue.push(from + thought, ARRIVALS, Event::Thought { population: id, user, n });
    }

    pub(super) fn on_thought(
        &mut self,
        id: PopulationId,
        user: u32,
        n: u32,
        probe: &mut impl Probe,
    ) {
        self.populations[id.index()].born += 1;
        self.give_birth(id, user, identity(user, n), probe);
    }

    fn push_arrival(&mut self, population: PopulationId, at: Option<Time>) {
        if let Some(at) = at {
            let epoch = self.populations[population.index()].epoch;
            self.queue.push(at, ARRIVALS, Event::Arrival { population, epoch });
        }
    }

    pub(super) fn on_arrival(&mut self, id: PopulationId, epoch: u32, probe: &mut impl Probe) {
        let kind = &self.setup.populations[id.index()].arrivals;
        let population = &mut self.populations[id.index()];
        if population.epoch != epoch {
            return;
        }
        let index = population.born;
        population.born += 1;
        let user = population.user(index);
        let next = population.draw_arrival(kind);
        self.push_arrival(id, next);
        self.give_birth(id, user, index, probe);
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
            self.queue.push(self.now + wait, TIMERS, Event::RetryDue(handle));
            return;
        }
        for &loser in self.flights.of(handle) {
            let loser = self.attempts.get(loser).expect("it is in flight");
            self.populations[request.population.index()].forget(loser);
        }
        self.give_up_attempts(handle, self.cancels_losers(request.population), probe);
        self.finish_request(handle, outcome, probe);
    }

    /// A request has its outcome.
    fn finish_request(&mut self, handle: Handle, outcome: Outcome, probe: &mut impl Probe) {
        let request = self.requests.remove(handle).expect("it was in flight");
        let setup = &self.setup.populations[request.population.index()];
        self.counts.finished[outcome.index()] += 1;
        let latency = self.now.since(request.born);
        let fact = FinishedRequest {
            population: request.population,
            user: request.user,
            born: request.born,
            outcome,
            attempts: request.attempts,
            slow: outcome.is_ok() && setup.slow.is_some_and(|limit| latency > limit),
        };
        let subject = (u64::from(request.population.0) << 48) ^ request.index;
        self.digest_fact(Fact::RequestOver, subject, outcome.index() as u64);
        probe.request_finished(self.now, &fact);
        if !self.loses_patience(&request, outcome) {
            self.think(request.population, request.user, nth(request.index) + 1);
        }
    }

    /// Changes populations' rates: `change` edits the surges in force of each one chosen.
    fn resurge(
        &mut self,
        chosen: Option<PopulationId>,
        change: impl Fn(&mut Vec<(Option<EntryId>, f64)>),
    ) {
        for index in 0..self.populations.len() {
            if chosen.is_some_and(|id| id.index() != index) {
                continue;
            }
            let population = &mut self.populations[index];
            change(&mut population.surges);
            let factor: f64 = population.surges.iter().map(|&(_, factor)| factor).product();
            let rate = self.setup.populations[index].rate * factor;
            if rate.to_bits() != population.rate.to_bits() {
                let at = population.set_rate(self.now, rate);
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
        self.resurge(chosen, |surges| surges.push((source, factor)));
    }

    /// Ends the surges that one entry began, or all of them.
    pub(super) fn calm(&mut self, chosen: Option<PopulationId>, of: Option<EntryId>) {
        self.resurge(chosen, |surges| surges.retain(|&(source, _)| of.is_some() && source != of));
    }

    /// Whether any population's rate is not its own.
    pub(super) fn has_surges(&self) -> bool {
        self.populations.iter().any(|population| !population.surges.is_empty())
    }
}
