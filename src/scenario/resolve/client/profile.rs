//! `profile` of clients.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use super::super::super::units;
use super::super::super::values;
use super::super::records::Records;
use super::super::{Context, expect};
use crate::engine::time::{Span, Time};
use crate::model::setup::Profile;
use std::sync::Arc;

/// How a rate varies, and whether that is in requests per second.
pub(super) struct Course {
    pub(super) profile: Profile,
    pub(super) has_rate: bool,
}

/// Times and factors.
type Points = Arc<[(Span, f64)]>;

/// What belongs to some shapes only.
const POINTS: &[&str] = &["at", "factors", "file", "repeat"];
const SINE: &[&str] = &["low", "high", "peak", "period"];

/// Whether a population has a profile from a file.
pub(super) fn has_file(table: &TableReader<'_>) -> bool {
    let profile = table.node("profile").and_then(|node| node.as_table());
    profile.is_some_and(|profile| profile.get("file").is_some())
}

/// How the rate of a population varies.
pub(super) fn profile(context: &Context<'_>, table: &TableReader<'_>) -> Option<Course> {
    let shape = table.choice("shape")?;
    let (foreign, help) = if shape == "sine" {
        (POINTS, "a sine goes from `low` to `high` and back in each `period`")
    } else {
        (SINE, "only shape = \"sine\" has it")
    };
    for key in foreign.iter().filter(|key| table.has(key)) {
        let message = format!("`{key}` has no meaning with shape = \"{shape}\"");
        let place = table.key_place(key);
        table.report.push(Diagnostic::new(message, place, "remove it").help(help));
    }
    if shape == "sine" {
        return sine(context, table).map(|profile| Course { profile, has_rate: false });
    }
    let repeat = table.has("repeat").then(|| table.duration("repeat"));
    let (points, has_rate) = if table.has("file") {
        for key in ["at", "factors"].into_iter().filter(|key| table.has(key)) {
            let message = format!("`{key}` has no meaning beside `file`");
            table.report.push(
                Diagnostic::new(message, table.key_place(key), "remove it")
                    .and(table.key_place("file"), "the points are in it"),
            );
        }
        recorded(context, table)?
    } else {
        (listed(table)?, false)
    };
    let repeat = match repeat {
        None => None,
        Some(repeat) => Some(repeat?),
    };
    let last = points.last().map_or(Span::ZERO, |&(at, _)| at);
    if let Some(repeat) = repeat.filter(|&repeat| repeat < last) {
        let message = format!("the profile begins again after {repeat}, before its last point");
        table.fail("repeat", message, &format!("at least {last}"));
        return None;
    }
    let linear = shape == "linear";
    Some(Course { profile: Profile::Points { points, linear, repeat }, has_rate })
}

fn sine(context: &Context<'_>, table: &TableReader<'_>) -> Option<Profile> {
    let ratio = |key, usual| if table.has(key) { table.ratio(key) } else { Some(usual) };
    let (low, high) = (ratio("low", 0.5), ratio("high", 1.5));
    let day = Span::from_secs(24 * 3_600);
    let period = if table.has("period") { table.duration("period") } else { Some(day) };
    let peak = table.has("peak").then(|| {
        table
            .get("peak", |node, field| expect::moment_of(&context.clock.without_end(), node, field))
    });
    let (low, high, period) = (low?, high?, period?);
    let peak = peak.map_or(Some(period.scaled(0.25)), |peak| peak.map(Time::offset))?;
    if low > high {
        let key = if table.has("low") { "low" } else { "high" };
        table.fail(key, "the lowest factor is above the highest", "`low` is at most `high`");
        return None;
    }
    Some(Profile::Sine { low, high, peak, period })
}

/// `at` and `factors`.
fn listed(table: &TableReader<'_>) -> Option<Points> {
    let missing: Vec<&str> = ["at", "factors"].into_iter().filter(|key| !table.has(key)).collect();
    if !missing.is_empty() {
        let message = format!("a profile needs `{}`", missing.join("` and `"));
        table.report.push(Diagnostic::new(message, table.place, "").help(
            "write at = [\"0s\", \"10m\"] and factors = [1, 2.5], or a `file`, or shape = \"sine\"",
        ));
        return None;
    }
    let times = table.get("at", |node, field| {
        let items = values::list(node, field, "durations such as \"10m\"")?;
        let mut last = None;
        let time = |item| {
            let at = values::duration(item, field)?;
            if last.is_some_and(|last| at <= last) {
                let message = "times of a profile must be in order, all different";
                return Err(Diagnostic::new(message, &item.place, "not after the one before it"));
            }
            last = Some(at);
            Ok(at)
        };
        items.into_iter().map(time).collect::<Result<Vec<Span>, _>>()
    });
    let factors = table.get("factors", |node, field| {
        let items = values::list(node, field, "numbers")?;
        let factor = |item| match values::number(item, field)? {
            factor if (0.0..=1e6).contains(&factor) => Ok(factor),
            _ => Err(Diagnostic::new("a factor must be from 0 to 1000000", &item.place, "")),
        };
        items.into_iter().map(factor).collect::<Result<Vec<f64>, _>>()
    });
    let (times, factors) = (times?, factors?);
    if times.is_empty() || times.len() != factors.len() {
        let message = format!("{} times and {} factors", times.len(), factors.len());
        table.fail("factors", message, "one for each time of `at`, and at least one");
        return None;
    }
    Some(times.into_iter().zip(factors).collect())
}

/// The points of a file, and whether they are rates.
fn recorded(context: &Context<'_>, table: &TableReader<'_>) -> Option<(Points, bool)> {
    let source = super::file(context, table, "file")?;
    let records = Records::read(context.report, &source, &["time", "factor", "rate"])?;
    let has_rate = records.has(2);
    if records.has(1) == has_rate {
        let message = format!("{} must have a column `factor` or `rate`", source.name);
        table.fail("file", message, if has_rate { "it has both" } else { "it has neither" });
        return None;
    }
    let mut last = None;
    let points = records.map(context.report, |row| {
        let time = row.first("time")?;
        let at = super::time(context, &time)?.offset();
        if last.is_some_and(|last| at <= last) {
            let message = "times of a profile must be in order, all different";
            return Err(time.wrong(message, "not after the one above it"));
        }
        last = Some(at);
        if let Some(factor) = row.value(1, "factor")? {
            return Ok((at, factor.number("a factor", 0.0, 1e6)?));
        }
        let rate = row.value(2, "rate")?.expect("a file has a factor or a rate");
        // "450/s", or a number of requests per second.
        let value = match units::rate(rate.text) {
            Ok(value) if value <= 1e7 => value,
            _ => rate.number("a rate, in requests per second,", 0.0, 1e7)?,
        };
        Ok((at, value))
    })?;
    Some((points.into(), has_rate))
}
