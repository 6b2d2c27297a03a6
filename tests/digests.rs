//! A run depends on its scenario and seed alone: with every knob turned, one after another, the same
//! run again gives the same digest, on whichever thread it takes place and whoever runs beside it.

use crate::knobs::{BASE, Effect, Knob, knobs, replay, scenario};
use rayon::prelude::*;

/// The digest of each scenario with its knob turned, on so many threads.
fn digests(turned: &[&Knob], threads: usize) -> Vec<String> {
    let base = scenario(BASE);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let digest = |knob: &&Knob| {
        let overrides = [knob.before, &[knob.turned]].concat();
        replay(&base, &overrides).result.digest
    };
    pool.install(|| turned.par_iter().map(digest).collect())
}

#[test]
fn every_turned_knob_gives_the_same_run_again_on_another_thread() {
    // What is only seen or judged cannot change a run, and another test says that it does not.
    let turned: Vec<&Knob> = knobs().filter(|knob| knob.effect == Effect::Happens).collect();
    let (once, again) = (digests(&turned, 1), digests(&turned, 2));
    let unlike = turned.iter().zip(once.iter().zip(&again)).filter(|(_, (a, b))| a != b);
    let unlike: Vec<(&str, &str)> = unlike.map(|(knob, _)| (knob.id, knob.turned)).collect();
    assert!(unlike.is_empty(), "not the same run again: {unlike:#?}");
}
