//! Pictures of a run: one figure a file, and one table of them.
//!
//! Each figure is drawn once, as shapes, and written as SVG (800 by 450 points) and PNG (1600 by 900
//! pixels). The fonts are embedded, so a machine without any shows the same.

mod axis;
mod chart;
mod coarse;
mod latency;
mod markers;
mod palette;
mod picture;
mod render;
mod requests;
mod share;
mod users;

use super::{ReportError, files};
use crate::observe::result::RunResult;
use picture::Picture;
use std::path::{Path, PathBuf};

/// A kind of picture.
pub struct Figure {
    /// Name of its files, without the ending.
    pub name: &'static str,
    /// What it shows.
    pub title: &'static str,
    draw: fn(&RunResult) -> Picture,
}

/// Every figure, in the order in which a reader wants them.
pub const FIGURES: &[Figure] = &[
    Figure { name: "goodput", title: requests::TITLE, draw: requests::draw },
    Figure { name: "latency", title: latency::TITLE, draw: latency::draw },
    Figure { name: "share", title: share::TITLE, draw: share::draw },
    Figure { name: "users", title: users::TITLE, draw: users::draw },
];

impl Figure {
    /// The figure as an SVG document.
    pub fn svg(&self, result: &RunResult) -> String {
        render::svg(&(self.draw)(result))
    }

    /// Writes `NAME.svg` and `NAME.png` into a directory.
    fn write(&self, result: &RunResult, directory: &Path) -> Result<[PathBuf; 2], ReportError> {
        let picture = (self.draw)(result);
        let svg = files::replace(&directory.join(format!("{}.svg", self.name)), |path| {
            files::write(path, render::svg(&picture).as_bytes())
        })?;
        let png = files::replace(&directory.join(format!("{}.png", self.name)), |path| {
            render::write_png(&picture, path)
        })?;
        Ok([svg, png])
    }
}

/// Writes every figure into a directory that exists; answers the files, in order.
pub fn write_all(result: &RunResult, directory: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let mut written = Vec::with_capacity(2 * FIGURES.len());
    for figure in FIGURES {
        written.extend(figure.write(result, directory)?);
    }
    Ok(written)
}
