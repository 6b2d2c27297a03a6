//! Taking custody of what stations hold, and giving it back.

use super::Express;
use super::post::{Post, Service};
use crate::engine::slab::Handle;
use crate::engine::time::Time;
use crate::model::backend::Backend;
use crate::model::event::{Event, TIMERS};
use crate::model::request::{Attempt, Place, Sender};
use crate::model::setup::InstanceId;
use crate::model::station::{Custody, Occupancy, Presence};
use crate::model::world::World;

/// Whether an attempt went straight to its member, and waits there for its answer or was given up.
fn is_light(attempt: &Attempt, process: InstanceId) -> bool {
    let is_first_try = attempt.retries == 0 && attempt.turn == 1;
    let is_held = attempt.is_awaited() && attempt.held;
    let is_left = !attempt.held && !attempt.is_awaited() && !attempt.spare;
    attempt.sender == Sender::Client
        && attempt.place == Place::Station
        && attempt.instance == process
        && attempt.allowed == attempt.sent
        && attempt.sent == attempt.since
        && is_first_try
        && (is_held || is_left)
}

impl World {
    /// The process that all attempts come to.
    fn express_process(&self) -> InstanceId {
        InstanceId(self.routes[0])
    }

    /// Whether all that is in flight is light. O(in flight + backends).
    fn is_all_light(&self) -> bool {
        let id = self.express_process();
        let process = &self.instances[id.index()];
        self.network.is_none()
            && process.is_express()
            && !process.lines.has_anybody()
            && self.backends.iter().map(|b| b.station.inside() as usize).sum::<usize>()
                == self.attempts.len()
            && self.backends.iter().all(|backend| {
                let is_light =
                    |handle| self.attempts.get(handle).is_some_and(|attempt| is_light(attempt, id));
                let station = &backend.station;
                station.inside() == 0 || (backend.is_open() && station.holds_only(is_light))
            })
    }

    /// Takes custody of what stations hold, if all that is in flight is light.
    pub(super) fn take_custody(&mut self, express: &mut Express) -> bool {
        if !self.is_all_light() {
            return false;
        }
        let now = self.now;
        express.process = self.express_process().index();
        express.owed.clear(self.queue.reserve(TIMERS));
        if express.posts.is_empty() {
            express.posts = self.backends.iter().map(Post::new).collect();
        }
        for (post, backend) in express.posts.iter_mut().zip(&mut self.backends) {
            post.receive(backend, now);
            post.free_at = if post.workers == 1 { now } else { Time::FOREVER };
            backend.station.hand_over_jobs(now, |attempt, done, order| {
                post.put(Service { done, order, attempt: attempt.index() as u32 });
                post.free_at = post.free_at.max(done);
            });
            while let Some(waiter) = backend.station.hand_over_waiter() {
                let attempt = self.attempts.get(waiter).expect("an attempt in line lives");
                let mark = self.populations[attempt.population.index()].first_mark(attempt.index);
                let work = backend.service.at(mark);
                post.free_at += work;
                express.waiting.line_up(&mut post.line, waiter.index() as u32, work);
            }
        }
        true
    }

    /// Notes what has become of the backends' counts and integrals.
    pub(super) fn sync_custody(&mut self, express: &mut Express) {
        let now = self.now;
        for (post, backend) in express.posts.iter_mut().zip(&mut self.backends) {
            post.tell(backend, now);
        }
    }

    /// Gives back what stations hold, and sets the timers that are owed.
    pub(super) fn return_custody(&mut self, express: &mut Express) {
        self.sync_custody(express);
        let Express { posts, waiting, owed, timers, .. } = express;
        let (now, attempts, populations) = (self.now, &self.attempts, &self.populations);
        let mut note_timer = |handle: Handle, attempt: &Attempt| {
            let id = attempt.population.index();
            // What a slot owed before says nothing of an attempt that nothing bounds.
            if let (Some(timeout), Some(rank)) =
                (populations[id].timeout, owed.rank(handle.index()))
            {
                timers.push((id, attempt.sent + timeout, rank, Event::AttemptTimeout(handle)));
            }
        };
        let mut take_back = |slot: u32| {
            let handle = attempts.handle_at(slot as usize).expect("an attempt in a station lives");
            let attempt = attempts.get(handle).expect("an attempt in a station lives");
            note_timer(handle, attempt);
            (handle, attempt.since)
        };
        for (post, backend) in posts.iter_mut().zip(&mut self.backends) {
            for Service { done, order, attempt } in post.drain() {
                let (handle, _) = take_back(attempt);
                backend.station.take_back_job(now, handle, done, order);
            }
            while let Some((attempt, _)) = waiting.take(&mut post.line) {
                let (handle, since) = take_back(attempt);
                backend.station.take_back_waiter(now, handle, since);
            }
        }
        timers.sort_unstable_by_key(|&(id, at, rank, _)| (id, at, rank));
        for of_one in timers.chunk_by(|one, other| one.0 == other.0) {
            let of_one_lane = of_one.iter().map(|&(_, at, rank, event)| (at, rank, event));
            self.queue.put_in_lane(of_one[0].0, of_one_lane);
        }
        timers.clear();
    }
}

impl Post {
    /// Takes over what is known of a backend but for its attempts; nobody is in line yet.
    fn receive(&mut self, backend: &mut Backend, now: Time) {
        let is_open = backend.is_open() && backend.station.can_be_handed_over();
        let custody = backend.station.custody(now);
        self.workers = if is_open { backend.station.workers() } else { 0 };
        self.most = if is_open { backend.queue.unwrap_or(u32::MAX) } else { 0 };
        self.in_service = custody.in_service;
        self.peak = custody.peak;
        self.started = custody.started;
        self.epoch = backend.station.epoch();
        self.passage = custody.occupancy.passage;
        self.busy = Presence::since(custody.occupancy.busy_ns, custody.in_service, now);
        self.waiting = Presence::since(custody.occupancy.waiting_ns, custody.in_line, now);
        self.turned_away = backend.gauge.reached.wrapping_sub(self.passage.entered);
        self.succeeded = backend.gauge.succeeded;
        self.wasted = backend.gauge.wasted;
        self.latency = backend.latency;
    }

    /// Tells a backend what has become of all that.
    fn tell(&self, backend: &mut Backend, now: Time) {
        let occupancy = Occupancy {
            busy_ns: self.busy.integral(u64::from(self.in_service), now),
            waiting_ns: self.waiting.integral(u64::from(self.line.len), now),
            // Nobody is elsewhere in a stretch, but may have been.
            elsewhere_ns: backend.station.elsewhere_ns(),
            passage: self.passage,
        };
        let custody = Custody {
            in_service: self.in_service,
            in_line: self.line.len,
            peak: self.peak,
            started: self.started,
            occupancy,
        };
        backend.station.note_custody(now, &custody);
        backend.gauge.reached = self.turned_away.wrapping_add(self.passage.entered);
        backend.gauge.succeeded = self.succeeded;
        backend.gauge.wasted = self.wasted;
        backend.latency = self.latency;
    }
}

/// How much there is to take over and to give back.
pub(super) fn size(world: &World) -> u64 {
    (world.attempts.len() + world.backends.len()) as u64
}
