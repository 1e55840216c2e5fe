//! CSV files whose header names the columns.

use std::path::Path;

use super::TraceError;
use super::lines::Lines;

/// A CSV file with a header: columns are found by name, and those that nobody asks for are passed over. Values may
/// stand in double quotes but hold no comma.
pub(crate) struct Columns {
    pub(crate) lines: Lines,
    names: Vec<String>,
    /// What names the columns, for messages.
    named_by: &'static str,
}

impl Columns {
    /// Opens a file and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Columns, TraceError> {
        Columns::of(path, Lines::open(path)?)
    }

    /// Reads the header of a file that is open.
    pub(crate) fn of(path: &Path, mut lines: Lines) -> Result<Columns, TraceError> {
        if !lines.advance_to_data()? {
            return Err(TraceError::Empty { path: path.to_path_buf() });
        }
        let names = lines.text()?.split(',').map(|name| unquoted(name).to_owned()).collect();
        Ok(Columns { lines, names, named_by: "header names" })
    }

    /// Opens a file without a header; its columns are these, in this order.
    pub(crate) fn open_bare(path: &Path, names: &[&str]) -> Result<Columns, TraceError> {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Ok(Columns { lines: Lines::open(path)?, names, named_by: "format has" })
    }

    /// The place of a column that must be there.
    pub(crate) fn place(&self, name: &str) -> Result<usize, TraceError> {
        self.maybe(name).ok_or_else(|| self.lines.damaged(format!("the header names no column {name}")))
    }

    /// The place of a column that may be missing. Letters may be large or small.
    pub(crate) fn maybe(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known.eq_ignore_ascii_case(name))
    }

    /// Goes to the next line; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, TraceError> {
        self.lines.advance_to_data()
    }

    /// The fields of the current line.
    pub(crate) fn fields(&self) -> Result<Vec<&str>, TraceError> {
        let fields: Vec<&str> = self.lines.text()?.split(',').map(unquoted).collect();
        if fields.len() == self.names.len() {
            Ok(fields)
        } else {
            let (found, expected, by) = (fields.len(), self.names.len(), self.named_by);
            Err(self.lines.damaged(format!("{found} columns where the {by} {expected}")))
        }
    }

    /// The fields of the next line; none at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<&str>>, TraceError> {
        if self.advance()? { self.fields().map(Some) } else { Ok(None) }
    }

    /// The error for a column of the current line.
    pub(crate) fn bad(&self, column: usize, what: &str) -> TraceError {
        self.lines.damaged(format!("column {} is no {what}", self.names[column]))
    }
}

/// A value without blanks and quotes around it.
pub(crate) fn unquoted(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(field)
}

/// A count up to `most`.
pub(crate) fn count(text: &str, most: u32) -> Option<u32> {
    text.parse().ok().filter(|&value| value <= most)
}
