//! Whatever is changed of the system, both sides are asked for the same.

use super::{scenario, with};
use misroute::engine::random::Seed;
use misroute::engine::time::{Span, Time};
use misroute::experiment::compare::align::{align, reacting};
use misroute::model::probe::{BackendState, FinishedRequest, Probe, WorldChange};
use misroute::model::run::simulate;
use misroute::model::setup::{BackendId, PopulationId, Setup};
use misroute::scenario::Scenario;
use std::collections::BTreeMap;
use std::sync::Arc;

const TOP: &str = r#"schema = 1
name = "two-populations"
duration = "30s"
"#;
const WEB: &str = r#"[[clients]]
name = "web"
users = 500
rate = "120/s"
classes = [{ name = "page", share = 0.8 }, { name = "report", share = 0.2, work = 5 }]
keys = { count = 50, zipf = 1.1 }
retries = { max = 2, base = "20ms" }
timeout = "300ms"
"#;
const APP: &str = r#"[[clients]]
name = "app"
users = 40
arrivals = "bursty"
rate = "30/s"
burst = { factor = 5, length = "1s", every = "5s" }
"#;
const NEW: &str = r#"[[clients]]
name = "new"
rate = "10/s"
"#;
const POOL: &str = r#"[[backends]]
name = "api-{1..3}"
workers = 4
queue = 50
service = { exponential = { mean = "30ms" } }
"#;

/// Requests by population: births with their users, and outcomes with the latency of each.
#[derive(Debug, Default, PartialEq)]
struct Demand {
    born: BTreeMap<String, Vec<(Time, u32)>>,
    latencies: BTreeMap<String, Vec<(Time, u32, Span)>>,
}

struct Log<'a> {
    setup: &'a Setup,
    seen: Demand,
    states: Vec<(Time, BackendId, BackendState)>,
}

impl Probe for Log<'_> {
    fn request_born(&mut self, now: Time, population: PopulationId, user: u32) {
        let name = self.setup.populations[population.index()].name.clone();
        self.seen.born.entry(name).or_default().push((now, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let name = self.setup.populations[request.population.index()].name.clone();
        let latency = (request.born, request.user, now.since(request.born));
        self.seen.latencies.entry(name).or_default().push(latency);
    }

    fn changed(&mut self, now: Time, change: WorldChange) {
        if let WorldChange::Backend(backend, state) = change {
            self.states.push((now, backend, state));
        }
    }
}

fn run(setup: &Setup) -> (Demand, Vec<(Time, BackendId, BackendState)>) {
    let setup = Arc::new(setup.clone());
    let mut log = Log { setup: &setup, seen: Demand::default(), states: Vec::new() };
    simulate(&setup, Seed::new(3), &mut log);
    for latencies in log.seen.latencies.values_mut() {
        latencies.sort_unstable();
    }
    (log.seen, log.states)
}

/// The demand of both, the second one aligned to the first.
fn both(before: &Scenario, after: &Scenario) -> [Demand; 2] {
    let mut aligned = after.setup.clone();
    align(&before.setup, &mut aligned);
    [run(&before.setup).0, run(&aligned).0]
}

fn base() -> Scenario {
    scenario(&[TOP, WEB, APP, POOL].concat())
}

/// Births of web and app are the same.
fn assert_same(after: &Scenario, what: &str) {
    let [before, after] = both(&base(), after);
    assert_eq!(before.born.len(), 2);
    for (name, born) in &before.born {
        assert!(born.len() > 500, "{name}");
        assert!(after.born.get(name) == Some(born), "{name}: {what}");
    }
}

#[test]
fn changes_of_the_system_change_no_request() {
    for changes in [
        &["balancer.algorithm=least-connections"][..],
        &["balancer.algorithm=ring-hash", "balancer.instances=3"],
        &["clients.web.timeout=50ms", "clients.web.retries.max=5"],
        &["clients.web.retries.max=0", "clients.app.timeout=1s"],
        &["backends.*.workers=1", "backends.*.queue=2"],
        &["backends.api-2.service=2s"],
        &["clients.web.connections.max=3", "clients.web.breaker.consecutive=5"],
        &["database.connections=2", "database.query=20ms"],
    ] {
        assert_same(&with(&base(), changes), &format!("{changes:?}"));
    }
}

#[test]
fn populations_and_backends_may_be_moved_added_and_removed() {
    assert_same(&scenario(&[TOP, APP, WEB, POOL].concat()), "the other way round");
    assert_same(&scenario(&[TOP, NEW, APP, WEB, POOL].concat()), "a new one in front");
    assert_same(&scenario(&[TOP, WEB, NEW, APP, POOL].concat()), "one between");
    let other = POOL.replace("api-{1..3}", "old");
    assert_same(&scenario(&[TOP, WEB, APP, &other, POOL].concat()), "a backend in front");
    assert_same(&scenario(&[TOP, WEB, APP, &other].concat()), "others altogether");
    let crash =
        "[[timeline]]\nname = \"death\"\nat = \"10s\"\ndo = \"crash\"\ntargets = \"api-1\"\n";
    assert_same(&scenario(&[TOP, WEB, APP, POOL, crash].concat()), "a crash");
    let fewer = scenario(&[TOP, APP, POOL].concat());
    let [before, after] = both(&base(), &fewer);
    assert_eq!(before.born["app"], after.born["app"]);
}

/// Where nobody waits a request's latency is the work it asks for, and with it its class.
#[test]
fn requests_ask_for_the_same_work_wherever_their_population_stands() {
    let wide = POOL.replace("workers = 4", "workers = 10000").replace("{1..3}", "{3..1}");
    let wide = wide.replace("api-{3..1}", "api-{1..4}");
    let wide = |clients: &[&str]| {
        let patient = clients.concat().replace("timeout = \"300ms\"\n", "");
        scenario(&[TOP, &patient, &wide].concat())
    };
    let before = wide(&[WEB, APP]);
    for (after, algorithm) in [(wide(&[APP, WEB]), "random"), (wide(&[NEW, APP, WEB]), "single")] {
        let after = with(&after, &[&format!("balancer.algorithm={algorithm}")]);
        let [first, second] = both(&before, &after);
        for name in ["web", "app"] {
            assert!(first.latencies[name] == second.latencies[name], "{name}: {algorithm}");
        }
    }
}

/// Without alignment the streams are those of the position: what would have been compared.
#[test]
fn without_alignment_order_would_matter() {
    let moved = scenario(&[TOP, APP, WEB, POOL].concat());
    let (before, after) = (run(&base().setup).0, run(&moved.setup).0);
    assert!(before.born["web"] != after.born["web"]);
}

/// Nothing is changed by giving everybody the streams of its position.
#[test]
fn alignment_with_itself_changes_no_run() {
    let base = base();
    let mut aligned = base.setup.clone();
    align(&base.setup, &mut aligned);
    assert_ne!(aligned.populations[0].stream, base.setup.populations[0].stream);
    let digest = |setup: &Setup| {
        let setup = Arc::new(setup.clone());
        let mut log = Log { setup: &setup, seen: Demand::default(), states: Vec::new() };
        simulate(&setup, Seed::new(3), &mut log).digest()
    };
    assert_eq!(digest(&base.setup), digest(&aligned));
}

/// A backend's bad luck is its own, and that of a rack strikes the same racks.
#[test]
fn a_backend_fails_at_the_same_times_wherever_it_stands() {
    let failing = r#"[[backends]]
name = "weak"
service = "1ms"
failures = { up = { exponential = { mean = "3s" } }, down = "200ms" }
pauses = { every = { exponential = { mean = "1s" } }, length = "50ms" }
"#;
    let rack = r#"[[cause]]
name = "power"
targets = ["weak", "api-1"]
each = "50%"
up = { exponential = { mean = "4s" } }
down = "100ms"
"#;
    let other = rack.replace("power", "network").replace("4s", "7s");
    let before = scenario(&[TOP, WEB, POOL, failing, rack].concat());
    let after = scenario(&[TOP, WEB, failing, POOL, &other, rack].concat());
    let mut aligned = after.setup.clone();
    align(&before.setup, &mut aligned);
    aligned.causes.retain(|cause| cause.name != "network");
    let states = |setup: &Setup| -> Vec<(Time, String, BackendState)> {
        let name = |id: BackendId| setup.backends[id.index()].name.clone();
        run(setup).1.into_iter().map(|(at, id, state)| (at, name(id), state)).collect()
    };
    let (first, second) = (states(&before.setup), states(&aligned));
    assert!(first.len() > 20 && first == second, "{first:?}\n{second:?}");
    assert!(states(&before.setup) != states(&after.setup), "as they stand they differ");
}

#[test]
fn who_reacts_to_the_system_is_said() {
    let closed = r#"[[clients]]
name = "loop"
users = 5
arrivals = "closed"
think = "1s"
"#;
    let session = "session = { mean = 3, think = \"1s\" }\n";
    assert_eq!(reacting(&base()), Vec::<String>::new());
    assert_eq!(reacting(&scenario(&[TOP, WEB, closed, POOL].concat())), ["loop"]);
    assert_eq!(reacting(&scenario(&[TOP, NEW, session, POOL].concat())), ["new"]);
}
