//! The shared database: its connections, its timeouts, and its own failures.

use super::{FOUR, Log, Over, is_deterministic, log, near, scenario, steady, with};
use misroute::model::outcome::Outcome;
use misroute::scenario::Scenario;

/// A backend that does next to nothing itself, and as much of it at once as anybody likes.
const THIN: &str = "[[backends]]\nname = \"a\"\nworkers = 100000\nservice = \"1ns\"\n";

fn behind(duration: &str, rate: &str, keys: &str) -> Scenario {
    scenario(duration, rate, &format!("{THIN}[database]\n{keys}\n"))
}

fn share(log: &Log, outcome: Outcome) -> f64 {
    log.ended(outcome) as f64 / log.over.len() as f64
}

fn mean(log: &Log) -> f64 {
    log.over.iter().map(|over| over.took).sum::<f64>() / log.over.len() as f64
}

const EXPONENTIAL: &str = "query = { exponential = { mean = \"100ms\" } }";

/// Erlang's loss formula: five connections, four erlangs, nobody waits: B(5, 4) = 0.19907.
#[test]
fn an_exhausted_pool_without_a_queue_loses_as_erlang_says() {
    let lossy = behind("6h", "40/s", &format!("connections = 5\nqueue = 0\n{EXPONENTIAL}"));
    let lost = share(&log(&lossy.setup, 1), Outcome::Http500);
    // 860,000 requests: a standard error of some 0.5%.
    assert!((lost / 0.199_07 - 1.0).abs() < 0.02, "{lost}");
}

/// M/M/1/5 at load 0.8: case MMcK-1-5-0.8 of the theory's table states 0.088819499 and, for those
/// who are served, 2.563065207 mean queries.
#[test]
fn a_bounded_queue_for_connections_is_that_of_a_bounded_station() {
    let bounded = behind("40h", "8/s", &format!("connections = 1\nqueue = 4\n{EXPONENTIAL}"));
    let log = log(&bounded.setup, 1);
    // 1.15 million requests in some 40,000 independent pieces: 1.5%.
    let lost = share(&log, Outcome::Http500);
    assert!((lost / 0.088_819_499 - 1.0).abs() < 0.05, "{lost}");
    let served = log.over.iter().filter(|over| over.outcome.is_ok());
    let sojourn = served.map(|over| over.took / 0.1).sum::<f64>() / log.ended(Outcome::Ok) as f64;
    assert!((sojourn / 2.563_065_207 - 1.0).abs() < 0.02, "{sojourn}");
}

/// A pool of two in front of nine connections is an M/M/2: at 1.5 erlangs Erlang's C is 9/14, and
/// T = 100 ms + C / (20/s - 15/s).
#[test]
fn a_backends_own_pool_is_the_bottleneck_when_it_is_the_smaller_one() {
    let pooled = behind("20h", "15/s", &format!("connections = 9\npool = 2\n{EXPONENTIAL}"));
    let sojourn = mean(&log(&pooled.setup, 1));
    assert!((sojourn / (0.1 + 9.0 / 14.0 / 5.0) - 1.0).abs() < 0.03, "{sojourn}");
    // And the shared one when that is: the pools of two backends are larger than what there is.
    let two = THIN.replace("\"a\"", "\"{a,b}\"");
    let text = format!("{two}[database]\nconnections = 2\npool = 9\n{EXPONENTIAL}\n");
    let sojourn = mean(&log(&scenario("20h", "15/s", &text).setup, 1));
    assert!((sojourn / (0.1 + 9.0 / 14.0 / 5.0) - 1.0).abs() < 0.03, "{sojourn}");
}

#[test]
fn whoever_waits_too_long_for_a_connection_gets_the_error_then() {
    let keys = "connections = 1\nquery = \"10s\"\npool-timeout = \"2s\"\nerror = \"http_503\"";
    for pool in ["unlimited", "1"] {
        let base = with(&behind("9s", "10/s", keys), &["clients.web.arrivals=constant"]);
        let log = log(&with(&base, &[&format!("database.pool={pool}")]).setup, 1);
        assert_eq!(log.ended(Outcome::Http503), log.over.len());
        assert!(log.over.len() > 60 && log.over.iter().all(|over| near(over.took, 2.0)));
    }
}

#[test]
fn a_query_that_takes_too_long_is_given_up_and_its_connection_free() {
    let keys = "connections = 1\nquery = \"5s\"\nquery-timeout = \"1s\"";
    let base = with(&behind("60s", "30/m", keys), &["clients.web.arrivals=constant"]);
    let log = log(&base.setup, 1);
    assert!(log.over.len() > 25);
    for Over { took, outcome, .. } in &log.over {
        assert!(near(*took, 1.0) && *outcome == Outcome::Http500, "{took} {outcome:?}");
    }
}

/// Which queries fail is a matter of the request, whatever the configuration.
#[test]
fn a_share_of_queries_fails_and_it_is_always_the_same_ones() {
    let text = format!("{FOUR}[database]\nconnections = 50\nquery = \"5ms\"\nfailing = \"30%\"\n");
    let base = scenario("10m", "100/s", &text);
    let failed = |changes: &[&str]| -> Vec<u64> {
        let log = log(&with(&base, changes).setup, 1);
        let failed = log.over.iter().filter(|over| over.outcome == Outcome::Http500);
        let mut born: Vec<u64> = failed.map(|over| over.born.to_bits()).collect();
        born.sort_unstable();
        born
    };
    let first = failed(&[]);
    // 60,000 at 30%: a standard deviation of 112; all end within a second of the end.
    assert!((first.len() as f64 - 18_000.0).abs() < 400.0, "{}", first.len());
    let other = failed(&["balancer.algorithm=random", "backends.*.workers=9"]);
    let common = first.iter().filter(|born| other.binary_search(born).is_ok()).count();
    assert!(common + 60 > first.len().max(other.len()), "{common} of {}", first.len());
}

fn entry(verb: &str, keys: &str) -> String {
    format!(
        "[[timeline]]\nname = \"{verb}\"\nat = \"5s\"\ndo = \"{verb}\"\ntargets = \"database\"\n{keys}\n"
    )
}

fn done(verb: &str, keys: &str) -> Log {
    let text =
        format!("{THIN}[database]\nconnections = 9\nquery = \"100ms\"\n{}", entry(verb, keys));
    log(&steady("20s", "20/s", &text).setup, 1)
}

#[test]
fn a_database_can_crash_restart_hang_and_fail() {
    let born = |log: &Log, outcome| -> Vec<f64> {
        let all = log.over.iter().filter(|over| over.outcome == outcome);
        all.map(|over| over.born).collect()
    };
    // Whoever is there loses the query, whoever comes gets the error at once.
    let crash = done("crash", "for = \"5s\"");
    let lost = born(&crash, Outcome::Http500);
    assert!((101..=103).contains(&lost.len()), "{}", lost.len());
    assert!(lost.iter().all(|at| (4.9..10.0).contains(at)));
    assert!(
        crash
            .over
            .iter()
            .filter(|over| over.born > 5.0 && over.born < 10.0)
            .all(|over| over.took < 1e-6)
    );
    let restart = done("restart", "");
    assert!((1..=3).contains(&restart.ended(Outcome::Http500)));
    // Those inside go on where they stopped; nine at a time, the others follow.
    let hang = done("hang", "for = \"5s\"");
    assert_eq!(hang.ended(Outcome::Ok), hang.over.len());
    let longest = hang.over.iter().map(|over| over.took).fold(0.0, f64::max);
    assert!((5.0..6.2).contains(&longest), "{longest}");
    let fail = done("fail", "for = \"5s\"\nwith = \"http_503\"\nafter = \"10ms\"");
    let failed = born(&fail, Outcome::Http503);
    assert!((99..=101).contains(&failed.len()), "{}", failed.len());
    assert!(
        fail.over.iter().filter(|over| !over.outcome.is_ok()).all(|over| near(over.took, 0.01))
    );
}

/// Everything at once: what counts is that nothing is lost, which every sample of a run checks.
#[test]
fn no_attempt_is_lost_whatever_breaks() {
    let text = "[[backends]]\nname = \"api-{1..4}\"\nworkers = 12\nqueue = 30\nabandoned = \"cancel\"\n\
        service = { exponential = { mean = \"20ms\" } }\nstart-time = \"500ms\"\n\
        memory = { limit = \"60MiB\", per-attempt = \"1MiB\", leak-per-request = \"10KiB\" }\n\
        overload = { crash-at = \"queue >= 25\" }\nsupervisor = { base = \"1s\" }\n\
        pauses = { every = { exponential = { mean = \"3s\" } }, length = \"200ms\" }\n\
        cold-start = { curve = [4, 2], requests = 200 }\n\
        failures = { up = { exponential = { mean = \"20s\" } }, down = \"1s\", fault = \"hang\" }\n\
        [database]\nconnections = 12\npool = 5\nqueue = 5\nquery = { exponential = { mean = \"60ms\" } }\n\
        pool-timeout = \"150ms\"\nquery-timeout = \"300ms\"\nfailing = \"1%\"\n\
        [[cause]]\nname = \"rack\"\ntargets = [\"api-1\", \"api-2\"]\n\
        up = { exponential = { mean = \"15s\" } }\ndown = \"2s\"\n\
        [[timeline]]\nname = \"c\"\nat = \"40s\"\ndo = \"crash\"\ntargets = \"database\"\nfor = \"2s\"\n\
        [[timeline]]\nname = \"h\"\nat = \"60s\"\ndo = \"hang\"\ntargets = \"database\"\nfor = \"3s\"\n\
        [[timeline]]\nname = \"r\"\nat = \"90s\"\ndo = \"restart\"\ntargets = \"database\"\n";
    let base = with(
        &scenario("3m", "180/s", text),
        &["clients.web.timeout=500ms", "clients.web.retries={max=2, base=\"50ms\"}"],
    );
    for changes in [
        &["clients.web.users=1000"][..],
        &["backends.*.abandoned=skip", "balancer.retry={max=2, on=[\"http_500\", \"http_502\"]}"],
        &[
            "backends.*.abandoned=finish",
            "balancer.client-leaves=ignore",
            "database.pool=unlimited",
        ],
        &["balancer.server-timeout=200ms", "balancer.retry={max=1, on=[\"http_504\"]}"],
    ] {
        for seed in 1..=3 {
            let log = log(&with(&base, changes).setup, seed);
            assert!(log.ended(Outcome::Ok) > 2_000, "{changes:?}: {}", log.ended(Outcome::Ok));
        }
    }
}

#[test]
fn a_failing_database_is_deterministic_and_leaves_the_demand_alone() {
    let text = format!(
        "{FOUR}[database]\nconnections = 9\nquery = {{ exponential = {{ mean = \"40ms\" }} }}\n"
    );
    let base = scenario("2m", "200/s", &text);
    for feature in [
        "database.failing=5%",
        "database.queue=3",
        "database.pool=2",
        "database.pool-timeout=30ms",
        "database.query-timeout=60ms",
    ] {
        is_deterministic(&base, &[feature]);
    }
}
