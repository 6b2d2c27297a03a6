//! The law without memory.

use super::parameter::{
    MEAN, P50, P90, P95, P99, P999, PERCENTILES, ParameterError, Parameters, fail_all, list,
    positive,
};
use super::{Distribution, Family, Law, work};
use crate::engine::log;
use crate::engine::time::Span;

/// The exponential family.
pub(super) const FAMILY: Family = Family {
    name: "exponential",
    summary: "without memory, scv 1; the M of queueing theory",
    parameters: &[MEAN, P50, P90, P95, P99, P999],
    example: r#"{ exponential = { mean = "80ms" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let mean_ns = mean_from_one(given, |q| -libm::log1p(-q))?;
        Ok(Distribution::Exponential(Exponential::new(mean_ns)))
    },
};

/// The mean that the one of mean and percentiles in `given` implies, for a law whose quantiles at
/// mean 1 are `unit_quantile`.
pub(super) fn mean_from_one(
    given: &Parameters,
    unit_quantile: impl Fn(f64) -> f64,
) -> Result<f64, ParameterError> {
    let mut mean = None;
    let mut names = Vec::new();
    for (name, q) in PERCENTILES {
        if let Some(value) = given.one(name) {
            names.push(name);
            mean = Some(positive(name, value)? / unit_quantile(q));
        }
    }
    if let Some(value) = given.one("mean") {
        names.push("mean");
        mean = Some(positive("mean", value)?);
    }
    match (mean, names.len()) {
        (Some(mean), 1) => Ok(mean),
        (None, _) => fail_all("give mean or one percentile".to_owned()),
        _ => fail_all(format!("{} each determine the law: keep one of them", list(names, "and"))),
    }
}

/// The law without memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Exponential {
    mean_ns: f64,
}

impl Exponential {
    /// With a positive finite mean.
    pub(super) const fn new(mean_ns: f64) -> Self {
        Self { mean_ns }
    }

    /// The variate at a mark whose standard one, -ln(1 - u), is known already.
    #[inline]
    pub fn scaled(&self, standard: f64) -> Span {
        work(self.mean_ns * standard)
    }
}

impl Law for Exponential {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, mark: u64) -> Span {
        self.scaled(-log::log_left(mark))
    }

    fn mean_ns(&self) -> f64 {
        self.mean_ns
    }

    fn scv(&self) -> f64 {
        1.0
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        -self.mean_ns * libm::log1p(-q)
    }
}
