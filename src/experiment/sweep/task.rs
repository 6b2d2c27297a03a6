//! What a sweep runs.

use super::design::{Design, Points};
use super::header::Header;
use super::result::{AxisResult, ColumnResult, PointResult, SweepResult};
use super::shard::Shard;
use crate::engine::digest::Digest;
use crate::experiment::column::{self, Column};
use crate::experiment::replicate::{Plan, Replicated};
use crate::observe::result::{ScenarioId, Verdict};
use crate::scenario::axis::numbers;
use crate::scenario::{Diagnostics, Scenario};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What a sweep runs.
#[derive(Clone, Debug)]
pub struct Task {
    /// What all points have in common.
    pub scenario: Scenario,
    /// The combinations of values.
    pub points: Points,
    /// How they were chosen.
    pub design: Design,
    /// How often each is run.
    pub plan: Plan,
    /// The figures, as the scenario itself has them.
    pub columns: Vec<Column>,
    /// Which points are run here; all of them if there is none.
    pub shard: Option<Shard>,
}

/// Why a point cannot be run.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// Its values make no valid scenario.
    Scenario(Diagnostics),
    /// Another reason.
    Other(String),
}

/// A combination of values, ready to run.
#[derive(Clone, Debug)]
pub struct Point {
    /// Its number in the design, from 0.
    pub index: u32,
    /// One value per axis.
    pub values: Vec<String>,
    /// The scenario with these values.
    pub scenario: Scenario,
    /// The figures, as this scenario has them.
    pub columns: Vec<Column>,
}

impl Task {
    /// The points that are run here, in order.
    pub fn indices(&self) -> Vec<u32> {
        let all = 0..u32::try_from(self.points.count()).unwrap_or(u32::MAX);
        all.filter(|&index| self.shard.is_none_or(|shard| shard.has(index))).collect()
    }

    /// A point, ready to run.
    ///
    /// # Errors
    /// If its values make no valid scenario with the same figures.
    pub fn point(&self, index: u32) -> Result<Point, Refusal> {
        let values = self.points.values(u64::from(index));
        let each = self.points.axes().iter().zip(&values);
        let called = || {
            let set = self.points.axes().iter().zip(&values);
            let set: Vec<String> =
                set.map(|(axis, value)| format!("{}={value}", axis.path())).collect();
            format!("point {} of {}, {}", index + 1, self.points.count(), set.join(" "))
        };
        let refuse = |wrong: Diagnostics| {
            Refusal::Scenario(wrong.with_help(&format!("this follows from {}", called())))
        };
        let changes = each.map(|(axis, value)| axis.change(value)).collect::<Result<Vec<_>, _>>();
        let scenario = changes.and_then(|changes| self.scenario.with(&changes)).map_err(refuse)?;
        let names: Vec<String> = self.columns.iter().map(|column| column.name.clone()).collect();
        let metrics: Vec<String> =
            names.iter().filter(|name| !name.starts_with("expect.")).cloned().collect();
        let columns = column::columns(&scenario, &metrics)
            .map_err(|error| Refusal::Other(format!("{} in {}", error.message, called())))?;
        if columns.iter().map(|column| &column.name).ne(&names) {
            return Err(Refusal::Other(format!("{} has other figures than the rest", called())));
        }
        Ok(Point { index, values, scenario, columns })
    }

    /// Tries every point that is run here, and says what `refuse` has against the first bad one.
    ///
    /// # Errors
    /// If a point cannot be run.
    pub fn check(&self, refuse: impl Fn(&Point) -> Option<Refusal> + Sync) -> Result<(), Refusal> {
        let wrong = |index: &u32| match self.point(*index) {
            Ok(point) => refuse(&point),
            Err(refusal) => Some(refusal),
        };
        // The first, whichever thread finds another one earlier.
        self.indices().par_iter().find_map_first(wrong).map_or(Ok(()), Err)
    }

    /// What its store is of.
    pub fn header(&self) -> Header {
        let column =
            |column: &Column| ColumnResult { name: column.name.clone(), unit: column.unit };
        Header {
            format: Header::format(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: ScenarioId {
                name: self.scenario.name.clone(),
                digest: self.scenario.digest.clone(),
            },
            seed: self.plan.seed,
            design: self.design,
            replications: self.plan.replications.clone(),
            warm_up: self.plan.warm_up.to_string(),
            axes: self.axes(),
            columns: self.columns.iter().map(column).collect(),
            points: u32::try_from(self.points.count()).unwrap_or(u32::MAX),
            shard: self.shard,
            finished: false,
        }
    }

    fn axes(&self) -> Vec<AxisResult> {
        let axes = self.points.axes().iter().enumerate();
        let result = |(position, axis): (usize, &crate::scenario::axis::Axis)| {
            let values = match self.design {
                Design::Grid => (0..axis.count()).map(|index| axis.value(index)).collect(),
                Design::LatinHypercube(_) => self.drawn(position),
            };
            AxisResult {
                path: axis.path().to_owned(),
                numbers: numbers(&values),
                values,
                logarithmic: axis.is_logarithmic(),
            }
        };
        axes.map(result).collect()
    }

    /// The values of an axis that some point has, in order.
    fn drawn(&self, position: usize) -> Vec<String> {
        let all = (0..self.points.count()).map(|index| self.points.values(index).remove(position));
        let mut values: Vec<String> = all.collect::<BTreeSet<_>>().into_iter().collect();
        if let Some(numbers) = numbers(&values) {
            let mut pairs: Vec<(f64, String)> = numbers.into_iter().zip(values).collect();
            pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
            values = pairs.into_iter().map(|(_, value)| value).collect();
        }
        values
    }

    /// The result of all points.
    pub fn result(&self, points: Vec<PointResult>) -> SweepResult {
        self.header().result(points)
    }
}

impl Point {
    /// What its replications are worth.
    pub(super) fn result(&self, replicated: &Replicated) -> PointResult {
        let mut verdicts: BTreeMap<Verdict, u32> = BTreeMap::new();
        let mut digest = Digest::default();
        for sample in &replicated.samples {
            *verdicts.entry(sample.verdict).or_default() += 1;
            digest.text(&sample.digest);
        }
        let columns = self.columns.iter().enumerate();
        PointResult {
            index: self.index,
            values: self.values.clone(),
            replications: replicated.samples.len() as u32,
            warm_up_s: replicated.warm_up_s,
            settled: replicated.settled,
            precise: replicated.precise,
            successes: replicated.successes(),
            verdicts,
            figures: columns.map(|(index, column)| replicated.estimate(column, index)).collect(),
            digest: digest.to_string(),
        }
    }
}
