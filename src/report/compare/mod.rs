//! A comparison for people, for pull requests and for programs.

mod markdown;
mod notes;
mod numbers;
mod plot;
mod text;

pub use markdown::markdown;
pub use text::text;

use super::ReportError;
use super::files::{Batch, Written, directory_name};
use super::plot::add_picture;
use crate::experiment::compare::Comparison;
use schemars::schema_for;
use std::fs;
use std::path::Path;

/// The comparison as one document, indented, with a line break at its end.
pub fn json(comparison: &Comparison) -> String {
    let text = serde_json::to_string_pretty(comparison).expect("the keys of every map are texts");
    text + "\n"
}

/// The JSON Schema of the document.
pub fn schema() -> serde_json::Value {
    schema_for!(Comparison).to_value()
}

/// Writes `compare.json`, `compare.md` and both sides over time into `root/compare-NAME/`, which is
/// created.
///
/// # Errors
/// If anything cannot be written; then no file of this comparison is there, and none of an earlier one
/// is replaced.
pub fn write(comparison: &Comparison, root: &Path) -> Result<Written, ReportError> {
    let directory = root.join(directory_name(&format!("compare-{}", name(comparison))));
    fs::create_dir_all(&directory).map_err(|error| ReportError::new(&directory, error))?;
    let mut batch = Batch::default();
    batch.add(&directory.join("compare.json"), json(comparison).as_bytes())?;
    batch.add(&directory.join("compare.md"), markdown(comparison).as_bytes())?;
    for (name, picture) in plot::pictures(comparison) {
        add_picture(name, &picture, &directory, &mut batch)?;
    }
    Ok(Written { files: batch.commit()?, directory })
}

/// What was compared, in one word.
fn name(comparison: &Comparison) -> String {
    let (before, after) = (&comparison.before.scenario.name, &comparison.after.scenario.name);
    if before == after { before.clone() } else { format!("{before}-vs-{after}") }
}
