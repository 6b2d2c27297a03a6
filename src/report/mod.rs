//! What a person or another program reads of a run: text, plots, CSV and JSON.
//!
//! Everything here is made from a [`RunResult`] and from what was judged about it; nothing is
//! simulated, printed or timed. Files are written to a temporary name and then renamed.

pub(crate) mod clock;
pub mod csv;
pub mod files;
mod happened;
pub mod json;
pub mod plot;
#[cfg(test)]
pub(crate) mod sample;
pub mod stated;
mod table;
pub mod text;
mod words;

use crate::observe::result::RunResult;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt;
use std::path::{Path, PathBuf};

/// A run and what was judged about it.
#[derive(Clone, Copy, Debug)]
pub struct Report<'a> {
    /// What the run showed.
    pub result: &'a RunResult,
    /// The scenario's title, if it has one.
    pub title: Option<&'a str>,
    /// The scenario's expectations, judged.
    pub expect: &'a [ExpectLine],
    /// What the scenario assumes.
    pub assumptions: &'a [AssumptionLine],
    /// The command that reproduces the run; absent: `misroute run NAME --seed N`.
    pub command: Option<&'a str>,
}

impl Report<'_> {
    /// The command that reproduces the run.
    pub fn command(&self) -> String {
        let RunResult { scenario, seed, .. } = self.result;
        self.command
            .map_or_else(|| format!("misroute run {} --seed {seed}", scenario.name), str::to_owned)
    }
}

/// How an expectation was judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Observed within the bounds.
    Pass,
    /// Observed outside the bounds.
    Fail,
    /// Nothing was observed, which does not meet an expectation.
    NoData,
}

/// An expectation of the scenario, judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExpectLine {
    /// Its name.
    pub name: String,
    /// How it was judged.
    pub status: Status,
    /// What the run showed, with its unit.
    pub observed: String,
    /// What it should have been, with its unit.
    pub bounds: String,
    /// What the incident's text states, if the expectation comes from one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fact: Option<String>,
}

/// A value that no one wrote down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AssumptionLine {
    /// Which value of the scenario.
    pub path: String,
    /// The value used, with its unit.
    pub value: String,
    /// Its plausible range.
    pub range: String,
    /// Why.
    pub reason: String,
}

/// Output that could not be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportError {
    /// The file or directory.
    pub path: PathBuf,
    /// What went wrong.
    pub reason: String,
}

impl ReportError {
    pub(crate) fn new(path: &Path, reason: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), reason: reason.to_string() }
    }
}

impl fmt::Display for ReportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot write `{}`: {}", self.path.display(), self.reason)
    }
}

impl std::error::Error for ReportError {}
