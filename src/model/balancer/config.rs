//! What a configuration file of a balancer says, and how it changes.

use super::admission::AdmissionConfig;
use super::layer::{self, Canary, Layers, Priorities, Seat, Subset, Zones};
use super::membership::policy::{EjectionConfig, HealthChecks, Reserves, SlowStart};
use super::policy::{AnswerRetries, ClientLeaves, ConnectPolicy, Limits, QueuePolicy};
use super::{Algorithm, Balancer, Version};
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
    /// Whether attempts are taken on at all; `None`: all are.
    pub admission: Option<AdmissionConfig>,
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
            admission: None,
            connect: ConnectPolicy::one_try(),
            retry: AnswerRetries::none(),
            queue: QueuePolicy::none(),
            limits: Limits::default(),
            health: None,
            ejection: None,
            slow_start: None,
            reserves: Reserves { panic: None, overprovisioning: 100, all_backups: true },
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
            zone: 0,
            priority: 0,
            group: 0,
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
    /// What narrows the members down before it picks.
    pub layers: Layers,
}

impl AlgorithmConfig {
    /// The algorithm with its defaults.
    pub fn of(algorithm: &'static Algorithm) -> Self {
        let arguments = algorithm.parameters.iter().map(|parameter| parameter.default).collect();
        Self { algorithm, arguments, version: (0, 0), layers: Layers::default() }
    }

    /// A fresh state for one of the threads of the only instance.
    pub fn build(&self, thread: u16, seed: u64) -> Box<dyn Balancer> {
        self.build_at(Seat { instance: 0, instances: 1, thread, seed })
    }

    /// A fresh state for one of an instance's threads, within its layers.
    pub fn build_at(&self, seat: Seat) -> Box<dyn Balancer> {
        layer::build(&Arc::new(self.clone()), seat)
    }
}

impl PartialEq for AlgorithmConfig {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm.name == other.algorithm.name
            && self.arguments == other.arguments
            && self.version == other.version
            && self.layers == other.layers
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
    /// Number of its zone.
    pub zone: u16,
    /// Its priority; 0 is the first.
    pub priority: u8,
    /// Number of its group.
    pub group: u16,
    /// Hash of the member's name: where it lies on a hash ring.
    pub name_hash: u64,
    /// Where it listens, as vendors' hash rings see it; else its name.
    pub address: Arc<str>,
}

/// One change of a balancer configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Another algorithm, or other parameters; its layers are left as they are.
    Algorithm(AlgorithmConfig),
    /// Failover by priority.
    Priorities(Option<Priorities>),
    /// Routing by zone.
    Zones(Option<Zones>),
    /// How much of the pool each instance uses.
    Subset(Option<Subset>),
    /// The share of a group.
    Canary(Option<Canary>),
    /// Whether attempts are taken on at all.
    Admission(Option<AdmissionConfig>),
    /// A member's priority.
    Priority(BackendId, u8),
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
    /// Members that are in the pool or may have more connections under a new configuration: HAProxy's
    /// fetch waiting attempts then (`pendconn_grab_from_px`, `process_srv_queue`), though not when
    /// their weight is changed.
    pub(in crate::model) fn grown(&self, new: &Self) -> Vec<BackendId> {
        let most = |member: &Member| member.max_connections.unwrap_or(u32::MAX);
        let pairs = self.members.iter().zip(&new.members);
        let has_grown =
            |(old, new): (&Member, &Member)| new.in_pool && (!old.in_pool || most(new) > most(old));
        let grown = pairs.enumerate().filter(|&(_, pair)| has_grown(pair));
        grown.map(|(index, _)| BackendId(index as u16)).collect()
    }

    /// Applies one change.
    pub fn change(&mut self, change: &Change) {
        match change {
            Change::Algorithm(algorithm) => {
                let layers = std::mem::take(&mut self.algorithm.layers);
                self.algorithm = AlgorithmConfig { layers, ..algorithm.clone() };
            }
            Change::Priorities(priority) => self.algorithm.layers.priority = *priority,
            Change::Zones(zones) => self.algorithm.layers.zones.clone_from(zones),
            Change::Subset(subset) => self.algorithm.layers.subset = *subset,
            Change::Canary(canary) => self.algorithm.layers.canary = *canary,
            Change::Admission(admission) => self.admission.clone_from(admission),
            Change::Priority(id, priority) => self.members[id.index()].priority = *priority,
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
            Change::Reserves(reserves) => {
                self.reserves = *reserves;
                if let Some(priority) = &mut self.algorithm.layers.priority {
                    priority.panic = (reserves.panic.unwrap_or(0.0) * 100.0).round() as u32;
                }
            }
            Change::Backup(id, backup) => self.members[id.index()].backup = *backup,
            Change::Timeout(timeout) => self.timeout = *timeout,
            Change::ServerTimeout(timeout) => self.server_timeout = *timeout,
            Change::ClientLeaves(leaves) => self.client_leaves = *leaves,
            Change::NobodyAs(outcome) => self.nobody_as = *outcome,
        }
    }
}
