//! `admission` of the balancer.

use super::{Field, Kind, More, TableSpec, parameter_field, required};
use crate::model::balancer::admission::ADMISSIONS;

/// `admission` of the balancer.
pub static ADMISSION: TableSpec = TableSpec {
    title: "admission",
    doc: "Whether an instance takes an attempt on at all; if not, the client is told http_503.",
    fields: &[required(
        "rule",
        Kind::Choice(&["gradient", "rate", "success-rate"]),
        "by what it decides; `misroute list admissions` has the rules",
    )],
    more: More::Admissions,
};

/// The keys of all rules.
pub(super) fn admission_fields() -> impl Iterator<Item = Field> {
    ADMISSIONS.iter().flat_map(|rule| rule.parameters).map(parameter_field)
}
