//! `huawei-east-1`: creations of one region, in the forms that are in circulation, told by their header:
//! - `vmid,cpu,mem,at,lt`: arrival and lifetime in seconds;
//! - `vmid,cpu,memory,time,type`: the original; type 0 creates, 1 deletes;
//! - `cpu,mem,at`: creations that are never deleted.
//!
//! The create/delete form tells a lifetime only when it is over, so it is read twice: the first time keeps eight
//! bytes for every creation of the file.

use std::path::Path;

use rustc_hash::FxHashMap;

use super::lines::{Lines, micros, number};
use super::{Asked, Names, Record, RecordEnd, TraceError};
use crate::model::{SimDuration, SimTime};

pub(super) struct Huawei {
    lines: Lines,
    form: Form,
    /// Creations so far.
    count: u64,
}

enum Form {
    Lifetimes,
    /// Ends by number of the creation.
    Events(Vec<SimTime>),
    Residents,
}

/// One line, whatever its form.
struct Line {
    vmid: u64,
    cpu_milli: u32,
    memory_mib: u32,
    at: SimTime,
    last: Last,
}

enum Last {
    Lifetime(SimDuration),
    Create,
    Delete,
}

impl Huawei {
    pub(super) fn open(path: &Path) -> Result<Huawei, TraceError> {
        let mut lines = Lines::open(path)?;
        if !lines.advance_to_data()? {
            return Err(TraceError::Empty { path: path.to_path_buf() });
        }
        let form = match lines.text()?.trim() {
            "vmid,cpu,mem,at,lt" => Form::Lifetimes,
            "vmid,cpu,memory,time,type" => Form::Events(read_ends(path)?),
            "cpu,mem,at" => Form::Residents,
            _ => {
                return Err(lines.damaged(
                    "unknown header: expected vmid,cpu,mem,at,lt or vmid,cpu,memory,time,type or cpu,mem,at",
                ));
            }
        };
        Ok(Huawei { lines, form, count: 0 })
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    pub(super) fn next(&mut self, names: &mut Names) -> Result<Option<Record>, TraceError> {
        while self.lines.advance_to_data()? {
            let line = self.form.parse(&self.lines)?;
            let end = match (&self.form, line.last) {
                (_, Last::Delete) => continue,
                (_, Last::Lifetime(lifetime)) => RecordEnd::After(lifetime),
                (Form::Events(ends), Last::Create) => match ends.get(self.count as usize) {
                    Some(&SimTime::NEVER) => RecordEnd::Never,
                    Some(end) => RecordEnd::After(end.since(line.at)),
                    None => return Err(self.lines.damaged("the file changed while it was read")),
                },
                (_, Last::Create) => RecordEnd::Never,
            };
            let size = Asked::Size { cpu_milli: line.cpu_milli, memory_mib: line.memory_mib };
            let record = Record::new(self.lines.number(), line.at, names.asked.place(&size), self.count, end);
            self.count += 1;
            return Ok(Some(record));
        }
        Ok(None)
    }
}

impl Form {
    fn parse(&self, lines: &Lines) -> Result<Line, TraceError> {
        let text = lines.text()?;
        let mut fields = text.split(',');
        let mut field = |name: &str| {
            fields.next().map(str::trim).ok_or_else(|| lines.damaged(format!("no column {name}")))
        };
        let bad = |name: &str| lines.damaged(format!("column {name} does not hold a sound value"));
        let vmid = match self {
            Form::Residents => 0,
            _ => field("vmid")?.parse().map_err(|_| bad("vmid"))?,
        };
        let cpu = number(field("cpu")?, 100_000.0).ok_or_else(|| bad("cpu"))?;
        let gib = number(field("memory")?, 1_000_000.0).ok_or_else(|| bad("memory"))?;
        let at = SimTime(micros(field("time")?).ok_or_else(|| bad("time"))?);
        let last = match self {
            Form::Lifetimes => {
                let lifetime = micros(field("lt")?).ok_or_else(|| bad("lt"))?;
                Last::Lifetime(SimDuration(lifetime))
            }
            Form::Residents => Last::Create,
            Form::Events(_) => match field("type")? {
                "0" => Last::Create,
                "1" => Last::Delete,
                _ => return Err(lines.damaged("column type is neither 0 (create) nor 1 (delete)")),
            },
        };
        if fields.next().is_some() {
            return Err(lines.damaged("more columns than the header names"));
        }
        let (cpu_milli, memory_mib) = ((cpu * 1_000.0).round() as u32, (gib * 1_024.0).round() as u32);
        if cpu_milli == 0 || memory_mib == 0 {
            return Err(lines.damaged("an instance without cpu or memory"));
        }
        Ok(Line { vmid, cpu_milli, memory_mib, at, last })
    }
}

/// First reading of the create/delete form: the end of every creation, in order of creation.
fn read_ends(path: &Path) -> Result<Vec<SimTime>, TraceError> {
    let mut lines = Lines::open(path)?;
    lines.advance_to_data()?;
    let form = Form::Events(Vec::new());
    let mut ends = Vec::new();
    let mut live: FxHashMap<u64, usize> = FxHashMap::default();
    let mut latest = SimTime::ZERO;
    while lines.advance_to_data()? {
        let line = form.parse(&lines)?;
        if line.at < latest {
            return Err(lines.damaged("time goes back: records must be in order of time"));
        }
        latest = line.at;
        match line.last {
            Last::Delete => match live.remove(&line.vmid) {
                Some(creation) => ends[creation] = line.at,
                None => return Err(lines.damaged("deletes an instance that does not live")),
            },
            Last::Create | Last::Lifetime(_) => {
                if live.insert(line.vmid, ends.len()).is_some() {
                    return Err(lines.damaged("creates an instance that lives already"));
                }
                ends.push(SimTime::NEVER);
            }
        }
    }
    Ok(ends)
}
