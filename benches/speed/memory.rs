//! What a run holds: peaks of processes of their own, as Linux tells them.

use crate::measure::timed;
use crate::table::Table;
use crate::workload::{Farm, observed};
use std::process::Command;
use std::{env, fs};

/// In flight at the end of the two runs whose peaks are compared.
const FEW: u64 = 1000;
const MANY: u64 = 1_000_000;

const DAY: u64 = 86_400_000;

/// What a process of its own simulates.
struct Held {
    name: &'static str,
    farm: fn(u64) -> Farm,
}

const HELD: [Held; 4] = [
    Held { name: "waiting", farm: |requests| endless(1, requests, "") },
    Held {
        name: "waiting-with-timeout",
        farm: |requests| endless(1, requests, "timeout = \"1d\""),
    },
    Held { name: "in-service", farm: |requests| endless(1_000_000, requests, "") },
    Held { name: "day", farm: |_| day() },
];

/// Whatever comes is in flight at the end.
fn endless(workers: u32, requests: u64, clients: &str) -> Farm {
    Farm {
        workers,
        rate: 1000.0,
        service: "{ exponential = { mean = \"365d\" } }".to_owned(),
        clients: clients.to_owned(),
        // As many windows in a short run as in a long one.
        window_s: Some(requests as f64 / 1000.0 / 10.0),
        ..Farm::of(10, "two-choices")
    }
}

/// 1,000 requests a second at 80% load.
fn day() -> Farm {
    Farm {
        rate: 1000.0,
        users: 10_000,
        service: "{ exponential = { mean = \"80ms\" } }".to_owned(),
        clients: "timeout = \"1s\"".to_owned(),
        ..Farm::of(100, "two-choices")
    }
}

/// Runs one of them, in this process, and says how many seconds it took and what the peak was.
pub(crate) fn hold(name: &str, requests: u64) -> String {
    let held = HELD.iter().find(|held| held.name == name).expect("one of this name");
    let setup = (held.farm)(requests).setup(requests);
    let (seconds, result) = timed(|| observed(&setup, 1));
    let totals = result.figures.totals;
    let peak = peak_bytes().map_or("unknown".to_owned(), |bytes| bytes.to_string());
    format!("{} {} {seconds} {peak}", totals.requests, totals.in_flight)
}

/// The most that this process has had resident.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

/// What a process of its own says of itself.
#[derive(Clone, Copy)]
struct Peak {
    requests: f64,
    in_flight: f64,
    seconds: f64,
    bytes: f64,
}

fn peak(name: &str, requests: u64) -> Option<Peak> {
    let program = env::current_exe().expect("it runs");
    let words = ["hold", name, &requests.to_string()];
    let output = Command::new(program).args(words).output().expect("it runs again");
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [requests, in_flight, seconds, bytes] = numbers[..] else { return None };
    Some(Peak { requests, in_flight, seconds, bytes })
}

/// Bytes of a request in flight: the peak with a million less the peak with a thousand.
pub(crate) fn table() -> Table {
    let mut table = Table::new(&["in flight", "bytes each", "peak with a million, MB"]);
    for held in HELD.iter().filter(|held| held.name != "day") {
        let bytes = peak(held.name, FEW).zip(peak(held.name, MANY));
        let each =
            bytes.map(|(few, many)| (many.bytes - few.bytes) / (many.in_flight - few.in_flight));
        let unknown = || "unknown".to_owned();
        table.row([
            held.name.replace('-', " "),
            each.map_or_else(unknown, |each| format!("{each:.0}")),
            bytes.map_or_else(unknown, |(_, many)| format!("{:.0}", many.bytes / 1e6)),
        ]);
    }
    table
}

/// A day at 1,000 requests a second, and a hundredth of it.
pub(crate) fn day_table() -> Table {
    let mut table = Table::new(&["run", "requests", "seconds", "peak, MB"]);
    for (name, requests) in [("a hundredth of a day", DAY / 100), ("a day", DAY)] {
        if let Some(peak) = peak("day", requests) {
            table.row([
                name.to_owned(),
                format!("{:.0}", peak.requests),
                format!("{:.1}", peak.seconds),
                format!("{:.0}", peak.bytes / 1e6),
            ]);
        }
    }
    table
}
