//! Records a run into a folder: series, tables, histograms, events.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use hdrhistogram::Histogram;

use super::events::EventFile;
use super::hostmap::HostMap;
use super::sampler::Sampler;
use super::tables::{Sample, Selection, Tables};
use crate::metrics::hdr::{HistogramLog, distribution};
use crate::metrics::{CostStage, EngineCost, Latency, LatencyStage, Outcome, Series};
use crate::model::{SimDuration, SimTime};
use crate::sim::{Happened, Labels, Observer, View};

/// Folder of the histograms.
const HISTOGRAMS: &str = "histograms";
/// Log of simulated latency: microseconds of virtual time, a tag for each stage and outcome.
pub const LATENCY_LOG: &str = "histograms/simulated-latency.hlog";
/// Log of engine cost: nanoseconds of wall time, a tag for each stage.
pub const ENGINE_LOG: &str = "histograms/engine-cost.hlog";

/// What is recorded.
#[derive(Clone, Debug)]
pub struct Options {
    /// Distance of the samples of the time series.
    pub every: SimDuration,
    /// Columns of the tables; none: no tables.
    pub tables: Option<Selection>,
    /// Requests that tables and events keep.
    pub sample: Sample,
    /// Whether to write the events.
    pub events: bool,
}

/// An observer that records a run into a folder that exists.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    labels: Labels,
    sampler: Sampler,
    tables: Option<Tables>,
    events: Option<EventFile>,
    log: Option<HistogramLog<BufWriter<File>>>,
    last: SimTime,
    waits: Vec<(LatencyStage, Outcome, Histogram<u64>)>,
    map: HostMap,
}

/// What a recorded run leaves in memory: what the page is drawn from.
#[derive(Debug)]
pub struct Recorded {
    /// Names.
    pub labels: Labels,
    /// The time series.
    pub series: Series,
    /// Simulated latency in microseconds by stage and outcome, the empty ones left out.
    pub waits: Vec<(LatencyStage, Outcome, Histogram<u64>)>,
    /// Engine cost in nanoseconds by stage.
    pub costs: Vec<(CostStage, Histogram<u64>)>,
    /// The hosts at the end.
    pub map: HostMap,
}

impl Recorder {
    /// Creates the files of a run in `folder`.
    ///
    /// # Errors
    /// When a file cannot be created.
    pub fn create(folder: &Path, labels: Labels, options: &Options) -> io::Result<Recorder> {
        let histograms = folder.join(HISTOGRAMS);
        fs::create_dir_all(&histograms)?;
        let tables = options.tables.as_ref();
        let tables = tables.map(|kept| Tables::create(folder, &labels, kept, options.sample)).transpose()?;
        let events =
            options.events.then(|| EventFile::create(folder, &labels, options.sample)).transpose()?;
        let log = if labels.instant {
            None
        } else {
            let file = BufWriter::new(File::create(folder.join(LATENCY_LOG))?);
            Some(HistogramLog::new(file, "microseconds of virtual time", labels.start))
        };
        Ok(Recorder {
            folder: folder.to_owned(),
            sampler: Sampler::new(&labels, options.every),
            labels,
            tables,
            events,
            log,
            last: SimTime::ZERO,
            waits: Vec::new(),
            map: HostMap::default(),
        })
    }

    /// Histograms of engine cost that are logged into the same folder.
    ///
    /// # Errors
    /// When the log cannot be created.
    pub fn engine_cost(&self) -> io::Result<EngineCost> {
        let file = File::create(self.folder.join(ENGINE_LOG))?;
        let out: Box<dyn Write + Send> = Box::new(BufWriter::new(file));
        Ok(EngineCost::logged(HistogramLog::new(out, "nanoseconds of wall time", self.labels.start)))
    }

    /// Closes all files and writes the percentile distributions.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn finish(self, cost: &mut EngineCost) -> io::Result<Recorded> {
        if let Some(tables) = self.tables {
            tables.finish()?;
        }
        if let Some(events) = self.events {
            events.finish()?;
        }
        if let Some(log) = self.log {
            log.finish()?;
        }
        cost.finish_log(self.last)?;
        let costs: Vec<_> = CostStage::ALL.map(|stage| (stage, cost.histogram(stage))).into();
        let histograms = self.folder.join(HISTOGRAMS);
        let write = |name: String, histogram: &Histogram<u64>| {
            fs::write(histograms.join(name.replace(' ', "-") + ".hgrm"), distribution(histogram))
        };
        for (stage, outcome, histogram) in &self.waits {
            write(format!("simulated-{}-{}", stage.name(), outcome.name()), histogram)?;
        }
        for (stage, histogram) in &costs {
            write(format!("engine-{}", stage.name()), histogram)?;
        }
        Ok(Recorded {
            labels: self.labels,
            series: self.sampler.into_series(),
            waits: self.waits,
            costs,
            map: self.map,
        })
    }
}

/// Tag of a histogram in the log.
pub(super) fn tag(stage: LatencyStage, outcome: Outcome) -> String {
    format!("{}.{}", stage.name(), outcome.name())
}

impl Observer for Recorder {
    fn interval(&self) -> Option<SimDuration> {
        self.sampler.interval()
    }

    #[inline]
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        self.sampler.happened(at, what);
        if let Some(tables) = &mut self.tables {
            tables.happened(at, what);
        }
        if let Some(events) = &mut self.events {
            events.happened(at, what);
        }
    }

    fn sample(&mut self, at: SimTime, view: &View<'_>) {
        self.sampler.sample(at, view);
        if let (Some(tables), true) = (&mut self.tables, at > self.last) {
            tables.sampled(self.sampler.series(), self.last, at);
        }
        self.last = at;
    }

    fn ended(&mut self, _: SimTime, view: &View<'_>) {
        if let Some(tables) = &mut self.tables {
            tables.ended(view.fleet);
        }
        if !self.labels.instant {
            for stage in LatencyStage::ALL {
                let of = |outcome| (stage, outcome, view.latency.histogram(stage, outcome));
                let some = Outcome::ALL.into_iter().map(of).filter(|(.., histogram)| !histogram.is_empty());
                self.waits.extend(some);
            }
        }
        self.map = HostMap::of(view.fleet, &self.labels);
    }

    fn logs_latency(&self) -> bool {
        self.log.is_some()
    }

    fn latency(&mut self, at: SimTime, latency: &Latency) {
        let Some(log) = &mut self.log else { return };
        let (since, recent) = latency.recent();
        for (stage, outcome, histogram) in recent {
            log.write(&tag(stage, outcome), since, at, &histogram);
        }
    }
}
