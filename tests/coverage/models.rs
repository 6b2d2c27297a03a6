//! Scenarios whose figures are known in closed form.

use misroute::scenario::{Scenario, Source, load};

/// A queue of several servers, exponential both in arrivals and in service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    pub(super) name: &'static str,
    pub(super) servers: u32,
    /// Mean service time, milliseconds.
    pub(super) service_ms: f64,
    /// Requests per second.
    pub(super) rate: f64,
    /// Length of one replication, seconds.
    pub(super) seconds: u32,
    /// Mean sojourn, milliseconds.
    pub(super) mean_ms: f64,
    /// Its 99th percentile, milliseconds.
    pub(super) p99_ms: f64,
}

/// ln 100: an exponential exceeds so many means in 1% of cases.
const LN_100: f64 = 4.605_170_185_988_091;

/// The sojourn of M/M/1 is exponential with mean 1 / (mu - lambda).
const fn single(name: &'static str, service_ms: f64, rate: f64, seconds: u32) -> Model {
    let mean_ms = 1_000.0 / (1_000.0 / service_ms - rate);
    Model { name, servers: 1, service_ms, rate, seconds, mean_ms, p99_ms: mean_ms * LN_100 }
}

/// Lengths: the p99 of a replication varies by 7% at half load and by 12% at 80%. Where it varies by more
/// it is skewed, and intervals of ten contain the truth too seldom (92% at 17%). What is in flight at the
/// end is not counted, which makes the mean of a run of 1,600 service times too small by 0.1%.
pub(super) const HALF: Model = single("M/M/1, 50% load", 10.0, 50.0, 150);
pub(super) const HIGH: Model = single("M/M/1, 80% load", 10.0, 80.0, 300);
/// The half-loaded one with a faster server.
pub(super) const FASTER: Model = single("M/M/1, 45% load", 9.0, 50.0, 150);
/// Single runs, cut into batches.
pub(super) const HALF_LONG: Model = single("M/M/1, 50% load", 10.0, 50.0, 500);
pub(super) const HIGH_LONG: Model = single("M/M/1, 80% load", 10.0, 80.0, 3_000);
/// Erlang C: 1.204590 and 4.946111 mean service times (`MMc-10-0.8` in tests/data/theory.json).
pub(super) const MANY: Model = Model {
    name: "M/M/10, 80% load",
    servers: 10,
    service_ms: 100.0,
    rate: 80.0,
    seconds: 160,
    mean_ms: 120.459_0,
    p99_ms: 494.611_1,
};

impl Model {
    pub(super) fn scenario(&self) -> Scenario {
        let Self { servers, service_ms, rate, seconds, .. } = self;
        parse(&format!(
            r#"schema = 1
name = "queue"
duration = "{seconds}s"

[[clients]]
name = "web"
rate = "{rate}/s"
timeout = "1h"

[[backends]]
name = "api"
workers = {servers}
service = {{ exponential = {{ mean = "{service_ms}ms" }} }}
"#
        ))
    }
}

/// Ten servers of one worker at 80% load, the last one with a service time of its own.
pub(super) fn ten(algorithm: &str, last_ms: u32) -> Scenario {
    parse(&format!(
        r#"schema = 1
name = "ten"
duration = "20s"

[[clients]]
name = "web"
rate = "800/s"
timeout = "1h"

[balancer]
algorithm = "{algorithm}"

[[backends]]
name = "api-{{1..9}}"
workers = 1
service = {{ exponential = {{ mean = "10ms" }} }}

[[backends]]
name = "api-10"
workers = 1
service = {{ exponential = {{ mean = "{last_ms}ms" }} }}
"#
    ))
}

fn parse(text: &str) -> Scenario {
    load(&Source::from_text("coverage", text), &[]).expect("the scenario is sound")
}
