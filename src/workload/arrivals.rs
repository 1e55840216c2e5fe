//! When requests arrive: a Poisson process, shaped over the week by thinning, multiplied in bursts, in batches.

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime, Utc};
use crate::scenario::workload::{ArrivalsSpec, BatchSpec, BurstsSpec, Choice};

use super::dist::exponential;
use super::shape::Shape;

/// The moments of one workload's arrivals.
pub(super) struct Arrivals {
    stream: Stream,
    /// Batches per microsecond outside bursts, at a shape of 1.
    quiet_rate: f64,
    shape: Option<Shape>,
    bursts: Option<Bursts>,
    batch: Option<Batch>,
    now: u64,
    /// Part of a microsecond beyond `now`.
    carry: f64,
    until: u64,
}

struct Bursts {
    stream: Stream,
    every: f64,
    length: f64,
    factor: f64,
    active: bool,
    switch_at: u64,
}

struct Batch {
    stream: Stream,
    sizes: Sizes,
}

enum Sizes {
    /// The natural logarithm of the chance of one more.
    Geometric(f64),
    Listed(Vec<u32>, Choice),
}

impl Arrivals {
    /// The process of a checked specification, from the start of the run to its end.
    pub(super) fn new(
        spec: &ArrivalsSpec,
        streams: &Streams,
        name: &str,
        region: &str,
        start: Utc,
        duration: SimDuration,
    ) -> Arrivals {
        let stream = |purpose: &str| streams.stream(&format!("workload/{name}/{purpose}"), 0);
        let bursts = spec.bursts.as_ref().map(|bursts| Bursts::new(bursts.get(), stream("bursts")));
        let batch = spec.batch.as_ref().and_then(|batch| Batch::new(batch.get(), stream("batches")));
        let mut quiet_rate = spec.rate.get().per_second() / 1e6;
        if let Some(Bursts { every, length, factor, .. }) = bursts {
            quiet_rate *= (every + length) / (every + length * factor);
        }
        if let Some(batch) = &batch {
            quiet_rate /= batch.sizes.mean();
        }
        Arrivals {
            stream: stream("arrivals"),
            quiet_rate,
            shape: Shape::new(spec, start, region),
            bursts,
            batch,
            now: 0,
            carry: 0.0,
            until: duration.0,
        }
    }

    /// Moment and size of the next batch; none when it lies at the end of the run or later.
    pub(super) fn next(&mut self) -> Option<(SimTime, u32)> {
        let peak = self.shape.as_ref().map_or(1.0, Shape::peak);
        loop {
            let factor = self.bursts.as_ref().map_or(1.0, Bursts::factor);
            let gap = self.carry + exponential(&mut self.stream) / (self.quiet_rate * factor * peak);
            let candidate =
                if gap < (u64::MAX >> 1) as f64 { self.now.saturating_add(gap as u64) } else { u64::MAX };
            if let Some(bursts) = self.bursts.as_mut().filter(|bursts| candidate >= bursts.switch_at) {
                // The process has no memory: it begins anew, at the other rate, at the switch.
                self.now = bursts.switch_at;
                self.carry = 0.0;
                bursts.switch();
                if self.now >= self.until {
                    return None;
                }
                continue;
            }
            if candidate >= self.until {
                self.now = self.until;
                self.carry = 0.0;
                return None;
            }
            self.now = candidate;
            self.carry = gap - libm::trunc(gap);
            let kept = match &self.shape {
                None => true,
                Some(shape) => self.stream.unit() * peak < shape.at(SimTime(self.now)),
            };
            if kept {
                let size = self.batch.as_mut().map_or(1, Batch::draw);
                return Some((SimTime(self.now), size));
            }
        }
    }
}

impl Bursts {
    fn new(spec: &BurstsSpec, mut stream: Stream) -> Bursts {
        let (every, length) = (spec.every.get().get().0 as f64, spec.length.get().get().0 as f64);
        // The run begins in the middle of things: with the share of time that bursts have.
        let active = stream.unit() < length / (every + length);
        let mut bursts =
            Bursts { stream, every, length, factor: *spec.factor.get(), active: !active, switch_at: 0 };
        bursts.switch();
        bursts
    }

    fn factor(&self) -> f64 {
        if self.active { self.factor } else { 1.0 }
    }

    fn switch(&mut self) {
        self.active = !self.active;
        let mean = if self.active { self.length } else { self.every };
        let stay = (mean * exponential(&mut self.stream)) as u64;
        self.switch_at = self.switch_at.saturating_add(stay.max(1));
    }
}

impl Batch {
    /// None for batches of one.
    fn new(spec: &BatchSpec, stream: Stream) -> Option<Batch> {
        let sizes = match (&spec.mean, &spec.sizes) {
            (Some(mean), _) if *mean.get() <= 1.0 => return None,
            (Some(mean), _) => Sizes::Geometric(libm::log(1.0 - 1.0 / mean.get())),
            (None, sizes) => {
                let sizes = sizes.as_ref()?.get().clone();
                let even = || vec![1.0; sizes.len()];
                let weights = spec.weights.as_ref().map_or_else(even, |weights| weights.get().clone());
                let choice = Choice::new(&weights)?;
                Sizes::Listed(sizes, choice)
            }
        };
        Some(Batch { stream, sizes })
    }

    fn draw(&mut self) -> u32 {
        match &self.sizes {
            Sizes::Geometric(log_more) => {
                let more = libm::log(self.stream.unit_open_below()) / log_more;
                (more as u32).saturating_add(1)
            }
            Sizes::Listed(sizes, choice) => sizes[choice.at(self.stream.unit())],
        }
    }
}

impl Sizes {
    fn mean(&self) -> f64 {
        match self {
            Sizes::Geometric(log_more) => 1.0 / (1.0 - libm::exp(*log_more)),
            Sizes::Listed(sizes, choice) => {
                sizes.iter().zip(choice.shares()).map(|(size, share)| f64::from(*size) * share).sum()
            }
        }
    }
}
