//! Every knob of the schema changes something: each field, verb, algorithm, law and signal has an
//! entry here that turns it, and says what must change. One without an entry fails the test.

mod arrivals;
mod balancer;
mod clients;
mod faults;
mod laws;
mod layers;
mod network;
mod stations;
mod table;

use balancer::BALANCER;
use laws::LAWS;
use layers::LAYERED;
use misroute::engine::dist::FAMILIES;
use misroute::experiment::run::{Run, run};
use misroute::model::balancer::admission::ADMISSIONS;
use misroute::model::balancer::membership::rule::EJECTIONS;
use misroute::model::balancer::{ALGORITHMS, ParameterKind};
use misroute::model::station::discipline::DISCIPLINES;
use misroute::scenario::actions::{ACTIONS, Lasts};
use misroute::scenario::fields::{Kind, More, ROLLOUT, SCENARIO, TableSpec};
use misroute::scenario::{Override, SIGNALS, Scenario, Source, load};
use serde_json::Value;
use std::collections::BTreeSet;
use table::{DESCRIPTIVE, KNOBS, VARIANTS};

/// Where every knob has something to turn: a system near its limits, with a crash.
pub(crate) const BASE: &str = r#"schema = 1
name = "knobs"
start = 2024-01-01T00:00:00Z
duration = "90s"
[[clients]]
name = "web"
users = 200
rate = "60/s"
timeout = "400ms"
slow = "150ms"
retries = { max = 3, base = "100ms" }
[[clients]]
name = "batch"
users = 20
rate = "2/s"
[balancer]
instances = 2
[[backends]]
name = "api-{1..3}"
workers = 2
queue = 20
service = { lognormal = { mean = "40ms", p99 = "200ms" } }
[database]
connections = 3
query = "10ms"
[[timeline]]
name = "incident"
at = "20s"
do = "crash"
targets = "api-1"
for = "20s"
[[alert]]
name = "errors"
when = "error_ratio > 5%"
window = "6s"
[[alert]]
name = "latency"
when = "latency.p95 > 100ms for 5s"
window = "6s"
[objective]
success = "99.9%"
p99 = "2s"
[[expect]]
name = "bounded"
metric = "requests.failed_ratio"
between = ["20s", "40s"]
at-most = "100%"
[[expect]]
name = "verdict"
metric = "recovery.verdict"
is = "recovered"
[[assumption]]
path = "clients.web.rate"
range = ["50/s", "70/s"]
reason = "as good as any"
[[assumption]]
path = "balancer.instances"
values = [1, 2]
reason = "as good as any"
[[measure]]
name = "more workers"
set = { "backends.*.workers" = 4 }
unset = ["database"]
[[twin]]
name = "no crash"
set = { "timeline.incident.for" = "1ns" }
unset = ["clients.batch"]
misses = ["verdict"]
keeps = ["bounded"]
"#;

/// What turning a knob must change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// What happens: another digest.
    Happens,
    /// Only what is seen of the same events.
    Seen,
    /// Only how the same figures are judged.
    Judged,
}
use Effect::{Happens, Judged, Seen};

/// A knob, how it stands, and how it is turned.
pub(crate) struct Knob {
    /// The table and the key, or the table of verbs, laws, algorithms or signals and the name.
    pub(crate) id: &'static str,
    /// Overrides that make it matter.
    pub(crate) before: &'static [&'static str],
    /// The override that turns it.
    pub(crate) turned: &'static str,
    pub(crate) effect: Effect,
}

/// Every entry, part by part.
pub(crate) fn knobs() -> impl Iterator<Item = &'static Knob> {
    let tables = [
        KNOBS,
        arrivals::ARRIVALS,
        clients::CLIENTS,
        stations::STATIONS,
        faults::FAULTS,
        network::NETWORK,
        BALANCER,
        LAYERED,
    ];
    tables.into_iter().flatten()
}

pub(crate) fn scenario(text: &str) -> Scenario {
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/arrivals");
    let source = Source::from_text("base.toml", text).in_folder(files);
    load(&source, &[]).unwrap_or_else(|wrong| panic!("{wrong}"))
}

pub(crate) fn replay(base: &Scenario, overrides: &[&str]) -> Run {
    let parsed: Vec<Override> =
        overrides.iter().map(|text| Override::parse(text).unwrap()).collect();
    let changed = base.with(&parsed).unwrap_or_else(|wrong| panic!("{overrides:?}\n{wrong}"));
    run(&changed, 1, |_| {})
}

/// What was seen of a run, without its fingerprints.
fn seen(run: &Run) -> Value {
    let mut value = serde_json::to_value(&run.result).unwrap();
    let object = value.as_object_mut().unwrap();
    object.remove("digest");
    object.remove("scenario");
    // Only in series.csv.
    object.insert("series".to_owned(), format!("{:?}", run.result.series).into());
    value
}

fn change(before: &Run, after: &Run) -> Option<Effect> {
    if before.result.digest != after.result.digest {
        Some(Happens)
    } else if seen(before) != seen(after) {
        Some(Seen)
    } else if (&before.judgements, &before.objective) != (&after.judgements, &after.objective) {
        Some(Judged)
    } else {
        None
    }
}

#[test]
fn every_knob_that_is_turned_changes_something() {
    let base = scenario(BASE);
    let wrong = knobs().filter_map(|knob| {
        let before = replay(&base, knob.before);
        let after = replay(&base, &[knob.before, &[knob.turned]].concat());
        let change = change(&before, &after);
        let text = || format!("{}: {} changes {change:?}", knob.id, knob.turned);
        (change != Some(knob.effect)).then(text)
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn parameters_of_algorithms_change_what_happens() {
    let base = scenario(BASE);
    for algorithm in ALGORITHMS {
        let name = algorithm.name;
        let chosen = format!("balancer.algorithm={name}");
        for parameter in algorithm.parameters {
            // Far enough: one more point on a ring need not move anybody.
            let (default, (low, high)) = (parameter.default, parameter.range);
            let other = if default < high { (2.0 * default + 1.0).min(high) } else { low };
            let other = match (name, parameter.kind) {
                (_, ParameterKind::Duration) => "50ms".to_owned(),
                // Fewer than there are users.
                ("sticky", _) => "1".to_owned(),
                _ => other.to_string(),
            };
            let turned = format!("balancer.{name}.{}={other}", parameter.name);
            // What a parameter needs in order to have something to change.
            let needs = match parameter.name {
                "active-request-bias" | "max-fails" => "backends.api-1.weight=5".to_owned(),
                "balance-factor" if name != "bounded-hash" => {
                    format!("balancer.{name}.consistent=1")
                }
                _ => chosen.clone(),
            };
            let ground = [&*chosen, &*needs];
            let before = replay(&base, &ground);
            let after = replay(&base, &[&ground[..], &[&*turned]].concat());
            assert_eq!(change(&before, &after), Some(Happens), "{turned}");
        }
        let other = if name == "round-robin" { "random" } else { "round-robin" };
        // With equal weights several of them take the same turns.
        let weight = "backends.api-1.weight=5";
        let before = replay(&base, &[weight, &format!("balancer.algorithm={other}")]);
        assert_eq!(change(&before, &replay(&base, &[weight, &chosen])), Some(Happens), "{name}");
    }
}

#[test]
fn parameters_of_laws_change_what_happens() {
    let base = scenario(BASE);
    for (law, given, parameter, turned) in LAWS {
        let service = format!("backends.*.service={{ {law} = {{ {given} }} }}");
        let turned = format!("backends.*.service.{law}.{parameter}={turned}");
        let (before, after) = (replay(&base, &[&service]), replay(&base, &[&service, &turned]));
        assert_eq!(change(&before, &after), Some(Happens), "{service}, {turned}");
    }
    for family in FAMILIES {
        for parameter in family.parameters.iter().map(|parameter| parameter.name) {
            let entry =
                |(law, _, name, _): &(&str, _, &str, _)| (*law, *name) == (family.name, parameter);
            assert!(LAWS.iter().any(entry), "{}.{parameter} has no entry", family.name);
        }
    }
}

#[test]
fn every_law_gives_other_times() {
    let base = scenario(BASE);
    for family in FAMILIES {
        let service = format!("backends.*.service={}", family.example);
        let after = replay(&base, &[&service]);
        let before = replay(&base, &["backends.*.service=81ms"]);
        assert_eq!(change(&before, &after), Some(Happens), "{}", family.name);
    }
}

#[test]
fn what_is_assumed_measured_and_left_out_changes_with_its_table() {
    let asked = |text: &str| {
        let scenario = scenario(text);
        let digest = |variant| run(&scenario.variant(variant).unwrap(), 1, |_| {}).result.digest;
        let claims: Vec<_> =
            scenario.twins.iter().map(|twin| (twin.misses.clone(), twin.keeps.clone())).collect();
        let variants = scenario.measures.iter().chain(&scenario.twins).map(digest);
        (scenario.assumptions.clone(), variants.collect::<Vec<_>>(), claims)
    };
    let before = asked(BASE);
    for (id, old, new) in VARIANTS {
        assert!(BASE.contains(old), "{id}: {old}");
        let text = BASE.replacen(old, new, 1);
        assert!(asked(&text) != before, "{id}: {new}");
        let digest = |text| run(&scenario(text), 1, |_| {}).result.digest;
        assert_eq!(digest(&text), digest(BASE), "{id}: the scenario itself stays as it is");
    }
}

/// The ids of a table's fields, and of the tables in it.
fn ids(prefix: &str, spec: &TableSpec, found: &mut BTreeSet<String>) {
    for field in spec.fields {
        let id = format!("{prefix}{}", field.key);
        match field.kind {
            Kind::Table(inner) | Kind::List(inner) => ids(&format!("{id}."), inner, found),
            _ => {
                found.insert(id);
            }
        }
    }
    match spec.more {
        More::Nothing | More::Algorithms => {}
        More::Disciplines => {
            for spec in DISCIPLINES {
                let all = spec.parameters.iter();
                found.extend(all.map(|p| format!("{prefix}{}.{}", spec.name, p.name)));
            }
        }
        More::Admissions => {
            let all = ADMISSIONS.iter().flat_map(|rule| rule.parameters);
            found.extend(all.map(|parameter| format!("{prefix}{}", parameter.name)));
        }
        More::EjectionParameters => {
            for parameter in EJECTIONS.iter().flat_map(|rule| rule.parameters) {
                found.insert(format!("{prefix}{}", parameter.name));
            }
        }
        More::Actions => {
            for action in ACTIONS {
                let prefix = format!("{prefix}{}.", action.name);
                found.insert(prefix.trim_end_matches('.').to_owned());
                for field in action.fields {
                    match field.kind {
                        Kind::Table(_) => ids(&format!("{prefix}rollout."), &ROLLOUT, found),
                        _ => {
                            found.insert(format!("{prefix}{}", field.key));
                        }
                    }
                }
                if action.lasts != Lasts::No {
                    found.insert(format!("{prefix}for"));
                }
            }
        }
    }
}

#[test]
fn every_field_verb_signal_and_parameter_has_an_entry() {
    let mut needed = BTreeSet::new();
    ids("", &SCENARIO, &mut needed);
    needed.extend(SIGNALS.iter().map(|signal| format!("signal {}", signal.name)));
    let known = knobs().map(|knob| knob.id);
    let known = known.chain(VARIANTS.iter().map(|(id, ..)| *id));
    let known: BTreeSet<String> =
        known.chain(DESCRIPTIVE.iter().map(|(id, _)| *id)).map(str::to_owned).collect();
    let missing: Vec<&String> = needed.difference(&known).collect();
    assert!(missing.is_empty(), "knobs without an entry: {missing:#?}");
    let gone: Vec<&String> = known.difference(&needed).collect();
    assert!(gone.is_empty(), "entries without a knob: {gone:#?}");
}
