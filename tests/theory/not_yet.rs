//! Cases that the world cannot express, and why; and those that are tested in a way of their own.

/// (beginning of the id, end of the id, what is missing).
pub(super) const NOT_YET: &[(&str, &str, &str)] = &[
    ("MM1-0.99-", "-VarT-PS", "second moments of busy periods near saturation: no affordable run"),
    ("MM1-0.99-", "-VarT-LIFOPR", "the same"),
    ("MM1-0.99-", "-EW2-LIFO", "the same"),
    ("MM1-0.99-", "-EW2-SIRO", "the same"),
    ("SUPER-tail-", "", "the law of queue lengths at arrivals: probes see totals"),
    ("JIQ-LU-", "-sq2", "reports to the shorter of two lists: idle backends draw one"),
    ("JIQ-LU-0.9", "-rand", "the approximation does not hold near saturation"),
];

/// (beginning of the id, end of the id, the tests that look at it).
pub(super) const APART: &[(&str, &str, &str)] = &[
    ("META-", "", "metastable: both sides of the lower end of the range"),
    ("COLLAPSE-window", "", "tests/stations.rs: both ends of the range"),
    ("COLLAPSE-40-80x5", "", "tests/stations.rs: some seeds collapse, with long backoff none"),
];

/// Whether a case is tested in a way of its own.
pub(super) fn is_tested_apart(id: &str) -> bool {
    APART.iter().any(|(start, end, _)| id.starts_with(start) && id.ends_with(end))
}

/// Positions in [`NOT_YET`] of the entries that name this case.
pub(super) fn entries(id: &str) -> impl Iterator<Item = usize> + '_ {
    let named = |(start, end, _): &(&str, &str, &str)| id.starts_with(start) && id.ends_with(end);
    NOT_YET.iter().enumerate().filter(move |(_, entry)| named(entry)).map(|(position, _)| position)
}
