//! `sweep.csv`: one row per point, for spreadsheets and notebooks.
//!
//! The columns, in order:
//!
//! | column | meaning |
//! |---|---|
//! | `point` | number of the point in the design, from 0 |
//! | `PATH` | per axis: its value, as `--set` takes it |
//! | `PATH.number` | per axis of quantities: the same as a number; shares as fractions, times as milliseconds, rates per second |
//! | `replications`, `warm_up_s`, `settled`, `precise`, `successes` | how often the point was run, the warm-up left out, whether the runs settled and the wanted precision was reached, and what quantiles rest on |
//! | `unharmed`, `recovered`, `degraded`, `metastable` | replications that ended so for users |
//! | `NAME`, `NAME.low`, `NAME.high`, `NAME.n` | per figure: mean, 95% interval (empty of one value), and how many replications have one |

use super::shape;
use crate::experiment::sweep::result::{PointResult, SweepResult};
use crate::observe::result::Verdict;
use crate::report::csv::{number, or_empty, written};

const COUNTS: [&str; 5] = ["replications", "warm_up_s", "settled", "precise", "successes"];
const VERDICTS: [(&str, Verdict); 4] = [
    ("unharmed", Verdict::Unharmed),
    ("recovered", Verdict::Recovered),
    ("degraded", Verdict::Degraded),
    ("metastable", Verdict::Metastable),
];

fn header(result: &SweepResult) -> Vec<String> {
    let mut header = vec!["point".to_owned()];
    for (index, axis) in result.axes.iter().enumerate() {
        header.push(axis.path.clone());
        if shape::numeric_axes(result).contains(&index) {
            header.push(format!("{}.number", axis.path));
        }
    }
    header.extend(COUNTS.map(str::to_owned));
    header.extend(VERDICTS.map(|(name, _)| name.to_owned()));
    for column in &result.columns {
        header.extend(["", ".low", ".high", ".n"].map(|part| format!("{}{part}", column.name)));
    }
    header
}

fn record(result: &SweepResult, point: &PointResult) -> Vec<String> {
    let mut fields = vec![point.index.to_string()];
    for index in 0..result.axes.len() {
        fields.push(point.values.get(index).cloned().unwrap_or_default());
        if shape::numeric_axes(result).contains(&index) {
            fields.push(or_empty(shape::place(result, point, index), number));
        }
    }
    fields.extend([
        point.replications.to_string(),
        number(point.warm_up_s),
        point.settled.to_string(),
        point.precise.to_string(),
        point.successes.to_string(),
    ]);
    fields.extend(
        VERDICTS.map(|(_, verdict)| {
            point.verdicts.get(&verdict).copied().unwrap_or_default().to_string()
        }),
    );
    for index in 0..result.columns.len() {
        let estimate = point.figures.get(index).and_then(Option::as_ref);
        fields.push(or_empty(estimate.map(|estimate| estimate.mean), number));
        fields.push(or_empty(estimate.and_then(|estimate| estimate.low), number));
        fields.push(or_empty(estimate.and_then(|estimate| estimate.high), number));
        fields.push(estimate.map_or(0, |estimate| estimate.n).to_string());
    }
    fields
}

/// The table as text, with a header.
pub fn table(result: &SweepResult) -> String {
    written(header(result), result.points.iter().map(|point| record(result, point)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::sample;

    #[test]
    fn the_table_reads_like_this() {
        let mut result = sample::algorithms();
        result.points.truncate(3);
        result.columns.truncate(2);
        insta::assert_snapshot!(table(&result));
    }

    #[test]
    fn what_is_written_can_be_read_again() {
        let result = sample::algorithms();
        let text = table(&result);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let column = |name: &str| header.iter().position(|column| column == name).unwrap();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), result.points.len());
        for (row, point) in rows.iter().zip(&result.points) {
            let field = |name: &str| row[column(name)].parse::<f64>().ok();
            assert_eq!(row[column("load")], point.values[0]);
            assert!(field("load.number").is_some());
            for (name, figure) in result.columns.iter().zip(&point.figures) {
                let mean = field(&name.name);
                let close = |a: f64, b: f64| (a - b).abs() < 1e-6;
                match (mean, figure) {
                    (Some(mean), Some(figure)) => assert!(close(mean, figure.mean)),
                    (None, None) => {}
                    other => panic!("{}: {other:?}", name.name),
                }
            }
        }
    }
}
