//! The instructions per request that were counted last.

use std::fs;
use std::path::Path;

/// What the committed baselines say of a workload: misroute, and the limit loop if there is one.
pub(crate) fn instructions(workload: &str) -> Option<(String, Option<String>)> {
    ["instructions.txt", "growth.txt"].iter().find_map(|file| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(file);
        let text = fs::read_to_string(path).ok()?;
        let mut words = text.lines().map(str::split_whitespace);
        let mut row = words.find(|row| row.clone().next() == Some(workload))?.skip(1);
        Some((row.next()?.to_owned(), row.next().map(str::to_owned)))
    })
}
