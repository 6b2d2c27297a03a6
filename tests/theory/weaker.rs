//! Cases whose half width cannot be brought to the rule's limit in an affordable run.

/// (id, largest relative 95% half width allowed instead, which is what was reached, rounded up).
const WEAKER: &[(&str, f64)] = &[];

/// (id, relative error allowed besides the interval): where Student's interval does not hold.
///
/// With Pareto services of shape 2.5 the wait has no variance, so that the mean of a run has no
/// normal limit, errs by R^(-1/3), and is mostly too small; shape 3.5 is held to the rule. At load
/// 0.99 the highest thousandth of a run of a hundred relaxation times is a few excursions, and a
/// quantile of few excursions is too small.
const NO_INTERVAL: &[(&str, f64)] = &[
    ("MG1-Pareto(alpha=2.5)-0.5-Wq", 0.08),
    ("MG1-Pareto(alpha=2.5)-0.5-T", 0.04),
    ("MG1-Pareto(alpha=2.5)-0.8-Wq", 0.08),
    ("MG1-Pareto(alpha=2.5)-0.8-T", 0.07),
    ("MG1-Pareto(alpha=2.5)-0.9-Wq", 0.08),
    ("MG1-Pareto(alpha=2.5)-0.9-T", 0.08),
    ("MM1-0.99-Tq0.999", 0.2),
];

/// The limit that holds for a case instead of the rule's.
pub(super) fn limit(id: &str) -> Option<f64> {
    WEAKER.iter().find(|(weak, _)| *weak == id).map(|&(_, limit)| limit)
}

/// The relative error allowed to a case besides its interval.
pub(super) fn allowance(id: &str) -> f64 {
    NO_INTERVAL.iter().find(|(weak, _)| *weak == id).map_or(0.0, |&(_, allowance)| allowance)
}

/// The cases listed.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    WEAKER.iter().chain(NO_INTERVAL).map(|&(id, _)| id)
}
