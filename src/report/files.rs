//! The files of a run: all of them whole, or none of them new.

use super::plot::{self, FIGURES};
use super::{Report, ReportError, csv, json};
use std::fs;
use std::path::{Path, PathBuf};

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The run's directory.
    pub directory: PathBuf,
    /// Files in it, in the order: data, then plots.
    pub files: Vec<PathBuf>,
}

/// Writes `summary.json`, `series.csv`, if wanted the plots, and `others` (name and content) into
/// `root/NAME/`, which is created.
///
/// # Errors
/// If anything cannot be written; then no file of this run is there, and none of an earlier run is
/// replaced.
pub fn write_run(
    report: &Report<'_>,
    root: &Path,
    plots: bool,
    others: &[(&str, String)],
) -> Result<Written, ReportError> {
    let directory = root.join(directory_name(&report.result.scenario.name));
    fs::create_dir_all(&directory).map_err(|error| ReportError::new(&directory, error))?;
    let mut batch = Batch::default();
    batch.add(&directory.join("summary.json"), json::summary(report).as_bytes())?;
    batch.add(&directory.join("series.csv"), csv::series(report.result).as_bytes())?;
    if plots {
        for figure in FIGURES {
            plot::add(figure, report.result, &directory, &mut batch)?;
        }
    }
    for (name, content) in others {
        batch.add(&directory.join(name), content.as_bytes())?;
    }
    Ok(Written { files: batch.commit()?, directory })
}

/// Whether directories can be made at this path, as far as can be told without making one.
///
/// # Errors
/// If it, or a part of it, is something else than a directory.
pub fn check_root(root: &Path) -> Result<(), ReportError> {
    let there = root.ancestors().find(|path| path.exists());
    match there {
        Some(path) if !path.is_dir() => {
            let reason = format!("`{}` is not a directory", path.display());
            Err(ReportError::new(root, reason))
        }
        _ => Ok(()),
    }
}

/// A scenario's name as the name of a directory, whatever characters it has.
pub(crate) fn directory_name(name: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    let safe: String = name.trim_start_matches('.').chars().map(plain).collect();
    if safe.is_empty() { "run".into() } else { safe }
}

/// Files under temporary names, until all are complete. Dropped before that, it removes them.
#[derive(Default)]
pub(crate) struct Batch {
    /// Temporary and final name of each.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Batch {
    /// Adds a file with this content.
    pub(crate) fn add(&mut self, path: &Path, content: &[u8]) -> Result<(), ReportError> {
        self.add_with(path, |part| {
            fs::write(part, content).map_err(|error| ReportError::new(part, error))
        })
    }

    /// Adds a file that `write` makes under the name it is given: a temporary one beside `path`, with
    /// the same ending, from which encoders know the format.
    pub(crate) fn add_with(
        &mut self,
        path: &Path,
        write: impl FnOnce(&Path) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let part = path.with_file_name(format!(".part-{name}"));
        self.files.push((part.clone(), path.to_owned()));
        // The reader knows the file by its final name.
        write(&part).map_err(|error| ReportError { path: path.to_owned(), ..error })
    }

    /// Gives every file its name; answers them in the order in which they were added.
    pub(crate) fn commit(mut self) -> Result<Vec<PathBuf>, ReportError> {
        // Found out before the first file has its name, not between two.
        if let Some((_, taken)) = self.files.iter().find(|(_, path)| path.is_dir()) {
            return Err(ReportError::new(taken, "a directory has this name"));
        }
        for (part, path) in &self.files {
            fs::rename(part, path).map_err(|error| ReportError::new(path, error))?;
        }
        Ok(std::mem::take(&mut self.files).into_iter().map(|(_, path)| path).collect())
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for (part, _) in &self.files {
            // Some are renamed or were never begun; the error that led here is the one to report.
            let _ = fs::remove_file(part);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::report::sample;

    /// A new directory under the system's temporary one, removed when dropped.
    pub(in crate::report) struct Scratch(pub(in crate::report) PathBuf);

    impl Scratch {
        pub(in crate::report) fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("misroute-{}-{name}", std::process::id()));
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let mut names: Vec<String> = fs::read_dir(&self.0)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_run_has_its_data_and_each_figure_twice() {
        let scratch = Scratch::new("whole");
        let written = write_run(&sample::report(&sample::minute()), &scratch.0, true, &[]).unwrap();
        let names: Vec<&str> =
            written.files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
        let figures =
            FIGURES.iter().flat_map(|f| [f.name.to_owned() + ".svg", f.name.to_owned() + ".png"]);
        let mut expected = vec!["summary.json".to_owned(), "series.csv".to_owned()];
        expected.extend(figures);
        assert_eq!(names, expected);
        let png = fs::read(&written.files[3]).unwrap();
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "a PNG signature");
        assert_eq!(fs::read_dir(&written.directory).unwrap().count(), expected.len());
    }

    #[test]
    fn an_error_names_its_file_and_leaves_nothing() {
        let scratch = Scratch::new("partial");
        let mut batch = Batch::default();
        batch.add(&scratch.0.join("first"), b"whole").unwrap();
        let error = batch.add(&scratch.0.join("missing/second"), b"").unwrap_err();
        assert_eq!(error.path, scratch.0.join("missing/second"));
        assert!(error.to_string().contains("missing/second"), "{error}");
        drop(batch);
        assert_eq!(scratch.names(), Vec::<String>::new());
    }

    #[test]
    fn a_root_that_is_a_file_is_an_error() {
        let scratch = Scratch::new("root");
        let root = scratch.0.join("file");
        fs::write(&root, "").unwrap();
        let error = write_run(&sample::report(&sample::minute()), &root, false, &[]).unwrap_err();
        assert!(error.path.starts_with(&root));
    }

    #[test]
    fn no_name_leads_out_of_the_root() {
        for (name, expected) in [("../../etc", "-..-etc"), ("a b/c", "a-b-c"), ("", "run")] {
            assert_eq!(directory_name(name), expected);
        }
    }
}
