//! The entries of what lies between clients, balancers and backends.

use super::Knob;

pub(super) const NETWORK: &[Knob] = &[];
