//! What a person or another program reads of a run: text, plots, CSV and JSON.
//!
//! Everything here is made from a [`RunResult`] and from what was judged about it; nothing is
//! simulated, printed or timed. Files are written to a temporary name and then renamed.

pub mod clock;
pub mod compare;
pub mod csv;
pub(crate) mod estimates;
pub mod files;
mod happened;
pub mod honesty;
pub mod json;
pub mod limits;
pub mod plot;
pub mod quantity;
pub mod reach;
pub mod replications;
#[cfg(test)]
pub(crate) mod sample;
pub mod stated;
pub mod sweep;
mod table;
pub mod text;
mod verdict;
mod words;

pub use crate::experiment::judge::{Judgement, Status};
pub use words::wrap;

use crate::experiment::steady::Steady;
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
    pub expect: &'a [Judgement],
    /// Whether service was good, as the scenario defines it.
    pub objective: &'a [Judgement],
    /// The steady state, if the scenario has one.
    pub steady: Option<&'a Steady>,
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
