//! Equally likely anywhere between two bounds.

use super::parameter::{Parameter, ParameterKind, fail};
use super::{Distribution, Family, Law, work};
use crate::engine::random;
use crate::engine::time::Span;

/// The uniform family.
pub(super) const FAMILY: Family = Family {
    name: "uniform",
    summary: "equally likely anywhere between two bounds",
    parameters: &[
        Parameter { name: "min", kind: ParameterKind::Time, doc: "The least time; may be zero." },
        Parameter { name: "max", kind: ParameterKind::Time, doc: "The greatest time." },
    ],
    example: r#"{ uniform = { min = "40ms", max = "120ms" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let min_ns = given.require("min")?;
        let max_ns = given.require_positive("max")?;
        if max_ns < min_ns {
            return fail("max", "max is less than min: swap them".to_owned());
        }
        Ok(Distribution::Uniform(Uniform { min_ns, width_ns: max_ns - min_ns }))
    },
};

/// Equally likely anywhere between two bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Uniform {
    min_ns: f64,
    width_ns: f64,
}

impl Law for Uniform {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, mark: u64) -> Span {
        work(self.min_ns + self.width_ns * random::unit(mark))
    }

    fn mean_ns(&self) -> f64 {
        self.min_ns + self.width_ns / 2.0
    }

    fn scv(&self) -> f64 {
        let relative_width = self.width_ns / self.mean_ns();
        relative_width * relative_width / 12.0
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        self.min_ns + self.width_ns * q
    }
}
