//! When members go down and come up, against what HAProxy 2.6.12 did: three servers, one request at
//! a time, states read every 10 ms through its runtime API. The second server's port was closed, or
//! its process stood still, for a while; the times are those of its changes, in seconds.
//!
//! HAProxy begins its checks when it starts, some time before the recording: its second server was
//! checked at the recording's 0.25 s plus a third of an interval. A run begins with the checks, so
//! recorded times are shifted by that.

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::model::probe::{Probe, WorldChange};
use misroute::model::run::simulate;
use misroute::model::setup::BackendId;
use misroute::scenario::{Source, load};
use std::sync::Arc;

/// From HAProxy's first check to the beginning of the recording.
const PHASE: f64 = 0.25;
/// Reading the state takes up to 10 ms, and a busy machine a little longer.
const TOLERANCE: f64 = 0.03;

struct Recording {
    name: &'static str,
    health: &'static str,
    /// What is wrong with the second server, from when to when.
    fault: (&'static str, f64, f64),
    /// When it went down and up.
    changes: &'static [(f64, bool)],
}

const RECORDINGS: &[Recording] = &[
    Recording {
        name: "port closed at 3 s",
        health: "interval = \"1s\"",
        fault: ("crash", 3.0, 11.0),
        changes: &[(5.585, false), (12.597, true)],
    },
    Recording {
        name: "port closed at 3.25 s",
        health: "interval = \"1s\"",
        fault: ("crash", 3.25, 11.25),
        changes: &[(5.585, false), (12.608, true)],
    },
    Recording {
        name: "port closed at 3.5 s",
        health: "interval = \"1s\"",
        fault: ("crash", 3.5, 11.5),
        changes: &[(5.588, false), (12.601, true)],
    },
    Recording {
        name: "port closed at 3.75 s",
        health: "interval = \"1s\"",
        fault: ("crash", 3.75, 11.75),
        changes: &[(6.578, false), (13.593, true)],
    },
    Recording {
        name: "a check of a process that stands still lasts its timeout",
        health: "interval = \"1s\", asks = \"life\"",
        fault: ("hang", 3.0, 12.0),
        changes: &[(8.585, false), (14.592, true)],
    },
];

/// Notes the changes of the second member.
#[derive(Default)]
struct Watch(Vec<(f64, bool)>);

impl Probe for Watch {
    fn changed(&mut self, now: Time, change: WorldChange) {
        if let WorldChange::Member(_, BackendId(1), up) = change {
            self.0.push((now.as_secs_f64(), up));
        }
    }
}

fn watch(health: &str, more: &str, seed: u64) -> Vec<(f64, bool)> {
    let text = format!(
        "schema = 1\nname = \"checks\"\nduration = \"20s\"\n\
         [[clients]]\nname = \"one\"\narrivals = \"constant\"\nrate = \"50/s\"\n\
         [balancer]\ndialect = \"haproxy\"\nversion = \"2.6\"\n\
         health = {{ rise = 2, fall = 3, {health} }}\n\
         [[backends]]\nname = \"b{{1..3}}\"\nworkers = 3\nservice = \"5ms\"\n{more}"
    );
    let scenario = load(&Source::from_text("checks.toml", text), &[]);
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut watch = Watch::default();
    simulate(&Arc::new(scenario.setup), Seed::new(seed), &mut watch);
    watch.0
}

#[test]
fn members_go_down_and_come_up_when_haproxys_do() {
    for recording in RECORDINGS {
        let (verb, from, to) = recording.fault;
        let fault = format!(
            "[[timeline]]\nname = \"fault\"\nat = \"{}s\"\ndo = \"{verb}\"\ntargets = \"b2\"\nfor = \"{}s\"\n",
            from - PHASE,
            to - from
        );
        let seen = watch(recording.health, &fault, 1);
        assert_eq!(seen.len(), recording.changes.len(), "{}: {seen:?}", recording.name);
        for ((at, up), (recorded, recorded_up)) in seen.iter().zip(recording.changes) {
            assert_eq!(up, recorded_up, "{}", recording.name);
            let difference = at + PHASE - recorded;
            assert!(difference.abs() < TOLERANCE, "{}: {difference} s off", recording.name);
        }
        assert_eq!(seen, watch(recording.health, &fault, 2), "clients do not move checks");
    }
}

/// fastinter 200 ms and downinter 3 s: the first failure was read at 3.32 s.
#[test]
fn intervals_follow_the_state() {
    let health = "interval = \"1s\", fast-interval = \"200ms\", down-interval = \"3s\"";
    let fault = "[[timeline]]\nname = \"fault\"\nat = \"3s\"\ndo = \"crash\"\ntargets = \"b2\"\nfor = \"8s\"\n";
    let seen = watch(health, fault, 1);
    let recorded = [(3.738 - 3.32, false), (12.741 - 3.32 + 0.2, true)];
    let first_failure = 3.333;
    assert_eq!(seen.len(), 2, "{seen:?}");
    for ((at, up), (after, recorded_up)) in seen.iter().zip(recorded) {
        assert_eq!(*up, recorded_up);
        assert!((at - first_failure - after).abs() < TOLERANCE, "{seen:?} {recorded:?}");
    }
}

/// observe layer7, error-limit 10, on-error mark-down; the server answers 500, its health page is
/// well. Ten requests take it down, two passed checks bring it back: the recording has it up again at
/// 1.59, 3.58, 5.58 and 7.59 s, each time on the beat of its checks.
#[test]
fn a_server_whose_checks_pass_flaps() {
    let more = "[[timeline]]\nname = \"fault\"\nat = \"0s\"\ndo = \"fail\"\ntargets = \"b2\"\n";
    let health = "interval = \"1s\", asks = \"life\" }\n\
                  ejection = { rule = \"observe\", error-limit = 10, on-error = \"mark-down\"";
    let seen = watch(health, more, 1);
    let downs: Vec<f64> = seen.iter().filter(|(_, up)| !up).map(|(at, _)| *at).collect();
    let ups: Vec<f64> = seen.iter().filter(|(_, up)| *up).map(|(at, _)| *at).collect();
    assert!(downs.len() >= 8 && downs.len() - ups.len() <= 1, "{seen:?}");
    for (down, up) in downs.iter().zip(&ups) {
        assert!((1.0..=2.0).contains(&(up - down)), "two checks, one interval apart: {seen:?}");
        assert!(((up - 1.0 / 3.0).fract()).min(1.0 - (up - 1.0 / 3.0).fract()) < 1e-6, "{up}");
    }
}

/// Checks that are work cost capacity: with all workers busy they time out, and take down a member
/// that serves as well as it can; a check of the port would have passed.
#[test]
fn checks_that_ask_for_work_fail_under_overload() {
    let busy = "[[timeline]]\nname = \"slow\"\nat = \"2s\"\ndo = \"slow\"\ntargets = \"b2\"\nfactor = 100\n";
    let work = watch("interval = \"1s\", timeout = \"500ms\", asks = \"work\"", busy, 1);
    assert!(work.first().is_some_and(|&(at, up)| !up && at < 8.0), "{work:?}");
    for asks in ["connection", "life"] {
        let health = format!("interval = \"1s\", timeout = \"500ms\", asks = \"{asks}\"");
        assert_eq!(watch(&health, busy, 1), []);
    }
}
