//! Clients and backends under stress that once did what neither does: each against arithmetic.

use super::{backends, begin, constant, ended, entry, figures};
use misroute::model::outcome::Outcome;

/// A twentieth of 50/s take 1 s instead of 10 ms until the query times out: (0.95 x 10 ms + 0.05 x 1 s)
/// x 50/s are 3 of ten connections, whatever becomes of the attempts. Only the twentieth fails.
#[test]
fn a_query_times_out_even_if_nobody_waits_for_it() {
    let slow = "query = { bimodal = { fast = \"10ms\", slow = \"60s\", slow-share = \"5%\" } }";
    let database = format!("[database]\nconnections = 10\nquery-timeout = \"1s\"\n{slow}\n");
    let many = |more: &str| {
        format!("[[backends]]\nname = \"b\"\nworkers = 200\nservice = \"1ms\"\n{more}\n{database}")
    };
    let clients = constant("50/s") + "\ntimeout = \"500ms\"";
    for abandoned in ["cancel", "skip"] {
        let rest = many(&format!("abandoned = \"{abandoned}\""));
        let figures = figures("3m", &clients, "", &rest);
        // Of 9000 requests 450, standard error 21.
        assert!((350..550).contains(&figures.totals.failed), "{abandoned}: {:?}", figures.totals);
        let busy = figures.database.as_ref().unwrap().utilization;
        assert!((0.2..0.4).contains(&busy), "{abandoned}: {busy}");
    }
    // A process that dies leaves up to ten such queries behind: a second later they are over.
    let rest = many("") + &entry("20s", "do = \"restart\"\ntargets = [\"b\"]");
    let restarted = figures("30s", &constant("50/s"), "", &rest).totals;
    assert!(restarted.failed < 250, "{restarted:?}");
}

/// Nothing is ever rejected, so nothing may be held back: neither for the losers of hedges, of which
/// nobody learns anything, nor for what the client's own pool turned away.
#[test]
fn a_throttle_holds_back_nothing_that_was_never_rejected() {
    let throttle =
        |k: &str| format!("throttle = {{ k = {k}, scope = \"population\", window = \"30s\" }}");
    let service = "[[backends]]\nname = \"b-{1..4}\"\nworkers = 100\n\
                   service = { exponential = { mean = \"50ms\" } }\n";
    for (k, hedge) in [
        ("2", "after = \"10ms\", max = 3"),
        ("1.1", "after = \"10ms\""),
        ("2", "after = \"10ms\", max = 3, cancel = false"),
    ] {
        let clients = format!("{}\n{}\nhedge = {{ {hedge} }}", constant("100/s"), throttle(k));
        let totals = figures("3m", &clients, "", service).totals;
        // Of the first few of all, which have no answer yet, and those are remembered for 30 s: below 1%.
        assert!(ended(&totals, Outcome::Throttled) < 180, "{hedge}: {totals:?}");
    }
    // One connection, 10 ms each, asked for 100/s at random: M/G/1/1 serves 100 / (1 + 1) of them.
    let clients = format!(
        "users = 1\nrate = \"100/s\"\n{}\nconnections = {{ max = 1, waiting = 0 }}",
        throttle("1.5")
    );
    let totals = figures("5m", &clients, "", &backends("b", "10ms", "")).totals;
    let ok = ended(&totals, Outcome::Ok) as f64 / 300.0;
    // 15,000 in five minutes: a standard error of 0.3/s.
    assert!((ok - 50.0).abs() < 2.0, "{totals:?}");
    assert!(ended(&totals, Outcome::Throttled) < 300, "{totals:?}");
}

/// Whoever lost to a hedge is closed when its own timeout is over: with a backend that hangs each user has
/// at most one such loser at a time, and its second connection free.
#[test]
fn a_loser_that_nobody_cancels_times_out() {
    let hang = begin("500ms", "hang", "\"b-1\"");
    let clients = "users = 10\narrivals = \"constant\"\nrate = \"1/s\"\ntimeout = \"1s\"\n\
                   hedge = { after = \"100ms\", cancel = false }\nconnections = { max = 2 }";
    let rest = backends("b-{1..2}", "10ms", "") + &hang;
    let figures_of = |rest: &str| figures("40s", clients, "algorithm = \"round-robin\"", rest);
    let totals = figures_of(&rest).totals;
    assert_eq!(totals.failed, 0, "{totals:?}");
    // Across a network its connection is free when its answer is there, or its timeout over.
    for hang in ["", &hang] {
        let network = "[network]\nlatency = \"1ms\"\n";
        let rest = format!("{}{hang}{network}", backends("b-{1..2}", "150ms", ""));
        let totals = figures_of(&rest).totals;
        assert_eq!(totals.failed, 0, "{totals:?}");
    }
}

/// gRPC proposal A6: at half of its tokens or less it hedges no more than it retries. All fail after a
/// minute, so soon each request is one attempt.
#[test]
fn grpc_throttling_stops_hedges() {
    let clients = constant("100/s")
        + "\ntimeout = \"1s\"\nretries = { max = 2, base = \"50ms\", \
           grpc-throttling = { scope = \"population\" } }\nhedge = { after = \"100ms\", max = 2 }";
    let rest = backends("b-{1..4}", "20ms", "") + &begin("60s", "hang", "\"b-{1..4}\"");
    let totals = figures("3m", &clients, "", &rest).totals;
    // 18,000 requests, and three attempts of each of those born before the first timeouts.
    assert!((18_000..18_400).contains(&totals.attempts), "{totals:?}");
}

/// Work gets in the way of work, not of those who wait for the database: 50/s of 10 ms are half an attempt in
/// service, so that 0.05 for each further one is next to nothing, whenever the factor is taken.
#[test]
fn whoever_waits_for_the_database_does_not_contend() {
    for applies in ["throughout", "at-start"] {
        let contention = format!("contention = {{ alpha = 0.05, applies = \"{applies}\" }}");
        let rest = "[[backends]]\nname = \"b\"\nworkers = 1000\nservice = \"10ms\"\n".to_owned()
            + &contention
            + "\n[database]\nconnections = 10000\nquery = \"1s\"\n";
        let figures = figures("1m", "users = 50\nrate = \"50/s\"", "", &rest);
        let mean = figures.latency_ms.mean.unwrap();
        assert!((1_010.0..1_011.0).contains(&mean), "{applies}: {mean}");
    }
}

/// Four processors with 100/s of 1 ms to do are busy for 2.5% of the time, and no queue of 20 forms, however
/// long the threads wait for the database; a limit of 20 threads is one of 20 inside, though.
#[test]
fn threads_at_the_database_occupy_no_processor() {
    let sharing = |more: &str| {
        format!(
            "[[backends]]\nname = \"b\"\nworkers = 4\nqueue = 20\nservice = \"1ms\"\n\
             discipline = \"processor-sharing\"\n{more}\n[database]\nconnections = 10000\nquery = \"1s\"\n"
        )
    };
    let clients = "users = 50\nrate = \"100/s\"";
    let free = figures("2m", clients, "", &sharing(""));
    assert_eq!(free.totals.failed, 0, "{:?}", free.totals);
    let busy = free.backends[0].utilization;
    assert!((busy - 0.025).abs() < 0.002, "{busy}");
    let threads = "processor-sharing = { concurrency = 20 }";
    let bounded = figures("2m", clients, "", &sharing(threads)).totals;
    // 20 at a time for a second each.
    assert!(bounded.succeeded.abs_diff(120 * 20) < 60, "{bounded:?}");
}
