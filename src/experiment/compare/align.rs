//! The same random numbers for whatever has the same name, so that two scenarios see one demand.

use crate::model::setup::{
    Action, Arrivals, BackendId, CauseId, Origin, PopulationId, Setup, Trigger,
};
use crate::scenario::Scenario;

/// Gives the populations, backends and causes of `after` the random streams of those of the same name
/// in `before`, wherever they stand; new ones get streams that nobody has there.
pub fn align(before: &Setup, after: &mut Setup) {
    let streams = |id| before.population_stream(PopulationId(id));
    let known = before.populations.iter().map(|population| population.name.as_str());
    let known: Vec<(&str, u64)> = known.zip((0..).map(streams)).collect();
    let names = after.populations.iter().map(|population| population.name.as_str());
    let matching = matched(&known, names);
    for (population, stream) in after.populations.iter_mut().zip(matching) {
        population.stream = Some(stream);
    }
    let streams = |id| before.backend_stream(BackendId(id));
    let known = before.backends.iter().map(|backend| backend.name.as_str());
    let known: Vec<(&str, u64)> = known.zip((0..).map(streams)).collect();
    let names = after.backends.iter().map(|backend| backend.name.as_str());
    let matching = matched(&known, names);
    for (backend, stream) in after.backends.iter_mut().zip(matching) {
        backend.stream = Some(stream);
    }
    align_causes(before, after);
}

/// What backends have of their own goes with the backend.
fn align_causes(before: &Setup, after: &mut Setup) {
    let shared = |setup: &Setup| -> Vec<(String, u64)> {
        let causes = setup.causes.iter().filter_map(|cause| match cause.origin {
            Origin::Shared(CauseId(number)) => Some((cause.name.clone(), u64::from(number))),
            Origin::Own(_) => None,
        });
        causes.collect()
    };
    let (known, others) = (shared(before), shared(after));
    let known: Vec<(&str, u64)> =
        known.iter().map(|(name, number)| (name.as_str(), *number)).collect();
    let names = others.iter().map(|(name, _)| name.as_str());
    let mut numbers = matched(&known, names).into_iter();
    for cause in &mut after.causes {
        if let Origin::Shared(_) = cause.origin
            && let Some(number) = numbers.next()
        {
            cause.origin = Origin::Shared(CauseId(number as u16));
        }
    }
}

/// The number of each name: that of the same name among the known ones, or one beyond theirs.
fn matched<'a>(known: &[(&str, u64)], names: impl Iterator<Item = &'a str>) -> Vec<u32> {
    let mut next = known.iter().map(|(_, number)| number + 1).max().unwrap_or(0);
    let number = |name: &str| {
        let found = known.iter().find(|(other, _)| *other == name);
        let number = found.map_or(next, |(_, number)| *number);
        next += u64::from(found.is_none());
        number as u32
    };
    names.map(number).collect()
}

/// Populations whose requests depend on the answers that they get: no two systems can be asked exactly
/// the same by them.
pub fn reacting(scenario: &Scenario) -> Vec<String> {
    let setup = &scenario.setup;
    let reacts = setup.populations.iter().filter(|population| {
        matches!(population.arrivals, Arrivals::Closed { .. })
            || population.session.is_some()
            || population.policies.patience.is_some()
    });
    reacts.map(|population| population.name.clone()).collect()
}

/// Whether demand changes when an alert fires.
pub fn surges_on_alerts(scenario: &Scenario) -> bool {
    scenario.setup.timeline.iter().any(|entry| {
        let on_alert = matches!(entry.trigger, Trigger::AfterAlert(..));
        on_alert
            && matches!(
                entry.action,
                Action::Surge { .. } | Action::FlashCrowd { .. } | Action::Calm { .. }
            )
    })
}
