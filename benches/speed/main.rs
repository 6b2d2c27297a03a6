//! How fast the simulator is, beside hand-written loops that can do one model only; what its parts
//! cost, how that grows, and what it holds.
//!
//!     cargo bench                       everything but the day
//!     cargo bench -- W1                 only that: W1 W2 W3 incidents sweep growth memory day
//!                                       queue picks laws recording parsing
//!     cargo bench -- page >docs/speed.md
//!
//! A ratio compares better than a speed: both halves of it feel the same machine.

#![expect(clippy::print_stdout, reason = "a bench reports")]

mod baseline;
mod growth;
mod incidents;
mod limit;
mod measure;
mod memory;
mod parts;
mod sweep;
mod table;
mod versus;
mod workload;

use std::env::args;
use std::hint::black_box;
use table::Table;
use workload::{WORKLOADS, Workload, observed};

/// A table with a name of its own.
struct Section {
    name: &'static str,
    table: fn() -> Table,
}

const SECTIONS: [Section; 11] = [
    Section { name: "versus", table: || versus::table("W") },
    Section { name: "incidents", table: incidents::table },
    Section { name: "sweep", table: sweep::table },
    Section { name: "growth", table: growth::table },
    Section { name: "memory", table: memory::table },
    Section { name: "day", table: memory::day_table },
    Section { name: "queue", table: parts::queue::table },
    Section { name: "picks", table: parts::picks::table },
    Section { name: "laws", table: parts::laws::table },
    Section { name: "recording", table: parts::recording },
    Section { name: "parsing", table: parts::parsing },
];

/// What takes too long to be run unasked.
const LONG: &str = "day";

fn main() {
    let words: Vec<String> = args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        // Under `cargo test --benches` nothing is measured.
        ["--test" | "--list", ..] => {}
        // For counters of instructions and peaks of memory, which want a process for one thing.
        ["names"] => WORKLOADS.iter().for_each(|workload| println!("{}", workload.name)),
        ["names", "growth"] => growth::names().for_each(|name| println!("{name}")),
        ["count", side, name, requests] => count(side, name, number(requests)),
        ["hold", name, requests] => println!("{}", memory::hold(name, number(requests))),
        ["page"] => page(),
        [] => SECTIONS.iter().filter(|section| section.name != LONG).for_each(show),
        ref words => words.iter().for_each(|word| named(word)),
    }
}

fn number(word: &str) -> u64 {
    word.parse().expect("a number")
}

fn show(section: &Section) {
    println!("{}", (section.table)());
}

fn named(word: &str) {
    if let Some(section) = SECTIONS.iter().find(|section| section.name == word) {
        show(section);
    } else if versus::has(word) {
        println!("{}", versus::table(word));
    } else {
        let names = SECTIONS.map(|section| section.name).join(" ");
        println!("there is no {word}: W1 W2 W3 {names}");
    }
}

/// Runs one side of one workload for so many requests, once.
fn count(side: &str, name: &str, requests: u64) {
    let workload = Workload::named(name);
    if side == "limit" {
        black_box(workload.expect("a workload of this name").limit(requests, 1));
        return;
    }
    let setup = workload.map(|workload| workload.setup(requests));
    let setup = setup.or_else(|| growth::named(name, requests)).expect("a workload of this name");
    black_box(observed(&setup, 1));
}

/// docs/speed.md: its text, with every table where the text names it.
fn page() {
    for line in include_str!("page.md").lines() {
        let name = line.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        match name.and_then(|name| SECTIONS.iter().find(|section| section.name == name)) {
            Some(section) => print!("{}", (section.table)()),
            None => println!("{line}"),
        }
    }
}
