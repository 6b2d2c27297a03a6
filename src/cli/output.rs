//! Standard output and standard error.

use super::failure::Failure;
use crate::report::ReportError;
use anstream::{AutoStream, ColorChoice};
use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

/// Writes a result to standard output. Colour is kept on a terminal only, and NO_COLOR is obeyed.
pub(super) fn result(text: &str) -> Result<(), Failure> {
    let mut out = anstream::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::BrokenPipe),
        Err(error) => {
            let path = PathBuf::from("standard output");
            Err(Failure::Unwritten(ReportError { path, reason: error.to_string() }))
        }
    }
}

/// Writes a note or an error to standard error.
pub(super) fn note(text: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Whether errors may be coloured.
pub(super) fn error_has_color() -> bool {
    AutoStream::choice(&io::stderr()) != ColorChoice::Never
}

/// Whether results may be coloured.
pub(super) fn result_has_color() -> bool {
    AutoStream::choice(&io::stdout()) != ColorChoice::Never
}
