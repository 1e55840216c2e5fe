//! `packyard-csv`: our own plain form. A header names the columns; only `at` and a size are needed:
//!
//! | column | meaning |
//! |---|---|
//! | `at` | seconds on the trace's clock, with decimals; rows are in order of it |
//! | `type` | instance type by name; or |
//! | `vcpus`, `memory` | a size: vCPUs and GiB, with decimals; and with it |
//! | `gpus`, `gpu_milli`, `gpu_models` | number of GPUs, thousandths of each (1000), allowed models joined by a bar (any) |
//! | `lifetime` | seconds from `at`; empty: never ends; `?`: not known |
//! | `zone`, `account` | by name; empty: as the scenario says |
//! | `class` | a word for its kind, which a scenario's mapping may refer to |
//! | `spot` | 1: may be taken away; 0 or empty: not |
//! | `batch` | consecutive rows of one number came from one customer; without it, each row is a batch |
//! | `age` | seconds that it had lived at `at`, for what lived before the trace began |
//!
//! A value may stand in double quotes; values with a comma inside do not exist. Blank lines and lines that begin
//! with `#` are skipped.

use std::path::Path;

use super::columns::unquoted;
use super::lines::{Lines, micros, number};
use super::{Asked, Gpus, Names, Record, RecordEnd, Table, TraceError};
use crate::model::{SimDuration, SimTime};
use crate::placement::MAX_GPUS;

pub(super) struct Plain {
    lines: Lines,
    columns: Vec<Column>,
    has_lifetime: bool,
    has_batch: bool,
    sizes: Sizes,
    /// Number of records so far.
    count: u64,
    /// Batch of the latest row as the file has it, and as a number from 0.
    batch: Option<(u64, u64)>,
}

/// The columns; their order is that of [`COLUMNS`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    At,
    Type,
    Vcpus,
    Memory,
    Gpus,
    GpuMilli,
    GpuModels,
    Lifetime,
    Zone,
    Account,
    Class,
    Spot,
    Batch,
    Age,
}

/// Names of the columns.
pub(super) const COLUMNS: [&str; 14] = [
    "at",
    "type",
    "vcpus",
    "memory",
    "gpus",
    "gpu_milli",
    "gpu_models",
    "lifetime",
    "zone",
    "account",
    "class",
    "spot",
    "batch",
    "age",
];
const ALL: [Column; 14] = [
    Column::At,
    Column::Type,
    Column::Vcpus,
    Column::Memory,
    Column::Gpus,
    Column::GpuMilli,
    Column::GpuModels,
    Column::Lifetime,
    Column::Zone,
    Column::Account,
    Column::Class,
    Column::Spot,
    Column::Batch,
    Column::Age,
];

/// What plain sizes are called, to find the latest ones without hashing.
#[derive(Default)]
struct Sizes {
    types: Table<String>,
    /// Place in `Names::asked` of each of `types`.
    named: Vec<u32>,
    latest: [Option<(u32, u32, u32)>; 16],
}

/// The values of one row by column; empty where the file has none.
struct Row<'a> {
    lines: &'a Lines,
    values: [&'a str; COLUMNS.len()],
}

impl Plain {
    pub(super) fn open(path: &Path) -> Result<Plain, TraceError> {
        let mut lines = Lines::open(path)?;
        if !lines.advance_to_data()? {
            return Err(TraceError::Empty { path: path.to_path_buf() });
        }
        let mut columns = Vec::new();
        for name in lines.text()?.split(',').map(unquoted) {
            let Some(place) = COLUMNS.iter().position(|known| *known == name) else {
                let shown: String = name.chars().take(30).collect();
                return Err(lines.damaged(format!("unknown column `{shown}`{}", nearest(&shown))));
            };
            if columns.contains(&ALL[place]) {
                return Err(lines.damaged(format!("column `{name}` stands there twice")));
            }
            columns.push(ALL[place]);
        }
        let has = |column| columns.contains(&column);
        if !has(Column::At) {
            return Err(lines.damaged("the header names no column `at`"));
        }
        let sized = has(Column::Vcpus) && has(Column::Memory);
        if !(sized || has(Column::Type)) || has(Column::Vcpus) != has(Column::Memory) {
            return Err(lines.damaged("the header needs `type`, or `vcpus` and `memory`"));
        }
        let (has_lifetime, has_batch) = (has(Column::Lifetime), has(Column::Batch));
        Ok(Plain { lines, columns, has_lifetime, has_batch, sizes: Sizes::default(), count: 0, batch: None })
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(super) fn next(&mut self, names: &mut Names) -> Result<Option<Record>, TraceError> {
        if !self.lines.advance_to_data()? {
            return Ok(None);
        }
        let row = Row::split(&self.lines, &self.columns)?;
        let end = if self.has_lifetime { row.end()? } else { RecordEnd::Unknown };
        let batch = if self.has_batch { row.batch(&mut self.batch)? } else { self.count };
        let record = Record {
            zone: row.name(Column::Zone, &mut names.zones),
            account: row.name(Column::Account, &mut names.accounts),
            class: row.name(Column::Class, &mut names.classes),
            spot: match row.value(Column::Spot) {
                "" | "0" => false,
                "1" => true,
                _ => return Err(row.bad(Column::Spot)),
            },
            age: SimDuration(row.amount(Column::Age, micros)?.unwrap_or(0)),
            ..Record::new(self.lines.number(), row.at()?, row.asked(&mut self.sizes, names)?, batch, end)
        };
        self.count += 1;
        Ok(Some(record))
    }
}

impl<'a> Row<'a> {
    fn split(lines: &'a Lines, columns: &[Column]) -> Result<Row<'a>, TraceError> {
        let mut values = [""; COLUMNS.len()];
        let mut rest = Some(lines.text()?);
        for column in columns {
            let Some(text) = rest else {
                return Err(lines.damaged("fewer values than the header names columns"));
            };
            // Fields are a few bytes long: a plain loop is quicker than a search.
            let (field, after) = match text.bytes().position(|byte| byte == b',') {
                Some(comma) => (&text[..comma], Some(&text[comma + 1..])),
                None => (text, None),
            };
            values[*column as usize] = unquoted(field);
            rest = after;
        }
        if rest.is_some() {
            return Err(lines.damaged("more values than the header names columns"));
        }
        Ok(Row { lines, values })
    }

    fn value(&self, column: Column) -> &'a str {
        self.values[column as usize]
    }

    fn bad(&self, column: Column) -> TraceError {
        let name = COLUMNS[column as usize];
        self.lines.damaged(format!("column `{name}` does not hold a sound value"))
    }

    /// A value that may be missing.
    fn amount<T>(&self, column: Column, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, TraceError> {
        match self.value(column) {
            "" => Ok(None),
            text => read(text).map(Some).ok_or_else(|| self.bad(column)),
        }
    }

    fn at(&self) -> Result<SimTime, TraceError> {
        micros(self.value(Column::At)).map(SimTime).ok_or_else(|| self.bad(Column::At))
    }

    fn end(&self) -> Result<RecordEnd, TraceError> {
        match self.value(Column::Lifetime) {
            "" => Ok(RecordEnd::Never),
            "?" => Ok(RecordEnd::Unknown),
            text => {
                let lifetime = micros(text).ok_or_else(|| self.bad(Column::Lifetime))?;
                Ok(RecordEnd::After(SimDuration(lifetime)))
            }
        }
    }

    fn name(&self, column: Column, table: &mut Table<String>) -> Option<u32> {
        match self.value(column) {
            "" => None,
            name => Some(table.place(name)),
        }
    }

    /// The number of the row's batch, from 0; `latest` is that of the row before.
    fn batch(&self, latest: &mut Option<(u64, u64)>) -> Result<u64, TraceError> {
        let given = self.value(Column::Batch).parse().map_err(|_| self.bad(Column::Batch))?;
        let number = match *latest {
            Some((before, number)) if before == given => number,
            Some((_, number)) => number + 1,
            None => 0,
        };
        *latest = Some((given, number));
        Ok(number)
    }

    fn asked(&self, sizes: &mut Sizes, names: &mut Names) -> Result<u32, TraceError> {
        let kind = self.value(Column::Type);
        let (cpu, memory) =
            (self.amount(Column::Vcpus, thousandths)?, self.amount(Column::Memory, mebibytes)?);
        let gpus = self.gpus()?;
        match (kind, cpu, memory) {
            ("", Some(cpu_milli), Some(memory_mib)) => {
                if cpu_milli == 0 && memory_mib == 0 && gpus.is_none() {
                    return Err(self.lines.damaged("an instance without vCPU, memory and GPU"));
                }
                if gpus.is_none() && (cpu_milli == 0 || memory_mib == 0) {
                    return Err(self.lines.damaged("an instance without vCPU or memory"));
                }
                Ok(match gpus {
                    None => sizes.plain(cpu_milli, memory_mib, names),
                    Some(gpus) => names.asked.place(&Asked::WithGpus { cpu_milli, memory_mib, gpus }),
                })
            }
            ("", ..) => Err(self.lines.damaged("a row needs either `type`, or `vcpus` and `memory`")),
            (name, None, None) if gpus.is_none() => Ok(sizes.named(name, names)),
            _ => Err(self.lines.damaged("a row needs either `type`, or `vcpus` and `memory` (and `gpus`)")),
        }
    }

    fn gpus(&self) -> Result<Option<Gpus>, TraceError> {
        let count = self.amount(Column::Gpus, |text| text.parse().ok().filter(|count| *count <= MAX_GPUS))?;
        let Some(count) = count.filter(|count| *count > 0) else { return Ok(None) };
        let milli = |text: &str| text.parse().ok().filter(|milli| (1..=1_000).contains(milli));
        let milli_each = self.amount(Column::GpuMilli, milli)?.unwrap_or(1_000);
        Ok(Some(Gpus { count, milli_each, models: self.value(Column::GpuModels).to_owned() }))
    }
}

impl Sizes {
    fn plain(&mut self, cpu_milli: u32, memory_mib: u32, names: &mut Names) -> u32 {
        let slot = &mut self.latest[((cpu_milli / 500) ^ (memory_mib / 256)) as usize % 16];
        if let Some((_, _, place)) =
            slot.filter(|(cpu, memory, _)| (*cpu, *memory) == (cpu_milli, memory_mib))
        {
            return place;
        }
        let place = names.asked.place(&Asked::Size { cpu_milli, memory_mib });
        *slot = Some((cpu_milli, memory_mib, place));
        place
    }

    fn named(&mut self, name: &str, names: &mut Names) -> u32 {
        let known = self.types.place(name) as usize;
        if known == self.named.len() {
            self.named.push(names.asked.place(&Asked::Type(name.to_owned())));
        }
        self.named[known]
    }
}

/// vCPUs in thousandths.
fn thousandths(text: &str) -> Option<u32> {
    match small(text) {
        Some(whole) => whole.checked_mul(1_000),
        None => number(text, 100_000.0).map(|vcpus| (vcpus * 1_000.0).round() as u32),
    }
}

/// GiB in MiB.
fn mebibytes(text: &str) -> Option<u32> {
    match small(text) {
        Some(whole) => whole.checked_mul(1_024),
        None => number(text, 1_000_000.0).map(|gib| (gib * 1_024.0).round() as u32),
    }
}

/// A whole number of up to five digits, which most are.
fn small(text: &str) -> Option<u32> {
    let usual = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    usual.then(|| text.bytes().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')))
}

/// `: did you mean ...` for a misspelt column, or the list of all.
fn nearest(name: &str) -> String {
    let best = COLUMNS.iter().min_by_key(|known| strsim::damerau_levenshtein(known, name));
    match best {
        Some(known) if strsim::damerau_levenshtein(known, name) <= 2 => {
            format!("; did you mean `{known}`?")
        }
        _ => format!("; known are {}", COLUMNS.join(", ")),
    }
}
