//! `packyard-parquet`: the columns of `packyard-csv`, exactly and typed. Columns are found by name; others are passed over.
//!
//! | column | type | meaning |
//! |---|---|---|
//! | `at_us` | integer | microseconds on the trace's clock, in order |
//! | `type` | text | instance type by name; or |
//! | `cpu_milli`, `memory_mib` | integer | thousandths of a vCPU and MiB; and with them |
//! | `gpus`, `gpu_milli`, `gpu_models` | integer, integer, text | number of GPUs, thousandths of each, allowed models joined by a bar |
//! | `lifetime_us` | integer | none: never ends; -1: not known |
//! | `zone`, `account`, `class` | text | names |
//! | `spot` | boolean | may be taken away |
//! | `batch`, `age_us` | integer | as in `packyard-csv` |

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};

use super::lines::unpacked_copy;
use super::{Asked, Gpus, Names, Record, RecordEnd, Table, TraceError};
use crate::model::{SimDuration, SimTime};
use crate::placement::MAX_GPUS;

/// How every Parquet file begins.
const MAGIC: &[u8] = b"PAR1";
/// Rows that are held at a time.
const ROWS: usize = 8_192;

/// The columns and whether they hold text; positions are those of the constants below.
const COLUMNS: [(&str, bool); 14] = [
    ("at_us", false),
    ("type", true),
    ("cpu_milli", false),
    ("memory_mib", false),
    ("gpus", false),
    ("gpu_milli", false),
    ("gpu_models", true),
    ("lifetime_us", false),
    ("zone", true),
    ("account", true),
    ("class", true),
    ("spot", false),
    ("batch", false),
    ("age_us", false),
];
const AT: usize = 0;
const TYPE: usize = 1;
const CPU: usize = 2;
const MEMORY: usize = 3;
const GPUS: usize = 4;
const GPU_MILLI: usize = 5;
const GPU_MODELS: usize = 6;
const LIFETIME: usize = 7;
const ZONE: usize = 8;
const ACCOUNT: usize = 9;
const CLASS: usize = 10;
const SPOT: usize = 11;
const BATCH: usize = 12;
const AGE: usize = 13;

/// A trace in columns, read some thousand rows at a time.
pub(super) struct Columns {
    path: PathBuf,
    file: SerializedFileReader<File>,
    /// Column of the file by column of ours.
    places: [Option<usize>; COLUMNS.len()],
    group: usize,
    /// Readers of the current row group.
    open: Vec<Option<Source>>,
    /// Rows of the group that are still to be read.
    left: usize,
    held: Vec<Values>,
    /// Next row of `held`, of how many.
    next: (usize, usize),
    /// Rows handed out so far.
    row: u64,
    batch: Option<(i64, u64)>,
}

enum Source {
    Int32(ColumnReaderImpl<Int32Type>),
    Int64(ColumnReaderImpl<Int64Type>),
    Bool(ColumnReaderImpl<BoolType>),
    Text(ColumnReaderImpl<ByteArrayType>),
}

enum Values {
    None,
    Numbers(Vec<Option<i64>>),
    Texts(Vec<Option<ByteArray>>),
}

impl Columns {
    pub(super) fn open(path: &Path) -> Result<Columns, TraceError> {
        let failed =
            |error: ParquetError| TraceError::Database { path: path.to_path_buf(), what: error.to_string() };
        let opened = |cause| TraceError::Open { path: path.to_path_buf(), cause };
        let file = match unpacked_copy(path, MAGIC)? {
            Some(copy) => copy.reopen().map_err(opened)?,
            None => File::open(path).map_err(opened)?,
        };
        let file = SerializedFileReader::new(file).map_err(failed)?;
        let schema = file.metadata().file_metadata().schema_descr();
        let place = |name: &str| schema.columns().iter().position(|column| column.name() == name);
        let places = COLUMNS.map(|(name, _)| place(name));
        let missing = |what: &str| TraceError::Database { path: path.to_path_buf(), what: what.to_owned() };
        if places[AT].is_none() {
            return Err(missing("there is no column at_us"));
        }
        if places[TYPE].is_none() && (places[CPU].is_none() || places[MEMORY].is_none()) {
            return Err(missing("there is no column type, nor are there cpu_milli and memory_mib"));
        }
        if file.metadata().file_metadata().num_rows() == 0 {
            return Err(TraceError::Empty { path: path.to_path_buf() });
        }
        Ok(Columns {
            path: path.to_path_buf(),
            file,
            places,
            group: 0,
            open: Vec::new(),
            left: 0,
            held: Vec::new(),
            next: (0, 0),
            row: 0,
            batch: None,
        })
    }

    /// The error for the row that was read last.
    pub(super) fn damaged(&self, what: &str) -> TraceError {
        let (path, line) = (self.path.clone(), self.row);
        TraceError::Damaged { path, line, what: what.to_owned(), text: format!("row {line}") }
    }

    pub(super) fn next(&mut self, names: &mut Names) -> Result<Option<Record>, TraceError> {
        if self.next.0 == self.next.1 && !self.fill()? {
            return Ok(None);
        }
        self.row += 1;
        let at = self.next.0;
        self.next.0 += 1;
        self.record(at, names).map(Some)
    }

    fn record(&mut self, row: usize, names: &mut Names) -> Result<Record, TraceError> {
        let bad = |column: usize| {
            self.damaged(&format!("column {} does not hold a sound value", COLUMNS[column].0))
        };
        let amount = |column: usize| match self.number(column, row) {
            None => Ok(None),
            Some(value) => u64::try_from(value).map(Some).map_err(|_| bad(column)),
        };
        let small = |column: usize| match self.number(column, row) {
            None => Ok(None),
            Some(value) => u32::try_from(value).map(Some).map_err(|_| bad(column)),
        };
        let text = |column: usize| match self.text(column, row) {
            None => Ok(None),
            Some(bytes) => std::str::from_utf8(bytes.data()).map(Some).map_err(|_| bad(column)),
        };
        let at = amount(AT)?.ok_or_else(|| bad(AT))?;
        let gpus = match small(GPUS)? {
            None | Some(0) => None,
            Some(count) => {
                let milli_each = small(GPU_MILLI)?.unwrap_or(1_000);
                if count > MAX_GPUS || !(1..=1_000).contains(&milli_each) {
                    return Err(bad(GPUS));
                }
                Some(Gpus { count, milli_each, models: text(GPU_MODELS)?.unwrap_or_default().to_owned() })
            }
        };
        let asked = match (text(TYPE)?, small(CPU)?, small(MEMORY)?) {
            (Some(name), None, None) if gpus.is_none() => Asked::Type(name.to_owned()),
            (None, Some(cpu_milli), Some(memory_mib)) => {
                if gpus.is_none() && (cpu_milli == 0 || memory_mib == 0) {
                    return Err(self.damaged("an instance without vCPU or memory"));
                }
                Asked::sized(cpu_milli, memory_mib, gpus)
            }
            _ => return Err(self.damaged("a row needs either type, or cpu_milli and memory_mib")),
        };
        let end = match self.number(LIFETIME, row) {
            None if self.places[LIFETIME].is_none() => RecordEnd::Unknown,
            None => RecordEnd::Never,
            Some(-1) => RecordEnd::Unknown,
            Some(_) => RecordEnd::After(SimDuration(amount(LIFETIME)?.unwrap_or(0))),
        };
        let name = |column: usize, table: &mut Table<String>| -> Result<Option<u32>, TraceError> {
            Ok(text(column)?.map(|name| table.place(name)))
        };
        let (zone, account, class) = (
            name(ZONE, &mut names.zones)?,
            name(ACCOUNT, &mut names.accounts)?,
            name(CLASS, &mut names.classes)?,
        );
        let spot = self.number(SPOT, row).unwrap_or(0) != 0;
        let age = SimDuration(amount(AGE)?.unwrap_or(0));
        let batch = match (self.number(BATCH, row), self.batch) {
            (None, _) => self.row - 1,
            (Some(given), Some((before, number))) if given == before => number,
            (Some(_), Some((_, number))) => number + 1,
            (Some(_), None) => 0,
        };
        self.batch = self.number(BATCH, row).map(|given| (given, batch));
        let record = Record::new(self.row, SimTime(at), names.asked.place(&asked), batch, end);
        Ok(Record { zone, account, class, spot, age, ..record })
    }

    fn number(&self, column: usize, row: usize) -> Option<i64> {
        match &self.held[column] {
            Values::Numbers(values) => values[row],
            Values::None | Values::Texts(_) => None,
        }
    }

    fn text(&self, column: usize, row: usize) -> Option<&ByteArray> {
        match &self.held[column] {
            Values::Texts(values) => values[row].as_ref(),
            Values::None | Values::Numbers(_) => None,
        }
    }

    /// Reads the next rows; false at the end.
    fn fill(&mut self) -> Result<bool, TraceError> {
        let path = self.path.clone();
        let failed =
            |error: ParquetError| TraceError::Database { path: path.clone(), what: error.to_string() };
        while self.left == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.group).map_err(failed)?;
            self.group += 1;
            self.left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
            self.open.clear();
            for (place, (name, text)) in self.places.iter().zip(COLUMNS) {
                let source = match place {
                    None => None,
                    Some(place) => match (group.get_column_reader(*place).map_err(failed)?, text) {
                        (ColumnReader::Int32ColumnReader(column), false) => Some(Source::Int32(column)),
                        (ColumnReader::Int64ColumnReader(column), false) => Some(Source::Int64(column)),
                        (ColumnReader::BoolColumnReader(column), false) => Some(Source::Bool(column)),
                        (column @ ColumnReader::ByteArrayColumnReader(_), true) => {
                            Some(Source::Text(get_typed_column_reader(column)))
                        }
                        _ => {
                            let kind = if text { "text" } else { "whole numbers" };
                            let what = format!("column {name} holds no {kind}");
                            return Err(TraceError::Database { path: path.clone(), what });
                        }
                    },
                };
                self.open.push(source);
            }
        }
        let count = self.left.min(ROWS);
        self.held.clear();
        for source in &mut self.open {
            self.held.push(match source {
                None => Values::None,
                Some(Source::Int32(column)) => {
                    Values::Numbers(rows(column, count, i64::from).map_err(failed)?)
                }
                Some(Source::Int64(column)) => {
                    Values::Numbers(rows(column, count, |value| value).map_err(failed)?)
                }
                Some(Source::Bool(column)) => {
                    Values::Numbers(rows(column, count, i64::from).map_err(failed)?)
                }
                Some(Source::Text(column)) => {
                    Values::Texts(rows(column, count, |value| value).map_err(failed)?)
                }
            });
        }
        let whole = self.held.iter().all(|values| match values {
            Values::None => true,
            Values::Numbers(values) => values.len() == count,
            Values::Texts(values) => values.len() == count,
        });
        if !whole {
            let what = "its columns are not equally long".to_owned();
            return Err(TraceError::Database { path, what });
        }
        self.left -= count;
        self.next = (0, count);
        Ok(true)
    }
}

/// The next `count` rows of a column; none where it is empty.
fn rows<T: DataType, V>(
    column: &mut ColumnReaderImpl<T>,
    count: usize,
    of: impl Fn(T::T) -> V,
) -> Result<Vec<Option<V>>, ParquetError> {
    let (mut levels, mut values, mut all) = (Vec::new(), Vec::new(), Vec::with_capacity(count));
    while all.len() < count {
        levels.clear();
        values.clear();
        let (records, ..) = column.read_records(count - all.len(), Some(&mut levels), None, &mut values)?;
        if records == 0 {
            break;
        }
        let mut given = values.drain(..);
        if levels.is_empty() {
            all.extend(given.map(|value| Some(of(value))));
        } else {
            all.extend(levels.iter().map(|level| if *level > 0 { given.next().map(&of) } else { None }));
        }
    }
    Ok(all)
}
