//! What incidents' texts state against what their replays show.

use super::text::Style;
use super::{Status, table, words};

/// A stated fact and its replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatedRow {
    /// Name of the incident's scenario.
    pub incident: String,
    /// What the text states.
    pub fact: String,
    /// Between which bounds the replay must lie.
    pub bounds: String,
    /// What the replay shows.
    pub simulated: String,
    /// The verdict.
    pub status: Status,
}

const COLUMNS: [table::Column<'_>; 5] = [
    table::words("incident"),
    table::words("stated"),
    table::words("bounds"),
    table::words("simulated"),
    table::words("verdict"),
];

fn verdict(status: Status) -> &'static str {
    match status {
        Status::Pass => "holds",
        Status::Fail => "FAILS",
        Status::NoData => "NO DATA",
    }
}

/// Columns of what the text states; longer facts go on in the next line.
const FACT_COLUMNS: usize = 52;

/// The table for a terminal: under each incident's name its facts, in full, and a last line that
/// counts.
pub fn stated_against_simulated(rows: &[StatedRow], style: Style) -> String {
    let mut lines = Vec::new();
    for incident in rows.chunk_by(|a, b| a.incident == b.incident) {
        lines.push(style.bold(&incident[0].incident));
        for row in incident {
            fact_lines(row, style, &mut lines);
        }
        lines.push(String::new());
    }
    let held = rows.iter().filter(|row| row.status == Status::Pass).count();
    lines.push(format!("{held} of {} stated facts hold", rows.len()));
    lines.join("\n") + "\n"
}

fn fact_lines(row: &StatedRow, style: Style, lines: &mut Vec<String>) {
    let mut parts = words::wrap(&row.fact, FACT_COLUMNS).into_iter();
    let first = parts.next().unwrap_or_default();
    let mark = style.judged(row.status, if row.status == Status::Pass { "✓" } else { "✗" });
    let (simulated, bounds) = (&row.simulated, style.dim(&row.bounds));
    lines.push(format!("  {mark} {first:FACT_COLUMNS$}  {simulated:>13}  {bounds}"));
    lines.extend(parts.map(|part| format!("    {part}")));
}

/// The same as a Markdown table, nothing shortened.
pub fn stated_against_simulated_markdown(rows: &[StatedRow]) -> String {
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            let cells = [&row.incident, &row.fact, &row.bounds, &row.simulated];
            let mut cells: Vec<String> = cells.into_iter().cloned().collect();
            cells.push(verdict(row.status).to_owned());
            cells
        })
        .collect();
    table::markdown(&COLUMNS, &cells).join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<StatedRow> {
        let row = |incident: &str, fact: &str, status| StatedRow {
            incident: incident.into(),
            fact: fact.into(),
            bounds: "65% to 75%".into(),
            simulated: "67.9%".into(),
            status,
        };
        vec![
            row("2024-08-10-two-of-five", "about 70% of users are unable", Status::Pass),
            row("2024-08-10-two-of-five", "alert on response | times at 14:00", Status::Fail),
            row("2024-05-15-offline-member", "503 Service Unavailable", Status::NoData),
        ]
    }

    #[test]
    fn the_table_names_each_incident_once_and_counts() {
        let text = stated_against_simulated(&rows(), Style::plain());
        assert_eq!(text.matches("two-of-five").count(), 1, "{text}");
        assert!(text.ends_with("1 of 3 stated facts hold\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains("about 70% of users are unable"), "facts are not cut: {text}");
        let painted = stated_against_simulated(&rows(), Style { color: true, width: 100 });
        assert!(painted.contains("\u{1b}["));
    }

    #[test]
    fn markdown_escapes_what_would_end_a_cell() {
        let text = stated_against_simulated_markdown(&rows());
        assert!(text.contains(r"alert on response \| times"), "{text}");
        assert!(text.lines().nth(1).unwrap().starts_with("|--"), "{text}");
        assert_eq!(text.lines().count(), 5);
    }
}
