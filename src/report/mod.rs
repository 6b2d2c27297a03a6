//! What a person or another program reads of a run: text, plots, CSV and JSON.
//!
//! Everything here is made from a [`RunResult`] and from what was judged about it; nothing is
//! simulated, printed or timed. Files are written to a temporary name and then renamed.

pub(crate) mod clock;
pub(crate) mod files;
pub mod plot;
#[cfg(test)]
pub(crate) mod sample;

use crate::observe::result::RunResult;
use std::fmt;
use std::path::{Path, PathBuf};

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
