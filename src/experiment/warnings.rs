//! What a reader of several replications must know before believing their figures.

use super::column::Column;
use super::replicate::{Plan, Replicated, Replications};
use super::statistics::quantile::beyond;
use crate::scenario::units::show_ratio;
use serde::Serialize;
use std::fmt;

/// Fewer samples than this beyond a quantile are too few: their number alone varies by a tenth.
const SAMPLES_LEAST: f64 = 100.0;
/// More replications than this are not advised; longer runs are.
const REPLICATIONS_ADVISED: f64 = 10_000.0;

/// Why figures may be worth less than they seem.
#[derive(Clone, Debug, PartialEq)]
pub enum Warning {
    /// A single run has no interval.
    Single,
    /// Runs had not settled by the middle, so what is left after the warm-up is no steady state.
    Unsettled,
    /// Even long batches of one run depend on each other.
    Correlated,
    /// These figures vary too much from batch to batch.
    Unlike {
        /// Their names.
        names: Vec<&'static str>,
    },
    /// One run has too few successes to be cut into batches.
    TooShort,
    /// A quantile rests on few samples.
    Few {
        /// The quantile, 0 to 1.
        quantile: f64,
        /// How many samples are beyond it, in all replications together.
        samples: f64,
        /// How many replications would have enough.
        replications: f64,
    },
    /// The wanted precision was not reached.
    Imprecise {
        /// The figure.
        name: String,
        /// Half the width of its interval over its mean; absent without an interval.
        reached: Option<f64>,
        /// What was wanted of it.
        wanted: f64,
        /// After so many replications.
        replications: u32,
    },
    /// Some replications have no value.
    Missing {
        /// Figures that the same number of replications lack.
        names: Vec<String>,
        /// How many replications have none.
        missing: u32,
        /// Of how many.
        replications: u32,
    },
}

/// Everything that should be said, most important first.
pub fn warnings(columns: &[Column], plan: &Plan, replicated: &Replicated) -> Vec<Warning> {
    let mut found = Vec::new();
    let replications = replicated.samples.len() as u32;
    if replications == 1 {
        found.push(Warning::Single);
    }
    if !replicated.settled {
        found.push(Warning::Unsettled);
    }
    imprecise(columns, plan, replicated, &mut found);
    missing(columns, replicated, &mut found);
    let successes = replicated.successes();
    let quantiles = columns.iter().filter_map(Column::quantile);
    found.extend(quantiles.filter_map(|quantile| few(quantile, successes, replications)));
    found
}

/// A warning if a quantile rests on too little.
pub(super) fn few(quantile: f64, successes: u64, replications: u32) -> Option<Warning> {
    let samples = beyond(quantile, successes);
    // Of nothing there is no figure to be warned of.
    (successes > 0 && samples < SAMPLES_LEAST).then(|| Warning::Few {
        quantile,
        samples,
        replications: (f64::from(replications) * SAMPLES_LEAST / samples).ceil(),
    })
}

fn imprecise(columns: &[Column], plan: &Plan, replicated: &Replicated, found: &mut Vec<Warning>) {
    let Replications::Until { relative, columns: names, .. } = &plan.replications else { return };
    for name in names {
        let estimate = replicated.named(columns, name);
        if let Some(estimate) = estimate.filter(|estimate| !estimate.is_within(*relative)) {
            found.push(Warning::Imprecise {
                name: name.clone(),
                reached: estimate.relative_half_width(),
                wanted: *relative,
                replications: replicated.samples.len() as u32,
            });
        }
    }
}

fn missing(columns: &[Column], replicated: &Replicated, found: &mut Vec<Warning>) {
    let replications = replicated.samples.len() as u32;
    let first = found.len();
    for (index, column) in columns.iter().enumerate() {
        let absent = replicated.values(index).filter(Option::is_none).count() as u32;
        let same = found[first..].iter_mut().find_map(|warning| match warning {
            Warning::Missing { names, missing, .. } if *missing == absent => Some(names),
            _ => None,
        });
        match same {
            _ if absent == 0 => {}
            Some(names) => names.push(column.name.clone()),
            None => found.push(Warning::Missing {
                names: vec![column.name.clone()],
                missing: absent,
                replications,
            }),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => {
                f.write_str("one replication has no interval: --replications 10, or --precision 2%")
            }
            Self::Unsettled => {
                f.write_str("still warming up after half of the run: lengthen `duration`")
            }
            Self::Correlated => f.write_str(
                "waves longer than batches, so one run has no interval: run longer, or --replications 10",
            ),
            Self::Unlike { names } => {
                let verb = if names.len() > 1 { "vary" } else { "varies" };
                write!(f, "{} {verb} too much between batches: ", names.join(", "))?;
                f.write_str("run longer, or --replications 10")
            }
            Self::TooShort => f.write_str(
                "too few successes for intervals: run longer, or --replications 10",
            ),
            Self::Few { quantile, samples, replications } => {
                let percentile = show_ratio(*quantile);
                let percentile = percentile.trim_end_matches('%');
                write!(f, "p{percentile} rests on {samples:.0} samples: run longer")?;
                if *replications <= REPLICATIONS_ADVISED {
                    write!(f, ", or --replications {replications:.0}")?;
                }
                Ok(())
            }
            Self::Imprecise { name, reached, wanted, replications } => {
                write!(f, "after {replications} replications {name} is known to ")?;
                match reached.filter(|reached| reached.is_finite()) {
                    Some(reached) => write!(f, "±{:.2}%, not ", reached * 100.0)?,
                    None => f.write_str("nothing near ")?,
                }
                let half = wanted / (1.0 + wanted) * 100.0;
                write!(f, "±{half:.2}%, as {} asks: ", show_ratio(*wanted))?;
                f.write_str("run longer, or raise --max-replications")
            }
            Self::Missing { names, missing, replications } => {
                let (first, more) = (&names[0], names.len() - 1);
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                let verb = if names.len() > 1 { "are" } else { "is" };
                let of_latency = names.iter().all(|name| name.starts_with("latency."));
                let why = if of_latency { "nothing succeeded" } else { "nothing to measure" };
                write!(f, "{first}{more} {verb} missing in {missing} of {replications}: {why}")
            }
        }
    }
}

impl Serialize for Warning {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
