//! A part of a sweep for one of several machines.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The `part`-th of `of` parts: points part - 1, part - 1 + of, and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Shard {
    /// Which, from 1.
    pub part: u32,
    /// How many there are.
    pub of: u32,
}

impl Shard {
    /// Whether a point, from 0, belongs to it.
    pub fn has(self, point: u32) -> bool {
        point % self.of == self.part - 1
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = |text: &str| text.parse::<u32>().ok();
        let numbers = text.split_once('/').and_then(|(part, of)| Some((read(part)?, read(of)?)));
        let Some((part, of)) = numbers else {
            return Err("write i/n, such as 3/8 for the third of eight parts".to_owned());
        };
        if of == 0 {
            return Err("there must be at least one part".to_owned());
        }
        if part == 0 {
            return Err(format!("parts are counted from 1: 1/{of} to {of}/{of}"));
        }
        if part > of {
            return Err(format!("there are only {of} parts: 1/{of} to {of}/{of}"));
        }
        Ok(Self { part, of })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_from_one_and_share_all_points() {
        let shards: Vec<Shard> = ["1/3", "2/3", "3/3"].iter().map(|s| s.parse().unwrap()).collect();
        for point in 0..10 {
            assert_eq!(shards.iter().filter(|shard| shard.has(point)).count(), 1);
        }
        assert!(shards[0].has(0) && shards[2].has(5));
        for bad in ["0/3", "4/3", "1/0", "1", "a/b", "1/3/5", "-1/3", ""] {
            assert!(bad.parse::<Shard>().is_err(), "{bad}");
        }
    }
}
