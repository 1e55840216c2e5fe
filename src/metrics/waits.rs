//! Small histograms of waits, one for each point of a time series.

use crate::model::SimDuration;

/// Classes in one doubling of the value: a class is at most 1/32 of its value wide.
const FINE: u64 = 32;
const FINE_BITS: u32 = FINE.trailing_zeros();

/// A histogram of waits with classes of 3 % width. It holds only the classes that occur, so that a series may have
/// thousands, and merges exactly.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Waits {
    /// Class and count, in order of class.
    classes: Vec<(u16, u32)>,
}

/// The class of a value in microseconds.
fn class(micros: u64) -> u16 {
    if micros < FINE {
        return micros as u16;
    }
    let octave = micros.ilog2() - FINE_BITS;
    (((u64::from(octave) + 1) << FINE_BITS) + ((micros >> octave) - FINE)) as u16
}

/// The largest value of a class.
fn top(class: u16) -> u64 {
    let class = u64::from(class);
    if class < FINE {
        return class;
    }
    let octave = (class >> FINE_BITS) - 1;
    let first = (FINE + (class & (FINE - 1))) << octave;
    first + ((1u64 << octave) - 1)
}

impl Waits {
    /// Counts one wait.
    pub fn record(&mut self, wait: SimDuration) {
        self.add_class(class(wait.0), 1);
    }

    fn add_class(&mut self, class: u16, count: u32) {
        match self.classes.binary_search_by_key(&class, |(known, _)| *known) {
            Ok(at) => self.classes[at].1 += count,
            Err(at) => self.classes.insert(at, (class, count)),
        }
    }

    /// Adds all of another one.
    pub fn add(&mut self, other: &Waits) {
        if self.classes.is_empty() {
            self.classes.clone_from(&other.classes);
            return;
        }
        for &(class, count) in &other.classes {
            self.add_class(class, count);
        }
    }

    /// Classes that occur.
    pub fn classes(&self) -> usize {
        self.classes.len()
    }

    /// Waits counted.
    pub fn count(&self) -> u64 {
        self.classes.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The value in microseconds that this share of the waits does not exceed, to 3 % above; none without waits.
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let all = self.count();
        let rank = ((quantile * all as f64).ceil() as u64).clamp(1, all.max(1));
        let mut below = 0;
        self.classes.iter().find_map(|&(class, count)| {
            below += u64::from(count);
            (below >= rank).then(|| top(class))
        })
    }
}

/// Counts the waits of one interval: fast to record, and turned into a [`Waits`] at its end.
#[derive(Clone, Debug)]
pub struct WaitCounter {
    counts: Vec<u32>,
    used: Vec<u16>,
}

impl Default for WaitCounter {
    fn default() -> Self {
        WaitCounter { counts: vec![0; usize::from(class(u64::MAX)) + 1], used: Vec::new() }
    }
}

impl WaitCounter {
    /// Counts one wait.
    #[inline]
    pub fn record(&mut self, wait: SimDuration) {
        let class = class(wait.0);
        let count = &mut self.counts[usize::from(class)];
        if *count == 0 {
            self.used.push(class);
        }
        *count += 1;
    }

    /// What was counted; begins anew.
    pub fn take(&mut self) -> Waits {
        self.used.sort_unstable();
        let counts = &mut self.counts;
        let take = |class: u16| (class, std::mem::take(&mut counts[usize::from(class)]));
        Waits { classes: self.used.drain(..).map(take).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_contiguous_and_narrow() {
        let mut last = 0;
        for value in (0..5_000).chain((13..64).flat_map(|bit| [(1u64 << bit) - 1, 1 << bit, (1 << bit) + 1]))
        {
            let of = class(value);
            assert!(of == last || of == last + 1 || value > 4_096, "{value}");
            assert!(value <= top(of) && top(of) - value <= value / FINE, "{value}: {}", top(of));
            last = of;
        }
        assert_eq!(top(class(u64::MAX)), u64::MAX);
    }

    #[test]
    fn quantiles_are_those_of_the_values() {
        let mut counter = WaitCounter::default();
        (1..=1_000u64).for_each(|value| counter.record(SimDuration(value * 100)));
        let mut waits = counter.take();
        assert_eq!(counter.take().count(), 0);
        let mut more = Waits::default();
        (1_001..=2_000u64).for_each(|value| more.record(SimDuration(value * 100)));
        waits.add(&more);
        assert_eq!(waits.count(), 2_000);
        for (quantile, exact) in [(0.5, 100_000), (0.999, 199_800), (1.0, 200_000)] {
            let value = waits.quantile(quantile).unwrap();
            assert!((exact..=exact + exact / 32).contains(&value), "{quantile}: {value}");
        }
        assert_eq!(Waits::default().quantile(0.5), None);
    }
}
