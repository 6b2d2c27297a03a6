//! Plain aligned columns, through comfy-table.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};

/// A column: what stands above it, and on which side its cells line up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    /// Title, perhaps of two lines.
    pub(crate) title: &'a str,
    /// Whether cells line up on the right, as numbers do.
    pub(crate) right: bool,
}

/// A column of words.
pub(crate) const fn words(title: &str) -> Column<'_> {
    Column { title, right: false }
}

/// A column of numbers.
pub(crate) const fn numbers(title: &str) -> Column<'_> {
    Column { title, right: true }
}

fn table(columns: &[Column<'_>], rows: &[Vec<String>]) -> Table {
    let mut table = Table::new();
    table.set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(columns.iter().map(|column| column.title));
    table.add_rows(rows.iter().cloned());
    for (index, column) in columns.iter().enumerate() {
        let cells = table.column_mut(index).expect("the header has every column");
        if column.right {
            cells.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// The lines of a table without rules, the columns two blanks apart.
pub(crate) fn plain(columns: &[Column<'_>], rows: &[Vec<String>]) -> Vec<String> {
    let mut table = table(columns, rows);
    table.load_style(presets::NOTHING);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect()
}

/// The lines of a Markdown table.
pub(crate) fn markdown(columns: &[Column<'_>], rows: &[Vec<String>]) -> Vec<String> {
    let escaped: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect())
        .collect();
    let mut table = table(columns, &escaped);
    table.load_style(presets::ASCII_MARKDOWN);
    table.lines().collect()
}
