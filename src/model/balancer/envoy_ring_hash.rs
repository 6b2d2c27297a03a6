//! `envoy-ring-hash`: Envoy's RING_HASH.

use super::envoy_hash::{BALANCE_FACTOR, EnvoyHash, HashTable, normalized};
use super::hashing::xxh64;
use super::{Algorithm, Dialect, MemberView, Parameter, ParameterKind};

#[derive(Clone)]
struct Ring {
    size_min: f64,
    size_max: f64,
    /// (position, member), sorted.
    points: Vec<(u64, usize)>,
}

impl HashTable for Ring {
    /// As many points that the lightest host has a whole number of them; the others' fractions are
    /// carried from host to host.
    fn rebuild(&mut self, members: &[MemberView]) {
        self.points.clear();
        let hosts = normalized(members);
        let lightest = hosts.iter().fold(1.0, |least: f64, &(_, share)| least.min(share));
        let scale = ((lightest * self.size_min).ceil() / lightest).min(self.size_max);
        let (mut made, mut wanted) = (0.0, 0.0);
        for (index, share) in hosts {
            wanted += scale * share;
            let mut number = 0_u64;
            while made < wanted {
                let name = format!("{}_{number}", members[index].address);
                self.points.push((xxh64(name.as_bytes(), 0), index));
                number += 1;
                made += 1.0;
            }
        }
        self.points.sort_by_key(|&(position, _)| position);
    }

    fn host(&self, hash: u64, attempt: u64) -> Option<usize> {
        let n = self.points.len();
        let next = self.points.partition_point(|&(position, _)| position < hash);
        let place = (next % n.max(1)) as u64 + attempt;
        self.points.get((place % n.max(1) as u64) as usize).map(|&(_, member)| member)
    }
}

/// The entry in the table. Source: Envoy `ring_hash_lb.cc`. A member's points follow from its
/// address.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hashes: true,
    name: "envoy-ring-hash",
    dialect: (Dialect::Envoy, &["RING_HASH", "ring-hash"]),
    summary: "the same key always gets the same host: the next point on a ring of xxHash64",
    fails: "few points per host make unequal shares; one big key loads one host",
    cost: "O(log n), O(n) with hash-balance-factor",
    vendors: "Envoy: RING_HASH",
    parameters: &[
        BALANCE_FACTOR,
        Parameter {
            name: "minimum-ring-size",
            kind: ParameterKind::Count,
            default: 1024.0,
            range: (1.0, 8_388_608.0),
            doc: "points on the whole ring, at least",
        },
        Parameter {
            name: "maximum-ring-size",
            kind: ParameterKind::Count,
            default: 8_388_608.0,
            range: (1.0, 8_388_608.0),
            doc: "points on the whole ring, at most",
        },
    ],
    build: |build| {
        let (size_min, size_max) = (build.arguments[1], build.arguments[2]);
        let table = Ring { size_min, size_max, points: Vec::new() };
        let balance_factor = build.arguments[0] as u64;
        Box::new(EnvoyHash { table, balance_factor, known: Vec::new() })
    },
    ..Algorithm::PLAIN
};
