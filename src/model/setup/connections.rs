//! Connections that clients keep open from request to request.

use crate::engine::time::Span;

/// A user's pool of connections. A connection carries one request at a time, as in HTTP/1.1; it is
/// made when a request needs it, and kept until one of these rules, an error or the other end closes
/// it. Its balancer process (`pins` says what else) is chosen when it is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConnectionPolicy {
    /// What a connection is tied to.
    pub pins: Pins,
    /// Connections of one user, at least 1; `None`: any number.
    pub max: Option<u32>,
    /// Requests of one user that may wait for a connection; `None`: any number.
    pub waiting: Option<u32>,
    /// How long a request waits for a connection; `None`: for ever.
    pub wait: Option<Span>,
    /// A connection is closed after so long without a request; `None`: never.
    pub idle: Option<Span>,
    /// And at this age, or after the answer it then waits for; `None`: never.
    pub age: Option<Span>,
    /// And after so many requests, at least 1; `None`: any number.
    pub requests: Option<u32>,
    /// Age and number of requests are drawn for each connection, uniformly from this share below
    /// their limit up to it. In [0, 1].
    pub jitter: f64,
    /// Which of several idle connections the next request takes.
    pub reuse: Reuse,
}

/// What a connection is tied to as long as it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pins {
    /// The balancer's process: the balancer reads requests and picks a member for each of them.
    Instance,
    /// Also the member that was picked when it was made: the balancer passes bytes on and knows no
    /// requests (layer 4). What it counts and limits at members are connections.
    Backend,
}

/// Which of several idle connections the next request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// The one used last, so that few are busy and the others grow idle.
    Latest,
    /// The one idle for longest, so that all take turns.
    Oldest,
}
