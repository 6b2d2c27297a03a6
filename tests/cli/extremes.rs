//! Input at the limits, and beyond any sense: refused or simulated, never a panic.

use super::{SMALL, replay, replay_entry};
use proptest::prelude::*;

/// Values that are refused.
const REFUSED: &[&str] = &[
    "duration=0s",
    "duration=99999999d",
    "duration=1e400",
    "window=1ns",
    "user-window=1ns",
    "clients.web.rate=1e300/s",
    "clients.web.users=0",
    "clients.web.users=4294967296",
    "clients.web.users=18446744073709551616",
    "clients.web.timeout=0s",
    "clients.web.timeout=600y",
    "clients.web.retries={max=4294967295}",
    "backends.*.workers=4000000000",
    "backends.*.weight=-1",
    "load=1e300",
    "load=nan",
    "load=inf",
    "start=9999-12-31T23:59:59Z",
    "backends.*.service={ lognormal = { mean = \"1ns\", p99 = \"200000d\" } }",
    "backends.*.service={ weibull = { mean = \"80ms\", shape = 1e-300 } }",
];

/// Values at the limits.
const SIMULATED: &[&[&str]] = &[
    &["duration=1ns"],
    &["duration=1ns", "window=1h", "user-window=366d"],
    &["duration=366d", "clients.web.rate=1/h"],
    &["duration=366d", "clients.web.rate=0/s"],
    &[
        "duration=1us",
        "clients.web.rate=10000000/s",
        "load=10000%",
        "clients.web.arrivals=constant",
    ],
    &["window=1us", "user-window=1us"],
    &["clients.web.rate=0/s"],
    &["clients.web.rate=0.0000001/h"],
    &["clients.web.users=1"],
    &["clients.web.timeout=1ns"],
    &["clients.web.slow=1ns"],
    &["clients.web.timeout=200000d", "balancer.timeout=200000d"],
    &["clients.web.retries={max=1000,base=\"0s\",cap=\"0s\"}", "backends.*.up=false"],
    &["clients.web.retries={max=1000,base=\"200000d\",cap=\"200000d\"}", "backends.*.up=false"],
    &["balancer.connect={retries=100,delay=\"0s\"}", "backends.*.up=false"],
    &["balancer.connect={retries=100,redispatch=true}", "backends.*.up=false"],
    &["balancer.timeout=1ns"],
    &["balancer.instances=1000"],
    &[
        "balancer.algorithm=ring-hash",
        "balancer.ring-hash={points=10000}",
        "backends.*.weight=10000",
    ],
    &["backends.*.workers=1000000", "backends.*.queue=1000000000"],
    &["backends.*.queue=0"],
    &["backends.*.service=0s"],
    &["backends.*.service=200000d"],
    &["backends.*.service={ pareto = { mean = \"80ms\", shape = 1.0000001 } }"],
    &["backends.*.max-connections=1"],
    &["start=0001-01-01T00:00:00Z"],
];

#[test]
fn values_beyond_the_limits_are_refused() {
    for change in REFUSED {
        replay(SMALL.as_bytes(), &[change]).ended(2).says(&["error: "]);
    }
}

#[test]
fn values_at_the_limits_are_simulated() {
    for overrides in SIMULATED {
        replay(SMALL.as_bytes(), overrides).ended(0);
    }
}

#[test]
fn actions_at_the_limits_are_simulated() {
    let entries = [
        "do = \"slow\"\ntargets = \"all\"\nfactor = 0.01",
        "do = \"slow\"\ntargets = \"all\"\nfactor = 1e6",
        "do = \"surge\"\nfactor = 0",
        "do = \"crash\"\ntargets = \"all\"\nfor = \"200000d\"",
        "do = \"crash\"\ntargets = \"all\"\nfor = \"1ns\"",
        "do = \"rolling-restart\"\ntargets = \"all\"\ndrain = \"200000d\"\npause = \"200000d\"",
        "do = \"rolling-restart\"\ntargets = \"all\"",
        "do = \"fail\"\ntargets = \"all\"\nafter = \"200000d\"",
        "do = \"fail\"\ntargets = \"all\"\nafter = \"0s\"",
        "do = \"configure\"\nset = { \"balancer.timeout\" = \"1s\" }\nrollout = { every = \"200000d\" }",
        "do = \"configure\"\nset = { \"backends.*.weight\" = 0 }\nrollout = { delays = [\"200000d\"] }",
    ];
    let settings: [&[&str]; 3] = [
        &[],
        &["balancer.instances=1000"],
        &["clients.web.retries={max=3,base=\"0s\"}", "backends.*.start-time=200000d"],
    ];
    for entry in entries {
        for at in ["0s", "1m", "119.999999999s"] {
            for overrides in settings {
                replay_entry(&format!("at = \"{at}\"\n{entry}"), overrides).ended(0);
            }
        }
    }
    replay_entry("at = \"1m\"\ndo = \"slow\"\ntargets = \"all\"\nfactor = 0", &[]).ended(2);
    replay_entry("at = \"1m\"\ndo = \"slow\"\ntargets = \"all\"\nfactor = 1e300", &[]).ended(2);
    replay_entry("at = \"1m\"\ndo = \"surge\"\nfactor = 1e300", &[]).ended(2);
}

#[test]
fn slowness_that_multiplies_beyond_any_number_ends_cleanly() {
    let database = "[database]\nconnections = 1\nquery = \"1ms\"\n";
    for (targets, factor) in
        [("all", "0.01"), ("all", "1e6"), ("database", "0.01"), ("database", "1e6")]
    {
        let entry = |n: usize| {
            let name = format!("[[timeline]]\nname = \"slow {n}\"\nat = \"1m\"\n");
            format!("{name}do = \"slow\"\ntargets = \"{targets}\"\nfactor = {factor}\n")
        };
        let slow: String = (0..200).map(entry).collect();
        let end = format!(
            "[[timeline]]\nname = \"end\"\nat = \"70s\"\ndo = \"restore\"\ntargets = \"{targets}\"\n"
        );
        let scenario = format!(
            "{SMALL}{database}{slow}{end}[[expect]]\nname = \"as before\"\n\
             between = [\"110s\", \"2m\"]\nmetric = \"latency.p5\"\nwithin = [\"80ms\", \"100ms\"]\n"
        );
        replay(scenario.replace("10/s", "5/s").as_bytes(), &["clients.web.timeout=5s"]).ended(0);
    }
}

#[test]
fn alerts_at_the_limits_are_evaluated() {
    let conditions = [
        ("latency.p95 > 1ns for 200000d", "1ms"),
        ("latency.p999 > 1ns", "366d"),
        ("attempt_rate < 1/s", "1m"),
        ("error_ratio > 0%", "3m"),
        ("balance.max_over_mean > 0", "2m"),
    ];
    for (when, window) in conditions {
        let alert = format!("[[alert]]\nname = \"a\"\nwhen = \"{when}\"\nwindow = \"{window}\"\n");
        let restart = "[[timeline]]\nname = \"r\"\non-alert = \"a\"\ndelay = \"200000d\"\n\
            do = \"restart\"\ntargets = \"all\"\n";
        replay(format!("{SMALL}{alert}{restart}").as_bytes(), &["load=10%"]).ended(0);
    }
}

#[test]
fn intervals_may_touch_the_ends_of_the_run() {
    for between in ["[\"0s\", \"2m\"]", "[\"1m\", \"2m\"]", "[\"119999999999ns\", \"2m\"]"] {
        let expect = format!(
            "[[expect]]\nname = \"e\"\nmetric = \"requests.count\"\nbetween = {between}\nat-least = 0\n"
        );
        replay(format!("{SMALL}{expect}").as_bytes(), &[]).ended(0);
    }
}

#[test]
fn a_thousand_backends_run_and_more_are_refused() {
    let names = |names: &str| SMALL.replace("{1..2}", names);
    replay(names("{1..1000}").as_bytes(), &[]).ended(0);
    replay(names("{1..100000}").as_bytes(), &[]).ended(2).says(&["more than 1000 names"]);
}

#[test]
fn nonsense_is_refused() {
    let nested = |open: &str, times: usize| format!("a = {}", open.repeat(times)).into_bytes();
    let junk: Vec<u8> = (0..=255).cycle().take(5_000).collect();
    let inputs = [
        Vec::new(),
        junk,
        nested("[", 100_000),
        nested("{a=", 100_000),
        format!("a{} = 1", ".a".repeat(100_000)).into_bytes(),
        format!("[a{}]", ".a".repeat(100_000)).into_bytes(),
        SMALL.replace('\n', "\r").into_bytes(),
        format!("{SMALL}\0").into_bytes(),
        SMALL.replace("schema = 1", "schema = 1e400").into_bytes(),
    ];
    for input in inputs {
        replay(&input, &[]).ended(2).says(&["error: "]);
    }
}

/// A number with a unit, often at a limit.
fn quantity() -> impl Strategy<Value = String> {
    let number = prop::sample::select(vec![
        "0",
        "1",
        "3",
        "100",
        "1000",
        "10000000",
        "4294967295",
        "1e6",
        "1e300",
        "0.001",
        "-1",
    ]);
    let unit =
        prop::sample::select(vec!["", "ns", "us", "ms", "s", "m", "h", "d", "/s", "/h", "%"]);
    (number, unit).prop_map(|(number, unit)| format!("{number}{unit}"))
}

proptest! {
    // Always the same draws: what is not refused may take minutes, and a command here has one.
    #![proptest_config(ProptestConfig {
        cases: 150,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Whatever is set to whatever: an exit code that says so, and no panic. (Long runs are short of
    /// duration, not of courage: what would take for ever is refused.)
    #[test]
    fn no_combination_of_values_panics(
        changes in prop::collection::vec((prop::sample::select(vec![
            "duration", "window", "user-window", "load", "clients.web.rate", "clients.web.users",
            "clients.web.timeout", "clients.web.slow", "clients.web.retries.max",
            "clients.web.retries.base", "clients.web.retries.cap", "balancer.instances",
            "balancer.timeout", "balancer.connect.retries", "balancer.connect.delay",
            "backends.*.workers", "backends.*.queue", "backends.*.service", "backends.*.weight",
            "backends.*.start-time", "backends.*.max-connections", "backends.api-1.up",
            "timeline.crash.at", "timeline.crash.for", "alert.slow.window",
        ]), quantity()), 1..5)
    ) {
        let scenario = format!(
            "{SMALL}[[timeline]]\nname = \"crash\"\nat = \"1m\"\ndo = \"crash\"\ntargets = \"api-1\"\n\
             for = \"10s\"\n[[alert]]\nname = \"slow\"\nwhen = \"latency.p95 > 1s\"\n"
        );
        // What is refused alone would hide the rest.
        let sound = |(path, value): &(&str, String)| {
            let change = format!("{path}={value}");
            replay(scenario.as_bytes(), &[&change, "load=1%"]).code.filter(|&code| code != 2).map(|_| change)
        };
        let mut changes: Vec<String> = changes.iter().filter_map(sound).collect();
        changes.push("load=1%".to_owned());
        let changes: Vec<&str> = changes.iter().map(String::as_str).collect();
        let code = replay(scenario.as_bytes(), &changes).code;
        prop_assert!(matches!(code, Some(0..=2)), "{code:?} {changes:?}");
    }
}
