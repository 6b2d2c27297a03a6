//! A sweep for a terminal: a table of the main figures, then what follows from them.

use super::{findings, shape};
use crate::experiment::sweep::result::{PointResult, SweepResult};
use crate::observe::result::Verdict;
use crate::report::quantity;
use crate::report::table;
use crate::report::text::Style;
use crate::report::words;

/// More points than this are for the files.
const MOST_ROWS: usize = 60;
/// A value of an axis is clipped to so many characters.
const MOST_VALUE: usize = 24;

/// A column of figures.
struct Figure {
    title: &'static str,
    column: &'static str,
}

/// In the order in which they are shown.
const FIGURES: [Figure; 7] = [
    Figure { title: "offered", column: "requests.offered_rps" },
    Figure { title: "goodput", column: "requests.goodput_rps" },
    Figure { title: "succeeded", column: "requests.succeeded_ratio" },
    Figure { title: "p50", column: "latency.p50" },
    Figure { title: "p99", column: "latency.p99" },
    Figure { title: "users affected", column: "users.affected_ratio" },
    Figure { title: "attempts/request", column: "requests.amplification" },
];
/// Titles in the order in which a narrow terminal gives them up.
const DISPENSABLE: [&str; 6] =
    ["attempts/request", "p50", "offered", "how it ended", "users affected", "succeeded"];

/// The table's columns: a title, whether its cells are numbers, and the cells.
type Columns = Vec<(String, bool, Vec<String>)>;

fn ended(point: &PointResult) -> String {
    const NAMES: [(Verdict, &str); 4] = [
        (Verdict::Metastable, "metastable"),
        (Verdict::Degraded, "degraded"),
        (Verdict::Recovered, "recovered"),
        (Verdict::Unharmed, "unharmed"),
    ];
    let worst = NAMES.into_iter().find_map(|(verdict, name)| {
        point.verdicts.get(&verdict).filter(|&&count| count > 0).map(|count| (name, *count))
    });
    match worst {
        None => "–".into(),
        Some((name, count)) if count == point.replications => name.into(),
        Some((name, count)) => format!("{name} {count}/{}", point.replications),
    }
}

fn cell(result: &SweepResult, point: &PointResult, column: usize) -> String {
    let estimate = point.figures.get(column).and_then(Option::as_ref);
    estimate.map_or_else(
        || "–".into(),
        |estimate| {
            let unit = result.columns[column].unit;
            quantity::show_within(unit, estimate.mean, estimate.half_width())
        },
    )
}

fn columns(result: &SweepResult) -> Columns {
    let shown = || result.points.iter().take(MOST_ROWS);
    let mut columns: Columns = Vec::new();
    for (index, axis) in result.axes.iter().enumerate() {
        let cells = shown().map(|point| {
            let value = point.values.get(index).map_or("", String::as_str);
            words::clip(value, MOST_VALUE)
        });
        let is_numeric = shape::numeric_axes(result).contains(&index);
        columns.push((words::clip(&axis.path, MOST_VALUE), is_numeric, cells.collect()));
    }
    for figure in &FIGURES {
        let Some(column) = shape::column(result, figure.column) else { continue };
        let cells = shown().map(|point| cell(result, point, column)).collect();
        columns.push((figure.title.into(), true, cells));
    }
    let is_harmed = |point: &PointResult| {
        point.verdicts.iter().any(|(&verdict, &n)| verdict != Verdict::Unharmed && n > 0)
    };
    if result.points.iter().any(is_harmed) {
        columns.push(("how it ended".into(), false, shown().map(ended).collect()));
    }
    columns
}

fn width((title, _, cells): &(String, bool, Vec<String>)) -> usize {
    cells.iter().chain([title]).map(|text| text.chars().count()).max().unwrap_or(0)
}

/// The columns that fit into `room`; every axis stays, shortened if need be.
fn fit(mut columns: Columns, axes: usize, room: usize) -> Columns {
    let total = |columns: &Columns| columns.iter().map(|column| width(column) + 2).sum::<usize>();
    for title in DISPENSABLE {
        if total(&columns) <= room + 2 {
            return columns;
        }
        columns.retain(|(other, _, _)| other != title);
    }
    // Several long axes: the figures left keep their room, the axes share the rest.
    let figures: usize = columns[axes..].iter().map(|column| width(column) + 2).sum();
    let each = (room.saturating_sub(figures) / axes.max(1)).saturating_sub(2).max(4);
    for (title, _, cells) in &mut columns[..axes] {
        *title = words::clip(title, each);
        for cell in cells {
            *cell = words::clip(cell, each);
        }
    }
    while columns.len() > 1 && total(&columns) > room + 2 {
        columns.pop();
    }
    columns
}

/// The main figures of every point, what follows from them, and what not to trust.
pub fn summary(result: &SweepResult, style: Style) -> String {
    let room = style.columns();
    let mut lines = header(result, style);
    let columns = fit(columns(result), result.axes.len(), room - 2);
    let rows: Vec<Vec<String>> = (0..result.points.len().min(MOST_ROWS))
        .map(|row| columns.iter().map(|(_, _, cells)| cells[row].clone()).collect())
        .collect();
    let heads: Vec<table::Column<'_>> =
        columns.iter().map(|(title, right, _)| table::Column { title, right: *right }).collect();
    for (index, line) in table::plain(&heads, &rows).into_iter().enumerate() {
        let line = format!("  {line}");
        lines.push(if index == 0 { style.dim(&line) } else { line });
    }
    if result.points.len() > MOST_ROWS {
        let more = words::plural((result.points.len() - MOST_ROWS) as u64, "point");
        lines.push(style.dim(&format!("  and {more} more, in sweep.csv")));
    }
    let sentences = findings::sentences(result);
    paragraphs(&mut lines, &sentences, "", room, |text| style.bold(text));
    let warnings = findings::warnings(result);
    paragraphs(&mut lines, &warnings, "warning: ", room, str::to_owned);
    lines.join("\n") + "\n"
}

fn header(result: &SweepResult, style: Style) -> Vec<String> {
    let room = style.columns();
    let paths: Vec<&str> = result.axes.iter().map(|axis| axis.path.as_str()).collect();
    let title = format!("{} over {}", result.scenario.name, paths.join(" and "));
    let points = words::plural(result.points.len() as u64, "point");
    let replications = shape::replications(result);
    let what = if result.points.iter().any(|point| point.replications > 1) {
        " · means ± half of 95% intervals"
    } else {
        ""
    };
    let line = format!(
        "{points} · {replications} · seed {} · misroute {}{what}",
        result.seed, result.version
    );
    vec![
        style.bold(&words::clip(&title, room)),
        style.dim(&words::clip(&line, room)),
        String::new(),
    ]
}

/// Adds texts after an empty line, each wrapped and indented.
fn paragraphs(
    lines: &mut Vec<String>,
    texts: &[String],
    first: &str,
    room: usize,
    paint: impl Fn(&str) -> String,
) {
    if !texts.is_empty() {
        lines.push(String::new());
    }
    for text in texts {
        for (index, line) in words::wrap(&format!("{first}{text}"), room - 4).iter().enumerate() {
            let indent = if index == 0 { "  " } else { "    " };
            lines.push(format!("{indent}{}", paint(&words::clip(line, room - 4))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sweep::sample;

    #[test]
    fn a_sweep_over_loads_and_algorithms_reads_like_this() {
        insta::assert_snapshot!(summary(&sample::algorithms(), Style::plain()));
    }

    #[test]
    fn a_sweep_over_words_reads_like_this() {
        insta::assert_snapshot!(summary(&sample::words_only(), Style::plain()));
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let mut long = sample::algorithms();
        long.axes[1].path = "balancer.".repeat(9);
        for point in &mut long.points {
            point.values[1] = "a very long value of an axis that nobody wants to read".into();
        }
        for result in [sample::algorithms(), sample::words_only(), sample::two_numbers(), long] {
            for width in [80, 90, 100, 200] {
                let text = summary(&result, Style { color: false, width });
                for line in text.lines() {
                    let columns = line.chars().count();
                    assert!(columns <= width.min(100), "{columns} of {width}: {line}");
                    assert_eq!(line, line.trim_end());
                }
            }
        }
    }
}
