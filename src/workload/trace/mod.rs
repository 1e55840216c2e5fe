//! Readers of recorded workloads.
//!
//! A reader streams: it holds one line, the names and sizes seen so far, and nothing else of the file (the
//! `huawei-east-1` create/delete form also keeps one number per instance; formats that are in no order of time are put
//! in order through temporary files). Damage is reported with file, line number and the text of the line. Formats are
//! described in `docs/workload.md`.

use std::io;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::TraceFormat;

pub(crate) mod alive;
mod azure;
mod azure_packing;
mod azure_vm;
pub(crate) mod columns;
mod guess;
mod huawei;
mod info;
pub(crate) mod lines;
mod nodes;
mod openb;
mod parquet;
mod plain;
pub mod prices;
mod shaped;
mod sorted;
mod spot_jobs;
#[cfg(test)]
mod tests;
mod write;

pub use guess::guess;
pub use info::{Count, Quantiles, SizeOf, SizeShare, TraceInfo, WindowStats};
pub use nodes::{NodeClass, NodeList};
pub use shaped::{Reshape, Shaped};
pub use write::{Form, TraceWriter};

/// Why a trace cannot be read. All are errors of the user's files.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file is missing, a directory, or may not be read.
    #[error("cannot open trace {}: {cause}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// Reading failed midway; a damaged or cut archive also ends here.
    #[error("cannot read trace {} at line {line}: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The line that could not be read, from 1.
        line: u64,
        /// What the system or the decompressor says.
        cause: io::Error,
    },
    /// A line that is not of the format.
    #[error("{}:{line}: {what}\n  the line: {text}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
        /// The line, cut to a readable length.
        text: String,
    },
    /// A companion file that the format needs is missing or there are several.
    #[error("{}: {what}", path.display())]
    Companion {
        /// The trace.
        path: PathBuf,
        /// What is missing.
        what: String,
    },
    /// A trace without a single creation.
    #[error("{}: the trace holds no creation of an instance", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// A database or a column file that cannot be read as one.
    #[error("cannot read trace {}: {what}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the library says.
        what: String,
    },
    /// A temporary file for sorting or unpacking failed.
    #[error("cannot sort or unpack trace {} through a temporary file: {cause}", path.display())]
    Spill {
        /// The trace.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The second reading met what the first had not.
    #[error("{}: the file changed while it was read", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

/// What a record asks for: a named type, or a size.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Asked {
    /// An instance type by name.
    Type(String),
    /// A size that may be no catalog type's.
    Size {
        /// Thousandths of a vCPU.
        cpu_milli: u32,
        /// Memory in MiB.
        memory_mib: u32,
    },
    /// A size with GPUs.
    WithGpus {
        /// Thousandths of a vCPU.
        cpu_milli: u32,
        /// Memory in MiB.
        memory_mib: u32,
        /// The GPUs.
        gpus: Gpus,
    },
}

/// GPUs that a record asks for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Gpus {
    /// Number of devices.
    pub count: u32,
    /// Thousandths of each, 1 to 1000.
    pub milli_each: u32,
    /// Allowed models, joined by `|`; empty allows any.
    pub models: String,
}

impl Gpus {
    /// Thousandths of a GPU, all devices together.
    pub fn milli(&self) -> u32 {
        self.count * self.milli_each
    }
}

impl Asked {
    /// A size, with or without GPUs.
    pub fn sized(cpu_milli: u32, memory_mib: u32, gpus: Option<Gpus>) -> Asked {
        match gpus {
            None => Asked::Size { cpu_milli, memory_mib },
            Some(gpus) => Asked::WithGpus { cpu_milli, memory_mib, gpus },
        }
    }

    /// What it is called: the type's name, or the size as the name of a trace type has it, such as `2c-7g` or
    /// `6c-12g-460mgpu`.
    pub fn label(&self) -> String {
        let (cpu_milli, memory_mib) = match self {
            Asked::Type(name) => return name.clone(),
            Asked::Size { cpu_milli, memory_mib } | Asked::WithGpus { cpu_milli, memory_mib, .. } => {
                (*cpu_milli, *memory_mib)
            }
        };
        let whole = |amount: u32, unit: u32| amount.is_multiple_of(unit).then_some(amount / unit);
        let cpu =
            whole(cpu_milli, 1_000).map_or_else(|| format!("{cpu_milli}mc"), |vcpus| format!("{vcpus}c"));
        let memory =
            whole(memory_mib, 1_024).map_or_else(|| format!("{memory_mib}m"), |gib| format!("{gib}g"));
        let mut label = format!("{cpu}-{memory}");
        if let Some(Gpus { count, milli_each, models }) = self.gpus() {
            label += &match (count, milli_each) {
                (count, 1_000) => format!("-{count}gpu"),
                (1, milli) => format!("-{milli}mgpu"),
                (count, milli) => format!("-{count}x{milli}mgpu"),
            };
            for model in models.split('|').filter(|model| !model.is_empty()) {
                label += "-";
                label += model;
            }
        }
        label
    }

    /// Thousandths of a vCPU and MiB; none for a named type.
    pub fn size(&self) -> Option<(u32, u32)> {
        match self {
            Asked::Type(_) => None,
            Asked::Size { cpu_milli, memory_mib } | Asked::WithGpus { cpu_milli, memory_mib, .. } => {
                Some((*cpu_milli, *memory_mib))
            }
        }
    }

    /// The GPUs, where it names some.
    pub fn gpus(&self) -> Option<&Gpus> {
        match self {
            Asked::WithGpus { gpus, .. } => Some(gpus),
            _ => None,
        }
    }
}

/// The machine that fractions of a machine are measured by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    /// Thousandths of a vCPU.
    pub cpu_milli: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
}

impl Default for Machine {
    /// 64 vCPU and 256 GiB: no source says what the machines were; a scenario may know better.
    fn default() -> Machine {
        Machine { cpu_milli: 64_000, memory_mib: 256 << 10 }
    }
}

/// What a reader has to be told beside the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// For formats that give fractions of a machine.
    pub machine: Machine,
}

/// When the instance of a record ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RecordEnd {
    /// So long after its creation.
    After(SimDuration),
    /// Not within the trace, and it is known that it did not.
    Never,
    /// The trace does not say.
    Unknown,
}

/// One creation of a trace. Names are numbers into the reader's [`Names`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// Line of the file, from 1.
    pub line: u64,
    /// Moment on the trace's own clock.
    pub at: SimTime,
    /// What is asked for: place in [`Names::asked`].
    pub asked: u32,
    /// Named zone: place in [`Names::zones`].
    pub zone: Option<u32>,
    /// Named account: place in [`Names::accounts`].
    pub account: Option<u32>,
    /// What the trace calls its kind (priority, quality of service, type of job): place in [`Names::classes`].
    pub class: Option<u32>,
    /// True when it may be taken away again.
    pub spot: bool,
    /// Number of the batch, from 0; consecutive records of one batch came from one customer. Formats without
    /// batches count records.
    pub batch: u64,
    /// When the instance ends.
    pub end: RecordEnd,
    /// How long it had lived at `at`: not zero for what lived before the beginning of the trace.
    pub age: SimDuration,
}

impl Record {
    /// A record of nobody in particular, nowhere in particular.
    pub fn new(line: u64, at: SimTime, asked: u32, batch: u64, end: RecordEnd) -> Record {
        Record {
            line,
            at,
            asked,
            zone: None,
            account: None,
            class: None,
            spot: false,
            batch,
            end,
            age: SimDuration::ZERO,
        }
    }
}

/// A table of distinct values in order of first sight.
#[derive(Clone, Debug)]
pub struct Table<T> {
    values: Vec<T>,
    places: FxHashMap<T, u32>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { values: Vec::new(), places: FxHashMap::default() }
    }
}

impl<T: Clone + Eq + std::hash::Hash> Table<T> {
    /// The values in order of first sight.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    fn place<Q>(&mut self, value: &Q) -> u32
    where
        T: std::borrow::Borrow<Q>,
        Q: ToOwned<Owned = T> + Eq + std::hash::Hash + ?Sized,
    {
        if let Some(&place) = self.places.get(value) {
            return place;
        }
        let place = self.values.len() as u32;
        self.values.push(value.to_owned());
        self.places.insert(value.to_owned(), place);
        place
    }
}

/// The names and sizes that a reader has met, each in order of first sight.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Types and sizes.
    pub asked: Table<Asked>,
    /// Zone ids.
    pub zones: Table<String>,
    /// Account names.
    pub accounts: Table<String>,
    /// Names of classes.
    pub classes: Table<String>,
}

/// A reader of one trace, in the order of its file, which must be the order of time.
pub struct TraceReader {
    path: PathBuf,
    names: Names,
    latest: SimTime,
    source: Source,
}

#[expect(clippy::large_enum_variant, reason = "one source a replayed trace")]
enum Source {
    Azure(Box<azure::Azure>),
    Huawei(huawei::Huawei),
    Plain(plain::Plain),
    Parquet(Box<parquet::Columns>),
    Openb(openb::Openb),
    Sorted(sorted::Sorted),
}

impl TraceReader {
    /// Opens a trace and reads its header and companion files.
    ///
    /// # Errors
    /// A file is missing or damaged; a format that is in no order of time is read to its end here.
    pub fn open(path: &Path, format: TraceFormat) -> Result<TraceReader, TraceError> {
        TraceReader::open_with(path, format, &Options::default())
    }

    /// As [`TraceReader::open`], with what has to be told beside the file.
    ///
    /// # Errors
    /// As [`TraceReader::open`].
    pub fn open_with(path: &Path, format: TraceFormat, options: &Options) -> Result<TraceReader, TraceError> {
        let mut names = Names::default();
        let source = match format {
            TraceFormat::AzureV1_2017 => Source::Azure(Box::new(azure::Azure::open(path, &mut names)?)),
            TraceFormat::HuaweiEast1 => Source::Huawei(huawei::Huawei::open(path)?),
            TraceFormat::PackyardCsv => Source::Plain(plain::Plain::open(path)?),
            TraceFormat::PackyardParquet => Source::Parquet(Box::new(parquet::Columns::open(path)?)),
            TraceFormat::Openb => Source::Openb(openb::Openb::open(path)?),
            TraceFormat::AzurePacking2020 | TraceFormat::AzureVm | TraceFormat::AlibabaSpot2026 => {
                let mut sorter = sorted::Sorter::new(path);
                match format {
                    TraceFormat::AzureVm => azure_vm::read(path, &mut names, &mut sorter)?,
                    TraceFormat::AlibabaSpot2026 => spot_jobs::read(path, &mut names, &mut sorter)?,
                    _ => azure_packing::read(path, options.machine, &mut names, &mut sorter)?,
                }
                Source::Sorted(sorter.sorted()?)
            }
        };
        Ok(TraceReader { path: path.to_path_buf(), names, latest: SimTime::ZERO, source })
    }

    /// The next creation; none at the end.
    ///
    /// # Errors
    /// A damaged line, told with its number.
    #[expect(
        clippy::should_implement_trait,
        reason = "a fallible source that ends for good at its first error"
    )]
    pub fn next(&mut self) -> Result<Option<Record>, TraceError> {
        let record = match &mut self.source {
            Source::Azure(azure) => azure.next()?,
            Source::Huawei(huawei) => huawei.next(&mut self.names)?,
            Source::Plain(plain) => plain.next(&mut self.names)?,
            Source::Parquet(columns) => columns.next(&mut self.names)?,
            Source::Openb(openb) => openb.next(&mut self.names)?,
            Source::Sorted(sorted) => sorted.next()?,
        };
        if let Some(record) = &record {
            if record.at < self.latest {
                return Err(self.damaged("time goes back: records must be in order of time"));
            }
            self.latest = record.at;
        }
        Ok(record)
    }

    /// The error for the record that was read last.
    fn damaged(&self, what: &str) -> TraceError {
        match &self.source {
            Source::Azure(azure) => azure.lines().damaged(what),
            Source::Huawei(huawei) => huawei.lines().damaged(what),
            Source::Plain(plain) => plain.lines().damaged(what),
            Source::Openb(openb) => openb.lines().damaged(what),
            Source::Parquet(columns) => columns.damaged(what),
            Source::Sorted(_) => TraceError::Changed { path: self.path.clone() },
        }
    }

    /// What the reader has met so far. Complete after the last record; the azure format has all sizes at once.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}
