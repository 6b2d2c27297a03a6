//! Figures and differences with as many digits as they are worth.

use crate::experiment::compare::{Figure, Meaning};
use crate::experiment::statistics::Estimate;
use crate::report::clock::Clock;
use crate::report::estimates::shown;
use crate::report::words::grouped;

/// A figure in a table: before, after, their difference, and that as a share of what was before.
pub(super) fn row(figure: &Figure, clock: &Clock) -> [String; 4] {
    let side = |side: Option<Estimate>| {
        side.map(|estimate| shown(figure.unit, false, &estimate, clock).mean)
    };
    let difference = figure.difference.map(|paired| difference(figure, &paired.difference, clock));
    let relative = figure.relative.map(|relative| percent(relative.mean));
    [side(figure.before), side(figure.after), difference, relative].map(or_dash)
}

/// A difference with its interval: `+8.61ms (+7.91 to +9.31)`.
fn difference(figure: &Figure, difference: &Estimate, clock: &Clock) -> String {
    if figure.meaning == Meaning::Equal {
        return "0".to_owned();
    }
    shown(figure.unit, true, difference, clock).joined()
}

/// A text, or a dash for none.
pub(super) fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

/// A share with its sign: `+10.4%`.
pub(super) fn percent(share: f64) -> String {
    let percent = (share * 100.0).abs();
    let decimals = match percent {
        p if p >= 99.95 => 0,
        p if p >= 0.995 => 1,
        _ => 2,
    };
    let text = format!("{percent:.decimals$}");
    let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if is_zero {
        return "0%".to_owned();
    }
    format!("{}{}%", if share < 0.0 { "-" } else { "+" }, grouped(&text))
}

/// A relative difference with its interval.
pub(super) fn relative(share: &Estimate) -> String {
    match (share.low, share.high) {
        (Some(low), Some(high)) if low < high => {
            format!("{} ({} to {})", percent(share.mean), percent(low), percent(high))
        }
        _ => percent(share.mean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_short() {
        let shown = [0.104, -0.0342, 3.456, 0.0, 0.000_4, -1.0].map(percent);
        assert_eq!(shown, ["+10.4%", "-3.4%", "+346%", "0%", "+0.04%", "-100%"]);
    }
}
