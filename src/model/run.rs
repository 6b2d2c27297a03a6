//! One run from start to end.

use super::probe::Probe;
use super::setup::{Profile, Setup};
use super::world::World;
use crate::engine::random::Seed;
use crate::engine::time::{Span, Time};
use std::sync::Arc;

/// How many slices of monitoring's windows the alerts of a run read, all evaluations together.
pub fn alert_slices_read(setup: &Setup) -> f64 {
    super::alert::slices_read(setup)
}

/// The mean factor of a profile over a run, or over a turn if the run has several.
pub fn mean_of_profile(profile: &Profile, duration: Span) -> f64 {
    super::client::profile::mean(profile, duration)
}

/// Simulates `setup` to its end, and returns the world as it is then.
///
/// # Panics
/// If an invariant of the model is broken: that is a bug in misroute.
pub fn simulate(setup: &Arc<Setup>, seed: Seed, probe: &mut impl Probe) -> World {
    let mut world = World::new(Arc::clone(setup), seed);
    world.step_until(setup.duration.after_start(), probe);
    world.finish(probe);
    world.assert_bookkeeping();
    world
}

/// The same in `steps` pieces, telling `progress` after each how much of the run is done, in
/// [0, 1]. Pieces change nothing: the world is the same.
pub fn simulate_with_progress(
    setup: &Arc<Setup>,
    seed: Seed,
    probe: &mut impl Probe,
    steps: u64,
    mut progress: impl FnMut(f64),
) -> World {
    let goes_on = |share| {
        progress(share);
        true
    };
    simulate_while(setup, seed, probe, steps, goes_on).expect("nobody stops it")
}

/// The same, unless `goes_on` says no after some piece: then `None`.
///
/// # Panics
/// If an invariant of the model is broken: that is a bug in misroute.
pub fn simulate_while(
    setup: &Arc<Setup>,
    seed: Seed,
    probe: &mut impl Probe,
    steps: u64,
    mut goes_on: impl FnMut(f64) -> bool,
) -> Option<World> {
    let mut world = World::new(Arc::clone(setup), seed);
    let end = setup.duration.as_ns();
    for step in 1..=steps {
        let until = (u128::from(end) * u128::from(step) / u128::from(steps)) as u64;
        world.step_on_until(Time::from_ns(until), probe);
        if !goes_on(step as f64 / steps as f64) {
            return None;
        }
    }
    world.step_until(setup.duration.after_start(), probe);
    world.finish(probe);
    world.assert_bookkeeping();
    Some(world)
}
