//! Engine cost: what this program spends on this machine per validation, placement and event.

use std::io::{self, Write};

use hdrhistogram::Histogram;

use crate::model::SimTime;

use super::clock::WallMark;
use super::hdr::HistogramLog;
use super::intervals::Intervals;
use super::percentiles::Percentiles;

/// A part of the program whose cost is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CostStage {
    /// One request through the gate, phases 1 to 11.
    Validation,
    /// One placement with all its claims (phases 12 to 14).
    Placement,
    /// One event of the engine with everything that it does.
    Event,
}

impl CostStage {
    /// All stages, in the order of reports.
    pub const ALL: [CostStage; 3] = [CostStage::Validation, CostStage::Placement, CostStage::Event];

    /// Name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            CostStage::Validation => "validation",
            CostStage::Placement => "placement",
            CostStage::Event => "event",
        }
    }
}

/// What a run is measured with; nothing, when nobody asked for it.
#[derive(Debug)]
pub(crate) struct Probe<'a>(Option<&'a mut EngineCost>);

impl<'a> Probe<'a> {
    pub(crate) fn new(cost: Option<&'a mut EngineCost>) -> Probe<'a> {
        Probe(cost)
    }

    /// Starts a measurement, when one is due.
    #[inline]
    pub(crate) fn start(&mut self) -> Option<WallMark> {
        self.0.as_mut().and_then(|cost| cost.start())
    }

    /// Ends it.
    #[inline(always)]
    pub(crate) fn stop(&mut self, stage: CostStage, mark: Option<WallMark>) {
        if let Some(mark) = mark {
            self.took(stage, mark);
        }
    }

    /// Apart, since most events are not measured: all that they pay is one test.
    #[cold]
    #[inline(never)]
    fn took(&mut self, stage: CostStage, mark: WallMark) {
        if let Some(cost) = &mut self.0 {
            cost.stages.record(stage as usize, mark.elapsed_nanos());
        }
    }

    /// The observer of the run took a sample at this moment of virtual time: a chance to end an interval of a log.
    pub(crate) fn sampled(&mut self, at: SimTime) {
        if let Some(cost) = &mut self.0 {
            cost.sampled(at);
        }
    }
}

/// One measurement in this many is taken: reading the clock twice costs about as much as a placement. A prime, so
/// that it cannot fall into step with the stages of a request.
const SAMPLE_EVERY: u32 = 17;

/// Fewer measurements than this make no interval of the log of their own.
const INTERVAL_VALUES: u64 = 1 << 14;

/// A log that can be kept beside the histograms it is about.
type Log = HistogramLog<Box<dyn Write + Send>>;

/// Histograms of engine cost in nanoseconds, one measurement in seventeen.
#[derive(Debug)]
pub struct EngineCost {
    until_next: u32,
    stages: Intervals,
    log: Option<Log>,
}

impl EngineCost {
    /// Empty histograms.
    pub fn new() -> EngineCost {
        EngineCost { until_next: 0, stages: Intervals::new(CostStage::ALL.len(), SimTime::ZERO), log: None }
    }

    /// Empty histograms that are also written to a log, interval by interval of virtual time, as the observer of the
    /// run takes its samples.
    pub fn logged(log: HistogramLog<Box<dyn Write + Send>>) -> EngineCost {
        EngineCost { log: Some(log), ..EngineCost::new() }
    }

    /// Everything measured of one stage.
    pub fn histogram(&self, stage: CostStage) -> Histogram<u64> {
        self.stages.all(stage as usize)
    }

    /// Percentiles of one stage in nanoseconds.
    pub fn percentiles(&self, stage: CostStage) -> Percentiles {
        Percentiles::exact(&self.histogram(stage), self.stages.most(stage as usize))
    }

    /// Writes what is left to the log and ends it, when there is one. `now` is the end of the run.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn finish_log(&mut self, now: SimTime) -> io::Result<()> {
        self.log_interval(now);
        self.log.take().map_or(Ok(()), |log| log.finish().map(drop))
    }

    fn log_interval(&mut self, now: SimTime) {
        let Some(log) = &mut self.log else { return };
        for stage in CostStage::ALL {
            if let Some(recent) = self.stages.recent(stage as usize) {
                log.write(stage.name(), self.stages.since(), now, &recent);
            }
        }
        self.stages.cut(now);
    }

    #[inline]
    fn start(&mut self) -> Option<WallMark> {
        if self.until_next > 0 {
            self.until_next -= 1;
            return None;
        }
        self.until_next = SAMPLE_EVERY - 1;
        Some(WallMark::now())
    }

    fn sampled(&mut self, at: SimTime) {
        if self.log.is_some() && self.stages.values() >= INTERVAL_VALUES {
            self.log_interval(at);
        }
    }
}

impl Default for EngineCost {
    fn default() -> Self {
        EngineCost::new()
    }
}
