//! How far a scenario can go: searched, not swept, and decided with confidence.
//!
//! Each question is a line of [`LIMITS`]; its answer is an interval: at the lower end what was asked
//! for holds with confidence, at the upper end it does not. Every value of a search is run on the
//! same randomness, so that neighbouring loads differ by the load alone.
//!
//! Limits are of the scenario as it is without its timeline, unless [`Terms::keep_timeline`]. Where
//! nothing changes with time, runs have 50,000 to 200,000 requests, and the second half is observed.

mod edge;
mod knee;
mod loss;
mod objective;
pub mod search;
mod tipping;
mod trial;

pub use loss::Loss;
pub use search::{Decision, Tried};
pub use trial::CONFIDENCE;

use super::warm_up::WarmUp;
use crate::engine::time::Span;
use crate::model::setup::Arrivals;
use crate::scenario::{Diagnostics, Scenario};
use schemars::JsonSchema;
use search::{Bounds, Found};
use serde::Serialize;
use std::cell::Cell;
use trial::{Criterion, Trial};

/// What is asked for, and how closely.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// The number the user gives.
    pub seed: u64,
    /// How narrow intervals are to be, as a share of the limit.
    pub tolerance: f64,
    /// Goodput follows offered load if it is at least this share of it.
    pub follow: f64,
    /// The most replications at one value.
    pub most: u32,
    /// The height of the pulse: its factor on every rate.
    pub pulse: f64,
    /// How long users have to be well again after a pulse, and the longest pulse; `None`: five user
    /// windows, and at least sixty times the longest timeout of a client.
    pub within: Option<Span>,
    /// Whether the scenario's timeline stays.
    pub keep_timeline: bool,
    /// Which part of each run is observed.
    pub warm_up: WarmUp,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            seed: 1,
            tolerance: 0.01,
            follow: 0.995,
            most: 80,
            pulse: 2.0,
            within: None,
            keep_timeline: false,
            warm_up: WarmUp::Auto,
        }
    }
}

/// What a limit is a value of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// The scenario's `load`, as a fraction.
    Load,
    /// A length of time, seconds.
    Seconds,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Between `low` and `high`.
    Found,
    /// What was asked for holds at every value that was looked at, up to `low`.
    Everywhere,
    /// It holds at no value that was looked at, down to `high`.
    Nowhere,
    /// The question has no meaning for this scenario; `note` says why.
    Inapplicable,
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Limit {
    /// Which question: a name of `misroute list limits`.
    pub name: String,
    /// What it is a value of.
    pub measure: Measure,
    /// How the search ended.
    pub status: Status,
    /// The best guess: where the criterion is just met, interpolated.
    pub estimate: Option<f64>,
    /// The highest value at which what was asked for holds, at 99% confidence.
    pub low: Option<f64>,
    /// The lowest value above it at which it does not, at 99% confidence.
    pub high: Option<f64>,
    /// Members that are lost: those whose loss is worst.
    pub lost: Vec<String>,
    /// What else there is to say: why there is no answer, or what it rests on.
    pub note: Option<String>,
    /// Runs that it took.
    pub runs: u32,
    /// Every value that was looked at, in that order.
    pub tried: Vec<Tried>,
}

impl Limit {
    fn of(name: &str, measure: Measure, found: Found) -> Self {
        let status = match (found.low, found.high) {
            (Some(_), Some(_)) => Status::Found,
            (Some(_), None) => Status::Everywhere,
            (None, _) => Status::Nowhere,
        };
        Self {
            name: name.to_owned(),
            measure,
            status,
            estimate: found.estimate(),
            low: found.low,
            high: found.high,
            lost: Vec::new(),
            note: None,
            runs: found.runs(),
            tried: found.tried,
        }
    }

    fn inapplicable(name: &str, measure: Measure, why: impl Into<String>) -> Self {
        let nothing = Found { low: None, high: None, tried: Vec::new() };
        let status = Status::Inapplicable;
        Self { status, note: Some(why.into()), ..Self::of(name, measure, nothing) }
    }

    /// Both ends, if both are known.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// One number for it: the estimate, else the end that is known.
    pub fn value(&self) -> Option<f64> {
        self.estimate.or(self.low).or(self.high)
    }
}

/// A question about a scenario's limits.
pub struct Question {
    /// Its name.
    pub name: &'static str,
    /// What it asks.
    pub doc: &'static str,
    ask: fn(&Inquiry<'_>, &'static str, &[Limit]) -> Result<Limit, Diagnostics>,
}

/// Every question, in the order in which they are asked; later ones start from earlier answers.
pub const LIMITS: &[Question] = &[
    Question {
        name: "knee",
        doc: "the load up to which goodput follows offered load",
        ask: |inquiry, name, _| knee::ask(inquiry, name, Loss::Nobody, &[]),
    },
    Question {
        name: "knee-n-1",
        doc: "the same with one member lost: the one whose loss is worst",
        ask: |inquiry, name, earlier| knee::ask(inquiry, name, Loss::Members(1), earlier),
    },
    Question {
        name: "knee-n-2",
        doc: "the same with two members lost",
        ask: |inquiry, name, earlier| knee::ask(inquiry, name, Loss::Members(2), earlier),
    },
    Question {
        name: "knee-zone",
        doc: "the same with one zone lost",
        ask: |inquiry, name, earlier| knee::ask(inquiry, name, Loss::Zone, earlier),
    },
    Question {
        name: "objective",
        doc: "the highest load that meets the scenario's [objective]",
        ask: |inquiry, name, earlier| objective::ask(inquiry, name, Loss::Nobody, earlier),
    },
    Question {
        name: "objective-n-1",
        doc: "the same with one member lost",
        ask: |inquiry, name, earlier| objective::ask(inquiry, name, Loss::Members(1), earlier),
    },
    Question {
        name: "objective-n-2",
        doc: "the same with two members lost",
        ask: |inquiry, name, earlier| objective::ask(inquiry, name, Loss::Members(2), earlier),
    },
    Question {
        name: "objective-zone",
        doc: "the same with one zone lost",
        ask: |inquiry, name, earlier| objective::ask(inquiry, name, Loss::Zone, earlier),
    },
    Question {
        name: "tipping",
        doc: "for a surge of given height, the shortest after which users do not recover",
        ask: |inquiry, name, _| tipping::ask(inquiry, name),
    },
    Question {
        name: "edge",
        doc: "the load below which no surge tips it over: the lower edge of the metastable region",
        ask: edge::ask,
    },
];

/// A scenario that is asked about.
struct Inquiry<'a> {
    scenario: &'a Scenario,
    terms: &'a Terms,
    /// The scenario's own load.
    load: f64,
    /// Requests per second at that load.
    offered: f64,
    /// How long runs are, if not as long as the scenario says.
    duration: Option<Span>,
    /// Is told what share of a search is done, roughly.
    done: &'a dyn Fn(f64),
}

/// A search looks at some so many values.
const USUAL_LOOKS: f64 = 14.0;
/// And takes some so many runs.
const USUAL_RUNS: f64 = 200.0;

impl<'a> Inquiry<'a> {
    fn new(scenario: &'a Scenario, terms: &'a Terms, done: &'a dyn Fn(f64)) -> Self {
        let effort = trial::bare(scenario, terms).effort();
        Self {
            scenario,
            terms,
            load: scenario.load(),
            offered: effort.requests / scenario.setup.duration.as_secs_f64(),
            duration: trial::duration(scenario, terms),
            done,
        }
    }

    /// Searches for the value up to which criteria hold, with what is to be run at each.
    fn search(
        &self,
        bounds: &Bounds,
        criteria: &[Criterion],
        trial: impl Fn(f64) -> Result<Trial, Diagnostics>,
    ) -> Result<Found, Diagnostics> {
        let mut looks = 0.0;
        search::search(bounds, |value, grain| {
            let tried = trial(value)?.judge(self.terms, (value, grain), criteria);
            looks += 1.0;
            (self.done)(looks / (looks + 1.0_f64).max(USUAL_LOOKS));
            Ok(tried)
        })
    }

    /// Why no load can be searched for, if none can.
    fn without_load(&self) -> Option<String> {
        let silent = self.offered <= 0.0;
        silent.then(|| "nothing is asked for: every rate is 0, or `load` is".to_owned())
    }

    /// Whether every population waits for its answers before it asks again.
    fn is_closed(&self) -> bool {
        let mut populations = self.scenario.setup.populations.iter();
        populations.all(|population| matches!(population.arrivals, Arrivals::Closed { .. }))
    }
}

/// Goodput at a load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Goodput {
    /// The scenario's `load`, as a fraction.
    pub load: f64,
    /// Requests born, per second.
    pub offered_rps: f64,
    /// Successes, per second, when they happen.
    pub goodput_rps: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
}

/// A scenario's limits.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The load of the scenario as it is.
    pub load: f64,
    /// Requests per second at that load.
    pub offered_rps: f64,
    /// Members in the pool, backups aside.
    pub members: usize,
    /// How long each run is, seconds; those about pulses are as long as the pulse needs.
    pub duration_s: f64,
    /// Whether the scenario has a timeline that was left out.
    pub without_timeline: bool,
    /// The answers, in the order of [`LIMITS`].
    pub limits: Vec<Limit>,
    /// Goodput around the knee, if that was asked for.
    pub curve: Vec<Goodput>,
}

/// Requests that it takes to answer these questions, roughly.
pub fn requests(scenario: &Scenario, terms: &Terms, names: &[&str]) -> f64 {
    let inquiry = Inquiry::new(scenario, terms, &|_| {});
    let seconds = |name: &str| match name {
        "tipping" | "edge" => 2.0 * tipping::within(&inquiry).as_secs_f64(),
        _ => inquiry.duration.unwrap_or(scenario.setup.duration).as_secs_f64(),
    };
    names.iter().map(|name| USUAL_RUNS * seconds(name) * inquiry.offered).sum()
}

/// Answers questions about a scenario, by their names in [`LIMITS`]. `progress` is told which one of them
/// is done, and to what share.
///
/// # Errors
/// If a load makes no valid scenario.
pub fn find(
    scenario: &Scenario,
    terms: &Terms,
    names: &[&str],
    progress: impl Fn(usize, f64),
) -> Result<Limits, Diagnostics> {
    let current = Cell::new(0);
    let done = |share| progress(current.get(), share);
    let inquiry = Inquiry::new(scenario, terms, &done);
    let mut limits = Vec::new();
    let asked = LIMITS.iter().filter(|question| names.contains(&question.name));
    for (index, question) in asked.enumerate() {
        current.set(index);
        let answer = (question.ask)(&inquiry, question.name, &limits)?;
        limits.push(answer);
        done(1.0);
    }
    let curve = knee::curve(&inquiry, &limits)?;
    Ok(Limits {
        load: inquiry.load,
        offered_rps: inquiry.offered,
        members: loss::members(&inquiry).len(),
        duration_s: inquiry.duration.unwrap_or(scenario.setup.duration).as_secs_f64(),
        without_timeline: !terms.keep_timeline && !scenario.setup.timeline.is_empty(),
        limits,
        curve,
    })
}
