//! What a trace is found to be: two readings, and memory that follows what is alive, not the file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::FitError;
use super::kinds::{self, Kind, Kinds, Member, Wanted};
use super::observed::{Creation, Figures, HOUR, Samples, Watch};
use super::sample::Sample;
use crate::catalog::Catalog;
use crate::model::{InstanceType, SimDuration, SimTime};
use crate::workload::trace::alive::{Alive, Load};
use crate::workload::trace::{Asked, Record, RecordEnd, TraceError, TraceReader};

/// Opens the trace that is fitted, anew for each reading.
pub type Open<'a> = &'a dyn Fn() -> Result<TraceReader, TraceError>;

/// With fewer creations at its first moment a trace begins with arrivals, not with what was there before.
const FEW_AT_FIRST: u64 = 100;
/// So many times the creations of a usual tick are no arrivals.
const UNUSUAL: f64 = 20.0;

/// What the first reading finds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) first: SimTime,
    /// From the first creation to one step of the clock after the last.
    pub(super) window: SimDuration,
    /// The latest moment that the trace tells of: what has no end was seen alive until then.
    pub(super) seen_until: SimTime,
    /// Greatest span that divides the time between any two creations, at most an hour.
    pub(super) step: u64,
    pub(super) records: u64,
    /// Creations whose end is not known.
    pub(super) unknown: u64,
    /// Records of one moment are a batch: the trace has none of its own, and moments seldom meet by chance.
    by_moment: bool,
    /// All of the first moment was there before.
    crowd_at_first: bool,
}

/// What one creation asks for, spot or not.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) asked: Asked,
    pub(super) spot: bool,
    pub(super) load: Load,
    /// The catalog's row of a named type.
    pub(super) row: Option<&'static InstanceType>,
    pub(super) group: usize,
}

/// What hosts of one class serve: instances alike in their GPUs and local disks.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Allowed models of GPUs; none: no GPUs.
    pub(super) models: Option<String>,
    /// Kind and GiB of each local disk.
    pub(super) disks: Option<(String, u32)>,
    pub(super) alive: Alive,
}

/// A trace that was read.
#[derive(Debug)]
pub(super) struct Traced {
    pub(super) path: PathBuf,
    pub(super) bounds: Bounds,
    pub(super) entries: Vec<Entry>,
    pub(super) groups: Vec<Group>,
    /// Batches as they came, and their parts by how long they live and how large they are.
    pub(super) whole: Kind,
    pub(super) kinds: Kinds,
    /// What was there at the beginning, by entry, with remaining lifetimes.
    pub(super) before: BTreeMap<usize, Wanted>,
    /// Creations by account and by zone, in order of first sight.
    pub(super) accounts: Vec<(String, u64)>,
    pub(super) zones: Vec<(String, u64)>,
    pub(super) classes: usize,
    pub(super) figures: Figures,
    pub(super) samples: Samples,
}

impl Bounds {
    /// The first reading.
    fn read(reader: &mut TraceReader) -> Result<Bounds, FitError> {
        let mut first = None;
        let (mut last, mut seen_until, mut step) = (SimTime::ZERO, SimTime::ZERO, 0u64);
        let (mut records, mut unknown, mut moments, mut batches, mut at_first) =
            (0u64, 0u64, 0u64, 0u64, 0u64);
        let mut batch = None;
        while let Some(record) = reader.next()? {
            let first = *first.get_or_insert(record.at);
            moments += u64::from(records == 0 || record.at > last);
            step = gcd(step, record.at.since(last.max(first)).0);
            last = record.at;
            records += 1;
            at_first += u64::from(record.at == first);
            batches += u64::from(batch.replace(record.batch) != Some(record.batch));
            let end = match record.end {
                RecordEnd::After(lifetime) => record.at + lifetime,
                RecordEnd::Never => record.at,
                RecordEnd::Unknown => {
                    unknown += 1;
                    record.at
                }
            };
            seen_until = seen_until.max(end);
        }
        let Some(first) = first else {
            return Err(TraceError::Empty { path: reader.path().to_path_buf() }.into());
        };
        if unknown == records {
            return Err(FitError::NoLifetimes { path: reader.path().to_path_buf() });
        }
        let step = if step == 0 { HOUR } else { step.min(HOUR) };
        let window = SimDuration(last.since(first).0 + step);
        let ticks = window.0 as f64 / step as f64;
        let a_tick = (records - at_first) as f64 / ticks;
        Ok(Bounds {
            first,
            window,
            seen_until: seen_until.max(first + window),
            step,
            records,
            unknown,
            // With less than one record in two ticks, two in one are seldom chance.
            by_moment: batches == records && moments < records && records as f64 <= ticks / 2.0,
            crowd_at_first: at_first > FEW_AT_FIRST && at_first as f64 > UNUSUAL * a_tick,
        })
    }
}

impl Traced {
    /// Reads a whole trace, twice.
    ///
    /// # Errors
    /// The trace is missing, damaged or empty, says nothing of ends, or names a type that the catalog does not have.
    pub(super) fn read(open: Open<'_>) -> Result<Traced, FitError> {
        let mut first = open()?;
        let bounds = Bounds::read(&mut first)?;
        let mut reader = open()?;
        let mut reading = Reading::new(bounds);
        while let Some(record) = reader.next()? {
            reading.add(&record, &reader)?;
        }
        reading.close_batch();
        let Reading { entries, groups, whole, kinds, before, accounts, zones, watch, mut samples, .. } =
            reading;
        let figures = watch.finish(&mut samples);
        if figures.creations == 0.0 {
            return Err(FitError::NoArrivals { path: reader.path().to_path_buf() });
        }
        let names = reader.names();
        let named = |counts: Vec<u64>, names: &[String]| -> Vec<(String, u64)> {
            names.iter().cloned().zip(counts).filter(|(_, count)| *count > 0).collect()
        };
        Ok(Traced {
            path: reader.path().to_path_buf(),
            bounds,
            entries,
            groups,
            whole,
            kinds,
            before,
            accounts: named(accounts, names.accounts.values()),
            zones: named(zones, names.zones.values()),
            classes: names.classes.values().len(),
            figures,
            samples,
        })
    }

    /// Length of the ticks that [`Kind`] counts by.
    pub(super) fn tick(&self) -> u64 {
        kinds::tick(self.bounds.window, self.bounds.step)
    }

    /// Number of instances that were there at the beginning.
    pub(super) fn there(&self) -> u64 {
        self.before.values().map(|wanted| wanted.count).sum()
    }
}

/// The second reading.
struct Reading {
    bounds: Bounds,
    entries: Vec<Entry>,
    places: BTreeMap<(u32, bool), usize>,
    groups: Vec<Group>,
    whole: Kind,
    kinds: Kinds,
    before: BTreeMap<usize, Wanted>,
    accounts: Vec<u64>,
    zones: Vec<u64>,
    watch: Watch,
    samples: Samples,
    /// What tells the current batch from others, its number, its moment and its members.
    batch: Option<(BatchKey, u64)>,
    batch_at: SimTime,
    members: Vec<Member>,
}

/// Number of the batch, or, where moments make batches, the moment and the account.
type BatchKey = (u64, Option<Option<u32>>);

impl Reading {
    fn new(bounds: Bounds) -> Reading {
        Reading {
            bounds,
            entries: Vec::new(),
            places: BTreeMap::new(),
            groups: Vec::new(),
            whole: Kind::default(),
            kinds: Kinds::default(),
            before: BTreeMap::new(),
            accounts: Vec::new(),
            zones: Vec::new(),
            watch: Watch::new(bounds.window, bounds.step),
            samples: Samples::default(),
            batch: None,
            batch_at: SimTime::ZERO,
            members: Vec::new(),
        }
    }

    fn add(&mut self, record: &Record, reader: &TraceReader) -> Result<(), FitError> {
        let entry = self.entry(record, reader)?;
        let load = self.entries[entry].load;
        let at = SimTime(record.at.since(self.bounds.first).0);
        let end = match record.end {
            RecordEnd::After(lifetime) => Some(at + lifetime),
            RecordEnd::Never | RecordEnd::Unknown => None,
        };
        count(&mut self.accounts, record.account);
        count(&mut self.zones, record.zone);
        let group = self.entries[entry].group;
        self.groups[group].alive.add(at, load, end);
        if at == SimTime::ZERO && (record.age > SimDuration::ZERO || self.bounds.crowd_at_first) {
            self.watch.there(load, end);
            self.note(entry, record);
            return Ok(());
        }
        let key = match self.bounds.by_moment {
            false => (record.batch, None),
            true => (at.0, Some(record.account)),
        };
        let number = match self.batch {
            Some((known, number)) if known == key => number,
            before => {
                self.close_batch();
                before.map_or(0, |(_, number)| number + 1)
            }
        };
        self.batch = Some((key, number));
        self.batch_at = at;
        self.members.push(Member { entry, cpu_milli: load.cpu_milli, end: record.end });
        self.watch.add(&Creation { at, batch: number, load, end }, &mut self.samples);
        let seen = self.seen(record);
        match record.end {
            RecordEnd::After(lifetime) => self.samples.lifetimes[entry].add(lifetime.0),
            RecordEnd::Never => self.samples.lifetimes[entry].add_censored(seen),
            RecordEnd::Unknown => {}
        }
        Ok(())
    }

    /// How long a record without an end was seen alive, in microseconds.
    fn seen(&self, record: &Record) -> u64 {
        self.bounds.seen_until.since(record.at).0
    }

    /// Notes one of those that were there.
    fn note(&mut self, entry: usize, record: &Record) {
        let seen = self.seen(record);
        let wanted = self.before.entry(entry).or_default();
        wanted.count += 1;
        match record.end {
            RecordEnd::After(lifetime) => wanted.lifetimes.add(lifetime.0),
            RecordEnd::Never | RecordEnd::Unknown => wanted.lifetimes.add_censored(seen),
        }
    }

    fn close_batch(&mut self) {
        if self.members.is_empty() {
            return;
        }
        let seen = self.bounds.seen_until.since(self.bounds.first + SimDuration(self.batch_at.0)).0;
        let tick = self.batch_at.0 / kinds::tick(self.bounds.window, self.bounds.step);
        self.whole.add(tick, &self.members, seen);
        self.kinds.add(tick, &mut self.members, seen);
        self.members.clear();
    }

    /// The entry of a record.
    fn entry(&mut self, record: &Record, reader: &TraceReader) -> Result<usize, FitError> {
        if let Some(entry) = self.places.get(&(record.asked, record.spot)) {
            return Ok(*entry);
        }
        let asked = reader.names().asked.values()[record.asked as usize].clone();
        let row = match &asked {
            Asked::Type(name) => {
                Some(Catalog::shipped().type_named(name).ok_or_else(|| FitError::UnknownType {
                    path: reader.path().to_path_buf(),
                    line: record.line,
                    name: name.clone(),
                })?)
            }
            _ => None,
        };
        let (cpu_milli, memory_mib) =
            row.map(|row| (row.cpu_milli, row.memory_mib)).or_else(|| asked.size()).unwrap_or((0, 0));
        let gpu = row.and_then(|row| row.gpu.as_ref());
        let gpu_milli =
            asked.gpus().map(|gpus| gpus.milli()).or_else(|| gpu.map(|gpu| gpu.milli)).unwrap_or(0);
        let load =
            Load { cpu_milli: cpu_milli.into(), memory_mib: memory_mib.into(), gpu_milli: gpu_milli.into() };
        let models =
            asked.gpus().map(|gpus| gpus.models.clone()).or_else(|| gpu.map(|gpu| gpu.model.clone()));
        let disks =
            row.and_then(|row| row.local_disks.as_ref()).map(|disks| (disks.kind.clone(), disks.gib_each));
        let group = match self.groups.iter().position(|group| group.models == models && group.disks == disks)
        {
            Some(group) => group,
            None => {
                self.groups.push(Group { models, disks, alive: Alive::begun(SimTime::ZERO) });
                self.groups.len() - 1
            }
        };
        let place = self.entries.len();
        self.entries.push(Entry { asked, spot: record.spot, load, row, group });
        self.places.insert((record.asked, record.spot), place);
        self.samples.lifetimes.push(Sample::default());
        Ok(place)
    }
}

fn count(counts: &mut Vec<u64>, place: Option<u32>) {
    let Some(place) = place else { return };
    let place = place as usize;
    if counts.len() <= place {
        counts.resize(place + 1, 0);
    }
    counts[place] += 1;
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}
