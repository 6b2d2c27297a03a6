//! Cases whose half width cannot be brought to the rule's limit in an affordable run.

/// (id, largest relative 95% half width allowed instead, which is what was reached, rounded up).
const WEAKER: &[(&str, f64)] = &[];

/// The limit that holds for a case instead of the rule's.
pub(super) fn limit(id: &str) -> Option<f64> {
    WEAKER.iter().find(|(weak, _)| *weak == id).map(|&(_, limit)| limit)
}

/// The cases listed.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    WEAKER.iter().map(|&(id, _)| id)
}
