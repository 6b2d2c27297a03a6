//! The shape of a scenario file: the one table from which it is read, completed, checked and
//! described.
//!
//! Each TOML table has a [`TableSpec`]; each key of it a [`Field`] with its kind, its default and
//! its meaning. The typed reader looks keys up here (so a typo in the code fails a test), unknown
//! keys are found by not being here, paths are walked along here, and the JSON Schema is printed
//! from here.

mod admission;
mod autoscale;
mod backends;
mod balancer;
mod clients;
mod database;
mod demand;
mod faults;
mod layers;
mod membership;
mod network;
mod policies;
mod stations;
mod sweep;
mod tables;

pub use admission::ADMISSION;
pub use autoscale::AUTOSCALE;
pub use backends::BACKENDS;
pub(super) use backends::{FIXED_MEMBER_KEYS, MEMBER_KEYS};
pub use balancer::{CONNECT, LIMITS, QUEUE, RETRY};
pub use clients::{CLIENTS, CONNECTIONS, HEDGE, KEYS, RETRIES};
pub use database::DATABASE;
pub use demand::{BATCH, BURST, CLASSES, PROFILE, SESSION, TRACE};
pub use faults::{CAUSE, COLD_START, FAILURES, MEMORY, OVERLOAD, PAUSES, SUPERVISOR};
pub use layers::{CANARY, PRIORITY, SUBSET, ZONES};
pub use membership::{EJECTION, HEALTH, SLOW_START};
pub use network::{LINK, NETWORK};
pub use policies::{BREAKER, GRPC_THROTTLING, PATIENCE, RATIO_BUDGET, THROTTLE, TOKEN_BUDGET};
pub use stations::CONTENTION;
pub(super) use stations::settings_of;
pub use sweep::SWEEP;
pub(super) use tables::{AGES, ANSWERS, INSTANT};
pub use tables::{
    ALERT, ASSUMPTION, BALANCER, EXPECT, MEASURE, OBJECTIVE, RECOVERY, ROLLOUT, SCENARIO, TIMELINE,
    TWIN,
};

use super::actions::{self, ACTIONS};
use super::tree::Node;
use crate::engine::dist::{FAMILIES, Family, ParameterKind as LawParameter};
use crate::model::balancer::membership::rule::{self, EJECTIONS};
use crate::model::balancer::{ALGORITHMS, Algorithm, Parameter, ParameterKind};
use crate::model::station::discipline::DisciplineSpec;

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// What may stand there.
    pub kind: Kind,
    /// What holds if it does not.
    pub presence: Presence,
    /// Smallest and largest value: fractions for shares, per second for rates, seconds for times.
    pub range: Option<(f64, f64)>,
    /// What it means; the hover text in editors.
    pub doc: &'static str,
}

/// Whether a key must be there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Presence {
    /// It must.
    Required,
    /// It need not; its meaning says what holds then.
    Optional,
    /// This value holds, written as in a file without its quotes.
    Default(&'static str),
    /// This number holds.
    Number(f64),
}

impl Presence {
    /// Whether something holds where the key is missing.
    pub(super) fn has_value(self) -> bool {
        matches!(self, Self::Default(_) | Self::Number(_))
    }
}

/// What may stand at a key.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The version of the layout.
    Schema,
    /// Any text.
    Text,
    /// A list of texts.
    Texts,
    /// Lowercase words joined by hyphens.
    KebabName,
    /// A name in free text.
    Name,
    /// A name of letters, digits, `-` and `_`.
    Identifier,
    /// Such a name, or a pattern that stands for several.
    NamePattern,
    /// True or false.
    Flag,
    /// A whole number.
    Count,
    /// A whole number or one word.
    CountOr(&'static str),
    /// A number.
    Number,
    /// A percentage or fraction.
    Ratio,
    /// Events per time.
    Rate,
    /// An amount of memory.
    Size,
    /// A length of time.
    Duration,
    /// A length of time or one word.
    DurationOr(&'static str),
    /// A list of lengths of time, or of one word in their place.
    Durations(Option<&'static str>),
    /// A list of numbers.
    Numbers,
    /// A date and time.
    Start,
    /// An offset from the start or a time of day.
    Moment,
    /// Two moments.
    Interval,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// Several of a few words.
    Choices(&'static [&'static str]),
    /// The name of an algorithm.
    Algorithm,
    /// The name of a rule of passive ejection.
    EjectionRule,
    /// The verb of a timeline entry.
    Verb,
    /// A distribution of times.
    Distribution,
    /// The parameters of one family of distributions.
    Family(&'static Family),
    /// The parameters of one algorithm.
    Parameters(&'static Algorithm),
    /// The parameters of one discipline.
    Settings(&'static DisciplineSpec),
    /// A table.
    Table(&'static TableSpec),
    /// A list of tables, addressed by name.
    List(&'static TableSpec),
    /// Paths with new values.
    Edits,
    /// A list of paths.
    Paths,
    /// A path.
    Path,
    /// Backends, by names and patterns, or `database`.
    Targets,
    /// The name of something else in the file; the word says of what.
    Reference(&'static str),
    /// A list of such names.
    References(&'static str),
    /// `queue >= 390`.
    OverloadCondition,
    /// `latency.p95 > 2s for 1m`.
    AlertCondition,
    /// The name of a metric.
    Metric,
    /// A value in the unit of a metric.
    Bound,
    /// Two such values.
    Bounds,
    /// Two values of whatever the path beside it holds.
    PathRange,
    /// A list of such values.
    PathValues,
}

/// A table of the file.
#[derive(Debug)]
pub struct TableSpec {
    /// As it is headed: `[balancer]`, `[[clients]]`.
    pub title: &'static str,
    /// What it describes.
    pub doc: &'static str,
    /// The keys that are always possible.
    pub fields: &'static [Field],
    /// The keys that another table adds.
    pub more: More,
}

/// Keys that another table adds to a [`TableSpec`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum More {
    /// None.
    Nothing,
    /// One per algorithm, for its parameters.
    Algorithms,
    /// One per parameter of a rule of admission.
    Admissions,
    /// One per discipline that has parameters.
    Disciplines,
    /// The parameters of the rule of ejection.
    EjectionParameters,
    /// Those of the entry's verb.
    Actions,
}

impl TableSpec {
    /// The keys that `table` may have; all conceivable ones without a table.
    pub(super) fn fields(&self, table: Option<&Node>) -> Vec<Field> {
        let mut fields = self.fields.to_vec();
        match self.more {
            More::Nothing => {}
            More::Algorithms => fields.extend(ALGORITHMS.iter().copied().map(algorithm_field)),
            More::Disciplines => fields.extend(stations::discipline_fields()),
            More::Admissions => fields.extend(admission::admission_fields()),
            More::EjectionParameters => fields.extend(ejection_fields(table)),
            More::Actions => match table.and_then(|table| table.text("do")).and_then(actions::find)
            {
                Some(action) => fields.extend(action.all_fields()),
                None => {
                    for field in ACTIONS.iter().flat_map(actions::ActionSpec::all_fields) {
                        if fields.iter().all(|known| known.key != field.key) {
                            // Which verb would need it is not known.
                            fields.push(Field { presence: Presence::Optional, ..field });
                        }
                    }
                }
            },
        }
        fields
    }
}

fn algorithm_field(algorithm: &'static Algorithm) -> Field {
    optional(algorithm.name, Kind::Parameters(algorithm), algorithm.summary)
}

/// The parameters of the rule that `table` names; those of all rules without one.
fn ejection_fields(table: Option<&Node>) -> Vec<Field> {
    let named = table.and_then(|table| table.text("rule")).and_then(rule::find);
    let rules = EJECTIONS.iter().filter(|rule| named.is_none_or(|named| named.name == rule.name));
    let mut fields: Vec<Field> = Vec::new();
    for field in rules.flat_map(|rule| rule.parameters).map(parameter_field) {
        if fields.iter().all(|known| known.key != field.key) {
            fields.push(field);
        }
    }
    fields
}

/// The keys of an algorithm's sub-table.
pub(super) fn parameters_of(algorithm: &'static Algorithm) -> Vec<Field> {
    algorithm.parameters.iter().map(parameter_field).collect()
}

/// The key of a parameter.
pub(super) fn parameter_field(parameter: &'static Parameter) -> Field {
    Field {
        key: parameter.name,
        kind: match parameter.kind {
            ParameterKind::Count => Kind::Count,
            ParameterKind::Number => Kind::Number,
            ParameterKind::Ratio => Kind::Ratio,
            ParameterKind::Duration => Kind::Duration,
            ParameterKind::Rate => Kind::Rate,
            ParameterKind::Choice(words) => Kind::Choice(words),
        },
        presence: Presence::Number(parameter.default),
        range: if matches!(parameter.kind, ParameterKind::Choice(_)) {
            None
        } else {
            Some(parameter.range)
        },
        doc: parameter.doc,
    }
}

/// The keys of a distribution: its family.
pub(super) fn families() -> Vec<Field> {
    FAMILIES
        .iter()
        .map(|family| optional(family.name, Kind::Family(family), family.summary))
        .collect()
}

/// The keys of a family's sub-table.
pub(super) fn parameters_of_family(family: &'static Family) -> Vec<Field> {
    let field = |parameter: &'static crate::engine::dist::Parameter| {
        let (kind, range) = match parameter.kind {
            LawParameter::Time => (Kind::Duration, None),
            LawParameter::Number => (Kind::Number, None),
            LawParameter::Ratio => (Kind::Ratio, Some((0.0, 1.0))),
            LawParameter::Count => (Kind::Count, Some((1.0, 10_000.0))),
            LawParameter::Times => (Kind::Durations(None), None),
            LawParameter::Numbers => (Kind::Numbers, None),
        };
        Field { range, ..optional(parameter.name, kind, parameter.doc) }
    };
    family.parameters.iter().map(field).collect()
}

pub(super) const fn required(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key, kind, presence: Presence::Required, range: None, doc }
}

pub(super) const fn optional(key: &'static str, kind: Kind, doc: &'static str) -> Field {
    Field { key, kind, presence: Presence::Optional, range: None, doc }
}

pub(super) const fn default(
    key: &'static str,
    kind: Kind,
    value: &'static str,
    doc: &'static str,
) -> Field {
    Field { key, kind, presence: Presence::Default(value), range: None, doc }
}

impl Field {
    pub(super) const fn range(mut self, low: f64, high: f64) -> Self {
        self.range = Some((low, high));
        self
    }
}
