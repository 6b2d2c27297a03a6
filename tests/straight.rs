//! The straight way through the world leaves nothing out: a world that always takes the long way gives
//! the same digest and the same result, in every bundled scenario.

use misroute::engine::random::Seed;
use misroute::model::setup::Setup;
use misroute::model::world::World;
use misroute::observe::recorder::Recorder;
use misroute::observe::result::{RunResult, ScenarioId};
use misroute::scenario::bundled::{self, Bundled};
use misroute::scenario::{Source, load};
use rayon::prelude::*;
use std::sync::Arc;

/// Runs a setup the long way, or the straight way where it can.
fn observe(setup: &Arc<Setup>, seed: u64, straight: bool) -> RunResult {
    let seed = Seed::new(seed);
    let mut world = World::new(Arc::clone(setup), seed);
    if !straight {
        world.never_straight();
    }
    let mut recorder = Recorder::new(setup);
    world.step_until(setup.duration.after_start(), &mut recorder);
    world.finish(&mut recorder);
    world.assert_bookkeeping();
    let id = ScenarioId { name: setup.name.clone(), digest: String::new() };
    recorder.into_result(&world, seed, id, None)
}

/// Fails unless both ways lead to the same.
pub(crate) fn assert_both_ways_agree(setup: &Setup, seed: u64) {
    let setup = Arc::new(setup.clone());
    let (straight, long) = (observe(&setup, seed, true), observe(&setup, seed, false));
    assert_eq!(straight.digest, long.digest, "{}: the ways part", setup.name);
    let shown = |result: &RunResult| {
        format!("{}{:?}", serde_json::to_string(result).unwrap(), result.series)
    };
    assert!(shown(&straight) == shown(&long), "{}: another result the long way", setup.name);
}

#[test]
fn both_ways_lead_to_the_same() {
    let all: Vec<&Bundled> = bundled::all().collect();
    all.into_par_iter().for_each(|bundled| {
        let scenario = load(&bundled.source(), &[]).unwrap();
        assert_both_ways_agree(&scenario.setup, 1);
    });
}

/// A partition makes a network of a world that has none.
#[test]
fn messages_that_a_fault_may_lose_go_the_long_way() {
    let text = "schema = 1\nname = \"cut\"\nduration = \"20s\"\n\n[[clients]]\nname = \"web\"\nusers = 10\n\
        rate = \"50/s\"\ntimeout = \"1s\"\n\n[balancer]\nalgorithm = \"random\"\n\n[[backends]]\n\
        name = \"api-{1..2}\"\nworkers = 2\nservice = \"10ms\"\n\n[[timeline]]\nname = \"cut\"\n\
        at = \"5s\"\ndo = \"partition\"\ntargets = \"api-1\"\ndirection = \"to\"\n";
    let scenario = load(&Source::from_text("cut.toml", text), &[]).unwrap();
    assert_both_ways_agree(&scenario.setup, 1);
}
