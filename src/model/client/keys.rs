//! What a hashing balancer sees of a request: one of a population's keys.

use crate::engine::random::{Purpose, Seed, key, keyed, unit};
use crate::model::setup::Keys;
use std::sync::Arc;

/// A population's keys, drawn up once.
#[derive(Clone, Debug)]
pub(super) struct KeySpace {
    key: u64,
    /// P(rank <= r), by r; empty if all ranks are alike.
    cumulative: Arc<[f64]>,
    texts: Arc<[Box<str>]>,
    addresses: Addresses,
}

/// The clients' IPv4 addresses, in host byte order.
#[derive(Clone, Debug)]
enum Addresses {
    /// Counted up from the one of rank 0.
    From(u32),
    /// By rank.
    Listed(Arc<[u32]>),
}

impl KeySpace {
    pub(super) fn new(setup: &Keys, seed: Seed, population: u64) -> Self {
        let key = key(seed, Purpose::RequestKey, population);
        match setup {
            Keys::Ranked { count, zipf, text, address } => {
                let texts = (0..*count).map(|rank| text.replace("{}", &rank.to_string()).into());
                let weight = |rank: u32| libm::pow(f64::from(rank) + 1.0, -zipf);
                Self {
                    key,
                    cumulative: cumulative((0..*count).filter(|_| *zipf > 0.0).map(weight)),
                    texts: texts.collect(),
                    addresses: Addresses::From(*address),
                }
            }
            Keys::Recorded(keys) => Self {
                key,
                cumulative: cumulative(keys.iter().map(|key| key.weight)),
                texts: keys.iter().map(|key| key.text.clone()).collect(),
                addresses: Addresses::Listed(keys.iter().map(|key| key.address).collect()),
            },
        }
    }

    /// The rank of a request's key: the same under every configuration.
    pub(super) fn rank(&self, index: u64) -> u32 {
        let bits = keyed(self.key, index);
        if self.cumulative.is_empty() {
            return ((u128::from(bits) * self.texts.len() as u128) >> 64) as u32;
        }
        draw(&self.cumulative, bits) as u32
    }

    /// What a hash of a header or URI reads.
    pub(super) fn text(&self, rank: u32) -> &str {
        &self.texts[rank as usize]
    }

    /// The client's address, in host byte order. None that is counted ends in 0 or 255, as a host's
    /// rarely does: the first one of the same network stands for those.
    pub(super) fn address(&self, rank: u32) -> u32 {
        let first = match &self.addresses {
            Addresses::From(first) => *first,
            Addresses::Listed(addresses) => return addresses[rank as usize],
        };
        let address = first.wrapping_add(rank);
        if matches!(address & 0xFF, 0 | 0xFF) { address & !0xFF | 1 } else { address }
    }
}

/// The shares of all up to each, of things with these weights.
pub(super) fn cumulative(weights: impl Iterator<Item = f64>) -> Arc<[f64]> {
    let mut sum = 0.0;
    let mut shares: Vec<f64> = weights
        .map(|weight| {
            sum += weight;
            sum
        })
        .collect();
    for share in &mut shares {
        *share /= sum;
    }
    shares.into()
}

/// Which of them random bits choose. Nothing of no weight is chosen.
pub(super) fn draw(cumulative: &[f64], bits: u64) -> usize {
    let draw = unit(bits);
    let position = cumulative.partition_point(|&share| share <= draw);
    // The last share is 1 but for rounding.
    position.min(cumulative.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(zipf: f64) -> Vec<f64> {
        let keys = Keys::Ranked { count: 10, zipf, text: "/obj/{}".into(), address: 0x7F01_0000 };
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
