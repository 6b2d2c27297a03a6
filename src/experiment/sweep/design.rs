//! Which combinations of values a sweep tries.

use crate::engine::random::{Purpose, Seed, Stream};
use crate::scenario::axis::Axis;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How points are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Every combination of all values; the last axis changes fastest.
    Grid,
    /// So many points, in each of which every axis has a value of its own: one from each of as many
    /// equal parts of its range (McKay, Beckman & Conover, Technometrics 1979).
    LatinHypercube(u32),
}

impl fmt::Display for Design {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grid => f.write_str("a grid"),
            Self::LatinHypercube(points) => write!(f, "a Latin hypercube of {points} points"),
        }
    }
}

/// The points of a sweep, worked out one by one: there may be millions.
#[derive(Clone, Debug)]
pub struct Points {
    axes: Vec<Axis>,
    /// Per axis, which part of the way each point has; empty for a grid.
    parts: Vec<Vec<f64>>,
    count: u64,
}

impl Points {
    /// The points of a design over axes, of which there is at least one.
    pub fn new(axes: Vec<Axis>, design: Design, seed: u64) -> Self {
        let (parts, count) = match design {
            Design::Grid => {
                let counts = axes.iter().map(|axis| u64::from(axis.count()));
                (Vec::new(), counts.fold(1, u64::saturating_mul))
            }
            Design::LatinHypercube(points) => {
                let parts = (0..axes.len()).map(|axis| strata(points, seed, axis as u64));
                (parts.collect(), u64::from(points))
            }
        };
        Self { axes, parts, count }
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What is varied.
    pub fn axes(&self) -> &[Axis] {
        &self.axes
    }

    /// The values of a point, one per axis, as `--set` takes them.
    pub fn values(&self, index: u64) -> Vec<String> {
        if !self.parts.is_empty() {
            let each = self.axes.iter().zip(&self.parts);
            return each.map(|(axis, parts)| axis.at(parts[index as usize])).collect();
        }
        let mut rest = index;
        let mut values = Vec::new();
        for axis in self.axes.iter().rev() {
            let count = u64::from(axis.count());
            values.push(axis.value((rest % count) as u32));
            rest /= count;
        }
        values.reverse();
        values
    }
}

/// A place in each of equally many parts of [0, 1), in random order.
fn strata(points: u32, seed: u64, axis: u64) -> Vec<f64> {
    let mut stream = Stream::new(Seed::new(seed), Purpose::Design, axis);
    let mut order: Vec<u32> = (0..points).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, stream.below(last as u64 + 1) as usize);
    }
    order.into_iter().map(|part| (f64::from(part) + stream.unit()) / f64::from(points)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::axis::numbers;

    fn points(axes: &[&str], design: Design) -> Points {
        Points::new(axes.iter().map(|axis| Axis::parse(axis).unwrap()).collect(), design, 7)
    }

    #[test]
    fn a_grid_has_every_combination_the_last_axis_first() {
        let points = points(&["a=1..2:2", "b=x,y,z"], Design::Grid);
        let all: Vec<String> = (0..points.count()).map(|i| points.values(i).concat()).collect();
        assert_eq!(all, ["1x", "1y", "1z", "2x", "2y", "2z"]);
        let huge = ["a=0..1:9999999", "b=0..1:9999999", "c=0..1:9999999"];
        assert_eq!(self::points(&huge, Design::Grid).count(), u64::MAX, "saturates");
    }

    #[test]
    fn a_latin_hypercube_has_one_value_in_each_part_of_each_axis() {
        let points =
            points(&["a=0..100:2", "b=1..1024:log:2", "c=x,y"], Design::LatinHypercube(20));
        let all: Vec<Vec<String>> = (0..20).map(|i| points.values(i)).collect();
        let column = |axis: usize| -> Vec<String> {
            all.iter().map(|values| values[axis].clone()).collect()
        };
        let parts = |values: Vec<f64>| {
            let mut parts: Vec<u32> = values.into_iter().map(|value| value as u32).collect();
            parts.sort_unstable();
            assert_eq!(parts, (0..20).collect::<Vec<_>>());
        };
        parts(numbers(&column(0)).unwrap().iter().map(|value| value / 5.0).collect());
        let logs = numbers(&column(1)).unwrap();
        // Ten doublings in twenty parts.
        parts(logs.iter().map(|value| libm::log2(*value) * 2.0).collect());
        assert_eq!(column(2).iter().filter(|value| *value == "x").count(), 10);
        assert_ne!(column(0), {
            let mut sorted = column(0);
            sorted.sort();
            sorted
        });
        let again =
            self::points(&["a=0..100:2", "b=1..1024:log:2", "c=x,y"], Design::LatinHypercube(20));
        assert_eq!(all, (0..20).map(|i| again.values(i)).collect::<Vec<_>>());
    }
}
