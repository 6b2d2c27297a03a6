//! From a case to the simulations that test it.

use super::balancing;
use super::case::Case;
use super::contention::Wait;
use super::queueing::{Queueing, law, units};
use super::simulation::{Metric, Simulation};
use super::special::LOOKS;
use misroute::engine::dist::{Distribution, Family, Parameters};
use misroute::model::setup::{Abandoned, Arrivals};

/// One comparison: a figure of a simulation against a stated value.
#[derive(Clone, Debug)]
pub(super) struct Check {
    /// Simulations of the same name are the same, and run once.
    pub(super) name: String,
    pub(super) simulation: Simulation,
    pub(super) metric: Metric,
    pub(super) expected: f64,
    /// Error of the stated value itself.
    pub(super) delta: f64,
    /// Largest relative half width at which this counts as tested.
    pub(super) limit: f64,
    /// Load on the busiest station, or 0 where that means nothing.
    pub(super) load: f64,
}

/// A queue, what it is called, and what is read off it.
type Plan = (String, Queueing, Metric);

/// The checks that test a case; none if the world cannot express its model yet.
pub(super) fn checks(case: &Case) -> Vec<Check> {
    let queues: Vec<Plan> = match case.family() {
        "MM1" => mm1(case).into_iter().collect(),
        "MG1PS" => vec![shared_by_size(case)],
        "ERLA" => abandonment(case).into_iter().collect(),
        "MMc" => mmc(case).into_iter().collect(),
        "MMcK" => finite(case).into_iter().collect(),
        "MMcc" => loss(case),
        "MG1" => mg1(case).into_iter().collect(),
        "MD1" => vec![md1(case)],
        "MDc" => mdc(case).into_iter().collect(),
        "RR" if case.metric != "crossover_rho" => round_robin(case).into_iter().collect(),
        "SUPER" if case.number("d") == Some(1.0) => random_split(case).into_iter().collect(),
        "JSQ" => shortest(case).into_iter().collect(),
        "DEADLINE" => deadline(case).into_iter().collect(),
        "ZOMBIE" => zombie(case).into_iter().collect(),
        "CLOSED" | "BROOKER" => closed(case).into_iter().collect(),
        "HEDGE" | "FANOUT" => return super::tail::checks(case),
        _ => return special(case),
    };
    queues.into_iter().map(|(name, queueing, metric)| check(case, name, queueing, metric)).collect()
}

fn check(case: &Case, name: String, mut queueing: Queueing, metric: Metric) -> Check {
    // Who leaves keeps every load stable.
    let load = if queueing.patience.is_some() { 0.0 } else { queueing.load() };
    // At load 0.5 the median wait of M/D/1 is the upper end of its atom at zero: stated as a
    // probability, which has a standard error.
    let (metric, expected) = match metric {
        Metric::WaitQuantile(q) if case.expected() == 0.0 => (Metric::ProbWait, 1.0 - q),
        _ => (metric, case.expected()),
    };
    queueing.waits &= queueing.timeout.is_none() && queueing.queue.is_none();
    let mut delta = case.stated_error();
    if metric == Metric::Utilization {
        // Workers that are idle for some ten-millionths of the time may never be seen idle.
        delta += 1e-6;
    }
    let limit = metric.limit();
    Check {
        name,
        simulation: Simulation::Queueing(Box::new(queueing)),
        metric,
        expected,
        delta,
        limit,
        load,
    }
}

fn mm1(case: &Case) -> Option<Plan> {
    let rate = case.require("lam");
    disciplined(case, format!("M/M/1 {rate}"), Queueing::new(rate), metric(case)?)
}

fn mmc(case: &Case) -> Option<Plan> {
    let (workers, rate) = (case.require("c"), case.require("lam"));
    let mut queueing = Queueing { workers: workers as u32, ..Queueing::new(rate) };
    queueing.warm_up_for(1.0 / workers);
    Some((format!("M/M/{workers} {}", case.require("rho")), queueing, metric(case)?))
}

fn finite(case: &Case) -> Option<Plan> {
    let (workers, places, rate) = (case.require("c"), case.require("K"), case.require("lam"));
    let mut queueing = Queueing {
        workers: workers as u32,
        queue: Some((places - workers) as u32),
        quantiles: false,
        ..Queueing::new(rate)
    };
    queueing.warm_up_for(1.0);
    Some((format!("M/M/{workers}/{places} {rate}"), queueing, metric(case)?))
}

/// The loss of Erlang's B formula depends on the mean service time alone: three laws show that.
fn loss(case: &Case) -> Vec<Plan> {
    let (workers, rate) = (case.require("c"), case.require("lam"));
    let laws = [
        ("M", Distribution::exponential(units(1.0))),
        ("D", Distribution::constant(units(1.0))),
        ("lognormal", law("lognormal", &[("mean", 1e9), ("scv", 4.0)])),
    ];
    laws.into_iter()
        .map(|(name, service)| {
            let mut queueing = Queueing {
                workers: workers as u32,
                queue: Some(0),
                service,
                quantiles: false,
                ..Queueing::new(rate)
            };
            queueing.warm_up_for(1.0);
            (format!("M/{name}/{workers}/{workers} {rate}"), queueing, Metric::Rejected)
        })
        .collect()
}

fn mg1(case: &Case) -> Option<Plan> {
    let rate = case.require("lam");
    let service = case.params.get("service")?.as_str()?.replace("Erlang-2", "E2");
    let mean = ("mean", 1e9);
    let law = match service.as_str() {
        "D" => Distribution::constant(units(1.0)),
        "M" => Distribution::exponential(units(1.0)),
        "E2" => law("erlang", &[("stages", 2.0), mean]),
        "E4" => law("erlang", &[("stages", 4.0), mean]),
        "U(0,2)" => law("uniform", &[("min", 0.0), ("max", 2e9)]),
        "H2(scv=4,balanced)" => law("hyperexponential", &[mean, ("scv", 4.0)]),
        "H2(scv=10,balanced)" => law("hyperexponential", &[mean, ("scv", 10.0)]),
        "lognormal(scv=1)" => law("lognormal", &[mean, ("scv", 1.0)]),
        "lognormal(scv=4)" => law("lognormal", &[mean, ("scv", 4.0)]),
        "lognormal(sigma=1)" => law("lognormal", &[mean, ("scv", libm::expm1(1.0))]),
        "Weibull(k=0.5)" => law("weibull", &[mean, ("shape", 0.5)]),
        "Pareto(alpha=2.5)" => law("pareto", &[mean, ("shape", 2.5)]),
        "Pareto(alpha=3.5)" => law("pareto", &[mean, ("shape", 3.5)]),
        "bimodal-det(0.9:0.5,0.1:5.5)" => {
            law("bimodal", &[("fast", 0.5e9), ("slow", 5.5e9), ("slow-share", 0.1)])
        }
        _ => return None,
    };
    let mut queueing = Queueing { service: law, ..Queueing::new(rate) };
    queueing.warm_up_for(f64::midpoint(1.0, queueing.service.scv()));
    disciplined(case, format!("M/{service}/1 {rate}"), queueing, metric(case)?)
}

/// The discipline that the model's name ends with; its figures have no quantiles.
fn disciplined(case: &Case, name: String, mut queueing: Queueing, metric: Metric) -> Option<Plan> {
    let word = case.model.split_once(' ').map_or("FIFO", |(_, word)| word);
    queueing.discipline = match word {
        "FIFO" => return Some((name, queueing, metric)),
        _ if queueing.is_near_saturation() => return None,
        "LIFO-NP" => "lifo",
        "LIFO-PR" => "lifo-preemptive",
        "SIRO" => "random-order",
        "PS" => "processor-sharing",
        other => panic!("{}: unknown discipline {other}", case.id),
    };
    queueing.quantiles = false;
    queueing.waits = metric == Metric::WaitSquare;
    if word.starts_with("LIFO") {
        // Whoever waits at the end of a run waits for as long as a busy period lasts.
        queueing.tail = queueing.warm_up;
    }
    Some((format!("{name}, {word}"), queueing, metric))
}

/// The sizes that are asked for, so frequent that their mean is 1.
fn sizes() -> Distribution {
    let family = Family::named("empirical").expect("the family is known");
    let values = vec![0.1e9, 0.5e9, 1e9, 2e9, 5e9];
    let weights = vec![0.40, 0.24, 0.15, 0.12, 0.09];
    let given = Parameters::new().with("values", values).with("weights", weights);
    (family.build)(&given).expect("as many weights as values")
}

/// Shared workers: how long requests of each size take. The sizes asked for are all there are, with
/// mean 1.
fn shared_by_size(case: &Case) -> Plan {
    let rate = case.require("lam");
    let queueing = Queueing {
        discipline: "processor-sharing",
        service: sizes(),
        sizes: true,
        quantiles: false,
        ..Queueing::new(rate)
    };
    (format!("M/sizes/1 {rate}, PS"), queueing, Metric::SojournOfSize(case.require("x")))
}

/// Erlang's model A: patience is exponential, and ends only in line.
fn abandonment(case: &Case) -> Option<Plan> {
    let (workers, rate, theta) = (case.require("c"), case.require("lam"), case.require("theta"));
    let mut queueing = Queueing {
        workers: workers as u32,
        patience: Some(Distribution::exponential(units(1.0 / theta))),
        quantiles: false,
        ..Queueing::new(rate)
    };
    queueing.warm_up_for(1.0);
    let metric = match case.metric.as_str() {
        "prob_abandon" => Metric::Rejected,
        "prob_wait" => Metric::ProbWaitOfAll,
        "mean_queue_time" => Metric::QueueTime,
        _ => return None,
    };
    Some((format!("M/M/{workers} {rate}, patience 1/{theta}"), queueing, metric))
}

fn md1(case: &Case) -> Plan {
    let rate = case.require("lam");
    let queueing = Queueing { service: Distribution::constant(units(1.0)), ..Queueing::new(rate) };
    (format!("M/D/1 {rate}"), queueing, Metric::WaitQuantile(case.require("q")))
}

fn mdc(case: &Case) -> Option<Plan> {
    let (workers, rate) = (case.require("c"), case.require("lam"));
    let mut queueing = Queueing {
        workers: workers as u32,
        service: Distribution::constant(units(1.0)),
        quantiles: workers < 1.5,
        ..Queueing::new(rate)
    };
    queueing.warm_up_for(1.0 / workers);
    Some((format!("M/D/{workers} {rate}"), queueing, metric(case)?))
}

fn round_robin(case: &Case) -> Option<Plan> {
    let deterministic = case.params.get("service")?.as_str()? == "D";
    let metric = metric(case)?;
    let Some(n) = case.number("n") else {
        // Infinitely many backends in turn: a stream without variation to each.
        let rate = case.require("rho");
        let queueing = Queueing { arrivals: Arrivals::Constant, ..Queueing::new(rate) };
        return Some((format!("D/M/1 {rate}"), queueing, metric));
    };
    let rate = case.number("lam_total").or(case.number("lam"))?;
    let load = (rate / n * 1000.0).round() / 1000.0;
    let mut queueing = Queueing { backends: n as usize, ..Queueing::new(rate) };
    let mut name = format!("round robin {n} x M/1 {load}");
    if deterministic {
        queueing.service = Distribution::constant(units(1.0));
        queueing.waits = false;
        queueing.quantiles = false;
        name = format!("round robin {n} x D/1 {load}");
    }
    // Each backend sees every n-th arrival, and relaxes like GI/G/1: (ca^2 + cs^2) / 2.
    queueing.warm_up_for(f64::midpoint(1.0 / n, 1.0));
    Some((name, queueing, metric))
}

/// One random choice: each backend is M/M/1, however many there are.
fn random_split(case: &Case) -> Option<Plan> {
    if case.model != "JSQ(d), n->inf" || case.number("d") != Some(1.0) {
        return None;
    }
    let (n, load) = (10_u8, case.require("lam"));
    let mut queueing = Queueing {
        algorithm: "random",
        backends: usize::from(n),
        waits: false,
        quantiles: false,
        ..Queueing::new(load * f64::from(n))
    };
    queueing.warm_up_for(1.0);
    Some((format!("random {n} x M/1 {load}"), queueing, metric(case)?))
}

/// Least connections on one instance knows every queue. Its ties rotate where the chain draws;
/// with alike backends and memoryless service that changes no queue length.
fn shortest(case: &Case) -> Option<Plan> {
    let (n, load) = (case.require("n"), case.require("lam"));
    let mut queueing = Queueing {
        algorithm: "least-connections",
        backends: n as usize,
        quantiles: false,
        ..Queueing::new(load * n)
    };
    queueing.warm_up_for(1.0 / n);
    queueing.warm_up += 10.0;
    Some((format!("least connections {n} x M/1 {load}"), queueing, metric(case)?))
}

fn deadline(case: &Case) -> Option<Plan> {
    let (rate, timeout) = (case.require("lam"), case.require("tau"));
    let (abandoned, metric) = match case.model.as_str() {
        "M/M/1 FIFO, leaves the queue at tau" => (Abandoned::Skip, Metric::Abandoned),
        "M/M/1 FIFO, leaves the system at tau" => (Abandoned::Cancel, Metric::TimedOut),
        "M/M/1 FIFO with timeout, work finished" => (Abandoned::Finish, Metric::TimedOut),
        _ => return None,
    };
    let mut queueing =
        Queueing { timeout: Some(timeout), abandoned, quantiles: false, ..Queueing::new(rate) };
    queueing.warm_up_for(1.0);
    Some((format!("M/M/1 {rate}, timeout {timeout}, {abandoned:?}"), queueing, metric))
}

/// A closed loop: users who think for exponential times before one station.
fn closed(case: &Case) -> Option<Plan> {
    let (users, workers, think) = (case.require("N"), case.require("c"), case.require("Z"));
    // As fast as the users come if nobody waits, or as the workers can.
    let rate = (users / (think + 1.0)).min(workers);
    let mut queueing = Queueing {
        workers: workers as u32,
        closed: Some((users as u32, think)),
        quantiles: false,
        waits: false,
        ..Queueing::new(rate)
    };
    // All begin to think at once, and a cycle forgets that slowly.
    queueing.warm_up = 20.0 * (think + users / workers + 1.0);
    let metric = match case.metric.as_str() {
        "throughput" => Metric::Throughput,
        "mean_response" => Metric::MeanSojourn,
        "utilization" => Metric::Utilization,
        _ => return None,
    };
    Some((format!("closed {users} users, {workers} workers, think {think}"), queueing, metric))
}

fn zombie(case: &Case) -> Option<Plan> {
    let (rate, places, timeout) = (case.require("lam"), case.require("K"), case.require("tau"));
    let mut queueing = Queueing {
        timeout: Some(timeout),
        queue: Some(places as u32 - 1),
        quantiles: false,
        ..Queueing::new(rate)
    };
    queueing.warm_up_for(1.0);
    Some((format!("M/M/1/{places} {rate}, timeout {timeout}"), queueing, metric(case)?))
}

fn metric(case: &Case) -> Option<Metric> {
    Some(match case.metric.as_str() {
        "mean_sojourn" | "mean_sojourn_of_accepted" => Metric::MeanSojourn,
        "mean_wait" => Metric::MeanWait,
        "mean_number" => Metric::Number,
        "sojourn_quantile" => Metric::SojournQuantile(case.require("q")),
        "wait_quantile" => Metric::WaitQuantile(case.require("q")),
        "var_sojourn" => Metric::VarSojourn,
        "second_moment_wait" => Metric::WaitSquare,
        "mean_busy_period" => Metric::BusyPeriod,
        "prob_wait" | "prob_no_idle_server_at_arrival" => Metric::ProbWait,
        "prob_reject" => Metric::Rejected,
        "throughput" => Metric::Throughput,
        "goodput" => Metric::Goodput,
        "prob_timeout_of_accepted" => Metric::TimedOutAccepted,
        _ => return None,
    })
}

fn special(case: &Case) -> Vec<Check> {
    let expected = case.expected_or_zero();
    let one = |name: String, simulation, position, load, delta, limit| {
        let metric = Metric::Figure(position);
        vec![Check { name, simulation, metric, expected, delta, limit, load }]
    };
    let is = |metric: &str| case.metric == metric;
    match case.family() {
        "RETRY" => {
            let (p, r) = (case.require("p"), case.require("r"));
            let simulation = Simulation::Retry { p, retries: r as u32 };
            let name = format!("retry {p} {r}");
            // With nothing seen, up to 6.9 failures may be expected with probability 0.1%.
            let delta = case.stated_error() + 6.9 / super::lengths::total(&name);
            one(name, simulation, usize::from(is("success_rate")), 0.0, delta, 0.01)
        }
        "SRE" => {
            let (k, x) = (case.require("K"), case.require("x"));
            // The fluid leaves out the noise of the window, and what a bounded queue loses.
            let simulation = Simulation::Throttle { k, x };
            one(format!("throttle {k} {x}"), simulation, 0, 0.0, 0.03 * expected, 0.01)
        }
        "OCC" => contention(case),
        "BREAK" => {
            let (fails, repairs) = (case.require("fail_rate"), case.require("repair_rate"));
            let rate = case.require("lam");
            let load = rate * (fails + repairs) / repairs;
            let simulation = Simulation::Broken { rate, fails, repairs };
            let name = format!("M/M/1 {rate}, fails {fails}, repairs {repairs}");
            one(name, simulation, 0, load, case.stated_error(), 0.01)
        }
        "PAUSE" => {
            let load = case.require("rho");
            let simulation = Simulation::Pause { load };
            // The fluid leaves out the queue before the pause: the figures state 15%, the mean of
            // twenty runs is held to 1%.
            let (position, delta) = (usize::from(is("delayed_span")), 0.01 * expected);
            one(format!("pause {load}"), simulation, position, load, delta, 0.05)
        }
        "MtGinf" | "MtDinf" => growth(case, expected),
        "MtMinf" => wave(case),
        "RING" => ring(case, expected),
        "BUOYANT" => {
            // The statement is arithmetic on means. A turn may be cut off at either end of the
            // slow time; least connections also fills the slow backend's places once, about 17
            // of 60,000 requests.
            let (algorithm, delta) = match case.id.as_str() {
                "BUOYANT-RR" => ("round-robin", 2.0 / 60_000.0),
                _ => ("least-connections", 5e-4),
            };
            let simulation = Simulation::OneSlow { algorithm };
            one(format!("one slow, {algorithm}"), simulation, 0, 0.0, delta, 0.01)
        }
        _ => balancing::checks(case),
    }
}

/// Calls and completion time. The stated values are another simulation's, calls to 2% and a rounding, times to 10%.
fn contention(case: &Case) -> Vec<Check> {
    let clients = case.require("clients") as u32;
    let jitter = case.params.get("jitter").and_then(|jitter| jitter.as_str());
    let Some(jitter) = jitter.and_then(Wait::named) else { return Vec::new() };
    let values = case.expected_list().into_iter().enumerate();
    let check = |(position, expected): (usize, f64)| Check {
        name: format!("contention {clients} {jitter:?}"),
        simulation: Simulation::Contention { clients, jitter },
        metric: Metric::Figure(position),
        expected,
        delta: if position == 0 { 0.02 * expected + 0.5 } else { 0.1 * expected },
        limit: if position == 0 { 0.01 } else { 0.05 },
        load: 0.0,
    };
    values.map(check).collect()
}

/// Mean, amplitude and phase lag.
fn wave(case: &Case) -> Vec<Check> {
    let check = |(position, expected): (usize, f64)| Check {
        name: "M/M/inf in waves".into(),
        simulation: Simulation::Wave,
        metric: Metric::Figure(position),
        expected,
        delta: 0.0,
        limit: 0.01,
        load: 0.0,
    };
    case.expected_list().into_iter().enumerate().map(check).collect()
}

/// Poisson at every time: the variance is the mean.
fn growth(case: &Case, expected: f64) -> Vec<Check> {
    let exponential = case.family() == "MtGinf";
    let at = case.require("t");
    let Some(look) = LOOKS.iter().position(|&look| (look - at).abs() < 1e-9) else {
        return Vec::new();
    };
    let simulation = Simulation::Growth { exponential };
    let name = format!("M/{}/inf from empty", if exponential { "M" } else { "D" });
    let delta = case.stated_error();
    [(look, 0.01), (look + 4, 0.05)]
        .map(|(position, limit)| Check {
            name: name.clone(),
            simulation: simulation.clone(),
            metric: Metric::Figure(position),
            expected,
            delta,
            limit,
            load: 0.0,
        })
        .into()
}

fn ring(case: &Case, expected: f64) -> Vec<Check> {
    let members = case.require("n") as u32;
    let (name, simulation, expected, limit) = if let Some(points) = case.number("V") {
        let points = points as u32;
        let simulation = Simulation::Ring { members, points };
        // The square has an unbiased estimate, the deviation has not; it is a second moment.
        (format!("ring {members} x {points}"), simulation, expected * expected, 0.05)
    } else {
        (format!("ring loses one of {members}"), Simulation::RingMove { members }, expected, 0.01)
    };
    let (metric, delta) = (Metric::Figure(0), case.stated_error());
    vec![Check { name, simulation, metric, expected, delta, limit, load: 0.0 }]
}
