//! The incidents that come with the program, so that a binary alone can replay them.

use super::Source;

/// A scenario that is part of the program.
#[derive(Debug)]
pub struct Incident {
    /// Its name, and that of its file.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    text: &'static str,
}

impl Incident {
    /// Its file.
    pub fn source(&self) -> Source {
        Source::from_text(format!("scenarios/incidents/{}.toml", self.name), self.text)
    }
}

macro_rules! incident {
    ($name:literal, $summary:literal) => {
        Incident {
            name: $name,
            summary: $summary,
            text: include_str!(concat!("../../scenarios/incidents/", $name, ".toml")),
        }
    };
}

/// Every incident, by date.
pub const INCIDENTS: &[Incident] = &[
    incident!("2024-04-15-wrong-parameter", "one weight with a zero too many"),
    incident!("2024-05-15-offline-member", "an offline server is put into the pool"),
    incident!("2024-06-21-test-algorithm", "an algorithm meant for tests goes to production"),
    incident!("2024-08-10-two-of-five", "most of the traffic to two of five servers"),
    incident!("2024-08-20-single-backend", "all traffic to one backend of the pool"),
];

/// The incident of that name.
pub fn find(name: &str) -> Option<&'static Incident> {
    INCIDENTS.iter().find(|incident| incident.name == name)
}
