//! One value of a search: the scenario there, run until the question is decided.

use super::search::{Decision, Tried};
use super::{Inquiry, Terms};
use crate::engine::time::{Span, Time};
use crate::experiment::column::{self, Column};
use crate::experiment::replicate::{Keeper, LEAST, Plan, Replicated, Replications, replicate};
use crate::experiment::sample::Sample;
use crate::experiment::statistics::Estimate;
use crate::experiment::warm_up::{WarmUp, is_stationary};
use crate::model::setup::{
    Action, BackendId, BackendSetup, Baseline, Fault, Setup, TimelineEntry, Trigger,
};
use crate::observe::result::Verdict;
use crate::scenario::{Diagnostics, Override, Scenario};
use std::sync::Mutex;

/// Confidence of the interval by which a value is decided.
pub const CONFIDENCE: f64 = 0.99;
/// Where nothing changes with time, runs are made so long that they have so many requests: with
/// fewer, a queue has no time to show whether it grows, and more are better spent on further runs.
const REQUESTS: std::ops::RangeInclusive<f64> = 50_000.0..=200_000.0;
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
    /// A margin that is known to within `grain` is known well enough.
    pub(super) fn judge(
        &self,
        terms: &Terms,
        (value, grain): (f64, Option<f64>),
        criteria: &[Criterion],
    ) -> Tried {
        let columns = self.columns();
        let memory = Memory::default();
        let mut replications = LEAST.min(terms.most);
        loop {
            let replicated = self.replicated(terms, &columns, replications, &memory);
            let Judged { decision, margin, half } = decide(&columns, &replicated, criteria);
            let is_fine = grain.is_some_and(|grain| half <= grain);
            if decision != Decision::Undecided || is_fine || replications >= terms.most {
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

/// How long runs are to be, if not as long as the scenario says.
pub(super) fn duration(scenario: &Scenario, terms: &Terms) -> Option<Span> {
    let bare = bare(scenario, terms);
    if !is_stationary(&bare.setup) || terms.warm_up != WarmUp::Auto {
        return None;
    }
    let seconds = bare.setup.duration.as_secs_f64();
    let requests = bare.effort().requests;
    let factor = requests.clamp(*REQUESTS.start(), *REQUESTS.end()) / requests;
    let fits = factor > 1.0 && seconds * factor <= LONGEST;
    let shortens = factor < 1.0 && !has_rare_events(&bare.setup);
    (fits || shortens).then(|| Span::from_secs_f64(libm::ceil(seconds * factor)))
}

/// Whether something happens now and then, which a shorter run might not show.
fn has_rare_events(setup: &Setup) -> bool {
    let quiet = |backend: &BackendSetup| {
        backend.own_faults.pauses.is_none() && backend.own_faults.crash_at.is_none()
    };
    setup.autoscale.is_some() || !setup.causes.is_empty() || !setup.backends.iter().all(quiet)
}

/// How something stands to its bound.
#[derive(Clone, Copy, Debug)]
struct Judged {
    decision: Decision,
    /// How far from the bound it is, as a share of the bound; negative where it fails.
    margin: f64,
    /// Half the width of the margin's interval.
    half: f64,
}

/// The criteria together: they hold if all do, and fail if one does; the margin is the least.
fn decide(columns: &[Column], replicated: &Replicated, criteria: &[Criterion]) -> Judged {
    let judged = criteria.iter().map(|criterion| criterion.decide(columns, replicated));
    let worst = |a: Judged, b: Judged| {
        let decision = match (a.decision, b.decision) {
            (Decision::Fails, _) | (_, Decision::Fails) => Decision::Fails,
            (Decision::Undecided, _) | (_, Decision::Undecided) => Decision::Undecided,
            _ => Decision::Holds,
        };
        let nearest = if b.margin < a.margin { b } else { a };
        Judged { decision, ..nearest }
    };
    judged.reduce(worst).expect("there is something to hold")
}

impl Criterion {
    fn decide(&self, columns: &[Column], replicated: &Replicated) -> Judged {
        let (estimate, bound, sign) = match self {
            Self::AtLeast(name, bound) => (mean(columns, replicated, name), *bound, 1.0),
            Self::Below(name, bound) => (mean(columns, replicated, name), *bound, -1.0),
            Self::Recovers => {
                let well = replicated.samples.iter().filter(|sample| is_well(sample.verdict));
                let runs = replicated.samples.len() as u32;
                (Estimate::share(well.count() as u32, runs, CONFIDENCE), 0.5, 1.0)
            }
        };
        // What was never observed does not meet a bound.
        let Some(estimate) = estimate else {
            return Judged { decision: Decision::Fails, margin: -1.0, half: 0.0 };
        };
        let margin = sign * (estimate.mean - bound) / bound;
        let (Some(low), Some(high)) = (estimate.low, estimate.high) else {
            return Judged { decision: Decision::Undecided, margin, half: f64::INFINITY };
        };
        let (worst, best) = if sign > 0.0 { (low, high) } else { (-high, -low) };
        let is_everywhere = estimate.n as usize == replicated.samples.len();
        let decision = if worst >= sign * bound && is_everywhere {
            Decision::Holds
        } else if best < sign * bound {
            Decision::Fails
        } else {
            Decision::Undecided
        };
        Judged { decision, margin, half: (high - low) / 2.0 / bound }
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
