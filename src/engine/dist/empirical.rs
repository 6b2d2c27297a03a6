//! Recorded values, each as frequent as it was.

use std::sync::Arc;

use super::constant::whole;
use super::hyperexponential::check_weights;
use super::parameter::{Parameter, ParameterError, ParameterKind, fail};
use super::{Distribution, Family, Law, cut, mark_below};
use crate::engine::time::Span;

/// The empirical family.
pub(super) const FAMILY: Family = Family {
    name: "empirical",
    summary: "recorded values, each as frequent as it was; nothing between or beyond them",
    parameters: &[
        Parameter {
            name: "values",
            kind: ParameterKind::Times,
            doc: "The times, in any order; some may be zero.",
        },
        Parameter {
            name: "weights",
            kind: ParameterKind::Numbers,
            doc: "How frequent each value is, in proportion; without them, equally.",
        },
    ],
    example: r#"{ empirical = { values = ["12ms", "15ms", "90ms"], weights = [70, 25, 5] } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let Some(values) = given.many("values") else {
            return Err(super::parameter::missing("values"));
        };
        Empirical::new(values, given.many("weights")).map(Distribution::Empirical)
    },
};

/// A table of values. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub struct Empirical {
    /// Ascending.
    values: Arc<[Span]>,
    /// The last mark that leads to each value; empty if all are equally frequent.
    last_marks: Arc<[u64]>,
    mean_ns: f64,
    scv: f64,
}

impl Empirical {
    /// From times in nanoseconds, with as many weights, or none for equal ones.
    fn new(values: &[f64], weights: Option<&[f64]>) -> Result<Self, ParameterError> {
        let mut pairs: Vec<(Span, f64)> = values.iter().map(|&ns| (whole(ns), 1.0)).collect();
        if let Some(weights) = weights {
            if weights.len() != values.len() {
                let (values, weights) = (values.len(), weights.len());
                return fail(
                    "weights",
                    format!("weights has {weights} numbers for {values} values"),
                );
            }
            check_weights(weights)?;
            for (pair, &weight) in pairs.iter_mut().zip(weights) {
                pair.1 = weight;
            }
        }
        // A stable sort by value; equal values are alike whatever their weights.
        pairs.sort_by_key(|pair| pair.0);
        let law = if weights.is_some() { Self::weighted(&pairs) } else { Self::equal(&pairs) };
        if law.mean_ns > 0.0 {
            Ok(law)
        } else {
            fail("values", "values are all zero: give one that is more".to_owned())
        }
    }

    fn equal(pairs: &[(Span, f64)]) -> Self {
        let values: Arc<[Span]> = pairs.iter().map(|pair| pair.0).collect();
        let (mean_ns, scv) = moments(&values, |_| 1.0);
        Self { values, last_marks: Arc::default(), mean_ns, scv }
    }

    fn weighted(pairs: &[(Span, f64)]) -> Self {
        let weights: Vec<f64> = pairs.iter().map(|pair| pair.1).collect();
        let pieces = cut(&weights);
        let values: Arc<[Span]> = pieces.iter().map(|&(index, _)| pairs[index].0).collect();
        let largest = weights.iter().fold(0.0_f64, |largest, &weight| largest.max(weight));
        let (mean_ns, scv) = moments(&values, |index| weights[pieces[index].0] / largest);
        Self { values, last_marks: pieces.iter().map(|piece| piece.1).collect(), mean_ns, scv }
    }

    #[inline]
    fn value(&self, mark: u64) -> Span {
        let index = if self.last_marks.is_empty() {
            // The high word of the product is the mark's place among equal pieces.
            ((u128::from(mark) * self.values.len() as u128) >> 64) as usize
        } else {
            self.last_marks.partition_point(|&last| last < mark)
        };
        self.values[index]
    }
}

/// Mean and squared coefficient of variation, in two passes.
fn moments(values: &[Span], weight: impl Fn(usize) -> f64) -> (f64, f64) {
    let weighted = || values.iter().enumerate().map(|(i, value)| (weight(i), value.as_ns() as f64));
    let total: f64 = weighted().map(|(weight, _)| weight).sum();
    let mean = weighted().map(|(weight, ns)| weight / total * ns).sum::<f64>();
    let deviation = |ns: f64| (ns - mean) / mean;
    let scv = weighted().map(|(weight, ns)| weight / total * deviation(ns) * deviation(ns)).sum();
    (mean, scv)
}

impl Law for Empirical {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    #[inline]
    fn at(&self, mark: u64) -> Span {
        self.value(mark)
    }

    fn mean_ns(&self) -> f64 {
        self.mean_ns
    }

    fn scv(&self) -> f64 {
        self.scv
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        self.value(mark_below(q)).as_ns() as f64
    }
}
