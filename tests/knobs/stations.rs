//! The entries of how backends queue and serve.

use super::Knob;

pub(super) const STATIONS: &[Knob] = &[];
