//! What breaks by itself: random failures of backends, alone and together.

use super::tables::ANSWERS;
use super::{Field, Kind, More, TableSpec, default, optional, required};

const UP: Field = required(
    "up",
    Kind::Distribution,
    "time from the end of one failure, or the start, to the next; mean at least 1ms",
);
const DOWN: Field = required(
    "down",
    Kind::Distribution,
    "how long a failure lasts; after a crash, `start-time` comes on top",
);
const FAULT: Field = default(
    "fault",
    Kind::Choice(&["crash", "refuse", "hang", "partition", "slow", "fail"]),
    "crash",
    "what it does, as the timeline's verb of that name",
);
const FACTOR: Field =
    optional("factor", Kind::Number, "with fault = \"slow\": work takes so many times as long")
        .range(0.01, 1e6);
const WITH: Field = optional(
    "with",
    Kind::Choice(ANSWERS),
    "with fault = \"fail\": the error, which comes after 1ms; default: http_500",
);

/// `failures` of backends.
pub static FAILURES: TableSpec = TableSpec {
    title: "failures",
    doc: "Random failures of each backend by itself: in the long run it is down for down / (up + down) of the time, in means.",
    fields: &[UP, DOWN, FAULT, FACTOR, WITH],
    more: More::Nothing,
};

/// `[[cause]]`.
pub static CAUSE: TableSpec = TableSpec {
    title: "[[cause]]",
    doc: "Random failures that several backends have in common: a rack's power, a zone's network, a bad host.",
    fields: &[
        required("name", Kind::Name, "unique name"),
        required(
            "targets",
            Kind::Targets,
            "backends: a name, a pattern, a list of them, or \"all\"",
        ),
        UP,
        DOWN,
        default(
            "each",
            Kind::Ratio,
            "100%",
            "probability that a target is hit when it strikes, independently of the others",
        )
        .range(1e-9, 1.0),
        FAULT,
        FACTOR,
        WITH,
    ],
    more: More::Nothing,
};
