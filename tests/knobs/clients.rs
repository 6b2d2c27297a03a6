//! The entries of what clients do while they wait, and when an attempt fails.

use super::Knob;

pub(super) const CLIENTS: &[Knob] = &[];
