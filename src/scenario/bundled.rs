//! Scenarios that come with the program, so that a binary alone can replay them.

use super::incidents::INCIDENTS;
use super::misconfigurations::MISCONFIGURATIONS;
use super::patterns::PATTERNS;
use super::{Source, suggest};

/// A scenario that is part of the program.
#[derive(Debug)]
pub struct Bundled {
    /// Its name, and that of its file.
    pub name: &'static str,
    /// One line.
    pub summary: &'static str,
    pub(super) path: &'static str,
    pub(super) text: &'static str,
}

impl Bundled {
    /// Its file.
    pub fn source(&self) -> Source {
        Source::from_text(self.path, self.text)
    }

    /// An incident's name without its date, as in `two-of-five`; any other name as it is.
    fn short(&self) -> &'static str {
        match self.name.as_bytes() {
            [b'0'..=b'9', ..] => self.name.get(11..).unwrap_or_default(),
            _ => self.name,
        }
    }
}

/// One line of a table: a file in a folder of `scenarios`, by its name.
macro_rules! bundled {
    ($folder:literal, $name:literal, $summary:literal) => {
        $crate::scenario::bundled::Bundled {
            name: $name,
            summary: $summary,
            path: concat!("scenarios/", $folder, "/", $name, ".toml"),
            text: include_str!(concat!("../../scenarios/", $folder, "/", $name, ".toml")),
        }
    };
}
pub(super) use bundled;

/// All of them: incidents first, then misconfigurations and patterns.
pub fn all() -> impl Iterator<Item = &'static Bundled> {
    INCIDENTS.iter().chain(MISCONFIGURATIONS).chain(PATTERNS)
}

/// The scenario of that name.
pub fn find(name: &str) -> Option<&'static Bundled> {
    all().find(|bundled| bundled.name == name)
}

/// The scenario that a name, or the path of a file that is not there, was probably meant to be.
pub fn nearest(name: &str) -> Option<&'static Bundled> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.strip_suffix(".toml").unwrap_or(file);
    let near = suggest::nearest(stem, all().map(|bundled| bundled.name))
        .or_else(|| suggest::nearest(stem, all().map(Bundled::short)))?;
    all().find(|bundled| bundled.name == near || bundled.short() == near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_its_date_or_with_a_typo_is_recognized() {
        let found = |name: &str| nearest(name).map(|bundled| bundled.name);
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
        for name in ["no-redispatch", "no-redispach", "misconfigurations/no-redispatch.toml"] {
            assert_eq!(found(name), Some("no-redispatch"), "{name}");
        }
        assert_eq!(found("checkout.toml"), None);
        assert_eq!(found("/"), None);
    }

    #[test]
    fn no_two_have_one_name() {
        let mut names: Vec<&str> = all().map(|bundled| bundled.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
