//! Moments on a clock that runs with the expected number of requests: for rates that go in steps.

use crate::engine::Stream;
use crate::model::{SimTime, Utc};
use crate::scenario::workload::{ArrivalsSpec, Spacing};

use super::dist::exponential;
use super::shape::Shape;

/// Length in microseconds after which a rate that does not move begins anew.
const DAY: u64 = 86_400_000_000;

/// The moments of batches. By the time-rescaling theorem a process of rate 1 on the clock of the expected number is one of the wanted
/// rate on the clock of the run.
pub(super) struct Rescaled {
    stream: Stream,
    steps: Steps,
    spacing: Spacing,
    /// Mean number of requests of a batch.
    mean: f64,
    /// Requests expected up to the last batch, or, evenly spaced, up to the end of its own part.
    expected: f64,
}

/// How many requests are expected up to each moment, on straight lines between the ends of spans, and anew after the last of them.
struct Steps {
    /// End in microseconds and requests up to it.
    ends: Vec<(u64, f64)>,
    /// Where in the spans the run begins, in requests and microseconds.
    begin: (f64, u64),
}

impl Rescaled {
    /// The process of a checked specification whose batches have a `mean` number of requests; none for one that is made by thinning.
    pub(super) fn new(
        spec: &ArrivalsSpec,
        stream: Stream,
        start: Utc,
        region: &str,
        mean: f64,
    ) -> Option<Rescaled> {
        let spacing = spec.spacing.as_ref().map_or(Spacing::Random, |spacing| *spacing.get());
        if spec.course.is_none() && spacing == Spacing::Random {
            return None;
        }
        Some(Rescaled { stream, steps: Steps::new(spec, start, region), spacing, mean, expected: 0.0 })
    }

    /// The moment of the next batch, of so many requests.
    pub(super) fn next(&mut self, size: f64) -> SimTime {
        let at = match self.spacing {
            Spacing::Random => {
                self.expected += self.mean * exponential(&mut self.stream);
                self.expected
            }
            Spacing::Even => {
                let at = self.expected + size * self.stream.unit();
                self.expected += size;
                at
            }
        };
        self.steps.moment(at)
    }
}

impl Steps {
    fn new(spec: &ArrivalsSpec, start: Utc, region: &str) -> Steps {
        let (spans, at): (Vec<(u64, f64)>, u64) = match (&spec.course, Shape::new(spec, start, region)) {
            (Some(course), _) => {
                let until = course.get().until.get().iter().map(|span| span.get().0);
                (until.zip(course.get().weights.get().iter().copied()).collect(), 0)
            }
            (None, Some(shape)) => shape.spans(),
            (None, None) => (vec![(DAY, 1.0)], 0),
        };
        let period = spans.last().map_or(DAY, |(end, _)| *end);
        let all = spec.rate.get().per_second() / 1e6 * period as f64;
        let part = all / spans.iter().map(|(_, weight)| weight).sum::<f64>();
        let mut up_to = 0.0;
        let mut ends: Vec<(u64, f64)> = spans
            .into_iter()
            .map(|(end, weight)| {
                up_to += weight * part;
                (end, up_to)
            })
            .collect();
        // A span of no weight at the end must not be reached by rounding.
        ends.iter_mut().rev().take_while(|(_, of)| *of >= up_to).for_each(|(_, of)| *of = all);
        let mut steps = Steps { ends, begin: (0.0, at) };
        steps.begin.0 = steps.requests(at);
        steps
    }

    /// The span with this number, from its begin to its end: microseconds and requests.
    fn span(&self, number: usize) -> [(u64, f64); 2] {
        let from = number.checked_sub(1).map_or((0, 0.0), |before| self.ends[before]);
        [from, self.ends[number.min(self.ends.len() - 1)]]
    }

    /// Requests up to a moment of the spans.
    fn requests(&self, at: u64) -> f64 {
        let [from, to] = self.span(self.ends.partition_point(|(end, _)| *end <= at));
        from.1 + (to.1 - from.1) * at.saturating_sub(from.0) as f64 / (to.0 - from.0).max(1) as f64
    }

    /// The moment of the run up to which so many requests are expected.
    fn moment(&self, requests: f64) -> SimTime {
        let (period, all) = self.ends[self.ends.len() - 1];
        let requests = requests + self.begin.0;
        let rounds = libm::floor(requests / all);
        let left = (requests - rounds * all).clamp(0.0, all);
        // Spans without requests are passed over.
        let [from, to] = self.span(self.ends.partition_point(|(_, up_to)| *up_to <= left));
        let within = ((left - from.1) / (to.1 - from.1)).clamp(0.0, 1.0);
        let at = from.0 + (within * (to.0 - from.0) as f64) as u64;
        let rounds = (rounds as u64).saturating_mul(period);
        SimTime(rounds.saturating_add(at).saturating_sub(self.begin.1))
    }
}
