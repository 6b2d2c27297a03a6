//! A sweep, run.

use super::result::PointResult;
use super::store::Store;
use super::task::{Point, Refusal, Task};
use crate::experiment::replicate::{Keeper, replicate};
use crate::experiment::sample::Sample;
use crate::experiment::warm_up::{self, SLICES};
use rayon::prelude::*;

/// Who looks on.
pub trait Watch: Sync {
    /// Whether to go on; asked often.
    fn goes_on(&self) -> bool {
        true
    }

    /// A replication is done.
    fn replication(&self) {}

    /// A point is done.
    fn point(&self) {}
}

/// Runs all points of a task, as many at a time as there are threads; the results are in order and
/// the same on any number of threads. `None` if it was ended before it was done, by `watch` or because
/// the store failed.
///
/// # Errors
/// If a point cannot be run.
pub fn run(
    task: &Task,
    store: Option<&Store>,
    watch: &impl Watch,
) -> Result<Option<Vec<PointResult>>, Refusal> {
    let one = |index: &u32| -> Result<Option<PointResult>, Refusal> {
        if !watch.goes_on() {
            return Ok(None);
        }
        let point = task.point(*index)?;
        let bench = Bench::new(&point, task, store, watch);
        let replicated = replicate(&point.scenario, &point.columns, &task.plan, &bench);
        let result = replicated.map(|replicated| point.result(&replicated));
        if result.is_some() {
            watch.point();
        }
        Ok(result)
    };
    let results: Vec<Result<Option<PointResult>, Refusal>> =
        task.indices().par_iter().map(one).collect();
    // Of several refusals always the first.
    results.into_iter().collect()
}

/// Where the replications of a point are kept.
struct Bench<'a, W> {
    point: &'a Point,
    store: Option<&'a Store>,
    watch: &'a W,
    /// Places at which observation may begin.
    views: usize,
}

impl<'a, W: Watch> Bench<'a, W> {
    fn new(point: &'a Point, task: &Task, store: Option<&'a Store>, watch: &'a W) -> Self {
        let views = warm_up::starts(&point.scenario.setup, task.plan.warm_up).len();
        Self { point, store, watch, views }
    }

    /// Whether a sample that someone else has written is one of this point.
    fn fits(&self, sample: &Sample) -> bool {
        let slices = if self.views > 1 { SLICES } else { 0 };
        let figures = self.point.columns.len();
        sample.views.len() == self.views
            && sample.slices.len() == slices
            && sample.views.iter().all(|view| view.values.len() == figures)
    }
}

impl<W: Watch> Keeper for Bench<'_, W> {
    fn recall(&self, replication: u32) -> Option<Sample> {
        let sample = self.store?.recall(self.point.index, replication)?;
        if !self.fits(sample) {
            return None;
        }
        self.watch.replication();
        Some(sample.clone())
    }

    fn keep(&self, sample: &Sample) {
        if let Some(store) = self.store {
            store.keep(self.point.index, sample);
        }
        self.watch.replication();
    }

    fn goes_on(&self, _replication: u32, _share: f64) -> bool {
        self.watch.goes_on() && !self.store.is_some_and(Store::is_broken)
    }
}
