//! W5: a sweep on one thread, on two, and as two independent processes side by side.

use crate::measure::{median, timed};
use crate::table::Table;
use std::process::{Child, Command, Stdio};

const ROUNDS: u32 = 3;

/// 20 loads of 30,000 requests at 100%, four algorithms.
const LOADS: &str = "load=60%..155%:20";
const ALGORITHMS: [&str; 4] = ["round-robin", "random", "least-connections", "two-choices"];
const REPLICATIONS: u32 = 4;

fn requests(replications: u32) -> f64 {
    let loads: f64 = (0..20).map(|step| 0.6 + 0.05 * f64::from(step)).sum();
    30_000.0 * loads * ALGORITHMS.len() as f64 * f64::from(replications)
}

fn sweep(seed: u32, threads: u32, replications: u32) -> Child {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/checkout.toml");
    Command::new(env!("CARGO_BIN_EXE_misroute"))
        .args(["sweep", scenario, "--vary", LOADS, "--no-files", "--quiet", "--yes"])
        .arg("--vary")
        .arg(format!("balancer.algorithm={}", ALGORITHMS.join(",")))
        .args(["--seed", &seed.to_string(), "--jobs", &threads.to_string()])
        .args(["--replications", &replications.to_string()])
        .stdout(Stdio::null())
        .spawn()
        .expect("it was built with the bench")
}

/// Requests per second of processes side by side.
fn speed(processes: u32, threads: u32) -> f64 {
    let each = REPLICATIONS / processes;
    let (seconds, ()) = timed(|| {
        let children: Vec<Child> = (1..=processes).map(|seed| sweep(seed, threads, each)).collect();
        for mut child in children {
            assert!(child.wait().expect("it runs").success(), "the sweep failed");
        }
    });
    requests(each) * f64::from(processes) / seconds
}

pub(crate) fn table() -> Table {
    let rounds: Vec<[f64; 3]> =
        (0..ROUNDS).map(|_| [speed(1, 1), speed(1, 2), speed(2, 1)]).collect();
    let mut table = Table::new(&["sweep", "million requests/s", "of two processes"]);
    for (side, name) in
        ["one thread", "two threads", "two processes of one thread"].into_iter().enumerate()
    {
        let speed = median(rounds.iter().map(|round| round[side]));
        let share = median(rounds.iter().map(|round| round[side] / round[2]));
        table.row([
            name.to_owned(),
            format!("{:.2}", speed / 1e6),
            format!("{:.0}%", share * 100.0),
        ]);
    }
    table
}
