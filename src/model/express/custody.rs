//! Taking custody of what stations hold, and giving it back.

use super::post::{NOBODY, Post, Service};
use super::{Express, line_up};
use crate::engine::time::Time;
use crate::model::backend::Backend;
use crate::model::request::{Attempt, Place, Sender};
use crate::model::setup::InstanceId;
use crate::model::station::Custody;
use crate::model::world::World;

/// Whether an attempt went straight to its member, and waits there for its answer or was given up.
fn is_light(attempt: &Attempt, process: InstanceId) -> bool {
    let is_first = attempt.number == 1 && attempt.retries == 0 && attempt.turn == 1;
    let is_held = attempt.alone && attempt.held;
    let is_left = !attempt.held && !attempt.is_awaited() && !attempt.spare;
    attempt.sender == Sender::Client
        && attempt.place == Place::Station
        && attempt.instance == process
        && attempt.allowed == attempt.sent
        && attempt.sent == attempt.since
        && is_first
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
        self.requests.is_empty()
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
        if express.posts.is_empty() {
            express.posts = self.backends.iter().map(Post::new).collect();
        }
        for (post, backend) in express.posts.iter_mut().zip(&mut self.backends) {
            post.receive(backend, now);
            let attempts = &mut self.attempts;
            let (mut served, mut waiting) = (Vec::new(), Vec::new());
            backend.station.hand_over(
                now,
                |attempt, done, order| served.push((attempt.index() as u32, done, order)),
                |attempt| waiting.push(attempt.index() as u32),
            );
            for (attempt, done, order) in served {
                post.put(Service { done, order, attempt });
            }
            for attempt in waiting {
                line_up(attempts, post, attempt);
            }
        }
        true
    }

    /// Notes what has become of the backends' counts and integrals.
    pub(super) fn sync_custody(&mut self, express: &mut Express) {
        let now = self.now;
        for (post, backend) in express.posts.iter_mut().zip(&mut self.backends) {
            post.settle(now);
            post.tell(backend, now);
        }
    }

    /// Gives back what stations hold.
    pub(super) fn return_custody(&mut self, express: &mut Express) {
        self.sync_custody(express);
        let (now, attempts) = (self.now, &self.attempts);
        let handle =
            |slot: u32| attempts.handle_at(slot as usize).expect("an attempt in a station lives");
        for (post, backend) in express.posts.iter_mut().zip(&mut self.backends) {
            for Service { done, order, attempt } in post.drain() {
                backend.station.take_back_job(now, handle(attempt), done, order);
            }
            let mut slot = post.head;
            while let Some(attempt) = attempts.at(slot as usize).filter(|_| slot != NOBODY) {
                backend.station.take_back_waiter(now, handle(slot), attempt.since);
                slot = attempt.next;
            }
        }
    }
}

impl Post {
    /// Takes over what is known of a backend but for its attempts; nobody is in line yet.
    fn receive(&mut self, backend: &mut Backend, now: Time) {
        self.is_open = backend.is_open() && backend.station.can_be_handed_over();
        (self.head, self.tail, self.in_line) = (NOBODY, NOBODY, 0);
        let custody = backend.station.custody(now);
        self.workers = custody.workers;
        self.in_service = custody.in_service;
        self.peak = custody.peak;
        self.started = custody.started;
        self.epoch = custody.epoch;
        self.occupancy = custody.occupancy;
        self.settled = now;
        self.reached = backend.gauge.reached;
        self.succeeded = backend.gauge.succeeded;
        self.wasted = backend.gauge.wasted;
        self.latency = backend.latency;
    }

    /// Tells a backend what has become of all that.
    fn tell(&self, backend: &mut Backend, now: Time) {
        let custody = Custody {
            workers: self.workers,
            in_service: self.in_service,
            in_line: self.in_line,
            peak: self.peak,
            started: self.started,
            epoch: self.epoch,
            occupancy: self.occupancy,
        };
        backend.station.note_custody(now, &custody);
        backend.gauge.reached = self.reached;
        backend.gauge.succeeded = self.succeeded;
        backend.gauge.wasted = self.wasted;
        backend.latency = self.latency;
    }
}

/// How much there is to take over and to give back.
pub(super) fn size(world: &World) -> u64 {
    (world.attempts.len() + world.backends.len()) as u64
}
