//! Bad input: each kind with the message it gets, exit code 2, and nothing on standard output.

use super::{Ran, SMALL, Scratch, replay};
use std::fs::File;
use std::time::{Duration, Instant};

/// Runs a scenario that must be refused.
fn refused(scenario: &str) -> Ran {
    let ran = replay(scenario.as_bytes(), &[]).ended(2);
    assert_eq!(ran.out, "", "nothing but an error");
    ran
}

/// The small scenario with some text replaced.
fn instead(old: &str, new: &str) -> Ran {
    assert!(SMALL.contains(old), "{old}");
    refused(&SMALL.replacen(old, new, 1))
}

/// The small scenario with more at its end.
fn with(after: &str) -> Ran {
    refused(&format!("{SMALL}{after}"))
}

#[test]
fn an_unknown_key_is_underlined_and_the_nearest_named() {
    let scratch =
        Scratch::with("unknown-key", &SMALL.replace("rate =", "retrys = { max = 2 }\nrate ="));
    let ran = scratch.run(&["run", "s.toml"]).ended(2);
    let ran =
        ran.says(&["unknown key `retrys`", "s.toml:7:1", "^^^^^^", "did you mean `retries`?"]);
    assert_eq!(ran.out, "");
    assert_eq!(scratch.names(), ["s.toml"], "no output folder");
}

#[test]
fn units_are_asked_for() {
    instead("10/s", "10 lightyears").says(&["`rate` must be a rate", "not a unit of a rate"]);
    instead("\"2m\"", "\"2 parsecs\"").says(&["`duration` must be a duration", "not a unit of"]);
    instead("\"2m\"", "120").says(&["a duration needs a unit: \"120s\""]);
    instead("\"10/s\"", "10").says(&["did you mean \"10/s\"?"]);
    instead("10/s", "-10/s").says(&["a rate cannot be negative", "^"]);
}

#[test]
fn what_an_action_works_on_must_exist() {
    let entry = "[[timeline]]\nname = \"e\"\nat = \"1m\"\ndo = \"crash\"\ntargets = \"api-3\"\n";
    with(entry).says(&["unknown backend `api-3`", "did you mean `api-"]);
}

#[test]
fn names_may_not_overlap() {
    with("[[backends]]\nname = \"{db,api}-2\"\nservice = \"1ms\"\n").says(&["api-2", "^"]);
    with("[[clients]]\nname = \"web\"\nrate = \"1/s\"\n").says(&["web"]);
}

#[test]
fn times_are_in_order_and_within_the_run() {
    let note =
        |at: &str| format!("[[timeline]]\nname = \"at {at}\"\nat = \"{at}\"\ndo = \"note\"\n");
    with(&[note("90s"), note("30s")].concat()).says(&["30s", "order"]);
    with(&note("3m")).says(&["`3m` is after the end of the run", "+2m"]);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let wrong = SMALL.replace("10/s", "10").replace("80ms", "80").replace("2m", "2");
    refused(&wrong).says(&[
        "`rate` must be",
        "`service` must be",
        "`duration` must be",
        "3 mistakes",
    ]);
}

#[test]
fn a_file_that_is_no_scenario_is_refused() {
    let scratch = Scratch::new("no-scenario");
    scratch.write("latin.toml", b"schema = 1\nname = \"caf\xe9\"\n");
    scratch.run(&["run", "latin.toml"]).ended(2).says(&["latin.toml:2: byte 0xe9 is not UTF-8"]);
    scratch.run(&["run", "."]).ended(2).says(&["this is a directory", "(.toml)"]);
    scratch.run(&["run", "missing.toml"]).ended(2).says(&["missing.toml: no such file"]);
    scratch.command(&["run", "-"]).write_stdin("").assert().code(2);
    replay(b"", &[]).ended(2).says(&["the scenario needs `schema`, `name`"]);
}

#[test]
fn a_large_file_is_refused_without_being_read() {
    let scratch = Scratch::new("large");
    // Sparse: as long as a log given by mistake, and no longer on the disk than a name.
    File::create(scratch.0.join("large.toml")).unwrap().set_len(100 << 20).unwrap();
    #[expect(clippy::disallowed_methods, reason = "that it is quick is what is tested")]
    let begin = Instant::now();
    let ran = scratch.run(&["run", "large.toml"]).ended(2);
    assert!(begin.elapsed() < Duration::from_secs(2), "it was read");
    ran.says(&["large.toml: larger than 4 MiB", "check the path"]);
    // A pipe does not say its length, and is not read to its end either.
    let zeros = vec![b'#'; 16 << 20];
    replay(&zeros, &[]).ended(2).says(&["standard input: larger than 4 MiB"]);
}

#[test]
fn a_name_like_that_of_an_incident_finds_it() {
    let scratch = Scratch::new("near-incident");
    let found = ["did you mean `2024-08-10-two-of-five`?"];
    for name in ["two-of-five", "2024-08-10-two-of-fvie", "incidents/2024-08-10-two-of-five.toml"] {
        scratch.run(&["run", name]).ended(2).says(&found).says(&[&format!("{name}: no such")]);
    }
    scratch.run(&["run", "checkout"]).ended(2).says(&["misroute list incidents"]);
}

#[test]
fn what_would_take_for_ever_asks_for_yes() {
    let ran = replay(SMALL.as_bytes(), &["duration=366d", "clients.web.rate=10000/s"]).ended(2);
    let ran = ran.says(&["`small` has about 316 billion requests", "about 2 days", "say --yes"]);
    assert_eq!(ran.out, "");
    let surge = |count: usize| {
        let entry = |n: usize| {
            format!("[[timeline]]\nname = \"s{n}\"\nat = \"1m\"\ndo = \"surge\"\nfactor = 1e6\n")
        };
        (0..count).map(entry).collect::<String>()
    };
    with(&surge(5)).says(&["thousands of years", "--yes"]);
    with(&surge(200)).says(&["beyond any number of requests", "--yes"]);
    let down = ["backends.*.up=false", "clients.web.rate=100000/s"];
    let retries = "clients.web.retries={max=1000,base=\"0s\"}";
    replay(SMALL.as_bytes(), &[down[0], down[1], retries]).ended(2).says(&["12 billion attempts"]);
    let alert = "[[alert]]\nname = \"a\"\nwhen = \"error_ratio > 1%\"\nwindow = \"1ms\"\n";
    let many = |n: usize| alert.replace("\"a\"", &format!("\"a{n}\""));
    let many = (0..40).map(many).collect::<String>();
    let year = ["duration=366d", "clients.web.rate=1/m"];
    let watched = format!("{SMALL}{many}");
    replay(watched.as_bytes(), &year).ended(2).says(&["evaluates its alerts", "--yes"]);
    // The alert may fire at the start.
    let responder = "[[timeline]]\nname = \"r\"\non-alert = \"a\"\ndo = \"surge\"\nfactor = 1e6\n";
    with(&format!("{alert}{responder}")).says(&["1 billion requests", "--yes"]);
    let users = ["duration=1d", "clients.web.users=10000000", "clients.web.rate=1/s"];
    replay(SMALL.as_bytes(), &users).ended(2).says(&["GB to follow its users", "--yes"]);
}

#[test]
fn yes_runs_what_is_estimated_to_take_for_ever() {
    // The estimate cannot know that the alert never fires.
    let never = "[[alert]]\nname = \"a\"\nwhen = \"latency.p95 > 1h\"\n[[timeline]]\nname = \"r\"\n\
        on-alert = \"a\"\ndo = \"surge\"\nfactor = 1e6\n";
    let scratch = Scratch::with("yes", &format!("{SMALL}{never}"));
    scratch.run(&["run", "s.toml", "--no-files"]).ended(2).says(&["--yes"]);
    scratch.run(&["run", "s.toml", "--no-files", "--yes"]).ended(0);
}

#[test]
fn what_others_call_it_is_recognized() {
    let algorithm = |name: &str| with(&format!("[balancer]\nalgorithm = \"{name}\"\n"));
    algorithm("leastconn").says(&["here it is `haproxy-least-connections`", "HAProxy: leastconn"]);
    algorithm("RING_HASH").says(&["here it is `envoy-ring-hash`"]);
    algorithm("round_robin").says(&["`round-robin`"]);
    instead("api-{1..2}", "api-[1..2]").says(&["is not a name", "did you mean `api-{1..2}`?"]);
}

#[test]
fn overrides_are_checked_like_files() {
    let set = |text: &str| replay(SMALL.as_bytes(), &[text]).ended(2);
    set("clients.web.rate=5").says(&["--set:1:18", "did you mean \"5/s\"?"]);
    set("clients.wob.rate=5/s").says(&["`wob`", "did you mean `web`?"]);
    set("clients.web.rate").says(&["an override needs `=`", "write path=value"]);
    set("=5").says(&["an override needs a path"]);
    set("clients=3").says(&["`clients` is a list"]);
}

#[test]
fn usage_mistakes_are_pointed_out() {
    let scratch = Scratch::with("usage", SMALL);
    scratch.run(&["rnu"]).ended(2).says(&["rnu"]);
    scratch.run(&["run", "s.toml", "--sed", "3"]).ended(2).says(&["--sed", "'--seed'"]);
    scratch.run(&["run", "s.toml", "--seed", "x"]).ended(2).says(&["'x'", "--seed"]);
    scratch.run(&["run", "s.toml", "--format", "yaml"]).ended(2).says(&["text, json"]);
    scratch.run(&["run"]).ended(2).says(&["misroute list incidents", "--all-incidents"]);
    scratch
        .run(&["list", "wishes"])
        .ended(2)
        .says(&["incidents, misconfigurations, patterns, algorithms"]);
    scratch.run(&[]).ended(2).says(&["Usage: misroute"]);
    scratch.run(&["run", "s.toml", "s.toml"]).ended(2).says(&["both named `small`", "--no-files"]);
    scratch.run(&["run", "s.toml", "s.toml", "--no-files"]).ended(0);
    assert_eq!(scratch.names(), ["s.toml"]);
}
