//! Replayed requests: the records of a trace, reshaped and mapped to templates.

use std::path::Path;

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::{Choice, Distribution, TraceSpec, WorkloadSpec, Wrong};

use super::mapping::{Mapped, Mapper, Mapping, Scan};
use super::template::{Builder, Place};
use super::trace::{Machine, Options, Record, RecordEnd, Reshape, Shaped, TraceError, TraceReader};
use super::{Arrival, End, Setting, WorkloadError};

/// Makes the arrivals of one trace.
pub(super) struct Replay {
    shaped: Shaped,
    until: SimDuration,
    mapped: Mapped,
    mapping: Mapping,
    zones: Choice,
    zone_stream: Stream,
    accounts: Choice,
    account_stream: Stream,
    lifetime: Option<(Distribution, Stream)>,
    /// The current batch and its customer.
    batch: Option<(u64, u32)>,
    /// Records of the whole trace.
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
        let trace = trace.get();
        let options = options(trace);
        let mut scanned = TraceReader::open_with(path, *trace.format.get(), &options).map_err(failed)?;
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
        let (mapped, mapping) = Mapper::new(spec, path, &place, setting, &scanned).map(&scan, builder)?;
        let reader = TraceReader::open_with(path, *trace.format.get(), &options).map_err(failed)?;
        Ok(Replay {
            shaped: Shaped::new(reader, reshape(trace), scan.first, &streams, name),
            until: setting.duration,
            mapped,
            mapping,
            zones: place.zone_choice,
            zone_stream: stream("zone"),
            accounts: place.account_choice,
            account_stream: stream("account"),
            lifetime,
            batch: None,
            records: scan.records,
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Arrival>, TraceError> {
        let Some(record) = self.shaped.next()? else { return Ok(None) };
        if SimDuration(record.at.0) >= self.until {
            return Ok(None);
        }
        let at = record.at;
        let end = match (record.end, &mut self.lifetime) {
            (RecordEnd::After(lifetime), _) => End::At(at + lifetime),
            (RecordEnd::Never, _) | (RecordEnd::Unknown, None) => End::Never,
            (RecordEnd::Unknown, Some((law, stream))) => match law.sample_span(stream) {
                SimDuration::FOREVER => End::Never,
                span => End::After(span),
            },
        };
        let template = self.template(&record)?;
        Ok(Some(Arrival { at, template, end }))
    }

    /// Records read so far, and all of the trace.
    pub(super) fn progress(&self) -> (u64, u64) {
        (self.shaped.read(), self.records)
    }

    /// What the trace asks for, and what is requested for it.
    pub(super) fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// The template of a record. All of a batch come from one account.
    fn template(&mut self, record: &Record) -> Result<u32, TraceError> {
        let changed = || TraceError::Changed { path: self.shaped.reader().path().to_path_buf() };
        let variants = self.mapped.variants(record).ok_or_else(changed)?;
        let zone = match variants.zone_fixed {
            true => 0,
            false => self.zones.at(self.zone_stream.unit()) as u32,
        };
        let account = match (variants.account_fixed, self.batch) {
            (true, _) => 0,
            (false, Some((batch, account))) if batch == record.batch => account,
            (false, _) => {
                let account = self.accounts.at(self.account_stream.unit()) as u32;
                self.batch = Some((record.batch, account));
                account
            }
        };
        Ok(variants.first + zone * variants.accounts + account)
    }
}

/// What the reader of a trace has to be told.
fn options(trace: &TraceSpec) -> Options {
    let machine = trace.machine.as_ref().map_or_else(Machine::default, |machine| Machine {
        cpu_milli: machine.get().vcpus.get().saturating_mul(1_000),
        memory_mib: u32::try_from(machine.get().memory.get().as_mib()).unwrap_or(u32::MAX),
    });
    Options { machine }
}

/// What is done to the moments of a trace.
fn reshape(trace: &TraceSpec) -> Reshape {
    let span = |span: &Option<crate::scenario::units::At<crate::scenario::units::Span>>| {
        span.as_ref().map(|span| span.get().get())
    };
    let moment = |given| span(given).map(|since: SimDuration| SimTime(since.0));
    let plain = Reshape::default();
    Reshape {
        from: moment(&trace.origin),
        until: moment(&trace.until),
        keep: trace.keep.as_ref().map_or(plain.keep, |keep| keep.get().get()),
        speed: trace.speed.as_ref().map_or(plain.speed, |speed| *speed.get()),
        shift: span(&trace.shift).unwrap_or(plain.shift),
        copies: trace.copies.as_ref().map_or(plain.copies, |copies| *copies.get()),
        jitter: span(&trace.jitter).unwrap_or(plain.jitter),
    }
}
