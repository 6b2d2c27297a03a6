//! How fast the simulator is, beside hand-written loops that can do one model only.
//!
//!     cargo bench                     everything
//!     cargo bench -- W1               the workloads whose name contains this
//!
//! A ratio compares better than a speed: both halves of it feel the same machine.

#![expect(clippy::print_stdout, reason = "a bench reports")]

mod limit;
mod measure;
mod versus;
mod workload;

use std::env::args;
use std::hint::black_box;
use workload::{WORKLOADS, Workload, observed};

fn main() {
    let words: Vec<String> = args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        // Under `cargo test --benches` nothing is measured.
        ["--test" | "--list", ..] => {}
        ["names"] => WORKLOADS.iter().for_each(|workload| println!("{}", workload.name)),
        ["count", side, name, requests] => count(side, name, requests),
        [filter] => compare(filter),
        _ => compare(""),
    }
}

/// Runs one side of one workload for so many requests, once: for counters of instructions.
fn count(side: &str, name: &str, requests: &str) {
    let workload = Workload::named(name).expect("a workload of this name");
    let requests = requests.parse().expect("a number of requests");
    if side == "limit" {
        black_box(workload.limit(requests, 1));
    } else {
        black_box(observed(&workload.setup(requests), 1));
    }
}

fn compare(filter: &str) {
    println!("million requests/s |  limit |   best | misroute |   best | ns/request | ratio");
    for row in versus::rows(filter) {
        let ((limit, limit_best), (ours, ours_best)) = (row.limit_ns(), row.misroute_ns());
        println!(
            "{:18} | {:6.2} | {:6.2} | {:8.2} | {:6.2} | {:4.0} : {:3.0} | {:5.2}   {}",
            row.workload.name,
            1e3 / limit,
            1e3 / limit_best,
            1e3 / ours,
            1e3 / ours_best,
            ours,
            limit,
            row.ratio(),
            row.workload.about
        );
    }
}
