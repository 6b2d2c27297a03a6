//! A mixture of exponential laws: more variable than one.

use std::sync::Arc;

use super::parameter::{
    MEAN, Parameter, ParameterError, ParameterKind, Parameters, SCV, fail, fail_all, positive,
};
use super::{Distribution, Family, Law, cut, work};
use crate::engine::log;
use crate::engine::time::Span;

/// The hyperexponential family.
pub(super) const FAMILY: Family = Family {
    name: "hyperexponential",
    summary: "a mixture of exponential laws, scv 1 and more: several kinds of request",
    parameters: &[
        MEAN,
        SCV,
        Parameter {
            name: "means",
            kind: ParameterKind::Times,
            doc: "Instead of mean and scv: the mean of each kind.",
        },
        Parameter {
            name: "weights",
            kind: ParameterKind::Numbers,
            doc: "With means: how frequent each kind is, in proportion.",
        },
    ],
    example: r#"{ hyperexponential = { mean = "80ms", scv = 4 } }"#,
    build: |given| {
        given.check(FAMILY.name, FAMILY.parameters)?;
        let law = match (given.many("means"), given.many("weights")) {
            (None, None) => balanced(given)?,
            (Some(means), Some(weights)) => {
                if given.iter().count() > 2 {
                    return fail_all(
                        "give either mean and scv, or means and weights, not both".to_owned(),
                    );
                }
                mixture(means, weights)?
            }
            (Some(_), None) => {
                return fail("means", "means needs weights: one number for each".to_owned());
            }
            (None, Some(_)) => {
                return fail("weights", "weights needs means: one time for each".to_owned());
            }
        };
        Ok(Distribution::Hyperexponential(law))
    },
};

/// Beyond this, the rare branch is so rare that no run would meet it.
const HIGHEST_SCV: f64 = 1e9;

/// The two-branch law with "balanced means": both branches bring the same share of the work
/// (Morse, "Queues, Inventories and Maintenance", 1958; Allen, "Probability, Statistics, and
/// Queueing Theory", 1990, section 3.2.9).
fn balanced(given: &Parameters) -> Result<Hyperexponential, ParameterError> {
    let (Some(mean), Some(scv)) = (given.one("mean"), given.one("scv")) else {
        return fail_all("give mean and scv, or means and weights".to_owned());
    };
    positive("mean", mean)?;
    if !(1.0..=HIGHEST_SCV).contains(&scv) {
        return fail(
            "scv",
            "scv must be from 1 to 1e9: for less than 1 use erlang or gamma".to_owned(),
        );
    }
    let root = ((scv - 1.0) / (scv + 1.0)).sqrt();
    let frequent = f64::midpoint(1.0, root);
    // (1 - root) / 2 without the cancellation.
    let rare = 1.0 / ((scv + 1.0) * (1.0 + root));
    Ok(Hyperexponential::new(&[(frequent, mean / (2.0 * frequent)), (rare, mean / (2.0 * rare))]))
}

/// The law with these branches.
fn mixture(means: &[f64], weights: &[f64]) -> Result<Hyperexponential, ParameterError> {
    if means.len() != weights.len() {
        let (means, weights) = (means.len(), weights.len());
        return fail("weights", format!("weights has {weights} numbers for {means} means"));
    }
    if means.iter().any(|&mean| mean <= 0.0) {
        return fail("means", "each of means must be more than zero".to_owned());
    }
    check_weights(weights)?;
    let mut branches: Vec<(f64, f64)> =
        weights.iter().copied().zip(means.iter().copied()).collect();
    // Whatever order they are given in; and the highest marks mean the longest work.
    branches.sort_by(|a, b| a.1.total_cmp(&b.1));
    Ok(Hyperexponential::new(&branches))
}

/// Fails unless the weights are not negative and one of them is positive.
pub(super) fn check_weights(weights: &[f64]) -> Result<(), ParameterError> {
    if weights.iter().any(|&weight| weight < 0.0) {
        return fail("weights", "weights must not be negative".to_owned());
    }
    if weights.iter().all(|&weight| weight <= 0.0) {
        return fail("weights", "weights are all zero: give one more than that".to_owned());
    }
    Ok(())
}

/// One exponential law of the mixture, and the marks that lead to it.
#[derive(Clone, Debug, PartialEq)]
struct Branch {
    /// The last mark of the branch; its first one follows the previous branch's last.
    last: u64,
    /// One over the number of its marks.
    per_mark: f64,
    /// How likely it is.
    probability: f64,
    /// Its mean.
    mean_ns: f64,
}

/// A mixture of exponential laws.
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperexponential {
    branches: Arc<[Branch]>,
    mean_ns: f64,
    scv: f64,
}

impl Hyperexponential {
    /// From pairs of a weight and a mean, all of them positive or with weight zero.
    fn new(weighted: &[(f64, f64)]) -> Self {
        let weights: Vec<f64> = weighted.iter().map(|&(weight, _)| weight).collect();
        let mut branches = Vec::with_capacity(weights.len());
        let mut first = 0_u64;
        for (index, last) in cut(&weights) {
            let marks = (last - first) as f64 + 1.0;
            branches.push(Branch {
                last,
                per_mark: 1.0 / marks,
                probability: marks / 18_446_744_073_709_551_616.0,
                mean_ns: weighted[index].1,
            });
            first = last.wrapping_add(1);
        }
        let mean_ns: f64 = branches.iter().map(|b| b.probability * b.mean_ns).sum();
        let second: f64 = branches
            .iter()
            .map(|b| 2.0 * b.probability * (b.mean_ns / mean_ns) * (b.mean_ns / mean_ns))
            .sum();
        Self { branches: branches.into(), mean_ns, scv: second - 1.0 }
    }

    /// The share of variates above `ns`.
    fn above(&self, ns: f64) -> f64 {
        self.branches.iter().map(|b| b.probability * libm::exp(-ns / b.mean_ns)).sum()
    }
}

impl Law for Hyperexponential {
    fn family(&self) -> &'static Family {
        &FAMILY
    }

    /// The mark picks the branch, and its place among the branch's marks is inverted there, with
    /// all 64 bits, so that a rare branch has a fine tail too. Within a branch, more mark is more
    /// work.
    #[inline]
    fn at(&self, mark: u64) -> Span {
        let index = self.branches.partition_point(|branch| branch.last < mark);
        let branch = &self.branches[index];
        // In (0, 1]: the mark itself counts as left.
        let left = ((branch.last - mark) as f64 + 1.0) * branch.per_mark;
        work(-branch.mean_ns * log::log(left))
    }

    fn mean_ns(&self) -> f64 {
        self.mean_ns
    }

    fn scv(&self) -> f64 {
        self.scv
    }

    fn quantile_ns(&self, q: f64) -> f64 {
        if q >= 1.0 {
            return f64::INFINITY;
        }
        // Between the quantiles of the fastest and of the slowest branch.
        let unit = -libm::log1p(-q);
        let means = self.branches.iter().map(|branch| branch.mean_ns);
        let (mut low, mut high) = means.fold((f64::INFINITY, 0.0_f64), |(low, high), m| {
            (low.min(m * unit), high.max(m * unit))
        });
        for _ in 0..200 {
            let middle = f64::midpoint(low, high);
            if self.above(middle) > 1.0 - q {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}
