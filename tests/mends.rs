//! Situations in which a balancer once did what no balancer does, each smaller than a scenario that a user
//! would write. What is expected follows from the vendor's source that the comment names, or from arithmetic.

mod stress;

use misroute::experiment::run::run;
use misroute::model::outcome::Outcome;
use misroute::observe::result::{Figures, Totals};
use misroute::scenario::{Source, load};

/// A minute, or as long as `head` says, of clients, a balancer and backends as TOML.
#[track_caller]
fn figures(duration: &str, clients: &str, balancer: &str, rest: &str) -> Figures {
    let text = format!(
        "schema = 1\nname = \"mends\"\nduration = \"{duration}\"\n\
         [[clients]]\nname = \"web\"\n{clients}\n[balancer]\n{balancer}\n{rest}"
    );
    let scenario = load(&Source::from_text("mends.toml", text), &[]);
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
    run(&scenario, 1, |_| {}).result.figures
}

fn backends(names: &str, service: &str, more: &str) -> String {
    format!("[[backends]]\nname = \"{names}\"\nworkers = 20\nservice = \"{service}\"\n{more}\n")
}

fn constant(rate: &str) -> String {
    format!("arrivals = \"constant\"\nusers = 100\nrate = \"{rate}\"")
}

fn entry(at: &str, what: &str) -> String {
    format!("[[timeline]]\nname = \"at {at}\"\nat = \"{at}\"\n{what}\n")
}

fn begin(at: &str, fault: &str, targets: &str) -> String {
    entry(at, &format!("do = \"{fault}\"\ntargets = [{targets}]"))
}

fn configure(at: &str, set: &str) -> String {
    entry(at, &format!("do = \"configure\"\nset = {{ {set} }}"))
}

/// Share of the attempts that reached a backend.
fn share(figures: &Figures, backend: usize) -> f64 {
    figures.backends[backend].share.unwrap_or(0.0)
}

fn ended(totals: &Totals, outcome: Outcome) -> u64 {
    totals.outcome(outcome)
}

/// Connections that wait to be accepted are accepted once nothing limits them any more.
#[test]
fn a_backlog_outlives_its_limit() {
    let limit = "for = \"10s\"\ndo = \"configure\"\nset = { balancer.limits = { accepted = 8 } }";
    let rest = backends("b-{1..4}", "400ms", "") + &entry("10s", limit);
    let totals = figures("60s", &constant("40/s"), "algorithm = \"round-robin\"", &rest).totals;
    // 16 of 400 ms at 40/s.
    assert!(totals.in_flight <= 17, "{totals:?}");
}

/// Envoy's route timeout is one for outlier detection too (`Filter::onResponseTimeout`): of the defaults,
/// the only one that ends a try at a host that hangs. 5 of them eject it: 100 s at 5 in a row every
/// second leave it for 30 s, 60 s, 90 s.
#[test]
fn envoy_ejects_who_lets_the_route_time_out() {
    let balancer = "dialect = \"envoy\"\nejection = { rule = \"outlier\", max-percent = \"50%\" }";
    let rest = backends("b-{1..4}", "20ms", "") + &begin("10s", "hang", "\"b-1\"");
    let figures = figures("5m", &constant("20/s"), balancer, &rest);
    assert!(share(&figures, 0) < 0.15, "{}", share(&figures, 0));
    assert!(ended(&figures.totals, Outcome::Http504) < 700, "{:?}", figures.totals);
}

/// Finagle's and tower's meters stop when the client leaves, too: a member that hangs is slow.
#[test]
fn whom_clients_leave_is_slow() {
    for algorithm in ["peak-ewma", "least-response-time"] {
        let clients = constant("40/s") + "\ntimeout = \"1s\"";
        let rest = backends("b-{1..4}", "20ms", "") + &begin("10s", "hang", "\"b-1\"");
        let balancer = format!("algorithm = \"{algorithm}\"");
        let figures = figures("2m", &clients, &balancer, &rest);
        assert!(share(&figures, 0) < 0.05, "{algorithm}: {}", share(&figures, 0));
    }
}

/// `ngx_http_upstream_free_round_robin_peer`: weight is lost with what counts as a failure, and a status
/// that is not in `proxy_next_upstream` does not.
#[test]
fn nginx_weights_stay_with_errors_that_are_not_listed() {
    let fail = begin("1ms", "fail", "\"b-1\"") + "with = \"http_500\"\n";
    let rest = backends("b-{1..2}", "20ms", "") + &fail;
    for algorithm in ["round-robin", "least_conn"] {
        let balancer = format!("dialect = \"nginx\"\nalgorithm = \"{algorithm}\"");
        let figures = figures("60s", &constant("10/s"), &balancer, &rest);
        assert!((share(&figures, 0) - 0.5).abs() < 0.01, "{algorithm}: {}", share(&figures, 0));
    }
    // A connection that is not made in time is one: without its weight b-1 has every third turn, with it
    // every second. There is one max_fails for weight and exclusion.
    let rest = backends("b-{1..2}", "20ms", "") + &begin("1ms", "partition", "\"b-1\"");
    let mean = |more: &str| {
        let balancer = "dialect = \"nginx\"\nconnect = { timeout = \"100ms\" }\n\
                        ejection = { rule = \"max-fails\", max-fails = 0 }";
        let balancer = format!("{balancer}\n{more}");
        figures("60s", &constant("5/s"), &balancer, &rest).latency_ms.mean.unwrap()
    };
    let (kept, lost) = (mean(""), mean("smooth-weighted = { max-fails = 1 }"));
    assert!((kept - 70.0).abs() < 2.0 && (lost - 53.3).abs() < 2.0, "{kept} {lost}");
}

/// `do_l7_retry` goes by `stream_choose_redispatch`: without `option redispatch` to the same server.
#[test]
fn haproxy_repeats_bad_answers_where_they_came_from() {
    let fail = begin("1ms", "fail", "\"b-1\"") + "with = \"http_503\"\n";
    let rest = backends("b-{1..2}", "20ms", "") + &fail;
    let retry = "dialect = \"haproxy\"\nretry = { on = [\"http_503\"], max = 3 }";
    let pinned = figures("60s", &constant("10/s"), retry, &rest);
    assert!((295..=305).contains(&pinned.totals.failed), "{:?}", pinned.totals);
    // Four tries of each second request, against one.
    assert!((share(&pinned, 0) - 0.8).abs() < 0.01, "{}", share(&pinned, 0));
    let free = format!("{retry}\nconnect = {{ redispatch = true }}");
    assert_eq!(figures("60s", &constant("10/s"), &free, &rest).totals.failed, 0);
}

/// What a hung server still has of a try that was repeated there stays its own.
#[test]
fn haproxy_repeats_timeouts_where_they_came_from() {
    let rest = backends("b-{1..2}", "20ms", "") + &begin("1ms", "hang", "\"b-1\"");
    let balancer = "dialect = \"haproxy\"\nserver-timeout = \"200ms\"\n\
                    retry = { on = [\"http_504\"], max = 3 }";
    let figures = figures("60s", &constant("10/s"), balancer, &rest);
    assert!((295..=305).contains(&figures.totals.failed), "{:?}", figures.totals);
    assert_eq!(figures.totals.failed, ended(&figures.totals, Outcome::Http504));
}

/// A server out of maintenance fetches from the backend's queue at once (`pendconn_grab_from_px`,
/// `process_srv_queue`), and so does one whose maxconn was raised.
#[test]
fn haproxy_new_capacity_is_used() {
    let two = "max-connections = 2";
    let rest = backends("b-1", "100ms", two)
        + &backends("b-2", "100ms", &format!("{two}\nin-pool = false"))
        + &configure("20s", "backends.b-2.in-pool = true");
    let clients = constant("30/s") + "\ntimeout = \"60s\"";
    let added = figures("120s", &clients, "dialect = \"haproxy\"", &rest);
    // 20/s until 20 s, 40/s from then on: the 200 that wait are gone after 20 s.
    assert!(added.totals.in_flight < 10, "{:?}", added.totals);
    let rest =
        "[[backends]]\nname = \"b-1\"\nworkers = 50\nservice = \"15s\"\nmax-connections = 2\n"
            .to_owned()
            + &configure("5s", "backends.b-1.max-connections = 50");
    let clients = constant("4/s") + "\ntimeout = \"60s\"";
    let raised = figures("16s", &clients, "dialect = \"haproxy\"", &rest);
    assert!(raised.backends[0].requests >= 50, "{}", raised.backends[0].requests);
}

/// Who is not in the upstream block does not exist for nginx' hashes, down or not.
#[test]
fn nginx_hashes_over_whom_the_pool_lists() {
    for algorithm in ["hash", "ip_hash", "hash_consistent"] {
        let balancer = format!("dialect = \"nginx\"\nalgorithm = \"{algorithm}\"");
        let three = backends("b-{1..3}", "20ms", "");
        let spare = backends("spare", "20ms", "in-pool = false\nweight = 5");
        let rate = "users = 100\nrate = \"50/s\"";
        let without = figures("20s", rate, &balancer, &three);
        let with = figures("20s", rate, &balancer, &format!("{three}{spare}"));
        for backend in 0..3 {
            let requests = |figures: &Figures| figures.backends[backend].requests;
            assert_eq!(requests(&without), requests(&with), "{algorithm}, {backend}");
        }
    }
}

/// `pendconn_redistribute` since 3.1 and 2.6.20: with the last server gone, who waits for any of them is told so.
#[test]
fn haproxy_empties_the_queue_of_a_pool_without_servers() {
    let balancer = "dialect = \"haproxy\"\nhealth = { interval = \"1s\", rise = 2, fall = 2 }";
    let rest = backends("b-{1..2}", "2s", "max-connections = 2")
        + &begin("10s", "crash", "\"b-1\", \"b-2\"");
    let totals = figures("60s", &constant("10/s"), balancer, &rest).totals;
    assert_eq!(totals.in_flight, 0, "{totals:?}");
}

/// `tryCreateNewConnection`: a host without a connection always gets one; three hosts of 100 ms and six
/// users make 200 ms each, and nobody waits for longer.
#[test]
fn envoy_hosts_with_waiting_requests_do_not_idle() {
    let clients = "arrivals = \"closed\"\nusers = 6\nthink = \"1ms\"";
    let balancer = "dialect = \"envoy\"\ntimeout = \"none\"\n\
                    limits = { requests = 1024, connections = 1, pending = 1024 }";
    let figures = figures("60s", clients, balancer, &backends("b-{1..3}", "100ms", ""));
    assert_eq!(figures.totals.failed, 0, "{:?}", figures.totals);
    assert!(figures.latency_ms.max.unwrap() < 310.0, "{:?}", figures.latency_ms);
}

/// Envoy's pending requests are bounded by the route's timeout alone: 504 after 15 s.
#[test]
fn envoy_pending_requests_wait_for_the_route() {
    let balancer = "dialect = \"envoy\"\n\
                    limits = { requests = 1024, connections = 1, pending = 1024 }";
    let clients = "arrivals = \"closed\"\nusers = 20\nthink = \"1ms\"";
    let one = backends("b-1", "2s", "");
    let totals = figures("60s", clients, balancer, &one).totals;
    assert_eq!(ended(&totals, Outcome::Http503), 0, "{totals:?}");
    assert!(ended(&totals, Outcome::Http504) > 0, "{totals:?}");
}

/// A timer that runs is not changed by a change of the configuration.
#[test]
fn timers_that_run_go_on() {
    let rest = backends("b-1", "20ms", "") + &begin("5s", "hang", "\"b-1\"");
    for timeout in ["4s", "none"] {
        let set = format!("balancer.server-timeout = \"{timeout}\"");
        let rest = format!("{rest}{}", configure("6s", &set));
        let figures = figures("30s", &constant("10/s"), "server-timeout = \"2s\"", &rest);
        // Ten were sent between the two.
        let waits = if timeout == "none" { 240 } else { 40 };
        assert!(figures.totals.in_flight.abs_diff(waits) <= 1, "{timeout}: {:?}", figures.totals);
    }
    let waiting = "max-connections = 1";
    let rest = backends("b-1", "20ms", waiting) + &begin("5s", "hang", "\"b-1\"");
    let rest = rest + &configure("6s", "balancer.queue.timeout = \"4s\"");
    let balancer = "queue = { waits = true, timeout = \"2s\" }";
    let totals = figures("30s", &constant("10/s"), balancer, &rest).totals;
    assert!(totals.in_flight.abs_diff(41) <= 1, "{totals:?}");
}

/// Backups stand in before anybody who is down is asked.
#[test]
fn panic_asks_healthy_backups_first() {
    let balancer = "algorithm = \"round-robin\"\npanic = \"50%\"\n\
                    health = { interval = \"1s\", rise = 1, fall = 1 }";
    let rest = backends("b-{1..3}", "20ms", "")
        + &backends("spare", "20ms", "backup = true")
        + &begin("10s", "crash", "\"b-1\", \"b-2\", \"b-3\"");
    let totals = figures("60s", &constant("20/s"), balancer, &rest).totals;
    // Those of the second until the checks have seen it.
    assert!(totals.failed <= 25, "{totals:?}");
}

/// Envoy does not panic as long as 140% of the healthy ones are enough for all: 3 of 4 are.
#[test]
fn envoy_does_not_panic_while_the_rest_can_take_it() {
    let balancer = "dialect = \"envoy\"\npanic = \"80%\"\n\
                    health = { interval = \"1s\", timeout = \"500ms\", rise = 1, fall = 1 }";
    let rest = backends("b-{1..4}", "20ms", "") + &begin("10s", "crash", "\"b-1\"");
    let totals = figures("60s", &constant("40/s"), balancer, &rest).totals;
    assert!(totals.failed <= 15, "{totals:?}");
}

/// `stream_choose_redispatch` counts the retries made: of three, every second is the second.
#[test]
fn haproxy_redispatches_every_so_many_retries() {
    let balancer = "dialect = \"haproxy\"\nalgorithm = \"source\"\n\
                    haproxy-source = { consistent = 1 }\n\
                    connect = { redispatch = true, redispatch-every = 2 }";
    let rest = backends("b-{1..2}", "20ms", "") + &begin("1ms", "crash", "\"b-1\"");
    let figures = figures("60s", &constant("10/s"), balancer, &rest);
    assert_eq!(figures.totals.failed, 0);
    // One wait of a second, for those of the ring who belong to b-1.
    assert!((figures.latency_ms.max.unwrap() - 1_020.0).abs() < 15.0, "{:?}", figures.latency_ms);
}

/// With at most one active server even a retry that is redispatched waits (`back_handle_st_cer`).
#[test]
fn haproxy_waits_before_the_only_server() {
    let balancer = "dialect = \"haproxy\"\nconnect = { redispatch = true }";
    let rest = backends("b-1", "20ms", "") + &begin("1ms", "crash", "\"b-1\"");
    let totals = figures("60s", &constant("1/s"), balancer, &rest).totals;
    // Each fails after three seconds, not two: of 60 the last three are in flight.
    assert_eq!(totals.in_flight, 3, "{totals:?}");
}

/// nginx asks its backups whenever no primary can take it: full ones too.
#[test]
fn nginx_backups_serve_when_primaries_are_full() {
    let rest = backends("b-{1..2}", "200ms", "max-connections = 1")
        + &backends("spare", "200ms", "backup = true");
    let figures = figures("60s", &constant("20/s"), "dialect = \"nginx\"", &rest);
    assert_eq!(figures.totals.failed, 0, "{:?}", figures.totals);
    assert!(share(&figures, 2) > 0.2);
}

/// Ejection counts the members of the pool and nobody else.
#[test]
fn ejection_counts_whom_the_pool_lists() {
    let fail =
        entry("10s", "for = \"1s\"\ndo = \"fail\"\ntargets = [\"b-1\"]\nwith = \"http_502\"");
    let spare = backends("spare", "20ms", "in-pool = false");
    let rest = backends("b-1", "20ms", "") + &spare + &fail;
    let totals = figures("60s", &constant("10/s"), "dialect = \"nginx\"", &rest).totals;
    // nginx: a single peer is never excluded. Those of one second.
    assert_eq!(totals.failed, 10, "{totals:?}");
    // Envoy since 1.28: 1 of 5 is more than 10%.
    let balancer = "dialect = \"envoy\"\nejection = { rule = \"outlier\" }";
    let spares = backends("spare-{1..5}", "20ms", "in-pool = false");
    let rest = backends("b-{1..5}", "20ms", "") + &spares + &begin("10s", "crash", "\"b-1\"");
    let totals = figures("60s", &constant("10/s"), balancer, &rest).totals;
    assert!(totals.failed.abs_diff(100) <= 2, "{totals:?}");
}

/// Another interval of checks says nothing about who is up.
#[test]
fn a_change_of_the_checks_is_no_news_of_members() {
    let health =
        "health = { interval = \"5s\", timeout = \"1s\", rise = 2, fall = 2, asks = \"work\" }";
    let balancer = format!("dialect = \"envoy\"\npanic = \"0%\"\n{health}");
    let tune = configure("30s", "balancer.health.interval = \"4s\"");
    let rest = backends("b-{1..4}", "100ms", "") + &tune;
    let before =
        figures("29s", &constant("100/s"), &balancer, &rest.replace("\"30s\"", "\"28s\"")).totals;
    let totals = figures("60s", &constant("100/s"), &balancer, &rest).totals;
    assert!(totals.failed <= 20 && before.failed <= 20, "{before:?} {totals:?}");
    // And a member that is down stays down.
    let balancer = "algorithm = \"round-robin\"\n\
                    health = { interval = \"10s\", rise = 2, fall = 2, asks = \"life\" }";
    let crash = begin("1s", "crash", "\"b-3\"");
    let tune = configure("40s", "balancer.health.interval = \"9s\"");
    let rest = backends("b-{1..4}", "100ms", "");
    let untouched = figures("60s", &constant("100/s"), balancer, &format!("{rest}{crash}"));
    let tuned = figures("60s", &constant("100/s"), balancer, &format!("{rest}{crash}{tune}"));
    assert_eq!(tuned.totals.failed, untouched.totals.failed);
}

/// The ideal latency is measured from the moment a limit is switched on: of 10 workers of 100 ms that get
/// 150/s, the median of those served must be a matter of 100 ms, as if it had been on from the start.
#[test]
fn a_gradient_does_not_learn_the_overload() {
    let rest = "[[backends]]\nname = \"b-1\"\nworkers = 10\n\
                service = { exponential = { mean = \"100ms\" } }\n";
    let on = configure("20s", "balancer.admission = { rule = \"gradient\" }");
    let rate = "users = 500\nrate = \"150/s\"";
    let figures = figures("70s", rate, "algorithm = \"round-robin\"", &format!("{rest}{on}"));
    assert!(figures.latency_ms.p50.unwrap() < 600.0, "{:?}", figures.latency_ms);
}

/// A step of a slow start moves the member that warms up, and no other.
#[test]
fn a_slow_start_leaves_the_turns_of_others() {
    let balancer = "algorithm = \"round-robin\"\nslow-start = { period = \"60s\" }";
    let rest = backends("b-{1..9}", "20ms", "")
        + &backends("z", "20ms", "in-pool = false")
        + &configure("5s", "backends.z.in-pool = true");
    let figures = figures("65s", &constant("5/s"), balancer, &rest);
    // 325 less z's 30 x 1/2: some 33 each.
    let of_nine: Vec<u64> = figures.backends[..9].iter().map(|b| b.requests).collect();
    assert!(of_nine.iter().max().unwrap() - of_nine.iter().min().unwrap() <= 2, "{of_nine:?}");
}
