//! `envoy-maglev`: Envoy's MAGLEV.

use super::envoy_hash::{BALANCE_FACTOR, EnvoyHash, HashTable, normalized};
use super::hashing::xxh64;
use super::{Algorithm, Dialect, MemberView};

/// Entries of the table, a prime number.
const SIZE: u64 = 65_537;

/// Marks an entry that nobody has taken yet.
const FREE: u16 = u16::MAX;

#[derive(Clone)]
struct Maglev {
    entries: Vec<u16>,
}

/// A host's own order of the entries: from an offset on, in steps.
struct Row {
    member: u16,
    share: f64,
    /// The next round in which it may take an entry, in shares.
    target: f64,
    entry: u64,
    step: u64,
}

impl HashTable for Maglev {
    /// Round by round, each host takes the next free entry of its own order, the heaviest in every
    /// round, others as often as their share says.
    fn rebuild(&mut self, members: &[MemberView]) {
        self.entries.clear();
        let mut hosts = normalized(members);
        if hosts.is_empty() {
            return;
        }
        hosts.sort_by(|a, b| members[a.0].address.cmp(&members[b.0].address).then(a.0.cmp(&b.0)));
        let heaviest = hosts.iter().fold(0.0, |most: f64, &(_, share)| most.max(share));
        let row = |(index, share): (usize, f64)| {
            let name = members[index].address.as_bytes();
            let (entry, step) = (xxh64(name, 0) % SIZE, xxh64(name, 1) % (SIZE - 1) + 1);
            Row { member: index as u16, share, target: 0.0, entry, step }
        };
        let mut rows: Vec<Row> = hosts.into_iter().map(row).collect();
        self.entries.resize(SIZE as usize, FREE);
        let (mut taken, mut round) = (0, 0.0);
        loop {
            round += 1.0;
            for row in &mut rows {
                if round * row.share < row.target {
                    continue;
                }
                row.target += heaviest;
                while self.entries[row.entry as usize] != FREE {
                    row.entry = (row.entry + row.step) % SIZE;
                }
                self.entries[row.entry as usize] = row.member;
                taken += 1;
                if taken == SIZE {
                    return;
                }
            }
        }
    }

    fn host(&self, hash: u64, attempt: u64) -> Option<usize> {
        let hash = if attempt == 0 { hash } else { hash ^ attempt.wrapping_neg() };
        self.entries.get((hash % SIZE) as usize).map(|&member| usize::from(member))
    }
}

/// The entry in the table. Source: Eisenbud et al., NSDI 2016, listing 1; Envoy `maglev_lb.cc`.
/// Tables are held to the counts that Envoy publishes.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hashes: true,
    name: "envoy-maglev",
    dialect: (Dialect::Envoy, &["MAGLEV"]),
    summary: "the same key always gets the same host: a table of 65537 that hosts fill in turn",
    fails: "a change of membership moves twice as many keys as a ring; one big key loads one host",
    cost: "O(1), O(n) with hash-balance-factor; a change of membership refills the table",
    vendors: "Envoy: MAGLEV",
    weighted: true,
    parameters: &[BALANCE_FACTOR],
    build: |build| {
        let balance_factor = build.arguments[0] as u64;
        let table = Maglev { entries: Vec::new() };
        Box::new(EnvoyHash { table, balance_factor, known: Vec::new() })
    },
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(weights: &[u32]) -> Vec<usize> {
        let name = |(index, &weight)| MemberView::new(&format!("127.0.0.1:{}", 90 + index), weight);
        let members: Vec<MemberView> = weights.iter().enumerate().map(name).collect();
        let mut table = Maglev { entries: Vec::new() };
        table.rebuild(&members);
        let count = |index| table.entries.iter().filter(|&&e| usize::from(e) == index).count();
        (0..members.len()).map(count).collect()
    }

    /// Envoy's documentation: hosts of weight 1 and 2 have 21846 and 43691 entries.
    #[test]
    fn entries_follow_the_weights() {
        assert_eq!(counts(&[1, 2]), [21_846, 43_691]);
        let equal = counts(&[1; 7]);
        assert!(equal.iter().all(|&count| count == 9362 || count == 9363), "{equal:?}");
    }
}
