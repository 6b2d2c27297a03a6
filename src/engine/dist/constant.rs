//! Always the same time.

use super::parameter::{Parameter, ParameterKind};
use super::{Distribution, Family, Law};
use crate::engine::time::Span;

/// The constant family.
pub(super) const FAMILY: Family = Family {
    name: "constant",
    summary: "always the same time, which may be zero",
    parameters: &[Parameter { name: "value", kind: ParameterKind::Time, doc: "The time." }],
    example: r#"{ constant = { value = "80ms" } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let value = given.require("value")?;
        Ok(Distribution::constant(whole(value)))
    },
};

/// Whole nanoseconds: zero of zero, and at least 1 of anything more.
pub(super) fn whole(ns: f64) -> Span {
    if ns > 0.0 { super::work(ns) } else { Span::ZERO }
}

/// Always the same time.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant(Span);

impl Constant {
    /// Always `span`, which may be zero.
    pub const fn new(span: Span) -> Self {
        Self(span)
    }
}

impl Law for Constant {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, _mark: u64) -> Span {
        self.0
    }

    fn mean_ns(&self) -> f64 {
        self.0.as_ns() as f64
    }

    fn scv(&self) -> f64 {
        0.0
    }

    fn quantile_ns(&self, _q: f64) -> f64 {
        self.mean_ns()
    }
}
