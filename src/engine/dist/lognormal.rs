//! The exponential of a normal law: what latencies mostly look like.

use super::parameter::{MEAN, P50, P90, P95, P99, P999, Parameter, ParameterKind, SCV, SD};
use super::solve::{Shapes, Statistic};
use super::special::{LOWEST_UNIT, normal_quantile};
use super::{Distribution, Family, Law, work};
use crate::engine::random;
use crate::engine::time::Span;

/// The lognormal family.
pub(super) const FAMILY: Family = Family {
    name: "lognormal",
    summary: "the exponential of a normal law: what service times mostly look like",
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
            name: "sigma",
            kind: ParameterKind::Number,
            doc: "The standard deviation of the logarithm, from 0.0001 to 10.",
        },
    ],
    example: r#"{ lognormal = { mean = "80ms", p99 = "400ms" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let member = SHAPES.fit(given)?;
        Ok(Distribution::Lognormal(Lognormal { median_ns: member.scale_ns, sigma: member.shape }))
    },
};

/// At median 1.
const SHAPES: Shapes = Shapes {
    family: FAMILY.name,
    native: "sigma",
    lightest: 0.0001,
    heaviest: 10.0,
    statistic: |sigma, statistic| match statistic {
        Statistic::Mean => mean_at_median_1(sigma),
        Statistic::Quantile(q) => libm::exp(sigma * normal_quantile(q)),
        Statistic::Sd => mean_at_median_1(sigma) * scv(sigma).sqrt(),
        Statistic::Scv => scv(sigma),
    },
};

/// e^(sigma²/2)
fn mean_at_median_1(sigma: f64) -> f64 {
    libm::exp(sigma * sigma / 2.0)
}

/// e^(sigma²) - 1
fn scv(sigma: f64) -> f64 {
    libm::expm1(sigma * sigma)
}

/// The exponential of a normal law.
#[derive(Clone, Debug, PartialEq)]
pub struct Lognormal {
    median_ns: f64,
    sigma: f64,
}

impl Law for Lognormal {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, mark: u64) -> Span {
        let z = normal_quantile(random::unit(mark).max(LOWEST_UNIT));
        work(self.median_ns * libm::exp(self.sigma * z))
    }

    fn mean_ns(&self) -> f64 {
        self.median_ns * mean_at_median_1(self.sigma)
    }

    fn scv(&self) -> f64 {
        scv(self.sigma)
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        self.median_ns * libm::exp(self.sigma * normal_quantile(q))
    }
}
