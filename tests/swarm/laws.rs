//! Laws at random: from their families' examples, or from any of their parameters.

use super::document::{Table, Value};
use super::draw::{Draw, duration};
use misroute::engine::dist::{FAMILIES, Family, ParameterKind, Parameters};
use misroute::scenario::units;

/// A law, as a scenario writes it.
pub(super) fn law(draw: &mut Draw) -> Value {
    if draw.chance(0.3) {
        return duration(draw.scale(1e-3, 0.5)).into();
    }
    let family = draw.one_of(FAMILIES);
    if draw.chance(0.3)
        && let Some(law) = (0..10).find_map(|_| of_parameters(draw, &family))
    {
        return law;
    }
    // Its example, somewhat faster or slower.
    let text = format!("law = {}", family.example);
    let mut law = toml::from_str::<Table>(&text).unwrap()["law"].clone();
    let factor = draw.scale(0.1, 3.0);
    scale_times(&mut law, factor);
    law
}

/// Some of a family's parameters, if they make a law.
fn of_parameters(draw: &mut Draw, family: &Family) -> Option<Value> {
    let (mut given, mut written) = (Parameters::new(), Table::new());
    let share = 2.0 / family.parameters.len() as f64;
    for parameter in family.parameters {
        if !draw.chance(share) {
            continue;
        }
        let n = draw.between(1, 3);
        let times: Vec<f64> = (0..n).map(|_| draw.scale(1e-3, 0.5)).collect();
        let numbers: Vec<f64> = (0..n).map(|_| draw.scale(0.2, 5.0)).collect();
        let times_ns = times.iter().map(|time| 1e9 * time);
        let all = |items: &[f64], write: fn(f64) -> Value| -> Value {
            items.iter().map(|&item| write(item)).collect::<Vec<_>>().into()
        };
        let as_time = |seconds: f64| Value::from(duration(seconds));
        let percent = numbers[0].min(5.0) * 20.0;
        let value = match parameter.kind {
            ParameterKind::Time => {
                given.push(parameter.name, 1e9 * times[0]);
                as_time(times[0])
            }
            ParameterKind::Number => {
                given.push(parameter.name, numbers[0]);
                numbers[0].into()
            }
            ParameterKind::Ratio => {
                given.push(parameter.name, percent / 100.0);
                format!("{percent}%").into()
            }
            ParameterKind::Count => {
                given.push(parameter.name, n as f64);
                (n as i64).into()
            }
            ParameterKind::Times => {
                given.push(parameter.name, times_ns.collect::<Vec<_>>());
                all(&times, as_time)
            }
            ParameterKind::Numbers => {
                given.push(parameter.name, numbers.clone());
                all(&numbers, Value::from)
            }
        };
        written.insert(parameter.name.to_owned(), value);
    }
    (family.build)(&given).ok()?;
    let law = Value::Table(written);
    Some(Table::from_iter([(family.name.to_owned(), law)]).into())
}

/// Multiplies every length of time in a law.
fn scale_times(value: &mut Value, factor: f64) {
    match value {
        Value::String(text) => {
            if let Ok(span) = units::duration(text) {
                *text = format!("{}us", (span.as_secs_f64() * 1e6 * factor).ceil());
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| scale_times(item, factor)),
        Value::Table(table) => table.iter_mut().for_each(|(_, item)| scale_times(item, factor)),
        _ => {}
    }
}
