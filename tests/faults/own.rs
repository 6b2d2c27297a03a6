//! What processes do to themselves: death by overload and memory, pauses, cold starts.

use super::{FOUR, Over, STEADY, is_deterministic, log, mistake, near, scenario, steady, with};
use misroute::model::outcome::Outcome;
use misroute::scenario::Scenario;

/// 100 MiB of room, 1 MiB leaked with each: the 101st is too much, and takes itself along.
#[test]
fn a_leak_kills_by_arithmetic_and_the_supervisor_waits_longer_each_time() {
    let memory = "memory = { limit = \"101MiB\", base = \"1MiB\", leak-per-request = \"1MiB\" }\n";
    let leaks = steady("2m", "10/s", &format!("{STEADY}{memory}"));
    let log = log(&leaks.setup, 1);
    let born: Vec<f64> = log.born.iter().map(|&(ns, ..)| ns as f64 / 1e9).collect();
    // It is back at once the first time, then after 10 s, 20 s, 40 s; whoever comes meanwhile
    // finds the port closed and leaks nothing.
    let (mut back, mut expected) = (0.0, Vec::new());
    for wait in [0.0, 10.0, 20.0, 40.0] {
        let first = born.iter().position(|&at| at > back).unwrap();
        // Who comes as it comes back is let in; who killed it was there before.
        expected.push(born[first + 100]);
        back = born[first + 100] + wait + if wait > 0.0 { -1e-6 } else { 1e-6 };
    }
    let downs = log.states("down");
    assert_eq!(downs.len(), expected.len(), "{downs:?}");
    assert!(downs.iter().zip(&expected).all(|(a, b)| near(*a, *b)), "{downs:?} {expected:?}");
    assert_eq!(log.ended(Outcome::Http502), 4, "each takes along whoever was too much");
    // Shut for 10 s, 20 s and 40 s at 10 requests a second, less those at either end.
    assert_eq!(log.ended(Outcome::Http503), 99 + 199 + 399);
}

#[test]
fn a_life_that_was_long_enough_is_forgiven() {
    let text = format!(
        "{STEADY}memory = {{ limit = \"101MiB\", base = \"1MiB\", leak-per-request = \"1MiB\" }}\n\
         supervisor = {{ reset = \"5s\" }}\n"
    );
    // It lives for ten seconds each time, so it is back at once each time.
    let downs = log(&steady("1m", "10/s", &text).setup, 1).states("down");
    assert_eq!(downs.len(), 5, "{downs:?}");
    assert!(downs.windows(2).all(|pair| near(pair[1] - pair[0], 10.1)), "{downs:?}");
    let dead = with(&steady("1m", "10/s", &text), &["backends.a.supervisor={restarts=false}"]);
    assert_eq!(log(&dead.setup, 1).states("down").len(), 1);
    assert!(log(&dead.setup, 1).states("starting").is_empty());
}

/// 60 MiB of room at 60 MiB an hour last for an hour, and the time of one byte more.
#[test]
fn a_leak_with_time_kills_at_its_time() {
    let memory = "memory = { limit = \"100MiB\", base = \"40MiB\", leak-per-hour = \"60MiB\" }\n";
    let log = log(&steady("3h30m", "1/s", &format!("{STEADY}{memory}")).setup, 1);
    let downs = log.states("down");
    // Back at once after the first death, and, having lived for ten minutes, after all others.
    let byte = 3_600.0 / f64::from(60 << 20);
    let expected = [1.0, 2.0, 3.0].map(|n| n * (3_600.0 + byte));
    assert_eq!(downs.len(), 3);
    assert!(downs.iter().zip(expected).all(|(a, b)| near(*a, b)), "{downs:?}");
}

/// One a second comes to stay: the fourth is too much, for its memory or for its queue.
#[test]
fn too_many_inside_kill_and_all_of_them_lose_their_connection() {
    let wide = "[[backends]]\nname = \"a\"\nworkers = 9\nservice = \"1h\"\n\
                memory = { limit = \"35MiB\", per-attempt = \"10MiB\" }\n";
    let narrow = "[[backends]]\nname = \"a\"\nservice = \"1h\"\nqueue = 5\n\
                  overload = { crash-at = \"queue >= 60%\" }\n";
    for tables in [wide, narrow] {
        let log = log(&steady("4500ms", "1/s", tables).setup, 1);
        let fourth = log.born[3].0 as f64 / 1e9;
        assert_eq!(log.ended(Outcome::Http502), 4, "{tables}");
        assert_eq!(log.states("down"), [fourth], "{tables}");
        assert_eq!(log.states("up"), [fourth], "it is back at once");
    }
}

/// Memory that only fewer inside leave room for: the end is put off as they leave.
#[test]
fn memory_that_attempts_give_back_does_not_kill() {
    let memory =
        "memory = { limit = \"35MiB\", per-attempt = \"10MiB\", leak-per-hour = \"100MiB\" }\n";
    let log = log(&steady("1h", "1/s", &format!("{STEADY}{memory}")).setup, 1);
    // One inside at a time: 25 MiB of room last for 15 minutes, until somebody comes.
    let downs = log.states("down");
    assert_eq!(downs.len(), 3, "{downs:?}");
    assert!((downs[0] - 900.5).abs() < 0.6, "{downs:?}");
}

/// A pause of a second, after ten: ten requests arrive in it, and are served one after another.
#[test]
fn a_pause_delays_by_arithmetic() {
    let pauses = "pauses = { every = \"10s\", length = \"1s\", phase = \"in-step\" }\n";
    let log = log(&steady("19s", "10/s", &format!("{STEADY}{pauses}")).setup, 1);
    let paused: Vec<&Over> = log.over.iter().filter(|over| over.took > 0.010_001).collect();
    assert_eq!(log.ended(Outcome::Ok), log.over.len());
    assert!((10..=12).contains(&paused.len()), "{}", paused.len());
    for (place, over) in (0_u32..).zip(&paused) {
        // One that is half done when the pause begins is first to go on.
        let ahead = if paused[0].born < 10.0 { 0.01 * (10.0 - paused[0].born) / 0.01 } else { 0.0 };
        let expected = 11.0 - over.born + 0.01 * f64::from(place + 1) - ahead;
        assert!((over.took - expected).abs() < 1e-6, "{} {expected}", over.took);
    }
}

/// When requests had to wait because of a pause.
fn delayed(scenario: &Scenario) -> Vec<f64> {
    let log = log(&scenario.setup, 1);
    log.over.iter().filter(|over| over.took > 0.2).map(|over| over.born).collect()
}

#[test]
fn pauses_have_phases_of_their_own_or_one_in_common() {
    let two = STEADY.replace("\"a\"", "\"api-{1..4}\"");
    let pauses = "pauses = { every = \"10s\", length = \"1s\" }\n";
    let base = steady("19s", "40/s", &format!("{two}{pauses}"));
    let common = delayed(&with(&base, &["backends.*.pauses.phase=in-step"]));
    assert!(common.len() > 25 && common.iter().all(|at| (10.0..11.0).contains(at)), "{common:?}");
    let own = delayed(&base);
    assert!(own.len() > 40 && own.iter().any(|at| *at < 9.0), "{own:?}");
    // A pause that is as long as the time between two leaves no time for work.
    let never = with(&base, &["backends.*.pauses.length=20s", "backends.*.pauses.phase=in-step"]);
    assert!(log(&never.setup, 1).over.iter().all(|over| over.born < 10.0));
}

#[test]
fn pauses_that_come_with_work_come_as_often() {
    let pauses = "pauses = { every-requests = 100, length = \"300ms\" }\n";
    let log = log(&steady("100s", "10/s", &format!("{STEADY}{pauses}")).setup, 1);
    // Each pause makes three requests wait, of which the first waits longest: 1000 served.
    let longest = log.over.iter().filter(|over| over.took > 0.2).count();
    assert!((9..=11).contains(&longest), "{longest}");
}

/// Each served attempt takes a cold process one of twenty steps along the curve, with the mean of each.
#[test]
fn a_cold_cache_warms_up_with_what_is_served() {
    let cold = "cold-start = { curve = [5, 3], requests = 20 }\n[[timeline]]\nname = \"restart\"\n\
                at = \"1950ms\"\ndo = \"restart\"\ntargets = \"a\"\n";
    let log = log(&steady("6s", "10/s", &format!("{STEADY}{cold}")).setup, 1);
    let after: Vec<&Over> = log.over.iter().filter(|over| over.born > 1.95).collect();
    for (n, over) in after.iter().take(30).enumerate() {
        let n = n as f64 + 0.5;
        let slowdown = if n < 10.0 { 5.0 - 0.2 * n } else { (3.0 - 0.2 * (n - 10.0)).max(1.0) };
        assert!(near(over.took, 0.01 * slowdown), "{n}: {}", over.took);
    }
}

#[test]
fn a_cold_start_may_decay_exponentially() {
    let cold = "cold-start = { slowdown = 9, period = \"10s\", shape = \"exponential\" }\n\
                [[timeline]]\nname = \"restart\"\nat = \"500ms\"\ndo = \"restart\"\ntargets = \"a\"\n";
    let log = log(&steady("70s", "1/s", &format!("{STEADY}{cold}")).setup, 1);
    for over in log.over.iter().filter(|over| over.born > 0.5) {
        // In steps of a second, for five constants, each with the mean speed of that second.
        let step = (over.born - 0.5).floor();
        let speed = |n: u32| {
            let constants = (step + (f64::from(n) + 0.5) / 1_000.0) / 10.0;
            1.0 / (1.0 + 8.0 * libm::exp(-constants))
        };
        let mean = (0..1_000).map(speed).sum::<f64>() / 1_000.0;
        let expected = if step < 50.0 { 1.0 / mean } else { 1.0 };
        assert!(near(over.took, 0.01 * expected), "{}: {}", over.born, over.took);
    }
}

#[test]
fn what_processes_do_to_themselves_is_deterministic_and_leaves_the_demand_alone() {
    let base = scenario("5m", "400/s", FOUR);
    for feature in [
        "backends.*.overload={crash-at=\"queue >= 3\"}",
        "backends.*.memory={limit=\"100MiB\", per-attempt=\"1MiB\", leak-per-request=\"10KiB\"}",
        "backends.*.pauses={every={exponential={mean=\"5s\"}}, length=\"100ms\"}",
        "backends.*.pauses={every-requests=500, length={exponential={mean=\"100ms\"}}}",
    ] {
        is_deterministic(&base, &[feature]);
    }
}

#[test]
fn own_faults_that_make_no_sense_are_explained() {
    let wrong = |keys: &str| mistake(&format!("{STEADY}{keys}\n"));
    for (keys, message) in [
        ("memory = { limit = \"10MiB\" }", "this memory never grows"),
        ("memory = { limit = \"10MiB\", base = \"20MiB\", per-attempt = \"1B\" }", "less than"),
        ("memory = { limit = 10, per-attempt = \"1B\" }", "did you mean \"10MiB\"?"),
        ("pauses = { length = \"1s\" }", "either `every` or `every-requests`"),
        ("pauses = { every = \"1s\", every-requests = 2, length = \"1s\" }", "a second"),
        ("pauses = { every-requests = 2, length = \"1s\", phase = \"in-step\" }", "be in step"),
        ("pauses = { every = \"1us\", length = \"1s\" }", "at least 1ms"),
        ("supervisor = { restarts = false, cap = \"1m\" }", "no meaning with restarts = false"),
        ("cold-start = { slowdown = 2 }", "either `period` or `requests`"),
        ("cold-start = { curve = [2, 0], period = \"1s\" }", "at least 0.01"),
        ("cold-start = { curve = [2], period = \"1s\", shape = \"linear\" }", "no meaning with"),
        ("overload = {}", "this overload does nothing"),
        ("overload = { unresponsive-at = \"queue >= 1\" }", "needs `until`"),
        ("overload = { crash-at = \"queue >= 1\", until = \"1s\" }", "no meaning without"),
        ("overload = { crash-at = \"queue >= 50%\" }", "needs a `queue` with a limit"),
    ] {
        let text = wrong(keys);
        assert!(text.contains(message), "{keys}:\n{text}");
    }
}
