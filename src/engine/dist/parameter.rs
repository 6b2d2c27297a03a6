//! What a family of distributions is told: names, kinds, values, and what can be wrong with them.
//!
//! The scenario reader knows the units ("80ms", "1%"); from here on times are nanoseconds and
//! ratios are fractions. Everything a value can be wrong about by itself (not finite, negative, a
//! ratio above one) is checked here, once; a family checks only how its values fit together.

use std::error::Error;
use std::fmt;

use crate::engine::time::Span;

/// No time is longer: the end of the simulated clock, 584 years.
const LONGEST_NS: f64 = 18_446_744_073_709_551_616.0;
/// No count is higher; sampling stays fast, and set-up finite.
const HIGHEST_COUNT: f64 = 10_000.0;

/// What a scenario file writes for a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// A time, `"80ms"`; handed over in nanoseconds.
    Time,
    /// A plain number, `2.5`.
    Number,
    /// A share of a whole, `"1%"`; handed over as a fraction in [0, 1].
    Ratio,
    /// A whole number from 1 to 10,000.
    Count,
    /// A list of times; handed over in nanoseconds.
    Times,
    /// A list of plain numbers.
    Numbers,
}

/// One thing a family can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// The key in the scenario file, in kebab case.
    pub name: &'static str,
    /// What is written there.
    pub kind: ParameterKind,
    /// What it means, in one line.
    pub doc: &'static str,
}

/// A value given for a parameter: times in nanoseconds, ratios as fractions.
#[derive(Clone, Debug, PartialEq)]
pub enum ParameterValue {
    /// For the kinds time, number, ratio and count.
    One(f64),
    /// For the kinds times and numbers.
    Many(Vec<f64>),
}

impl From<f64> for ParameterValue {
    fn from(value: f64) -> Self {
        Self::One(value)
    }
}

impl From<Vec<f64>> for ParameterValue {
    fn from(values: Vec<f64>) -> Self {
        Self::Many(values)
    }
}

impl From<Span> for ParameterValue {
    fn from(span: Span) -> Self {
        Self::One(span.as_ns() as f64)
    }
}

/// The values given to a family, in the order they were given.
///
/// ```
/// use misroute::engine::dist::{Family, Parameters};
/// use misroute::engine::time::Span;
///
/// let given = Parameters::new().with("mean", Span::from_ms(80)).with("p99", Span::from_ms(400));
/// let family = Family::named("lognormal").expect("it is in the table");
/// let service = (family.build)(&given).expect("the two fit together");
/// assert!((service.quantile_ns(0.99) - 400e6).abs() < 1.0);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(&'static str, ParameterValue)>);

impl Parameters {
    /// No values yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a value. A name given twice is found when the family is built.
    pub fn push(&mut self, name: &'static str, value: impl Into<ParameterValue>) {
        self.0.push((name, value.into()));
    }

    /// These values and one more.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<ParameterValue>) -> Self {
        self.push(name, value);
        self
    }

    /// The value given for `name`, the first if there are several.
    pub fn get(&self, name: &str) -> Option<&ParameterValue> {
        self.0.iter().find(|(given, _)| *given == name).map(|(_, value)| value)
    }

    /// All values with their names, in the order they were given.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &ParameterValue)> {
        self.0.iter().map(|(name, value)| (*name, value))
    }

    /// Fails unless each value is one that `family` declares, given once, and possible by itself.
    pub(super) fn check(&self, family: &str, declared: &[Parameter]) -> Result<(), ParameterError> {
        for (index, (name, value)) in self.0.iter().enumerate() {
            let Some(parameter) = declared.iter().find(|parameter| parameter.name == *name) else {
                let known = list(declared.iter().map(|parameter| parameter.name), "and");
                return fail(name, format!("{family} has no parameter {name}: it takes {known}"));
            };
            if self.0[..index].iter().any(|(earlier, _)| earlier == name) {
                return fail(name, format!("{name} is given twice: keep one of them"));
            }
            parameter.check(value)?;
        }
        Ok(())
    }

    /// The single value given for `name`.
    pub(super) fn one(&self, name: &str) -> Option<f64> {
        match self.get(name) {
            Some(ParameterValue::One(value)) => Some(*value),
            _ => None,
        }
    }

    /// The list given for `name`.
    pub(super) fn many(&self, name: &str) -> Option<&[f64]> {
        match self.get(name) {
            Some(ParameterValue::Many(values)) => Some(values),
            _ => None,
        }
    }

    /// The single value that must be given for `name`.
    pub(super) fn require(&self, name: &'static str) -> Result<f64, ParameterError> {
        self.one(name).ok_or_else(|| missing(name))
    }

    /// The time that must be given for `name`, and must be longer than zero.
    pub(super) fn require_positive(&self, name: &'static str) -> Result<f64, ParameterError> {
        positive(name, self.require(name)?)
    }
}

impl Parameter {
    /// Whether a value is possible by itself.
    fn check(&self, value: &ParameterValue) -> Result<(), ParameterError> {
        let is_list = matches!(self.kind, ParameterKind::Times | ParameterKind::Numbers);
        match value {
            ParameterValue::One(one) if !is_list => self.check_one(*one),
            ParameterValue::Many(many) if is_list && many.is_empty() => {
                fail(self.name, format!("{} is an empty list: give at least one value", self.name))
            }
            ParameterValue::Many(many) if is_list => {
                many.iter().try_for_each(|&one| self.check_one(one))
            }
            ParameterValue::One(_) => {
                fail(self.name, format!("{} must be a list: put brackets around it", self.name))
            }
            ParameterValue::Many(_) => {
                fail(self.name, format!("{} must be one value, not a list", self.name))
            }
        }
    }

    fn check_one(&self, value: f64) -> Result<(), ParameterError> {
        let name = self.name;
        if !value.is_finite() {
            return fail(name, format!("{name} must be a finite number, not {value}"));
        }
        let (possible, expected) = match self.kind {
            ParameterKind::Time | ParameterKind::Times => {
                ((0.0..LONGEST_NS).contains(&value), "a time from zero to 584 years")
            }
            ParameterKind::Number | ParameterKind::Numbers => (true, "a number"),
            ParameterKind::Ratio => ((0.0..=1.0).contains(&value), "from 0% to 100%"),
            ParameterKind::Count => (
                (1.0..=HIGHEST_COUNT).contains(&value) && libm::trunc(value) >= value,
                "a whole number from 1 to 10000",
            ),
        };
        if possible { Ok(()) } else { fail(name, format!("{name} must be {expected}")) }
    }
}

/// Why a family cannot be built from the values given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterError {
    /// The value at fault, where one is.
    pub parameter: Option<&'static str>,
    /// What was expected and how to fix it: a fragment in lower case, without a full stop.
    pub message: String,
}

impl fmt::Display for ParameterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ParameterError {}

/// An error at `name`.
pub(super) fn fail<T>(name: &'static str, message: String) -> Result<T, ParameterError> {
    Err(ParameterError { parameter: Some(name), message })
}

/// An error at no value in particular.
pub(super) fn fail_all<T>(message: String) -> Result<T, ParameterError> {
    Err(ParameterError { parameter: None, message })
}

/// The error that `name` is not given.
pub(super) fn missing(name: &str) -> ParameterError {
    ParameterError { parameter: None, message: format!("{name} is missing: give it a value") }
}

/// `value`, unless it is zero or less.
pub(super) fn positive(name: &'static str, value: f64) -> Result<f64, ParameterError> {
    if value > 0.0 { Ok(value) } else { fail(name, format!("{name} must be more than zero")) }
}

/// Names as a sentence lists them: "a, b and c".
pub(super) fn list(names: impl IntoIterator<Item = &'static str>, last: &str) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((end, start)) => format!("{} {last} {end}", start.join(", ")),
    }
}

/// The percentiles by which a law can be given.
pub(super) const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p95", 0.95), ("p99", 0.99), ("p999", 0.999)];

const fn time(name: &'static str, doc: &'static str) -> Parameter {
    Parameter { name, kind: ParameterKind::Time, doc }
}

/// Statistics that several families share.
pub(super) const MEAN: Parameter = time("mean", "The mean.");
/// Standard deviation.
pub(super) const SD: Parameter = time("sd", "The standard deviation.");
/// Squared coefficient of variation.
pub(super) const SCV: Parameter = Parameter {
    name: "scv",
    kind: ParameterKind::Number,
    doc: "The squared coefficient of variation, (sd / mean)^2; an exponential law has 1.",
};
/// Median.
pub(super) const P50: Parameter = time("p50", "The median.");
/// 90th percentile.
pub(super) const P90: Parameter = time("p90", "The 90th percentile.");
/// 95th percentile.
pub(super) const P95: Parameter = time("p95", "The 95th percentile.");
/// 99th percentile.
pub(super) const P99: Parameter = time("p99", "The 99th percentile.");
/// 99.9th percentile.
pub(super) const P999: Parameter = time("p999", "The 99.9th percentile.");

#[cfg(test)]
mod tests {
    use super::*;

    const DECLARED: &[Parameter] = &[
        MEAN,
        SCV,
        Parameter { name: "share", kind: ParameterKind::Ratio, doc: "" },
        Parameter { name: "stages", kind: ParameterKind::Count, doc: "" },
        Parameter { name: "values", kind: ParameterKind::Times, doc: "" },
    ];

    fn message(given: &Parameters) -> (Option<&'static str>, String) {
        let error = given.check("test", DECLARED).expect_err("a bad value");
        (error.parameter, error.message)
    }

    #[test]
    fn each_value_is_checked_by_itself() {
        let cases: [(&'static str, ParameterValue, &str); 13] = [
            ("mean", f64::NAN.into(), "mean must be a finite number, not NaN"),
            ("mean", f64::INFINITY.into(), "mean must be a finite number, not inf"),
            ("mean", (-1.0).into(), "mean must be a time from zero to 584 years"),
            ("mean", 1e20.into(), "mean must be a time from zero to 584 years"),
            ("mean", vec![1.0].into(), "mean must be one value, not a list"),
            ("scv", f64::NEG_INFINITY.into(), "scv must be a finite number, not -inf"),
            ("share", 1.01.into(), "share must be from 0% to 100%"),
            ("stages", 0.0.into(), "stages must be a whole number from 1 to 10000"),
            ("stages", 2.5.into(), "stages must be a whole number from 1 to 10000"),
            ("values", 1.0.into(), "values must be a list: put brackets around it"),
            ("values", vec![].into(), "values is an empty list: give at least one value"),
            ("values", vec![1.0, -2.0].into(), "values must be a time from zero to 584 years"),
            (
                "sigma",
                1.0.into(),
                "test has no parameter sigma: it takes mean, scv, share, stages and values",
            ),
        ];
        for (name, value, expected) in cases {
            let found = message(&Parameters::new().with(name, value));
            assert_eq!(found, (Some(name), expected.to_owned()));
        }
    }

    #[test]
    fn a_name_given_twice_is_an_error() {
        let given = Parameters::new().with("mean", 1.0).with("scv", 1.0).with("mean", 2.0);
        assert_eq!(
            message(&given),
            (Some("mean"), "mean is given twice: keep one of them".to_owned())
        );
    }

    #[test]
    fn names_are_listed_as_a_sentence_lists_them() {
        assert_eq!(list([], "or"), "");
        assert_eq!(list(["a"], "or"), "a");
        assert_eq!(list(["a", "b", "c"], "or"), "a, b or c");
    }
}
