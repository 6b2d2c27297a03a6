//! What holds for every family in the table, judged by oracles that share no code with it.

mod fitting;
mod golden;
mod sampling;

use super::*;
use crate::engine::random::{Purpose, Seed, key, keyed};

/// `count` marks as a run draws them.
fn marks(seed: u64, count: u64) -> impl Iterator<Item = u64> {
    let key = key(Seed::new(seed), Purpose::Test, 0);
    (0..count).map(move |identity| keyed(key, identity))
}

/// The law of `family` with these values.
fn build(family: &str, given: &Parameters) -> Result<Distribution, ParameterError> {
    (Family::named(family).unwrap().build)(given)
}

/// The law of `family` with these single values.
fn law(family: &str, values: &[(&'static str, f64)]) -> Distribution {
    let given =
        values.iter().fold(Parameters::new(), |given, &(name, value)| given.with(name, value));
    build(family, &given).unwrap_or_else(|error| panic!("{family} {values:?}: {error}"))
}

/// A stand-in for the scenario reader: `"80ms"` and `"1%"` as they are written in examples.
fn read(value: &toml::Value) -> f64 {
    let text = match value {
        toml::Value::Integer(number) => return *number as f64,
        toml::Value::Float(number) => return *number,
        other => other.as_str().unwrap(),
    };
    for (unit, size) in [("ms", 1e6), ("us", 1e3), ("ns", 1.0), ("s", 1e9), ("%", 0.01)] {
        if let Some(number) = text.strip_suffix(unit) {
            return number.parse::<f64>().unwrap() * size;
        }
    }
    panic!("no unit in {text}")
}

/// The law a family's example describes, which must name the family and only its parameters.
fn example(family: &Family) -> Distribution {
    let document = format!("service = {}", family.example);
    let document: toml::Table = document.parse().unwrap();
    let service = document["service"].as_table().unwrap();
    let values = service[family.name].as_table().unwrap();
    let mut given = Parameters::new();
    for (name, value) in values {
        let name = family.parameters.iter().find(|p| p.name == name).unwrap().name;
        match value {
            toml::Value::Array(many) => given.push(name, many.iter().map(read).collect::<Vec<_>>()),
            one => given.push(name, read(one)),
        }
    }
    (family.build)(&given).unwrap()
}

#[test]
fn the_table_is_alphabetical_and_complete() {
    assert!(FAMILIES.windows(2).all(|pair| pair[0].name < pair[1].name));
    assert_eq!(FAMILIES.len(), 11);
    for family in FAMILIES {
        assert!(!family.summary.is_empty() && !family.parameters.is_empty());
        for (index, parameter) in family.parameters.iter().enumerate() {
            assert!(parameter.doc.ends_with('.'), "{}.{}", family.name, parameter.name);
            let same = |other: &Parameter| other.name == parameter.name;
            assert!(!family.parameters[..index].iter().any(same), "{}", parameter.name);
        }
    }
    assert!(Family::named("poisson").is_none());
}

#[test]
fn every_example_builds_a_law_of_its_family() {
    for family in FAMILIES {
        assert_eq!(example(family).family(), family.name);
    }
}

#[test]
fn conveniences_are_the_laws_they_name() {
    let exponential = Distribution::exponential(Span::from_ms(80));
    assert_eq!(exponential, law("exponential", &[("mean", 80e6)]));
    let constant = Distribution::constant(Span::from_ms(80));
    assert_eq!(constant, law("constant", &[("value", 80e6)]));
    for nothing in [Distribution::constant(Span::ZERO), Distribution::exponential(Span::ZERO)] {
        assert!(marks(1, 100).all(|mark| nothing.at(mark).is_zero()));
        assert!(nothing.mean_ns().abs() < 1e-300 && nothing.scv().abs() < 1e-300);
    }
}
