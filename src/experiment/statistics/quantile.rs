//! How much a quantile rests on.

/// How many of `count` values lie beyond the `q`-quantile, on the side on which fewer do: what a
/// figure of the tail rests on.
pub fn beyond(q: f64, count: u64) -> f64 {
    (1.0 - q).min(q) * count as f64
}
