//! Good input: what is printed, what is written, and the exit code that says how it went.

use super::{SMALL, Scratch, replay};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Command as Plain, Stdio};

const EXPECTS: &str = "[[expect]]\nname = \"fast\"\nmetric = \"latency.p99\"\nat-most = \"1s\"\n";

/// The keys that programs may rely on.
const CORE: [(&str, &[&str]); 8] = [
    ("", &["schema", "seed", "digest", "version", "phases", "alerts", "expect", "backends"]),
    ("/scenario", &["name", "digest"]),
    ("/totals", &["requests", "succeeded", "failed", "attempts", "amplification", "outcomes"]),
    ("/totals", &["goodput_rps", "offered_rps"]),
    ("/latency_ms", &["mean", "p50", "p90", "p95", "p99", "p999", "max", "count"]),
    ("/users", &["active", "affected", "unable", "affected_ratio", "unable_ratio"]),
    ("/balance", &["jain", "max_over_mean", "cv"]),
    ("/recovery", &["verdict", "after_s"]),
];

#[test]
fn an_expectation_that_fails_is_exit_code_1() {
    let scratch = Scratch::with("expect", &format!("{SMALL}{EXPECTS}"));
    let ran = scratch.run(&["run", "s.toml", "--no-files"]).ended(0);
    assert!(ran.out.contains("fast"), "{}", ran.out);
    let slow = ["run", "s.toml", "--no-files", "--set", "backends.*.service=2s"];
    let ran = scratch.run(&slow).ended(1);
    assert!(ran.out.contains("fast"), "{}", ran.out);
    let quiet = scratch.run(&[&slow[..], &["--quiet"]].concat()).ended(1);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
    // Nothing observed does not meet an expectation.
    scratch.run(&["run", "s.toml", "--no-files", "--set", "load=0%"]).ended(1);
}

#[test]
fn an_objective_is_shown_and_is_no_reason_to_fail() {
    let objective = "[objective]\nsuccess = \"99.9%\"\np99 = \"50ms\"\n";
    let scratch = Scratch::with("objective", &format!("{SMALL}{objective}"));
    let ran = scratch.run(&["run", "s.toml", "--no-files"]).ended(0);
    assert!(ran.out.contains("success 100.000% (at least 99.9%): met · p99 "), "{}", ran.out);
    assert!(ran.out.contains("(less than 50 ms): missed"), "{}", ran.out);
    let down = ["run", "s.toml", "--no-files", "--format", "json", "--set", "backends.*.up=false"];
    let document = scratch.run(&down).ended(0).json();
    assert_eq!(document["objective"][0]["status"], "fail");
    assert_eq!(document["objective"][1]["status"], "no-data", "a dead system has no p99");
}

#[test]
fn json_is_one_document_with_the_stable_keys() {
    let scratch = Scratch::with("json", &format!("{SMALL}{EXPECTS}"));
    let ran = scratch.run(&["run", "s.toml", "--format", "json"]).ended(0);
    let document = ran.json();
    for (pointer, keys) in CORE {
        let object = document.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
        for key in keys {
            assert!(object.get(key).is_some(), "{pointer}/{key}");
        }
    }
    assert_eq!(document["schema"], 1);
    assert_eq!(document["seed"], 1);
    assert_eq!(document["expect"][0]["status"], "pass");
    assert_eq!(document["totals"]["outcomes"]["ok"], document["totals"]["succeeded"]);
    // Notes are on standard error, and --quiet silences them.
    assert_eq!(ran.err.trim(), "wrote output/small");
    assert_eq!(scratch.run(&["run", "s.toml", "--format", "json", "--quiet"]).ended(0).err, "");
    let written = std::fs::read_to_string(scratch.0.join("output/small/summary.json")).unwrap();
    assert_eq!(written, ran.out);
    let two = scratch.run(&["run", "s.toml", "s.toml", "--format", "json", "--no-files"]).ended(0);
    assert_eq!(two.json().as_array().map(Vec::len), Some(2));
}

#[test]
fn a_run_writes_its_files_twice_alike() {
    let scratch = Scratch::with("twice", SMALL);
    let ran = scratch.run(&["run", "s.toml", "--out", "a"]).ended(0).says(&["wrote a/small"]);
    assert!(ran.out.contains("small"));
    scratch.run(&["run", "s.toml", "--out", "b/c"]).ended(0);
    let files = scratch.files();
    let under = |root: &str| -> Vec<(String, Vec<u8>)> {
        let mine = files.iter().filter_map(|(path, content)| {
            Some((path.strip_prefix(root).ok()?.display().to_string(), content.clone()))
        });
        mine.collect()
    };
    let (a, b) = (under("a/small"), under("b/c/small"));
    let names: Vec<&str> = a.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names.len(), 10, "{names:?}");
    for ending in ["summary.json", "series.csv", ".png", ".svg"] {
        assert!(names.iter().any(|name| name.ends_with(ending)), "{ending} in {names:?}");
    }
    for ((name, first), (_, second)) in a.iter().zip(&b) {
        assert!(first == second, "{name} differs");
        assert!(!first.is_empty());
    }
    assert_eq!(a.len(), b.len());
    let digest = |arguments: &[&str]| -> Value {
        let json = [&["run", "s.toml", "--format", "json"], arguments].concat();
        scratch.run(&json).ended(0).json()["digest"].clone()
    };
    assert_eq!(digest(&["--no-files"]), digest(&["--out", "d"]));
    assert_ne!(digest(&["--no-files"]), digest(&["--no-files", "--seed", "2"]));
}

#[test]
fn no_files_writes_nothing() {
    let scratch = Scratch::with("no-files", SMALL);
    scratch.run(&["run", "s.toml", "--no-files"]).ended(0);
    assert_eq!(scratch.names(), ["s.toml"]);
}

#[test]
fn an_output_folder_that_cannot_be_written_is_exit_code_4() {
    let scratch = Scratch::with("unwritable", SMALL);
    scratch.write("file", "not a directory");
    for out in ["file", "file/below"] {
        let ran = scratch.run(&["run", "s.toml", "--out", out]).ended(4);
        ran.says(&[&format!("cannot write `{out}`"), "`file` is not a directory"]);
    }
    // One file's name is taken by a directory: none of the others is replaced.
    std::fs::create_dir_all(scratch.0.join("out/small/series.csv")).unwrap();
    let ran = scratch.run(&["run", "s.toml", "--out", "out"]).ended(4).says(&["series.csv"]);
    assert!(ran.out.contains("small"), "what was simulated is shown all the same");
    assert_eq!(scratch.names(), ["file", "s.toml"], "nothing half written");
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    for arguments in [&["list", "metrics"][..], &["schema", "scenario"], &["completions", "bash"]] {
        let mut child = Plain::new(env!("CARGO_BIN_EXE_misroute"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments:?}");
        assert!(output.status.success(), "{arguments:?}");
    }
}

#[test]
fn only_a_terminal_gets_colour() {
    let scratch = Scratch::with("colour", &SMALL.replace("10/s", "10"));
    for arguments in [&["run", "s.toml"][..], &["run", "2024-04-15-wrong-parameter", "--no-files"]]
    {
        for (variable, value) in [("NO_COLOR", "1"), ("TERM", "xterm-256color")] {
            let output = scratch.command(arguments).env(variable, value).output().unwrap();
            let both = [output.stdout, output.stderr].concat();
            assert!(!both.contains(&0x1b), "{arguments:?} {variable}");
        }
    }
    let forced = scratch.command(&["run", "s.toml"]).env("CLICOLOR_FORCE", "1").output().unwrap();
    assert!(forced.stderr.contains(&0x1b), "and whoever insists");
}

#[test]
fn standard_input_is_a_scenario() {
    let ran = replay(SMALL.as_bytes(), &["load=50%"]).ended(0);
    let document = ran.json();
    assert_eq!(document["scenario"]["name"], "small");
    assert_eq!(document["command"], "misroute run - --seed 1 --set load=50%");
}

#[test]
fn every_command_explains_itself() {
    let scratch = Scratch::new("help");
    let help = scratch.run(&["--help"]).ended(0).out;
    for command in ["run", "assumptions", "list", "schema", "completions"] {
        assert!(help.contains(command), "{help}");
        let own = scratch.run(&[command, "--help"]).ended(0).out;
        assert!(own.contains("Usage: misroute "), "{own}");
        let longest = own.lines().map(|line| line.chars().count()).max();
        assert!(longest.is_some_and(|longest| longest <= 100), "{own}");
    }
    assert!(scratch.run(&["--version"]).ended(0).out.starts_with("misroute 0."));
}

#[test]
fn all_incidents_hold() {
    let scratch = Scratch::new("all");
    let ran = scratch.run(&["run", "--all-incidents", "--no-files"]).ended(0);
    let last = ran.out.trim_end().lines().last().unwrap();
    let words: Vec<&str> = last.split_whitespace().collect();
    assert!(words.ends_with(&["stated", "facts", "hold"]), "{last}");
    assert_eq!((words[0], words[1]), (words[2], "of"), "{last}");
    assert!(scratch.names().is_empty());
}

#[test]
fn lists_name_everything() {
    let scratch = Scratch::new("list");
    let expected = [
        ("incidents", "2024-08-10-two-of-five"),
        ("misconfigurations", "no-redispatch"),
        ("algorithms", "smooth-weighted"),
        ("layers", "priority"),
        ("admissions", "gradient"),
        ("distributions", "lognormal"),
        ("actions", "rolling-restart"),
        ("metrics", "users.unable_ratio"),
    ];
    for (what, name) in expected {
        let out = scratch.run(&["list", what]).ended(0).out;
        assert!(out.contains(name), "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
    }
}

#[test]
fn schemas_are_json_schemas() {
    let scratch = Scratch::new("schema");
    for what in ["scenario", "result"] {
        let schema = scratch.run(&["schema", what]).ended(0).json();
        let dialect = schema["$schema"].as_str().unwrap();
        assert!(dialect.starts_with("https://json-schema.org/draft/2020-12/"), "{dialect}");
        assert_eq!(schema["type"], "object");
        assert!(schema["properties"].as_object().is_some_and(|properties| properties.len() > 5));
        assert!(schema["required"].as_array().is_some_and(|required| !required.is_empty()));
    }
}

#[test]
fn completions_know_the_commands() {
    let scratch = Scratch::new("completions");
    for shell in ["bash", "zsh", "fish"] {
        let script = scratch.run(&["completions", shell]).ended(0).out;
        assert!(script.contains("misroute") && script.contains("assumptions"), "{shell}");
    }
}

#[test]
fn short_harm_in_a_short_run_is_over() {
    let crash = "timeline.crash={at=\"5m\", do=\"crash\", targets=\"all\", for=\"1m\"}";
    let document = replay(SMALL.as_bytes(), &["duration=10m", crash]).ended(0).json();
    assert_eq!(document["recovery"]["verdict"], "recovered");
    let longer = crash.replace("1m", "3m");
    let document = replay(SMALL.as_bytes(), &["duration=10m", &longer]).ended(0).json();
    assert_eq!(document["recovery"]["verdict"], "recovered");
    let late = crash.replace("5m", "9m");
    let document = replay(SMALL.as_bytes(), &["duration=10m", &late]).ended(0).json();
    assert_eq!(document["recovery"]["verdict"], "degraded");
}

#[test]
fn assumptions_are_explored_for_any_scenario() {
    let assumption = "[[assumption]]\npath = \"backends.*.service\"\nrange = [\"50ms\", \"2s\"]\n\
        reason = \"not measured\"\n";
    let scratch = Scratch::with("assumptions", &format!("{SMALL}{EXPECTS}{assumption}"));
    let page = scratch.run(&["assumptions", "s.toml"]).ended(0).out;
    assert!(page.contains("made by `misroute assumptions small`"), "{page}");
    assert!(page.contains("backends.*.service") && page.contains("Not measured"), "{page}");
    assert!(!page.contains("August"), "nothing about other incidents: {page}");
    scratch.write("bare.toml", SMALL);
    let page = scratch.run(&["assumptions", "bare.toml"]).ended(0).out;
    assert!(page.contains("has no `[[expect]]`"), "{page}");
}

#[test]
fn a_wholly_dead_system_answers_503_and_has_no_latency() {
    let down = ["backends.*.up=false"];
    let weightless = ["backends.*.weight=0"];
    let outside = ["backends.*.in-pool=false"];
    for overrides in [down, weightless, outside] {
        let document = replay(SMALL.as_bytes(), &overrides).ended(0).json();
        let totals = &document["totals"];
        assert_eq!(totals["succeeded"], 0, "{overrides:?}");
        assert!(totals["requests"].as_u64().is_some_and(|requests| requests > 1_000));
        assert_eq!(totals["outcomes"]["http_503"], totals["requests"], "{overrides:?}");
        assert_eq!(document["latency_ms"]["p99"], Value::Null);
        assert_eq!(document["latency_ms"]["mean"], Value::Null);
        assert_eq!(document["users"]["unable_ratio"], 1.0);
        assert_eq!(document["recovery"]["verdict"], "degraded", "dead all along is not unharmed");
    }
    let idle = replay(SMALL.as_bytes(), &["load=0%"]).ended(0).json();
    assert_eq!(idle["totals"]["requests"], 0);
    assert_eq!(idle["latency_ms"]["p99"], Value::Null);
}
