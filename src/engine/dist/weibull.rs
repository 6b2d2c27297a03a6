//! A stretched (shape below 1) or compressed (above 1) exponential tail.

use super::parameter::{MEAN, P50, P90, P95, P99, P999, Parameter, ParameterKind, SCV, SD};
use super::solve::{Shapes, Statistic};
use super::{Distribution, Family, Law, work};
use crate::engine::log;
use crate::engine::time::Span;

/// The Weibull family.
pub(super) const FAMILY: Family = Family {
    name: "weibull",
    summary: "a stretched (shape below 1) or compressed (above 1) exponential tail",
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
            doc: "From 0.1, a heavy tail, to 10000; 1 is exponential.",
        },
    ],
    example: r#"{ weibull = { mean = "80ms", p99 = "500ms" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let member = SHAPES.fit(given)?;
        Ok(Distribution::Weibull(Weibull {
            scale_ns: member.scale_ns,
            shape: member.shape,
            exponent: 1.0 / member.shape,
        }))
    },
};

/// At scale 1, which is the quantile at 1 - 1/e.
const SHAPES: Shapes = Shapes {
    family: FAMILY.name,
    native: "shape",
    lightest: 10_000.0,
    heaviest: 0.1,
    statistic: |shape, statistic| match statistic {
        Statistic::Mean => mean_at_scale_1(shape),
        Statistic::Quantile(q) => quantile_at_scale_1(1.0 / shape, q),
        Statistic::Sd => mean_at_scale_1(shape) * scv(shape).sqrt(),
        Statistic::Scv => scv(shape),
    },
};

/// Gamma(1 + 1/shape)
fn mean_at_scale_1(shape: f64) -> f64 {
    libm::tgamma(1.0 + 1.0 / shape)
}

/// Gamma(1 + 2/shape) / Gamma(1 + 1/shape)² - 1, in logarithms, because both are near 1 for a
/// large shape.
fn scv(shape: f64) -> f64 {
    libm::expm1(libm::lgamma(1.0 + 2.0 / shape) - 2.0 * libm::lgamma(1.0 + 1.0 / shape))
}

/// (-ln(1 - q))^(1 / shape)
fn quantile_at_scale_1(exponent: f64, q: f64) -> f64 {
    libm::exp(exponent * libm::log(-libm::log1p(-q)))
}

/// The share above x is e^(-(x / scale)^shape).
#[derive(Clone, Debug, PartialEq)]
pub struct Weibull {
    scale_ns: f64,
    shape: f64,
    /// `1 / shape`
    exponent: f64,
}

impl Law for Weibull {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, mark: u64) -> Span {
        // At u = 0, the logarithm of zero makes the power zero.
        let exponential = -log::log_left(mark);
        work(self.scale_ns * libm::exp(self.exponent * libm::log(exponential)))
    }

    fn mean_ns(&self) -> f64 {
        self.scale_ns * mean_at_scale_1(self.shape)
    }

    fn scv(&self) -> f64 {
        scv(self.shape)
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        self.scale_ns * quantile_at_scale_1(self.exponent, q)
    }
}
