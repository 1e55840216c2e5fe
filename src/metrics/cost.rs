//! Engine cost: what this program spends on this machine per validation, placement and event.

use hdrhistogram::Histogram;

use crate::model::SimTime;

use super::clock::WallMark;
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

/// Measures stages of the engine. A simulation is generic over it, so that not measuring costs nothing.
pub trait CostProbe {
    /// A started measurement.
    type Mark: Copy;
    /// Starts a measurement.
    fn start(&mut self) -> Self::Mark;
    /// Ends it.
    fn stop(&mut self, stage: CostStage, mark: Self::Mark);
    /// The observer of the run took a sample at this moment of virtual time: a chance to end an interval of a log.
    fn sampled(&mut self, _at: SimTime) {}
}

/// Measures nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmeasured;

impl CostProbe for Unmeasured {
    type Mark = ();
    #[inline]
    fn start(&mut self) {}
    #[inline]
    fn stop(&mut self, _: CostStage, (): ()) {}
}

/// One measurement in this many is taken: reading the clock twice costs about as much as a placement.
const SAMPLE_EVERY: u32 = 16;

/// Histograms of engine cost in nanoseconds, one measurement in sixteen.
#[derive(Debug)]
pub struct EngineCost {
    until_next: u32,
    stages: [Histogram<u64>; 3],
}

impl EngineCost {
    /// Empty histograms.
    pub fn new() -> EngineCost {
        let histogram = || Histogram::new(3).expect("three significant figures are allowed");
        EngineCost { until_next: 0, stages: [histogram(), histogram(), histogram()] }
    }

    /// Percentiles of one stage in nanoseconds.
    pub fn percentiles(&self, stage: CostStage) -> Percentiles {
        Percentiles::of(&self.stages[stage as usize])
    }
}

impl Default for EngineCost {
    fn default() -> Self {
        EngineCost::new()
    }
}

impl CostProbe for EngineCost {
    type Mark = Option<WallMark>;

    #[inline]
    fn start(&mut self) -> Option<WallMark> {
        if self.until_next > 0 {
            self.until_next -= 1;
            return None;
        }
        self.until_next = SAMPLE_EVERY - 1;
        Some(WallMark::now())
    }

    #[inline]
    fn stop(&mut self, stage: CostStage, mark: Option<WallMark>) {
        if let Some(mark) = mark {
            let nanos = mark.elapsed_nanos();
            self.stages[stage as usize].record(nanos).expect("an auto-resizing histogram takes any value");
        }
    }
}
