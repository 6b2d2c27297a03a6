//! The fingerprint of a run: a rolling hash over facts.
//!
//! It is fed with what happened and when (picks, outcomes, state changes), never with the event
//! list's internals, so that it survives optimization. Two runs with equal digests took the same
//! decisions at the same nanoseconds.

use std::fmt;

/// A rolling 64-bit hash; the order of the facts counts.
///
/// Each word is folded in by a 64x64->128 bit multiplication whose halves are xored, as in wyhash.
/// Collisions by accident are about 2^-64 a pair; it does not resist an adversary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }
}

impl Digest {
    /// Folds in one word.
    #[inline]
    pub fn word(&mut self, word: u64) {
        let product =
            u128::from(self.0 ^ word ^ 0xA076_1D64_78BD_642F) * 0xE703_7ED1_A0B4_28DB_u128;
        self.0 = (product as u64) ^ ((product >> 64) as u64) ^ word.rotate_left(23);
    }

    /// Folds in text, with its length.
    pub fn text(&mut self, text: &str) {
        self.word(text.len() as u64);
        for chunk in text.as_bytes().chunks(8) {
            let mut word = [0_u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.word(u64::from_le_bytes(word));
        }
    }

    /// The hash so far.
    pub fn value(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[u64]) -> u64 {
        let mut digest = Digest::default();
        for &word in words {
            digest.word(word);
        }
        digest.value()
    }

    #[test]
    fn order_and_every_word_count() {
        assert_eq!(of(&[1, 2, 3]), of(&[1, 2, 3]));
        assert_ne!(of(&[1, 2, 3]), of(&[2, 1, 3]));
        assert_ne!(of(&[1, 2, 3]), of(&[1, 2, 4]));
        assert_ne!(of(&[0]), of(&[0, 0]));
    }
}
