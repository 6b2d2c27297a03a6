//! What ends a command early, and the exit code that says so.

use super::output;
use crate::experiment::sweep::store::StoreError;
use crate::experiment::sweep::task::Refusal;
use crate::report::ReportError;
use crate::scenario::{Diagnostics, ReadError};
use std::process::ExitCode;

/// A finding: an expectation failed.
pub(super) const FINDING: u8 = 1;
const INVALID: u8 = 2;
const INCOMPLETE: u8 = 3;
const UNWRITTEN: u8 = 4;
/// 128 and the number of the signal, as shells have it.
pub(super) const INTERRUPTED: u8 = 130;

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
    /// Parts of a sweep are missing.
    Incomplete(String),
    /// The user has ended it; says how to go on.
    Interrupted(String),
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

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Scenario(diagnostics) => Self::Scenario(diagnostics),
            Refusal::Other(message) => Self::Usage(message),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unusable(message) => Self::Usage(message),
            StoreError::Unwritten { path, reason } => Self::Unwritten(ReportError { path, reason }),
        }
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
            Self::Incomplete(message) => (format!("error: {message}"), INCOMPLETE),
            Self::Interrupted(message) => (format!("interrupted: {message}"), INTERRUPTED),
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
