//! The entries of when requests are born, and what they ask for.

use super::Knob;

pub(super) const ARRIVALS: &[Knob] = &[];
