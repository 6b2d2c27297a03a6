//! What a sound scenario file means.

use misroute::engine::dist::FAMILIES;
use misroute::engine::time::{Span, Time};
use misroute::model::balancer::ALGORITHMS;
use misroute::model::balancer::policy::Redispatch;
use misroute::model::setup::{Action, BackendId, Change, Overload, OverloadEnd, Setup, Trigger};
use misroute::observe::metric::METRICS;
use misroute::scenario::actions::{ACTIONS, Lasts};
use misroute::scenario::fields::{self, Field, Kind, Presence, TableSpec};
use misroute::scenario::{Bounds, Override, Scenario, Source, load, schema};
use serde_json::Value;

/// A file that uses everything.
pub(crate) const VALID: &str = include_str!("scenario/valid.toml");

fn read(text: &str) -> Scenario {
    load(&Source::from_text("test.toml", text), &[]).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn valid() -> Scenario {
    read(VALID)
}

fn with(overrides: &[&str]) -> Scenario {
    let overrides: Vec<Override> =
        overrides.iter().map(|text| Override::parse(text).expect("path=value")).collect();
    valid().with(&overrides).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn minutes(m: u64) -> Time {
    Span::from_secs(m * 60).after_start()
}

fn changes(setup: &Setup, entry: &str) -> Vec<Change> {
    let entry = setup.timeline.iter().find(|other| other.name == entry).expect("it exists");
    match &entry.action {
        Action::Configure { changes, .. } => changes.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn names_units_and_defaults_are_resolved() {
    let scenario = valid();
    let setup = &scenario.setup;
    assert_eq!(scenario.name, "two-of-five");
    assert_eq!(setup.duration, Span::from_secs(8_400));
    let names: Vec<&str> = setup.backends.iter().map(|backend| &*backend.name).collect();
    assert_eq!(names, ["api-1", "api-2", "api-3", "api-4", "api-5", "spare"]);
    assert_eq!(setup.backends[0].queue, Some(400));
    assert_eq!(setup.backends[5].queue, None);
    assert_eq!(
        setup.backends[0].overload,
        Some(Overload { queue: 380, until: OverloadEnd::Restart })
    );
    assert!(!setup.backends[5].up_at_start && !setup.balancer.config.members[5].in_pool);
    assert_eq!(setup.balancer.config.members[5].max_connections, Some(20));
    assert_eq!(setup.observation.window, Span::from_secs(10));
    assert_eq!(setup.observation.user_window, Span::from_secs(60));
    assert_eq!(setup.observation.intervals.len(), 3);
    assert_eq!(scenario.interval((minutes(20), minutes(85))), Some(0));
    assert_eq!(scenario.clock(minutes(15)), "14:05");
    assert_eq!(setup.timeline[0].trigger, Trigger::At(minutes(8)));
    assert!(matches!(setup.timeline[7].trigger, Trigger::AfterAlert(_, _)));
    assert_eq!(scenario.expects[1].bounds, Bounds::Within { low: Some(-0.03), high: Some(0.03) });
    assert_eq!(scenario.expects[2].bounds, Bounds::Within { low: Some(540.0), high: Some(720.0) });
    assert_eq!(scenario.expects[3].bounds, Bounds::Within { low: Some(10_000.0), high: None });
}

#[test]
fn each_change_starts_from_the_configuration_before_it() {
    let scenario = valid();
    assert_eq!(
        changes(&scenario.setup, "maintenance"),
        [Change::Weight(BackendId(0), 90), Change::Weight(BackendId(1), 90)]
    );
    let [Change::Algorithm(first)] = &changes(&scenario.setup, "test algorithm")[..] else {
        panic!("one change")
    };
    assert_eq!((first.algorithm.name, first.arguments[0]), ("ring-hash", 1.0));
    // The algorithm was set by the entry before; its parameters alone are set here.
    let second = changes(&scenario.setup, "half the points");
    let [Change::Algorithm(second), Change::Timeout(None)] = &second[..] else {
        panic!("{second:?}")
    };
    assert_eq!((second.algorithm.name, second.arguments[0]), ("ring-hash", 80.0));
}

#[test]
fn overrides_reach_every_value_by_one_path_grammar() {
    assert!((with(&["load=50%"]).setup.populations[0].rate - 225.0).abs() < 1e-9);
    assert_eq!(with(&["backends.*.workers=4"]).setup.backends[5].workers, 4);
    let some = with(&["backends.api-{2..3}.queue=300"]);
    let queues: Vec<Option<u32>> = some.setup.backends.iter().map(|b| b.queue).collect();
    assert_eq!(queues[..4], [Some(400), Some(300), Some(300), Some(400)]);
    let mean = with(&["backends.api-1.service.lognormal.mean=120ms"]);
    assert!((mean.setup.backends[0].service.mean_ns() / 120e6 - 1.0).abs() < 1e-6);
    let connect = with(&["balancer.connect={retries=3}"]).setup.balancer.config.connect;
    assert_eq!((connect.retries, connect.redispatch), (3, Redispatch::Never));
    let moved = with(&["timeline.undo.at=14:00"]);
    assert_eq!(moved.setup.timeline[1].name, "undo");
    let added = with(&["timeline.page={at=\"1m\", do=\"note\"}"]);
    assert_eq!(added.setup.timeline[0].name, "page");
    let outside = with(&["clients.web.rate=900/s"]);
    assert!((outside.setup.populations[0].rate - 900.0).abs() < 1e-9);
    let gone = valid().with(&[Override::Unset { path: "timeline.undo".into() }]).unwrap();
    assert!(gone.setup.timeline.iter().all(|entry| entry.name != "undo"));
}

#[test]
fn the_digest_is_of_the_content() {
    let plain = valid();
    let commented = read(&format!("# a comment\n{}", VALID.replace(" = ", "  =  ")));
    assert_eq!(plain.digest, commented.digest);
    let written_out = VALID.replace("api-{1..5}", "api-{1,2,3,4,5}");
    assert_eq!(plain.digest, read(&written_out).digest);
    assert_ne!(plain.digest, with(&["load=99%"]).digest);
    assert_eq!(with(&["load=99%"]).digest, read(&VALID.replace("\"100%\"", "\"99%\"")).digest);
}

#[test]
fn variants_are_the_scenario_with_their_changes() {
    let scenario = valid();
    let measure = scenario.variant(&scenario.measures[0]).unwrap();
    assert_eq!(measure.setup.balancer.config.connect.retries, 3);
    assert_eq!(measure.overrides().len(), 1);
    let twin = scenario.variant(&scenario.twins[0]).unwrap();
    assert!(twin.setup.backends.iter().all(|backend| backend.overload.is_none()));
    assert_eq!(scenario.twins[0].misses, ["share of users without service"]);
    assert_ne!(twin.digest, scenario.digest);
}

#[test]
fn assumptions_list_what_else_a_value_might_be() {
    let scenario = valid();
    let [rate, mean, algorithm] = &scenario.assumptions[..] else { panic!("three") };
    assert_eq!(rate.value, "450/s");
    assert_eq!(rate.values, ["350/s", "400/s", "450/s", "500/s", "550/s"]);
    assert_eq!(mean.values, ["60ms", "70ms", "80ms", "90ms", "100ms"]);
    assert_eq!(algorithm.values, ["round-robin", "random"]);
    for assumption in &scenario.assumptions {
        for value in &assumption.values {
            let path = assumption.path.clone();
            scenario.with(&[Override::Set { path, value: value.clone() }]).unwrap();
        }
    }
}

#[test]
fn surges_count_in_the_expected_number_of_requests() {
    // 450/s for 8400 s, twice that for 600 s of it; 12/m is 0.2/s.
    let expected = 450.0 * (8_400.0 + 600.0) + 0.2 * 8_400.0;
    let effort = valid().effort();
    assert!((effort.requests - expected).abs() < 1e-6);
    let with_retries = expected + 2.0 * 450.0 * (8_400.0 + 600.0);
    assert!((effort.attempts_most - with_retries).abs() < 1e-3, "{effort:?}");
}

/// Of a heavy tail most times are short, although their mean has no end: Pareto of shape 1 above a
/// millisecond, cut at T = 1000 s, has a mean of (1 + ln 10^6) ms = 14.8155 ms, of which T has room
/// for 67,497; the last of them is not over.
#[test]
fn loops_with_a_heavy_tail_count_in_the_expected_number_of_requests() {
    const HEAVY: &str = "{ pareto = { shape = 1.0, min = \"1ms\" } }";
    let effort = |clients: &str| {
        let text = format!(
            "schema = 1\nname = \"loops\"\nduration = \"1000s\"\nbackends = [{{ name = \"b\", \
             service = \"1ms\" }}]\nclients = [{{ name = \"c\", users = 2, {clients} }}]\n"
        );
        load(&Source::from_text("loops.toml", text), &[]).unwrap().effort()
    };
    let steady = effort("arrivals = \"closed\", think = \"4s\"");
    assert!((steady.requests - 500.0).abs() < 1e-6, "{steady:?}");
    let heavy = effort(&format!("arrivals = \"closed\", think = {HEAVY}"));
    assert!((heavy.requests / (2.0 * 67_496.0) - 1.0).abs() < 0.01, "{heavy:?}");
    let back = effort(&format!("rate = \"1/s\", patience = {{ away = {HEAVY} }}"));
    let most = 1_000.0 + 2.0 * 67_496.0;
    assert!((back.attempts_most / most - 1.0).abs() < 0.01, "{back:?}");
}

#[test]
fn every_verb_is_read() {
    let arguments = |name: &str| match name {
        "configure" => "set = { \"balancer.timeout\" = \"1s\" }",
        "slow" => "targets = \"api-1\"\nfactor = 2",
        "surge" | "flash-crowd" => "factor = 2",
        "slow-link" => "targets = \"api-1\"\nlatency = \"5ms\"",
        "pause" => "for = \"5s\"",
        "rollback" | "reload" | "calm" | "note" | "restore-link" => "",
        _ => "targets = [\"api-{1..2}\", \"spare\"]",
    };
    for action in ACTIONS {
        let lasts = if action.lasts == Lasts::UntilEnded { "for = \"1m\"" } else { "" };
        let arguments = arguments(action.name);
        let entry = format!(
            "[[timeline]]\nname = \"entry\"\nat = \"2h\"\ndo = \"{}\"\n{arguments}\n{lasts}\n",
            action.name
        );
        let text = VALID.replace(
            "[[alert]]\nname = \"latency\"",
            &format!("{entry}[[alert]]\nname = \"latency\""),
        );
        let scenario = read(&text);
        let entry = scenario.setup.timeline.iter().find(|entry| entry.name == "entry").unwrap();
        // A flash crowd says itself how long it takes.
        let ends = action.lasts == Lasts::UntilEnded || action.name == "flash-crowd";
        assert_eq!(entry.lasts.is_some(), ends, "{}", action.name);
        let reverse = action.reverse.map(|name| ACTIONS.iter().any(|other| other.name == name));
        assert_ne!(reverse, Some(false), "{}", action.name);
    }
}

#[test]
fn scenarios_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&valid());
}

/// A value that is wrong for every kind but those that take anything.
const NONSENSE: &str = "[[true]]";

fn refuses(path: &str) {
    let change = Override::Set { path: path.to_owned(), value: NONSENSE.to_owned() };
    assert!(valid().with(&[change]).is_err(), "{path} is not read");
}

fn all_keys(prefix: &str, spec: &TableSpec) {
    for field in spec.fields {
        let path =
            if prefix.is_empty() { field.key.into() } else { format!("{prefix}.{}", field.key) };
        match field.kind {
            Kind::List(_) | Kind::PathValues => {}
            _ => refuses(&path),
        }
    }
}

#[test]
fn every_declared_key_is_read() {
    all_keys("", &fields::SCENARIO);
    all_keys("clients.web", &fields::CLIENTS);
    all_keys("clients.web.retries", &fields::RETRIES);
    all_keys("balancer", &fields::BALANCER);
    all_keys("balancer.connect", &fields::CONNECT);
    all_keys("backends.api-1", &fields::BACKENDS);
    all_keys("backends.api-1.overload", &fields::OVERLOAD);
    all_keys("backends.api-1.cold-start", &fields::COLD_START);
    all_keys("database", &fields::DATABASE);
    all_keys("network", &fields::NETWORK);
    all_keys("timeline.maintenance", &fields::TIMELINE);
    all_keys("timeline.automatic responder", &fields::TIMELINE);
    all_keys("timeline.maintenance.rollout", &fields::ROLLOUT);
    all_keys("alert.latency", &fields::ALERT);
    all_keys("objective", &fields::OBJECTIVE);
    all_keys("expect.slow answers", &fields::EXPECT);
    // Measures and twins are read from the file alone.
    for (header, key) in [
        ("[[measure]]", "set"),
        ("[[measure]]", "unset"),
        ("[[measure]]", "reason"),
        ("[[twin]]", "set"),
        ("[[twin]]", "unset"),
        ("[[twin]]", "reason"),
        ("[[twin]]", "misses"),
        ("[[twin]]", "keeps"),
    ] {
        let text = format!("{VALID}\n{header}\nname = \"another\"\n{key} = 1\n");
        let wrong = load(&Source::from_text("test.toml", text), &[]).expect_err(key);
        let message = format!("`{key}` must be");
        assert!(wrong.iter().any(|wrong| wrong.message.starts_with(&message)), "{header} {key}");
    }
    for algorithm in ALGORITHMS {
        for parameter in algorithm.parameters {
            refuses(&format!("balancer.{}.{}", algorithm.name, parameter.name));
        }
    }
}

#[test]
fn every_declared_default_is_valid() {
    let written = |field: &Field| match field.presence {
        Presence::Default(text) => Some(text),
        _ => None,
    };
    let all: [(&str, &TableSpec); 6] = [
        ("", &fields::SCENARIO),
        ("clients.web.", &fields::CLIENTS),
        ("clients.web.retries.", &fields::RETRIES),
        ("balancer.", &fields::BALANCER),
        ("balancer.connect.", &fields::CONNECT),
        ("backends.spare.", &fields::BACKENDS),
    ];
    for (prefix, spec) in all {
        for field in spec.fields {
            if let Some(value) = written(field) {
                with(&[&format!("{prefix}{}={value}", field.key)]);
            }
        }
    }
}

#[test]
fn the_json_schema_has_every_key() {
    let schema = schema::json();
    let properties = |pointer: &str| -> Vec<String> {
        let found = schema.pointer(&format!("/properties/{pointer}properties"));
        let found = found.and_then(Value::as_object).unwrap_or_else(|| panic!("{pointer}"));
        found.keys().cloned().collect()
    };
    let has = |pointer: &str, spec: &TableSpec| {
        let found = properties(pointer);
        for field in spec.fields {
            assert!(found.iter().any(|key| key == field.key), "{pointer} {}", field.key);
        }
    };
    has("clients/items/", &fields::CLIENTS);
    has("clients/items/properties/retries/", &fields::RETRIES);
    has("balancer/", &fields::BALANCER);
    has("backends/items/", &fields::BACKENDS);
    has("database/", &fields::DATABASE);
    has("timeline/items/", &fields::TIMELINE);
    has("twin/items/", &fields::TWIN);
    let balancer = properties("balancer/");
    assert!(ALGORITHMS.iter().all(|a| balancer.iter().any(|key| key == a.name)));
    let families = properties("backends/items/properties/service/anyOf/1/");
    assert_eq!(families.len(), FAMILIES.len());
    let timeline = properties("timeline/items/");
    let own = ACTIONS.iter().flat_map(|action| action.fields);
    assert!(own.map(|field| field.key).all(|key| timeline.iter().any(|other| other == key)));
    let metric = schema.pointer("/properties/expect/items/properties/metric/description").unwrap();
    assert!(METRICS.iter().all(|m| metric.as_str().unwrap().contains(m.name)));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["$id"], "urn:misroute:scenario:1");
}
