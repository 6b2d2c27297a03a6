//! Fast, and with some probability slow: a cache and its misses.

use super::constant::whole;
use super::parameter::{Parameter, ParameterKind, fail};
use super::{Distribution, Family, Law};
use crate::engine::random;
use crate::engine::time::Span;

/// The bimodal family.
pub(super) const FAMILY: Family = Family {
    name: "bimodal",
    summary: "fast, and with some probability slow: a cache and its misses",
    parameters: &[
        Parameter { name: "fast", kind: ParameterKind::Time, doc: "The time of most requests." },
        Parameter { name: "slow", kind: ParameterKind::Time, doc: "The time of the others." },
        Parameter {
            name: "slow-share",
            kind: ParameterKind::Ratio,
            doc: "The share of requests that are slow.",
        },
    ],
    example: r#"{ bimodal = { fast = "5ms", slow = "500ms", slow-share = "1%" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let fast = given.require_positive("fast")?;
        let slow = given.require_positive("slow")?;
        let slow_share = given.require("slow-share")?;
        if slow < fast {
            return fail("slow", "slow is less than fast: swap them".to_owned());
        }
        Ok(Distribution::Bimodal(Bimodal { fast: whole(fast), slow: whole(slow), slow_share }))
    },
};

/// One of two times.
#[derive(Clone, Debug, PartialEq)]
pub struct Bimodal {
    fast: Span,
    slow: Span,
    slow_share: f64,
}

impl Law for Bimodal {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, mark: u64) -> Span {
        if random::unit(mark) < 1.0 - self.slow_share { self.fast } else { self.slow }
    }

    fn mean_ns(&self) -> f64 {
        let (fast, slow) = (self.fast.as_ns() as f64, self.slow.as_ns() as f64);
        fast + (slow - fast) * self.slow_share
    }

    fn scv(&self) -> f64 {
        let gap = (self.slow.as_ns() as f64 - self.fast.as_ns() as f64) / self.mean_ns();
        gap * gap * self.slow_share * (1.0 - self.slow_share)
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        let fast_share = 1.0 - self.slow_share;
        let span = if q <= fast_share && fast_share > 0.0 { self.fast } else { self.slow };
        span.as_ns() as f64
    }
}
