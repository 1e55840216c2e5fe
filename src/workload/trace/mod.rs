//! Readers of recorded workloads.
//!
//! A reader streams: it holds one line, the names and sizes seen so far, and nothing else of the file (the
//! `huawei-east-1` create/delete form also keeps one number per instance). Damage is reported with
//! file, line number and the text of the line. Formats are described in `docs/workload.md`.

use std::io;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::TraceFormat;

mod azure;
mod huawei;
mod info;
pub(crate) mod lines;
mod plain;
#[cfg(test)]
mod tests;

pub use info::{Quantiles, SizeOf, SizeShare, TraceInfo, WindowStats};

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
    /// Number of the batch, from 0; consecutive records of one batch came from one customer. Formats without
    /// batches count records.
    pub batch: u64,
    /// When the instance ends.
    pub end: RecordEnd,
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
}

/// A reader of one trace, in the order of its file, which must be the order of time.
pub struct TraceReader {
    path: PathBuf,
    names: Names,
    latest: SimTime,
    source: Source,
}

enum Source {
    Azure(Box<azure::Azure>),
    Huawei(huawei::Huawei),
    Plain(plain::Plain),
}

impl TraceReader {
    /// Opens a trace and reads its header and companion files.
    pub fn open(path: &Path, format: TraceFormat) -> Result<TraceReader, TraceError> {
        let mut names = Names::default();
        let source = match format {
            TraceFormat::AzureV1_2017 => Source::Azure(Box::new(azure::Azure::open(path, &mut names)?)),
            TraceFormat::HuaweiEast1 => Source::Huawei(huawei::Huawei::open(path)?),
            TraceFormat::PackyardCsv => Source::Plain(plain::Plain::open(path)?),
        };
        Ok(TraceReader { path: path.to_path_buf(), names, latest: SimTime::ZERO, source })
    }

    /// The next creation; none at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "a fallible source that ends for good at its first error"
    )]
    pub fn next(&mut self) -> Result<Option<Record>, TraceError> {
        let (record, lines) = match &mut self.source {
            Source::Azure(azure) => (azure.next()?, azure.lines()),
            Source::Huawei(huawei) => (huawei.next(&mut self.names)?, huawei.lines()),
            Source::Plain(plain) => (plain.next(&mut self.names)?, plain.lines()),
        };
        if let Some(record) = &record {
            if record.at < self.latest {
                return Err(lines.damaged("time goes back: records must be in order of time"));
            }
            self.latest = record.at;
        }
        Ok(record)
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
