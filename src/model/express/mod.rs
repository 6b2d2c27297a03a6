//! Stretches in which nothing but requests happens, their retries, and checks that ask no work.
//!
//! Between two events of any other kind, a world of usual clients and backends behind one usual process
//! does the same few things over and over: a request comes and goes to a member, is served in its turn,
//! is answered or given up. For such a stretch what stations hold is taken into *custody*: each station
//! becomes a [`Post`], which asks no question that has one answer for the whole stretch. When something
//! else happens, or somebody goes another way, everything is given back first; what only looks (samples,
//! alerts) is shown counts and integrals brought up to date. Attempts, populations, the process and its
//! algorithm, the event list and the observer are the same as on every other way, and so are digests and
//! results: a run that never goes straight ([`World::never_straight`]) does not go express either, and
//! is the slow twin. A stretch may last from one piece of a run to the next, if nobody looks in between.

mod custody;
mod line;
mod owed;
mod post;

use super::balancer::{Answer, Pick, Tried};
use super::client::Drawn;
use super::event::{ARRIVALS, COMPLETIONS, Event, TIMERS};
use super::outcome::Outcome;
use super::probe::Probe;
use super::request::{Attempt, Request};
use super::setup::{Arrivals, BackendId, InstanceId, Population, PopulationId, Setup};
use super::world::{Fact, World};
use crate::engine::queue::{Next, Rank, Source};
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use line::Waiting;
use owed::Owed;
use post::Post;

/// What a stretch needs, and when to try the next one.
#[derive(Clone, Debug)]
pub(super) struct Express {
    posts: Vec<Post>,
    waiting: Waiting,
    owed: Owed,
    /// Those that are to be set: their populations, times, ranks. Kept to allocate nothing.
    timers: Vec<(usize, Time, Rank, Event)>,
    /// Whether any population's clients bound how long they wait.
    bounds: bool,
    /// The process that all attempts come to: its position in the world's list.
    process: usize,
    /// What no population calls slow.
    least_slow: Span,
    /// So many other events until the next try.
    patience: u64,
    /// How patient to be after the next stretch that does not pay.
    caution: u64,
    /// Events handled so far, and as many as those were when a stretch was tried last, with so much to
    /// take over.
    handled: u64,
    began: u64,
    size: u64,
    /// A piece of the run has ended in the middle of a stretch.
    is_under_way: bool,
}

/// What a client sends.
#[derive(Clone, Copy, Debug)]
struct Sending {
    population: PopulationId,
    index: u64,
    timeout: Option<Span>,
    drawn: Drawn,
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
        is_usual.then(|| {
            Box::new(Self {
                posts: Vec::new(),
                waiting: Waiting::default(),
                owed: Owed::default(),
                timers: Vec::new(),
                bounds: setup.populations.iter().any(|p| p.timeout.is_some()),
                process: 0,
                least_slow: setup
                    .populations
                    .iter()
                    .filter_map(|p| p.slow)
                    .min()
                    .unwrap_or(Span::FOREVER),
                patience: 0,
                caution: 0,
                handled: 0,
                began: 0,
                size: 0,
                is_under_way: false,
            })
        })
    }
}

impl World {
    /// How many events were part of stretches in which nothing but requests happened, those that ended one
    /// included.
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
        if !express.is_under_way {
            (express.began, express.size) = (express.handled, custody::size(self));
        }
        let has_custody = express.is_under_way || self.take_custody(&mut express);
        express.is_under_way = has_custody && self.run_express(&mut express, end, probe);
        if express.is_under_way {
            // The next piece of the run goes on with it.
            (express.patience, express.caution) = (0, 0);
        } else if express.handled - express.began < WORTH * express.size {
            express.patience = express.caution.max(WORTH * express.size);
            express.caution = (2 * express.patience).min(MOST_PATIENCE);
        } else {
            (express.patience, express.caution) = (1, 0);
        }
        self.express = Some(express);
    }

    /// Ends the stretch that is under way: now everything is where it is looked for.
    pub(super) fn end_stretch(&mut self) {
        if let Some(mut express) = self.express.take() {
            if std::mem::take(&mut express.is_under_way) {
                self.return_custody(&mut express);
            }
            self.express = Some(express);
        }
    }

    /// Runs a stretch. Returns whether it lasted to the end; if not, everything was given back.
    fn run_express(&mut self, x: &mut Express, end: Time, probe: &mut impl Probe) -> bool {
        let mut handled = 0;
        while let Some((at, next)) = self.next_before(end) {
            self.now = at;
            handled += 1;
            let goes_on = match next {
                Next::Many(member, epoch) => {
                    self.complete_express(x, member, epoch, probe);
                    true
                }
                Next::Few(population, epoch) => {
                    self.arrive_express(x, PopulationId(population as u16), epoch, probe)
                }
                Next::Event(Event::AttemptTimeout(attempt)) => {
                    self.give_up_express(x, attempt, probe);
                    true
                }
                Next::Event(event) => self.handle_express(x, event, probe),
            };
            if !goes_on {
                x.handled += handled;
                return false;
            }
        }
        x.handled += handled;
        true
    }

    /// Anything but arrivals, completions and timeouts. Returns whether the stretch goes on.
    #[inline(never)]
    fn handle_express(&mut self, x: &mut Express, event: Event, probe: &mut impl Probe) -> bool {
        match event {
            Event::RetryDue(request) => self.retry_express(x, request, probe),
            Event::Sample | Event::AlertTick(_) => {
                self.sync_custody(x);
                self.route(event, probe);
                if event == Event::Sample {
                    // Peaks begin anew.
                    x.posts.iter_mut().for_each(|post| post.peak = post.line.len);
                }
                true
            }
            Event::Member { instance, member, epoch, due } if self.asks_no_work(instance, due) => {
                if !self.passes_check(instance, member, epoch, due) {
                    self.route(event, probe);
                }
                true
            }
            _ => {
                self.return_custody(x);
                self.route(event, probe);
                false
            }
        }
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
        let population = &mut self.populations[id.index()];
        if !population.expects(epoch) {
            return true;
        }
        self.counts.requests += 1;
        let (index, next) = population.next_birth();
        if let Some(at) = next {
            self.queue.set(Source::Few(id.index()), at, ARRIVALS, epoch);
        }
        let process = &mut self.instances[x.process];
        let Some(member) = process.pick_freely(0) else {
            return self.pick_express(x, (id, index), None, probe);
        };
        process.held += 1;
        let drawn = population.drawn_in_order(index);
        probe.request_born(self.now, id, drawn.user);
        let sending = Sending { population: id, index, timeout: population.timeout, drawn };
        self.send_express(x, sending, None, Pick::Member(member), probe)
    }

    /// A request is sent again. Returns whether the stretch goes on.
    #[inline(never)]
    fn retry_express(&mut self, x: &mut Express, handle: Handle, probe: &mut impl Probe) -> bool {
        let Some(request) = self.requests.get_mut(handle) else { return true };
        request.attempts += 1;
        let Request { population, index, attempts, .. } = *request;
        self.pick_express(x, (population, index), Some((handle, attempts)), probe)
    }

    /// The algorithm picks a member as it does for any attempt, which is sent there: of a request that is
    /// born now, or is `known`. Returns whether the stretch goes on.
    #[inline(never)]
    fn pick_express(
        &mut self,
        x: &mut Express,
        (id, index): (PopulationId, u64),
        known: Option<(Handle, u32)>,
        probe: &mut impl Probe,
    ) -> bool {
        let population = &mut self.populations[id.index()];
        let drawn = match known {
            None => population.drawn_in_order(index),
            Some(_) => population.drawn(index),
        };
        if known.is_none() {
            probe.request_born(self.now, id, drawn.user);
        }
        let process = &mut self.instances[x.process];
        process.held += 1;
        let key = population.key(drawn.user, index);
        let pick = process.pick(0, key, Tried::default(), &[], self.now);
        let sending = Sending { population: id, index, timeout: population.timeout, drawn };
        self.send_express(x, sending, known, pick, probe)
    }

    /// A client's attempt goes to the member that was picked, of a request that is born now, or is `known`:
    /// then the how manieth it is. Returns whether the stretch goes on.
    #[expect(clippy::inline_always, reason = "nearly all are first attempts, which ask less")]
    #[inline(always)]
    fn send_express(
        &mut self,
        x: &mut Express,
        sending: Sending,
        known: Option<(Handle, u32)>,
        pick: Pick,
        probe: &mut impl Probe,
    ) -> bool {
        let now = self.now;
        let Sending { population: id, index, timeout, drawn } = sending;
        let who = (id, drawn.user, index);
        self.counts.attempts += 1;
        let room = match pick {
            Pick::Member(member) => {
                let post = x.posts.get_mut(member).filter(|post| post.has_room());
                post.map(|post| (member, post))
            }
            _ => None,
        };
        let Some((member, post)) = room else {
            self.return_custody(x);
            self.send_picked(who, known, pick, probe);
            return false;
        };
        let (process, to) = ((InstanceId(x.process as u16), 0), Some(BackendId(member as u16)));
        let attempt = self.attempts.insert_with(|| Attempt::sent(now, who, process, to, known));
        self.alone += u64::from(known.is_none());
        let subject = (u64::from(id.0) << 48) ^ index;
        self.digest_fact(Fact::Pick, subject, member as u64);
        let work = match &post.exponential {
            Some(law) => law.scaled(drawn.exponential),
            None => self.backends[member].service.at(drawn.mark),
        };
        if x.bounds {
            let wait = post.time_to(now, work);
            if let Some(timeout) = timeout {
                let rank = self.queue.reserve(TIMERS);
                if wait < timeout {
                    x.owed.owe(attempt.index(), rank);
                } else {
                    x.owed.forget(attempt.index());
                    let timer = Event::AttemptTimeout(attempt);
                    self.queue.push_reserved(id.index(), now + timeout, rank, timer);
                }
            }
        }
        post.passage.enter(now);
        if post.has_free_worker() {
            post.busy.enter(now);
            let done = now + work;
            if post.serve(attempt.index() as u32, done) {
                self.queue.set(Source::Many(member), done, COMPLETIONS, post.epoch);
            }
        } else {
            post.waiting.enter(now);
            x.waiting.line_up(&mut post.line, attempt.index() as u32, work);
            post.peak = post.peak.max(post.line.len);
        }
        true
    }

    /// A client gives up, if it still waits: its attempt stays at its member, which serves it all the same.
    #[inline(never)]
    fn give_up_express(&mut self, x: &Express, handle: Handle, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get_mut(handle) else { return };
        if !attempt.is_awaited() {
            return;
        }
        attempt.held = false;
        let (request, since) = (attempt.sole_request(), attempt.since);
        let member = attempt.backend.expect("it waits at a member");
        let retries = &self.setup.populations[request.population.index()].retries;
        let is_over = attempt.alone && !retries.may_follow(Outcome::Timeout);
        let latency = self.now.after(since);
        self.monitor.attempt_over(Outcome::Timeout, latency);
        if is_over {
            attempt.alone = false;
            self.alone -= 1;
            self.tell_finished(request, Outcome::Timeout, false, probe);
        } else {
            let request = self.claim(handle).expect("its client waits for it");
            self.attempt_over(request, Outcome::Timeout, probe);
        }
        let process = &mut self.instances[x.process];
        // No failure of the member, but whoever measures has waited in vain.
        let (outcome, now) = (Outcome::Timeout, self.now);
        process.answered(0, member, Answer { outcome, is_failure: false, latency, now });
        process.release(member.index());
        process.held -= 1;
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
        debug_assert!(post.is_done(now), "a completion at {now} that nobody expects");
        let slot = post.first();
        // First what the next event depends on.
        let next = if let Some((next, work)) = x.waiting.take(&mut post.line) {
            post.waiting.leave(now);
            Some(post.pass_on(next, now + work))
        } else {
            post.busy.leave(now);
            post.finish()
        };
        match next {
            Some(done) => self.queue.set_taken(member, done, COMPLETIONS, epoch),
            None => self.queue.clear_taken(),
        }
        post.passage.leave(now);
        let attempt = self.attempts.free_at(slot as usize).expect("who is served is there");
        let latency = now.after(attempt.since);
        post.note_latency(latency);
        if attempt.alone {
            let request = attempt.sole_request();
            post.succeeded += 1;
            self.alone -= 1;
            self.succeed_express(x, member, request, latency, probe);
        } else if let Some(known) = attempt.request {
            post.succeeded += 1;
            self.succeed_known(x, member, known, latency, probe);
        } else {
            post.wasted += 1;
        }
    }

    /// A request is answered by an attempt that has taken so long.
    #[expect(clippy::inline_always, reason = "as what it calls")]
    #[inline(always)]
    fn succeed_express(
        &mut self,
        x: &Express,
        member: usize,
        request: Request,
        latency: Span,
        probe: &mut impl Probe,
    ) {
        if self.now.after(request.born) > x.least_slow {
            self.tell_late(request, probe);
        } else {
            self.tell_finished(request, Outcome::Ok, false, probe);
        }
        self.instances[x.process].succeeded(0, member, latency, self.now);
        self.monitor.attempt_over(Outcome::Ok, latency);
    }

    /// The same of a request of which more is known than this attempt.
    #[inline(never)]
    fn succeed_known(
        &mut self,
        x: &Express,
        member: usize,
        known: Handle,
        latency: Span,
        probe: &mut impl Probe,
    ) {
        let request = self.requests.remove(known).expect("it was in flight");
        self.succeed_express(x, member, request, latency, probe);
    }

    /// A request is answered, too late for some population.
    #[inline(never)]
    fn tell_late(&mut self, request: Request, probe: &mut impl Probe) {
        let slow = self.is_slow(&request);
        self.tell_finished(request, Outcome::Ok, slow, probe);
    }
}
