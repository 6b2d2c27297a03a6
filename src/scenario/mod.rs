//! From the text of a scenario to a resolved [`Setup`].
//!
//! [`load`] parses TOML into a tree in which every value knows its place, writes name patterns out,
//! applies overrides, and reads the tree along the one table of [`fields`]. Everything that is
//! wrong is reported at once, with line, caret, what was expected, and the nearest valid name.
//!
//! **Architecture invariant:** nothing here prints, and nothing reads the wall clock; only
//! [`Source::read`] touches a file.

pub mod actions;
pub mod axis;
pub mod bundled;
pub mod diagnostic;
pub mod dialects;
pub mod difference;
pub mod effort;
pub mod fields;
pub mod incidents;
pub mod misconfigurations;
pub mod overrides;
pub mod patterns;
pub mod schema;
pub mod source;
pub mod units;

mod clock;
mod files;
mod path;
mod pattern;
mod reader;
mod resolve;
mod tree;
mod values;

pub(crate) mod suggest;

pub use diagnostic::{Diagnostic, Diagnostics, Place};
pub use overrides::Override;
pub use resolve::{SIGNALS, SignalSpec};
pub use source::{ReadError, Source};

use crate::engine::digest::Digest;
use crate::engine::time::{Span, Time};
use crate::model::setup::Setup;
use crate::observe::metric::MetricRef;
use axis::Axis;
use clock::Clock;
use files::{Files, Texts};
use jiff::Timestamp;
use reader::Report;
use resolve::Mode;
use std::cell::RefCell;
use std::sync::Arc;
use tree::Node;

/// A scenario: what to simulate, and what is known and expected of it.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name, in kebab-case.
    pub name: String,
    /// One line for people.
    pub title: Option<String>,
    /// What happens and why.
    pub description: Option<String>,
    /// Where the story was published.
    pub references: Vec<String>,
    /// Wall-clock time of the start.
    pub start: Option<Timestamp>,
    /// What is simulated.
    pub setup: Setup,
    /// What good service means.
    pub objective: Option<Objective>,
    /// Figures that a run must show.
    pub expects: Vec<Expect>,
    /// Values that nobody wrote down.
    pub assumptions: Vec<Assumption>,
    /// Counter-measures.
    pub measures: Vec<Variant>,
    /// The same without the mechanism that explains it.
    pub twins: Vec<Variant>,
    /// What a sweep varies, if the file says it.
    pub sweep: Option<SweepTable>,
    /// Fingerprint of the content, overrides and named files included: comments, formatting and the order of keys
    /// do not change it.
    pub digest: String,
    clock: Clock,
    source: Arc<Source>,
    /// The files that it names, as they were when it was loaded.
    files: Arc<Texts>,
    overrides: Vec<Override>,
    /// The tree with all overrides, from which variants start.
    tree: Arc<Node>,
}

/// What good service means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Objective {
    /// Share of requests that must succeed, as a fraction.
    pub success: Option<f64>,
    /// 99% of the successes must be faster.
    pub p99: Option<Span>,
}

/// A figure that a run must show.
#[derive(Clone, Debug)]
pub struct Expect {
    /// Unique name.
    pub name: String,
    /// What the post-mortem states.
    pub fact: Option<String>,
    /// When it is measured; `None`: over the whole run.
    pub between: Option<(Time, Time)>,
    /// If there is one, the figure is its value in `between` minus its value here.
    pub baseline: Option<(Time, Time)>,
    /// What is measured.
    pub metric: MetricRef,
    /// What will do.
    pub bounds: Bounds,
}

/// Which values of a metric will do.
#[derive(Clone, Debug, PartialEq)]
pub enum Bounds {
    /// Numbers in the metric's unit ([`crate::observe::metric::Unit`]), both ends included.
    Within {
        /// The lowest; `None`: any.
        low: Option<f64>,
        /// The highest; `None`: any.
        high: Option<f64>,
    },
    /// Only this word.
    Is(String),
}

/// A value that nobody wrote down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// Where it stands.
    pub path: String,
    /// The value used, as written; several if the path leads to several that differ.
    pub value: String,
    /// What else it might be, as `--set` takes it: both ends of the range and values between them.
    pub values: Vec<String>,
    /// Why.
    pub reason: String,
}

impl Assumption {
    /// The first and the last of the values it might have, for display.
    pub fn range(&self) -> String {
        match self.values.as_slice() {
            [] => String::new(),
            [only] => only.clone(),
            [first, .., last] => format!("{first} to {last}"),
        }
    }
}

/// The same scenario with changes.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Unique name.
    pub name: String,
    /// What it is for.
    pub doc: Option<String>,
    /// The changes.
    pub overrides: Vec<Override>,
    /// Expectations that it must fail; only of twins.
    pub misses: Vec<String>,
    /// Expectations that it must still meet; only of twins.
    pub keeps: Vec<String>,
}

/// What a sweep varies, unless its command line says otherwise.
#[derive(Clone, Debug)]
pub struct SweepTable {
    /// The paths with their values.
    pub axes: Vec<Axis>,
    /// Points of a Latin hypercube; a grid has none.
    pub hypercube: Option<u32>,
    /// How often each point is run.
    pub replications: Option<u32>,
    /// Instead: how well the latency's mean and p99 are to be known, as a share of themselves.
    pub precision: Option<f64>,
}

/// Reads a scenario. The file must be sound by itself; overrides apply to a sound file.
pub fn load(source: &Source, overrides: &[Override]) -> Result<Scenario, Diagnostics> {
    let source = Arc::new(source.clone());
    let (mut root, syntax) = tree::parse(&source);
    // Unquoted text is a mistake that hides no other; after the rest nothing is certain.
    let recovered = syntax.iter().all(tree::is_recovered);
    let report = Report::default();
    for diagnostic in syntax {
        report.push(diagnostic);
    }
    if !recovered {
        return Err(report.finish());
    }
    resolve::expand_names(&mut root, &report);
    let read = RefCell::default();
    let files = Files::new(&source, &read);
    let resolved = resolve::resolve(&root, &report, &files, Mode::Written);
    for change in overrides {
        report.check(change.edit());
    }
    match resolved {
        Some(resolved) if report.is_empty() => {
            let digest = digest(&root, &files);
            let text = (Arc::clone(&source), read.take());
            let scenario = Scenario::assemble(resolved, text, digest, Vec::new(), root);
            if overrides.is_empty() { Ok(scenario) } else { scenario.with(overrides) }
        }
        _ => Err(report.finish()),
    }
}

/// The fingerprint of a scenario's content.
fn digest(root: &Node, files: &Files<'_>) -> Digest {
    let mut digest = Digest::default();
    root.fold(&mut digest);
    files.fold(&mut digest);
    digest
}

impl Scenario {
    fn assemble(
        resolved: resolve::Resolved,
        (source, files): (Arc<Source>, Texts),
        digest: Digest,
        overrides: Vec<Override>,
        tree: Node,
    ) -> Self {
        Self {
            name: resolved.name,
            title: resolved.title,
            description: resolved.description,
            references: resolved.references,
            start: resolved.start,
            setup: resolved.setup,
            objective: resolved.objective,
            expects: resolved.expects,
            assumptions: resolved.assumptions,
            measures: resolved.measures,
            twins: resolved.twins,
            sweep: resolved.sweep,
            digest: digest.to_string(),
            clock: resolved.clock,
            source,
            files: Arc::new(files),
            overrides,
            tree: Arc::new(tree),
        }
    }

    /// This scenario with a measure's or a twin's changes.
    pub fn variant(&self, variant: &Variant) -> Result<Self, Diagnostics> {
        self.with(&variant.overrides)
    }

    /// This scenario with further overrides.
    pub fn with(&self, overrides: &[Override]) -> Result<Self, Diagnostics> {
        let mut root = Node::clone(&self.tree);
        let report = Report::default();
        for change in overrides {
            report.check(change.edit().and_then(|edit| edit.apply(&mut root)));
        }
        if !report.is_empty() {
            return Err(report.finish());
        }
        let clock = resolve::clock(&root, &Report::default());
        resolve::sort_timeline(&mut root, &clock);
        let all = self.overrides.iter().chain(overrides).cloned().collect();
        let read = RefCell::new(Texts::clone(&self.files));
        let files = Files::new(&self.source, &read);
        match resolve::resolve(&root, &report, &files, Mode::Overridden) {
            Some(mut resolved) => {
                resolved.assumptions = self.assumptions_in(&root);
                resolved.measures.clone_from(&self.measures);
                resolved.twins.clone_from(&self.twins);
                let digest = digest(&root, &files);
                let text = (Arc::clone(&self.source), read.take());
                Ok(Self::assemble(resolved, text, digest, all, root))
            }
            None => Err(report.finish()),
        }
    }

    /// The assumptions with the values that a changed tree gives them.
    fn assumptions_in(&self, root: &Node) -> Vec<Assumption> {
        let current = |assumption: &Assumption| {
            let value = resolve::assumption::value_at(root, &assumption.path);
            Assumption { value: value.unwrap_or_default(), ..assumption.clone() }
        };
        self.assumptions.iter().map(current).collect()
    }

    /// The scenario's load: what the rate of every population is multiplied by.
    pub fn load(&self) -> f64 {
        let written = resolve::assumption::value_at(&self.tree, "load").unwrap_or_default();
        units::ratio(&written).ok().or_else(|| written.parse().ok()).unwrap_or(1.0)
    }

    /// The text it was read from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The overrides that were applied, in order.
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// The position of an interval in `setup.observation.intervals`, and so in a result's
    /// `intervals`.
    pub fn interval(&self, interval: (Time, Time)) -> Option<usize> {
        self.setup.observation.intervals.iter().position(|other| *other == interval)
    }

    /// A moment as people read it: `14:05` or `14:05:30` with a start, else `+1h30m`.
    pub fn clock(&self, time: Time) -> String {
        self.clock.show(time)
    }
}
