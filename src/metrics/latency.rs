//! Simulated latency: what a customer of the modelled cloud waits, in virtual time.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2Serializer};

use crate::model::SimDuration;

/// A part of the way from a request to a running instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LatencyStage {
    /// Waiting for an API worker.
    ApiQueue,
    /// Validation by the API worker.
    Validation,
    /// Waiting for a scheduler.
    SchedulerQueue,
    /// Scheduling.
    Scheduling,
    /// Request to answer, created.
    AnswerCreated,
    /// Request to answer, rejected.
    AnswerRejected,
    /// Waiting for a start slot of the node controller.
    NodeQueue,
    /// Clone of the system disk.
    Clone,
    /// Boot.
    Boot,
    /// Request to running instance.
    Running,
}

impl LatencyStage {
    /// All stages, in the order of reports.
    pub const ALL: [LatencyStage; 10] = [
        LatencyStage::ApiQueue,
        LatencyStage::Validation,
        LatencyStage::SchedulerQueue,
        LatencyStage::Scheduling,
        LatencyStage::AnswerCreated,
        LatencyStage::AnswerRejected,
        LatencyStage::NodeQueue,
        LatencyStage::Clone,
        LatencyStage::Boot,
        LatencyStage::Running,
    ];

    /// Name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            LatencyStage::ApiQueue => "api queue",
            LatencyStage::Validation => "validation",
            LatencyStage::SchedulerQueue => "scheduler queue",
            LatencyStage::Scheduling => "scheduling",
            LatencyStage::AnswerCreated => "answer, created",
            LatencyStage::AnswerRejected => "answer, rejected",
            LatencyStage::NodeQueue => "node queue",
            LatencyStage::Clone => "disk clone",
            LatencyStage::Boot => "boot",
            LatencyStage::Running => "request to running",
        }
    }
}

/// Histograms of simulated latency in microseconds, exact to three figures.
#[derive(Debug)]
pub struct Latency {
    stages: Vec<Histogram<u64>>,
}

impl Latency {
    /// Empty histograms.
    pub fn new() -> Latency {
        let histogram = |_| Histogram::new(3).expect("three significant figures are allowed");
        Latency { stages: LatencyStage::ALL.iter().map(histogram).collect() }
    }

    /// Counts one wait.
    #[inline]
    pub fn record(&mut self, stage: LatencyStage, wait: SimDuration) {
        self.stages[stage as usize].record(wait.0).expect("an auto-resizing histogram takes any value");
    }

    /// The histograms in the V2 form of HDR histograms, in the order of [`LatencyStage::ALL`].
    pub fn save(&self) -> Vec<Vec<u8>> {
        let save = |histogram: &Histogram<u64>| {
            let mut bytes = Vec::new();
            V2Serializer::new().serialize(histogram, &mut bytes).expect("a vector takes everything");
            bytes
        };
        self.stages.iter().map(save).collect()
    }

    /// Histograms that go on from what [`Latency::save`] gave; none when that is something else.
    pub fn restore(saved: &[Vec<u8>]) -> Option<Latency> {
        let mut reader = Deserializer::new();
        let mut stages = Vec::with_capacity(saved.len());
        for bytes in saved {
            let mut histogram: Histogram<u64> = reader.deserialize(&mut bytes.as_slice()).ok()?;
            histogram.auto(true);
            stages.push(histogram);
        }
        (stages.len() == LatencyStage::ALL.len()).then_some(Latency { stages })
    }

    /// Percentiles of one stage in microseconds.
    pub fn percentiles(&self, stage: LatencyStage) -> Percentiles {
        Percentiles::of(&self.stages[stage as usize])
    }
}

impl Default for Latency {
    fn default() -> Self {
        Latency::new()
    }
}

/// Percentiles of one histogram, in its own unit (microseconds of virtual or nanoseconds of wall time).
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct Percentiles {
    /// Values counted.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// Largest value.
    pub max: u64,
}

impl Percentiles {
    /// Percentiles of `histogram`; all zero when it is empty.
    pub fn of(histogram: &Histogram<u64>) -> Percentiles {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Percentiles {
            count: histogram.len(),
            mean: histogram.mean(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: histogram.max(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_listed_in_the_order_of_their_index() {
        for (at, stage) in LatencyStage::ALL.into_iter().enumerate() {
            assert_eq!(stage as usize, at);
        }
    }

    #[test]
    fn saved_histograms_count_on() {
        let mut latency = Latency::new();
        for micros in (0..5_000_000).step_by(977) {
            latency.record(LatencyStage::Boot, SimDuration(micros));
        }
        let mut again = Latency::restore(&latency.save()).expect("what was saved");
        for latency in [&mut latency, &mut again] {
            latency.record(LatencyStage::Boot, SimDuration(1 << 50));
            latency.record(LatencyStage::Clone, SimDuration(7));
        }
        for stage in LatencyStage::ALL {
            assert_eq!(latency.percentiles(stage), again.percentiles(stage));
        }
        assert!(Latency::restore(&[vec![1, 2, 3]]).is_none() && Latency::restore(&[]).is_none());
    }

    #[test]
    fn percentiles_come_from_the_values_recorded() {
        let mut latency = Latency::new();
        for millis in 1..=1_000 {
            latency.record(LatencyStage::Boot, SimDuration::from_millis(millis));
        }
        let boot = latency.percentiles(LatencyStage::Boot);
        assert_eq!(boot.count, 1_000);
        assert!((499_000..=501_000).contains(&boot.p50), "{boot:?}");
        assert!((999_000..=1_001_000).contains(&boot.max), "{boot:?}");
        assert_eq!(latency.percentiles(LatencyStage::Clone).count, 0);
    }
}
