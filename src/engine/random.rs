//! Named random streams, and keyed hashes for attributes that must not depend on order.
//!
//! One stream per purpose *and* entity, seeded from (seed, replication, purpose, index): a change
//! of the balancer never reshuffles the demand, and a new consumer of randomness never disturbs an
//! old one. The generator is `Xoshiro256PlusPlus`, which `rand` names and guarantees; the seed is
//! expanded with SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), as its authors recommend.

use super::log;
use super::wide::wide;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// What a run's randomness starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed {
    /// The number the user gives.
    pub value: u64,
    /// Which of several independent repetitions this is, from 0.
    pub replication: u32,
}

impl Seed {
    /// The first replication of seed `value`.
    pub const fn new(value: u64) -> Self {
        Self { value, replication: 0 }
    }

    /// Another of several independent repetitions, from 0.
    #[inline]
    pub const fn replication(self, replication: u32) -> Self {
        Self { replication, ..self }
    }
}

/// What a stream or a keyed hash is for. The numbers are part of every result: never reuse one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Gaps between the arrivals of one population.
    Arrivals = 1,
    /// Which user sends a request.
    User = 2,
    /// The mark at which a request reads its backend's service distribution.
    ServiceMark = 3,
    /// The jitter of one request's backoff.
    Backoff = 4,
    /// Which balancer instance an attempt reaches.
    Instance = 5,
    /// A balancer instance's own choices.
    Balancer = 6,
    /// The mark at which a request reads the database's service distribution.
    DatabaseMark = 7,
    /// Where a member's points lie on a hash ring.
    Ring = 8,
    /// A source address, as a hash sees it.
    SourceKey = 9,
    /// What starts at random in a balancer process.
    BalancerStart = 10,
    /// Which thread of a balancer process an attempt reaches.
    Thread = 11,
    /// The work that a health check asks for.
    Check = 12,
    /// Which balancer process hears that a backend has an idle worker.
    IdleReport = 13,
    /// Whether a balancer process takes an attempt on.
    Admission = 20,
    /// Which key a request has.
    RequestKey = 21,
    /// How long a closed-loop user thinks.
    Think = 22,
    /// How long bursts and the times between them last.
    Burst = 23,
    /// How many requests a session has.
    Session = 24,
    /// Which class a request is of.
    Class = 25,
    /// Which rows of a trace a smaller load leaves out.
    TraceRow = 26,
    /// When a backend fails by itself, and for how long.
    Failures = 46,
    /// When a shared cause strikes, and for how long.
    Cause = 47,
    /// Whom a shared cause hits.
    CauseHits = 48,
    /// When a backend pauses, and for how long.
    Pauses = 49,
    /// The same of all that pause in step.
    PausesInStep = 50,
    /// Which queries fail.
    QueryFails = 51,
    /// Which requests a throttling client does not send.
    Throttle = 30,
    /// How long a user who has given up stays away.
    Away = 31,
    /// The work of a request's later attempts, where each draws its own.
    Redraw = 36,
    /// The query of a request's later attempts, where each draws its own.
    DatabaseRedraw = 37,
    /// How old a kept connection gets, and how many requests it carries.
    Connection = 38,
    /// Who is next in a backend's line, where the discipline draws.
    Discipline = 42,
    /// How long a request waits in a backend's line at most.
    Patience = 43,
    /// The latency of a message.
    NetworkLatency = 56,
    /// Whether a transmission is lost.
    NetworkLoss = 57,
    /// Where a sweep's points lie within an axis' range.
    Design = 60,
    /// Draws of a test or bench.
    Test = 255,
}

/// A generator of its own for one purpose of one entity.
#[derive(Clone, Debug)]
pub struct Stream(Xoshiro256PlusPlus);

impl Stream {
    /// The stream for `purpose` of entity `index`.
    pub fn new(seed: Seed, purpose: Purpose, index: u64) -> Self {
        let mut state = key(seed, purpose, index);
        let mut bytes = [0_u8; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&split_mix(&mut state).to_le_bytes());
        }
        Self(Xoshiro256PlusPlus::from_seed(bytes))
    }

    /// 64 random bits.
    #[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
    #[inline(always)]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Uniform in [0, 1), in steps of 2^-53.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        unit(self.bits())
    }

    /// Uniform in 0..n, without bias (Lemire, ACM TOMACS 2019).
    ///
    /// # Panics
    /// If `n` is zero.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "a draw from an empty range");
        let product = u128::from(self.bits()) * u128::from(n);
        if (product as u64) < n {
            return self.below_without_bias(n, product);
        }
        (product >> 64) as u64
    }

    /// The same after a draw that may be one of too many.
    #[cold]
    #[inline(never)]
    fn below_without_bias(&mut self, n: u64, mut product: u128) -> u64 {
        let threshold = n.wrapping_neg() % n;
        while (product as u64) < threshold {
            product = u128::from(self.bits()) * u128::from(n);
        }
        (product >> 64) as u64
    }

    /// Exponential with mean 1, by inversion, so that one draw makes one variate.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -log::log_left(self.bits())
    }

    /// The next `N` of [`exponential`](Self::exponential), in order: cheaper than one by one.
    pub fn exponentials<const N: usize>(&mut self, all: &mut [f64; N]) {
        wide(
            #[inline(always)]
            || {
                // Bits come one after the other, logarithms side by side.
                let mut drawn = [0; N];
                for bits in &mut drawn {
                    *bits = self.bits();
                }
                for (each, &bits) in all.iter_mut().zip(&drawn) {
                    *each = -log::log_left(bits);
                }
            },
        );
    }
}

/// The top 53 of 64 random bits as a number in [0, 1).
#[inline]
pub fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// As much of `n` as 64 random bits say: uniform in 0..n, off by less than n / 2^64.
///
/// The upper half of the product, made of products of halves: several can be worked out at once.
#[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
#[inline(always)]
pub fn share_of(bits: u64, n: u32) -> u32 {
    let (high, low) = ((bits >> 32) * u64::from(n), (bits & 0xFFFF_FFFF) * u64::from(n));
    ((high + (low >> 32)) >> 32) as u32
}

/// One step of SplitMix64: advances `state`, returns 64 well-mixed bits.
#[inline]
pub fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mix(*state)
}

/// SplitMix64's finalizer: a bijection that spreads every input bit over all output bits.
#[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
#[inline(always)]
pub fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The root of everything drawn for `purpose` of entity `index`.
pub fn key(seed: Seed, purpose: Purpose, index: u64) -> u64 {
    let mut state = mix(seed.value ^ 0x6D69_7372_6F75_7465); // "misroute"
    state =
        mix(state.wrapping_add(u64::from(seed.replication)).wrapping_add(0x9E37_79B9_7F4A_7C15));
    state = mix(state ^ (purpose as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
    mix(state.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
}

/// 64 bits that depend on (key, identity) alone: an attribute of a request that is the same under
/// every configuration, whatever order the draws come in.
#[expect(clippy::inline_always, reason = "`wide` gains by what is inlined alone")]
#[inline(always)]
pub fn keyed(key: u64, identity: u64) -> u64 {
    mix(mix(identity.wrapping_add(0x9E37_79B9_7F4A_7C15)).wrapping_add(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_is_uniform_and_covers_its_range() {
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let mut counts = [0_u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Chi-square with 6 degrees of freedom: 22.5 is the 99.9% point.
        let chi2: f64 =
            counts.iter().map(|&n| (f64::from(n) - 1e4) * (f64::from(n) - 1e4) / 1e4).sum();
        assert!(chi2 < 22.5, "chi-square {chi2}, counts {counts:?}");
    }

    #[test]
    fn a_share_is_the_upper_half_of_the_product() {
        let mut stream = Stream::new(Seed::new(4), Purpose::Test, 0);
        let ends = [0, 1, u64::from(u32::MAX), 1 << 32, u64::MAX - 1, u64::MAX];
        let all = (0..100_000).map(|_| stream.bits()).chain(ends);
        for bits in all.collect::<Vec<_>>() {
            for n in [1, 2, 1_000, u32::MAX - 1, u32::MAX, stream.bits() as u32] {
                let product = u128::from(bits) * u128::from(n);
                assert_eq!(u128::from(share_of(bits, n)), product >> 64, "{bits:#x} of {n}");
            }
        }
    }

    #[test]
    fn many_exponentials_are_those_of_one_each() {
        let mut stream = Stream::new(Seed::new(2), Purpose::Test, 0);
        let mut one_by_one = stream.clone();
        let mut many = [0.0; 16];
        for _ in 0..10_000 {
            stream.exponentials(&mut many);
            let each: [f64; 16] = std::array::from_fn(|_| one_by_one.exponential());
            assert_eq!(many.map(f64::to_bits), each.map(f64::to_bits));
            assert_eq!(stream.bits(), one_by_one.bits());
        }
    }

    #[test]
    fn neighbouring_keys_share_no_bits_beyond_chance() {
        let a = key(Seed::new(1), Purpose::Arrivals, 0);
        for b in [
            key(Seed::new(2), Purpose::Arrivals, 0),
            key(Seed { value: 1, replication: 1 }, Purpose::Arrivals, 0),
            key(Seed::new(1), Purpose::User, 0),
            key(Seed::new(1), Purpose::Arrivals, 1),
        ] {
            let differing = (a ^ b).count_ones();
            assert!((12..=52).contains(&differing), "{differing} of 64 bits differ");
        }
    }

    /// First two outputs of each purpose's stream, and the keyed hash of identities 0 and 1. They
    /// are part of every result: a change here changes them all. Computed by an independent
    /// implementation in another language.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of vectors")]
    fn streams_and_keyed_hashes_are_what_they_always_were() {
        const EXPECTED: [(Purpose, [u64; 4]); 10] = [
            (
                Purpose::Arrivals,
                [
                    0x9746_ABD9_A674_61F3,
                    0x59C5_EA9B_1DC0_A50D,
                    0x7319_9D96_E197_B2ED,
                    0x0F58_8638_9E20_B6D4,
                ],
            ),
            (
                Purpose::User,
                [
                    0xED08_2CC5_03F9_E7F4,
                    0xCF84_8582_2BE3_F5D9,
                    0x349D_EF3E_8F23_076C,
                    0x3DC5_8C50_5F86_1909,
                ],
            ),
            (
                Purpose::ServiceMark,
                [
                    0xE932_A198_993F_FC61,
                    0x5655_DD0A_8AD9_8ACC,
                    0x23D9_CE85_ADF4_8C29,
                    0x665C_6904_5688_A195,
                ],
            ),
            (
                Purpose::Backoff,
                [
                    0x12E7_78E2_2720_4663,
                    0xECCB_75D0_2EFD_9D01,
                    0x6080_CB6E_B919_E0D5,
                    0xED69_8E36_2748_2102,
                ],
            ),
            (
                Purpose::Instance,
                [
                    0x45A9_54C8_A966_F778,
                    0x11BD_A0E3_3221_F54F,
                    0x2581_E187_074B_7614,
                    0x2AFD_FC39_914B_5A87,
                ],
            ),
            (
                Purpose::Balancer,
                [
                    0x7B77_B8F9_B771_7544,
                    0x2D19_6478_E4C2_015D,
                    0x5EEE_230F_5990_25BF,
                    0x2C81_1C6E_0595_BBB5,
                ],
            ),
            (
                Purpose::DatabaseMark,
                [
                    0x6B1A_B053_C451_557E,
                    0xC93E_CA31_BB43_2528,
                    0xEA63_7008_B268_A93E,
                    0x9CA8_15A3_C3BF_14E1,
                ],
            ),
            (
                Purpose::Ring,
                [
                    0x9C1A_98D3_BF31_C583,
                    0xBA92_F705_09E8_6912,
                    0x0783_9BD6_23CA_AA01,
                    0xA151_59B4_0484_20E8,
                ],
            ),
            (
                Purpose::SourceKey,
                [
                    0x5CA3_93F1_1C65_1B03,
                    0x0D85_7FB6_D414_F7B9,
                    0x552B_22A3_D6D2_4A57,
                    0x0BF6_8D1B_052A_1BDB,
                ],
            ),
            (
                Purpose::Test,
                [
                    0xE467_FBC1_5F3E_00A6,
                    0xE4F1_5B3D_A56E_5B59,
                    0x8284_1267_B953_11C2,
                    0x6BE2_7EAE_13C0_F78B,
                ],
            ),
        ];
        for (purpose, expected) in EXPECTED {
            let mut stream = Stream::new(Seed::new(1), purpose, 0);
            let key = key(Seed::new(1), purpose, 0);
            let found = [stream.bits(), stream.bits(), keyed(key, 0), keyed(key, 1)];
            assert_eq!(found, expected, "{purpose:?}: {found:#018X?}");
        }
    }
}
