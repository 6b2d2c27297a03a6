//! `haproxy-uri`: HAProxy's `uri`, `hdr` and `hash`: what a request asks for, by sdbm.

use super::haproxy_hash::{HaproxyHash, PARAMETERS};
use super::hashing::{sdbm, with_text};
use super::{Algorithm, Dialect};

/// The entry in the table. Source: HAProxy 2.6 `get_server_uh` in `backend.c` and `hash.c`, held to
/// recordings in tests/orders.rs. On the ring, HAProxy finishes the hash with its avalanche.
/// Shares are not those of the weights: sdbm of short similar keys is far from uniform.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hashes: true,
    name: "haproxy-uri",
    dialect: (Dialect::Haproxy, &["uri", "url_param", "hdr", "hash", "ring-hash"]),
    summary: "the same text always gets the same member: sdbm modulo the weight, or on a ring",
    fails: "a change of membership moves nearly all keys; a full member is waited for",
    cost: "O(1) by map, O(log n) on the ring",
    vendors: "HAProxy: uri, url_param, hdr, hash; hash-type map-based sdbm (or consistent)",
    parameters: PARAMETERS,
    build: |build| Box::new(HaproxyHash::new(build, |key| with_text(key, sdbm))),
    ..Algorithm::PLAIN
};
