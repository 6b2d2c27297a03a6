//! Taking custody of all that is in flight, and giving it back.

use super::post::{NOBODY, Post, Service};
use super::{Express, Light};
use crate::engine::queue::EventQueue;
use crate::engine::slab::{Handle, Slab};
use crate::engine::time::Time;
use crate::model::balancer::Tried;
use crate::model::event::Event;
use crate::model::request::{Attempt, Place, Sender};
use crate::model::setup::{BackendId, InstanceId, PopulationId};
use crate::model::station::Custody;
use crate::model::world::World;

/// Whether nothing is known of an attempt but what a light says.
fn is_light(attempt: &Attempt, process: InstanceId) -> bool {
    let is_first = attempt.number == 1 && attempt.retries == 0 && attempt.turn == 1;
    let is_straight = attempt.allowed == attempt.asked
        && attempt.asked == attempt.sent
        && attempt.sent == attempt.since
        && attempt.lag == 0
        && attempt.leg == 0;
    let is_held = attempt.alone && attempt.held;
    let is_left = !attempt.held && !attempt.is_awaited() && !attempt.spare;
    attempt.sender == Sender::Client
        && attempt.place == Place::Station
        && attempt.instance == process
        && attempt.tried.is_empty()
        && is_first
        && is_straight
        && (is_held || is_left)
}

fn light(attempt: &Attempt) -> Light {
    let post = attempt.backend.map_or(0, |member| member.0);
    Light {
        index: attempt.index,
        born: attempt.since,
        user: attempt.user,
        next: NOBODY,
        population: attempt.population,
        post,
        left: !attempt.held,
    }
}

fn attempt(light: &Light, process: InstanceId) -> Attempt {
    let at = light.born;
    Attempt {
        sender: Sender::Client,
        request: None,
        alone: !light.left,
        spare: false,
        population: light.population,
        user: light.user,
        index: light.index,
        number: 1,
        instance: process,
        thread: 0,
        held: !light.left,
        backend: Some(BackendId(light.post)),
        tried: Tried::default(),
        allowed: at,
        asked: at,
        sent: at,
        since: at,
        lag: 0,
        leg: 0,
        retries: 0,
        turn: 1,
        place: Place::Station,
    }
}

/// Gives the timers of one population's attempts other handles; those of nobody are dropped.
fn rename_timers(
    queue: &mut EventQueue<Event>,
    population: PopulationId,
    names: &[Option<Handle>],
    is_current: impl Fn(Handle) -> bool,
) {
    queue.retain_in_lane(population.index(), |event| {
        if let Event::AttemptTimeout(attempt) = event {
            let name = names.get(attempt.index()).copied().flatten();
            let Some(name) = name.filter(|_| is_current(*attempt)) else { return false };
            *attempt = name;
        }
        true
    });
}

impl World {
    /// The process that all attempts come to.
    pub(super) fn express_process(&self) -> InstanceId {
        InstanceId(self.routes[0])
    }

    /// Whether all that is in flight is light. O(in flight + backends).
    fn is_all_light(&self) -> bool {
        let id = self.express_process();
        let process = &self.instances[id.index()];
        self.requests.is_empty()
            && process.is_express()
            && !process.lines.has_anybody()
            && !self.has_odd_timers()
            && self.attempts.iter().all(|(_, attempt)| is_light(attempt, id))
            && self.backends.iter().all(|backend| {
                let is_plain = backend.is_open() && backend.station.can_be_handed_over();
                is_plain || backend.station.inside() == 0
            })
    }

    /// Takes custody of all that is in flight, if nothing but light is.
    pub(super) fn take_custody(&mut self, express: &mut Express) -> bool {
        if !self.is_all_light() {
            return false;
        }
        let now = self.now;
        if express.posts.is_empty() {
            express.posts = self.backends.iter().map(Post::new).collect();
        }
        let Express { lights, posts, names, .. } = express;
        names.clear();
        for (handle, attempt) in self.attempts.iter() {
            if names.len() <= handle.index() {
                names.resize(handle.index() + 1, None);
            }
            names[handle.index()] = Some(lights.insert(light(attempt)));
        }
        let name = |handle: Handle| {
            let name = names.get(handle.index()).copied().flatten();
            name.expect("an attempt in a station lives").index() as u32
        };
        for (post, backend) in posts.iter_mut().zip(&mut self.backends) {
            post.is_open = backend.is_open() && backend.station.can_be_handed_over();
            (post.head, post.tail) = (NOBODY, NOBODY);
            let custody = backend.station.custody(now);
            let mut waiting = Vec::new();
            backend.station.hand_over(
                now,
                |attempt, done, order| {
                    post.put(Service { done, order, light: name(attempt) });
                },
                |attempt| waiting.push(name(attempt)),
            );
            for light in waiting {
                super::line_up(lights, post, light);
            }
            post.receive(custody, now, backend);
        }
        let attempts = &self.attempts;
        for population in 0..self.populations.len() {
            let is_current = |handle| attempts.get(handle).is_some();
            rename_timers(&mut self.queue, PopulationId(population as u16), names, is_current);
        }
        self.attempts.clear();
        true
    }

    /// Notes what has become of the backends' counts and integrals.
    pub(super) fn sync_custody(&mut self, express: &mut Express) {
        let now = self.now;
        for (post, backend) in express.posts.iter_mut().zip(&mut self.backends) {
            post.settle(now);
            backend.station.note_custody(now, &post.custody());
            backend.gauge.reached = post.reached;
            backend.gauge.succeeded = post.succeeded;
            backend.gauge.wasted = post.wasted;
            backend.latency = post.latency;
        }
    }

    /// Gives back all that is in flight.
    pub(super) fn return_custody(&mut self, express: &mut Express) {
        self.sync_custody(express);
        let (now, process) = (self.now, self.express_process());
        let Express { lights, posts, names, .. } = express;
        names.clear();
        for (handle, light) in lights.iter() {
            if names.len() <= handle.index() {
                names.resize(handle.index() + 1, None);
            }
            names[handle.index()] = Some(self.attempts.insert(attempt(light, process)));
        }
        let name = |light: u32| {
            let name = names.get(light as usize).copied().flatten();
            name.expect("a light at a post lives")
        };
        for (post, backend) in posts.iter_mut().zip(&mut self.backends) {
            for Service { done, order, light } in post.drain() {
                backend.station.take_back_job(now, name(light), done, order);
            }
            let mut next = post.head;
            while let Some(light) = lights.at(next as usize).filter(|_| next != NOBODY) {
                backend.station.take_back_waiter(now, name(next), light.born);
                next = light.next;
            }
        }
        let lights = &*lights;
        for population in 0..self.populations.len() {
            let is_current = |handle| lights.get(handle).is_some();
            rename_timers(&mut self.queue, PopulationId(population as u16), names, is_current);
        }
        express.lights.clear();
    }
}

impl Post {
    /// Takes over what is known of a station and a backend.
    fn receive(&mut self, custody: Custody, now: Time, backend: &crate::model::backend::Backend) {
        self.workers = custody.workers;
        self.in_service = custody.in_service;
        self.in_line = custody.in_line;
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

    /// What is known of it but for its lights.
    fn custody(&self) -> Custody {
        Custody {
            workers: self.workers,
            in_service: self.in_service,
            in_line: self.in_line,
            peak: self.peak,
            started: self.started,
            epoch: self.epoch,
            occupancy: self.occupancy,
        }
    }
}

/// How much there is to look at, to take over and to give back.
pub(super) fn size(world: &World) -> u64 {
    (world.attempts.slots() + world.backends.len()) as u64
}

/// The slab of lights, empty.
pub(super) fn no_lights() -> Slab<Light> {
    Slab::default()
}
