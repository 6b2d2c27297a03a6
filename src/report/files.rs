//! Files that are whole or absent.

use super::ReportError;
use std::fs;
use std::path::{Path, PathBuf};

/// Lets `write` make the file under a temporary name beside `path`, then renames it. Whatever fails,
/// no part of it stays. The temporary name keeps the ending, from which encoders know the format.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&Path) -> Result<(), ReportError>,
) -> Result<PathBuf, ReportError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".part-{name}"));
    write(&part)
        .and_then(|()| fs::rename(&part, path).map_err(|error| ReportError::new(path, error)))
        .map(|()| path.to_owned())
        .map_err(|error| {
            // Nothing more can be done if this fails too, and the first reason is the better one.
            let _ = fs::remove_file(&part);
            ReportError { path: path.to_owned(), ..error }
        })
}

/// Writes bytes to a file.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    fs::write(path, bytes).map_err(|error| ReportError::new(path, error))
}
