//! The entries of what goes wrong with backends and their database by itself.

use super::table::knob;
use super::{Happens, Knob};

/// A backend that fails by itself, and causes that several have in common.
const FAILS: &str = "backends.api-2.failures={up={exponential={mean=\"20s\"}}, down=\"3s\"}";
const FAILS_SLOW: &str =
    "backends.api-2.failures={up=\"20s\", down=\"9s\", fault=\"slow\", factor=3}";
const FAILS_WITH: &str =
    "backends.api-2.failures={up=\"20s\", down=\"9s\", fault=\"fail\", with=\"http_503\"}";
const CAUSE: &str = "cause.rack={targets=[\"api-2\", \"api-3\"], \
    up={exponential={mean=\"20s\"}}, down=\"3s\"}";
const CAUSE_SLOW: &str =
    "cause.rack={targets=\"all\", up=\"20s\", down=\"9s\", fault=\"slow\", factor=3}";
const CAUSE_WITH: &str =
    "cause.rack={targets=\"all\", up=\"20s\", down=\"9s\", fault=\"fail\", with=\"http_503\"}";

pub(super) const FAULTS: &[Knob] = &[
    knob("backends.failures.up", &[FAILS], "backends.api-2.failures.up=20s", Happens),
    knob("backends.failures.down", &[FAILS], "backends.api-2.failures.down=4s", Happens),
    knob("backends.failures.fault", &[FAILS], "backends.api-2.failures.fault=hang", Happens),
    knob("backends.failures.factor", &[FAILS_SLOW], "backends.api-2.failures.factor=5", Happens),
    knob("backends.failures.with", &[FAILS_WITH], "backends.api-2.failures.with=http_500", Happens),
    knob("cause.targets", &[CAUSE], "cause.rack.targets=all", Happens),
    knob("cause.up", &[CAUSE], "cause.rack.up=20s", Happens),
    knob("cause.down", &[CAUSE], "cause.rack.down=4s", Happens),
    knob("cause.each", &[CAUSE], "cause.rack.each=50%", Happens),
    knob("cause.fault", &[CAUSE], "cause.rack.fault=hang", Happens),
    knob("cause.factor", &[CAUSE_SLOW], "cause.rack.factor=5", Happens),
    knob("cause.with", &[CAUSE_WITH], "cause.rack.with=http_500", Happens),
];
