//! What a sweep looks like: its data, its pictures, a table and what follows from it.

mod csv;
mod findings;
#[cfg(test)]
pub(crate) mod sample;
pub(crate) mod shape;
mod text;

pub use csv::table as csv;
pub use text::summary;

use super::ReportError;
use super::files::{Batch, Written};
use super::plot::sweep as plot;
use crate::experiment::sweep::result::SweepResult;
use std::fs;
use std::path::Path;

/// `sweep.json`: the whole result, indented, with a line break at its end.
pub fn json(result: &SweepResult) -> String {
    let text = serde_json::to_string_pretty(result).expect("the keys of every map are texts");
    text + "\n"
}

/// The JSON Schema of `sweep.json`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(SweepResult).to_value()
}

/// Writes `sweep.json`, `sweep.csv` and, if wanted, the pictures into a directory, which is created.
///
/// # Errors
/// If anything cannot be written; then none of these files is there, and no earlier one is replaced.
pub fn write_sweep(
    result: &SweepResult,
    directory: &Path,
    plots: bool,
) -> Result<Written, ReportError> {
    fs::create_dir_all(directory).map_err(|error| ReportError::new(directory, error))?;
    let mut batch = Batch::default();
    batch.add(&directory.join("sweep.json"), json(result).as_bytes())?;
    batch.add(&directory.join("sweep.csv"), csv(result).as_bytes())?;
    if plots {
        for (name, picture) in plot::draw_all(result) {
            super::plot::add_picture(&name, &picture, directory, &mut batch)?;
        }
    }
    Ok(Written { files: batch.commit()?, directory: directory.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::files::tests::Scratch;
    use serde_json::Value;

    #[test]
    fn a_sweep_has_its_data_and_each_figure_twice() {
        let scratch = Scratch::new("sweep");
        let written = write_sweep(&sample::algorithms(), &scratch.0.join("sweep"), true).unwrap();
        let name =
            |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let names: Vec<String> = written.files.iter().map(name).collect();
        assert_eq!(names[..4], ["sweep.json", "sweep.csv", "goodput.svg", "goodput.png"]);
        assert_eq!(names.len(), 2 + 2 * super::plot::SWEEP_FIGURES.len());
        assert_eq!(fs::read_dir(&written.directory).unwrap().count(), names.len());
    }

    #[test]
    fn the_schema_lists_every_key_of_the_document() {
        let document: Value = serde_json::from_str(&json(&sample::algorithms())).unwrap();
        let schema = schema();
        for key in document.as_object().unwrap().keys() {
            assert!(schema["properties"].get(key).is_some(), "`{key}` in the schema");
        }
        let point = &schema["$defs"]["PointResult"]["properties"];
        for key in document["points"][0].as_object().unwrap().keys() {
            assert!(point.get(key).is_some(), "`{key}` of a point in the schema");
        }
    }

    #[test]
    fn the_same_sweep_is_written_in_the_same_bytes() {
        let (first, second) = (sample::two_numbers(), sample::two_numbers());
        assert_eq!((json(&first), csv(&first)), (json(&second), csv(&second)));
        let drawn = |result| plot::draw_all(result).into_iter().map(|(_, picture)| picture.svg());
        assert!(drawn(&first).eq(drawn(&second)));
    }
}
