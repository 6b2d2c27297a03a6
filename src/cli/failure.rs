//! What ends a command early, and the exit code that says so.

use super::output;
use crate::report::ReportError;
use crate::scenario::{Diagnostics, ReadError};
use std::process::ExitCode;

/// A finding: an expectation failed.
pub(super) const FINDING: u8 = 1;
const INVALID: u8 = 2;
const UNWRITTEN: u8 = 4;

/// Why a command cannot go on.
#[derive(Debug)]
pub(super) enum Failure {
    /// The scenario has mistakes, all of them listed.
    Scenario(Diagnostics),
    /// The scenario cannot be read.
    Unreadable(ReadError),
    /// The command line asks for something that cannot be.
    Usage(String),
    /// A result cannot be written.
    Unwritten(ReportError),
    /// Whoever read our output has stopped reading: no reason to complain.
    BrokenPipe,
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Scenario(diagnostics)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Unreadable(error)
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::Unwritten(error)
    }
}

impl Failure {
    /// Says what is wrong on standard error, and returns the exit code.
    pub(super) fn report(&self) -> ExitCode {
        let (text, code) = match self {
            Self::Scenario(diagnostics) => (diagnostics.render(output::error_has_color()), INVALID),
            Self::Unreadable(error) => (format!("error: {error}"), INVALID),
            Self::Usage(message) => (format!("error: {message}"), INVALID),
            Self::Unwritten(error) => (format!("error: {error}"), UNWRITTEN),
            Self::BrokenPipe => return ExitCode::SUCCESS,
        };
        output::note(text.trim_end());
        ExitCode::from(code)
    }
}

/// Prints what clap says: help and version are no errors.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is the only way this can fail, and then nobody reads it.
    let _ = error.print();
    if error.use_stderr() { ExitCode::from(INVALID) } else { ExitCode::SUCCESS }
}
