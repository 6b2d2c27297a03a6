//! What ends tell each other besides requests and answers: that a connection was closed, and what
//! backends say of themselves.

use super::hops::identity;
use super::{Crossing, Ends, Network, Told};
use crate::engine::random::keyed;
use crate::engine::slab::Handle;
use crate::engine::time::{Span, Time};
use crate::model::balancer::ProbeReply;
use crate::model::event::{ARRIVALS, COMPLETIONS};
use crate::model::outcome::Outcome;
use crate::model::probe::Probe;
use crate::model::request::{Attempt, Place};
use crate::model::setup::{Abandoned, BackendId, InstanceId, NetworkSetup};
use crate::model::world::World;

/// Messages that close a connection have numbers from here on.
const CLOSING: u64 = 1 << 20;

impl World {
    /// How long it takes until the other end hears that a connection was closed; `None` if it never
    /// does, because the link is cut.
    fn notice(&self, ends: Ends, attempt: &Attempt) -> Option<Span> {
        let network = self.network.as_ref()?;
        if network.is_cut(ends, true) {
            return None;
        }
        let mut waited = Span::ZERO;
        for tries in 0..=NetworkSetup::RETRIES {
            let identity = identity(&self.populations, attempt, CLOSING + u64::from(tries));
            if let Some(latency) = network.transmission(ends, true, identity) {
                return Some(waited + latency);
            }
            waited += network.again(false, tries).0;
        }
        None
    }

    /// Whether monitoring, at the balancer, has an attempt before it and has not seen its end.
    pub(in crate::model) fn is_monitored(attempt: &Attempt) -> bool {
        !matches!(attempt.place, Place::Coming(_) | Place::Answering(_))
    }

    /// A client has waited long enough for an attempt, wherever it is.
    pub(in crate::model) fn client_gives_up(
        &mut self,
        handle: Handle,
        request: Handle,
        probe: &mut impl Probe,
    ) {
        let attempt = *self.attempts.get(handle).expect("its client has just left");
        if Self::is_monitored(&attempt) {
            self.monitor.attempt_over(Outcome::Timeout, self.now.since(attempt.asked));
        }
        self.note_for_policies(&attempt, Outcome::Timeout);
        self.one_attempt_over(request, handle, Outcome::Timeout, probe);
        self.client_closes(handle, probe);
    }

    /// A client closes an attempt's connection. The balancer hears of it one latency later, or never
    /// if the link is cut.
    pub(in crate::model) fn client_closes(&mut self, handle: Handle, probe: &mut impl Probe) {
        if self.network.is_none() {
            self.close_connection(handle, probe);
            return;
        }
        self.line_over(handle, None, probe);
        let attempt = *self.attempts.get(handle).expect("its client has just left");
        if self.is_being_accepted(attempt.place) {
            // The request has not left yet.
            self.attempts.remove(handle);
        } else if attempt.held {
            let location = self.instances[attempt.instance.index()].location();
            match self.notice(Ends::Client(attempt.population, location), &attempt) {
                Some(Span::ZERO) => self.on_client_gone(handle, probe),
                Some(latency) => self.push_after(latency, ARRIVALS, Crossing::ClientGone(handle)),
                None => {}
            }
        }
    }

    /// The balancer goes on with an attempt under another handle. That its client has left it may
    /// still have to hear: at the latest one latency from now.
    pub(in crate::model) fn follow(&mut self, handle: Handle) {
        let attempt = *self.attempts.get(handle).expect("the caller has it");
        if self.network.is_none() || attempt.is_awaited() || attempt.spare {
            return;
        }
        let location = self.instances[attempt.instance.index()].location();
        if let Some(latency) = self.notice(Ends::Client(attempt.population, location), &attempt) {
            self.push_after(latency, ARRIVALS, Crossing::ClientGone(handle));
        }
    }

    /// The balancer hears that a client has closed its connection.
    pub(super) fn on_client_gone(&mut self, handle: Handle, probe: &mut impl Probe) {
        let Some(attempt) = self.attempts.get(handle) else { return };
        if matches!(attempt.place, Place::Coming(_)) {
            // With the request, or before it: there is nothing to begin with.
            self.attempts.remove(handle);
            return;
        }
        if !attempt.held {
            return;
        }
        self.close_connection(handle, probe);
    }

    /// A balancer closes its connection to a member that has an attempt, or will have it.
    pub(in crate::model) fn hang_up(&mut self, handle: Handle, member: BackendId) {
        let Some(attempt) = self.attempts.get(handle).copied() else { return };
        if !self.crosses_network(attempt.instance, member) {
            if attempt.place.is_inside() {
                self.cancel(handle, member);
            }
            return;
        }
        let location = self.instances[attempt.instance.index()].location();
        let notice = self.notice(Ends::Backend(location, member), &attempt);
        let heard = notice.map_or(Time::FOREVER, |latency| self.now + latency);
        self.attempts.get_mut(handle).expect("copied just now").since = heard;
        let cancels = self.setup.backends[member.index()].abandoned == Abandoned::Cancel;
        if let Some(latency) = notice.filter(|_| cancels) {
            self.push_after(latency, ARRIVALS, Crossing::HungUp(handle));
        }
    }

    /// A member hears that nobody waits for an attempt any more.
    pub(super) fn on_hung_up(&mut self, handle: Handle) {
        let Some(attempt) = self.attempts.get(handle).copied() else { return };
        let Some(member) = attempt.backend.filter(|_| !attempt.held) else { return };
        if attempt.place.is_inside() {
            self.cancel(handle, member);
        } else if matches!(attempt.place, Place::Going(_)) {
            self.attempts.remove(handle);
        }
    }

    /// A backend tells a balancer's thread something of itself.
    pub(in crate::model) fn tell_of_backend(
        &mut self,
        to: InstanceId,
        thread: u16,
        from: BackendId,
        reply: ProbeReply,
    ) {
        let latency = match &self.network {
            None => Some(Span::ZERO),
            Some(network) => {
                let location = self.instances[to.index()].location();
                let identity = !note_identity(to, from, self.now);
                network.transmission(Ends::Backend(location, from), false, identity)
            }
        };
        match latency {
            None => {}
            Some(Span::ZERO) => self.instances[to.index()].probed(thread, from, reply),
            Some(latency) => {
                let network = self.network.as_mut().expect("without one there is no latency");
                let told = network.told.insert(Told { to, thread, from, reply });
                self.push_after(latency, COMPLETIONS, Crossing::Told(told));
            }
        }
    }

    pub(super) fn on_told(&mut self, handle: Handle) {
        let told = self.network.as_mut().and_then(|network| network.told.remove(handle));
        if let Some(Told { to, thread, from, reply }) = told {
            self.instances[to.index()].probed(thread, from, reply);
        }
    }
}

impl Network {
    /// How long a probe is under way from a process to a backend; `None` if it is lost, which nobody
    /// repairs.
    pub(in crate::model) fn probe_latency(
        &self,
        location: InstanceId,
        (process, member): (InstanceId, BackendId),
        now: Time,
    ) -> Option<Span> {
        let identity = note_identity(process, member, now);
        self.transmission(Ends::Backend(location, member), true, identity)
    }
}

/// What is drawn for a note between a process and a backend that is sent now.
fn note_identity(process: InstanceId, member: BackendId, now: Time) -> u64 {
    let ends = u64::from(process.0) << 16 | u64::from(member.0);
    keyed(ends | 1 << 40, now.as_ns())
}
