//! A log-linear histogram of spans: fixed memory, exact counts, quantiles within 0.8%.
//!
//! Each power of two is cut into 128 equal buckets (the layout of HdrHistogram). Counters are
//! integers, so merging is exact in any order; merge before taking quantiles, never average them.

use super::time::Span;
use super::wide::wide;

const SUB_BITS: u32 = 7;
const SUB: usize = 1 << SUB_BITS;

/// Counts of spans by size.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    /// The number of the first of `buckets`; a multiple of [`SUB`], as is their number.
    first: usize,
    /// From the power of two of the smallest span seen to that of the largest; at most 7,424 entries.
    buckets: Vec<u64>,
    count: u64,
    sum_ns: u128,
    max: Span,
}

/// A span and its bucket, found once for all histograms that record it.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    span: Span,
    bucket: usize,
}

impl Measured {
    /// A span, measured.
    #[inline]
    pub fn of(span: Span) -> Self {
        Self { span, bucket: bucket(span.as_ns()) }
    }
}

/// What a histogram knows of spans but for their buckets.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    count: u64,
    sum_ns: u128,
    max: Span,
}

impl Sums {
    /// Adds one span.
    #[inline]
    pub fn add(&mut self, Measured { span, .. }: Measured) {
        self.count += 1;
        self.sum_ns += u128::from(span.as_ns());
        self.max = self.max.max(span);
    }
}

/// The bucket of `ns`: exact below 256 ns, then 128 buckets per power of two.
#[inline]
fn bucket(ns: u64) -> usize {
    let shift = (ns | SUB as u64).ilog2() - SUB_BITS;
    ((shift as usize) << SUB_BITS) + (ns >> shift) as usize
}

/// The smallest value of a bucket.
fn lower_bound(bucket: usize) -> u64 {
    if bucket < 2 * SUB {
        return bucket as u64;
    }
    let shift = (bucket >> SUB_BITS) - 1;
    ((bucket & (SUB - 1)) as u64 + SUB as u64) << shift
}

/// A place in a bucket, from 0 at its lower to 1 at its upper end: off by at most 1/128 of any value in
/// the bucket.
fn place_in(bucket: usize, share: f64) -> f64 {
    let low = lower_bound(bucket) as f64;
    if bucket < 2 * SUB { low } else { low + share * (lower_bound(bucket + 1) as f64 - low) }
}

/// The sum of a power of two's buckets.
fn total(buckets: &[u64]) -> u64 {
    wide(
        #[inline(always)]
        || buckets.iter().sum(),
    )
}

/// The bucket that has the one of this rank, from 1, and how many are before it.
///
/// # Panics
/// If there are not so many.
fn find(buckets: &[u64], rank: u64) -> (usize, u64) {
    /// So many are skipped at once.
    const EACH: usize = 16;
    let mut before = 0;
    for (start, some) in (0..).step_by(EACH).zip(buckets.chunks(EACH)) {
        let sum: u64 = some.iter().sum();
        if before + sum < rank {
            before += sum;
            continue;
        }
        for (index, &n) in (start..).zip(some) {
            if before + n >= rank {
                return (index, before);
            }
            before += n;
        }
    }
    unreachable!("this power of two reaches the rank {rank}");
}

impl Histogram {
    /// Counts one span. O(1).
    #[inline]
    pub fn record(&mut self, span: Span) {
        self.record_measured(Measured::of(span));
    }

    /// Counts one span whose bucket is known. O(1).
    #[inline]
    pub fn record_measured(&mut self, measured: Measured) {
        self.count_apart(measured);
        let mut sums = Sums::default();
        sums.add(measured);
        self.add(sums);
    }

    /// Counts one span in its bucket alone; the rest is to follow with [`Histogram::add`]. O(1).
    #[inline]
    pub fn count_apart(&mut self, Measured { bucket, .. }: Measured) {
        // Below the first one the difference wraps, and is beyond the last.
        match self.buckets.get_mut(bucket.wrapping_sub(self.first)) {
            Some(n) => *n += 1,
            None => self.record_beyond(bucket),
        }
    }

    /// Adds the rest of spans that were counted apart.
    #[inline]
    pub fn add(&mut self, sums: Sums) {
        self.count += sums.count;
        self.sum_ns += sums.sum_ns;
        self.max = self.max.max(sums.max);
    }

    #[cold]
    #[inline(never)]
    fn record_beyond(&mut self, bucket: usize) {
        self.cover(bucket, bucket + 1);
        self.buckets[bucket - self.first] += 1;
    }

    /// Makes room for the buckets from `from` to before `to`.
    fn cover(&mut self, from: usize, to: usize) {
        let (from, to) = (from & !(SUB - 1), to.next_multiple_of(SUB));
        if self.buckets.is_empty() {
            self.first = from;
        }
        let below = self.first.saturating_sub(from);
        self.first -= below;
        self.buckets.splice(..0, std::iter::repeat_n(0, below));
        let above = to.saturating_sub(self.first + self.buckets.len());
        self.buckets.resize(self.buckets.len() + above, 0);
    }

    /// An empty one, with room for what this one has.
    pub fn emptied(&self) -> Self {
        let mut buckets = Vec::with_capacity(self.buckets.len());
        for _ in 0..self.buckets.len() / SUB {
            buckets.extend_from_slice(&[0; SUB]);
        }
        Self { first: self.first, buckets, ..Self::default() }
    }

    /// Adds another histogram's counts.
    pub fn merge(&mut self, other: &Self) {
        if other.count == 0 {
            return;
        }
        self.cover(other.first, other.first + other.buckets.len());
        let mine = &mut self.buckets[other.first - self.first..];
        for (mine, theirs) in mine.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.count += other.count;
        self.sum_ns += other.sum_ns;
        self.max = self.max.max(other.max);
    }

    /// Forgets everything, and keeps the memory.
    pub fn clear(&mut self) {
        for buckets in self.buckets.chunks_exact_mut(SUB) {
            if buckets.iter().fold(0, |any, n| any | n) != 0 {
                buckets.fill(0);
            }
        }
        self.count = 0;
        self.sum_ns = 0;
        self.max = Span::ZERO;
    }

    /// How many spans were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Exact mean in nanoseconds; `None` of nothing.
    pub fn mean_ns(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum_ns as f64 / self.count as f64)
    }

    /// The largest span, exactly; `None` of nothing.
    pub fn max(&self) -> Option<Span> {
        (self.count > 0).then_some(self.max)
    }

    /// The nearest-rank quantile in nanoseconds, within 0.8%; `None` of nothing. `q` in [0, 1].
    ///
    /// The values of a bucket are taken to be spread evenly over it: a quantile that jumped from bucket
    /// to bucket would make differences of two runs look exact that are not.
    ///
    /// # Panics
    /// If `q` is outside [0, 1].
    pub fn quantile_ns(&self, q: f64) -> Option<f64> {
        let [quantile] = self.quantiles_ns([q]);
        quantile
    }

    /// Several of them, in ascending order, at the price of the last.
    ///
    /// # Panics
    /// If one is outside [0, 1], or smaller than the one before.
    pub fn quantiles_ns<const N: usize>(&self, qs: [f64; N]) -> [Option<f64>; N] {
        assert!(qs.is_sorted(), "quantiles out of order: {qs:?}");
        let max = self.max.as_ns() as f64;
        let mut octaves = self.buckets.chunks_exact(SUB).enumerate();
        let (mut octave, mut inside) = (0, [].as_slice());
        // Spans before the current power of two, and up to its end.
        let (mut before, mut seen) = (0, 0);
        qs.map(|q| {
            assert!((0.0..=1.0).contains(&q), "a quantile of {q}");
            if self.count == 0 {
                return None;
            }
            let rank = ((q * self.count as f64).ceil() as u64).clamp(1, self.count);
            while seen < rank {
                before = seen;
                (octave, inside) = octaves.next().expect("all spans are in some bucket");
                seen += total(inside);
            }
            let (index, below) = find(inside, rank - before);
            let n = inside[index];
            let share = ((rank - before - below) as f64 - 0.5) / n as f64;
            Some(place_in(self.first + octave * SUB + index, share).min(max))
        })
    }

    /// The share of recorded spans longer than `limit`, to within one bucket.
    pub fn share_above(&self, limit: Span) -> Option<f64> {
        let longer = (bucket(limit.as_ns()) + 1).saturating_sub(self.first);
        let above: u64 = self.buckets.iter().skip(longer).sum();
        (self.count > 0).then(|| above as f64 / self.count as f64)
    }

    /// The buckets from the first to the last that has any, and the number of the first.
    fn taken(&self) -> (usize, &[u64]) {
        let first = self.buckets.iter().position(|&n| n > 0).unwrap_or(0);
        let end = self.buckets.iter().rposition(|&n| n > 0).map_or(first, |last| last + 1);
        (self.first + first, &self.buckets[first..end])
    }
}

/// Equal counts, whatever there is room for.
impl PartialEq for Histogram {
    fn eq(&self, other: &Self) -> bool {
        let sums = |h: &Self| (h.count, h.sum_ns, h.max);
        sums(self) == sums(other) && (self.count == 0 || self.taken() == other.taken())
    }
}

impl Eq for Histogram {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    #[test]
    fn buckets_are_contiguous_and_bounds_invert_them() {
        for index in 0..6_000 {
            assert_eq!(bucket(lower_bound(index)), index);
            assert_eq!(bucket(lower_bound(index + 1) - 1), index);
        }
        assert_eq!(bucket(u64::MAX), 7_423);
    }

    /// Against the exact nearest-rank quantile of the sorted values: the slow twin.
    #[test]
    fn quantiles_are_within_their_stated_error() {
        let mut stream = Stream::new(Seed::new(3), Purpose::Test, 0);
        let mut values: Vec<u64> =
            (0..20_000).map(|_| (stream.exponential() * 8e7) as u64).collect();
        let mut histogram = Histogram::default();
        for &ns in &values {
            histogram.record(Span::from_ns(ns));
        }
        values.sort_unstable();
        for q in [0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0] {
            let rank = ((q * values.len() as f64).ceil() as usize).clamp(1, values.len());
            let exact = values[rank - 1] as f64;
            let approximate = histogram.quantile_ns(q).unwrap();
            assert!(
                (approximate / exact - 1.0).abs() <= 1.0 / 128.0,
                "q {q}: {approximate} {exact}"
            );
        }
        let exact_mean = values.iter().map(|&v| v as f64).sum::<f64>() / values.len() as f64;
        assert!((histogram.mean_ns().unwrap() / exact_mean - 1.0).abs() < 1e-12);
        assert_eq!(histogram.max().unwrap().as_ns(), *values.last().unwrap());
    }

    #[test]
    fn merging_is_recording_everything_in_one() {
        let (mut a, mut b, mut all) =
            (Histogram::default(), Histogram::default(), Histogram::default());
        for ns in 0..5_000_u64 {
            let span = Span::from_ns(ns * ns);
            if ns % 3 == 0 {
                a.record(span);
            } else {
                b.record(span);
            }
            all.record(span);
        }
        a.merge(&b);
        assert_eq!(a, all);
    }

    #[test]
    fn several_quantiles_are_those_of_one_each() {
        let mut stream = Stream::new(Seed::new(4), Purpose::Test, 0);
        let mut histogram = Histogram::default();
        for recorded in 0..300 {
            for from in 0..10 {
                let qs = [f64::from(from) / 10.0, 0.95, 0.95, 1.0];
                assert_eq!(histogram.quantiles_ns(qs), qs.map(|q| histogram.quantile_ns(q)));
            }
            let scale = if recorded % 7 == 0 { 1e2 } else { 1e9 };
            histogram.record(Span::from_ns((stream.exponential() * scale) as u64));
        }
    }

    #[test]
    fn what_was_cleared_counts_as_if_it_was_new() {
        let spans = |from: u64| (from..from + 50).map(|n| Span::from_ns(n * n * n));
        let (mut used, mut new) = (Histogram::default(), Histogram::default());
        spans(900).for_each(|span| used.record(span));
        used.clear();
        assert_eq!(used, new);
        spans(10).for_each(|span| used.record(span));
        spans(10).for_each(|span| new.record(span));
        assert_eq!(used, new);
        let mut emptied = used.emptied();
        assert_eq!(emptied, Histogram::default());
        spans(10).for_each(|span| emptied.record(span));
        assert_eq!(emptied, new);
        assert_eq!(emptied.quantile_ns(0.5), new.quantile_ns(0.5));
        assert_eq!(emptied.share_above(Span::from_ns(3)), Some(1.0));
    }

    #[test]
    fn nothing_recorded_has_no_quantile() {
        let histogram = Histogram::default();
        assert_eq!(histogram.quantile_ns(0.99), None);
        assert_eq!(histogram.mean_ns(), None);
        assert_eq!(histogram.share_above(Span::ZERO), None);
    }
}
