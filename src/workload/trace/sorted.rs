//! Records of a file that is not in order of time, put in order with bounded memory: sorted parts go to temporary files
//! and are merged while they are read back.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::{Record, RecordEnd, TraceError};
use crate::model::{SimDuration, SimTime};

/// Records that are sorted in memory at a time: about 100 MB.
const PART: usize = 1 << 20;
/// Bytes of a record in a temporary file.
const WIDTH: usize = 64;
const NONE: u32 = u32::MAX;

/// Takes records in the order of a file.
pub(super) struct Sorter {
    path: PathBuf,
    part: Vec<Record>,
    most: usize,
    files: Vec<File>,
}

/// Gives the records in order of time; those of one moment by batch, then in order of the file.
pub(super) struct Sorted {
    path: PathBuf,
    parts: Vec<Part>,
    /// The next record of each part.
    heads: BinaryHeap<Reverse<(Key, usize)>>,
    /// Batch as the file has it, moment, and number of the current batch.
    batch: Option<(u64, SimTime, u64)>,
}

type Key = (SimTime, u64, u64);

enum Part {
    Memory(std::iter::Peekable<std::vec::IntoIter<Record>>),
    File(BufReader<File>, Option<Record>),
}

fn key(record: &Record) -> Key {
    (record.at, record.batch, record.line)
}

impl Sorter {
    pub(super) fn new(path: &Path) -> Sorter {
        Sorter { path: path.to_path_buf(), part: Vec::new(), most: PART, files: Vec::new() }
    }

    /// Takes a record; its batch is any number that those of one customer share.
    pub(super) fn add(&mut self, record: Record) -> Result<(), TraceError> {
        self.part.push(record);
        if self.part.len() >= self.most { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<(), TraceError> {
        self.part.sort_unstable_by_key(key);
        let written = (|| {
            let mut file = BufWriter::new(tempfile::tempfile()?);
            for record in self.part.drain(..) {
                file.write_all(&packed(&record))?;
            }
            let mut file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            Ok(file)
        })();
        self.files.push(written.map_err(|cause| TraceError::Spill { path: self.path.clone(), cause })?);
        Ok(())
    }

    /// All that was taken, in order.
    pub(super) fn sorted(mut self) -> Result<Sorted, TraceError> {
        self.part.sort_unstable_by_key(key);
        let files =
            self.files.into_iter().map(|file| Part::File(BufReader::with_capacity(1 << 16, file), None));
        let mut parts: Vec<Part> = files.collect();
        parts.push(Part::Memory(self.part.into_iter().peekable()));
        let mut sorted = Sorted { path: self.path, parts, heads: BinaryHeap::new(), batch: None };
        for place in 0..sorted.parts.len() {
            sorted.fetch(place)?;
        }
        Ok(sorted)
    }
}

impl Sorted {
    pub(super) fn next(&mut self) -> Result<Option<Record>, TraceError> {
        let Some(Reverse((_, place))) = self.heads.pop() else { return Ok(None) };
        let taken = match &mut self.parts[place] {
            Part::Memory(records) => records.next(),
            Part::File(_, head) => head.take(),
        };
        self.fetch(place)?;
        Ok(taken.map(|record| self.renumbered(record)))
    }

    /// Batches are numbered as they come; one that comes again later is another.
    fn renumbered(&mut self, record: Record) -> Record {
        let number = match self.batch {
            Some((of_file, at, number)) if (of_file, at) == (record.batch, record.at) => number,
            Some((_, _, number)) => number + 1,
            None => 0,
        };
        self.batch = Some((record.batch, record.at, number));
        Record { batch: number, ..record }
    }

    /// Puts the next record of a part among the heads.
    fn fetch(&mut self, place: usize) -> Result<(), TraceError> {
        let next = match &mut self.parts[place] {
            Part::Memory(records) => records.peek().map(key),
            Part::File(file, head) => {
                let mut bytes = [0; WIDTH];
                let read = match file.read_exact(&mut bytes) {
                    Ok(()) => Some(unpacked(&bytes)),
                    Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => None,
                    Err(cause) => return Err(TraceError::Spill { path: self.path.clone(), cause }),
                };
                *head = read;
                read.as_ref().map(key)
            }
        };
        self.heads.extend(next.map(|key| Reverse((key, place))));
        Ok(())
    }
}

fn packed(record: &Record) -> [u8; WIDTH] {
    let Record { line, at, asked, zone, account, class, spot, batch, end, age } = *record;
    let (kind, span) = match end {
        RecordEnd::After(span) => (0, span.0),
        RecordEnd::Never => (1, 0),
        RecordEnd::Unknown => (2, 0),
    };
    let mut bytes = [0; WIDTH];
    let wide = [line, at.0, batch, span, age.0];
    for (place, value) in wide.into_iter().enumerate() {
        bytes[place * 8..][..8].copy_from_slice(&value.to_le_bytes());
    }
    let narrow = [asked, zone.unwrap_or(NONE), account.unwrap_or(NONE), class.unwrap_or(NONE)];
    for (place, value) in narrow.into_iter().enumerate() {
        bytes[40 + place * 4..][..4].copy_from_slice(&value.to_le_bytes());
    }
    bytes[56] = kind;
    bytes[57] = u8::from(spot);
    bytes
}

fn unpacked(bytes: &[u8; WIDTH]) -> Record {
    let wide = |place: usize| {
        let mut value = [0; 8];
        value.copy_from_slice(&bytes[place * 8..][..8]);
        u64::from_le_bytes(value)
    };
    let narrow = |place: usize| {
        let mut value = [0; 4];
        value.copy_from_slice(&bytes[40 + place * 4..][..4]);
        u32::from_le_bytes(value)
    };
    let maybe = |place: usize| Some(narrow(place)).filter(|value| *value != NONE);
    Record {
        line: wide(0),
        at: SimTime(wide(1)),
        asked: narrow(0),
        zone: maybe(1),
        account: maybe(2),
        class: maybe(3),
        spot: bytes[57] != 0,
        batch: wide(2),
        end: match bytes[56] {
            0 => RecordEnd::After(SimDuration(wide(3))),
            1 => RecordEnd::Never,
            _ => RecordEnd::Unknown,
        },
        age: SimDuration(wide(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_on_disk_and_in_memory_come_back_in_order() {
        let mut sorter = Sorter { most: 16, ..Sorter::new(Path::new("t")) };
        // Moments in an order that is far from sorted, two records each, the second of another customer.
        for line in 0..100u64 {
            let at = SimTime(line / 2 * 37 % 50 * 1_000_000);
            let end = match line % 3 {
                0 => RecordEnd::After(SimDuration(line)),
                1 => RecordEnd::Never,
                _ => RecordEnd::Unknown,
            };
            let record = Record::new(line, at, line as u32, 7 - line % 2, end);
            let zone = (line % 5 == 0).then_some(line as u32);
            let age = SimDuration(line * 3);
            sorter.add(Record { zone, class: zone, age, spot: line % 2 == 0, ..record }).expect("room");
        }
        assert_eq!(sorter.files.len(), 6);
        let mut sorted = sorter.sorted().expect("read back");
        let (mut lines, mut latest, mut batches) = (Vec::new(), SimTime::ZERO, Vec::new());
        while let Some(record) = sorted.next().expect("read back") {
            assert!(record.at >= latest);
            assert_eq!(record.at, SimTime(record.line / 2 * 37 % 50 * 1_000_000));
            assert_eq!((record.age, record.asked), (SimDuration(record.line * 3), record.line as u32));
            assert_eq!(record.zone.is_some(), record.line % 5 == 0);
            latest = record.at;
            batches.push(record.batch);
            lines.push(record.line);
        }
        assert_eq!(batches, (0..100).collect::<Vec<_>>());
        // Of one moment, the customer with the lower number first: the odd line.
        assert_eq!(&lines[..2], [1, 0]);
        lines.sort_unstable();
        assert_eq!(lines, (0..100).collect::<Vec<_>>());
    }
}
