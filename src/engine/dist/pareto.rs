//! A power tail: the rare request that dominates the mean.

use super::parameter::{MEAN, P50, P90, P95, P99, P999, Parameter, ParameterKind, SCV, SD};
use super::solve::{Shapes, Statistic};
use super::{Distribution, Family, Law, work};
use crate::engine::log;
use crate::engine::time::Span;

/// The Pareto family.
pub(super) const FAMILY: Family = Family {
    name: "pareto",
    summary: "a power tail from a least time on: rare requests that dominate the mean",
    parameters: &[
        MEAN,
        SD,
        SCV,
        P50,
        P90,
        P95,
        P99,
        P999,
        Parameter {
            name: "shape",
            kind: ParameterKind::Number,
            doc: "The tail's exponent, from 0.1 to 10000; the mean is infinite up to 1, the \
                  variance up to 2.",
        },
        Parameter { name: "min", kind: ParameterKind::Time, doc: "The least time." },
    ],
    example: r#"{ pareto = { mean = "80ms", p99 = "300ms" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let member = SHAPES.fit(given)?;
        Ok(Distribution::Pareto(Pareto {
            min_ns: member.scale_ns,
            shape: member.shape,
            exponent: 1.0 / member.shape,
        }))
    },
};

/// At least value 1.
const SHAPES: Shapes = Shapes {
    family: FAMILY.name,
    native: "shape",
    lightest: 10_000.0,
    heaviest: 0.1,
    statistic: |shape, statistic| match statistic {
        Statistic::Mean => mean_at_min_1(shape),
        Statistic::Quantile(q) => quantile_at_min_1(1.0 / shape, q),
        Statistic::Sd => mean_at_min_1(shape) * scv(shape).sqrt(),
        Statistic::Scv => scv(shape),
    },
};

fn mean_at_min_1(shape: f64) -> f64 {
    if shape > 1.0 { shape / (shape - 1.0) } else { f64::INFINITY }
}

fn scv(shape: f64) -> f64 {
    if shape > 2.0 { 1.0 / (shape * (shape - 2.0)) } else { f64::INFINITY }
}

/// (1 - q)^(-1 / shape)
fn quantile_at_min_1(exponent: f64, q: f64) -> f64 {
    libm::exp(-exponent * libm::log1p(-q))
}

/// The share above x is (min / x)^shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Pareto {
    min_ns: f64,
    shape: f64,
    /// `1 / shape`
    exponent: f64,
}

impl Law for Pareto {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, mark: u64) -> Span {
        work(self.min_ns * libm::exp(-self.exponent * log::log_left(mark)))
    }

    fn mean_ns(&self) -> f64 {
        self.min_ns * mean_at_min_1(self.shape)
    }

    fn scv(&self) -> f64 {
        scv(self.shape)
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        self.min_ns * quantile_at_min_1(self.exponent, q)
    }
}
