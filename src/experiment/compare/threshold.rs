//! What a comparison must not show: `p99 > +10%`, `users.affected > 0.1%`, `goodput < -5/s`.

use super::difference::Values;
use super::result::Figure;
use crate::engine::time::Span;
use crate::experiment::column;
use crate::experiment::statistics::{Estimate, LEVEL, Paired};
use crate::observe::metric::{METRICS, MetricRef, Unit};
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::scenario::units::{self, UnitError};
use crate::scenario::{Scenario, Source, suggest};
use schemars::JsonSchema;
use serde::Serialize;
use std::ops::Range;
use std::sync::Arc;

/// Short names of metrics; `pNN` is `latency.pNN` besides.
pub const ALIASES: [(&str, &str); 12] = [
    ("mean", "latency.mean"),
    ("offered", "requests.offered_rps"),
    ("goodput", "requests.goodput_rps"),
    ("success", "requests.succeeded_ratio"),
    ("failed", "requests.failed_ratio"),
    ("slow", "requests.slow_ratio"),
    ("amplification", "requests.amplification"),
    ("users.affected", "users.affected_ratio"),
    ("users.unable", "users.unable_ratio"),
    ("users.minutes", "users.affected_minutes"),
    ("imbalance", "balance.max_over_mean"),
    ("fairness", "balance.jain"),
];
const EXAMPLE: &str =
    "write METRIC > BOUND, such as p99 > +10%, users.affected > 0.1% or goodput < -5/s";

/// A finding, if the comparison shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// As it was written.
    pub text: String,
    /// The metric's full name.
    pub metric: String,
    above: bool,
    bound: Bound,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Bound {
    /// A value of what is after.
    Level(f64),
    /// A difference, in the metric's unit.
    Absolute(f64),
    /// A difference as a share of what is before.
    Relative(f64),
}

/// How a threshold was judged.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ThresholdResult {
    /// As it was written.
    pub threshold: String,
    /// The metric's full name.
    pub metric: String,
    /// How it was judged.
    pub status: ThresholdStatus,
    /// What is held against the bound: `after`, the `difference`, or the `relative` difference.
    pub of: &'static str,
    /// The bound, in the metric's unit; as a fraction if it is relative.
    pub bound: f64,
    /// What was held against it; absent if there is nothing, or nothing before to relate it to.
    pub observed: Option<Estimate>,
    /// The metric's unit.
    #[serde(skip)]
    pub unit: Unit,
}

/// How a threshold was judged, on the ends of the interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdStatus {
    /// None of the interval is beyond the bound.
    Pass,
    /// All of it is.
    Fail,
    /// The bound lies in the interval, or nothing was observed.
    Undecided,
}

impl Threshold {
    /// Reads `METRIC > BOUND` or `METRIC < BOUND`. A bound with a sign is a difference: `+10%` of what
    /// was before, `+0.5 points` of a share, `+20ms`; one without is a level of what is after.
    ///
    /// # Errors
    /// If the text is none, or `scenario` has no such metric.
    pub fn parse(text: &str, scenario: &Scenario) -> Result<Self, Diagnostics> {
        let source = Arc::new(Source::from_text("--fail-if", text));
        let wrong = |at: Range<usize>, message: String, label: &str| {
            Diagnostic::new(message, &Place::new(&source, at), label)
        };
        let Some(at) = text.find(['<', '>']) else {
            let message = "a threshold needs `>` or `<`".to_owned();
            return Err(wrong(0..text.len(), message, "").help(EXAMPLE).into());
        };
        if text[at + 1..].starts_with('=') {
            let message = "a threshold is `>` or `<`: a bound itself is never beyond".to_owned();
            return Err(wrong(at..at + 2, message, "remove the `=`").into());
        }
        let name = text[..at].trim();
        let name_at = text.len() - text.trim_start().len();
        let (metric, unit) = metric(name, scenario).map_err(|(message, help)| {
            Diagnostics::from(wrong(name_at..name_at + name.len(), message, "").help_if(help))
        })?;
        let written = text[at + 1..].trim();
        let start = text.len() - text[at + 1..].trim_start().len();
        let bound = bound(written, unit).map_err(|error| {
            let part = start + error.at.start..start + error.at.end;
            let fix = error.fix.map(|fix| format!("did you mean `{fix}`?"));
            Diagnostics::from(wrong(part, error.message, "").help_if(fix).help(example(unit)))
        })?;
        let above = text[at..].starts_with('>');
        Ok(Self { text: text.trim().to_owned(), metric, above, bound })
    }

    /// Whether it needs what was before.
    pub fn is_difference(&self) -> bool {
        !matches!(self.bound, Bound::Level(_))
    }

    /// Judges it on a figure and the values that it rests on.
    pub(super) fn judge(&self, values: &Values, figure: &Figure) -> ThresholdResult {
        let (unit, relative) = (figure.unit, figure.relative);
        let (before, after) = values.pairs();
        let (of, bound, observed, margin) = match self.bound {
            Bound::Level(level) => ("after", level, figure.after, figure.after.map(|e| (e, level))),
            Bound::Absolute(bound) => {
                let paired = Paired::of(&before, &after, LEVEL).map(|paired| paired.difference);
                ("difference", bound, paired, paired.map(|e| (e, bound)))
            }
            // The interval of a ratio, without dividing: after - (1 + bound) before, held against zero.
            Bound::Relative(share) => {
                let pairs = before.iter().zip(&after);
                let rest: Vec<f64> = pairs.map(|(b, a)| a - b - share * b.abs()).collect();
                // Where no pair differs the difference is nothing, however much the pairs vary.
                let margin = if before == after {
                    Estimate::of(&vec![0.0; before.len()], LEVEL).map(|none| (none, share))
                } else {
                    Estimate::of(&rest, LEVEL).map(|rest| (rest, 0.0))
                };
                ("relative", share, relative, margin)
            }
        };
        let ends = margin.and_then(|(e, bound)| Some((e.low?, e.high?, bound)));
        let status = match ends {
            Some((low, high, bound)) => match (self.above, low > bound, high < bound) {
                (true, true, _) | (false, _, true) => ThresholdStatus::Fail,
                (true, false, _) if high <= bound => ThresholdStatus::Pass,
                (false, _, false) if low >= bound => ThresholdStatus::Pass,
                _ => ThresholdStatus::Undecided,
            },
            None => ThresholdStatus::Undecided,
        };
        // Where nothing succeeds there is no p99, which is not a good one.
        let there = if self.is_difference() { before.len() } else { values.seen_after() };
        let status = match status {
            _ if values.seen_after() == 0 => ThresholdStatus::Fail,
            ThresholdStatus::Pass if there < values.after.len() => ThresholdStatus::Undecided,
            status => status,
        };
        let (threshold, metric) = (self.text.clone(), self.metric.clone());
        ThresholdResult { threshold, metric, status, of, bound, observed, unit }
    }
}

/// The full name and the unit of a metric, by its full or its short name; else what is wrong, and help.
fn metric(name: &str, scenario: &Scenario) -> Result<(String, Unit), (String, Option<String>)> {
    let alias =
        ALIASES.iter().find(|(short, _)| *short == name).map(|(_, full)| (*full).to_owned());
    let digits = name.strip_prefix('p').filter(|digits| !digits.is_empty());
    let is_quantile = digits.is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let full = alias
        .unwrap_or_else(|| if is_quantile { format!("latency.{name}") } else { name.to_owned() });
    if let Some(expect) = full.strip_prefix("expect.") {
        let mut expects = scenario.expects.iter();
        return match expects.find(|other| other.name == expect) {
            Some(expect) if expect.metric.metric.unit == Unit::Text => Err(word(name)),
            Some(expect) => Ok((full, expect.metric.metric.unit)),
            None => {
                let names = scenario.expects.iter().map(|expect| expect.name.as_str());
                let help = suggest::help(expect, names, "expectations");
                Err((format!("there is no expectation `{expect}`"), Some(help)))
            }
        };
    }
    let found = column::with_names(scenario, |names| MetricRef::parse(&full, names));
    match found {
        Ok(metric) if metric.metric.unit == Unit::Text => Err(word(name)),
        Ok(metric) => Ok((full, metric.metric.unit)),
        Err(_) if name.is_empty() => {
            Err(("a threshold needs a metric".to_owned(), Some(EXAMPLE.to_owned())))
        }
        Err(error) if error.at == (0..full.len()) && !error.candidates.is_empty() => {
            let quantiles = ["p50", "p95", "p99", "p999"].into_iter();
            let short = ALIASES.iter().map(|(short, _)| *short).chain(quantiles);
            let all = short.chain(METRICS.iter().map(|metric| metric.name));
            Err((format!("unknown metric `{name}`"), Some(suggest::help(name, all, "metrics"))))
        }
        Err(error) => {
            let wrong = full.get(error.at.clone()).unwrap_or(&full);
            let candidates = error.candidates.iter().map(String::as_str);
            let help = (!error.candidates.is_empty())
                .then(|| suggest::help(wrong, candidates, "possible"));
            Err((error.message, help))
        }
    }
}

fn word(name: &str) -> (String, Option<String>) {
    (format!("`{name}` is a word, which has no bound"), None)
}

fn bound(text: &str, unit: Unit) -> Result<Bound, UnitError> {
    let fail = |message: &str| {
        Err(UnitError { at: 0..text.len(), message: message.to_owned(), fix: None })
    };
    if text.is_empty() {
        return fail("a threshold needs a bound");
    }
    let signed = text.strip_prefix('+').map(|rest| (rest, 1.0));
    let signed = signed.or_else(|| text.strip_prefix(['-', '−']).map(|rest| (rest, -1.0)));
    let Some((rest, sign)) = signed else { return level(text, unit).map(Bound::Level) };
    let moved = |error: UnitError| {
        let by = text.len() - rest.len();
        UnitError { at: error.at.start + by..error.at.end + by, ..error }
    };
    if rest.ends_with('%') {
        return units::ratio(rest).map(|share| Bound::Relative(sign * share)).map_err(moved);
    }
    if unit == Unit::Ratio {
        let number = ["points", "point", "pp"].iter().find_map(|word| rest.strip_suffix(word));
        let Some(number) = number else {
            return fail("a difference of shares is in points, or relative in %");
        };
        let points = units::number(number.trim()).map_err(moved)?;
        return Ok(Bound::Absolute(sign * points / 100.0));
    }
    level(rest, unit).map(|value| Bound::Absolute(sign * value)).map_err(moved)
}

/// A value in the metric's unit.
fn level(text: &str, unit: Unit) -> Result<f64, UnitError> {
    match unit {
        Unit::Ratio => units::ratio(text),
        Unit::Rate => units::rate(text),
        Unit::Milliseconds => units::duration(text).map(Span::as_ms_f64),
        Unit::Instant => units::duration(text).map(Span::as_secs_f64),
        Unit::Minutes => units::number(text)
            .or_else(|_| units::duration(text).map(|span| span.as_secs_f64() / 60.0)),
        Unit::Count | Unit::Number | Unit::Text => units::number(text),
    }
}

fn example(unit: Unit) -> String {
    let (level, difference) = match unit {
        Unit::Ratio => ("0.1%", "+0.5 points"),
        Unit::Rate => ("400/s", "+5/s"),
        Unit::Milliseconds | Unit::Instant => ("500ms", "+20ms"),
        Unit::Minutes => ("500", "+50"),
        Unit::Count | Unit::Number | Unit::Text => ("1.5", "+0.1"),
    };
    format!("a level such as {level}, a difference such as {difference}, or relative, +10%")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::compare::difference::figure;
    use crate::scenario::load;

    const SCENARIO: &str = r#"schema = 1
name = "base"
duration = "1m"
[[clients]]
name = "web"
rate = "400/s"
[[backends]]
name = "api"
service = "1ms"
"#;

    fn parse(text: &str) -> Result<Threshold, Diagnostics> {
        Threshold::parse(text, &load(&Source::from_text("s", SCENARIO), &[]).unwrap())
    }

    fn status(text: &str, values: &Values) -> ThresholdStatus {
        let of = |side: &[Option<f64>]| {
            let values: Vec<f64> = side.iter().copied().flatten().collect();
            Estimate::of(&values, LEVEL)
        };
        let sides = [of(&values.before), of(&values.after)];
        let figure = figure("latency.mean", Unit::Milliseconds, values, sides);
        parse(text).unwrap().judge(values, &figure).status
    }

    fn judged(text: &str, before: &[f64], after: &[f64]) -> ThresholdStatus {
        let some = |values: &[f64]| values.iter().copied().map(Some).collect();
        let values = Values { before: some(before), after: some(after) };
        status(text, &values)
    }

    #[test]
    fn bounds_are_levels_differences_or_shares() {
        let bound = |text: &str| parse(text).unwrap().bound;
        assert_eq!(bound("p99 > +10%"), Bound::Relative(0.1));
        assert_eq!(bound("goodput < -5%"), Bound::Relative(-0.05));
        assert_eq!(bound("success < -0.5 points"), Bound::Absolute(-0.005));
        assert_eq!(bound("p999>+20ms"), Bound::Absolute(20.0));
        assert_eq!(bound("latency.mean > 0.5s"), Bound::Level(500.0));
        assert_eq!(bound("users.affected > 0.1%"), Bound::Level(0.001));
        assert_eq!(bound("goodput < 390/s"), Bound::Level(390.0));
        assert_eq!(bound("amplification > +0.1"), Bound::Absolute(0.1));
        assert_eq!(bound("backends.api.share > 60%"), Bound::Level(0.6));
        assert_eq!(bound("users.minutes > 2h"), Bound::Level(120.0));
        assert_eq!(parse("p99 > +10%").unwrap().metric, "latency.p99");
    }

    #[test]
    fn every_alias_is_a_metric() {
        for (short, full) in ALIASES {
            let bound = ["> 1", "> 1%", "> 1/s", "> 1s"];
            let parsed = bound.iter().find_map(|bound| parse(&format!("{short} {bound}")).ok());
            assert_eq!(parsed.map(|threshold| threshold.metric).as_deref(), Some(full));
        }
    }

    /// Hand arithmetic: differences 1, 2, 3 have mean 2 and half a width of 4.3027 / sqrt(3) = 2.484.
    #[test]
    fn thresholds_are_judged_on_the_ends_of_the_interval() {
        let (before, after) = ([10.0, 20.0, 30.0], [11.0, 22.0, 33.0]);
        assert_eq!(judged("mean > +5ms", &before, &after), ThresholdStatus::Pass, "4.484 at most");
        assert_eq!(judged("mean > +4ms", &before, &after), ThresholdStatus::Undecided);
        assert_eq!(
            judged("mean > -1ms", &before, &after),
            ThresholdStatus::Fail,
            "-0.484 at least"
        );
        assert_eq!(judged("mean < -1ms", &before, &after), ThresholdStatus::Pass);
        assert_eq!(judged("mean < +5ms", &before, &after), ThresholdStatus::Fail);
        // What is before is too little known to relate anything to it: t = 20 / (10 / sqrt(3)) = 3.46.
        assert_eq!(judged("mean > +9%", &before, &after), ThresholdStatus::Undecided);
        // All are 10% more, exactly, of 10, 11 and 12: t = 11 / (1 / sqrt(3)) = 19.
        let (few, more) = ([10.0, 11.0, 12.0], [11.0, 12.1, 13.2]);
        assert_eq!(judged("mean > +9%", &few, &more), ThresholdStatus::Fail);
        assert_eq!(judged("mean > +11%", &few, &more), ThresholdStatus::Pass);
        // After has mean 22 and half a width of 4.3027 * 11 / sqrt(3) = 27.3.
        assert_eq!(judged("mean > 50ms", &before, &after), ThresholdStatus::Pass);
        assert_eq!(judged("mean > 22ms", &before, &after), ThresholdStatus::Undecided);
    }

    #[test]
    fn a_bound_itself_is_not_beyond_one_run_is_undecided_and_nothing_fails() {
        assert_eq!(judged("mean > +0ms", &[1.0, 2.0], &[1.0, 2.0]), ThresholdStatus::Pass);
        assert_eq!(judged("mean < +0%", &[1.0, 2.0], &[1.0, 2.0]), ThresholdStatus::Pass);
        assert_eq!(judged("mean > +0%", &[0.0, 0.0], &[1.0, 1.0]), ThresholdStatus::Fail);
        assert_eq!(judged("mean > +5ms", &[], &[]), ThresholdStatus::Fail);
        assert_eq!(judged("mean > 5ms", &[1.0], &[1.0]), ThresholdStatus::Undecided);
        // One of three has no success after the change.
        let values = Values { before: vec![Some(1.0); 3], after: vec![Some(1.0), None, Some(1.0)] };
        assert_eq!(status("mean > +5ms", &values), ThresholdStatus::Undecided);
        assert_eq!(judged("mean > +1%", &[1.0, 2.0], &[1.0, 2.0]), ThresholdStatus::Pass, "equal");
    }
}
