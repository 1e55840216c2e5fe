//! Reading one CSV table so that whatever is wrong with a cell is said with file, line and column.

use std::str::FromStr;

/// A row of the catalog that cannot be used: where it is, and what was expected there.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file}:{line}: column {number} ({column}): {what}")]
pub struct CatalogError {
    /// File, relative to the repository.
    pub file: &'static str,
    /// Line, counted from 1 (the header).
    pub line: u64,
    /// Column, counted from 1; 0 when the whole row is meant.
    pub number: usize,
    /// Name of the column; `*` when the whole row is meant.
    pub column: String,
    /// What is wrong.
    pub what: String,
}

/// A table of which every row has the columns that the header promises.
pub(super) struct Table {
    file: &'static str,
    columns: &'static [&'static str],
    rows: Vec<csv::StringRecord>,
}

impl Table {
    /// Reads `text`, whose header must be exactly `columns`.
    pub(super) fn read(
        file: &'static str,
        columns: &'static [&'static str],
        text: &str,
    ) -> Result<Table, CatalogError> {
        let whole_row = |line, what| CatalogError { file, line, number: 0, column: "*".to_owned(), what };
        let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
        let header = reader.headers().map_err(|error| whole_row(1, error.to_string()))?.clone();
        for at in 0..columns.len().max(header.len()) {
            let (want, got) = (columns.get(at).copied(), header.get(at));
            if want != got {
                return Err(CatalogError {
                    file,
                    line: 1,
                    number: at + 1,
                    column: got.unwrap_or("missing").to_owned(),
                    what: match want {
                        Some(want) => format!("the header must say `{want}` here"),
                        None => "the header has a column that nothing reads".to_owned(),
                    },
                });
            }
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            match record {
                Ok(record) => rows.push(record),
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    let what = match error.kind() {
                        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                            format!("{len} cells where the header has {expected_len}")
                        }
                        _ => error.to_string(),
                    };
                    return Err(whole_row(line, what));
                }
            }
        }
        Ok(Table { file, columns, rows })
    }

    /// The rows, in file order.
    pub(super) fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        self.rows.iter().map(|record| Row { table: self, record })
    }
}

/// One row: typed access to its cells by column name.
#[derive(Clone, Copy)]
pub(super) struct Row<'t> {
    table: &'t Table,
    record: &'t csv::StringRecord,
}

impl<'t> Row<'t> {
    fn at(&self, column: &str) -> usize {
        self.table.columns.iter().position(|name| *name == column).expect("a column of this table's header")
    }

    /// The cell as it stands.
    pub(super) fn raw(&self, column: &str) -> &'t str {
        &self.record[self.at(column)]
    }

    /// An error at this cell.
    pub(super) fn wrong(&self, column: &str, what: impl Into<String>) -> CatalogError {
        CatalogError {
            file: self.table.file,
            line: self.record.position().map_or(0, csv::Position::line),
            number: self.at(column) + 1,
            column: column.to_owned(),
            what: what.into(),
        }
    }

    /// An error at this cell that says what was expected of it and what it holds.
    pub(super) fn expected(&self, column: &str, what: &str) -> CatalogError {
        match self.raw(column) {
            "" => self.wrong(column, format!("expected {what}, found an empty cell")),
            found => self.wrong(column, format!("expected {what}, found `{found}`")),
        }
    }

    /// A cell that must hold text.
    pub(super) fn text(&self, column: &str) -> Result<String, CatalogError> {
        match self.raw(column) {
            "" => Err(self.expected(column, "text")),
            text => Ok(text.to_owned()),
        }
    }

    /// A number, or nothing when the cell is empty.
    pub(super) fn number_or_none<N: FromStr>(&self, column: &str) -> Result<Option<N>, CatalogError> {
        match self.raw(column) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.expected(column, "a whole number")),
        }
    }

    /// A whole number.
    pub(super) fn number<N: FromStr>(&self, column: &str) -> Result<N, CatalogError> {
        self.number_or_none(column)?.ok_or_else(|| self.expected(column, "a whole number"))
    }

    /// A whole number above zero.
    pub(super) fn positive(&self, column: &str) -> Result<u32, CatalogError> {
        match self.number::<u32>(column)? {
            0 => Err(self.expected(column, "a number above 0")),
            number => Ok(number),
        }
    }

    /// A decimal of at most three places, in thousandths; nothing when the cell is empty.
    pub(super) fn milli_or_none(&self, column: &str) -> Result<Option<u32>, CatalogError> {
        match self.raw(column) {
            "" => Ok(None),
            text => {
                let milli = thousandths(text);
                milli.map(Some).ok_or_else(|| self.expected(column, "a number of at most three decimals"))
            }
        }
    }

    /// A memory size given in GiB (halves occur), in MiB.
    pub(super) fn gib_as_mib(&self, column: &str) -> Result<u32, CatalogError> {
        let milli = self.milli_or_none(column)?.unwrap_or(0);
        let mib = u64::from(milli) * 1024;
        if milli == 0 || !mib.is_multiple_of(1000) {
            return Err(self.expected(column, "a size in GiB that is a whole number of MiB above 0"));
        }
        u32::try_from(mib / 1000).map_err(|_| self.expected(column, "a size below 4 PiB"))
    }

    /// `yes` or `no`.
    pub(super) fn yes(&self, column: &str) -> Result<bool, CatalogError> {
        match self.raw(column) {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.expected(column, "`yes` or `no`")),
        }
    }

    /// One of several words.
    pub(super) fn one_of<T: Copy>(&self, column: &str, words: &[(&str, T)]) -> Result<T, CatalogError> {
        let found = words.iter().find(|(word, _)| *word == self.raw(column));
        found.map(|(_, value)| *value).ok_or_else(|| {
            let known: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.expected(column, &format!("one of {}", known.join(", ")))
        })
    }

    /// Words separated by semicolons; none when the cell is empty.
    pub(super) fn list(&self, column: &str) -> Vec<String> {
        self.raw(column).split(';').filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

/// A decimal such as `12.5` in thousandths, exactly; none when it is no such number.
fn thousandths(text: &str) -> Option<u32> {
    let (whole, places) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(places) || places.len() > 3 {
        return None;
    }
    let places: u32 = format!("{places:0<3}").parse().ok()?;
    whole.parse::<u32>().ok()?.checked_mul(1000)?.checked_add(places)
}

#[cfg(test)]
mod tests {
    use super::thousandths;

    #[test]
    fn decimals_are_exact() {
        let cases =
            [("0.125", 125), ("12.5", 12_500), ("0.08", 80), ("96", 96_000), ("4294967.295", u32::MAX)];
        for (text, want) in cases {
            assert_eq!(thousandths(text), Some(want), "{text}");
        }
        for text in ["", ".5", "5.", "1.2345", "-1", "1e3", "x", "4294967.296", "1.x"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
    }
}
