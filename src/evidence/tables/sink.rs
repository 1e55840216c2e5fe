//! Parquet files that are written in row groups, from rows of plain cells.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{BoolType, ByteArray, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::{ColumnDescPtr, ColumnPath};
use rustc_hash::FxHashMap;

use super::dictionary::Encoder;
use super::schema::{ColumnSpec, Kind, Selection, TABLES};

/// Rows of one row group.
const GROUP_ROWS: usize = 1 << 16;

/// One value of a row: a whole number or a moment, the bits of a number, the number of a text or a size in [`Names`],
/// yes or no. Which of these it is, the column knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Cell(i64);

impl Cell {
    /// No value. (As bits it is a number that nothing here has: the smallest below zero.)
    pub(super) const NULL: Cell = Cell(i64::MIN + 1);

    pub(super) fn int(value: impl Into<i64>) -> Cell {
        Cell(value.into())
    }

    pub(super) fn float(value: f64) -> Cell {
        Cell(value.to_bits() as i64)
    }

    pub(super) fn bool(value: bool) -> Cell {
        Cell(value.into())
    }

    fn there(self) -> Option<i64> {
        (self != Cell::NULL).then_some(self.0)
    }
}

/// Texts and sizes by number: what dictionaries are made of.
#[derive(Debug, Default)]
pub(super) struct Names {
    texts: Vec<ByteArray>,
    by_text: FxHashMap<String, Cell>,
    /// By address of a constant: a faster way to the same numbers.
    by_constant: FxHashMap<(usize, usize), Cell>,
    sizes: Vec<f64>,
    by_bits: FxHashMap<u64, Cell>,
}

impl Names {
    /// A text.
    pub(super) fn text(&mut self, text: &str) -> Cell {
        if let Some(&known) = self.by_text.get(text) {
            return known;
        }
        let number = Cell(self.texts.len() as i64);
        self.by_text.insert(text.to_owned(), number);
        self.texts.push(ByteArray::from(text.as_bytes().to_vec()));
        number
    }

    /// A text of the program itself.
    pub(super) fn constant(&mut self, text: &'static str) -> Cell {
        let key = (text.as_ptr() as usize, text.len());
        if let Some(&known) = self.by_constant.get(&key) {
            return known;
        }
        let number = self.text(text);
        self.by_constant.insert(key, number);
        number
    }

    /// A number of a [`Kind::Size`] column.
    pub(super) fn size(&mut self, value: f64) -> Cell {
        *self.by_bits.entry(value.to_bits()).or_insert_with(|| {
            self.sizes.push(value);
            Cell(self.sizes.len() as i64 - 1)
        })
    }
}

/// One table that is written.
struct Table {
    writer: SerializedFileWriter<File>,
    /// The columns that are kept: place in the row, what it is, how the file describes it.
    columns: Vec<(usize, ColumnSpec, ColumnDescPtr)>,
    /// Cells of the row group that is being filled, column by column.
    cells: Vec<Cell>,
    rows: usize,
}

/// The tables of one run.
pub(super) struct Sink {
    pub(super) names: Names,
    tables: [Option<Table>; TABLES.len()],
    encoder: Encoder,
}

impl Sink {
    /// Creates the files of all tables that are kept.
    ///
    /// # Errors
    /// When a file cannot be created.
    pub(super) fn create(folder: &Path, selection: &Selection) -> io::Result<Sink> {
        let mut tables = [const { None }; TABLES.len()];
        for (at, table) in tables.iter_mut().enumerate().filter(|(at, _)| !selection.of(*at).is_empty()) {
            *table = Some(Table::create(folder, at, selection.of(at)).map_err(plain)?);
        }
        Ok(Sink { names: Names::default(), tables, encoder: Encoder::default() })
    }

    /// Adds a row with a cell for each column of the table, kept or not.
    ///
    /// # Errors
    /// When a row group cannot be written.
    #[inline]
    pub(super) fn row(&mut self, table: usize, row: &[Cell]) -> Result<(), ParquetError> {
        let Some(table) = &mut self.tables[table] else { return Ok(()) };
        for (of, (at, ..)) in table.columns.iter().enumerate() {
            table.cells[of * GROUP_ROWS + table.rows] = row[*at];
        }
        table.rows += 1;
        if table.rows == GROUP_ROWS {
            table.group(&self.names, &mut self.encoder)?;
        }
        Ok(())
    }

    /// Writes what is left and closes the files.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn finish(mut self) -> Result<(), ParquetError> {
        for mut table in self.tables.into_iter().flatten() {
            if table.rows > 0 {
                table.group(&self.names, &mut self.encoder)?;
            }
            table.writer.into_inner()?.sync_all()?;
        }
        Ok(())
    }
}

/// The plain form of an error.
pub(super) fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => io::Error::other(error),
        error => io::Error::other(error),
    }
}

impl Table {
    fn create(folder: &Path, at: usize, kept: &[usize]) -> Result<Table, ParquetError> {
        let spec = &TABLES[at];
        let file = File::create(folder.join(spec.name).with_extension("parquet"))?;
        let schema = parse_message_type(&spec.message(kept))?;
        let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties(at, kept)))?;
        let described = writer.schema_descr().columns().to_vec();
        let columns = kept.iter().zip(described).map(|(&at, column)| (at, spec.columns[at], column));
        let cells = vec![Cell(0); kept.len() * GROUP_ROWS];
        Ok(Table { columns: columns.collect(), writer, cells, rows: 0 })
    }

    /// Writes the row group.
    fn group(&mut self, names: &Names, encoder: &mut Encoder) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for ((_, spec, column), cells) in self.columns.iter().zip(self.cells.chunks(GROUP_ROWS)) {
            let cells = &cells[..self.rows];
            let numbers = cells.iter().map(|cell| cell.there().map(|number| number as usize));
            match spec.kind {
                Kind::Text | Kind::Size => {
                    let (bytes, close) = if spec.kind == Kind::Text {
                        encoder.chunk(column.clone(), numbers, &names.texts)?
                    } else {
                        encoder.chunk(column.clone(), numbers, &names.sizes)?
                    };
                    group.append_column(&bytes, close)?;
                }
                _ => values(&mut group, *spec, cells)?,
            }
        }
        self.rows = 0;
        group.close().map(drop)
    }
}

/// Writes a column whose values stand in the cells themselves.
fn values(
    group: &mut SerializedRowGroupWriter<'_, File>,
    spec: ColumnSpec,
    cells: &[Cell],
) -> Result<(), ParquetError> {
    let mut out = group.next_column()?.expect("a column for each of the schema");
    let levels = spec.optional.then(|| cells.iter().map(|cell| i16::from(cell.there().is_some())).collect());
    let levels: Option<Vec<i16>> = levels;
    let there = cells.iter().filter_map(|cell| cell.there());
    let levels = levels.as_deref();
    match spec.kind {
        Kind::Bool => {
            let values: Vec<bool> = there.map(|value| value != 0).collect();
            out.typed::<BoolType>().write_batch(&values, levels, None)?;
        }
        Kind::Float => {
            let values: Vec<f64> = there.map(|bits| f64::from_bits(bits as u64)).collect();
            out.typed::<DoubleType>().write_batch(&values, levels, None)?;
        }
        _ => {
            let values: Vec<i64> = there.collect();
            out.typed::<Int64Type>().write_batch(&values, levels, None)?;
        }
    }
    out.close()
}

fn properties(table: usize, kept: &[usize]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("packyard version {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        .set_dictionary_enabled(false);
    for column in kept.iter().map(|&at| TABLES[table].columns[at]) {
        if matches!(column.kind, Kind::Time | Kind::Int) {
            let path = ColumnPath::from(column.name);
            properties = properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        }
    }
    properties.build()
}
