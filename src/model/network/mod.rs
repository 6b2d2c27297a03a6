//! The network between clients, balancer instances and backends: latency, loss, links that are cut.
//!
//! Each message of an attempt crosses one link in one direction. A transmission that is lost is made
//! again after a wait that doubles, as TCP does it, so loss shows as latency, and as a timeout at
//! last. A link that is cut loses every transmission: whatever is under way gets through with the
//! first transmission after it is mended. Without latency and loss a message arrives at once and is no
//! event at all.
//!
//! `hops` has the way of an attempt, `notices` what ends tell each other besides: that a connection was
//! closed, and answers to probes.

mod hops;
mod notices;

use super::balancer::ProbeReply;
use super::event::Event;
use super::probe::Probe;
use super::setup::{
    Action, BackendId, Balancers, Direction, EntryId, InstanceId, Link, LinkEffect, LinkEnd,
    LinkEnds, LinkFault, NetworkSetup, PopulationId, Setup,
};
use super::world::World;
use crate::engine::queue::{Class, EventQueue};
use crate::engine::random::{Purpose, Seed, key, keyed, unit};
use crate::engine::slab::{Handle, Slab};
use crate::engine::time::Span;

/// Lanes of the event list for constant latencies; each lane costs every event a comparison.
const MOST_LANES: usize = 4;

/// What crosses the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Crossing {
    /// An attempt's message arrives.
    Message { attempt: Handle, leg: u16 },
    /// A message that was lost so many times is sent again.
    Again { attempt: Handle, leg: u16, tries: u8 },
    /// The balancer hears that a client has closed its connection.
    ClientGone(Handle),
    /// A backend hears that a balancer has closed its connection.
    HungUp(Handle),
    /// What a backend said of itself arrives.
    Told(Handle),
}

/// Between whom a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// A client and a balancer instance.
    Client(PopulationId, InstanceId),
    /// A balancer instance and a backend.
    Backend(InstanceId, BackendId),
}

/// What a backend tells a balancer's thread of itself, on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    to: InstanceId,
    thread: u16,
    from: BackendId,
    reply: ProbeReply,
}

/// The network at run time.
#[derive(Clone, Debug)]
pub(super) struct Network {
    setup: NetworkSetup,
    latency_key: u64,
    loss_key: u64,
    /// Faults in force, with the entries that began them.
    faults: Vec<(Option<EntryId>, LinkFault)>,
    /// Idle connections, by process and backend; as long as they have to be.
    idle: Vec<Vec<u32>>,
    told: Slab<Told>,
    /// Constant latencies that have a lane of the event list.
    lanes: Vec<(Span, usize)>,
}

impl Network {
    /// What it draws depends on `seed` and on messages alone.
    fn new(setup: &NetworkSetup, seed: Seed) -> Self {
        Self {
            setup: setup.clone(),
            latency_key: key(seed, Purpose::NetworkLatency, 0),
            loss_key: key(seed, Purpose::NetworkLoss, 0),
            faults: Vec::new(),
            idle: Vec::new(),
            told: Slab::default(),
            lanes: Vec::new(),
        }
    }

    /// The network of a run from its start; `None` if nothing crosses one, or faults of links.
    pub(super) fn of(setup: &Setup, seed: Seed) -> Option<Self> {
        let has_faults = || {
            let mut entries = setup.timeline.iter();
            entries.any(|entry| matches!(entry.action, Action::BeginLink(_)))
        };
        match &setup.network {
            Some(network) => Some(Self::new(network, seed)),
            None => has_faults().then(|| Self::new(&plain(setup), seed)),
        }
    }

    /// Gives constant latencies lanes of the event list.
    pub(super) fn add_lanes(&mut self, queue: &mut EventQueue<Event>) {
        for link in &self.setup.links {
            let least = link.latency.at(0);
            let is_constant = !least.is_zero() && link.latency.at(u64::MAX) == least;
            let is_known = self.lanes.iter().any(|&(latency, _)| latency == least);
            if is_constant && !is_known && self.lanes.len() < MOST_LANES {
                self.lanes.push((least, queue.add_lane()));
            }
        }
    }

    fn link(&self, ends: Ends) -> &Link {
        let setup = &self.setup;
        let position = match ends {
            Ends::Client(population, instance) => {
                let zone = usize::from(setup.population_zones[population.index()]);
                setup.client_links[zone][usize::from(setup.instance_zones[instance.index()])]
            }
            Ends::Backend(instance, backend) => {
                let zone = usize::from(setup.instance_zones[instance.index()]);
                setup.backend_links[zone][usize::from(setup.backend_zones[backend.index()])]
            }
        };
        &setup.links[usize::from(position)]
    }

    /// What is wrong between these ends, in the direction of a message.
    fn effects(&self, ends: Ends, towards: bool) -> impl Iterator<Item = &LinkEffect> {
        let befalls = move |fault: &&LinkFault| self.befalls(fault, ends, towards);
        self.faults.iter().map(|(_, fault)| fault).filter(befalls).map(|fault| &fault.effect)
    }

    fn befalls(&self, fault: &LinkFault, ends: Ends, towards: bool) -> bool {
        let fits = |towards| match fault.direction {
            Direction::Both => true,
            Direction::To => towards,
            Direction::From => !towards,
        };
        let among =
            |balancers: &Balancers, instance| balancers.is_empty() || balancers.contains(&instance);
        match (&fault.ends, ends) {
            (LinkEnds::Backends(targets, balancers), Ends::Backend(instance, backend)) => {
                targets.contains(&backend) && among(balancers, instance) && fits(towards)
            }
            (LinkEnds::Clients(chosen, balancers), Ends::Client(population, instance)) => {
                chosen.is_none_or(|chosen| chosen == population)
                    && among(balancers, instance)
                    && fits(towards)
            }
            (LinkEnds::Zones(first, second), _) => {
                let (front, back) = self.zones(ends);
                let straight = (front, back) == (*first, *second) && fits(towards);
                straight || ((back, front) == (*first, *second) && fits(!towards))
            }
            _ => false,
        }
    }

    fn zones(&self, ends: Ends) -> (u16, u16) {
        let setup = &self.setup;
        match ends {
            Ends::Client(population, instance) => {
                (setup.population_zones[population.index()], setup.instance_zones[instance.index()])
            }
            Ends::Backend(instance, backend) => {
                (setup.instance_zones[instance.index()], setup.backend_zones[backend.index()])
            }
        }
    }

    /// Whether messages between these ends arrive at once, both ways.
    fn is_nothing(&self, ends: Ends) -> bool {
        let link = self.link(ends);
        let befallen = |(_, fault): &(_, LinkFault)| {
            [true, false].iter().any(|&t| self.befalls(fault, ends, t))
        };
        link.loss <= 0.0
            && link.latency.mean_ns() <= 0.0
            && (self.faults.is_empty() || !self.faults.iter().any(befallen))
    }

    /// How long a transmission takes; `None` if it is lost. `identity` is unlike that of any other.
    fn transmission(&self, ends: Ends, towards: bool, identity: u64) -> Option<Span> {
        let drawn = |link: &Link, identity| {
            let is_lost = link.loss > 0.0 && unit(keyed(self.loss_key, identity)) < link.loss;
            (!is_lost).then(|| link.latency.at(keyed(self.latency_key, identity)))
        };
        let mut latency = drawn(self.link(ends), identity);
        if self.faults.is_empty() {
            return latency;
        }
        for (number, effect) in (1_u64..).zip(self.effects(ends, towards)) {
            let more = match effect {
                LinkEffect::Cut => None,
                LinkEffect::Slow(more) => drawn(more, keyed(number, identity)),
            };
            latency = latency.and_then(|latency| Some(latency + more?));
        }
        latency
    }

    /// Whether every transmission is lost.
    fn is_cut(&self, ends: Ends, towards: bool) -> bool {
        self.effects(ends, towards).any(|effect| *effect == LinkEffect::Cut)
    }

    /// When a lost transmission is made again, and how often that is done.
    fn again(&self, is_opening: bool, tries: u8) -> (Span, u8) {
        let doubled = |span: Span| Span::from_ns(span.as_ns().saturating_mul(1 << tries.min(40)));
        if is_opening {
            (doubled(self.setup.resend_opening), NetworkSetup::OPENING_RETRIES)
        } else {
            let wait = doubled(self.setup.resend).min(NetworkSetup::LONGEST_WAIT);
            (wait, NetworkSetup::RETRIES)
        }
    }

    /// Takes an idle connection of a process to a backend, if there is one.
    fn take_idle(&mut self, process: InstanceId, backend: BackendId) -> bool {
        let row = self.idle.get_mut(process.index());
        let Some(idle) = row.and_then(|row| row.get_mut(backend.index())) else { return false };
        let has_one = *idle > 0;
        *idle -= u32::from(has_one);
        has_one
    }

    /// Keeps a connection that has just become idle, if there is room.
    fn keep_idle(&mut self, process: InstanceId, backend: BackendId) {
        if self.idle.len() <= process.index() {
            self.idle.resize(process.index() + 1, Vec::new());
        }
        let row = &mut self.idle[process.index()];
        if row.is_empty() {
            row.resize(self.setup.backend_zones.len(), 0);
        }
        if self.setup.idle_connections.is_none_or(|most| row[backend.index()] < most) {
            row[backend.index()] += 1;
        }
    }

    /// A backend has died: nobody has a connection to it.
    pub(super) fn forget_backend(&mut self, backend: BackendId) {
        for idle in self.idle.iter_mut().filter_map(|row| row.get_mut(backend.index())) {
            *idle = 0;
        }
    }

    /// A process has closed its idle connections.
    pub(super) fn forget_process(&mut self, process: InstanceId) {
        if let Some(row) = self.idle.get_mut(process.index()) {
            row.clear();
        }
    }

    /// Whether anything is wrong that someone began.
    pub(super) fn has_faults(&self) -> bool {
        !self.faults.is_empty()
    }
}

impl World {
    /// The network, which there is from an operator's first fault of a link on at the latest.
    fn network_mut(&mut self) -> &mut Network {
        if self.network.is_none() {
            self.leave_straight();
        }
        let (setup, seed) = (&self.setup, self.seed);
        self.network.get_or_insert_with(|| Box::new(Network::new(&plain(setup), seed)))
    }

    /// Links between some ends are cut or become slow.
    pub(super) fn begin_link_fault(&mut self, fault: &LinkFault, source: Option<EntryId>) {
        self.network_mut().faults.push((source, fault.clone()));
    }

    /// Faults of links end: those that one entry began, or all of a kind.
    pub(super) fn end_link_faults(&mut self, kind: LinkEnd, of: Option<EntryId>) {
        let Some(network) = &mut self.network else { return };
        network.faults.retain(|(source, fault)| {
            let is_of_kind = match kind {
                LinkEnd::Cuts => fault.effect == LinkEffect::Cut,
                LinkEnd::Slow => matches!(fault.effect, LinkEffect::Slow(_)),
            };
            !is_of_kind || (of.is_some() && *source != of)
        });
    }

    /// Cuts between balancers and these backends end.
    pub(super) fn mend_links(&mut self, backends: &[BackendId]) {
        let Some(network) = &mut self.network else { return };
        network.faults.retain_mut(|(_, fault)| match (&mut fault.ends, &fault.effect) {
            (LinkEnds::Backends(targets, _), LinkEffect::Cut) => {
                targets.retain(|target| !backends.contains(target));
                !targets.is_empty()
            }
            _ => true,
        });
    }

    /// Whether messages between a process and a backend take time, or may be lost.
    pub(super) fn crosses_network(&self, process: InstanceId, backend: BackendId) -> bool {
        self.network.as_ref().is_some_and(|network| {
            let ends = Ends::Backend(self.instances[process.index()].location(), backend);
            !network.is_nothing(ends)
        })
    }

    pub(super) fn on_crossed(&mut self, what: Crossing, probe: &mut impl Probe) {
        match what {
            Crossing::Message { attempt, leg } => self.on_message(attempt, leg, probe),
            Crossing::Again { attempt, leg, tries } => self.on_again(attempt, leg, tries, probe),
            Crossing::ClientGone(attempt) => self.on_client_gone(attempt, probe),
            Crossing::HungUp(attempt) => self.on_hung_up(attempt),
            Crossing::Told(told) => self.on_told(told),
        }
    }

    /// Schedules an arrival after a latency, through a lane if it is constant.
    fn push_after(&mut self, latency: Span, class: Class, what: Crossing) {
        let event = Event::Crossed(what);
        let lanes = self.network.as_ref().map_or(&[][..], |network| &network.lanes);
        match lanes.iter().find(|&&(constant, _)| constant == latency) {
            Some(&(_, lane)) => self.queue.push_in_lane(lane, self.now + latency, class, event),
            None => self.queue.push(self.now + latency, class, event),
        }
    }
}

/// The network of a scenario that says nothing of it.
fn plain(setup: &Setup) -> NetworkSetup {
    let instances = usize::from(setup.balancer.instances);
    NetworkSetup::plain(setup.populations.len(), instances, setup.backends.len())
}
