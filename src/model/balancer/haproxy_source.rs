//! `haproxy-source`: HAProxy's `source`, the client's address as a number.

use super::haproxy_hash::{HaproxyHash, PARAMETERS};
use super::{Algorithm, Dialect};

/// The entry in the table. Source: HAProxy 2.6 `get_server_sh` in `backend.c`, held to recordings in
/// tests/orders.rs. The number is not hashed: neighbouring addresses get neighbouring members.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    hashes: true,
    name: "haproxy-source",
    dialect: (Dialect::Haproxy, &["source", "source-hash"]),
    summary: "the client's IPv4 address modulo the summed weight, or its point on a ring",
    fails: "a change of membership moves nearly all clients; a full member is waited for",
    cost: "O(1) by map, O(log n) on the ring",
    vendors: "HAProxy: source, hash-type map-based (or consistent)",
    weighted: true,
    parameters: PARAMETERS,
    build: |build| Box::new(HaproxyHash::new(build, |key| key.address)),
    ..Algorithm::PLAIN
};
