//! Algorithms: which member gets an attempt. One file each, and one line in [`ALGORITHMS`].
//!
//! An algorithm sees what a real balancer can know: its own members, their weights, and how many
//! attempts *it* has in flight on each. It cannot read a backend's queue. Who is eligible is
//! decided outside (pool, weight, drain, connection limit); an algorithm only chooses among them.

use crate::engine::random::Stream;

mod first;
pub(super) mod instance;
mod least_connections;
mod random;
mod ring_hash;
mod round_robin;
mod single;
mod smooth_weighted;
mod source_hash;
pub mod weighted;

/// A member of the pool as one balancer instance sees it, by backend index.
#[derive(Clone, Debug, PartialEq)]
pub struct MemberView {
    /// Relative share; 0 takes no traffic.
    pub weight: u32,
    /// Attempts this instance has sent and not seen finished.
    pub in_flight: u32,
    /// In the pool, positive weight, not draining.
    pub usable: bool,
    /// Attempts in flight beyond which it is skipped.
    pub max_connections: Option<u32>,
    /// Hash of its name.
    pub name_hash: u64,
}

impl MemberView {
    /// Whether it may get the next attempt.
    #[inline]
    pub fn is_eligible(&self) -> bool {
        self.usable && self.max_connections.is_none_or(|max| self.in_flight < max)
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

/// What an algorithm may look at when it picks.
pub struct PickContext<'a> {
    /// Every backend, in declaration order, eligible or not.
    pub members: &'a [MemberView],
    /// The hash key of the request (its source address).
    pub key: u64,
    /// Members that have refused this attempt.
    pub tried: Tried,
    /// The instance's own randomness.
    pub stream: &'a mut Stream,
}

impl PickContext<'_> {
    /// Whether a member may be picked now.
    #[inline]
    pub fn is_eligible(&self, member: usize) -> bool {
        self.members[member].is_eligible() && !self.tried.contains(member)
    }

    /// The members that may be picked now, in order.
    pub fn eligible(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.members.len()).filter(|&member| self.is_eligible(member))
    }
}

/// A balancing rule with its state. Each balancer instance has one of its own.
pub trait Balancer: Send + Sync {
    /// The member that gets the next attempt, by index; `None` iff none is eligible.
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize>;

    /// Usability or weights changed. Called once before the first pick.
    fn members_changed(&mut self, members: &[MemberView]) {
        let _ = members;
    }

    /// A copy with the same state, for forks of the world.
    fn boxed_clone(&self) -> Box<dyn Balancer>;
}

/// A parameter that an algorithm declares.
#[derive(Debug)]
pub struct Parameter {
    /// Key in the scenario file.
    pub name: &'static str,
    /// Value if the file does not say.
    pub default: f64,
    /// Smallest and largest valid value; whole numbers.
    pub range: (f64, f64),
    /// What it does.
    pub doc: &'static str,
}

/// An entry of the table.
#[derive(Debug)]
pub struct Algorithm {
    /// Name in scenario files.
    pub name: &'static str,
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
    /// What may be set.
    pub parameters: &'static [Parameter],
    /// A fresh state, from one argument per declared parameter.
    pub build: fn(arguments: &[f64]) -> Box<dyn Balancer>,
}

/// Every algorithm, alphabetically. Scenario files, `misroute list algorithms`, the conformance
/// tests and the benches read this table.
pub const ALGORITHMS: &[&Algorithm] = &[
    &first::ALGORITHM,
    &least_connections::ALGORITHM,
    &random::ALGORITHM,
    &ring_hash::ALGORITHM,
    &round_robin::ALGORITHM,
    &single::ALGORITHM,
    &smooth_weighted::ALGORITHM,
    &source_hash::ALGORITHM,
];

/// The algorithm of that name.
pub fn find(name: &str) -> Option<&'static Algorithm> {
    ALGORITHMS.iter().copied().find(|algorithm| algorithm.name == name)
}
