//! What a configuration file of a balancer says, and how it changes.

use super::membership::policy::{EjectionConfig, HealthChecks, Reserves, SlowStart};
use super::policy::{AnswerRetries, ClientLeaves, ConnectPolicy, Limits, QueuePolicy};
use super::{Algorithm, Balancer, Build, Version};
use crate::engine::time::Span;
use crate::model::outcome::Outcome;
use crate::model::setup::{BackendId, InstanceId};
use std::sync::Arc;

/// The balancer in front of the pool.
#[derive(Clone, Debug)]
pub struct BalancerSetup {
    /// Independent instances, each with its own state and configuration version. At least 1.
    pub instances: u16,
    /// Worker processes of each instance that share nothing with each other. At least 1.
    pub processes: u16,
    /// Threads of each process that share everything but the algorithm's state. At least 1.
    pub threads: u16,
    /// The configuration in force at the start.
    pub config: BalancerConfig,
}

/// What a configuration file of a balancer says: the thing that is rolled out and rolled back.
#[derive(Clone, Debug, PartialEq)]
pub struct BalancerConfig {
    /// The rule by which members are picked.
    pub algorithm: AlgorithmConfig,
    /// One entry per backend, in order.
    pub members: Vec<Member>,
    /// What happens when a backend does not accept the connection.
    pub connect: ConnectPolicy,
    /// What happens when an answer is bad.
    pub retry: AnswerRetries,
    /// Waiting for a free slot.
    pub queue: QueuePolicy,
    /// What one process takes on.
    pub limits: Limits,
    /// Active checks, if any.
    pub health: Option<HealthChecks>,
    /// Passive ejection, if any.
    pub ejection: Option<EjectionConfig>,
    /// Slow start, if any.
    pub slow_start: Option<SlowStart>,
    /// Fail-open and backups.
    pub reserves: Reserves,
    /// How long an attempt may take in all before the client is told 504; `None`: for ever.
    pub timeout: Option<Span>,
    /// How long a member may take to answer, from the connection on; `None`: for ever.
    pub server_timeout: Option<Span>,
    /// What becomes of an attempt whose client has left.
    pub client_leaves: ClientLeaves,
    /// What the client is told when there is no member to try.
    pub nobody_as: Outcome,
}

impl BalancerSetup {
    /// One instance of one process.
    pub fn single(config: BalancerConfig) -> Self {
        Self { instances: 1, processes: 1, threads: 1, config }
    }
}

impl BalancerConfig {
    /// `members` alike, no retries, no queue, no limits.
    pub fn plain(algorithm: AlgorithmConfig, members: usize) -> Self {
        Self {
            algorithm,
            members: (0..members as u64).map(Member::plain).collect(),
            connect: ConnectPolicy::one_try(),
            retry: AnswerRetries::none(),
            queue: QueuePolicy::none(),
            limits: Limits::default(),
            health: None,
            ejection: None,
            slow_start: None,
            reserves: Reserves { panic: None, all_backups: true },
            timeout: None,
            server_timeout: None,
            client_leaves: ClientLeaves::Close,
            nobody_as: Outcome::Http503,
        }
    }
}

impl Member {
    /// In the pool, weight 1, no limit.
    pub fn plain(name_hash: u64) -> Self {
        Self {
            in_pool: true,
            backup: false,
            weight: 1,
            max_connections: None,
            min_connections: None,
            name_hash,
            address: name_hash.to_string().into(),
        }
    }
}

/// An algorithm and its parameters.
#[derive(Clone, Debug)]
pub struct AlgorithmConfig {
    /// The entry in the table of algorithms.
    pub algorithm: &'static Algorithm,
    /// One value per declared parameter, in order, within its declared range.
    pub arguments: Vec<f64>,
    /// Version of the vendor's product.
    pub version: Version,
}

impl AlgorithmConfig {
    /// The algorithm with its defaults.
    pub fn of(algorithm: &'static Algorithm) -> Self {
        let arguments = algorithm.parameters.iter().map(|parameter| parameter.default).collect();
        Self { algorithm, arguments, version: (0, 0) }
    }

    /// A fresh state for one of an instance's threads.
    pub fn build(&self, thread: u16, seed: u64) -> Box<dyn Balancer> {
        let (arguments, version) = (&self.arguments, self.version);
        (self.algorithm.build)(&Build { arguments, version, thread, seed })
    }
}

impl PartialEq for AlgorithmConfig {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm.name == other.algorithm.name
            && self.arguments == other.arguments
            && self.version == other.version
    }
}

/// A backend as a balancer's configuration lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Whether the pool contains it.
    pub in_pool: bool,
    /// Whether it only stands in when no other member can serve.
    pub backup: bool,
    /// Relative share of the traffic; 0 takes none.
    pub weight: u32,
    /// Attempts in flight from one instance beyond which this member is skipped.
    pub max_connections: Option<u32>,
    /// The limit while little is going on (HAProxy `minconn`).
    pub min_connections: Option<u32>,
    /// Hash of the member's name: where it lies on a hash ring.
    pub name_hash: u64,
    /// Where it listens, as vendors' hash rings see it; else its name.
    pub address: Arc<str>,
}

/// One change of a balancer configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another algorithm, or other parameters.
    Algorithm(AlgorithmConfig),
    /// A member's weight.
    Weight(BackendId, u32),
    /// Whether the pool contains a member.
    InPool(BackendId, bool),
    /// A member's connection limit.
    MaxConnections(BackendId, Option<u32>),
    /// A member's connection limit while little is going on.
    MinConnections(BackendId, Option<u32>),
    /// What happens when a connection cannot be made.
    Connect(ConnectPolicy),
    /// What happens when an answer is bad.
    Retry(AnswerRetries),
    /// Waiting for a free slot.
    Queue(QueuePolicy),
    /// What one process takes on.
    Limits(Limits),
    /// Active checks.
    Health(Option<HealthChecks>),
    /// Passive ejection.
    Ejection(Option<EjectionConfig>),
    /// Slow start.
    SlowStart(Option<SlowStart>),
    /// Fail-open and backups.
    Reserves(Reserves),
    /// Whether a member is a backup.
    Backup(BackendId, bool),
    /// How long an attempt may take in all.
    Timeout(Option<Span>),
    /// How long a member may take to answer.
    ServerTimeout(Option<Span>),
    /// What becomes of an attempt whose client has left.
    ClientLeaves(ClientLeaves),
    /// What the client is told when there is no member to try.
    NobodyAs(Outcome),
}

/// When each instance takes up a new configuration: after `delays[i]`, or never.
///
/// Shorter than the number of instances: the last delay holds for the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct Rollout {
    /// Per instance, from the time of the action.
    pub delays: Vec<Option<Span>>,
    /// Whether each takes it up in new processes, which know nothing yet; the old ones go on until
    /// they have nothing left to do.
    pub reload: bool,
}

impl Rollout {
    /// Everywhere at once.
    pub fn at_once() -> Self {
        Self { delays: vec![Some(Span::ZERO)], reload: false }
    }

    /// The delay of one instance; `None`: it never takes the configuration up.
    pub fn delay(&self, instance: InstanceId) -> Option<Span> {
        *self.delays.get(instance.index()).or(self.delays.last())?
    }
}

impl BalancerConfig {
    /// Applies one change.
    pub fn change(&mut self, change: &Change) {
        match change {
            Change::Algorithm(algorithm) => self.algorithm = algorithm.clone(),
            Change::Weight(id, weight) => self.members[id.index()].weight = *weight,
            Change::InPool(id, in_pool) => self.members[id.index()].in_pool = *in_pool,
            Change::MaxConnections(id, max) => self.members[id.index()].max_connections = *max,
            Change::MinConnections(id, min) => self.members[id.index()].min_connections = *min,
            Change::Connect(policy) => self.connect = *policy,
            Change::Retry(policy) => self.retry = *policy,
            Change::Queue(policy) => self.queue = *policy,
            Change::Limits(limits) => self.limits = *limits,
            Change::Health(checks) => self.health = *checks,
            Change::Ejection(ejection) => self.ejection.clone_from(ejection),
            Change::SlowStart(slow_start) => self.slow_start = *slow_start,
            Change::Reserves(reserves) => self.reserves = *reserves,
            Change::Backup(id, backup) => self.members[id.index()].backup = *backup,
            Change::Timeout(timeout) => self.timeout = *timeout,
            Change::ServerTimeout(timeout) => self.server_timeout = *timeout,
            Change::ClientLeaves(leaves) => self.client_leaves = *leaves,
            Change::NobodyAs(outcome) => self.nobody_as = *outcome,
        }
    }
}
