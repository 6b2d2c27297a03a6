//! What lies between clients, balancer instances and backends.

use super::{BackendId, InstanceId, PopulationId};
use crate::engine::dist::Distribution;
use crate::engine::time::Span;

/// Where everybody is, and what a message between two places meets.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSetup {
    /// Kinds of links. At least one.
    pub links: Vec<Link>,
    /// Number of each population's zone; 0 is none.
    pub population_zones: Vec<u16>,
    /// Number of each balancer instance's zone.
    pub instance_zones: Vec<u16>,
    /// Number of each backend's zone.
    pub backend_zones: Vec<u16>,
    /// Position in `links` of the link between a zone of clients and one of instances:
    /// `[clients' zone][instance's zone]`.
    pub client_links: Vec<Vec<u16>>,
    /// The same of an instance's and a backend's zone.
    pub backend_links: Vec<Vec<u16>>,
    /// Round trips of a client's new connection before the request leaves.
    pub client_round_trips: u8,
    /// Round trips of a balancer's new connection to a backend before the request leaves.
    pub round_trips: u8,
    /// Connections to one backend that a process keeps open while they are idle; `None`: all.
    pub idle_connections: Option<u32>,
    /// After how long a message that was not acknowledged is sent again; doubles each time, up to
    /// [`Self::LONGEST_WAIT`]. Linux: 200 ms (`TCP_RTO_MIN`) beside the round trip.
    pub resend: Span,
    /// The same of a connection's first messages, without a bound: 1 s (RFC 6298, section 2.1).
    pub resend_opening: Span,
}

impl NetworkSetup {
    /// `TCP_RTO_MAX` of Linux: no wait before another transmission is longer.
    pub const LONGEST_WAIT: Span = Span::from_secs(120);
    /// Transmissions of a connection's first message after the first one (Linux,
    /// `tcp_syn_retries`); with waits from 1 s the caller knows after 127 s.
    pub const OPENING_RETRIES: u8 = 6;
    /// Transmissions of any other message after the first one (Linux, `tcp_retries2`).
    pub const RETRIES: u8 = 15;

    /// No latency, no loss, and everybody in one place.
    pub fn plain(populations: usize, instances: usize, backends: usize) -> Self {
        Self {
            links: vec![Link { latency: Distribution::constant(Span::ZERO), loss: 0.0 }],
            population_zones: vec![0; populations],
            instance_zones: vec![0; instances],
            backend_zones: vec![0; backends],
            client_links: vec![vec![0]],
            backend_links: vec![vec![0]],
            client_round_trips: 1,
            round_trips: 1,
            idle_connections: None,
            resend: Span::from_ms(200),
            resend_opening: Span::from_secs(1),
        }
    }
}

/// What a message meets on its way, in either direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// One-way latency, drawn anew for each message.
    pub latency: Distribution,
    /// The probability that a transmission is lost.
    pub loss: f64,
}

/// Something wrong with the links between some ends.
#[derive(Clone, Debug, PartialEq)]
pub struct LinkFault {
    /// Between whom.
    pub ends: LinkEnds,
    /// In which direction.
    pub direction: Direction,
    /// What is wrong.
    pub effect: LinkEffect,
}

/// Between whom.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkEnds {
    /// Balancer instances and these backends.
    Backends(Vec<BackendId>, Balancers),
    /// A population (`None`: all of them) and balancer instances.
    Clients(Option<PopulationId>, Balancers),
    /// Whoever is in one zone and whoever is in the other, by the zones' numbers.
    Zones(u16, u16),
}

/// Which balancer instances; none stands for all.
pub type Balancers = Vec<InstanceId>;

/// Which messages a fault of a link befalls. A balancer is before its backends, clients are before
/// the balancer, the zone named first before the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// All.
    Both,
    /// Those to the end behind: connection attempts and requests.
    To,
    /// Those that come from there: acceptances and answers.
    From,
}

/// What is wrong with a link.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkEffect {
    /// Every transmission is lost.
    Cut,
    /// Messages take longer, and more are lost. Latencies of several faults add up; that one of the
    /// causes loses a transmission is independent of the others.
    Slow(Link),
}

/// What kind of fault of links is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEnd {
    /// [`LinkEffect::Cut`].
    Cuts,
    /// [`LinkEffect::Slow`].
    Slow,
}
