//! A run depends on its setup and seed alone, not on who runs beside it.

use super::identities::eventful;
use misroute::engine::random::Seed;
use misroute::model::run::simulate;
use misroute::observe::recorder::Recorder;
use misroute::observe::result::ScenarioId;
use rayon::prelude::*;
use std::sync::Arc;

/// Digest and summary of each of eight replications, on so many threads.
fn summaries(threads: usize) -> Vec<(String, String)> {
    let setup = Arc::new(eventful("least-connections", false));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let one = |replication| {
        let seed = Seed { value: 31, replication };
        let mut recorder = Recorder::new(&setup);
        let world = simulate(&setup, seed, &mut recorder);
        let scenario = ScenarioId { name: "eventful".into(), digest: String::new() };
        let result = recorder.into_result(&world, seed, scenario, None);
        let summary = serde_json::to_string(&result).expect("a result is plain data");
        (world.digest().to_string(), summary)
    };
    pool.install(|| (0..8).into_par_iter().map(one).collect())
}

#[test]
fn replications_are_the_same_on_one_thread_and_on_four() {
    let (one, four) = (summaries(1), summaries(4));
    assert!(
        one == four,
        "digests: {:?}",
        one.iter().zip(&four).map(|(a, b)| (&a.0, &b.0)).collect::<Vec<_>>()
    );
    for (replication, (digest, _)) in one.iter().enumerate() {
        let twins = one.iter().filter(|(other, _)| other == digest).count();
        assert_eq!(twins, 1, "replication {replication} is not one of its own");
    }
}
