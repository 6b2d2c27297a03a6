//! The hash functions of vendors' algorithms, on bytes, exactly as they compute them.

use super::Key;
use std::net::Ipv4Addr;

/// Calls `read` with what a rule that hashes text reads: the key's text; if the scenario gives none,
/// the client's address in dotted form.
pub(super) fn with_text<R>(key: Key<'_>, read: impl FnOnce(&[u8]) -> R) -> R {
    if !key.text.is_empty() {
        return read(key.text.as_bytes());
    }
    read(Ipv4Addr::from(key.address).to_string().as_bytes())
}

/// The hash of the sdbm database library: HAProxy's default for URIs and headers.
pub(super) fn sdbm(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |hash: u32, &byte| hash.wrapping_mul(65_599).wrapping_add(byte.into()))
}

/// HAProxy's full avalanche (`__full_hash`): one of Bob Jenkins' integer hashes, times a prime near
/// three quarters of the range.
pub(super) fn avalanche(hash: u32) -> u32 {
    let mut a = hash;
    a = a.wrapping_add(0x7ed5_5d16).wrapping_add(a << 12);
    a = (a ^ 0xc761_c23c) ^ (a >> 19);
    a = a.wrapping_add(0x1656_67b1).wrapping_add(a << 5);
    a = a.wrapping_add(0xd3a2_646c) ^ (a << 9);
    a = a.wrapping_add(0xfd70_46c5).wrapping_add(a << 3);
    a = (a ^ 0xb55a_4f09) ^ (a >> 16);
    a.wrapping_mul(3_221_225_473)
}

/// A CRC-32 (IEEE 802.3, reflected) over several pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crc32(u32);

impl Crc32 {
    /// Nothing read yet.
    pub(super) fn new() -> Self {
        Self(u32::MAX)
    }

    /// Reads on.
    pub(super) fn then(mut self, bytes: &[u8]) -> Self {
        for &byte in bytes {
            self.0 ^= u32::from(byte);
            for _ in 0..8 {
                let low = self.0 & 1;
                self.0 = (self.0 >> 1) ^ (0xEDB8_8320 * low);
            }
        }
        self
    }

    /// The checksum of all that was read.
    pub(super) fn value(self) -> u32 {
        !self.0
    }
}

const PRIMES: [u64; 5] = [
    0x9E37_79B1_85EB_CA87,
    0xC2B2_AE3D_27D4_EB4F,
    0x1656_67B1_9E37_79F9,
    0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5,
];

fn xxh_round(state: u64, lane: u64) -> u64 {
    state.wrapping_add(lane.wrapping_mul(PRIMES[1])).rotate_left(31).wrapping_mul(PRIMES[0])
}

/// xxHash64. Source: its specification by Yann Collet,
/// <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>.
pub(super) fn xxh64(bytes: &[u8], seed: u64) -> u64 {
    let word = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().expect("a chunk of eight"));
    let stripes = bytes.chunks_exact(32);
    let mut rest = stripes.remainder();
    let mut hash = if bytes.len() >= 32 {
        let mut lanes = [
            seed.wrapping_add(PRIMES[0]).wrapping_add(PRIMES[1]),
            seed.wrapping_add(PRIMES[1]),
            seed,
            seed.wrapping_sub(PRIMES[0]),
        ];
        for stripe in stripes {
            for (lane, chunk) in lanes.iter_mut().zip(stripe.chunks_exact(8)) {
                *lane = xxh_round(*lane, word(chunk));
            }
        }
        let [a, b, c, d] = lanes;
        let sum = a.rotate_left(1).wrapping_add(b.rotate_left(7));
        let sum = sum.wrapping_add(c.rotate_left(12)).wrapping_add(d.rotate_left(18));
        lanes.into_iter().fold(sum, |hash, lane| {
            (hash ^ xxh_round(0, lane)).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3])
        })
    } else {
        seed.wrapping_add(PRIMES[4])
    };
    hash = hash.wrapping_add(bytes.len() as u64);
    while let Some((chunk, after)) = rest.split_at_checked(8) {
        hash ^= xxh_round(0, word(chunk));
        hash = hash.rotate_left(27).wrapping_mul(PRIMES[0]).wrapping_add(PRIMES[3]);
        rest = after;
    }
    if let Some((chunk, after)) = rest.split_at_checked(4) {
        let half = u32::from_le_bytes(chunk.try_into().expect("a chunk of four"));
        hash ^= u64::from(half).wrapping_mul(PRIMES[0]);
        hash = hash.rotate_left(23).wrapping_mul(PRIMES[1]).wrapping_add(PRIMES[2]);
        rest = after;
    }
    for &byte in rest {
        hash ^= u64::from(byte).wrapping_mul(PRIMES[4]);
        hash = hash.rotate_left(11).wrapping_mul(PRIMES[0]);
    }
    hash = (hash ^ (hash >> 33)).wrapping_mul(PRIMES[1]);
    hash = (hash ^ (hash >> 29)).wrapping_mul(PRIMES[2]);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published test vectors; the rest of the functions is held to recordings (tests/orders.rs).
    #[test]
    fn test_vectors() {
        assert_eq!(Crc32::new().then(b"123456789").value(), 0xCBF4_3926);
        assert_eq!(xxh64(b"", 0), 0xEF46_DB37_51D8_E999);
        assert_eq!(xxh64(b"a", 0), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(xxh64(b"abc", 0), 0x44BC_2CF5_AD77_0999);
        let text = b"Nobody inspects the spammish repetition";
        assert_eq!(xxh64(text, 0), 0xFBCE_A83C_8A37_8BF1);
    }

    #[test]
    fn a_key_without_text_is_its_dotted_address() {
        let key = Key { hash: 0, address: 0x7F01_0203, text: "" };
        with_text(key, |text| assert_eq!(text, b"127.1.2.3"));
        with_text(Key { text: "/a", ..key }, |text| assert_eq!(text, b"/a"));
    }
}
