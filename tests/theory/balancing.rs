//! Cases about balancers: power of d choices, idle queues, stale loads, a member that fails fast.

use super::case::{CASES, Case};
use super::plan::Check;
use super::queueing::Queueing;
use super::simulation::{Metric, Simulation};
use misroute::model::setup::Arrivals;

/// Backends that stand for infinitely many.
const MANY: usize = 1000;

/// The checks of a case of these families; none if the world cannot express it.
pub(super) fn checks(case: &Case) -> Vec<Check> {
    match case.family() {
        "SUPER" | "P2C" | "GAST" | "MITZ" => power_of_d(case).into_iter().collect(),
        "RR" => crossover(case),
        "JIQ" => idle_queue(case).into_iter().collect(),
        "STALE" => stale(case).into_iter().collect(),
        "BLACKHOLE" => black_hole(case),
        "MAGLEV" => maglev(case),
        "ENVOY" => envoy_weight(case),
        _ => Vec::new(),
    }
}

fn check(name: String, queueing: Queueing, expected: f64, delta: f64) -> Check {
    let load = queueing.load();
    let metric = Metric::MeanSojourn;
    let simulation = Simulation::Queueing(Box::new(queueing));
    Check { name, simulation, metric, expected, delta, limit: metric.limit(), load }
}

fn farm(algorithm: &'static str, arguments: &[f64], n: usize, load: f64) -> Queueing {
    let mut queueing = Queueing {
        algorithm,
        arguments: arguments.to_vec(),
        backends: n,
        waits: false,
        quantiles: false,
        ..Queueing::new(load * n as f64)
    };
    // Choice shortens the memory of a queue; twenty services and the relaxation of a few servers.
    queueing.warm_up_for(1.0 / (n as f64).min(10.0));
    queueing.warm_up += 10.0;
    queueing.tail = 20.0;
    queueing
}

/// What a farm of so many, drawn without replacement, is called, and what it is.
fn power(d: f64, replacement: bool, n: usize, load: f64) -> (String, Queueing) {
    let drawn = if replacement { "wr" } else { "wor" };
    let arguments = [d, f64::from(u8::from(replacement))];
    (format!("power of {d} {drawn} {n} x M/1 {load}"), farm("power-of-d", &arguments, n, load))
}

fn power_of_d(case: &Case) -> Option<Check> {
    let (d, load) = (case.require("d"), case.require("lam"));
    if d < 1.5 || case.metric == "queue_tail" {
        return None;
    }
    let replacement = match case.family() {
        "GAST" => true,
        "MITZ" => false,
        _ => case.params.get("replacement").is_some_and(|drawn| drawn == true),
    };
    let Some(n) = case.number("n").filter(|n| n.is_finite()) else {
        // The term in 1/n is known: that of the refined mean field.
        let (name, queueing) = power(d, false, MANY, load);
        let refined = format!("SUPER-{d}-{load}-n{MANY}-wor");
        let refined = CASES.iter().find(|case| case.id == refined)?;
        let delta = (refined.expected() - case.expected()).abs() + refined.stated_error();
        return Some(check(name, queueing, case.expected(), delta));
    };
    let (name, queueing) = power(d, replacement, n as usize, load);
    let (expected, delta) = match case.family() {
        // Stated as a number per server, by Little's law, with the standard error of a simulation.
        "GAST" => (case.expected() / load, 3.3 * case.standard_error()),
        "MITZ" => {
            let relative = match load {
                load if load > 0.97 => 0.03,
                load if load > 0.92 => 0.01,
                _ => 0.005,
            };
            (case.expected(), relative * case.expected())
        }
        _ => (case.expected(), case.stated_error()),
    };
    Some(check(name, queueing, expected, delta))
}

/// Where turns and two choices are equally good: both have the mean of D/M/1 there.
fn crossover(case: &Case) -> Vec<Check> {
    if case.metric != "crossover_rho" {
        return Vec::new();
    }
    let load = case.expected();
    // sigma = exp(-(1 - sigma) / load), by iteration; the sojourn is 1 / (1 - sigma).
    let sigma = (0..200).fold(0.1, |sigma: f64, _| libm::exp(-(1.0 - sigma) / load));
    let expected = 1.0 / (1.0 - sigma);
    let turns = Queueing {
        arrivals: Arrivals::Constant,
        waits: false,
        quantiles: false,
        ..Queueing::new(load)
    };
    let (name, choice) = power(2.0, false, MANY, load);
    // Of a thousand backends: 0.0002 at load 0.5.
    vec![
        check(format!("D/M/1 {load}"), turns, expected, 1e-6),
        check(name, choice, expected, 0.0003),
    ]
}

fn idle_queue(case: &Case) -> Option<Check> {
    let load = case.require("lam");
    if let Some(n) = case.number("n") {
        let mut queueing = farm("join-idle-queue", &[], n as usize, load);
        queueing.waits = true;
        let name = format!("idle queue {n} x M/1 {load}");
        let mut check = check(name, queueing, case.expected(), case.stated_error());
        if case.metric == "prob_no_idle_server_at_arrival" {
            check.metric = Metric::ProbWait;
        }
        return Some(check);
    }
    // The approximation neglects idle servers that get work by chance, the more the higher the
    // load: 5% up to load 0.8, nothing beyond.
    let (r, report) = (case.require("r"), case.require("report"));
    if report > 1.5 || load > 0.85 {
        return None;
    }
    let n = 500;
    let instances = (f64::from(n) / r) as u16;
    let queueing = Queueing { instances, ..farm("join-idle-queue", &[], n as usize, load) };
    let name = format!("idle queues {instances} for {n} x M/1 {load}");
    Some(check(name, queueing, case.expected(), 0.05 * case.expected()))
}

/// Loads from a bulletin board. Integrated for infinitely many; so many are within 5%.
fn stale(case: &Case) -> Option<Check> {
    let (load, refresh) = (case.require("lam"), case.require("T"));
    let policy = case.params.get("policy")?.as_str()?;
    let (name, mut queueing) = if let Some(d) = policy.strip_prefix("d=") {
        let d: f64 = d.parse().ok()?;
        (format!("power of {d}"), farm("power-of-d", &[d, 0.0, refresh], MANY, load))
    } else {
        ("shortest".to_owned(), farm("join-shortest-queue", &[refresh], 300, load))
    };
    queueing.warm_up += 5.0 * refresh;
    queueing.tail += 2.0 * refresh;
    let name = format!("{name}, loads read every {refresh}, {load}");
    Some(check(name, queueing, case.expected(), 0.05 * case.expected()))
}

/// Ties at random, between true queues and between an only balancer's own counts: the same.
fn black_hole(case: &Case) -> Vec<Check> {
    let (members, load) = (case.require("n") as usize, case.require("rho"));
    ["join-shortest-queue", "power-of-d"]
        .map(|algorithm| {
            let name = format!("{algorithm} {members} x M/1 {load}, one fails at once");
            let rate = case.require("lam_total");
            let simulation = Simulation::BlackHole { algorithm, members, rate };
            let (metric, expected) = (Metric::Figure(0), case.expected());
            Check { name, simulation, metric, expected, delta: 1e-6, limit: 0.01, load }
        })
        .into()
}

/// Places in a table of two members, of which one weighs twice as much.
fn maglev(case: &Case) -> Vec<Check> {
    let size = case.require("M") as u64;
    let name = format!("Maglev table of {size}");
    let figure = |(position, expected): (usize, f64)| Check {
        name: name.clone(),
        simulation: Simulation::Maglev { size },
        metric: Metric::Figure(position),
        expected,
        delta: 0.0,
        limit: 0.01,
        load: 0.0,
    };
    case.expected_list().into_iter().enumerate().map(figure).collect()
}

/// The weight of a busy host, as its share of the turns beside an idle host of weight 1.
fn envoy_weight(case: &Case) -> Vec<Check> {
    let (weight, active) = (case.require("weight") as u32, case.require("active") as u32);
    let simulation = Simulation::EnvoyWeight { weight, active, bias: case.require("bias") };
    let (metric, expected) = (Metric::Figure(0), case.expected());
    let name = "Envoy's weight of a busy host".to_owned();
    vec![Check { name, simulation, metric, expected, delta: 1e-3, limit: 0.01, load: 0.0 }]
}
