//! The natural logarithm of what random bits leave of the unit interval.
//!
//! Argument reduction and polynomial are those of FreeBSD's msun (`e_log.c`, Sun Microsystems 1993: off by
//! less than one unit in the last place), operation by operation as in [`libm::log`], so that bits are the
//! same. It has no special cases: zero, negative, subnormal and infinite arguments and NaN do not occur, and
//! 1 needs none. So it has no branches either, is inlined, and several are worked out side by side.

/// 2^52, as a number and as bits: an integer below it is added to its last bits as it is.
const TWO_52: f64 = 4_503_599_627_370_496.0;
const TWO_52_BITS: u64 = 0x4330_0000_0000_0000;
const TWO_84: f64 = TWO_52 * 4_294_967_296.0;
const TWO_84_BITS: u64 = 0x4530_0000_0000_0000;

/// The bits of sqrt(2)/2 in the upper half: mantissas are taken from there to sqrt(2).
const LOWEST: u64 = 0x3FE6_A09E_0000_0000;
const ONE: u64 = 0x3FF0_0000_0000_0000;
const MANTISSA: u64 = 0x000F_FFFF_FFFF_FFFF;

/// ln 2 in two parts, the first of which times an exponent is exact.
const LN2_HIGH: f64 = f64::from_bits(0x3FE6_2E42_FEE0_0000);
const LN2_LOW: f64 = f64::from_bits(0x3DEA_39EF_3579_3C76);

/// The minimax polynomial.
const LG1: f64 = f64::from_bits(0x3FE5_5555_5555_5593);
const LG2: f64 = f64::from_bits(0x3FD9_9999_9997_FA04);
const LG3: f64 = f64::from_bits(0x3FD2_4924_9422_9359);
const LG4: f64 = f64::from_bits(0x3FCC_71C5_1D8E_78AF);
const LG5: f64 = f64::from_bits(0x3FC7_4664_96CB_03DE);
const LG6: f64 = f64::from_bits(0x3FC3_9A09_D078_C69F);
const LG7: f64 = f64::from_bits(0x3FC2_F112_DF3E_5244);

/// ln(`x`) of a positive normal number.
#[inline]
pub fn log(x: f64) -> f64 {
    debug_assert!(x.is_normal() && x > 0.0, "the logarithm of {x}");
    scaled(x, 0.0)
}

/// ln(1 - [`unit`](super::random::unit)(`bits`)): at most 0, at least -53 ln 2.
#[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
#[inline(always)]
pub fn log_left(bits: u64) -> f64 {
    scaled(number(left(bits)), 53.0)
}

/// A count of at most 2^53 as a number. Its halves are added to the last bits of 2^84, where one is 2^32, and
/// of 2^52: unlike a conversion that can be done to several at once everywhere.
#[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
#[inline(always)]
fn number(count: u64) -> f64 {
    let high = f64::from_bits((count >> 32) | TWO_84_BITS) - (TWO_84 + TWO_52);
    high + f64::from_bits((count & 0xFFFF_FFFF) | TWO_52_BITS)
}

/// How many of the 2^53 steps of the unit interval are above `unit(bits)`: from 1 to all of them.
#[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
#[inline(always)]
fn left(bits: u64) -> u64 {
    (!bits >> 11) + 1
}

/// ln(`x` * 2^-`halvings`).
#[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
#[inline(always)]
fn scaled(x: f64, halvings: f64) -> f64 {
    // x = 2^k (1 + f), with 1 + f from sqrt(2)/2 to sqrt(2).
    let shifted = x.to_bits() + (ONE - LOWEST);
    let k = f64::from_bits((shifted >> 52) | TWO_52_BITS) - (TWO_52 + 1023.0 + halvings);
    let f = f64::from_bits((shifted & MANTISSA) + LOWEST) - 1.0;
    let half_square = 0.5 * f * f;
    let s = f / (2.0 + f);
    let s2 = s * s;
    let s4 = s2 * s2;
    let even = s4 * (LG2 + s4 * (LG4 + s4 * LG6));
    let odd = s2 * (LG1 + s4 * (LG3 + s4 * (LG5 + s4 * LG7)));
    s * (half_square + (odd + even)) + k * LN2_LOW - half_square + f + k * LN2_HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream, unit};

    fn is_that_of_libm(x: f64) {
        let (ours, theirs) = (log(x), libm::log(x));
        assert_eq!(ours.to_bits(), theirs.to_bits(), "ln({x:e}): {ours:e} and {theirs:e}");
    }

    #[test]
    fn bits_are_those_of_libm() {
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        for _ in 0..2_000_000 {
            let bits = stream.bits();
            let (ours, theirs) = (log_left(bits), libm::log(1.0 - unit(bits)));
            assert_eq!(ours.to_bits(), theirs.to_bits(), "{bits:#x}: {ours:e} and {theirs:e}");
            // Small shares too, and any number that is positive and normal.
            is_that_of_libm(unit(bits).max(1e-300) * unit(stream.bits()).max(1e-8));
            is_that_of_libm(f64::from_bits((bits >> 1) % (0x7FE << 52) + (1 << 52)));
        }
    }

    /// Both ends, and around every power of two, and the mantissas that are taken to be above or below 1.
    #[test]
    fn bits_are_those_of_libm_at_every_edge() {
        for near in 0..1_000 {
            for bits in [near << 11, !(near << 11), u64::MAX / 2 + (near << 11)] {
                let theirs = libm::log(1.0 - unit(bits));
                assert_eq!(log_left(bits).to_bits(), theirs.to_bits(), "{bits:#x}");
            }
        }
        for exponent in 1..0x7FF_u64 {
            for mantissa in [0, LOWEST & MANTISSA] {
                let middle = (exponent << 52) + mantissa;
                for bits in (middle - 40).max(1 << 52)..middle + 40 {
                    is_that_of_libm(f64::from_bits(bits));
                }
            }
        }
    }

    #[test]
    fn what_is_left_is_exact() {
        for bits in [0, 1, 2047, 2048, 1 << 63, !0 - 2048, !0] {
            assert_eq!(number(left(bits)).to_bits(), (left(bits) as f64).to_bits(), "{bits:#x}");
            let share = left(bits) as f64 / 9_007_199_254_740_992.0;
            assert_eq!(share.to_bits(), (1.0 - unit(bits)).to_bits(), "{bits:#x}");
        }
    }
}
