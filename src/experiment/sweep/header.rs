//! What a store of samples is of.

use super::design::Design;
use super::result::{AxisResult, ColumnResult, PointResult, SweepResult};
use super::shard::Shard;
use crate::experiment::replicate::Replications;
use crate::observe::result::ScenarioId;
use serde::{Deserialize, Serialize};

/// The layout of a store.
const FORMAT: &str = "misroute-sweep-2";
/// The layout of a sweep's result.
const SCHEMA: u32 = 2;

/// The first line of a store: everything that its samples rest on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    pub(super) format: String,
    /// Version of misroute.
    pub version: String,
    /// What is run.
    pub scenario: ScenarioId,
    /// The seed.
    pub seed: u64,
    pub(super) design: Design,
    pub(super) replications: Replications,
    pub(super) warm_up: String,
    pub(super) axes: Vec<AxisResult>,
    pub(super) columns: Vec<ColumnResult>,
    /// How many points the whole sweep has.
    pub points: u32,
    /// The part of it that is here; all of it if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// Whether everything is there, sorted, with results.
    pub finished: bool,
}

impl Header {
    pub(super) fn format() -> String {
        FORMAT.to_owned()
    }

    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("it has no maps") + "\n"
    }

    /// Reads a first line, with its end.
    pub(super) fn read(line: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
            version: String,
        }
        let none = |_| "this is no sweep's samples".to_owned();
        let head: Head = serde_json::from_slice(line).map_err(none)?;
        if head.format != FORMAT {
            return Err(format!(
                "this is of misroute {}, which keeps samples otherwise",
                head.version
            ));
        }
        serde_json::from_slice(line).map_err(none)
    }

    /// Says what differs, if they are not of the same work; whether it is finished does not matter.
    pub(super) fn same_as(&self, other: &Self) -> Result<(), String> {
        self.same_sweep(other)?;
        let part = |shard: Option<Shard>| {
            shard.map_or_else(|| "the whole".to_owned(), |shard| format!("part {shard}"))
        };
        differs("", &part(other.shard), &part(self.shard))
    }

    /// Says what differs, if they are not parts of one sweep.
    pub(super) fn same_sweep(&self, other: &Self) -> Result<(), String> {
        let version = |of: &Self| format!("misroute {}", of.version);
        differs("", &version(other), &version(self))?;
        differs("scenario ", &other.scenario.name, &self.scenario.name)?;
        differs("seed ", &other.seed.to_string(), &self.seed.to_string())?;
        self.same_axes(other)?;
        differs("", &other.design.to_string(), &self.design.to_string())?;
        differs("", &other.replications.to_string(), &self.replications.to_string())?;
        differs("warm-up ", &other.warm_up, &self.warm_up)?;
        let names = |of: &Self| {
            of.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
        };
        differs("figures ", &names(other), &names(self))?;
        // The last: a change of the file's own [sweep] should be said by its name.
        differs("the scenario's content ", &other.scenario.digest, &self.scenario.digest)?;
        if (self.points, &self.columns) != (other.points, &other.columns) {
            return Err("other points".to_owned());
        }
        Ok(())
    }

    fn same_axes(&self, other: &Self) -> Result<(), String> {
        let paths = |of: &Self| {
            of.axes.iter().map(|axis| axis.path.as_str()).collect::<Vec<_>>().join(" and ")
        };
        differs("axes ", &paths(other), &paths(self))?;
        for (there, here) in other.axes.iter().zip(&self.axes) {
            let values = |axis: &AxisResult| {
                let few = axis.values.iter().take(6).map(String::as_str).collect::<Vec<_>>();
                let more = axis.values.len().saturating_sub(few.len());
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                format!("{}{more}", few.join(", "))
            };
            if there != here {
                let what = format!("values of {}: ", here.path);
                differs(&what, &values(there), &values(here))?;
                return Err(format!("other {what}{}", values(here)));
            }
        }
        Ok(())
    }

    /// The result of the whole sweep.
    pub(super) fn result(&self, points: Vec<PointResult>) -> SweepResult {
        SweepResult {
            schema: SCHEMA,
            scenario: self.scenario.clone(),
            seed: self.seed,
            version: self.version.clone(),
            axes: self.axes.clone(),
            columns: self.columns.clone(),
            points,
        }
    }
}

fn differs(what: &str, there: &str, here: &str) -> Result<(), String> {
    if there == here { Ok(()) } else { Err(format!("{what}{there} there, {here} here")) }
}
