//! The JSON Schema of scenario files, for completion, hover text and checks in editors.
//!
//! Generated from the tables that the reader uses, so the two cannot disagree. A file names it in
//! its first line: `#:schema ./scenario.schema.json`.

use super::actions::{self, ACTIONS};
use super::fields::{
    Field, Kind, Presence, SCENARIO, TableSpec, families, parameters_of, parameters_of_family,
    settings_of,
};
use crate::model::balancer::membership::rule::EJECTIONS;
use crate::model::balancer::{ALGORITHMS, Algorithm};
use crate::observe::metric::METRICS;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const DURATION: &str = r"[0-9]+(\.[0-9]+)?(d|h|m|s|ms|us|ns)";
const RATE: &str = r"^[0-9]+(\.[0-9]+)?/(s|m|h)$";
const SIZE: &str = r"^[0-9]+(\.[0-9]+)?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$";
const RATIO: &str = r"^[0-9]+(\.[0-9]+)?%?$";
const TIME_OF_DAY: &str = r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?";

/// The schema, draft 2020-12.
pub fn json() -> Value {
    let mut schema = table(&SCENARIO);
    let head = [
        ("$schema", json!("https://json-schema.org/draft/2020-12/schema")),
        ("$id", json!("urn:misroute:scenario:1")),
        ("title", json!("misroute scenario")),
    ];
    let map = schema.as_object_mut().expect("a table's schema is an object");
    for (key, value) in head {
        map.insert(key.to_owned(), value);
    }
    schema
}

/// The schema of a table: the properties it may have and no others.
fn object(fields: &[Field], doc: &str) -> Value {
    let properties: Map<String, Value> =
        fields.iter().map(|field| (field.key.to_owned(), property(field))).collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.presence == Presence::Required)
        .map(|field| field.key)
        .collect();
    let mut schema = json!({
        "type": "object",
        "description": doc,
        "properties": properties,
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn table(spec: &TableSpec) -> Value {
    let Some(field) = spec.fields.iter().find(|field| matches!(field.kind, Kind::Verb)) else {
        return object(&spec.fields(None), spec.doc);
    };
    // Which keys an entry needs and may have follows from its verb.
    let mut schema = object(&spec.fields(None), spec.doc);
    let always: Vec<&str> = spec.fields.iter().map(|field| field.key).collect();
    let mut needed: Vec<&str> = Vec::new();
    for field in spec.fields.iter().filter(|field| field.presence == Presence::Required) {
        needed.push(field.key);
    }
    schema["required"] = json!(needed);
    let all = spec.fields(None);
    let rule = |action: &actions::ActionSpec| {
        let own: Vec<Field> = action.all_fields().collect();
        let foreign = all.iter().filter(|field| {
            !always.contains(&field.key) && own.iter().all(|own| own.key != field.key)
        });
        let forbidden: Map<String, Value> =
            foreign.map(|field| (field.key.to_owned(), json!(false))).collect();
        let own_required = own.iter().filter(|field| field.presence == Presence::Required);
        let required: Vec<&str> = own_required.map(|field| field.key).collect();
        json!({
            "if": { "properties": { field.key: { "const": action.name } }, "required": [field.key] },
            "then": { "properties": forbidden, "required": required },
        })
    };
    schema["allOf"] = ACTIONS.iter().map(rule).collect();
    schema["oneOf"] = json!([{ "required": ["at"] }, { "required": ["on-alert"] }]);
    schema
}

/// The schema of a value, with its meaning and its default.
fn property(field: &Field) -> Value {
    let mut schema = kind(field);
    schema["description"] = json!(description(field));
    match field.presence {
        Presence::Required | Presence::Optional => {}
        Presence::Number(number) => schema["default"] = json!(number as i64),
        Presence::Default(text) => schema["default"] = default_of(field.kind, text),
    }
    schema
}

fn default_of(kind: Kind, text: &str) -> Value {
    match kind {
        Kind::Flag => json!(text == "true"),
        Kind::Texts => json!([]),
        Kind::Count | Kind::CountOr(_) => {
            text.parse::<i64>().map_or_else(|_| json!(text), |number| json!(number))
        }
        Kind::Number => text.parse::<f64>().map_or_else(|_| json!(text), |number| json!(number)),
        _ => json!(text),
    }
}

fn description(field: &Field) -> String {
    let mut text = field.doc.to_owned();
    if let Kind::Algorithm = field.kind {
        for algorithm in ALGORITHMS {
            text.push_str(&item(algorithm.name, algorithm.summary));
        }
    }
    if let Kind::Verb = field.kind {
        for action in ACTIONS {
            text.push_str(&item(action.name, action.summary));
        }
    }
    if let Kind::Metric = field.kind {
        for metric in METRICS {
            text.push_str(&item(metric.name, metric.doc));
        }
    }
    text
}

/// A line of a list in hover text.
fn item(name: &str, doc: &str) -> String {
    format!("\n- {name}: {doc}")
}

fn pattern(pattern: &str, examples: &[&str]) -> Value {
    json!({ "type": "string", "pattern": pattern, "examples": examples })
}

fn duration() -> Value {
    pattern(&format!("^({DURATION})+$"), &["250ms", "1h30m"])
}

fn number(kind: &str, range: Option<(f64, f64)>) -> Value {
    let mut schema = json!({ "type": kind });
    if let Some((low, high)) = range {
        let bound = |value: f64| if kind == "integer" { json!(value as i64) } else { json!(value) };
        schema["minimum"] = bound(low);
        schema["maximum"] = bound(high);
    }
    schema
}

fn list_of(item: &Value) -> Value {
    json!({ "type": "array", "items": item })
}

fn or_word(schema: &Value, word: &str) -> Value {
    json!({ "anyOf": [schema, { "const": word }] })
}

fn moment() -> Value {
    let full = "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+";
    pattern(&format!("^(({DURATION})+|{TIME_OF_DAY}|{full})$"), &["1h30m", "14:05"])
}

fn text() -> Value {
    json!({ "type": "string" })
}

/// Every name that some dialect has for an algorithm.
fn algorithm_names() -> BTreeSet<&'static str> {
    let names = |algorithm: &&'static Algorithm| {
        let (_, words) = algorithm.dialect;
        std::iter::once(algorithm.name).chain(words.iter().copied())
    };
    ALGORITHMS.iter().flat_map(names).collect()
}

fn kind(field: &Field) -> Value {
    match field.kind {
        Kind::Schema => json!({ "const": 1 }),
        Kind::KebabName => pattern("^[a-z0-9]+(-[a-z0-9]+)*$", &["two-of-five"]),
        Kind::Identifier => pattern("^[A-Za-z0-9_-]+$", &["web"]),
        Kind::NamePattern => pattern("^[A-Za-z0-9_,.{}-]+$", &["api-{1..5}"]),
        Kind::Name => json!({ "type": "string", "minLength": 1 }),
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Count => number("integer", field.range),
        Kind::CountOr(word) => or_word(&number("integer", field.range), word),
        Kind::Number => number("number", field.range),
        Kind::Ratio => json!({
            "anyOf": [pattern(RATIO, &["30%"]), number("number", field.range)],
        }),
        Kind::Rate => pattern(RATE, &["450/s", "12/m"]),
        Kind::Size => pattern(SIZE, &["512MiB"]),
        Kind::Duration => duration(),
        Kind::DurationOr(word) => or_word(&duration(), word),
        Kind::Durations(None) => list_of(&duration()),
        Kind::Durations(Some(word)) => list_of(&or_word(&duration(), word)),
        Kind::Numbers => list_of(&number("number", None)),
        Kind::Start => pattern("^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ].+$", &["2024-08-10T13:50:00Z"]),
        Kind::Moment => moment(),
        Kind::Interval => {
            json!({ "type": "array", "items": moment(), "minItems": 2, "maxItems": 2 })
        }
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Choices(words) => list_of(&json!({ "enum": words })),
        Kind::Algorithm => {
            let names = algorithm_names();
            json!({ "enum": names })
        }
        Kind::EjectionRule => {
            json!({ "enum": EJECTIONS.iter().map(|rule| rule.name).collect::<Vec<_>>() })
        }
        Kind::Verb => {
            json!({ "enum": ACTIONS.iter().map(|action| action.name).collect::<Vec<_>>() })
        }
        Kind::Distribution => {
            let mut families = object(&families(), "one family with its parameters");
            families["minProperties"] = json!(1);
            families["maxProperties"] = json!(1);
            json!({ "anyOf": [duration(), families] })
        }
        Kind::Family(family) => {
            let mut schema = object(&parameters_of_family(family), family.summary);
            schema["examples"] = json!([family.example]);
            schema
        }
        Kind::Parameters(algorithm) => object(&parameters_of(algorithm), algorithm.summary),
        Kind::Settings(spec) => object(&settings_of(spec), spec.summary),
        Kind::Table(spec) => table(spec),
        Kind::List(spec) => list_of(&table(spec)),
        Kind::Edits => json!({ "type": "object" }),
        Kind::Targets => json!({ "anyOf": [text(), list_of(&text())] }),
        Kind::OverloadCondition => {
            pattern("^ *queue *>= *[0-9]+(\\.[0-9]+)?%? *$", &["queue >= 95%"])
        }
        Kind::AlertCondition => pattern("[<>]", &["latency.p95 > 2s for 1m"]),
        Kind::Text | Kind::Path | Kind::Reference(_) | Kind::Metric => text(),
        Kind::Texts | Kind::Paths | Kind::References(_) => list_of(&text()),
        Kind::Bound => json!({ "type": ["string", "number"] }),
        Kind::Bounds => json!({
            "type": "array",
            "items": { "type": ["string", "number"] },
            "minItems": 2,
            "maxItems": 2,
        }),
        Kind::PathRange => json!({ "type": "array", "minItems": 2, "maxItems": 2 }),
        Kind::PathValues => json!({ "type": "array", "minItems": 1 }),
    }
}
