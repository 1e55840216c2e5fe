//! When requests arrive: a Poisson process, shaped over the week by thinning, multiplied in bursts, states and flash crowds,
//! in batches; or one that is made by rescaling.

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime, Utc};
use crate::scenario::workload::{ArrivalsSpec, BatchSpec, Choice};

use super::dist::exponential;
use super::modulation::{Bursts, Flashes, Modulation, States};
use super::rescaled::Rescaled;
use super::shape::Shape;

/// The moments of one workload's arrivals.
pub(super) struct Arrivals {
    stream: Stream,
    /// Batches per microsecond outside bursts, at a shape of 1.
    quiet_rate: f64,
    shape: Option<Shape>,
    modulation: Option<Modulation>,
    flashes: Flashes,
    batch: Option<Batch>,
    /// In the place of all that is above but `batch`, for a `course` and even spacing; with the number of requests that come in
    /// the place of each of a batch.
    rescaled: Option<(Rescaled, f64)>,
    now: u64,
    /// Part of a microsecond beyond `now`.
    carry: f64,
    until: u64,
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
    /// The process of a checked specification, from the start of the run to its end. `at_once` is the mean number of
    /// requests that come together for another reason than a batch.
    pub(super) fn new(
        spec: &ArrivalsSpec,
        streams: &Streams,
        name: &str,
        region: &str,
        start: Utc,
        duration: SimDuration,
        at_once: f64,
    ) -> Arrivals {
        let stream = |purpose: &str| streams.stream(&format!("workload/{name}/{purpose}"), 0);
        let modulation = match &spec.bursts {
            Some(bursts) => Some(Modulation::Bursts(Bursts::new(bursts.get(), stream("bursts")))),
            None if spec.states.is_empty() => None,
            None => States::new(&spec.states, stream("states")).map(Modulation::States),
        };
        let batch = spec.batch.as_ref().and_then(|batch| Batch::new(batch.get(), stream("batches")));
        let mut quiet_rate = spec.rate.get().per_second() / 1e6;
        match &modulation {
            // Kept in the form that the digests of old scenarios were made with.
            Some(Modulation::Bursts(bursts)) => quiet_rate *= bursts.quiet_share(),
            Some(states) => quiet_rate /= states.mean(),
            None => {}
        }
        quiet_rate /= at_once;
        let mean = batch.as_ref().map_or(1.0, |batch| batch.sizes.mean());
        quiet_rate /= mean;
        let rescaled = Rescaled::new(spec, stream("arrivals"), start, region, mean * at_once);
        Arrivals {
            stream: stream("arrivals"),
            quiet_rate,
            shape: Shape::new(spec, start, region),
            modulation,
            flashes: Flashes::new(&spec.flash),
            batch,
            rescaled: rescaled.map(|rescaled| (rescaled, at_once)),
            now: 0,
            carry: 0.0,
            until: duration.0,
        }
    }

    /// Moment and size of the next batch; none when it lies at the end of the run or later.
    pub(super) fn next(&mut self) -> Option<(SimTime, u32)> {
        if let Some((rescaled, at_once)) = &mut self.rescaled {
            let size = self.batch.as_mut().map_or(1, Batch::draw);
            let at = rescaled.next(f64::from(size) * *at_once);
            return (at.0 < self.until).then_some((at, size));
        }
        let peak = self.shape.as_ref().map_or(1.0, Shape::peak);
        loop {
            let factor = self.modulation.as_ref().map_or(1.0, Modulation::factor);
            let (flash, flash_until) = self.flashes.bound(self.now);
            let rate = self.quiet_rate * factor * peak * flash;
            let gap = self.carry + exponential(&mut self.stream) / rate;
            let candidate =
                if gap < (u64::MAX >> 1) as f64 { self.now.saturating_add(gap as u64) } else { u64::MAX };
            let switch_at = self.modulation.as_ref().map_or(u64::MAX, Modulation::switch_at);
            let change = switch_at.min(flash_until);
            if candidate >= change && change < u64::MAX {
                // The process has no memory: it begins anew, at the other rate, at the switch.
                self.now = change;
                self.carry = 0.0;
                if change == switch_at
                    && let Some(modulation) = &mut self.modulation
                {
                    modulation.switch();
                }
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
            let at = SimTime(self.now);
            let kept = match (&self.shape, flash > 1.0) {
                (None, false) => true,
                (Some(shape), false) => self.stream.unit() * peak < shape.at(at),
                (shape, true) => {
                    let height = shape.as_ref().map_or(1.0, |shape| shape.at(at)) * self.flashes.at(at);
                    self.stream.unit() * peak * flash < height
                }
            };
            if kept {
                let size = self.batch.as_mut().map_or(1, Batch::draw);
                return Some((SimTime(self.now), size));
            }
        }
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
