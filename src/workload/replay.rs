//! Replayed requests: the records of a trace, mapped to templates.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::engine::{Stream, Streams};
use crate::model::{AccountIx, SimDuration, SimTime};
use crate::scenario::workload::{Choice, Distribution, WorkloadSpec, Wrong};

use super::template::{Builder, Parts, Place, check_count, trace_type};
use super::trace::{Asked, Names, Record, RecordEnd, TraceError, TraceReader};
use super::{Arrival, End, Setting, WorkloadError};

/// Makes the arrivals of one trace.
pub(super) struct Replay {
    reader: TraceReader,
    origin: SimTime,
    until: SimDuration,
    templates: FxHashMap<Kind, Variants>,
    zones: Choice,
    zone_stream: Stream,
    accounts: Choice,
    account_stream: Stream,
    lifetime: Option<(Distribution, Stream)>,
    /// The current batch and its customer.
    batch: Option<(u64, u32)>,
    /// Records handed out or skipped so far, of how many.
    read: u64,
    records: u64,
}

/// What a record asks for, as places in the reader's names.
type Kind = (u32, Option<u32>, Option<u32>);

/// Templates of one kind of record: by zone (one, or those of the choice), then by account (likewise).
#[derive(Clone, Copy)]
struct Variants {
    first: u32,
    accounts: u32,
}

/// What the first reading of a trace found.
struct Scan {
    first: SimTime,
    kinds: BTreeSet<Kind>,
    unknown_end: bool,
    records: u64,
}

impl Replay {
    pub(super) fn new(
        spec: &WorkloadSpec,
        number: u32,
        path: &Path,
        setting: &Setting<'_>,
        builder: &mut Builder,
    ) -> Result<Replay, WorkloadError> {
        let name = spec.name.get();
        let wrong =
            |what: &str| WorkloadError::Wrong { workload: name.clone(), wrong: Wrong::at(&spec.name, what) };
        let failed = |cause| WorkloadError::Trace { workload: name.clone(), cause };
        let place =
            Place::new(spec, number, setting).ok_or_else(|| wrong("a weight or a name is not sound"))?;
        let Some(trace) = &spec.trace else { return Err(wrong("a workload needs `arrivals` or `trace`")) };
        let mut scanned = TraceReader::open(path, *trace.get().format.get()).map_err(failed)?;
        let scan = Scan::read(&mut scanned).map_err(failed)?;

        let streams = Streams::new(setting.seed);
        let stream = |purpose: &str| streams.stream(&format!("workload/{name}/{purpose}"), 0);
        let lifetime = match &spec.lifetime {
            None if scan.unknown_end => {
                return Err(wrong("the trace does not say how long instances live: set `lifetime`"));
            }
            None => None,
            Some(law) => {
                let wrong = |wrong| WorkloadError::Wrong { workload: name.clone(), wrong };
                Some((law.get().resolve().map_err(wrong)?, stream("lifetime")))
            }
        };
        let mapped = Mapper::new(spec, path, &place, setting, &scanned).map(&scan, builder)?;
        let origin = trace.get().origin.as_ref().map_or(scan.first, |origin| SimTime(origin.get().get().0));
        Ok(Replay {
            reader: TraceReader::open(path, *trace.get().format.get()).map_err(failed)?,
            origin,
            until: setting.duration,
            templates: mapped,
            zones: place.zone_choice,
            zone_stream: stream("zone"),
            accounts: place.account_choice,
            account_stream: stream("account"),
            lifetime,
            batch: None,
            read: 0,
            records: scan.records,
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Arrival>, TraceError> {
        while let Some(record) = self.reader.next()? {
            self.read += 1;
            if record.at < self.origin {
                continue;
            }
            let since = record.at.since(self.origin);
            if since >= self.until {
                return Ok(None);
            }
            let at = SimTime(since.0);
            let end = match (record.end, &mut self.lifetime) {
                (RecordEnd::After(lifetime), _) => End::At(at + lifetime),
                (RecordEnd::Never, _) | (RecordEnd::Unknown, None) => End::Never,
                (RecordEnd::Unknown, Some((law, stream))) => match law.sample_span(stream) {
                    SimDuration::FOREVER => End::Never,
                    span => End::After(span),
                },
            };
            let template = self.template(&record)?;
            return Ok(Some(Arrival { at, template, end }));
        }
        Ok(None)
    }

    /// Records handed out or skipped so far, and all of the trace.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.read, self.records)
    }

    /// The template of a record. All of a batch come from one account.
    fn template(&mut self, record: &Record) -> Result<u32, TraceError> {
        let kind = (record.asked, record.zone, record.account);
        let changed = || TraceError::Changed { path: self.reader.path().to_path_buf() };
        let variants = *self.templates.get(&kind).ok_or_else(changed)?;
        let zone = match record.zone {
            Some(_) => 0,
            None => self.zones.at(self.zone_stream.unit()) as u32,
        };
        let account = match (record.account, self.batch) {
            (Some(_), _) => 0,
            (None, Some((batch, account))) if batch == record.batch => account,
            (None, _) => {
                let account = self.accounts.at(self.account_stream.unit()) as u32;
                self.batch = Some((record.batch, account));
                account
            }
        };
        Ok(variants.first + zone * variants.accounts + account)
    }
}

impl Scan {
    /// Reads the whole trace.
    fn read(reader: &mut TraceReader) -> Result<Scan, TraceError> {
        let mut first = None;
        let mut scan = Scan { first: SimTime::ZERO, kinds: BTreeSet::new(), unknown_end: false, records: 0 };
        while let Some(record) = reader.next()? {
            first.get_or_insert(record.at);
            scan.records += 1;
            scan.kinds.insert((record.asked, record.zone, record.account));
            scan.unknown_end |= record.end == RecordEnd::Unknown;
        }
        scan.first = first.ok_or_else(|| TraceError::Empty { path: reader.path().to_path_buf() })?;
        Ok(scan)
    }
}

/// Makes the templates of a scanned trace.
struct Mapper<'a> {
    spec: &'a WorkloadSpec,
    path: &'a Path,
    place: &'a Place,
    names: &'a Names,
    accounts: FxHashMap<&'a str, AccountIx>,
    /// Region by zone.
    regions: FxHashMap<&'a str, &'a str>,
}

impl<'a> Mapper<'a> {
    fn new(
        spec: &'a WorkloadSpec,
        path: &'a Path,
        place: &'a Place,
        setting: &'a Setting<'_>,
        scanned: &'a TraceReader,
    ) -> Mapper<'a> {
        let accounts = setting.known.accounts.iter().enumerate();
        let regions = setting.known.regions.iter();
        Mapper {
            spec,
            path,
            place,
            names: scanned.names(),
            accounts: accounts.map(|(place, name)| (*name, AccountIx::from(place))).collect(),
            regions: regions.flat_map(|(region, zones)| zones.iter().map(|zone| (*zone, *region))).collect(),
        }
    }

    fn map(&self, scan: &Scan, builder: &mut Builder) -> Result<FxHashMap<Kind, Variants>, WorkloadError> {
        let (zones, accounts) = (self.place.zones.len(), self.place.accounts.len());
        let variants = |(_, zone, account): &Kind| {
            zone.map_or(zones, |_| 1).saturating_mul(account.map_or(accounts, |_| 1))
        };
        check_count(self.spec.name.get(), scan.kinds.iter().map(variants).fold(0, usize::saturating_add))?;
        let parts = Parts::new(self.spec, None);
        let mut mapped = FxHashMap::default();
        for kind in &scan.kinds {
            let (asked, zone, account) = *kind;
            let type_name = match &self.names.asked.values()[asked as usize] {
                Asked::Type(name) => name.clone(),
                Asked::Size { cpu_milli, memory_mib } => {
                    builder.add_type(*cpu_milli, *memory_mib);
                    trace_type(*cpu_milli, *memory_mib).name
                }
            };
            let accounts = match account {
                None => self.place.accounts.clone(),
                Some(account) => vec![self.account(account)?],
            };
            let zones = match zone {
                None => {
                    self.place.zones.iter().map(|zone| (self.place.region.as_str(), zone.as_str())).collect()
                }
                Some(zone) => vec![self.zone(zone)?],
            };
            let variants =
                Variants { first: builder.templates.len() as u32, accounts: accounts.len() as u32 };
            for (region, zone) in zones {
                for account in &accounts {
                    let mut template = self.place.template((region, zone), &type_name, parts.image, *account);
                    parts.apply(&mut template);
                    builder.add(template);
                }
            }
            mapped.insert(*kind, variants);
        }
        Ok(mapped)
    }

    fn account(&self, place: u32) -> Result<AccountIx, WorkloadError> {
        let name = self.names.accounts.values()[place as usize].as_str();
        self.accounts.get(name).copied().ok_or_else(|| self.missing("account", name))
    }

    /// Region and name of a zone.
    fn zone(&self, place: u32) -> Result<(&str, &str), WorkloadError> {
        let name = self.names.zones.values()[place as usize].as_str();
        self.regions.get(name).map(|region| (*region, name)).ok_or_else(|| self.missing("zone", name))
    }

    fn missing(&self, kind: &'static str, name: &str) -> WorkloadError {
        WorkloadError::NotInScenario {
            workload: self.spec.name.get().clone(),
            path: PathBuf::from(self.path),
            kind,
            name: name.to_owned(),
        }
    }
}
