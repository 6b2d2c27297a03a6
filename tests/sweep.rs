//! Sweeps: the same bytes on any number of threads, in parts, and after being killed; and what cannot be.

#[cfg(unix)]
mod interrupted;
mod refusals;
mod shards;

use crate::cli::{Ran, SMALL, Scratch};
use serde_json::Value;
use std::path::PathBuf;

/// Six points, three replications each.
const VARY: [&str; 6] = [
    "--vary",
    "load=50%..150%:3",
    "--vary",
    "balancer.algorithm=round-robin,least-connections",
    "--replications",
    "3",
];

/// The command line of a sweep of `s.toml`.
fn sweep<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [&["sweep", "s.toml", "--quiet"], arguments].concat()
}

/// The files under a folder, by their names in it.
fn under(scratch: &Scratch, folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let files = scratch.files().into_iter();
    let mine: Vec<_> = files
        .filter_map(|(path, content)| Some((path.strip_prefix(folder).ok()?.to_owned(), content)))
        .collect();
    assert!(!mine.is_empty(), "nothing under {folder}");
    mine
}

/// Asserts that two folders have the same files with the same bytes.
fn same(scratch: &Scratch, a: &str, b: &str) {
    let (a, b) = (under(scratch, a), under(scratch, b));
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        files.iter().map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(names(&a), names(&b));
    for ((name, first), (_, second)) in a.iter().zip(&b) {
        assert!(first == second, "{} differs", name.display());
    }
}

fn document(ran: &Ran) -> Value {
    ran.json()
}

#[test]
fn a_sweep_is_the_same_on_any_number_of_threads() {
    let scratch = Scratch::with("sweep-jobs", SMALL);
    for jobs in ["1", "4"] {
        let ran = scratch.run(&sweep(&[&VARY[..], &["-j", jobs, "--out", jobs]].concat()));
        ran.ended(0);
    }
    same(&scratch, "1", "4");
    let names: Vec<String> =
        under(&scratch, "1").iter().map(|(path, _)| path.display().to_string()).collect();
    for name in ["small/sweep/samples.jsonl", "small/sweep/sweep.json"] {
        assert!(names.iter().any(|found| found == name), "{name} in {names:?}");
    }
}

#[test]
fn precision_stops_alike_on_any_number_of_threads() {
    let scratch = Scratch::with("sweep-precision", SMALL);
    let of = |jobs: &str| {
        let asked = ["--vary", "load=20%,100%", "--precision", "20%", "--no-files"];
        let ran = scratch.run(&sweep(&[&asked[..], &["--format", "json", "-j", jobs]].concat()));
        ran.ended(0).out
    };
    assert_eq!(of("1"), of("3"));
}

#[test]
fn points_are_what_set_makes_of_the_scenario() {
    let scratch = Scratch::with("sweep-points", SMALL);
    let asked = [&VARY[..], &["--format", "json", "--no-files"]].concat();
    let found = document(&scratch.run(&sweep(&asked)).ended(0));
    assert_eq!(found["points"].as_array().map(Vec::len), Some(6));
    let fourth = &found["points"][3];
    assert_eq!(fourth["values"], serde_json::json!(["100%", "least-connections"]));
    assert_eq!(fourth["replications"], 3);
    assert_eq!(found["axes"][0]["numbers"], serde_json::json!([0.5, 1.0, 1.5]));
    assert!(found["axes"][1].get("numbers").is_none());
    // One point by hand, with the one replication that a plain run is.
    let one = ["--vary", "load=150%", "--replications", "1", "--warm-up", "none"];
    let one = sweep(&[&one[..], &["--format", "json", "--no-files"]].concat());
    let one = document(&scratch.run(&one).ended(0));
    let plain = ["run", "s.toml", "--set", "load=150%", "--format", "json", "--no-files"];
    let plain = scratch.run(&plain).ended(0).json();
    let names: Vec<&str> =
        one["columns"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    let at = |name: &str| names.iter().position(|found| *found == name).unwrap();
    let figure = |name: &str| one["points"][0]["figures"][at(name)]["mean"].clone();
    assert_eq!(figure("latency.p99"), plain["latency_ms"]["p99"]);
    assert_eq!(figure("requests.goodput_rps"), plain["totals"]["goodput_rps"]);
}

#[test]
fn a_table_of_the_scenario_says_what_is_varied_and_the_command_line_wins() {
    let table = "[sweep]\nvary = { load = \"50%..150%:3\", \"balancer.algorithm\" = [\"random\", \"first\"] }\nreplications = 2\n";
    let scratch = Scratch::with("sweep-table", &format!("{SMALL}{table}"));
    let json = |arguments: &[&str]| {
        let all = [arguments, &["--format", "json", "--no-files"]].concat();
        document(&scratch.run(&sweep(&all)).ended(0))
    };
    let stated = json(&[]);
    assert_eq!(stated["points"].as_array().map(Vec::len), Some(6));
    assert_eq!(stated["points"][5]["values"], serde_json::json!(["150%", "first"]));
    assert_eq!(stated["points"][5]["replications"], 2);
    let other = json(&["--vary", "load=10%,20%", "--replications", "1"]);
    assert_eq!(other["points"].as_array().map(Vec::len), Some(2));
    assert_eq!(other["points"][1]["replications"], 1);
    let until = json(&["--vary", "load=100%", "--precision", "50%"]);
    assert_eq!(until["points"][0]["replications"], 10, "no fewer can be trusted");
    let hypercube = json(&["--design", "latin-hypercube", "--points", "4", "--replications", "1"]);
    assert_eq!(hypercube["points"].as_array().map(Vec::len), Some(4));
    // Dotted keys are paths, too.
    let dotted = "[sweep.vary]\nload = \"10%,20%\"\nbalancer.algorithm = \"random,first\"\n";
    scratch.write("s.toml", format!("{SMALL}{dotted}"));
    assert_eq!(json(&["--replications", "1"])["points"].as_array().map(Vec::len), Some(4));
}

#[test]
fn a_latin_hypercube_covers_every_part_of_every_range() {
    let scratch = Scratch::with("sweep-hypercube", SMALL);
    let asked = [
        "--vary",
        "load=0%..100%:2",
        "--vary",
        "backends.*.workers=1..20:2",
        "--design",
        "latin-hypercube",
        "--points",
        "10",
        "--replications",
        "1",
    ];
    let run = |seed: &str| {
        let more = ["--format", "json", "--no-files", "--seed", seed];
        document(&scratch.run(&sweep(&[&asked[..], &more].concat())).ended(0))
    };
    let found = run("1");
    let points = found["points"].as_array().unwrap();
    let mut loads: Vec<u32> = Vec::new();
    let mut workers: Vec<u32> = Vec::new();
    for point in points {
        let load = point["values"][0].as_str().unwrap().trim_end_matches('%');
        loads.push((load.parse::<f64>().unwrap() / 10.0) as u32);
        workers.push(point["values"][1].as_str().unwrap().parse::<u32>().unwrap().div_ceil(2));
    }
    loads.sort_unstable();
    workers.sort_unstable();
    assert_eq!(loads, (0..10).collect::<Vec<_>>());
    assert_eq!(workers, (1..=10).collect::<Vec<_>>(), "two whole numbers in each part");
    assert_ne!(found["points"][0]["values"], run("2")["points"][0]["values"]);
}
