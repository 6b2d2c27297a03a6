//! Algorithms: which member gets an attempt. One file each, and one line in [`ALGORITHMS`].
//!
//! An algorithm sees what a real balancer can know: its own members, their weights, and how many
//! attempts *it* has in flight on each. It cannot read a backend's queue. Who is eligible is
//! decided outside (pool, weight, drain, connection limit); an algorithm only chooses among them.

use super::outcome::Outcome;
use crate::engine::digest::Digest;
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use std::sync::Arc;

pub mod admission;
mod bounded_hash;
mod choice;
pub mod config;
mod envoy_edf;
mod envoy_hash;
mod envoy_hosts;
mod envoy_least_request;
mod envoy_maglev;
mod envoy_random;
mod envoy_ring_hash;
mod envoy_round_robin;
mod first;
mod free_pick;
mod haproxy_hash;
mod haproxy_least_connections;
mod haproxy_map;
mod haproxy_random;
mod haproxy_ring;
mod haproxy_round_robin;
mod haproxy_source;
mod haproxy_uri;
mod hashing;
pub(super) mod instance;
mod join_idle_queue;
mod join_shortest_queue;
pub mod layer;
mod least_connections;
mod least_response_time;
mod levels;
pub(super) mod lines;
mod maglev;
pub mod membership;
mod nginx_hash;
mod nginx_hash_consistent;
mod nginx_ip_hash;
mod nginx_least_connections;
mod nginx_peers;
mod nginx_random;
mod nginx_random_two;
mod peak_ewma;
pub mod policy;
mod power_of_d;
mod prequal;
mod random;
mod ring;
mod ring_hash;
mod round_robin;
mod single;
mod smooth_weighted;
mod source_hash;
mod static_round_robin;
mod sticky;
pub mod weighted;

/// A member of the pool as one balancer instance sees it, by backend index.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberView {
    /// Declared relative share; 0 takes no traffic.
    pub weight: u32,
    /// Share of the weight that counts now, of [`MemberView::FULL`]: slow start lowers it.
    pub ramp: u32,
    /// Tries this instance has sent and not seen finished.
    pub in_flight: u32,
    /// Attempts that wait at this instance for this very member.
    pub queued: u32,
    /// In the pool, positive weight, up, not ejected, not draining.
    pub usable: bool,
    /// Listed in the pool with a positive weight, whatever is the matter with it.
    pub present: bool,
    /// Whether it would be usable without panic: what layers count.
    pub healthy: bool,
    /// Number of the zone it is in; 0 if the configuration has none.
    pub zone: u16,
    /// 0 is the first; [`layer::priority`] goes down the others.
    pub priority: u8,
    /// Number of the group it belongs to; 0 if the configuration has none.
    pub group: u16,
    /// Tries in flight beyond which it is skipped.
    pub max_connections: Option<u32>,
    /// Hash of its name.
    pub name_hash: u64,
    /// Where it listens, as vendors' hash rings see it (`10.0.0.1:80`); else its name.
    pub address: Arc<str>,
}

impl MemberView {
    /// A `ramp` that leaves the weight as declared.
    pub const FULL: u32 = 256;

    /// A healthy, idle member with a name of its own.
    pub fn new(name: &str, weight: u32) -> Self {
        let mut hash = Digest::default();
        hash.text(name);
        Self {
            weight,
            ramp: Self::FULL,
            in_flight: 0,
            queued: 0,
            usable: weight > 0,
            present: weight > 0,
            healthy: weight > 0,
            zone: 0,
            priority: 0,
            group: 0,
            max_connections: None,
            name_hash: hash.value(),
            address: name.into(),
        }
    }

    /// Whether it may get the next try: usable, a free slot, and nobody waiting for it.
    #[inline]
    pub fn is_eligible(&self) -> bool {
        self.usable && self.has_slot()
    }

    /// Whether a try could start there now.
    #[inline]
    pub fn has_slot(&self) -> bool {
        self.max_connections.is_none_or(|max| self.in_flight < max && self.queued == 0)
    }

    /// The weight that counts now, in units of 1/[`MemberView::FULL`]; positive if `weight` is.
    #[inline]
    pub fn effective_weight(&self) -> u64 {
        (u64::from(self.weight) * u64::from(self.ramp)).max(u64::from(self.weight > 0))
    }

    /// Tries in flight there and attempts waiting for it.
    #[inline]
    pub fn load(&self) -> u32 {
        self.in_flight + self.queued
    }
}

/// Members that have refused an attempt: the last eight, by index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    members: [u16; Self::MOST],
    count: u16,
}

impl Tried {
    const MOST: usize = 8;

    /// Adds a member; of more than eight, the first is forgotten.
    #[must_use]
    pub fn and(mut self, member: usize) -> Self {
        self.members[usize::from(self.count) % Self::MOST] = member as u16;
        self.count = self.count.wrapping_add(1);
        self
    }

    /// Whether a member is among them.
    #[inline]
    pub fn contains(&self, member: usize) -> bool {
        let known = usize::from(self.count).min(Self::MOST);
        self.members[..known].iter().any(|&tried| usize::from(tried) == member)
    }

    /// Whether nobody has refused it yet.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// What a request is hashed by.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// 64 well-mixed bits: what the generic algorithms use.
    pub hash: u64,
    /// The client's IPv4 address, host byte order: HAProxy's `source`, nginx's `ip_hash`.
    pub address: u32,
    /// What a header or URI hash reads.
    pub text: &'a str,
}

impl Key<'_> {
    /// A key whose address and text nobody reads.
    pub fn of_hash(hash: u64) -> Self {
        Self { hash, address: hash as u32, text: "" }
    }
}

/// What an algorithm may look at when it picks.
pub struct PickContext<'a> {
    /// Every backend, in declaration order, eligible or not.
    pub members: &'a [MemberView],
    /// What the request is hashed by.
    pub key: Key<'a>,
    /// Members that must not get this attempt: they have failed it.
    pub tried: Tried,
    /// Members that are out of reach for this pick, by index: another group's; empty: none.
    pub barred: &'a [bool],
    /// Whether attempts may wait for a slot at this instance.
    pub queues: bool,
    /// Attempts inside each backend now, whoever sent them; only for algorithms that declare
    /// themselves an oracle, else empty.
    pub backlog: &'a [u32],
    /// The instance's own randomness.
    pub stream: &'a mut Stream,
    /// The instant of the pick.
    pub now: Time,
    /// Members that the algorithm wants probed; their answers come to [`Balancer::probed`].
    pub probes: &'a mut Vec<usize>,
}

impl<'a> PickContext<'a> {
    /// A pick with nothing special about it, at time zero; for tests and benches.
    pub fn plain(
        members: &'a [MemberView],
        key: u64,
        stream: &'a mut Stream,
        probes: &'a mut Vec<usize>,
    ) -> Self {
        Self {
            members,
            key: Key::of_hash(key),
            tried: Tried::default(),
            barred: &[],
            queues: false,
            backlog: &[],
            stream,
            now: Time::ZERO,
            probes,
        }
    }

    /// Whether a member may be picked now.
    #[inline]
    pub fn is_eligible(&self, member: usize) -> bool {
        self.members[member].is_eligible() && self.is_allowed(member)
    }

    /// Who may be picked now, beside the randomness to draw one of them.
    fn draws(&mut self) -> (Field<'a>, &mut Stream) {
        (Field { members: self.members, tried: self.tried, barred: self.barred }, self.stream)
    }

    /// Whether a member may serve this attempt, now or once it has a free slot.
    #[inline]
    pub fn is_usable(&self, member: usize) -> bool {
        self.members[member].usable && self.is_allowed(member)
    }

    #[inline]
    fn is_allowed(&self, member: usize) -> bool {
        is_allowed(&self.tried, self.barred, member)
    }

    /// The members that may be picked now, in order.
    pub fn eligible(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.members.len()).filter(|&member| self.is_eligible(member))
    }
}

#[inline]
fn is_allowed(tried: &Tried, barred: &[bool], member: usize) -> bool {
    !tried.contains(member) && !barred.get(member).copied().unwrap_or(false)
}

/// Whom a [`PickContext`] leaves to choose from.
struct Field<'a> {
    members: &'a [MemberView],
    tried: Tried,
    barred: &'a [bool],
}

impl Field<'_> {
    /// As [`PickContext::is_eligible`].
    #[inline]
    fn is_eligible(&self, member: usize) -> bool {
        self.members[member].is_eligible() && is_allowed(&self.tried, self.barred, member)
    }
}

/// What an algorithm answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The attempt goes to this member now.
    Member(usize),
    /// It waits for this very member, which is full.
    QueueAt(usize),
    /// It waits for whichever member has a slot first.
    QueueInPool,
    /// No member can take it now. If somebody could once a slot is free, and the instance queues,
    /// it waits in the pool.
    Nobody,
}

impl From<Option<usize>> for Pick {
    fn from(member: Option<usize>) -> Self {
        member.map_or(Self::Nobody, Self::Member)
    }
}

/// A try that is over, as its balancer saw it.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// How it ended; [`Outcome::Timeout`] if the connection was not made in time, or if the client left.
    pub outcome: Outcome,
    /// Whether the balancer calls that a failure of the member.
    pub is_failure: bool,
    /// From the pick to the end.
    pub latency: Span,
    /// When it ended.
    pub now: Time,
}

/// What a probed backend says of itself.
#[derive(Clone, Copy, Debug)]
pub struct ProbeReply {
    /// Requests inside it.
    pub in_flight: u32,
    /// Its estimate of the latency at that load.
    pub latency: Span,
    /// When the answer arrives.
    pub now: Time,
}

/// A balancing rule with its state. Each balancer instance has one of its own, or one per thread.
pub trait Balancer: Send + Sync {
    /// Where the next attempt goes: [`Pick::Nobody`] iff no member is eligible (or, in a queueing
    /// instance, usable).
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick;

    /// The same where every usable member is eligible: nobody has a limit, is barred or was tried. What this
    /// adds to the member's load is not told to the one who picked. `None`: nothing has been done,
    /// [`Balancer::pick`] is to be asked.
    fn pick_freely(&mut self, members: &[MemberView], stream: &mut Stream) -> Option<usize> {
        let _ = (members, stream);
        None
    }

    /// The table that such a pick would be no more than a draw from, if there is one: until the members change
    /// it is drawn from, and [`Balancer::pick_freely`] is not asked.
    fn table(&self) -> Option<&weighted::WeightTable> {
        None
    }

    /// Usability, weights or ramps changed. Called once before the first pick.
    fn members_changed(&mut self, members: &[MemberView]) {
        let _ = members;
    }

    /// `in_flight` or `queued` of one member changed: a try was sent there or is over. Called only
    /// if the table says that the algorithm tracks the load.
    fn load_changed(&mut self, member: usize, members: &[MemberView]) {
        let _ = (member, members);
    }

    /// A try is over. Called only if the table says that the algorithm hears answers.
    fn answered(&mut self, member: usize, answer: Answer) {
        let _ = (member, answer);
    }

    /// A probe that the algorithm asked for is answered.
    fn probed(&mut self, member: usize, reply: ProbeReply) {
        let _ = (member, reply);
    }

    /// A copy with the same state, for forks of the world.
    fn boxed_clone(&self) -> Box<dyn Balancer>;
}

/// A parameter that an algorithm declares.
#[derive(Debug)]
pub struct Parameter {
    /// Key in the scenario file.
    pub name: &'static str,
    /// What its value is.
    pub kind: ParameterKind,
    /// Value if the file does not say, in the unit of its kind.
    pub default: f64,
    /// Smallest and largest valid value, in the unit of its kind.
    pub range: (f64, f64),
    /// What it does.
    pub doc: &'static str,
}

/// What the value of a [`Parameter`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A whole number.
    Count,
    /// A number with a fraction.
    Number,
    /// A share, as a fraction of 1.
    Ratio,
    /// A length of time, in seconds.
    Duration,
    /// Events per second.
    Rate,
    /// One of these words; the value is its position.
    Choice(&'static [&'static str]),
}

/// Whose rules a balancer follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Nobody's in particular.
    Generic,
    /// HAProxy's.
    Haproxy,
    /// nginx's.
    Nginx,
    /// Envoy's.
    Envoy,
}

/// A vendor's version, such as 2.6: (major, minor).
pub type Version = (u16, u16);

/// What an algorithm is built from.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    /// One value per declared parameter, in its unit.
    pub arguments: &'a [f64],
    /// Version of the vendor's product; the newest known if nothing is said.
    pub version: Version,
    /// Which of the balancer's instances this state is for, from 0.
    pub instance: u16,
    /// Which of the instance's threads, from 0.
    pub thread: u16,
    /// Random bits of this instance and thread, for what starts at random.
    pub seed: u64,
}

impl Build<'_> {
    /// Whether the version is this one or a later one; (0, 0), unsaid, is the newest.
    pub fn is_at_least(&self, version: Version) -> bool {
        self.version == (0, 0) || self.version >= version
    }
}

/// An entry of the table.
#[derive(Debug)]
pub struct Algorithm {
    /// Name in scenario files.
    pub name: &'static str,
    /// Whose it is, and the other names by which a scenario of that dialect may call it: the
    /// vendor's own, and those of the generic algorithms that it stands for.
    pub dialect: (Dialect, &'static [&'static str]),
    /// One line: what it does.
    pub summary: &'static str,
    /// One line: when it fails.
    pub fails: &'static str,
    /// Cost per pick for n members.
    pub cost: &'static str,
    /// Vendors' names for it.
    pub vendors: &'static str,
    /// Whether long-run shares follow the weights.
    pub weighted: bool,
    /// Whether it wants [`Balancer::load_changed`].
    pub tracks_load: bool,
    /// Whether it wants [`Balancer::answered`].
    pub hears_answers: bool,
    /// Whether it sees the true number of attempts in every backend, which no balancer can.
    pub oracle: bool,
    /// Whether it asks for probes of members at its picks.
    pub probes: bool,
    /// Whether backends report to it, as [`Balancer::probed`] with nothing in flight, when a
    /// worker of theirs becomes idle.
    pub hears_idle: bool,
    /// Whether an attempt goes behind those that wait in the pool's queue without looking for a
    /// free member.
    pub waits_behind_queue: bool,
    /// Whether the request decides where it goes: HAProxy does not leave such a member lightly.
    pub hashes: bool,
    /// What may be set.
    pub parameters: &'static [Parameter],
    /// A fresh state.
    pub build: fn(build: &Build<'_>) -> Box<dyn Balancer>,
}

impl Algorithm {
    /// What most entries have; an entry says what differs.
    const PLAIN: Self = Self {
        name: "",
        dialect: (Dialect::Generic, &[]),
        summary: "",
        fails: "",
        cost: "",
        vendors: "",
        weighted: false,
        tracks_load: false,
        hears_answers: false,
        oracle: false,
        probes: false,
        hears_idle: false,
        waits_behind_queue: false,
        hashes: false,
        parameters: &[],
        build: |_| unreachable!("every entry builds something of its own"),
    };
}

/// Every algorithm, alphabetically. Scenario files, `misroute list algorithms`, the conformance
/// tests and the benches read this table.
pub const ALGORITHMS: &[&Algorithm] = &[
    &bounded_hash::ALGORITHM,
    &envoy_least_request::ALGORITHM,
    &envoy_maglev::ALGORITHM,
    &envoy_random::ALGORITHM,
    &envoy_ring_hash::ALGORITHM,
    &envoy_round_robin::ALGORITHM,
    &first::ALGORITHM,
    &haproxy_least_connections::ALGORITHM,
    &haproxy_random::ALGORITHM,
    &haproxy_round_robin::ALGORITHM,
    &haproxy_source::ALGORITHM,
    &haproxy_uri::ALGORITHM,
    &join_idle_queue::ALGORITHM,
    &join_shortest_queue::ALGORITHM,
    &least_connections::ALGORITHM,
    &least_response_time::ALGORITHM,
    &maglev::ALGORITHM,
    &nginx_hash::ALGORITHM,
    &nginx_hash_consistent::ALGORITHM,
    &nginx_ip_hash::ALGORITHM,
    &nginx_least_connections::ALGORITHM,
    &nginx_random::ALGORITHM,
    &nginx_random_two::ALGORITHM,
    &peak_ewma::ALGORITHM,
    &power_of_d::ALGORITHM,
    &prequal::ALGORITHM,
    &random::ALGORITHM,
    &ring_hash::ALGORITHM,
    &round_robin::ALGORITHM,
    &single::ALGORITHM,
    &smooth_weighted::ALGORITHM,
    &source_hash::ALGORITHM,
    &static_round_robin::ALGORITHM,
    &sticky::ALGORITHM,
];

/// The algorithm that a scenario of this dialect calls so: by its own name, by the vendor's, or by
/// that of the generic one that it stands for.
pub fn find(dialect: Dialect, name: &str) -> Option<&'static Algorithm> {
    let of_vendor = |a: &&Algorithm| a.dialect.0 == dialect && a.dialect.1.contains(&name);
    let by_name = |a: &&Algorithm| a.name == name;
    let mut all = ALGORITHMS.iter().copied();
    all.clone().find(of_vendor).or_else(|| all.find(by_name))
}
