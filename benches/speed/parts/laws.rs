//! One draw from a usual law of each family.

use super::stream;
use crate::measure::per_call_ns;
use crate::table::Table;
use misroute::engine::dist::{Distribution, Family, ParameterValue, Parameters};
use std::hint::black_box;

const LAWS: [(&str, &[(&str, f64)]); 10] = [
    ("bimodal", &[("fast", 5e6), ("slow", 5e8), ("slow-share", 0.01)]),
    ("constant", &[("value", 8e7)]),
    ("erlang", &[("stages", 4.0), ("mean", 8e7)]),
    ("exponential", &[("mean", 8e7)]),
    ("gamma", &[("mean", 8e7), ("scv", 0.5)]),
    ("hyperexponential", &[("mean", 8e7), ("scv", 4.0)]),
    ("lognormal", &[("mean", 8e7), ("p99", 4e8)]),
    ("pareto", &[("mean", 8e7), ("shape", 2.5)]),
    ("uniform", &[("min", 4e7), ("max", 1.2e8)]),
    ("weibull", &[("mean", 8e7), ("p99", 5e8)]),
];

pub(crate) fn table() -> Table {
    let mut table = Table::new(&["law", "ns"]);
    let mut row = |family: &str, law: &Distribution| {
        let mut stream = stream();
        let ns = per_call_ns(|| {
            black_box(law.at(stream.bits()));
        });
        table.row([family.to_owned(), format!("{ns:.1}")]);
    };
    for (family, values) in LAWS {
        let values = values.iter();
        let parameters =
            values.fold(Parameters::new(), |given, &(name, value)| given.with(name, value));
        row(family, &build(family, &parameters));
    }
    let values: Vec<f64> = (1..=1000).map(|value| f64::from(value) * 1e5).collect();
    let parameters = Parameters::new().with("values", ParameterValue::Many(values));
    row("empirical, of 1000 values", &build("empirical", &parameters));
    table
}

fn build(family: &str, parameters: &Parameters) -> Distribution {
    let family = Family::named(family).expect("it is in the table");
    (family.build)(parameters).expect("the parameters fit")
}
