//! The incidents that come with the program.

use super::bundled::{Bundled, bundled};

macro_rules! incident {
    ($name:literal, $summary:literal) => {
        bundled!("incidents", $name, $summary)
    };
}

/// Every incident, by date.
pub const INCIDENTS: &[Bundled] = &[
    incident!("2024-04-15-wrong-parameter", "one weight with a zero too many"),
    incident!("2024-05-15-offline-member", "an offline server is put into the pool"),
    incident!("2024-06-21-test-algorithm", "an algorithm meant for tests goes to production"),
    incident!("2024-08-10-two-of-five", "most of the traffic to two of five servers"),
    incident!("2024-08-20-single-backend", "all traffic to one backend of the pool"),
];
