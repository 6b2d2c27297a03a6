//! What can be simulated, and what can be read off one replication.

use super::contention::{self, Wait};
use super::lengths;
use super::queueing::{Queueing, UNIT_NS};
use super::special;
use super::tail;
use super::tally::Tally;
use super::waves;
use misroute::engine::random::{Seed, mix};
use misroute::model::outcome::Outcome;

/// Replications of a simulation.
const REPLICATIONS: u32 = 20;
/// And near saturation, where the warm-up of each costs as much as what is measured.
const REPLICATIONS_NEAR_SATURATION: u32 = 10;

/// A model with its parameters.
#[derive(Clone, Debug)]
pub(super) enum Simulation {
    /// A stationary queue.
    Queueing(Box<Queueing>),
    /// Attempts that fail independently with probability `p`, up to `retries` more.
    Retry { p: f64, retries: u32 },
    /// Clients that throttle themselves before a backend of which they ask for `x` times what it can.
    Throttle { k: f64, x: f64 },
    /// Clients that update one row by optimistic concurrency control.
    Contention { clients: u32, jitter: Wait },
    /// M/M/1 whose server is up and down for exponential times of these rates.
    Broken { rate: f64, fails: f64, repairs: f64 },
    /// M/M/1 that stands still for ten seconds, at a millisecond per request.
    Pause { load: f64 },
    /// An infinite-server queue from empty, at ten arrivals per unit.
    Growth { exponential: bool },
    /// An infinite-server queue whose arrivals come in waves.
    Wave,
    /// Shares of members on hash rings.
    Ring { members: u32, points: u32 },
    /// Users that change members when one of them is removed from a hash ring.
    RingMove { members: u32 },
    /// Eleven backends, one slow for half of the run.
    OneSlow { algorithm: &'static str },
    /// Members of one worker, the first of which fails at once.
    BlackHole { algorithm: &'static str, members: usize, rate: f64 },
    /// Places of members of weights 1 and 2 in a Maglev table.
    Maglev { size: u64 },
    /// Requests that are hedged after so many mean services.
    Hedge { after: f64 },
    /// Requests to `n` leaves, each of which is slow with probability `p`.
    FanOut { p: f64, n: u32 },
    /// Envoy's turns of a host with `active` requests, beside an idle one of weight 1.
    EnvoyWeight { weight: u32, active: u32, bias: f64 },
}

/// A number to be read off a replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Metric {
    MeanSojourn,
    MeanWait,
    /// Time average of the number in the system.
    Number,
    SojournQuantile(f64),
    WaitQuantile(f64),
    VarSojourn,
    /// Mean square of the wait.
    WaitSquare,
    BusyPeriod,
    /// Share of served requests that had to wait.
    ProbWait,
    /// Share of requests that were turned away.
    Rejected,
    /// Requests served per unit.
    Throughput,
    /// Share of requests that timed out.
    TimedOut,
    /// The same among those not turned away.
    TimedOutAccepted,
    /// Share of requests that left the queue unserved.
    Abandoned,
    /// Share of all requests that had to wait, whether they were served or left.
    ProbWaitOfAll,
    /// Time in line, over all requests, whether they were served or left.
    QueueTime,
    /// Mean sojourn of requests of a service time, in units.
    SojournOfSize(f64),
    /// Requests answered in time, per unit.
    Goodput,
    /// Share of the workers that are busy, for one backend.
    Utilization,
    /// A figure of a special simulation, by position.
    Figure(usize),
}

impl Metric {
    /// The largest relative 95% half width at which a case counts as tested: 1% for means and
    /// probabilities, 2% for p90 and p99, 5% for p99.9. The rule says nothing of second moments;
    /// 5% of one is 2.5% of a standard deviation.
    pub(super) fn limit(self) -> f64 {
        match self {
            Self::SojournQuantile(q) | Self::WaitQuantile(q) if q > 0.995 => 0.05,
            Self::SojournQuantile(q) | Self::WaitQuantile(q) if q > 0.75 => 0.02,
            Self::VarSojourn | Self::WaitSquare => 0.05,
            _ => 0.01,
        }
    }

    /// Reads it, in units.
    fn of(self, tally: &Tally) -> f64 {
        let span = tally.span.as_ns() as f64;
        let per_unit = |count: f64| count * UNIT_NS / span;
        let quantile = |moments: &super::tally::Moments, q| {
            moments.quantiles.as_ref().expect("quantiles were asked for").at(q) / UNIT_NS
        };
        let mean = tally.sojourn.mean() / UNIT_NS;
        match self {
            Self::MeanSojourn => mean,
            Self::MeanWait => tally.wait.mean() / UNIT_NS,
            Self::Number => tally.grown(|g| (g.busy_ns + g.waiting_ns) as f64) / span,
            Self::SojournQuantile(q) => quantile(&tally.sojourn, q),
            Self::WaitQuantile(q) => quantile(&tally.wait, q),
            Self::VarSojourn => tally.sojourn.second() / (UNIT_NS * UNIT_NS) - mean * mean,
            Self::WaitSquare => tally.wait.second() / (UNIT_NS * UNIT_NS),
            // A request that does not wait begins a busy period, and all work is done in one.
            Self::BusyPeriod => {
                let begun = tally.wait.count - tally.waited;
                (tally.sojourn.mean() - tally.wait.mean()) * tally.wait.count as f64
                    / begun as f64
                    / UNIT_NS
            }
            Self::ProbWait => tally.waited as f64 / tally.wait.count as f64,
            Self::Rejected => {
                tally.grown(|g| g.rejected as f64) / tally.grown(|g| g.reached as f64)
            }
            Self::Throughput => per_unit(tally.grown(|g| g.succeeded as f64)),
            Self::TimedOut => tally.ended(Outcome::Timeout) / tally.finished(),
            Self::TimedOutAccepted => {
                let timed_out = tally.ended(Outcome::Timeout);
                timed_out / (timed_out + tally.ended(Outcome::Ok))
            }
            Self::Abandoned => {
                let reached = tally.grown(|g| g.reached as f64);
                let left = tally.grown(|g| (g.succeeded + g.wasted + u64::from(g.waiting)) as f64);
                (reached - left) / reached
            }
            Self::ProbWaitOfAll => {
                1.0 - (tally.wait.count - tally.waited) as f64 / tally.finished()
            }
            Self::QueueTime => {
                tally.grown(|g| g.waiting_ns as f64) / tally.grown(|g| g.reached as f64) / UNIT_NS
            }
            Self::SojournOfSize(size) => {
                let sizes = tally.sizes.as_ref().expect("sizes were asked for");
                let near = (size * UNIT_NS) as u64;
                let (count, sum_ns) = sizes[&near];
                sum_ns as f64 / count as f64 / UNIT_NS
            }
            Self::Utilization => {
                tally.grown(|g| g.busy_ns as f64) / span / f64::from(tally.workers)
            }
            Self::Goodput => per_unit(tally.ended(Outcome::Ok)),
            Self::Figure(_) => panic!("a queue has no special figures"),
        }
    }
}

impl Simulation {
    /// How many replications are judged together.
    pub(super) fn replications(&self) -> u32 {
        match self {
            Self::Queueing(queueing) if queueing.is_near_saturation() => {
                REPLICATIONS_NEAR_SATURATION
            }
            _ => REPLICATIONS,
        }
    }

    /// One replication: the values of `metrics`.
    pub(super) fn run(&self, name: &str, replication: u32, metrics: &[Metric]) -> Vec<f64> {
        // Every simulation has demand of its own, so that one unlucky draw fails one of them.
        let value = name.bytes().fold(0x7E57, |hash, byte| mix(hash ^ u64::from(byte)));
        let seed = Seed { value, replication };
        let requests = lengths::total(name) / f64::from(self.replications());
        let special = |figures: Vec<f64>| -> Vec<f64> {
            let read = |metric: &Metric| match metric {
                Metric::Figure(position) => figures[*position],
                other => panic!("{name} has no {other:?}"),
            };
            metrics.iter().map(read).collect()
        };
        match self {
            Self::Queueing(queueing) => {
                let tally = queueing.run(seed, requests);
                metrics.iter().map(|metric| metric.of(&tally)).collect()
            }
            Self::Retry { p, retries } => special(special::retry(*p, *retries, seed, requests)),
            Self::Throttle { k, x } => special(special::throttle(*k, *x, seed, requests)),
            Self::Contention { clients, jitter } => {
                special(contention::figures(*clients, *jitter, seed))
            }
            Self::Broken { rate, fails, repairs } => {
                special(special::broken(*rate, *fails, *repairs, seed, requests))
            }
            Self::Pause { load } => special(special::pause(*load, seed)),
            Self::Growth { exponential } => special(special::growth(*exponential, seed, requests)),
            Self::Wave => special(waves::sine(seed, requests)),
            Self::Ring { members, points } => {
                special(special::ring(*members, *points, seed, requests))
            }
            Self::RingMove { members } => special(special::ring_move(*members, seed, requests)),
            Self::OneSlow { algorithm } => special(special::one_slow(algorithm, seed)),
            Self::BlackHole { algorithm, members, rate } => {
                special(special::black_hole(algorithm, *members, *rate, seed, requests))
            }
            Self::Hedge { after } => special(tail::hedge(*after, seed, requests)),
            Self::FanOut { p, n } => special(tail::fan_out(*p, *n, seed, requests)),
            Self::Maglev { size } => special(special::maglev(*size)),
            Self::EnvoyWeight { weight, active, bias } => {
                special(special::envoy_weight(*weight, *active, *bias))
            }
        }
    }
}
