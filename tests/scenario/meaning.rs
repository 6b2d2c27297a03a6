//! What a sound file means.

use misroute::scenario::{Scenario, Source, load};

pub(crate) const VALID: &str = include_str!("valid.toml");

fn valid() -> Scenario {
    load(&Source::from_text("valid.toml", VALID), &[]).unwrap_or_else(|d| panic!("{d}"))
}

#[test]
fn a_full_file_is_read() {
    let scenario = valid();
    assert_eq!(scenario.name, "two-of-five");
    assert_eq!(scenario.setup.backends.len(), 6);
}
