//! CSV files that a scenario names: a header, and rows whose cells know where they stand.
//!
//! By hand, not with the csv package: its records do not say where their fields begin, and a
//! mistake in a file of a million rows wants a caret.

use super::super::diagnostic::{Diagnostic, Place};
use super::super::reader::Report;
use super::super::source::Source;
use super::super::suggest;
use super::super::units;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

/// Mistakes in one file that are reported.
const MOST: usize = 20;

/// The rows of a file, with the columns that were asked for.
pub(super) struct Records {
    source: Arc<Source>,
    /// Where each column asked for stands in the file.
    columns: Vec<Option<usize>>,
    rows: Vec<Vec<Cell>>,
}

/// A cell: where it stands, and its text, if that is not the same.
struct Cell {
    range: Range<usize>,
    unquoted: Option<String>,
}

/// One row of a file.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    records: &'a Records,
    cells: &'a [Cell],
}

/// A row's value in one column, and where it stands.
pub(super) struct Value<'a> {
    pub(super) text: &'a str,
    pub(super) place: Place,
}

impl Records {
    /// Reads a file with these columns, of which the first must be there.
    pub(super) fn read(report: &Report, source: &Arc<Source>, names: &[&str]) -> Option<Self> {
        let mut rows = Vec::new();
        let mut mistakes = 0;
        let mut start = 0;
        for line in source.text.split_inclusive('\n') {
            let range = start..start + line.trim_end_matches(['\n', '\r']).len();
            start += line.len();
            let text = &source.text[range.clone()];
            if text.trim().is_empty() || text.starts_with('#') {
                continue;
            }
            match cells(source, range) {
                Ok(cells) => rows.push(cells),
                Err(diagnostic) => {
                    report.push(diagnostic);
                    mistakes += 1;
                }
            }
            if mistakes == MOST {
                break;
            }
        }
        if mistakes > 0 {
            return None;
        }
        let header: Vec<Cell> = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        let mut records = Self { source: Arc::clone(source), columns: Vec::new(), rows };
        records.columns = records.header(report, &header, names)?;
        records.check_lengths(report, header.len())?;
        if records.rows.is_empty() {
            let place = Place::new(source, 0..source.text.len());
            let message = format!("{} has no rows", source.name);
            report.push(Diagnostic::new(message, &place, "a header, and nothing below it"));
            return None;
        }
        Some(records)
    }

    /// The position of each name in the header.
    fn header(
        &self,
        report: &Report,
        cells: &[Cell],
        names: &[&str],
    ) -> Option<Vec<Option<usize>>> {
        let list = names.join(", ");
        let mut columns = vec![None; names.len()];
        let mut sound = true;
        for (position, cell) in cells.iter().enumerate() {
            let text = self.text(cell);
            let place = Place::new(&self.source, cell.range.clone());
            let wrong = match names.iter().position(|name| *name == text) {
                Some(name) if columns[name].is_none() => {
                    columns[name] = Some(position);
                    continue;
                }
                Some(_) => Diagnostic::new(format!("two columns `{text}`"), &place, ""),
                None => Diagnostic::new(format!("unknown column `{text}`"), &place, "")
                    .help(suggest::help(text, names.iter().copied(), "columns")),
            };
            report.push(wrong);
            sound = false;
        }
        if sound && columns[0].is_none() {
            let place = Place::new(&self.source, 0..0);
            let message = format!("{} has no column `{}`", self.source.name, names[0]);
            report.push(
                Diagnostic::new(message, &place, "the header belongs here")
                    .help(format!("columns: {list}")),
            );
            sound = false;
        }
        sound.then_some(columns)
    }

    fn check_lengths(&self, report: &Report, expected: usize) -> Option<()> {
        let wrong = self.rows.iter().filter(|row| row.len() != expected);
        let mut count = 0;
        for row in wrong.take(MOST) {
            let (first, last) = (row.first()?, row.last()?);
            let place = Place::new(&self.source, first.range.start..last.range.end);
            let cells = if row.len() == 1 { "1 cell" } else { &*format!("{} cells", row.len()) };
            let message = format!("this row has {cells}, the header {expected}");
            report.push(Diagnostic::new(message, &place, ""));
            count += 1;
        }
        (count == 0).then_some(())
    }

    /// Whether the file has a column, by its position among those asked for.
    pub(super) fn has(&self, column: usize) -> bool {
        self.columns[column].is_some()
    }

    /// Where the name of a column stands.
    pub(super) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    fn text<'a>(&'a self, cell: &'a Cell) -> &'a str {
        cell.unquoted.as_deref().unwrap_or(&self.source.text[cell.range.clone()])
    }

    /// Reads every row, up to so many mistakes.
    pub(super) fn map<'a, T>(
        &'a self,
        report: &Report,
        mut read: impl FnMut(Row<'a>) -> Result<T, Diagnostic>,
    ) -> Option<Vec<T>> {
        let mut values = Vec::with_capacity(self.rows.len());
        let mut mistakes = 0;
        for cells in &self.rows {
            match read(Row { records: self, cells }) {
                Ok(value) => values.push(value),
                Err(diagnostic) => {
                    report.push(diagnostic);
                    mistakes += 1;
                }
            }
            if mistakes == MOST {
                break;
            }
        }
        (mistakes == 0).then_some(values)
    }
}

impl<'a> Row<'a> {
    /// The value in a column that the file has, by its position among those asked for; never empty.
    pub(super) fn value(&self, column: usize, name: &str) -> Result<Option<Value<'a>>, Diagnostic> {
        let Some(position) = self.records.columns[column] else { return Ok(None) };
        let cell = &self.cells[position];
        let place = Place::new(&self.records.source, cell.range.clone());
        let text = self.records.text(cell);
        if text.is_empty() {
            return Err(Diagnostic::new(format!("this row has no {name}"), &place, "nothing here"));
        }
        Ok(Some(Value { text, place }))
    }

    /// The same of the first column, which every file has.
    pub(super) fn first(&self, name: &str) -> Result<Value<'a>, Diagnostic> {
        Ok(self.value(0, name)?.expect("a file without its first column is refused"))
    }
}

impl Value<'_> {
    /// What is wrong with it.
    pub(super) fn wrong(&self, message: impl Into<String>, label: &str) -> Diagnostic {
        Diagnostic::new(message, &self.place, label)
    }

    /// A number in this range.
    pub(super) fn number(&self, name: &str, low: f64, high: f64) -> Result<f64, Diagnostic> {
        let number = units::number(self.text)
            .map_err(|error| self.wrong(format!("{name} must be a number"), &error.message))?;
        if (low..=high).contains(&number) {
            return Ok(number);
        }
        Err(self.wrong(format!("{name} must be from {low} to {high}"), ""))
    }
}

/// The cells of a line: between commas, without the blanks around them, or in quotes.
fn cells(source: &Arc<Source>, line: Range<usize>) -> Result<Vec<Cell>, Diagnostic> {
    let mut cells = Vec::new();
    let mut at = line.start;
    loop {
        let rest = &source.text[at..line.end];
        let blanks = rest.len() - rest.trim_start().len();
        let (length, unquoted) = match rest.trim_start().strip_prefix('"') {
            None => (rest.find(',').unwrap_or(rest.len()), None),
            Some(inside) => {
                let Some((text, length)) = quoted(inside) else {
                    let place = Place::new(source, at + blanks..line.end);
                    let message = "this quote does not end on its line";
                    return Err(Diagnostic::new(message, &place, ""));
                };
                (blanks + 1 + length, Some(text.into_owned()))
            }
        };
        let written = &rest[..length];
        let start = at + written.len() - written.trim_start().len();
        cells.push(Cell { range: start..start + written.trim().len(), unquoted });
        let behind = rest[length..].trim_start();
        if behind.is_empty() {
            return Ok(cells);
        }
        let Some(next) = behind.strip_prefix(',') else {
            let place = Place::new(source, line.end - behind.len()..line.end);
            return Err(Diagnostic::new("a comma must follow a quote", &place, ""));
        };
        at = line.end - next.len();
    }
}

/// The text up to the closing quote, and how far that is, the quote included. Two quotes are one.
fn quoted(inside: &str) -> Option<(Cow<'_, str>, usize)> {
    let mut from = 0;
    loop {
        let end = from + inside[from..].find('"')?;
        if inside[end + 1..].starts_with('"') {
            from = end + 2;
        } else {
            let text = &inside[..end];
            let text = if from == 0 { text.into() } else { text.replace("\"\"", "\"").into() };
            return Some((text, end + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Vec<String>>, Vec<String>> {
        let report = Report::default();
        let source = Arc::new(Source::from_text("t.csv", text));
        let records = Records::read(&report, &source, &["time", "user"]);
        let rows = records.and_then(|records| {
            records.map(&report, |row| {
                let time = row.first("time")?.text.to_owned();
                let user = row.value(1, "user")?.map(|value| value.text.to_owned());
                Ok([Some(time), user].into_iter().flatten().collect())
            })
        });
        let wrong = report.finish().into_list();
        let places = wrong.iter().map(|diagnostic| {
            let place = diagnostic.place().unwrap();
            format!("{}:{}: {}", place.line(), place.column(), diagnostic.message)
        });
        rows.ok_or_else(|| places.collect())
    }

    #[test]
    fn cells_stand_between_commas_or_in_quotes() {
        let text = "# a comment\ntime, user\n\n1,a\r\n 2 , b c \n3,\"x, \"\"y\"\"\"";
        assert_eq!(read(text).unwrap(), [["1", "a"], ["2", "b c"], ["3", "x, \"y\""]]);
        assert_eq!(read("time\n5").unwrap(), [["5"]]);
    }

    #[test]
    fn mistakes_have_their_line_and_column() {
        for (text, expected) in [
            ("time,usr\n1,a", "1:6: unknown column `usr`"),
            ("user\na", "1:1: t.csv has no column `time`"),
            ("time,time\n1,1", "1:6: two columns `time`"),
            ("", "1:1: t.csv has no column `time`"),
            ("time,user\n", "1:1: t.csv has no rows"),
            ("time,user\n1", "2:1: this row has 1 cell, the header 2"),
            ("time,user\n1,a\n2,", "3:3: this row has no user"),
            ("time,user\n1,\"a", "2:3: this quote does not end on its line"),
            ("time,user\n1,\"a\"b", "2:6: a comma must follow a quote"),
        ] {
            assert_eq!(read(text).unwrap_err(), [expected], "{text:?}");
        }
    }
}
