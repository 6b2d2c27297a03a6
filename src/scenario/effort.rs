//! What a run would take, worked out before it begins.

use super::Scenario;
use crate::engine::dist::Distribution;
use crate::engine::time::Time;
use crate::model::run::{alert_slices_read, mean_of_profile};
use crate::model::setup::{
    Action, Arrivals, BreakerPolicy, PatiencePolicy, Population, PopulationId, Scope, Trigger,
};

/// What a run would take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Requests, before retries: rates times time, with the surges;
    /// in a closed loop, at most so many.
    pub requests: f64,
    /// Attempts if every one of them failed.
    pub attempts_most: f64,
    /// Slices of monitoring's windows that alerts read, all evaluations together.
    pub alert_slices: f64,
    /// Bytes for what each user goes through, if nothing is ever answered.
    pub user_bytes_most: f64,
}

impl Scenario {
    /// What a run would take.
    pub fn effort(&self) -> Effort {
        let (mut requests, mut attempts_most, mut users, mut learned) = (0.0, 0.0, 0.0, 0.0);
        for (id, population) in (0_u16..).zip(&self.setup.populations) {
            let born = self.born(PopulationId(id), population);
            let again = returns_most(population, self.setup.duration.as_ns() as f64);
            learned += f64::from(population.users) * bytes_learned(population);
            requests += born;
            let hedges = population.hedge.map_or(0, |hedge| hedge.max);
            let each = 1.0 + f64::from(population.retries.max) + f64::from(hedges);
            attempts_most += (born + again) * each;
            users += f64::from(population.users);
        }
        let observation = &self.setup.observation;
        let pieces = observation.cuts(&self.setup).len() + 1;
        let windows = self.setup.duration.as_ns().div_ceil(observation.user_window.as_ns().max(1));
        Effort {
            requests,
            attempts_most,
            alert_slices: alert_slices_read(&self.setup),
            user_bytes_most: users * (pieces as f64 + windows as f64) + learned,
        }
    }

    /// Requests of a population, before retries.
    fn born(&self, id: PopulationId, population: &Population) -> f64 {
        let duration = self.setup.duration;
        let profile = population.profile.as_ref();
        let mean = profile.map_or(1.0, |profile| mean_of_profile(profile, duration));
        let of_session = population.session.as_ref().map_or(1.0, |session| session.mean);
        let arrivals = population.rate * mean * self.effective_seconds(id) * of_session;
        match &population.arrivals {
            // As often as if nobody ever waited.
            Arrivals::Closed { think } => {
                f64::from(population.users) * renewals(think, duration.as_ns() as f64)
            }
            Arrivals::Trace(trace) => {
                let rows = trace.rows.partition_point(|row| row.at < duration.after_start());
                rows as f64 * trace.scale
            }
            // A change between two states costs about as much as a request.
            Arrivals::Bursty { every, .. } => {
                arrivals + 2.0 * duration.as_ns() as f64 / every.as_ns() as f64
            }
            _ => arrivals,
        }
    }

    /// The run's seconds, each weighted with the surge factor then in force for a population.
    fn effective_seconds(&self, id: PopulationId) -> f64 {
        let concerns = |population: &Option<PopulationId>| population.is_none_or(|of| of == id);
        let end = self.setup.duration.after_start();
        // Begin, end and factor of each surge.
        let mut surges: Vec<(Time, Time, f64)> = Vec::new();
        for entry in &self.setup.timeline {
            let (at, certain) = match entry.trigger {
                Trigger::At(at) => (at.min(end), true),
                // The alert may fire at any time from the start, or never.
                Trigger::AfterAlert(_, delay) => (delay.after_start().min(end), false),
            };
            match &entry.action {
                Action::Surge { population, factor }
                    if concerns(population) && (certain || *factor > 1.0) =>
                {
                    let lasts = entry.lasts.filter(|_| certain);
                    let to = lasts.map_or(end, |lasts| (at + lasts).min(end));
                    surges.push((at, to, *factor));
                }
                // As if it were at its height all the time.
                Action::FlashCrowd { population, crowd }
                    if concerns(population) && crowd.factor > 1.0 =>
                {
                    let lasts = entry.lasts.filter(|_| certain);
                    let to = lasts.map_or(end, |lasts| (at + lasts).min(end));
                    surges.push((at, to, crowd.factor));
                }
                Action::Calm { population } if certain && concerns(population) => {
                    for surge in &mut surges {
                        surge.1 = surge.1.min(at);
                    }
                }
                _ => {}
            }
        }
        let mut cuts: Vec<Time> = surges.iter().flat_map(|&(from, to, _)| [from, to]).collect();
        cuts.extend([Time::ZERO, end]);
        cuts.sort_unstable();
        let piece = |pair: &[Time]| {
            let inside = surges.iter().filter(|surge| surge.0 <= pair[0] && pair[0] < surge.1);
            let factor: f64 = inside.map(|surge| surge.2).product();
            // Nothing times no time is nothing, however large the factor has grown.
            let seconds = pair[1].since(pair[0]).as_secs_f64();
            if seconds > 0.0 { factor * seconds } else { 0.0 }
        };
        cuts.windows(2).map(piece).sum()
    }
}

/// How many times of a law, one after another, end within a span: at least so many on average.
///
/// Cut at the span, times count the same, and T / E[min(X, T)] - 1 is at least half of what there are
/// (Wald's equation). With a heavy tail that is far more than their own mean has room for: most times
/// are short, however long the few are that make the mean.
fn renewals(law: &Distribution, span_ns: f64) -> f64 {
    (span_ns / law.mean_ns()).max(span_ns / mean_within(law, span_ns) - 1.0)
}

/// The mean of a law with its values cut at `most`, from its quantiles: ever more of them towards the
/// end, where what is rare may be large.
fn mean_within(law: &Distribution, most: f64) -> f64 {
    const HALVINGS: i32 = 40;
    const POINTS: i32 = 8;
    let piece = |halving: i32| {
        let share = libm::scalbn(1.0, -halving);
        let left = |point: i32| share * (1.0 - (f64::from(point) + 0.5) / f64::from(2 * POINTS));
        let value = |point| law.quantile_ns(1.0 - left(point)).min(most);
        0.5 * share * (0..POINTS).map(value).sum::<f64>() / f64::from(POINTS)
    };
    let last = libm::scalbn(law.quantile_ns(1.0).min(most), -HALVINGS);
    (0..HALVINGS).map(piece).sum::<f64>() + last
}

/// How often users come back and ask at once, if they leave whenever they can.
fn returns_most(population: &Population, duration_ns: f64) -> f64 {
    let patience = population.policies.patience.as_ref().filter(|patience| patience.at_once);
    let cycles = |patience: &PatiencePolicy| renewals(&patience.away, duration_ns);
    patience.map_or(0.0, |patience| f64::from(population.users) * cycles(patience))
}

/// Roughly how many bytes each client keeps of what it has learned, and of its connections.
fn bytes_learned(population: &Population) -> f64 {
    const WINDOW: f64 = 104.0;
    const LITTLE: f64 = 24.0;
    const POOL: f64 = 72.0;
    let own = |scope: Scope, bytes| if scope == Scope::User { bytes } else { 0.0 };
    let budgets = &population.retries.budgets;
    let policies = &population.policies;
    let breaker =
        |breaker: BreakerPolicy| own(breaker.scope, LITTLE + breaker.ratio.map_or(0.0, |_| WINDOW));
    budgets.ratio.map_or(0.0, |budget| own(budget.scope, WINDOW))
        + budgets.tokens.map_or(0.0, |budget| own(budget.scope, LITTLE))
        + budgets.grpc.map_or(0.0, |budget| own(budget.scope, LITTLE))
        + policies.breaker.map_or(0.0, breaker)
        + policies.throttle.map_or(0.0, |throttle| own(throttle.scope, WINDOW))
        + policies.patience.as_ref().map_or(0.0, |_| LITTLE)
        + population.connections.map_or(0.0, |_| POOL)
}
