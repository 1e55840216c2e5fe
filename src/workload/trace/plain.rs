//! `packyard-csv`: our own plain form. A header names the columns; only `at` and a size are needed:
//!
//! | column | meaning |
//! |---|---|
//! | `at` | seconds on the trace's clock, with decimals; rows are in order of it |
//! | `type` | instance type by name; or |
//! | `vcpus`, `memory` | a size: vCPUs and GiB, with decimals |
//! | `lifetime` | seconds from the creation; empty: never ends |
//! | `zone`, `account` | by name; empty: as the scenario says |
//!
//! A value may stand in double quotes; values with a comma inside do not exist. Blank lines and lines that begin
//! with `#` are skipped.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::lines::{Lines, micros, number};
use super::{Asked, Names, Record, RecordEnd, TraceError};
use crate::model::{SimDuration, SimTime};

pub(super) struct Plain {
    lines: Lines,
    columns: Vec<Column>,
    has_lifetime: bool,
    /// Place of each named type in [`Names::asked`].
    types: FxHashMap<String, u32>,
    count: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    At,
    Type,
    Vcpus,
    Memory,
    Lifetime,
    Zone,
    Account,
}

const COLUMNS: [(&str, Column); 7] = [
    ("at", Column::At),
    ("type", Column::Type),
    ("vcpus", Column::Vcpus),
    ("memory", Column::Memory),
    ("lifetime", Column::Lifetime),
    ("zone", Column::Zone),
    ("account", Column::Account),
];

impl Plain {
    pub(super) fn open(path: &Path) -> Result<Plain, TraceError> {
        let mut lines = Lines::open(path)?;
        if !lines.advance_to_data()? {
            return Err(TraceError::Empty { path: path.to_path_buf() });
        }
        let mut columns = Vec::new();
        for name in lines.text()?.split(',').map(unquoted) {
            let Some((_, column)) = COLUMNS.iter().find(|(known, _)| *known == name) else {
                let shown: String = name.chars().take(30).collect();
                return Err(lines.damaged(format!("unknown column `{shown}`{}", nearest(&shown))));
            };
            if columns.contains(column) {
                return Err(lines.damaged(format!("column `{name}` stands there twice")));
            }
            columns.push(*column);
        }
        let has = |column| columns.contains(&column);
        if !has(Column::At) {
            return Err(lines.damaged("the header names no column `at`"));
        }
        let sized = has(Column::Vcpus) && has(Column::Memory);
        if !(sized || has(Column::Type)) || has(Column::Vcpus) != has(Column::Memory) {
            return Err(lines.damaged("the header needs `type`, or `vcpus` and `memory`"));
        }
        let has_lifetime = has(Column::Lifetime);
        Ok(Plain { lines, columns, has_lifetime, types: FxHashMap::default(), count: 0 })
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(super) fn next(&mut self, names: &mut Names) -> Result<Option<Record>, TraceError> {
        if !self.lines.advance_to_data()? {
            return Ok(None);
        }
        let lines = &self.lines;
        let bad = |name: &str| lines.damaged(format!("column `{name}` does not hold a sound value"));
        let mut fields = lines.text()?.split(',').map(unquoted);
        let (mut at, mut kind, mut cpu, mut memory) = (None, None, None, None);
        let (mut zone, mut account) = (None, None);
        let mut end = if self.has_lifetime { RecordEnd::Never } else { RecordEnd::Unknown };
        for column in &self.columns {
            let Some(field) = fields.next() else {
                return Err(lines.damaged("fewer values than the header names columns"));
            };
            match column {
                Column::At => at = Some(micros(field).ok_or_else(|| bad("at"))?),
                _ if field.is_empty() => {}
                Column::Type => kind = Some(field),
                Column::Vcpus => cpu = Some(number(field, 100_000.0).ok_or_else(|| bad("vcpus"))?),
                Column::Memory => memory = Some(number(field, 1_000_000.0).ok_or_else(|| bad("memory"))?),
                Column::Lifetime => {
                    let lifetime = micros(field).ok_or_else(|| bad("lifetime"))?;
                    end = RecordEnd::After(SimDuration(lifetime));
                }
                Column::Zone => zone = Some(names.zones.place(field)),
                Column::Account => account = Some(names.accounts.place(field)),
            }
        }
        if fields.next().is_some() {
            return Err(lines.damaged("more values than the header names columns"));
        }
        let asked = match (kind, cpu, memory) {
            (Some(name), None, None) => match self.types.get(name) {
                Some(&place) => place,
                None => {
                    let place = names.asked.place(&Asked::Type(name.to_owned()));
                    self.types.insert(name.to_owned(), place);
                    place
                }
            },
            (None, Some(cpu), Some(gib)) => {
                let (cpu_milli, memory_mib) =
                    ((cpu * 1_000.0).round() as u32, (gib * 1_024.0).round() as u32);
                if cpu_milli == 0 || memory_mib == 0 {
                    return Err(lines.damaged("an instance without vCPU or memory"));
                }
                names.asked.place(&Asked::Size { cpu_milli, memory_mib })
            }
            _ => return Err(lines.damaged("a row needs either `type`, or `vcpus` and `memory`")),
        };
        let record = Record {
            line: lines.number(),
            at: SimTime(at.ok_or_else(|| bad("at"))?),
            asked,
            zone,
            account,
            batch: self.count,
            end,
        };
        self.count += 1;
        Ok(Some(record))
    }
}

/// A value without blanks and quotes around it.
fn unquoted(field: &str) -> &str {
    let field = field.trim();
    field.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(field)
}

/// `: did you mean ...` for a misspelt column, or the list of all.
fn nearest(name: &str) -> String {
    let best = COLUMNS.iter().min_by_key(|(known, _)| strsim::damerau_levenshtein(known, name));
    match best {
        Some((known, _)) if strsim::damerau_levenshtein(known, name) <= 2 => {
            format!("; did you mean `{known}`?")
        }
        _ => "; known are at, type, vcpus, memory, lifetime, zone, account".to_owned(),
    }
}
