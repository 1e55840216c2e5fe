//! What is looked at in a trace and in its imitation alike.

use super::sample::Sample;
use crate::model::{SimDuration, SimTime};
use crate::workload::trace::alive::{Alive, Load};

/// An hour in microseconds.
pub(super) const HOUR: u64 = 3_600_000_000;
const DAY: f64 = 24.0 * HOUR as f64;

/// Distributions of one stream of creations, or of several together.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples {
    /// Microseconds from batch to batch, on the trace's clock.
    pub(super) gaps: Sample,
    /// Sizes of batches.
    pub(super) batches: Sample,
    /// Thousandths of a vCPU, MiB, thousandths of a GPU of each creation.
    pub(super) sizes: [Sample; 3],
    /// Lifetimes in microseconds by entry of the mix.
    pub(super) lifetimes: Vec<Sample>,
}

/// Figures of one stream of creations.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct Figures {
    /// Creations but those of the beginning.
    pub(super) creations: f64,
    /// The same a day.
    pub(super) per_day: f64,
    /// The most of them within one hour from the beginning on.
    pub(super) busiest_hour: f64,
    /// Mean number alive.
    pub(super) mean_alive: f64,
    /// Most alive at once.
    pub(super) peak_alive: f64,
    /// Most vCPUs, GiB and GPUs at once.
    pub(super) peak_vcpus: f64,
    pub(super) peak_memory_gib: f64,
    pub(super) peak_gpus: f64,
}

/// One creation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Creation {
    /// Moment since the beginning.
    pub(super) at: SimTime,
    /// Its batch: consecutive ones of one number belong together.
    pub(super) batch: u64,
    pub(super) load: Load,
    /// When it ends; none: never.
    pub(super) end: Option<SimTime>,
}

/// Looks at one stream of creations in order of time.
pub(super) struct Watch {
    /// Length of what is watched.
    window: SimDuration,
    /// Step of the trace's clock in microseconds.
    step: u64,
    alive: Alive,
    creations: u64,
    hour: u64,
    in_hour: u64,
    busiest_hour: u64,
    batch: Option<(u64, SimTime, u64)>,
}

impl Watch {
    pub(super) fn new(window: SimDuration, step: u64) -> Watch {
        Watch {
            window,
            step,
            alive: Alive::begun(SimTime::ZERO),
            creations: 0,
            hour: 0,
            in_hour: 0,
            busiest_hour: 0,
            batch: None,
        }
    }

    /// An instance that is there from the beginning.
    pub(super) fn there(&mut self, load: Load, end: Option<SimTime>) {
        self.alive.add(SimTime::ZERO, load, end);
    }

    /// A creation. Its lifetime is for the caller to note.
    pub(super) fn add(&mut self, creation: &Creation, samples: &mut Samples) {
        let Creation { at, batch, load, end, .. } = *creation;
        self.alive.add(at, load, end);
        self.creations += 1;
        let hour = at.0 / HOUR;
        if hour != self.hour {
            (self.hour, self.in_hour) = (hour, 0);
        }
        self.in_hour += 1;
        self.busiest_hour = self.busiest_hour.max(self.in_hour);
        for (sample, value) in samples.sizes.iter_mut().zip([load.cpu_milli, load.memory_mib, load.gpu_milli])
        {
            sample.add(value);
        }
        self.batch = match self.batch {
            Some((number, since, size)) if number == batch => Some((number, since, size + 1)),
            before => {
                if let Some((_, since, size)) = before {
                    samples.batches.add(size);
                    let ticks = |at: SimTime| at.0 / self.step;
                    samples.gaps.add((ticks(at) - ticks(since)) * self.step);
                }
                Some((batch, at, 1))
            }
        };
    }

    /// The figures at the end.
    pub(super) fn finish(mut self, samples: &mut Samples) -> Figures {
        if let Some((_, _, size)) = self.batch {
            samples.batches.add(size);
        }
        self.alive.advance(SimTime(self.window.0));
        let window = self.window.0 as f64;
        let peak = self.alive.peak();
        Figures {
            creations: self.creations as f64,
            per_day: self.creations as f64 * DAY / window,
            busiest_hour: self.busiest_hour as f64,
            mean_alive: self.alive.lived() as f64 / window,
            peak_alive: self.alive.peak_count() as f64,
            peak_vcpus: peak.cpu_milli as f64 / 1e3,
            peak_memory_gib: peak.memory_mib as f64 / 1_024.0,
            peak_gpus: peak.gpu_milli as f64 / 1e3,
        }
    }
}
