//! `azure-vm`: the VM tables of the Azure Public Dataset of 2017 and 2019 (`vmtable.csv`, no header): VM id, subscription
//! id, deployment id, created (s), deleted (s), three CPU loads, category, cores, memory (GiB).
//!
//! The table of 2019 has sizes in buckets; an open one such as `>24` stands for the next power of two above its bound, 32.
//! The table is in no order of time. Those of one deployment that are created at one moment are a batch; the account is
//! the subscription, the class is the category. What is created at second 0 lived before: its age is not known.

use std::path::Path;

use super::columns::Columns;
use super::lines::{micros, number};
use super::sorted::Sorter;
use super::{Asked, Names, Record, RecordEnd, Table, TraceError};
use crate::model::{SimDuration, SimTime};

const COLUMNS: [&str; 11] = [
    "vm id",
    "subscription id",
    "deployment id",
    "created",
    "deleted",
    "max CPU",
    "average CPU",
    "p95 of max CPU",
    "category",
    "cores",
    "memory",
];

/// Reads the whole table.
pub(super) fn read(path: &Path, names: &mut Names, sorter: &mut Sorter) -> Result<(), TraceError> {
    let mut columns = Columns::open_bare(path, &COLUMNS)?;
    let mut deployments: Table<String> = Table::default();
    while columns.advance()? {
        let fields = columns.fields()?;
        let seconds =
            |place: usize| micros(fields[place]).ok_or_else(|| columns.bad(place, "time in seconds"));
        let at = seconds(3)?;
        let end = match fields[4] {
            "" => RecordEnd::Never,
            _ => match seconds(4)?.checked_sub(at) {
                Some(lifetime) => RecordEnd::After(SimDuration(lifetime)),
                None => return Err(columns.lines.damaged("deleted before it was created")),
            },
        };
        let size = |place, most| bucket(fields[place], most).ok_or_else(|| columns.bad(place, "size"));
        let (cores, gib) = (size(9, 100_000.0)?, size(10, 1_000_000.0)?);
        let (cpu_milli, memory_mib) = ((cores * 1_000.0).round() as u32, (gib * 1_024.0).round() as u32);
        if cpu_milli == 0 || memory_mib == 0 {
            return Err(columns.lines.damaged("an instance without cores or memory"));
        }
        let asked = names.asked.place(&Asked::Size { cpu_milli, memory_mib });
        let batch = u64::from(deployments.place(fields[2]));
        let record = Record {
            account: Some(names.accounts.place(fields[1])),
            class: Some(names.classes.place(fields[8])),
            ..Record::new(columns.lines.number(), SimTime(at), asked, batch, end)
        };
        sorter.add(record)?;
    }
    Ok(())
}

/// A size, or a bucket; an open bucket is the next power of two above its bound.
fn bucket(text: &str, most: f64) -> Option<f64> {
    match text.strip_prefix('>') {
        None => number(text, most),
        Some(bound) => {
            let bound = number(bound, most)?;
            let mut size = 1.0;
            while size <= bound {
                size *= 2.0;
            }
            Some(size)
        }
    }
}
