//! One value of a search: the scenario there, run until the question is decided.

use super::search::{Decision, Tried};
use super::{Inquiry, Terms};
use crate::engine::time::{Span, Time};
use crate::experiment::column::{self, Column};
use crate::experiment::replicate::{Keeper, LEAST, Plan, Replicated, Replications, replicate};
use crate::experiment::sample::Sample;
use crate::experiment::statistics::Estimate;
use crate::experiment::warm_up::{WarmUp, is_stationary};
use crate::model::setup::{Action, BackendId, Baseline, Fault, TimelineEntry, Trigger};
use crate::observe::result::Verdict;
use crate::scenario::{Diagnostics, Override, Scenario};
use std::sync::Mutex;

/// Confidence of the interval by which a value is decided.
pub const CONFIDENCE: f64 = 0.99;
/// Fewer requests in a run tell little about a limit: where nothing changes with time, runs are
/// lengthened until they have so many.
const REQUESTS: f64 = 50_000.0;
/// No run is lengthened beyond, seconds: thirty days.
const LONGEST: f64 = 30.0 * 86_400.0;

/// Successes per request born, when they happen.
pub(super) const SERVED: &str = "requests.served_ratio";

/// What must hold at a value.
#[derive(Clone, Debug)]
pub(super) enum Criterion {
    /// The mean of a figure is at least this.
    AtLeast(&'static str, f64),
    /// The mean of a figure is below this.
    Below(&'static str, f64),
    /// Users are well again at the end, in most runs.
    Recovers,
}

/// What is run at a value.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) scenario: Scenario,
    pub(super) warm_up: WarmUp,
}

impl Trial {
    /// The scenario at a load, with members that crash at its start.
    pub(super) fn at(
        inquiry: &Inquiry<'_>,
        load: f64,
        lost: &[BackendId],
    ) -> Result<Self, Diagnostics> {
        let mut scenario = bare(&with_load(inquiry.scenario, load)?, inquiry.terms);
        if let Some(duration) = inquiry.duration {
            lengthen(&mut scenario, duration);
        }
        let steady = is_stationary(&scenario.setup);
        // Long after a crash, and after the beginning, what lasts is left.
        let half = Span::from_ns(scenario.setup.duration.as_ns() / 2);
        let warm_up = match inquiry.terms.warm_up {
            WarmUp::Auto => WarmUp::Fixed(if steady { half } else { Span::ZERO }),
            fixed @ WarmUp::Fixed(_) => fixed,
        };
        if !lost.is_empty() {
            scenario.setup.timeline.insert(0, crash(lost));
        }
        Ok(Self { scenario, warm_up })
    }

    /// The scenario without its timeline at a load, with a surge of all rates by a factor, and time
    /// to be well again. Before it there are two user windows, which show what is ordinary.
    pub(super) fn pulse(
        inquiry: &Inquiry<'_>,
        load: f64,
        (factor, lasts): (f64, Span),
        within: Span,
    ) -> Result<Self, Diagnostics> {
        let alone = Terms { keep_timeline: false, ..inquiry.terms.clone() };
        let mut scenario = bare(&with_load(inquiry.scenario, load)?, &alone);
        let window = scenario.setup.observation.user_window;
        let before = window + window;
        lengthen(&mut scenario, before + lasts + within);
        scenario.setup.observation.recovery.baseline = Baseline::BeforeFirstEntry;
        scenario.setup.timeline.push(TimelineEntry {
            name: "pulse".into(),
            trigger: Trigger::At(before.after_start()),
            action: Action::Surge { population: None, factor },
            lasts: Some(lasts),
        });
        Ok(Self { scenario, warm_up: WarmUp::Fixed(Span::ZERO) })
    }

    fn columns(&self) -> Vec<Column> {
        column::columns(&self.scenario, &[SERVED.to_owned()])
            .expect("these are figures of every scenario")
    }

    /// So many runs.
    pub(super) fn runs(&self, terms: &Terms, replications: u32) -> (Vec<Column>, Replicated) {
        let columns = self.columns();
        let memory = Memory::default();
        let replicated = self.replicated(terms, &columns, replications, &memory);
        (columns, replicated)
    }

    fn replicated(
        &self,
        terms: &Terms,
        columns: &[Column],
        replications: u32,
        memory: &Memory,
    ) -> Replicated {
        let plan = Plan {
            seed: terms.seed,
            replications: Replications::Exactly(replications),
            warm_up: self.warm_up,
        };
        replicate(&self.scenario, columns, &plan, memory).expect("a memory ends nothing")
    }

    /// Runs it until every criterion holds or one fails with confidence, or as often as allowed.
    pub(super) fn judge(&self, terms: &Terms, value: f64, criteria: &[Criterion]) -> Tried {
        let columns = self.columns();
        let memory = Memory::default();
        let mut replications = LEAST.min(terms.most);
        loop {
            let replicated = self.replicated(terms, &columns, replications, &memory);
            let (decision, margin) = decide(&columns, &replicated, criteria);
            if decision != Decision::Undecided || replications >= terms.most {
                return Tried { value, decision, margin, replications };
            }
            replications = (2 * replications).min(terms.most);
        }
    }
}

fn with_load(scenario: &Scenario, load: f64) -> Result<Scenario, Diagnostics> {
    let value = format!("{:.6}%", load * 100.0);
    scenario.with(&[Override::Set { path: "load".into(), value }])
}

/// Gives a scenario another duration; its series keeps few enough windows.
fn lengthen(scenario: &mut Scenario, duration: Span) {
    const WINDOWS: u64 = 1_200;
    let observation = &mut scenario.setup.observation;
    let least = Span::from_ns(duration.as_ns().div_ceil(WINDOWS));
    observation.window = observation.window.max(least);
    observation.user_window = observation.user_window.max(least);
    scenario.setup.duration = duration;
}

/// Without what has no meaning in a search: expectations, and the incident unless it is to stay.
pub(super) fn bare(scenario: &Scenario, terms: &Terms) -> Scenario {
    let mut scenario = scenario.clone();
    scenario.expects.clear();
    if !terms.keep_timeline {
        scenario.setup.timeline.clear();
        scenario.setup.alerts.clear();
    }
    scenario.setup.observation.intervals.clear();
    scenario
}

fn crash(lost: &[BackendId]) -> TimelineEntry {
    TimelineEntry {
        name: "lost".into(),
        trigger: Trigger::At(Time::ZERO),
        action: Action::Begin { targets: lost.to_vec(), fault: Fault::Down },
        lasts: None,
    }
}

/// How long runs are to be, if longer than the scenario says.
pub(super) fn duration(scenario: &Scenario, terms: &Terms) -> Option<Span> {
    let bare = bare(scenario, terms);
    if !is_stationary(&bare.setup) || terms.warm_up != WarmUp::Auto {
        return None;
    }
    let seconds = bare.setup.duration.as_secs_f64();
    let requests = bare.effort().requests;
    let wanted = seconds * REQUESTS / requests.max(f64::MIN_POSITIVE);
    (requests > 0.0 && requests < REQUESTS && wanted <= LONGEST)
        .then(|| Span::from_secs_f64(libm::ceil(wanted)))
}

/// The criteria together: they hold if all do, and fail if one does; the margin is the least.
fn decide(columns: &[Column], replicated: &Replicated, criteria: &[Criterion]) -> (Decision, f64) {
    let (mut decision, mut margin) = (Decision::Holds, f64::INFINITY);
    for criterion in criteria {
        let (one, by) = criterion.decide(columns, replicated);
        margin = margin.min(by);
        decision = match (decision, one) {
            (Decision::Fails, _) | (_, Decision::Fails) => Decision::Fails,
            (Decision::Undecided, _) | (_, Decision::Undecided) => Decision::Undecided,
            _ => Decision::Holds,
        };
    }
    (decision, margin)
}

impl Criterion {
    fn decide(&self, columns: &[Column], replicated: &Replicated) -> (Decision, f64) {
        let (estimate, bound, sign) = match self {
            Self::AtLeast(name, bound) => (mean(columns, replicated, name), *bound, 1.0),
            Self::Below(name, bound) => (mean(columns, replicated, name), *bound, -1.0),
            Self::Recovers => {
                let well =
                    replicated.samples.iter().filter(|sample| is_well(sample.verdict)).count();
                let runs = replicated.samples.len() as u32;
                (Estimate::share(well as u32, runs, CONFIDENCE), 0.5, 1.0)
            }
        };
        // What was never observed does not meet a bound.
        let Some(estimate) = estimate else { return (Decision::Fails, -1.0) };
        let margin = sign * (estimate.mean - bound) / bound;
        let (Some(low), Some(high)) = (estimate.low, estimate.high) else {
            return (Decision::Undecided, margin);
        };
        let (worst, best) = if sign > 0.0 { (low, high) } else { (-high, -low) };
        let decision = if worst >= sign * bound {
            Decision::Holds
        } else if best < sign * bound {
            Decision::Fails
        } else {
            Decision::Undecided
        };
        (decision, margin)
    }
}

fn is_well(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Unharmed | Verdict::Recovered)
}

/// A figure over the replications, with the interval by which it is decided.
pub(super) fn mean(columns: &[Column], replicated: &Replicated, name: &str) -> Option<Estimate> {
    let index = column::position(columns, name)?;
    let values: Vec<f64> = replicated.values(index).flatten().collect();
    Estimate::of(&values, CONFIDENCE)
}

/// Keeps what was run, so that more replications of one value are only the further ones.
#[derive(Debug, Default)]
struct Memory(Mutex<Vec<Option<Sample>>>);

impl Keeper for Memory {
    fn recall(&self, replication: u32) -> Option<Sample> {
        let known = self.0.lock().expect("no holder of this lock panics");
        known.get(replication as usize).cloned().flatten()
    }

    fn keep(&self, sample: &Sample) {
        let mut known = self.0.lock().expect("no holder of this lock panics");
        let place = sample.replication as usize;
        if known.len() <= place {
            known.resize(place + 1, None);
        }
        known[place] = Some(sample.clone());
    }
}
