//! What a limit means, in a sentence.

use crate::experiment::limits::{Limit, Limits, Measure, Status, Terms};
use crate::report::words;

/// What a limit means, in a sentence.
pub fn sentence(limits: &Limits, terms: &Terms, limit: &Limit) -> String {
    if limit.status == Status::Inapplicable {
        return limit.note.clone().unwrap_or_default();
    }
    match limit.name.as_str() {
        "tipping" => tipping(terms, limit),
        "edge" => edge(limits, limit),
        name => {
            let (what, missed) = if name.starts_with("knee") {
                ("goodput follows offered load", "goodput does not follow offered load")
            } else {
                ("the objective is met", "the objective is not met")
            };
            format!("{}{}", lost(limits, limit), highest(limits, limit, what, missed))
        }
    }
}

/// `with one of 5 members lost (api-1), `, or nothing.
fn lost(limits: &Limits, limit: &Limit) -> String {
    let names = limit.lost.join(", ");
    match limit.lost.len() {
        0 => String::new(),
        some if limit.name.ends_with("zone") => {
            format!("with a zone lost ({some} of {} members: {names}), ", limits.members)
        }
        1 => format!("with one of {} members lost ({names}), ", limits.members),
        2 => format!("with two of {} members lost ({names}), ", limits.members),
        some => format!("with {some} of {} members lost ({names}), ", limits.members),
    }
}

fn highest(limits: &Limits, limit: &Limit, what: &str, missed: &str) -> String {
    match (limit.status, limit.value()) {
        (Status::Found, Some(value)) => {
            let rate = words::rate(value / limits.load * limits.offered_rps);
            let share = share(limits.load / value);
            format!(
                "{what} up to load {} ({}), {rate} requests/s: you are at {share} of that",
                percent(limit, value),
                interval(limit)
            )
        }
        (Status::Nowhere, Some(value)) => format!("{missed} at any load down to {}", share(value)),
        (_, Some(value)) => format!("{what} up to load {} and further", share(value)),
        (_, None) => format!("{what}: nothing was decided"),
    }
}

fn tipping(terms: &Terms, limit: &Limit) -> String {
    let height = format!("a surge to {} of the load", share(terms.pulse));
    let note = limit.note.as_deref().unwrap_or_default();
    match (limit.status, limit.value()) {
        (Status::Found, Some(value)) => format!(
            "{height} tips it over if it lasts {} or longer ({}); {note}",
            seconds(value),
            interval(limit)
        ),
        (Status::Everywhere, Some(value)) => {
            format!("it recovers from {height} of up to {}; {note}", seconds(value))
        }
        (_, Some(value)) => {
            format!("users are not well even after {height} for {}; {note}", seconds(value))
        }
        (_, None) => "nothing was decided".to_owned(),
    }
}

fn edge(limits: &Limits, limit: &Limit) -> String {
    let note = limit.note.as_deref().unwrap_or_default();
    match (limit.status, limit.value()) {
        (Status::Found, Some(value)) => {
            let you = match (limit.low, limit.high) {
                (_, Some(high)) if limits.load >= high => "you are above it",
                (Some(low), _) if limits.load <= low => "you are below it",
                _ => "you are at it",
            };
            let rate = words::rate(value / limits.load * limits.offered_rps);
            format!(
                "below load {} ({}), {rate} requests/s, no surge tips it over, from there to the knee \
                 one may: {you}; {note}",
                percent(limit, value),
                interval(limit)
            )
        }
        (Status::Everywhere, Some(value)) => {
            format!(
                "no surge tips it over at any load up to {}, almost the knee; {note}",
                share(value)
            )
        }
        (_, Some(value)) => {
            format!("a surge tips it over at any load down to {}; {note}", share(value))
        }
        (_, None) => "nothing was decided".to_owned(),
    }
}

/// A share with as many digits as it is worth to a reader.
fn share(share: f64) -> String {
    let decimals = usize::from(share < 0.1);
    format!("{:.decimals$}%", share * 100.0)
}

/// A limit as a percentage, to a tenth of its interval's width.
fn percent(limit: &Limit, value: f64) -> String {
    let decimals = match (limit.low, limit.high) {
        (Some(low), Some(high)) if high - low < 0.002 => 2,
        (Some(low), Some(high)) if high - low < 0.1 => 1,
        _ => 0,
    };
    format!("{:.decimals$}%", value * 100.0)
}

fn seconds(seconds: f64) -> String {
    match seconds {
        s if s < 9.95 => format!("{s:.1}s"),
        s if s < 120.0 => format!("{s:.0}s"),
        s => format!("{:.1}min", s / 60.0),
    }
}

fn interval(limit: &Limit) -> String {
    let show = |value: Option<f64>| {
        value.map_or_else(String::new, |value| match limit.measure {
            Measure::Load => percent(limit, value),
            Measure::Seconds => seconds(value),
        })
    };
    format!("{} to {}", show(limit.low), show(limit.high))
}
