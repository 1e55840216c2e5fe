//! A trace at another speed, thinned, in copies, shifted, cut.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Record, RecordEnd, TraceError, TraceReader};
use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime};

/// What is done to the moments of a trace, in this order: cut, thinned, told from the beginning of the cut at a speed,
/// shifted, in copies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Reshape {
    /// Moment on the trace's clock that becomes 0; what is created before is left out. None: the first creation.
    pub from: Option<SimTime>,
    /// Moment on the trace's clock from which on nothing is created any more.
    pub until: Option<SimTime>,
    /// Share of the batches that is kept.
    pub keep: f64,
    /// Seconds of the trace in a second: moments and lifetimes shrink by it.
    pub speed: f64,
    /// Added to every moment.
    pub shift: SimDuration,
    /// How often every batch comes.
    pub copies: u32,
    /// Every copy but the first comes later by a time of its own below this, drawn for each batch.
    pub jitter: SimDuration,
}

impl Default for Reshape {
    /// The trace as it is, from its first creation.
    fn default() -> Reshape {
        Reshape {
            from: None,
            until: None,
            keep: 1.0,
            speed: 1.0,
            shift: SimDuration::ZERO,
            copies: 1,
            jitter: SimDuration::ZERO,
        }
    }
}

/// A trace that is reshaped while it is read. It holds what waits for its jitter to pass, and nothing else.
pub struct Shaped {
    reader: TraceReader,
    reshape: Reshape,
    from: SimTime,
    thinning: Stream,
    jitters: Stream,
    /// Batch of the latest record, whether it is kept, and the delays of its copies.
    batch: Option<(u64, bool)>,
    delays: Vec<u64>,
    /// Copies that wait, the earliest first; of one moment, batch by batch.
    waiting: BinaryHeap<Reverse<Waiting>>,
    /// Moment of the latest record that was read; nothing that is read later can come before it.
    reached: Option<SimTime>,
    ended: bool,
    /// Records read so far.
    read: u64,
}

/// Ordered by moment, batch and number.
struct Waiting {
    order: (SimTime, u64, u64),
    record: Record,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Waiting) -> bool {
        self.order == other.order
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Waiting) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Waiting) -> std::cmp::Ordering {
        self.order.cmp(&other.order)
    }
}

impl Shaped {
    /// Reshapes what `reader` reads. `first` is the moment of its first creation; all luck comes from streams named after
    /// `owner`.
    pub fn new(
        reader: TraceReader,
        reshape: Reshape,
        first: SimTime,
        streams: &Streams,
        owner: &str,
    ) -> Shaped {
        let stream = |purpose: &str| streams.stream(&format!("workload/{owner}/{purpose}"), 0);
        Shaped {
            reader,
            from: reshape.from.unwrap_or(first),
            reshape,
            thinning: stream("thinning"),
            jitters: stream("copies"),
            batch: None,
            delays: vec![0; reshape.copies as usize],
            waiting: BinaryHeap::new(),
            reached: None,
            ended: false,
            read: 0,
        }
    }

    /// The next record, its moment counted from the beginning of the cut.
    ///
    /// # Errors
    /// As the reader's.
    #[expect(
        clippy::should_implement_trait,
        reason = "a fallible source that ends for good at its first error"
    )]
    pub fn next(&mut self) -> Result<Option<Record>, TraceError> {
        if self.reshape.copies == 1 {
            return self.taken();
        }
        loop {
            let due = |waiting: &Waiting| self.ended || self.reached.is_some_and(|at| waiting.order.0 < at);
            if self.waiting.peek().is_some_and(|Reverse(waiting)| due(waiting)) {
                return Ok(self.waiting.pop().map(|Reverse(waiting)| waiting.record));
            }
            if self.ended {
                return Ok(None);
            }
            match self.taken()? {
                None => self.ended = true,
                Some(record) => {
                    self.reached = Some(record.at);
                    for (copy, delay) in self.delays.iter().enumerate() {
                        let batch = record.batch * u64::from(self.reshape.copies) + copy as u64;
                        let at = record.at + SimDuration(*delay);
                        let order = (at, batch, self.read);
                        self.waiting.push(Reverse(Waiting { order, record: Record { at, batch, ..record } }));
                    }
                }
            }
        }
    }

    /// The next record that is kept, at its moment, once.
    fn taken(&mut self) -> Result<Option<Record>, TraceError> {
        let Reshape { until, keep, speed, shift, jitter, .. } = self.reshape;
        while let Some(record) = self.reader.next()? {
            self.read += 1;
            if until.is_some_and(|until| record.at >= until) {
                return Ok(None);
            }
            if record.at < self.from {
                continue;
            }
            if self.batch.is_none_or(|(batch, _)| batch != record.batch) {
                let kept = keep >= 1.0 || self.thinning.unit() < keep;
                self.batch = Some((record.batch, kept));
                for delay in self.delays.iter_mut().skip(1) {
                    *delay = (jitter.0 as f64 * self.jitters.unit()) as u64;
                }
            }
            if self.batch.is_some_and(|(_, kept)| !kept) {
                continue;
            }
            let scaled = |span: SimDuration| match speed {
                1.0 => span,
                speed => SimDuration((span.0 as f64 / speed).round() as u64),
            };
            let end = match record.end {
                RecordEnd::After(lifetime) => RecordEnd::After(scaled(lifetime)),
                end => end,
            };
            let at = SimTime(scaled(record.at.since(self.from)).0) + shift;
            return Ok(Some(Record { at, end, age: scaled(record.age), ..record }));
        }
        Ok(None)
    }

    /// The reader behind.
    pub fn reader(&self) -> &TraceReader {
        &self.reader
    }

    /// Records that were read so far, whatever became of them.
    pub fn read(&self) -> u64 {
        self.read
    }
}
