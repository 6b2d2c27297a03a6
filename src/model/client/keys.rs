//! What a hashing balancer sees of a request: one of a population's keys.

use crate::engine::random::{Purpose, Seed, key, keyed, unit};
use crate::model::setup::Keys;
use std::sync::Arc;

/// A population's keys, drawn up once.
#[derive(Clone, Debug)]
pub(super) struct KeySpace {
    key: u64,
    count: u32,
    /// P(rank <= r), by r; empty if all ranks are alike.
    cumulative: Arc<[f64]>,
    texts: Arc<[Box<str>]>,
    address: u32,
}

impl KeySpace {
    pub(super) fn new(setup: &Keys, seed: Seed, population: u64) -> Self {
        let texts = (0..setup.count).map(|rank| setup.text.replace("{}", &rank.to_string()).into());
        let key = key(seed, Purpose::RequestKey, population);
        let (count, address) = (setup.count, setup.address);
        Self { key, count, cumulative: cumulative(setup), texts: texts.collect(), address }
    }

    /// The rank of a request's key: the same under every configuration.
    pub(super) fn rank(&self, index: u64) -> u32 {
        let bits = keyed(self.key, index);
        if self.cumulative.is_empty() {
            return ((u128::from(bits) * u128::from(self.count)) >> 64) as u32;
        }
        let draw = unit(bits);
        let rank = self.cumulative.partition_point(|&share| share <= draw) as u32;
        // The last share is 1 but for rounding.
        rank.min(self.count - 1)
    }

    /// What a hash of a header or URI reads.
    pub(super) fn text(&self, rank: u32) -> &str {
        &self.texts[rank as usize]
    }

    /// The client's address, in host byte order. None ends in 0 or 255, as a host's rarely does: the
    /// first one of the same network stands for those.
    pub(super) fn address(&self, rank: u32) -> u32 {
        let address = self.address.wrapping_add(rank);
        if matches!(address & 0xFF, 0 | 0xFF) { address & !0xFF | 1 } else { address }
    }
}

fn cumulative(setup: &Keys) -> Arc<[f64]> {
    if setup.zipf <= 0.0 {
        return Arc::new([]);
    }
    let weight = |rank: u32| libm::pow(f64::from(rank) + 1.0, -setup.zipf);
    let mut sum = 0.0;
    let mut shares: Vec<f64> = (0..setup.count)
        .map(|rank| {
            sum += weight(rank);
            sum
        })
        .collect();
    for share in &mut shares {
        *share /= sum;
    }
    shares.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(zipf: f64) -> Vec<f64> {
        let keys = Keys { count: 10, zipf, text: "/obj/{}".into(), address: 0x7F01_0000 };
        let space = KeySpace::new(&keys, Seed::new(1), 0);
        assert_eq!((space.text(7), space.address(7)), ("/obj/7", 0x7F01_0007));
        assert_eq!((space.address(0), space.address(255)), (0x7F01_0001, 0x7F01_0001));
        assert_eq!((space.address(256), space.address(258)), (0x7F01_0101, 0x7F01_0102));
        let mut counts = vec![0.0; 10];
        for index in 0..100_000 {
            counts[space.rank(index) as usize] += 1.0;
        }
        counts
    }

    #[test]
    fn ranks_follow_their_law() {
        for zipf in [0.0, 1.0, 2.0] {
            let weight = |rank: usize| libm::pow(rank as f64 + 1.0, -zipf);
            let total: f64 = (0..10).map(weight).sum();
            let parts = counts(zipf).into_iter().enumerate().map(|(rank, count)| {
                let expected = 1e5 * weight(rank) / total;
                (count - expected) * (count - expected) / expected
            });
            // Chi-square with 9 degrees of freedom: 27.9 is the 99.9% point.
            let chi2: f64 = parts.sum();
            assert!(chi2 < 27.9, "zipf {zipf}: chi-square {chi2}");
        }
    }
}
