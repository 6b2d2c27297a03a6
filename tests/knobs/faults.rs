//! The entries of what goes wrong with backends and their database by itself.

use super::Knob;

pub(super) const FAULTS: &[Knob] = &[];
