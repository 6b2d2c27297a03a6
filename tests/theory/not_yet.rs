//! Cases that the world cannot express, and why; and those that are tested in a way of their own.

/// (beginning of the id, end of the id, what is missing).
pub(super) const NOT_YET: &[(&str, &str, &str)] = &[
    ("MM1-", "-VarT-PS", "processor sharing: not in the world yet"),
    ("MG1-", "-T-PS", "processor sharing: not in the world yet"),
    ("MG1PS-", "", "processor sharing: not in the world yet"),
    ("MM1-", "-VarT-LIFOPR", "preemptive service: not in the world yet"),
    ("MM1-", "-EW2-LIFO", "last in, first out: not in the world yet"),
    ("MG1-", "-EW2-LIFO", "last in, first out: not in the world yet"),
    ("MM1-", "-EW2-SIRO", "service in random order: not in the world yet"),
    ("ERLA-", "", "random patience: the world's timeouts are constants"),
    ("MtMinf-", "", "a rate that varies smoothly: the world's surges are steps"),
    ("SUPER-tail-", "", "the law of queue lengths at arrivals: probes see totals"),
    ("JIQ-LU-", "-sq2", "reports to the shorter of two lists: idle backends draw one"),
    ("JIQ-LU-0.9", "-rand", "the approximation does not hold near saturation"),
    ("COLLAPSE-", "", "service that slows with concurrency: not in the world yet"),
];

/// (beginning of the id, end of the id, the tests that look at it).
pub(super) const APART: &[(&str, &str, &str)] =
    &[("META-", "", "metastable: both sides of the lower end of the range")];

/// Whether a case is tested in a way of its own.
pub(super) fn is_tested_apart(id: &str) -> bool {
    APART.iter().any(|(start, end, _)| id.starts_with(start) && id.ends_with(end))
}

/// Positions in [`NOT_YET`] of the entries that name this case.
pub(super) fn entries(id: &str) -> impl Iterator<Item = usize> + '_ {
    let named = |(start, end, _): &(&str, &str, &str)| id.starts_with(start) && id.ends_with(end);
    NOT_YET.iter().enumerate().filter(move |(_, entry)| named(entry)).map(|(position, _)| position)
}
