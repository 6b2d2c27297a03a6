//! Stretches in which nothing but requests happens.
//!
//! Between two events of any other kind, a world of usual clients and backends behind one usual process
//! does the same few things over and over: a request comes and goes to a member, is served in its turn,
//! is answered or given up. For such a stretch what stations hold is taken into *custody*: each station
//! becomes a [`Post`], which asks no question that has one answer for the whole stretch. When something
//! else happens, or somebody goes another way, everything is given back first; what only looks (samples,
//! alerts) is shown counts and integrals brought up to date. Attempts, populations, the process and its
//! algorithm, the event list and the observer are the same as on every other way, and so are digests and
//! results: a run that never goes straight ([`World::never_straight`]) does not go express either, and
//! is the slow twin.

mod custody;
mod post;

use super::balancer::{Answer, Pick, Tried};
use super::event::{ARRIVALS, COMPLETIONS, Event, TIMERS};
use super::outcome::Outcome;
use super::probe::Probe;
use super::request::Attempt;
use super::setup::{Arrivals, BackendId, InstanceId, Population, PopulationId, Setup};
use super::world::{Fact, World};
use crate::engine::queue::{Next, Source};
use crate::engine::slab::{Handle, Slab};
use crate::engine::time::Time;
use post::{NOBODY, Post};

/// What a stretch needs, and when to try the next one.
#[derive(Clone, Debug)]
pub(super) struct Express {
    posts: Vec<Post>,
    /// So many other events until the next try.
    patience: u64,
    /// How patient to be after the next stretch that does not pay.
    caution: u64,
    /// Events handled so far.
    handled: u64,
}

/// A stretch pays if it handles so many times as many events as it has to take over and give back.
const WORTH: u64 = 4;

/// However often none has paid, after so many events another one is tried.
const MOST_PATIENCE: u64 = 1 << 20;

impl Express {
    /// For a world that may have such stretches.
    pub(super) fn new(setup: &Setup, is_straight: bool) -> Option<Box<Self>> {
        let balancer = &setup.balancer;
        let is_one_process =
            balancer.instances == 1 && balancer.processes == 1 && balancer.threads == 1;
        let batches = |p: &Population| matches!(p.arrivals, Arrivals::Batches { .. });
        let is_usual = is_straight && is_one_process && !setup.populations.iter().any(batches);
        is_usual.then(|| Box::new(Self { posts: Vec::new(), patience: 0, caution: 0, handled: 0 }))
    }
}

/// Puts an attempt at the end of a post's line.
#[inline]
fn line_up(attempts: &mut Slab<Attempt>, post: &mut Post, attempt: u32) {
    if let Some(newest) = attempts.at_mut(attempt as usize) {
        newest.next = NOBODY;
    }
    match attempts.at_mut(post.tail as usize) {
        Some(last) if post.tail != NOBODY => last.next = attempt,
        _ => post.head = attempt,
    }
    post.tail = attempt;
    post.in_line += 1;
}

impl World {
    /// How many arrivals, completions, timeouts and readings were part of stretches in which nothing but
    /// requests happened.
    pub fn handled_express(&self) -> u64 {
        self.express.as_ref().map_or(0, |express| express.handled)
    }

    /// Counts an event that was handled otherwise; tries a stretch when it is time.
    #[inline]
    pub(super) fn try_express(&mut self, end: Time, probe: &mut impl Probe) {
        let Some(express) = &mut self.express else { return };
        if express.patience > 0 {
            express.patience -= 1;
        } else {
            self.go_express(end, probe);
        }
    }

    fn go_express(&mut self, end: Time, probe: &mut impl Probe) {
        let Some(mut express) = self.express.take() else { return };
        let size = custody::size(self);
        let before = express.handled;
        let is_over = self.take_custody(&mut express) && self.run_express(&mut express, end, probe);
        if is_over {
            // Nothing came in between: the next piece of the run goes on the same way.
            (express.patience, express.caution) = (0, 0);
        } else if express.handled - before < WORTH * size {
            express.patience = express.caution.max(WORTH * size);
            express.caution = (2 * express.patience).min(MOST_PATIENCE);
        } else {
            (express.patience, express.caution) = (1, 0);
        }
        self.express = Some(express);
    }

    /// Runs a stretch, and gives everything back. Returns whether it lasted to the end.
    fn run_express(&mut self, x: &mut Express, end: Time, probe: &mut impl Probe) -> bool {
        while let Some((at, next)) = self.next_before(end) {
            self.now = at;
            x.handled += 1;
            match next {
                Next::Many(member, epoch) => self.complete_express(x, member, epoch, probe),
                Next::Few(population, epoch) => {
                    let id = PopulationId(population as u16);
                    if !self.arrive_express(x, id, epoch, probe) {
                        return false;
                    }
                }
                Next::Event(Event::AttemptTimeout(attempt)) => {
                    if !self.time_out_express(x, attempt, probe) {
                        return false;
                    }
                }
                Next::Event(event @ (Event::Sample | Event::AlertTick(_))) => {
                    self.sync_custody(x);
                    self.route(event, probe);
                    if event == Event::Sample {
                        // Peaks begin anew.
                        x.posts.iter_mut().for_each(|post| post.peak = post.in_line);
                    }
                }
                Next::Event(event) => {
                    self.return_custody(x);
                    self.route(event, probe);
                    return false;
                }
            }
        }
        self.return_custody(x);
        true
    }

    /// A request is born and sent. Returns whether the stretch goes on.
    #[inline]
    fn arrive_express(
        &mut self,
        x: &mut Express,
        id: PopulationId,
        epoch: u32,
        probe: &mut impl Probe,
    ) -> bool {
        let now = self.now;
        let population = &mut self.populations[id.index()];
        let Some((index, user, next)) = population.next_birth(epoch) else { return true };
        if let Some(at) = next {
            self.queue.set(Source::Few(id.index()), at, ARRIVALS, epoch);
        }
        self.counts.requests += 1;
        self.counts.attempts += 1;
        probe.request_born(now, id, user);
        let process = &mut self.instances[usize::from(self.routes[0])];
        process.held += 1;
        let pick = process.pick_freely(0).map_or_else(
            || process.pick(0, population.key(user, index), Tried::default(), &[], now),
            Pick::Member,
        );
        let member = match pick {
            Pick::Member(member) if x.posts[member].has_room() => member,
            _ => {
                self.return_custody(x);
                self.send_picked(id, (user, index), pick, probe);
                return false;
            }
        };
        self.alone += 1;
        let process = (InstanceId(self.routes[0]), 0);
        let to = Some(BackendId(member as u16));
        let attempt =
            self.attempts.insert_with(|| Attempt::first(now, (id, user, index), process, to));
        if let Some(timeout) = population.timeout {
            let event = Event::AttemptTimeout(attempt);
            self.queue.push_in_lane(id.index(), now + timeout, TIMERS, event);
        }
        let mark = population.first_mark(index);
        let subject = (u64::from(id.0) << 48) ^ index;
        self.digest_fact(Fact::Pick, subject, member as u64);
        let post = &mut x.posts[member];
        post.reached += 1;
        post.settle(now);
        post.occupancy.enter(now);
        if post.in_service < post.workers {
            let done = now + post.service.at(mark);
            if post.serve(attempt.index() as u32, done) {
                self.queue.set(Source::Many(member), done, COMPLETIONS, post.epoch);
            }
        } else {
            line_up(&mut self.attempts, post, attempt.index() as u32);
            post.peak = post.peak.max(post.in_line);
        }
        true
    }

    /// A backend's work for an attempt is done, and it takes up the next one.
    #[inline]
    fn complete_express(
        &mut self,
        x: &mut Express,
        member: usize,
        epoch: u32,
        probe: &mut impl Probe,
    ) {
        let now = self.now;
        let Some(post) = x.posts.get_mut(member).filter(|post| post.epoch == epoch) else { return };
        post.settle(now);
        let Some(service) = post.finish() else { return };
        let attempt = self.attempts.at(service.attempt as usize).expect("who is served is there");
        let (request, is_held) = (attempt.sole_request(), attempt.held);
        self.attempts.free_at(service.attempt as usize);
        post.occupancy.leave(now);
        if let Some(next) = self.attempts.at(post.head as usize).filter(|_| post.in_line > 0) {
            let number = std::mem::replace(&mut post.head, next.next);
            post.in_line -= 1;
            if post.in_line == 0 {
                post.tail = NOBODY;
            }
            let mark = self.populations[next.population.index()].first_mark(next.index);
            post.serve(number, now + post.service.at(mark));
        }
        if let Some(first) = post.first() {
            self.queue.set(Source::Many(member), first.done, COMPLETIONS, epoch);
        }
        let latency = now.since(request.born);
        post.note_latency(latency);
        if !is_held {
            post.wasted += 1;
            return;
        }
        post.succeeded += 1;
        self.alone -= 1;
        let process = &mut self.instances[usize::from(self.routes[0])];
        process.succeeded(0, BackendId(member as u16), latency, now);
        self.monitor.attempt_over(Outcome::Ok, latency);
        self.tell_finished(request, Outcome::Ok, probe);
    }

    /// A client gives up an attempt, and its request with it unless it tries again; its backend will
    /// serve it all the same. Returns whether the stretch goes on.
    fn time_out_express(
        &mut self,
        x: &mut Express,
        handle: Handle,
        probe: &mut impl Probe,
    ) -> bool {
        let now = self.now;
        let Some(attempt) = self.attempts.get_mut(handle).filter(|a| a.held) else { return true };
        let retries = &self.setup.populations[attempt.population.index()].retries;
        if retries.max > 0 && retries.on.contains(Outcome::Timeout) {
            self.return_custody(x);
            self.on_attempt_timeout(handle, probe);
            return false;
        }
        (attempt.alone, attempt.held) = (false, false);
        let (member, latency) = (attempt.backend, now.since(attempt.since));
        let request = attempt.sole_request();
        self.alone -= 1;
        self.monitor.attempt_over(Outcome::Timeout, latency);
        self.tell_finished(request, Outcome::Timeout, probe);
        let process = &mut self.instances[usize::from(self.routes[0])];
        let answer = Answer { outcome: Outcome::Timeout, is_failure: false, latency, now };
        if let Some(member) = member {
            process.answered(0, member, answer);
            process.release(member);
        }
        process.held -= 1;
        true
    }
}
