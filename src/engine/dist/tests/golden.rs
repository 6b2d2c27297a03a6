//! The exact variates of one member of each family. A failure here means that every result of
//! every scenario changes: never adjust these values without saying so in the changelog.

use super::*;
use crate::engine::random::mix;

/// Low, in the middle, high.
const MARKS: [u64; 3] = [0x0123_4567_89AB_CDEF, 0x8765_4321_0FED_CBA9, 0xFEDC_BA98_7654_3210];

#[test]
fn every_family_gives_the_very_nanoseconds_it_always_gave() {
    let expected: [(&str, [u64; 3]); 11] = [
        ("bimodal", [5_000_000, 5_000_000, 500_000_000]),
        ("constant", [80_000_000, 80_000_000, 80_000_000]),
        ("empirical", [12_000_000, 12_000_000, 90_000_000]),
        ("erlang", [61_968_434, 127_295_133, 56_427_372]),
        ("exponential", [356_348, 60_212_905, 433_288_032]),
        ("gamma", [17_794_217, 130_336_297, 64_124_201]),
        ("hyperexponential", [226_375, 40_865_860, 1_147_485_908]),
        ("lognormal", [6_126_587, 59_495_408, 511_121_310]),
        ("pareto", [48_343_245, 65_052_682, 413_865_291]),
        ("uniform", [40_355_556, 82_311_111, 119_644_444]),
        ("weibull", [59_634, 47_327_105, 617_522_224]),
    ];
    for (family, (name, nanoseconds)) in FAMILIES.iter().zip(expected) {
        let law = example(family);
        assert_eq!(family.name, name);
        assert_eq!(MARKS.map(|mark| law.at(mark).as_ns()), nanoseconds, "{name}");
    }
}

/// The nanoseconds above are some eight digits of a variate. With a mean of twelve days, rounding
/// to nanoseconds keeps nearly all sixteen, and many marks meet every branch of every formula.
#[test]
fn every_family_keeps_its_last_bits() {
    const TWELVE_DAYS: f64 = 1_125_899_906_842_624.0;
    let laws = [
        (law("uniform", &[("min", 0.0), ("max", 2.0 * TWELVE_DAYS)]), 0x97DF_C43B_CC99_BCF9),
        (law("exponential", &[("mean", TWELVE_DAYS)]), 0x6684_A5FE_5EC4_51A4),
        (law("erlang", &[("stages", 3.0), ("mean", TWELVE_DAYS)]), 0xFF8C_35BF_0203_09AD),
        (law("erlang", &[("stages", 30.0), ("mean", TWELVE_DAYS)]), 0xFD22_899B_6F89_CF37),
        (law("gamma", &[("mean", TWELVE_DAYS), ("p99", 2.0 * TWELVE_DAYS)]), 0x5AF5_6AAA_5770_32CA),
        (law("gamma", &[("mean", TWELVE_DAYS), ("p99", 7.0 * TWELVE_DAYS)]), 0xFB5B_0EBD_51BC_AFC9),
        (law("hyperexponential", &[("mean", TWELVE_DAYS), ("scv", 9.0)]), 0x5C3C_028F_2444_6680),
        (
            law("lognormal", &[("mean", TWELVE_DAYS), ("p99", 7.0 * TWELVE_DAYS)]),
            0x263D_220B_5DC5_452D,
        ),
        (
            law("pareto", &[("mean", TWELVE_DAYS), ("p99", 3.0 * TWELVE_DAYS)]),
            0x7166_73DA_5DC9_A284,
        ),
        (
            law("weibull", &[("mean", TWELVE_DAYS), ("p99", 7.0 * TWELVE_DAYS)]),
            0x54DD_2934_9111_3D6E,
        ),
    ];
    for (law, expected) in laws {
        let digest = marks(1, 100_000)
            .fold(0_u64, |digest, mark| mix(digest.wrapping_add(law.at(mark).as_ns())));
        assert_eq!(digest, expected, "{law:?}: {digest:#018X}");
    }
}
