//! A sum of exponential stages: less variable than one.

use super::exponential::mean_from_one;
use super::gamma::Sampler;
use super::parameter::{MEAN, P50, P90, P95, P99, P999, Parameter, ParameterKind};
use super::special::gamma_quantile;
use super::{Distribution, Family, Law, work};
use crate::engine::time::Span;
use crate::engine::{log, random};

/// The Erlang family.
pub(super) const FAMILY: Family = Family {
    name: "erlang",
    summary: "a sum of exponential stages, scv 1 / stages: steadier than exponential",
    parameters: &[
        Parameter { name: "stages", kind: ParameterKind::Count, doc: "How many stages." },
        MEAN,
        P50,
        P90,
        P95,
        P99,
        P999,
    ],
    example: r#"{ erlang = { stages = 4, mean = "80ms" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let stages = given.require("stages")?;
        let mean_ns = mean_from_one(given, |q| gamma_quantile(stages, q) / stages)?;
        Ok(Distribution::Erlang(Erlang {
            stages: stages as u32,
            stage_ns: mean_ns / stages,
            sampler: Sampler::new(stages),
        }))
    },
};

/// Up to here, a product of one uniform variate per stage; beyond, the gamma sampler is faster.
/// Sixteen factors of at least 2^-53 do not underflow.
const FEW_STAGES: u32 = 16;

/// A sum of independent exponential stages of equal mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Erlang {
    stages: u32,
    stage_ns: f64,
    sampler: Sampler,
}

impl Law for Erlang {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    /// Minus the logarithm of a product of uniform variates, which is the sum of the stages. The
    /// mark seeds them, so the work does not grow with the mark.
    #[inline]
    fn at(&self, mark: u64) -> Span {
        let mut state = mark;
        if self.stages > FEW_STAGES {
            return work(self.stage_ns * self.sampler.draw(&mut state));
        }
        let product = (0..self.stages)
            .fold(1.0, |product, _| product * (1.0 - random::unit(random::split_mix(&mut state))));
        work(-self.stage_ns * log::log(product))
    }

    fn mean_ns(&self) -> f64 {
        f64::from(self.stages) * self.stage_ns
    }

    fn scv(&self) -> f64 {
        1.0 / f64::from(self.stages)
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        self.stage_ns * gamma_quantile(f64::from(self.stages), q)
    }
}
