//! Writes Parquet files in row groups while the run goes on, on a thread of its own: encoding takes about as long as
//! simulating, and nothing of it comes back to the run.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;

use parquet::basic::{Compression, Encoding};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::ColumnPath;

use super::schema::{Kind, Selection, TABLES};

/// Rows of one row group.
pub(super) const GROUP_ROWS: usize = 1 << 16;
/// Row groups that may wait for the thread: what the run may be ahead, and the memory that costs.
const AHEAD: usize = 4;

/// One value of a row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cell {
    /// None.
    Null,
    /// A whole number, or a moment in microseconds since 1970.
    Int(i64),
    /// A number.
    Float(f64),
    /// The number of a text that was named to the sink.
    Text(u32),
    /// Yes or no.
    Bool(bool),
}

/// Values of one column.
#[derive(Debug)]
enum Values {
    Int(Vec<i64>),
    Float(Vec<f64>),
    Text(Vec<u32>),
    Bool(Vec<bool>),
}

/// A column that is being filled. `present` is empty for columns that always have a value.
#[derive(Debug)]
struct Buffer {
    values: Values,
    optional: bool,
    present: Vec<i16>,
}

impl Buffer {
    fn new(kind: Kind, optional: bool) -> Buffer {
        let values = match kind {
            Kind::Time | Kind::Int => Values::Int(Vec::with_capacity(GROUP_ROWS)),
            Kind::Float | Kind::Size => Values::Float(Vec::with_capacity(GROUP_ROWS)),
            Kind::Text => Values::Text(Vec::with_capacity(GROUP_ROWS)),
            Kind::Bool => Values::Bool(Vec::with_capacity(GROUP_ROWS)),
        };
        Buffer { values, optional, present: Vec::with_capacity(if optional { GROUP_ROWS } else { 0 }) }
    }

    #[inline]
    fn push(&mut self, cell: Cell) {
        if self.optional {
            let there = !matches!(cell, Cell::Null);
            self.present.push(i16::from(there));
            if !there {
                return;
            }
        }
        match (&mut self.values, cell) {
            (Values::Int(values), Cell::Int(value)) => values.push(value),
            (Values::Float(values), Cell::Float(value)) => values.push(value),
            (Values::Text(values), Cell::Text(value)) => values.push(value),
            (Values::Bool(values), Cell::Bool(value)) => values.push(value),
            (_, cell) => unreachable!("{cell:?} in a column of another kind"),
        }
    }
}

/// What the thread is told.
enum Message {
    /// The next numbers of texts.
    Names(Vec<ByteArray>),
    /// A row group of one table.
    Rows(usize, Vec<Buffer>),
}

/// The tables of one run.
pub(super) struct Sink {
    kept: [Vec<usize>; TABLES.len()],
    buffers: [Vec<Buffer>; TABLES.len()],
    rows: [usize; TABLES.len()],
    to: SyncSender<Message>,
    thread: JoinHandle<Result<(), ParquetError>>,
}

impl Sink {
    /// Creates the files of all tables that are kept.
    pub(super) fn create(folder: &Path, selection: &Selection) -> io::Result<Sink> {
        let mut writers = Vec::new();
        for (at, table) in TABLES.iter().enumerate() {
            let kept = selection.of(at);
            let writer = match kept {
                [] => None,
                kept => {
                    let file = File::create(folder.join(table.name).with_extension("parquet"))?;
                    let schema = parse_message_type(&table.message(kept)).map_err(io::Error::other)?;
                    let properties = Arc::new(properties(at, kept));
                    Some(
                        SerializedFileWriter::new(file, Arc::new(schema), properties)
                            .map_err(io::Error::other)?,
                    )
                }
            };
            writers.push(writer);
        }
        let (to, from) = mpsc::sync_channel(AHEAD);
        let thread =
            std::thread::Builder::new().name("tables".to_owned()).spawn(move || write(writers, &from))?;
        let kept: [Vec<usize>; TABLES.len()] = std::array::from_fn(|at| selection.of(at).to_vec());
        let buffers = std::array::from_fn(|at| empty(at, &kept[at]));
        Ok(Sink { kept, buffers, rows: [0; TABLES.len()], to, thread })
    }

    /// Whether a table is written at all.
    pub(super) fn wants(&self, table: usize) -> bool {
        !self.kept[table].is_empty()
    }

    /// Names the next texts.
    pub(super) fn name(&mut self, names: Vec<ByteArray>) {
        // A thread that is gone says why when it is joined.
        let _ = self.to.send(Message::Names(names));
    }

    /// Adds a row with a cell for each column of the table, kept or not.
    #[inline]
    pub(super) fn row(&mut self, table: usize, row: &[Cell]) {
        for (buffer, &at) in self.buffers[table].iter_mut().zip(&self.kept[table]) {
            buffer.push(row[at]);
        }
        self.rows[table] += 1;
    }

    /// Whether a row group is complete.
    #[inline]
    pub(super) fn is_full(&self, table: usize) -> bool {
        self.rows[table] >= GROUP_ROWS
    }

    /// Hands a row group to the thread.
    pub(super) fn flush(&mut self, table: usize) {
        if std::mem::take(&mut self.rows[table]) > 0 && self.wants(table) {
            let full = std::mem::replace(&mut self.buffers[table], empty(table, &self.kept[table]));
            let _ = self.to.send(Message::Rows(table, full));
        }
    }

    /// Writes what is left and closes the files.
    pub(super) fn finish(mut self) -> io::Result<()> {
        (0..TABLES.len()).for_each(|table| self.flush(table));
        drop(self.to);
        let done =
            self.thread.join().unwrap_or_else(|_| Err(ParquetError::General("the writer panicked".into())));
        done.map_err(|error| match error {
            ParquetError::External(error) => io::Error::other(error),
            error => io::Error::other(error),
        })
    }
}

impl std::fmt::Debug for Sink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sink").field("rows", &self.rows).finish_non_exhaustive()
    }
}

fn empty(table: usize, kept: &[usize]) -> Vec<Buffer> {
    let columns = kept.iter().map(|&at| TABLES[table].columns[at]);
    columns.map(|column| Buffer::new(column.kind, column.optional)).collect()
}

fn properties(table: usize, kept: &[usize]) -> WriterProperties {
    let mut properties = WriterProperties::builder()
        .set_created_by(format!("packyard version {}", env!("CARGO_PKG_VERSION")))
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_enabled(false);
    for column in kept.iter().map(|&at| TABLES[table].columns[at]) {
        let path = ColumnPath::from(column.name);
        properties = match column.kind {
            Kind::Time | Kind::Int => properties.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
            Kind::Text | Kind::Size => properties.set_column_dictionary_enabled(path, true),
            Kind::Float | Kind::Bool => properties,
        };
    }
    properties.build()
}

/// The thread: writes row groups as they come, until the run has hung up.
fn write(
    mut writers: Vec<Option<SerializedFileWriter<File>>>,
    from: &Receiver<Message>,
) -> Result<(), ParquetError> {
    let mut names: Vec<ByteArray> = Vec::new();
    while let Ok(message) = from.recv() {
        match message {
            Message::Names(more) => names.extend(more),
            Message::Rows(table, columns) => {
                if let Some(writer) = &mut writers[table] {
                    group(writer, columns, &names)?;
                }
            }
        }
    }
    for writer in writers.into_iter().flatten() {
        writer.into_inner()?.sync_all()?;
    }
    Ok(())
}

fn group(
    writer: &mut SerializedFileWriter<File>,
    columns: Vec<Buffer>,
    names: &[ByteArray],
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for column in columns {
        let Some(mut out) = group.next_column()? else { break };
        let present = column.optional.then_some(column.present.as_slice());
        match column.values {
            Values::Int(values) => out.typed::<Int64Type>().write_batch(&values, present, None)?,
            Values::Float(values) => out.typed::<DoubleType>().write_batch(&values, present, None)?,
            Values::Bool(values) => out.typed::<BoolType>().write_batch(&values, present, None)?,
            Values::Text(codes) => {
                let texts: Vec<ByteArray> = codes.iter().map(|&code| names[code as usize].clone()).collect();
                out.typed::<ByteArrayType>().write_batch(&texts, present, None)?
            }
        };
        out.close()?;
    }
    group.close()?;
    Ok(())
}
