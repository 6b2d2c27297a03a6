//! Simulated time: whole nanoseconds since the start of the run.
//!
//! Integers, because a float clock makes the order of two events depend on rounding. A `u64` of
//! nanoseconds reaches 584 years.

use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// An instant, in nanoseconds since the start of the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

/// A length of time, in nanoseconds, never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(u64);

/// `ns` nanoseconds cut to whole ones; `as` saturates and maps NaN to zero.
#[cold]
#[inline(never)]
fn saturated(ns: f64) -> u64 {
    ns as u64
}

impl Time {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const FOREVER: Self = Self(u64::MAX);

    /// The instant `ns` nanoseconds after the start.
    #[inline]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// Nanoseconds since the start.
    #[inline]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Seconds since the start, for display and statistics.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Time from `earlier` to `self`; zero if `earlier` is the later one.
    #[inline]
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// Time from `earlier` to `self`, of which it is known that they are in this order.
    ///
    /// # Panics
    /// With overflow checks, if they are not; without, the result means nothing.
    #[inline]
    pub const fn after(self, earlier: Self) -> Span {
        Span(self.0 - earlier.0)
    }

    /// This instant as an offset from the start.
    #[inline]
    pub const fn offset(self) -> Span {
        Span(self.0)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any other.
    pub const FOREVER: Self = Self(u64::MAX);

    /// A span of `ns` nanoseconds.
    #[inline]
    pub const fn from_ns(ns: u64) -> Self {
        Self(ns)
    }

    /// A span of `ms` milliseconds.
    #[inline]
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }

    /// A span of `s` seconds.
    #[inline]
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }

    /// Nearest span to `ns` nanoseconds, rounded half up; negative and NaN give zero.
    #[inline]
    pub fn from_ns_f64(ns: f64) -> Self {
        let ns = ns + 0.5;
        // To signed integers there is an instruction. Negative numbers look too large, as those from 2^63
        // on do, which saturate.
        let whole = ns as i64 as u64;
        Self(if whole < i64::MAX as u64 { whole } else { saturated(ns) })
    }

    /// Nearest span to `s` seconds.
    #[inline]
    pub fn from_secs_f64(s: f64) -> Self {
        Self::from_ns_f64(s * 1e9)
    }

    /// Nanoseconds.
    #[inline]
    pub const fn as_ns(self) -> u64 {
        self.0
    }

    /// Milliseconds, for display and statistics.
    #[inline]
    pub fn as_ms_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Seconds, for display and statistics.
    #[inline]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// The instant this long after the start of the run.
    #[inline]
    pub const fn after_start(self) -> Time {
        Time(self.0)
    }

    /// `self` times `factor`, rounded half up; a negative factor gives zero.
    #[inline]
    pub fn scaled(self, factor: f64) -> Self {
        Self::from_ns_f64(self.0 as f64 * factor)
    }

    /// Whether this is no time at all.
    #[inline]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl Add<Span> for Time {
    type Output = Self;
    #[inline]
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    #[inline]
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Time {
    type Output = Self;
    #[inline]
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    #[inline]
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Span {
    #[inline]
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.offset(), f)
    }
}

/// Written as it is read: `1h30m`, `250ms`, `1.5s` is `1s500ms`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 7] = [
            (86_400_000_000_000, "d"),
            (3_600_000_000_000, "h"),
            (60_000_000_000, "m"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (size, unit) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    #[test]
    fn spans_print_in_the_units_they_are_written_in() {
        assert_eq!(Span::from_ms(250).to_string(), "250ms");
        assert_eq!(Span::from_secs(5400).to_string(), "1h30m");
        assert_eq!(Span::ZERO.to_string(), "0s");
        assert_eq!(Span::from_ns(90_061_001_002_003).to_string(), "1d1h1m1s1ms2us3ns");
    }

    /// As the one conversion that is plainly right.
    #[test]
    fn every_number_of_nanoseconds_is_cut_as_by_the_language() {
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let powers = (0..2048_u64).map(|exponent| exponent << 52);
        let edges = powers.flat_map(|bits| (0..5).map(move |near| (bits + near).saturating_sub(2)));
        let edges = edges.flat_map(|bits| [bits, bits | 1 << 63]);
        let halves = (0..1000).map(|n| (f64::from(n) * 0.25 - 20.0).to_bits());
        let drawn = std::iter::repeat_with(|| stream.bits()).take(1_000_000);
        let spread = drawn.flat_map(|bits| [bits, (bits % 70 + 1020) << 52 | bits >> 12]);
        for bits in edges.chain(halves).chain(spread) {
            let ns = f64::from_bits(bits);
            assert_eq!(Span::from_ns_f64(ns).as_ns(), (ns + 0.5) as u64, "{ns:e}");
        }
    }

    #[test]
    fn conversions_round_half_up_and_saturate() {
        assert_eq!(Span::from_ns_f64(0.5).as_ns(), 1);
        assert_eq!(Span::from_ns_f64(0.49).as_ns(), 0);
        assert_eq!(Span::from_ns_f64(-3.0).as_ns(), 0);
        assert_eq!(Span::from_ns_f64(f64::NAN).as_ns(), 0);
        assert_eq!(Time::FOREVER + Span::from_secs(1), Time::FOREVER);
        assert_eq!(Time::ZERO.since(Time::from_ns(5)), Span::ZERO);
    }
}
