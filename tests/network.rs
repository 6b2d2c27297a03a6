//! What the network does to attempts, by arithmetic: latency, connections, loss, partitions of one way and of some
//! links only, slow links, and what of them checks and monitoring see.

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Gauges, Probe, WorldChange};
use misroute::model::run::simulate;
use misroute::model::setup::{BackendId, InstanceId, PopulationId};
use misroute::scenario::{Source, load};
use std::sync::Arc;

/// What became of a request.
#[derive(Clone, Debug, PartialEq)]
struct Answer {
    born_ms: f64,
    took_ms: f64,
    outcome: Outcome,
    attempts: u32,
    user: u32,
}

/// Everything that a test asks for.
#[derive(Default)]
struct Watch {
    births: Vec<(Time, PopulationId, u32)>,
    answers: Vec<Answer>,
    members: Vec<(f64, u16, u16, bool)>,
    reached: Vec<u64>,
    succeeded: Vec<u64>,
    wasted: Vec<u64>,
    busy_ms: Vec<f64>,
    digest: u64,
}

impl Probe for Watch {
    fn request_born(&mut self, now: Time, population: PopulationId, user: u32) {
        self.births.push((now, population, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.answers.push(Answer {
            born_ms: request.born.as_secs_f64() * 1e3,
            took_ms: now.since(request.born).as_ms_f64(),
            outcome: request.outcome,
            attempts: request.attempts,
            user: request.user,
        });
    }

    fn changed(&mut self, now: Time, change: WorldChange) {
        if let WorldChange::Member(InstanceId(process), BackendId(member), up) = change {
            self.members.push((now.as_secs_f64(), process, member, up));
        }
    }

    fn sample(&mut self, _: Time, gauges: &Gauges<'_>) {
        self.reached = gauges.backends.iter().map(|backend| backend.reached).collect();
        self.succeeded = gauges.backends.iter().map(|backend| backend.succeeded).collect();
        self.wasted = gauges.backends.iter().map(|backend| backend.wasted).collect();
        self.busy_ms = gauges.backends.iter().map(|backend| backend.busy_ns as f64 / 1e6).collect();
    }
}

fn watch(text: &str) -> Watch {
    let scenario = load(&Source::from_text("network.toml", text), &[]);
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut watch = Watch::default();
    let world = simulate(&Arc::new(scenario.setup), Seed::new(1), &mut watch);
    watch.digest = world.digest().value();
    watch
}

/// One request a second from 1 s on, one backend that takes 10 ms, a run of `seconds`. `more` may go
/// on with the backend and then with tables of its own.
fn steady(seconds: u32, clients: &str, balancer: &str, more: &str) -> String {
    format!(
        "schema = 1\nname = \"network\"\nduration = \"{seconds}s\"\nwindow = \"1s\"\n\
         [[clients]]\nname = \"web\"\narrivals = \"constant\"\nrate = \"1/s\"\n{clients}\n\
         [balancer]\n{balancer}\n\
         [[backends]]\nname = \"b\"\nservice = \"10ms\"\nworkers = 4\n{more}\n"
    )
}

fn took(watch: &Watch) -> Vec<f64> {
    watch.answers.iter().map(|answer| answer.took_ms).collect()
}

fn ends(watch: &Watch) -> Vec<(f64, Outcome)> {
    watch.answers.iter().map(|answer| (answer.took_ms, answer.outcome)).collect()
}

const NETWORK: &str = "[network]\nlatency = \"2ms\"\nclient-latency = \"20ms\"\n";

/// Client: a round trip of 40 ms and the request's 20 ms. Balancer: a round trip of 4 ms and 2 ms. Work:
/// 10 ms. Answers: 2 ms and 20 ms. The second request finds the connection to the backend open.
#[test]
fn an_attempt_takes_its_connections_its_legs_and_its_service() {
    let both = took(&watch(&steady(4, "", "", NETWORK)));
    assert_eq!(both, [98.0, 94.0, 94.0]);
    let tls = format!("{NETWORK}round-trips = 3\nclient-round-trips = 2\n");
    assert_eq!(took(&watch(&steady(4, "", "", &tls))), [98.0 + 8.0 + 40.0, 134.0, 134.0]);
    let anew = format!("{NETWORK}idle-connections = 0\nclient-round-trips = 0\n");
    assert_eq!(took(&watch(&steady(4, "", "", &anew))), [58.0, 58.0, 58.0]);
}

/// As many connections are kept as were idle at once: of two at the same time, both.
#[test]
fn idle_connections_are_kept_up_to_their_limit() {
    let two = |limit: &str| {
        let second = "[[clients]]\nname = \"other\"\narrivals = \"constant\"\nrate = \"1/s\"";
        let network = format!("{NETWORK}idle-connections = {limit}\n");
        took(&watch(&steady(3, second, "", &network)))
    };
    assert_eq!(two("\"any\""), [98.0, 98.0, 94.0, 94.0]);
    assert_eq!(two("1"), [98.0, 98.0, 94.0, 98.0]);
}

/// A crash closes idle connections, and so does a reload of the balancer.
#[test]
fn who_dies_has_no_connections() {
    let timeline = "[[timeline]]\nname = \"crash\"\nat = \"2500ms\"\ndo = \"restart\"\ntargets = \"b\"\n\
        [[timeline]]\nname = \"reload\"\nat = \"4500ms\"\ndo = \"reload\"\n";
    let found = took(&watch(&steady(7, "", "", &format!("{NETWORK}{timeline}"))));
    assert_eq!(found, [98.0, 94.0, 98.0, 94.0, 98.0, 94.0]);
}

/// Zones: the near backend costs 1 ms each way, the far one 50 ms, whichever end is named first.
#[test]
fn latency_depends_on_the_zones_of_both_ends() {
    let scenario = |network: &str| {
        let far =
            "zone = \"eu\"\n[[backends]]\nname = \"far\"\nservice = \"10ms\"\nzone = \"us\"\n";
        let zones = "balancer-zones = [\"eu\"]\nidle-connections = 0\nclient-round-trips = 0\n";
        let text =
            steady(5, "zone = \"us\"\nusers = 1", "", &format!("{far}[network]\n{zones}{network}"));
        took(&watch(&text))
    };
    let link = "[[link]]\nname = \"ocean\"\nbetween = [\"us\", \"eu\"]\nlatency = \"50ms\"\n";
    // Clients across: 100. Near: 10 + 4 * 1. Far: 10 + 4 * 50.
    let matrix = format!("latency = \"7ms\"\nlocal-latency = \"1ms\"\n{link}");
    assert_eq!(scenario(&matrix), [114.0, 310.0, 114.0, 310.0]);
    // Without the link everything across takes 7 ms.
    let plain = "latency = \"7ms\"\nlocal-latency = \"1ms\"\n";
    assert_eq!(scenario(plain), [28.0, 52.0, 28.0, 52.0]);
    // Clients' latency does not hold where there is a link, and holds where there is none.
    let clients = format!("latency = \"7ms\"\nclient-latency = \"3ms\"\n{link}");
    assert_eq!(scenario(&clients), [138.0, 310.0, 138.0, 310.0]);
    let clients = "latency = \"7ms\"\nclient-latency = \"3ms\"\n";
    assert_eq!(scenario(clients), [44.0, 44.0, 44.0, 44.0]);
}

/// The balancer's zones are those of its zone-aware routing, if it has any.
#[test]
fn instances_are_where_zone_routing_has_them() {
    let at = |key: &str, network: &str| {
        let more = format!(
            "zone = \"a\"\n[[backends]]\nname = \"c\"\nzone = \"b\"\nservice = \"10ms\"\n\
            [network]\nlatency = \"5ms\"\nlocal-latency = \"1ms\"\nclient-latency = \"0s\"\n{network}"
        );
        took(&watch(&steady(4, "", key, &more)))
    };
    let by_routing = at("zones = { local = [\"b\"] }", "");
    assert_eq!(by_routing, at("", "balancer-zones = [\"b\"]\n"));
    // First the one in zone a, then its neighbour; then both over open connections.
    assert_eq!(by_routing, [30.0, 14.0, 20.0]);
}

/// With transmissions lost with probability p and waits of 200 ms, 400 ms, ..., a message is late by
/// 200 ms * (2^n - 1) with probability (1-p) p^n: on average 200 ms * p / (1 - 2p), without the bound of
/// 2m and 15 transmissions that only p^10 see. An attempt on open connections has four messages.
#[test]
fn loss_delays_by_the_waits_of_tcp() {
    let network = "[network]\nloss = \"5%\"\nclient-round-trips = 0\n";
    let text = steady(5_000, "", "", network).replace("1/s", "20/s");
    let found = watch(&text);
    // Connections are opened only at first and when loss makes many overlap; a client's are there.
    let steady_state = &found.answers[5_000..];
    let late: Vec<f64> = steady_state.iter().map(|answer| answer.took_ms - 10.0).collect();
    let mean = late.iter().sum::<f64>() / late.len() as f64;
    let expected = 4.0 * 200.0 * 0.05 / 0.9;
    // Variance of one message's: 200^2 (E[4^n] - 2 E[2^n] + 1) - mean^2 with E[a^n] = (1-p)/(1-ap), so a
    // standard deviation of 111 ms per message; 95 000 attempts of four: 0.7 ms. Four of those.
    assert!((mean - expected).abs() < 2.9, "mean {mean} for {expected}");
    let on_time = late.iter().filter(|&&late| late < 1e-6).count() as f64 / late.len() as f64;
    let all_four = 0.95 * 0.95 * 0.95 * 0.95;
    assert!((on_time - all_four).abs() < 0.006, "{on_time} for {all_four}");
    let once = late.iter().filter(|&&late| (late - 200.0).abs() < 1e-6).count();
    let expected = 4.0 * 0.05 * all_four;
    let once = once as f64 / late.len() as f64;
    assert!((once - expected).abs() < 0.005, "{once} for {expected}");
}

/// A connection's first message that is lost costs 1 s, 2 s, 4 s...: RFC 6298.
#[test]
fn lost_connection_attempts_wait_a_second_and_twice_that() {
    let network = "[network]\nclient-loss = \"30%\"\n";
    let text = steady(20_000, "", "", network);
    let found = watch(&text);
    let late: Vec<f64> = found.answers.iter().map(|answer| answer.took_ms - 10.0).collect();
    // Two messages of the opening, then request and answer: all four at once, or one of the first two again.
    let fourth = 0.7 * 0.7 * 0.7 * 0.7;
    let never = late.iter().filter(|&&late| late < 1e-6).count() as f64 / late.len() as f64;
    assert!((never - fourth).abs() < 0.015, "{never}");
    let one_second = late.iter().filter(|&&late| (late - 1_000.0).abs() < 1e-6).count() as f64
        / late.len() as f64;
    assert!((one_second - 2.0 * 0.3 * fourth).abs() < 0.015, "{one_second}");
}

/// Nothing gets through for 127 s: 1 + 2 + 4 + 8 + 16 + 32 + 64, as with Linux' six retries.
#[test]
fn a_client_without_patience_of_its_own_gives_up_connecting_after_127_seconds() {
    let cut = "[[timeline]]\nname = \"cut\"\nat = \"0s\"\ndo = \"partition\"\nclients = \"web\"\n";
    let found = watch(&steady(130, "", "", cut));
    assert_eq!(ends(&found)[..2], [(127_000.0, Outcome::Timeout), (127_000.0, Outcome::Timeout)]);
}

fn partition(what: &str, from: &str, lasts: &str) -> String {
    format!(
        "[[timeline]]\nname = \"cut\"\nat = \"{from}\"\ndo = \"partition\"\n{what}\nfor = \"{lasts}\"\n"
    )
}

/// What is sent to a backend is lost: the request of 2 s goes out on the open connection and gets
/// through with the transmission of 2 s + 200 + 400 + 800 ms; the one of 3 s needs a connection of its own,
/// since the other is busy, so it waits a second and is on time for the end at 3.1 s.
#[test]
fn requests_that_are_lost_get_through_later() {
    let cut = partition("targets = \"b\"\ndirection = \"to\"", "1500ms", "1600ms");
    let found = watch(&steady(6, "", "", &cut));
    let mut all: Vec<(f64, f64)> = found.answers.iter().map(|a| (a.born_ms, a.took_ms)).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    assert_eq!(all, [(1e3, 10.0), (2e3, 1_410.0), (3e3, 1_010.0), (4e3, 10.0), (5e3, 10.0)]);
}

/// What comes from a backend is lost. Over an open connection it gets the request, works, and its answer
/// is lost; the balancer's patience ends it, and what was served was served in vain. The next
/// request finds no open connection and cannot make one: no acceptance comes back.
#[test]
fn answers_that_are_lost_leave_the_work_done() {
    let cut = partition("targets = \"b\"\ndirection = \"from\"", "1500ms", "2s");
    let balancer = "server-timeout = \"300ms\"\nconnect = { timeout = \"400ms\" }";
    let found = watch(&steady(6, "", balancer, &cut));
    assert_eq!(
        ends(&found),
        [
            (10.0, Outcome::Ok),
            (300.0, Outcome::Http504),
            (400.0, Outcome::Http504),
            (10.0, Outcome::Ok),
            (10.0, Outcome::Ok)
        ]
    );
    assert_eq!((found.reached[0], found.succeeded[0], found.wasted[0]), (4, 3, 1));
    assert!((found.busy_ms[0] - 40.0).abs() < 1e-9);
}

/// Only one of two instances cannot reach one of two backends: only its view of it is that it is down.
#[test]
fn health_views_differ_across_a_partial_partition() {
    let other = "[[backends]]\nname = \"c\"\nservice = \"10ms\"\n";
    let cut = partition("targets = \"c\"\nbalancers = [1]\ndirection = \"both\"", "10s", "10s");
    let balancer =
        "instances = 2\nhealth = { interval = \"1s\", timeout = \"500ms\", rise = 2, fall = 2 }";
    let found = watch(&steady(40, "", balancer, &format!("{other}{cut}")));
    assert!(found.members.iter().all(|&(_, process, member, _)| (process, member) == (1, 1)));
    let changes: Vec<(f64, bool)> = found.members.iter().map(|&(at, .., up)| (at, up)).collect();
    assert_eq!(changes.len(), 2, "{changes:?}");
    // Two failures at the end of their timeouts, the first check no later than a second after the cut.
    let ((down, first), (up, second)) = (changes[0], changes[1]);
    assert!(!first && (11.5..=13.5).contains(&down), "{changes:?}");
    assert!(second && (20.0..=23.5).contains(&up), "{changes:?}");
}

/// A check needs a connection: it fails if its acceptance is lost, whichever way is cut.
#[test]
fn checks_fail_whichever_way_is_cut() {
    for direction in ["to", "from", "both"] {
        let cut = partition(&format!("targets = \"b\"\ndirection = \"{direction}\""), "10s", "10s");
        let balancer = "health = { interval = \"1s\", timeout = \"500ms\", rise = 2, fall = 2 }";
        let found = watch(&steady(40, "", balancer, &cut));
        let ups: Vec<bool> = found.members.iter().map(|&(.., up)| up).collect();
        assert_eq!(ups, [false, true], "{direction}");
    }
}

/// A check of one round trip needs two latencies, one with a request four: longer than its timeout,
/// it fails.
#[test]
fn checks_take_their_way_through_the_network() {
    for (kind, latency, is_up) in [
        ("connection", 24, true),
        ("connection", 26, false),
        ("life", 12, true),
        ("life", 13, false),
        ("work", 9, true),
        ("work", 11, false),
    ] {
        let balancer = format!(
            "health = {{ interval = \"1s\", timeout = \"50ms\", rise = 2, fall = 2, asks = \"{kind}\" }}"
        );
        let network = format!("[network]\nlatency = \"{latency}ms\"\n");
        let found = watch(&steady(20, "", &balancer, &network));
        assert_eq!(found.members.is_empty(), is_up, "{kind} {latency}: {:?}", found.members);
    }
}

/// A slow link adds to what there is, in the direction that is named, until it ends.
#[test]
fn a_slow_link_adds_its_latency() {
    let slow = |what: &str| {
        let entry = format!(
            "[[timeline]]\nname = \"slow\"\nat = \"1500ms\"\ndo = \"slow-link\"\n{what}\nlatency = \"30ms\"\n\
             [[timeline]]\nname = \"well\"\nat = \"3500ms\"\ndo = \"restore-link\"\n"
        );
        let network = "[network]\nlatency = \"1ms\"\nclient-round-trips = 0\n";
        took(&watch(&steady(5, "", "", &format!("{network}{entry}"))))
    };
    // The first attempt also opens a connection, the others use it.
    assert_eq!(slow("targets = \"b\""), [16.0, 74.0, 74.0, 14.0]);
    assert_eq!(slow("targets = \"b\"\ndirection = \"to\""), [16.0, 44.0, 44.0, 14.0]);
    assert_eq!(slow("clients = \"web\"\ndirection = \"from\""), [16.0, 44.0, 44.0, 14.0]);
    assert_eq!(slow("clients = \"all\""), [16.0, 74.0, 74.0, 14.0]);
}

/// A client's patience includes the network. What it leaves reaches the balancer one latency later, so
/// of a request that arrives while it leaves the work is done; the answer finds nobody.
#[test]
fn a_client_that_leaves_is_known_one_latency_later() {
    let network = "[network]\nclient-latency = \"20ms\"\nclient-round-trips = 0\n";
    // Request there at 20, answered at 30, back at 50: with 50 ms it is in time, with 49 it is not.
    let patient = watch(&steady(3, "timeout = \"50ms\"", "", network));
    assert_eq!(ends(&patient), [(50.0, Outcome::Ok), (50.0, Outcome::Ok)]);
    let hasty = watch(&steady(3, "timeout = \"49ms\"", "", network));
    assert_eq!(ends(&hasty), [(49.0, Outcome::Timeout), (49.0, Outcome::Timeout)]);
    assert_eq!((hasty.reached[0], hasty.succeeded[0], hasty.wasted[0]), (2, 0, 2));
    // It leaves at 5 ms; the balancer hears of it at 25, in the middle of the work, which a backend that
    // cancels ends then and one that does not finishes.
    let rude = steady(3, "timeout = \"5ms\"", "", network);
    let finished = watch(&rude);
    assert!((finished.busy_ms[0] - 20.0).abs() < 1e-9, "{}", finished.busy_ms[0]);
    let cancelled = watch(&rude.replace("workers = 4", "workers = 4\nabandoned = \"cancel\""));
    assert!((cancelled.busy_ms[0] - 10.0).abs() < 1e-9, "{}", cancelled.busy_ms[0]);
    // Three milliseconds to the backend: it gets the request at 23 and hears of it at 28.
    let further = rude.replace("[network]", "[network]\nlatency = \"3ms\"\nround-trips = 1");
    let further = further.replace("workers = 4", "workers = 4\nabandoned = \"cancel\"");
    // The first opens a connection until 26 and is let go at 25, before the request leaves; the second
    // as well, as the connection was closed.
    assert_eq!(watch(&further).reached[0], 0);
}

/// The balancer closes a connection while the request is on its way: the backend begins, and stops
/// when it hears of it, or does not.
#[test]
fn a_backend_hears_of_a_cancellation_one_latency_later() {
    let run = |abandoned: &str| {
        let backend = format!("abandoned = \"{abandoned}\"\n[network]\nlatency = \"8ms\"\n");
        // Connected at 16 + 8 from the client's 24; the answer would be there at 16 + 10 after that.
        watch(&steady(2, "", "server-timeout = \"12ms\"", &backend))
    };
    // The request arrives 8 ms after the connection; the balancer gives up after 12, known at 20: 12 ms
    // later than the arrival, when the 10 ms of work are done.
    assert!((run("cancel").busy_ms[0] - 10.0).abs() < 1e-9);
    let shorter = |abandoned: &str| {
        let backend = format!("abandoned = \"{abandoned}\"\n[network]\nlatency = \"8ms\"\n");
        watch(&steady(2, "", "server-timeout = \"4ms\"", &backend)).busy_ms[0]
    };
    // Given up while the request is on its way: heard of 4 ms after the arrival.
    assert!((shorter("cancel") - 4.0).abs() < 1e-9, "{}", shorter("cancel"));
    assert!((shorter("finish") - 10.0).abs() < 1e-9);
}

/// A scenario with everything that asks members for something.
fn busy(algorithm: &str, network: &str) -> String {
    format!(
        "schema = 1\nname = \"busy\"\nduration = \"60s\"\n\
         [[clients]]\nname = \"web\"\nusers = 200\nrate = \"60/s\"\ntimeout = \"400ms\"\nzone = \"a\"\n\
         retries = {{ max = 3, base = \"100ms\" }}\n\
         [[clients]]\nname = \"loop\"\narrivals = \"closed\"\nusers = 5\nthink = {{ exponential = {{ mean = \"200ms\" }} }}\n\
         [balancer]\ninstances = 2\nalgorithm = \"{algorithm}\"\ntimeout = \"2s\"\nserver-timeout = \"350ms\"\n\
         connect = {{ timeout = \"200ms\", retries = 2, redispatch = true }}\n\
         retry = {{ max = 1, on = [\"http_502\", \"http_503\", \"http_504\"] }}\n\
         health = {{ interval = \"2s\", timeout = \"500ms\" }}\n\
         [[backends]]\nname = \"api-{{1..3}}\"\nworkers = 2\nqueue = 20\nabandoned = \"cancel\"\nzone = \"b\"\n\
         service = {{ lognormal = {{ mean = \"40ms\", p99 = \"200ms\" }} }}\n\
         [database]\nconnections = 3\nquery = \"10ms\"\n\
         [[timeline]]\nname = \"crash\"\nat = \"20s\"\ndo = \"crash\"\ntargets = \"api-1\"\nfor = \"5s\"\n\
         [[timeline]]\nname = \"hang\"\nat = \"30s\"\ndo = \"hang\"\ntargets = \"api-2\"\nfor = \"5s\"\n\
         [[timeline]]\nname = \"reload\"\nat = \"37s\"\ndo = \"reload\"\n\
         [[timeline]]\nname = \"gone\"\nat = \"40s\"\ndo = \"partition\"\ntargets = \"api-3\"\nfor = \"5s\"\n{network}"
    )
}

/// Without latency and loss nothing is different, whatever connections are kept.
#[test]
fn a_network_of_no_latency_changes_nothing() {
    for algorithm in ["round-robin", "least-connections", "prequal", "join-idle-queue"] {
        // A partition is met by every transmission of a connection's first message, and an open connection goes
        // through a closed port: not compared here.
        for (verb, idle) in [("note", "\"any\""), ("refuse", "0"), ("crash", "\"any\"")] {
            let verb = |text: String| match verb {
                "note" => text.replace(
                    "do = \"partition\"\ntargets = \"api-3\"\nfor = \"5s\"",
                    "do = \"note\"",
                ),
                verb => text.replace("do = \"partition\"", &format!("do = \"{verb}\"")),
            };
            let without = watch(&verb(busy(algorithm, "")));
            let with =
                watch(&verb(busy(algorithm, &format!("[network]\nidle-connections = {idle}\n"))));
            assert_eq!(with.digest, without.digest, "{algorithm}");
            assert_eq!(with.answers, without.answers, "{algorithm}");
            assert_eq!(with.wasted, without.wasted, "{algorithm}");
        }
    }
}

/// Same twice; and neither latency nor loss nor any fault of a link changes who asks for what when.
#[test]
fn runs_repeat_themselves_and_the_demand_is_undisturbed() {
    let networks = [
        "",
        "[network]\nlatency = { lognormal = { mean = \"3ms\", p99 = \"20ms\" } }\nclient-latency = \"15ms\"\n",
        "[network]\nloss = \"2%\"\nlatency = \"1ms\"\n",
        "[network]\nlatency = \"1ms\"\nidle-connections = 0\n\
         [[link]]\nname = \"far\"\nbetween = [\"a\", \"b\"]\nlatency = \"5ms\"\n\
         [[timeline]]\nname = \"one way\"\nat = \"46s\"\ndo = \"partition\"\ntargets = \"api-3\"\ndirection = \"from\"\nfor = \"5s\"\n\
         [[timeline]]\nname = \"slow\"\nat = \"52s\"\ndo = \"slow-link\"\nclients = \"web\"\nloss = \"10%\"\nlatency = \"20ms\"\nfor = \"5s\"\n",
    ];
    for algorithm in ["least-connections", "prequal", "join-idle-queue"] {
        let runs: Vec<Watch> =
            networks.iter().map(|network| watch(&busy(algorithm, network))).collect();
        let open = |watch: &Watch| -> Vec<_> {
            watch.births.iter().filter(|birth| birth.1 == PopulationId(0)).copied().collect()
        };
        for (index, run) in runs.iter().enumerate() {
            assert_eq!(run.digest, watch(&busy(algorithm, networks[index])).digest, "{algorithm}");
            assert_eq!(open(run), open(&runs[0]), "{algorithm} {index}");
            assert!(run.answers.iter().filter(|answer| answer.outcome.is_ok()).count() > 1_000);
            let others = runs.iter().filter(|other| other.digest == run.digest);
            assert_eq!(others.count(), 1, "{algorithm} {index}");
        }
    }
}

/// A connection that the client keeps costs its round trip once; the balancer's, tied to it at layer 4 or
/// not, as well. A pinned one is not lent to others.
#[test]
fn kept_connections_pay_their_round_trips_once() {
    for pins in ["instance", "backend"] {
        let clients = format!("users = 1\nconnections = {{ pins = \"{pins}\" }}");
        assert_eq!(took(&watch(&steady(4, &clients, "", NETWORK))), [98.0, 54.0, 54.0], "{pins}");
    }
    // Another user asks ten times a second, also at 1 s, over connections that are there. At layer 4 each
    // has its own to the backend, while at layer 7 the second finds the first one's.
    let two = |pins: &str| {
        let clients = format!(
            "users = 1\nconnections = {{ pins = \"{pins}\" }}\n[[clients]]\nname = \"other\"\nusers = 1\n\
             arrivals = \"constant\"\nrate = \"10/s\"\nconnections = {{ pins = \"{pins}\" }}"
        );
        let text =
            steady(2, &clients, "", NETWORK).replace("duration = \"2s\"", "duration = \"1300ms\"");
        let web =
            watch(&text).answers.into_iter().filter(|answer| (answer.born_ms - 1e3).abs() < 1e-6);
        web.map(|answer| answer.took_ms).collect::<Vec<_>>()
    };
    assert_eq!(two("instance"), [54.0, 94.0]);
    assert_eq!(two("backend"), [54.0, 98.0]);
}

/// A hedge goes its own way: sent after 60 ms, it would be back 98 ms later; the first attempt is back after
/// 94 or 98. When the first is held up by a slow link, the hedge wins, and what it leaves is closed.
#[test]
fn hedges_cross_the_network_on_their_own() {
    let slow =
        "[[backends]]\nname = \"slow\"\nservice = \"900ms\"\nworkers = 4\nabandoned = \"cancel\"\n";
    let clients = "hedge = { after = \"60ms\" }";
    let found = watch(&steady(4, clients, "", &format!("{slow}{NETWORK}")));
    // b first: 98. Then the slow one: hedged at b after 60, over its open connection: 60 + 94. Again b.
    let all: Vec<(f64, u32)> = found.answers.iter().map(|a| (a.took_ms, a.attempts)).collect();
    assert_eq!(all[0], (98.0, 2));
    assert!(all.iter().all(|&(took, attempts)| took <= 60.0 + 98.0 && attempts == 2), "{all:?}");
    // What is left of a loser is heard of and cancelled: none works for its 900 ms.
    assert!(found.busy_ms[1] < 3.0 * 200.0, "{}", found.busy_ms[1]);
    assert_eq!(found.succeeded.iter().sum::<u64>(), 3);
}

/// Whatever else clients do, nobody is lost on the way, and the same happens twice.
#[test]
fn storms_on_the_wire_lose_nobody() {
    let network = "[network]\nlatency = { exponential = { mean = \"4ms\" } }\nclient-latency = \"15ms\"\nloss = \"3%\"\n\
        [[timeline]]\nname = \"one way\"\nat = \"46s\"\ndo = \"partition\"\ntargets = \"all\"\ndirection = \"from\"\nfor = \"3s\"\n\
        [[timeline]]\nname = \"nobody\"\nat = \"52s\"\ndo = \"partition\"\nclients = \"web\"\nfor = \"2s\"\n";
    for clients in [
        "hedge = { after = \"80ms\", max = 2 }\ntotal-timeout = \"900ms\"",
        "connections = { pins = \"backend\", max = 1, age = \"3s\" }\nconnect-timeout = \"100ms\"",
        "connections = { pins = \"instance\", idle = \"500ms\" }\nhedge = { after = \"80ms\" }",
    ] {
        for leaves in ["close", "ignore"] {
            let text = busy("least-connections", network)
                .replace("timeout = \"400ms\"\n", &format!("timeout = \"400ms\"\n{clients}\n"))
                .replace(
                    "instances = 2\n",
                    &format!("instances = 2\nclient-leaves = \"{leaves}\"\n"),
                );
            let found = watch(&text);
            assert_eq!(found.digest, watch(&text).digest, "{clients} {leaves}");
            assert!(found.answers.iter().filter(|answer| answer.outcome.is_ok()).count() > 500);
        }
    }
}
