//! A scenario's limits: one sentence each, a document for programs, and files.

mod picture;
mod sentence;
pub mod text;

pub use sentence::sentence;

use super::ReportError;
use super::files::{Batch, Written, directory_name};
use super::plot::{self, graph};
use crate::experiment::limits::{CONFIDENCE, Goodput, Limit, Limits, Terms};
use schemars::{JsonSchema, schema_for};
use serde::Serialize;
use std::fs;
use std::path::Path;

/// A scenario's limits, and what was asked.
#[derive(Clone, Copy, Debug)]
pub struct LimitsReport<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// One line about it.
    pub title: Option<&'a str>,
    /// Its fingerprint.
    pub digest: &'a str,
    /// What was asked for.
    pub terms: &'a Terms,
    /// What was found.
    pub limits: &'a Limits,
    /// The command that finds it again.
    pub command: &'a str,
}

/// What was found out about a scenario's limits.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "misroute limits")]
struct Document<'a> {
    /// Version of this layout.
    schema: u32,
    /// Version of misroute.
    version: &'static str,
    scenario: Scenario<'a>,
    seed: u64,
    /// The load of the scenario as it is, as a fraction.
    load: f64,
    /// Requests per second at that load, before retries.
    offered_rps: f64,
    /// Members in the pool, backups aside.
    members: usize,
    /// How long each run is, seconds; runs about surges are as long as these need.
    duration_s: f64,
    /// Whether the scenario has a timeline that was left out.
    without_timeline: bool,
    /// How narrow intervals were to be, as a share of the limit.
    tolerance: f64,
    /// Goodput follows offered load if it is at least this share of it.
    follow: f64,
    /// Confidence with which each end of an interval was decided.
    confidence: f64,
    /// The height of the surge that the tipping point is of.
    pulse: f64,
    /// The answers.
    limits: Vec<Line<'a>>,
    /// Goodput around the knee.
    curve: &'a [Goodput],
    /// The command that finds the same again.
    command: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Scenario<'a> {
    name: &'a str,
    /// Fingerprint of its content.
    digest: &'a str,
}

#[derive(Serialize, JsonSchema)]
struct Line<'a> {
    #[serde(flatten)]
    limit: &'a Limit,
    /// The answer in words.
    sentence: String,
}

/// The document, indented, with a line break at its end.
pub fn json(report: &LimitsReport<'_>) -> String {
    let LimitsReport { limits: found, terms, .. } = report;
    let line = |limit| Line { limit, sentence: sentence(found, terms, limit) };
    let document = Document {
        schema: 1,
        version: env!("CARGO_PKG_VERSION"),
        scenario: Scenario { name: report.name, digest: report.digest },
        seed: terms.seed,
        load: found.load,
        offered_rps: found.offered_rps,
        members: found.members,
        duration_s: found.duration_s,
        without_timeline: found.without_timeline,
        tolerance: terms.tolerance,
        follow: terms.follow,
        confidence: CONFIDENCE,
        pulse: terms.pulse,
        limits: found.limits.iter().map(line).collect(),
        curve: &found.curve,
        command: report.command,
    };
    let text = serde_json::to_string_pretty(&document).expect("the keys of every map are texts");
    text + "\n"
}

/// The JSON Schema of the document.
pub fn schema() -> serde_json::Value {
    schema_for!(Document<'static>).to_value()
}

/// Writes `limits.json`, and if a knee was found the picture, into `root/NAME/limits/`, which is
/// created.
///
/// # Errors
/// If anything cannot be written.
pub fn write(report: &LimitsReport<'_>, root: &Path) -> Result<Written, ReportError> {
    let directory = root.join(directory_name(report.name)).join("limits");
    fs::create_dir_all(&directory).map_err(|error| ReportError::new(&directory, error))?;
    let mut batch = Batch::default();
    batch.add(&directory.join("limits.json"), json(report).as_bytes())?;
    if let Some(graph) = picture::graph(report) {
        plot::add_picture("limits", &graph::draw(&graph), &directory, &mut batch)?;
    }
    Ok(Written { files: batch.commit()?, directory })
}
