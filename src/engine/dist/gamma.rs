//! The Erlang law with a shape that need not be whole.

use super::parameter::{MEAN, P50, P90, P95, P99, P999, Parameter, ParameterKind, SCV, SD};
use super::solve::{Shapes, Statistic};
use super::special::{LOWEST_UNIT, gamma_quantile, normal_quantile};
use super::{Distribution, Family, Law, work};
use crate::engine::log;
use crate::engine::random::{split_mix, unit};
use crate::engine::time::Span;

/// The gamma family.
pub(super) const FAMILY: Family = Family {
    name: "gamma",
    summary: "any scv with an exponential tail; below scv 1 it is close to Erlang",
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
            doc: "1 / scv, from 0.01 to 10000; 1 is exponential.",
        },
    ],
    example: r#"{ gamma = { mean = "80ms", scv = 0.5 } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let member = SHAPES.fit(given)?;
        Ok(Distribution::Gamma(Gamma {
            shape: member.shape,
            scale_ns: member.scale_ns,
            sampler: Sampler::new(member.shape),
        }))
    },
};

const SHAPES: Shapes = Shapes {
    family: FAMILY.name,
    native: "shape",
    lightest: 10_000.0,
    heaviest: 0.01,
    statistic: |shape, statistic| match statistic {
        Statistic::Mean => shape,
        Statistic::Quantile(q) => gamma_quantile(shape, q),
        Statistic::Sd => shape.sqrt(),
        Statistic::Scv => 1.0 / shape,
    },
};

/// Density in proportion to x^(shape - 1) e^(-x / scale).
#[derive(Clone, Debug, PartialEq)]
pub struct Gamma {
    shape: f64,
    scale_ns: f64,
    sampler: Sampler,
}

impl Law for Gamma {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    /// The mark seeds a small generator, so the work does not grow with the mark.
    #[inline]
    fn at(&self, mark: u64) -> Span {
        let mut state = mark;
        work(self.scale_ns * self.sampler.draw(&mut state))
    }

    fn mean_ns(&self) -> f64 {
        self.shape * self.scale_ns
    }

    fn scv(&self) -> f64 {
        1.0 / self.shape
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        self.scale_ns * gamma_quantile(self.shape, q)
    }
}

/// Gamma variates of scale 1 by squeeze and rejection: Marsaglia & Tsang, "A Simple Method for
/// Generating Gamma Variables", ACM TOMS 26 (2000).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sampler {
    /// `shape - 1/3`, of the shape plus one if it is below 1.
    d: f64,
    /// `1 / sqrt(9 d)`
    c: f64,
    /// `1 / shape` if the shape is below 1, where the method needs a boost; else zero.
    boost: f64,
}

impl Sampler {
    /// For a positive `shape`.
    pub(super) fn new(shape: f64) -> Self {
        let boosted = shape < 1.0;
        let d = if boosted { shape + 1.0 } else { shape } - 1.0 / 3.0;
        let boost = if boosted { 1.0 / shape } else { 0.0 };
        Self { d, c: 1.0 / (9.0 * d).sqrt(), boost }
    }

    /// One variate, which moves `state` on. At least 95 of 100 proposals are accepted, and the
    /// generator passes through all 2^64 states, so the loop ends.
    #[inline]
    pub(super) fn draw(&self, state: &mut u64) -> f64 {
        let variate = loop {
            let x = normal_quantile(unit(split_mix(state)).max(LOWEST_UNIT));
            let root = 1.0 + self.c * x;
            let v = root * root * root;
            let u = 1.0 - unit(split_mix(state));
            let square = x * x;
            // The squeeze spares most draws the logarithms.
            if v > 0.0
                && (u < 1.0 - 0.0331 * square * square
                    || log::log(u) < 0.5 * square + self.d * (1.0 - v + libm::log(v)))
            {
                break self.d * v;
            }
        };
        if self.boost > 0.0 {
            // A gamma variate of shape + 1 times U^(1/shape) has the shape.
            variate * libm::exp(self.boost * log::log_left(split_mix(state)))
        } else {
            variate
        }
    }
}
