//! What backends tell balancers of themselves: answers to probes, and reports of idle workers.

use super::backend::Backend;
use super::balancer::ProbeReply;
use super::event::{Event, TIMERS};
use super::request::{Attempt, Sender};
use super::setup::{BackendId, InstanceId};
use super::world::World;
use crate::engine::random::keyed;
use crate::engine::time::Span;

/// From a probe's sending to its answer: within a data centre, and small beside any service.
const DELAY: Span = Span::from_ms(1);
/// Weight of an attempt in its backend's estimate of its latency, as a divisor: of 8, the latest
/// eight or so count.
const SMOOTHING: u64 = 8;

impl Backend {
    /// Takes an attempt that it has served into its estimate of the latency.
    #[inline]
    pub(super) fn note_latency(&mut self, latency: Span) {
        self.latency = smoothed(self.latency, latency);
    }
}

/// A backend's estimate of its latency after one more attempt; zero before the first.
#[inline]
pub(super) fn smoothed(estimate: Span, latency: Span) -> Span {
    let (old, new) = (estimate.as_ns(), latency.as_ns());
    match old {
        0 => latency,
        _ => Span::from_ns(old - old / SMOOTHING + new / SMOOTHING),
    }
}

impl World {
    /// Sends the probes that an instance's algorithm has just asked for.
    pub(super) fn send_probes(&mut self, instance: InstanceId, thread: u16) {
        let (network, now) = (self.network.as_deref(), self.now);
        let location = self.instances[instance.index()].location();
        let asked = self.instances[instance.index()].take_probes();
        for member in asked {
            let backend = BackendId(member as u16);
            let event = Event::ProbeAnswer { instance, thread, backend };
            let latency = network.map_or(Some(Span::ZERO), |network| {
                network.probe_latency(location, (instance, backend), now)
            });
            if let Some(latency) = latency {
                self.queue.push(now + latency + DELAY, TIMERS, event);
            }
        }
    }

    /// A probed backend answers with what is true now: the attempts inside, and the smoothed time
    /// in system of those it has served. One that takes no connections, or hangs, never answers.
    pub(super) fn on_probe_answer(&mut self, to: InstanceId, thread: u16, id: BackendId) {
        let backend = &self.backends[id.index()];
        let condition = backend.condition;
        if condition.refuses || condition.unreachable || condition.hangs {
            return;
        }
        let in_flight = backend.station.inside();
        let reply = ProbeReply { in_flight, latency: backend.latency, now: self.now };
        self.tell_of_backend(to, thread, id, reply);
    }

    /// A backend has served an attempt, which may leave a worker idle.
    pub(super) fn note_served(&mut self, attempt: &Attempt, id: BackendId) {
        let backend = &mut self.backends[id.index()];
        // Of one that a balancer across the network has left it is not known any more.
        if attempt.sender == Sender::Client && (attempt.held || self.network.is_none()) {
            let reached = attempt.since + Span::from_ns(1_000 * u64::from(attempt.lag));
            backend.note_latency(self.now.since(reached));
        }
        let is_idle = backend.station.waiting() == 0
            && backend.station.busy() < self.setup.backends[id.index()].workers;
        if is_idle {
            let stream = self.populations[attempt.population.index()].stream;
            self.report_idle(id, attempt.index ^ (stream << 48));
        }
    }

    /// A backend may have come up, or may not be known to a new configuration: if it is up with
    /// nothing to do, it says so.
    pub(super) fn note_up(&mut self, id: BackendId) {
        let backend = &self.backends[id.index()];
        let condition = backend.condition;
        if backend.station.busy() == 0 && !condition.refuses && !condition.hangs {
            self.report_idle(id, !self.now.as_ns() ^ (u64::from(id.0) << 48));
        }
    }

    /// The same of all backends.
    pub(super) fn note_all_up(&mut self) {
        for id in 0..self.backends.len() as u16 {
            self.note_up(BackendId(id));
        }
    }

    /// A backend says that it has an idle worker: to one thread of one process, drawn at random, if
    /// that listens.
    pub(super) fn report_idle(&mut self, id: BackendId, occasion: u64) {
        let draw = keyed(self.report_key, occasion);
        let route = (draw >> 32) % self.routes.len() as u64;
        let process = InstanceId(self.routes[route as usize]);
        let instance = &self.instances[process.index()];
        if instance.config.algorithm.algorithm.hears_idle {
            let thread = (draw % u64::from(self.setup.balancer.threads)) as u16;
            let reply = ProbeReply { in_flight: 0, latency: Span::ZERO, now: self.now };
            self.tell_of_backend(process, thread, id, reply);
        }
    }
}
