//! Counts by class of value, for the many values of a run.
//!
//! The classes are those of an HDR histogram that is exact to three significant figures: a class for each value below
//! 2048, and 1024 classes for each further power of two. To find a class and count takes a few instructions, and a run counts
//! a value for each stage of each call; so values are counted here and given to a histogram when somebody wants to see one.

use hdrhistogram::Histogram;

/// Bits of a value that its class tells: 2048 classes until the first are twice as wide.
const BITS: u32 = 11;
/// Classes for each power of two from there on.
const HALF: usize = 1 << (BITS - 1);

/// Counts by class.
#[derive(Clone, Default, Debug)]
pub(super) struct Classes(Vec<u64>);

/// The class of a value.
#[inline]
fn class_of(value: u64) -> usize {
    let shift = (u64::BITS - BITS) - (value | ((1 << BITS) - 1)).leading_zeros();
    (shift as usize * HALF) + (value >> shift) as usize
}

/// The least value of a class.
fn least_of(class: usize) -> u64 {
    let shift = (class / HALF).saturating_sub(1);
    ((class - shift * HALF) as u64) << shift
}

impl Classes {
    /// Counts a value.
    #[inline]
    pub(super) fn record(&mut self, value: u64) {
        self.add(value, 1);
    }

    #[inline]
    fn add(&mut self, value: u64, count: u64) {
        let class = class_of(value);
        match self.0.get_mut(class) {
            Some(sum) => *sum += count,
            None => self.grow(class, count),
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, class: usize, count: u64) {
        self.0.resize(class, 0);
        self.0.push(count);
    }

    /// Whether nothing has been counted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives everything to a histogram that grows with its values.
    pub(super) fn add_to(&self, histogram: &mut Histogram<u64>) {
        for (class, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            histogram.record_n(least_of(class), *count).expect("an auto-resizing histogram takes any value");
        }
    }

    /// The counts of a histogram that is exact to three figures.
    pub(super) fn of(histogram: &Histogram<u64>) -> Classes {
        let mut classes = Classes::default();
        for step in histogram.iter_recorded() {
            classes.add(step.value_iterated_to(), step.count_at_value());
        }
        classes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metrics::intervals::histogram;

    /// What a histogram says that counted the values itself, and one that got them by class.
    fn both(values: &[u64]) -> (Histogram<u64>, Histogram<u64>) {
        let (mut own, mut given, mut classes) = (histogram(), histogram(), Classes::default());
        for value in values {
            own.record(*value).expect("it grows");
            classes.record(*value);
        }
        classes.add_to(&mut given);
        let mut again = histogram();
        Classes::of(&given).add_to(&mut again);
        assert_eq!(again, given, "there and back");
        assert_eq!(classes.is_empty(), values.is_empty());
        (own, given)
    }

    fn are_alike(values: &[u64]) {
        let (own, given) = both(values);
        assert_eq!(own, given);
        assert_eq!((own.len(), own.min(), own.max()), (given.len(), given.min(), given.max()));
        assert_eq!((own.mean(), own.stdev()), (given.mean(), given.stdev()));
        for percent in [0.0, 50.0, 99.0, 99.999, 100.0] {
            assert_eq!(own.value_at_percentile(percent), given.value_at_percentile(percent));
        }
    }

    #[test]
    fn classes_are_those_of_a_histogram_at_every_border() {
        are_alike(&[]);
        for power in 0..63 {
            let border = 1_u64 << power;
            are_alike(&[border - 1, border, border + 1, border + border / 3, 0]);
        }
        for class in (0..40_000).step_by(7) {
            assert_eq!(class_of(least_of(class)), class);
            assert!(class == 0 || class_of(least_of(class) - 1) == class - 1);
        }
    }

    proptest! {
        #[test]
        fn a_histogram_cannot_tell_who_counted(values in prop::collection::vec((0_u64..1 << 62, 0_u32..62), 0..200)) {
            are_alike(&values.iter().map(|(value, shift)| value >> shift).collect::<Vec<_>>());
        }
    }
}
