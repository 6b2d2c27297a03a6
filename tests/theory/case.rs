//! The reference cases, as tests/data/theory.json lists them.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::LazyLock;

/// One number that theory states about one model.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) model: String,
    pub(super) params: Map<String, Value>,
    pub(super) metric: String,
    expected: Value,
    #[serde(default)]
    note: String,
}

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

/// Every case, in the order of the file.
pub(super) static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let file: File =
        serde_json::from_str(include_str!("../data/theory.json")).expect("theory.json is valid");
    file.cases
});

impl Case {
    /// What the id begins with: the family of models.
    pub(super) fn family(&self) -> &str {
        self.id.split('-').next().expect("split gives at least one piece")
    }

    /// A numeric parameter; whole numbers may be written as text.
    pub(super) fn number(&self, name: &str) -> Option<f64> {
        match self.params.get(name)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// A numeric parameter that the case must have.
    ///
    /// # Panics
    /// If it does not.
    pub(super) fn require(&self, name: &str) -> f64 {
        self.number(name).unwrap_or_else(|| panic!("{} has no number {name}", self.id))
    }

    /// The stated value.
    ///
    /// # Panics
    /// If it is not a number.
    pub(super) fn expected(&self) -> f64 {
        self.expected.as_f64().unwrap_or_else(|| panic!("{} states no number", self.id))
    }

    /// The stated value, or 0 where it is not one number.
    pub(super) fn expected_or_zero(&self) -> f64 {
        self.expected.as_f64().unwrap_or(0.0)
    }

    /// The stated values, if there are several.
    pub(super) fn expected_list(&self) -> Vec<f64> {
        self.expected.as_array().into_iter().flatten().filter_map(Value::as_f64).collect()
    }

    /// The standard error of a published simulation, from the note.
    ///
    /// # Panics
    /// If the note says none.
    pub(super) fn standard_error(&self) -> f64 {
        let stated = self.note.strip_prefix("standard error of T ");
        stated.and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{}", self.note))
    }

    /// The error of the stated value itself, from its note: 0 of a closed form.
    pub(super) fn stated_error(&self) -> f64 {
        let number = |text: &str| text.parse::<f64>().expect("a note's error is a number");
        if let Some(relative) = self.note.strip_prefix("relative error ") {
            number(relative) * self.expected().abs()
        } else if let Some(absolute) = self.note.strip_prefix("error ") {
            number(absolute)
        } else {
            // The file states values to nine decimals or significant digits.
            1e-9 * self.expected().abs().max(1.0)
        }
    }
}
