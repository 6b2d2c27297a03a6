//! Cases that the world cannot express, and why.

/// (beginning of the id, end of the id, what is missing).
pub(super) const NOT_YET: &[(&str, &str, &str)] = &[
    ("META-", "", "a range of bistable loads, not a figure of one run"),
    ("SRE-", "", "adaptive throttling: not in the world yet"),
    ("FANOUT-", "", "fan-out: not in the world yet"),
    ("HEDGE-", "", "hedged requests: not in the world yet"),
    ("MtMinf-", "", "a rate that varies smoothly: the world's surges are steps"),
    ("SUPER-tail-", "", "the law of queue lengths at arrivals: probes see totals"),
    ("JIQ-LU-", "-sq2", "reports to the shorter of two lists: idle backends draw one"),
    ("JIQ-LU-0.9", "-rand", "the approximation does not hold near saturation"),
    ("OCC-", "", "optimistic concurrency control: not a balancer's business"),
    ("COLLAPSE-", "", "service that slows with concurrency: not in the world yet"),
];

/// Positions in [`NOT_YET`] of the entries that name this case.
pub(super) fn entries(id: &str) -> impl Iterator<Item = usize> + '_ {
    let named = |(start, end, _): &(&str, &str, &str)| id.starts_with(start) && id.ends_with(end);
    NOT_YET.iter().enumerate().filter(move |(_, entry)| named(entry)).map(|(position, _)| position)
}
