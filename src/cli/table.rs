//! Rows as an aligned table, JSON or CSV.

use serde::Serialize;

/// How rows are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// Columns aligned with spaces.
    Table,
    /// One JSON array of objects with the full field names.
    Json,
    /// CSV, the columns of the table.
    Csv,
}

/// A column: its heading, its side, and its cell of a row.
pub(super) struct Column<T> {
    head: &'static str,
    right: bool,
    cell: Box<dyn Fn(&T) -> String>,
}

/// A column of text.
pub(super) fn left<T>(head: &'static str, cell: impl Fn(&T) -> String + 'static) -> Column<T> {
    Column { head, right: false, cell: Box::new(cell) }
}

/// A column of numbers.
pub(super) fn right<T>(head: &'static str, cell: impl Fn(&T) -> String + 'static) -> Column<T> {
    Column { head, right: true, cell: Box::new(cell) }
}

/// The rows as text that ends with a line break.
///
/// # Errors
/// A row that has no JSON or CSV form, which none of ours is.
pub(super) fn show<T: Serialize>(
    rows: &[&T],
    columns: &[Column<T>],
    format: Format,
) -> Result<String, Box<dyn std::error::Error>> {
    match format {
        Format::Json => Ok(serde_json::to_string_pretty(rows)? + "\n"),
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(columns.iter().map(|column| column.head))?;
            for row in rows {
                writer.write_record(columns.iter().map(|column| (column.cell)(row)))?;
            }
            Ok(String::from_utf8(writer.into_inner()?)?)
        }
        Format::Table => Ok(table(rows, columns)),
    }
}

fn table<T>(rows: &[&T], columns: &[Column<T>]) -> String {
    let head = columns.iter().map(|column| column.head.to_owned()).collect();
    let mut lines: Vec<Vec<String>> = vec![head];
    lines.extend(rows.iter().map(|row| columns.iter().map(|column| (column.cell)(row)).collect()));
    let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    for line in &lines {
        let mut shown = String::new();
        for ((cell, column), width) in line.iter().zip(columns).zip(&widths) {
            let padding = " ".repeat(width - cell.chars().count());
            let (before, after) = if column.right { (padding.as_str(), "") } else { ("", padding.as_str()) };
            shown.extend([before, cell, after, "  "]);
        }
        text.push_str(shown.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Row {
        name: &'static str,
        count: u32,
    }

    #[test]
    fn rows_print_in_three_forms() {
        let rows = [Row { name: "a, b", count: 7 }, Row { name: "c", count: 12 }];
        let rows: Vec<&Row> = rows.iter().collect();
        let columns =
            [left("name", |row: &Row| row.name.to_owned()), right("n", |row: &Row| row.count.to_string())];
        let text = |format| show(&rows, &columns, format).expect("prints");
        assert_eq!(text(Format::Table), "name   n\na, b   7\nc     12\n");
        assert_eq!(text(Format::Csv), "name,n\n\"a, b\",7\nc,12\n");
        assert!(text(Format::Json).starts_with("[\n  {\n    \"name\": \"a, b\","));
    }
}
