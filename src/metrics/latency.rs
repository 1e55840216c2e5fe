//! Simulated latency: what a customer of the modelled cloud waits, in virtual time.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2Serializer};

use crate::model::{SimDuration, SimTime};

use super::classes::Classes;
use super::intervals::{Counted, Intervals, histogram, merge};
use super::percentiles::Percentiles;

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
    /// Request to answer.
    Answer,
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
    pub const ALL: [LatencyStage; 9] = [
        LatencyStage::ApiQueue,
        LatencyStage::Validation,
        LatencyStage::SchedulerQueue,
        LatencyStage::Scheduling,
        LatencyStage::Answer,
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
            LatencyStage::Answer => "answer",
            LatencyStage::NodeQueue => "node queue",
            LatencyStage::Clone => "disk clone",
            LatencyStage::Boot => "boot",
            LatencyStage::Running => "request to running",
        }
    }
}

/// What became of the request whose wait is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Its instance was created.
    Created,
    /// It passed the gate and found no room.
    NoRoom,
    /// The gate refused it, or a claim other than capacity failed.
    Refused,
    /// It repeated a finished call and got its answer again (R20).
    Repeated,
}

impl Outcome {
    /// All outcomes, in the order of reports.
    pub const ALL: [Outcome; 4] = [Outcome::Created, Outcome::NoRoom, Outcome::Refused, Outcome::Repeated];

    /// Name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Created => "created",
            Outcome::NoRoom => "no room",
            Outcome::Refused => "refused",
            Outcome::Repeated => "repeated",
        }
    }
}

/// Fewer values than this make no interval of their own: they wait for the next sample. An interval costs some
/// dozens of microseconds, whatever it holds; this bounds the cost by the values counted.
const INTERVAL_VALUES: u64 = 1 << 18;

/// Histograms of simulated latency in microseconds by stage and outcome, exact to three figures.
///
/// What was counted since the last [`Latency::cut`] is kept apart, so that a log can be written interval by
/// interval.
#[derive(Debug)]
pub struct Latency(Intervals);

/// A [`Latency`] as data.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct LatencyState {
    past: Vec<Vec<u8>>,
    recent: Vec<Vec<u8>>,
    most: Vec<u64>,
    since: SimTime,
    values: u64,
}

impl Latency {
    /// Empty histograms that count from `since` on.
    pub fn new(since: SimTime) -> Latency {
        Latency(Intervals::new(LatencyStage::ALL.len() * Outcome::ALL.len(), since))
    }

    /// Counts one wait.
    #[inline]
    pub fn record(&mut self, stage: LatencyStage, outcome: Outcome, wait: SimDuration) {
        self.0.record(at(stage, outcome), wait.0);
    }

    /// Everything as data: the histograms in the V2 form of HDR histograms.
    pub fn save(&self) -> LatencyState {
        let Intervals { counted, since, values } = &self.0;
        let save = |histogram: &Histogram<u64>| {
            let mut bytes = Vec::new();
            V2Serializer::new().serialize(histogram, &mut bytes).expect("a vector takes everything");
            bytes
        };
        LatencyState {
            past: counted.iter().map(|counted| save(&counted.past)).collect(),
            recent: (0..counted.len()).map(|at| save(&self.0.recent(at).unwrap_or_else(histogram))).collect(),
            most: counted.iter().map(|counted| counted.most).collect(),
            since: *since,
            values: *values,
        }
    }

    /// Histograms that go on from a state; none when that is something else.
    pub fn restore(state: &LatencyState) -> Option<Latency> {
        let mut reader = Deserializer::new();
        let mut all = |saved: &[Vec<u8>]| -> Option<Vec<Histogram<u64>>> {
            let one = |bytes: &Vec<u8>| {
                let mut histogram: Histogram<u64> = reader.deserialize(&mut bytes.as_slice()).ok()?;
                histogram.auto(true);
                Some(histogram)
            };
            saved.iter().map(one).collect::<Option<Vec<_>>>().filter(|all| all.len() == pairs().count())
        };
        let (past, recent) = (all(&state.past)?, all(&state.recent)?);
        if state.most.len() != past.len() {
            return None;
        }
        let parts = past.into_iter().zip(recent).zip(&state.most);
        let counted = parts
            .map(|((past, recent), most)| Counted { recent: Classes::of(&recent), past, most: *most })
            .collect();
        Some(Latency(Intervals { counted, since: state.since, values: state.values }))
    }

    /// Whether the interval since the last cut has enough values to be worth a record of a log.
    pub fn is_due(&self) -> bool {
        self.0.values() >= INTERVAL_VALUES
    }

    /// What was counted since the last cut, by stage and outcome, and since when. Empty histograms are left out.
    pub fn recent(&self) -> (SimTime, impl Iterator<Item = (LatencyStage, Outcome, Histogram<u64>)>) {
        let recent = |(stage, outcome)| Some((stage, outcome, self.0.recent(at(stage, outcome))?));
        (self.0.since(), pairs().filter_map(recent))
    }

    /// Ends an interval at `now`.
    pub fn cut(&mut self, now: SimTime) {
        self.0.cut(now);
    }

    /// Everything counted at one stage with one outcome.
    pub fn histogram(&self, stage: LatencyStage, outcome: Outcome) -> Histogram<u64> {
        self.0.all(at(stage, outcome))
    }

    /// Everything counted at one stage.
    pub fn stage(&self, stage: LatencyStage) -> Histogram<u64> {
        let mut sum = self.histogram(stage, Outcome::Created);
        for &outcome in &Outcome::ALL[1..] {
            merge(&mut sum, &self.histogram(stage, outcome));
        }
        sum
    }

    /// Percentiles of one stage over all outcomes, in microseconds.
    pub fn percentiles(&self, stage: LatencyStage) -> Percentiles {
        let most = Outcome::ALL.map(|outcome| self.0.most(at(stage, outcome)));
        Percentiles::exact(&self.stage(stage), most.into_iter().max().unwrap_or(0))
    }

    /// Percentiles of one stage with one outcome, in microseconds.
    pub fn part(&self, stage: LatencyStage, outcome: Outcome) -> Percentiles {
        Percentiles::exact(&self.histogram(stage, outcome), self.0.most(at(stage, outcome)))
    }
}

fn at(stage: LatencyStage, outcome: Outcome) -> usize {
    stage as usize * Outcome::ALL.len() + outcome as usize
}

fn pairs() -> impl Iterator<Item = (LatencyStage, Outcome)> {
    LatencyStage::ALL
        .into_iter()
        .flat_map(|stage| Outcome::ALL.into_iter().map(move |outcome| (stage, outcome)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_and_outcomes_are_listed_in_the_order_of_their_index() {
        for (place, (stage, outcome)) in pairs().enumerate() {
            assert_eq!(at(stage, outcome), place);
        }
    }

    #[test]
    fn saved_histograms_count_on() {
        let mut latency = Latency::new(SimTime::ZERO);
        for micros in (0..5_000_000).step_by(977) {
            latency.record(LatencyStage::Boot, Outcome::Created, SimDuration(micros));
            if micros == 977_000 {
                latency.cut(SimTime(5));
            }
        }
        let mut again = Latency::restore(&latency.save()).expect("what was saved");
        for latency in [&mut latency, &mut again] {
            latency.record(LatencyStage::Boot, Outcome::Created, SimDuration((1 << 50) + 1));
            latency.record(LatencyStage::Clone, Outcome::ALL[1], SimDuration(7));
        }
        assert_eq!(latency.save(), again.save());
        for stage in LatencyStage::ALL {
            assert_eq!(latency.percentiles(stage), again.percentiles(stage));
        }
        let mut damaged = latency.save();
        damaged.past[0] = vec![1, 2, 3];
        assert!(Latency::restore(&damaged).is_none());
    }

    #[test]
    fn percentiles_come_from_the_values_recorded_cut_or_not() {
        let mut latency = Latency::new(SimTime::ZERO);
        for millis in 1..=1_000 {
            let outcome = Outcome::ALL[millis as usize % 4];
            latency.record(LatencyStage::Boot, outcome, SimDuration::from_millis(millis));
            if millis == 300 {
                latency.cut(SimTime(7));
            }
        }
        let boot = latency.percentiles(LatencyStage::Boot);
        assert_eq!(boot.count, 1_000);
        assert!((499_000..=501_000).contains(&boot.p50), "{boot:?}");
        assert_eq!((boot.max, boot.p99999), (1_000_000, 1_000_000), "exact, and nothing is above it");
        assert_eq!(latency.part(LatencyStage::Boot, Outcome::ALL[1]).max, 997_000);
        assert_eq!(latency.percentiles(LatencyStage::Clone).count, 0);
        assert_eq!(latency.histogram(LatencyStage::Boot, Outcome::NoRoom).len(), 250);
        let (since, recent) = latency.recent();
        assert_eq!(since, SimTime(7));
        assert_eq!(recent.map(|(_, _, histogram)| histogram.len()).sum::<u64>(), 700);
    }
}
