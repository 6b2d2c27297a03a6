//! The incidents that come with the program, so that a binary alone can replay them.

use super::{Source, suggest};

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

/// The incident that a name, or the path of a file that is not there, was probably meant to be.
pub fn nearest(name: &str) -> Option<&'static Incident> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.strip_suffix(".toml").unwrap_or(file);
    // The date may be missing: `two-of-five`.
    let short = |incident: &'static Incident| incident.name.get(11..).unwrap_or_default();
    let near = suggest::nearest(stem, INCIDENTS.iter().map(|incident| incident.name))
        .or_else(|| suggest::nearest(stem, INCIDENTS.iter().map(short)))?;
    INCIDENTS.iter().find(|incident| incident.name.ends_with(near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_date_or_with_a_typo_is_recognized() {
        let found = |name: &str| nearest(name).map(|incident| incident.name);
        let expected = Some("2024-08-10-two-of-five");
        for name in [
            "two-of-five",
            "tow-of-five",
            "2024-08-10-two-of-fiv",
            "2024-08-10",
            "incidents/2024-08-10-two-of-five.toml",
        ] {
            assert_eq!(found(name), expected, "{name}");
        }
        assert_eq!(found("checkout.toml"), None);
        assert_eq!(found("/"), None);
    }
}
