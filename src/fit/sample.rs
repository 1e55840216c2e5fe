//! Values of one kind in bounded memory, some of them known only to be larger than so much.

use std::collections::BTreeMap;

/// Parts that each doubling is divided into: values are kept to 1/256 of themselves.
const FINE: u32 = 8;

/// Values from 0 on (spans in microseconds, counts), kept in bins of 1/256 of their size: at most some 15,000 of them, however
/// many values there are. Of a value that is *censored* only a bound below is known: it lived so long, and longer.
#[derive(Clone, Debug, Default)]
pub(super) struct Sample {
    bins: BTreeMap<u32, Bin>,
    count: u64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Bin {
    known: u64,
    censored: u64,
    /// Sum of the known values.
    sum: u128,
}

/// A value and its share of the whole.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Step {
    /// The value, or the mean of several.
    pub(super) value: f64,
    /// Its share.
    pub(super) share: f64,
}

/// The bin of a value: itself while it is small, then exponent and leading bits.
fn bin_of(value: u64) -> u32 {
    let top = value.max(1).ilog2();
    if top <= FINE {
        return value as u32;
    }
    let leading = (value >> (top - FINE)) as u32 & ((1 << FINE) - 1);
    ((top - FINE) << FINE) + (1 << FINE) + leading
}

impl Sample {
    /// Adds a value.
    pub(super) fn add(&mut self, value: u64) {
        let bin = self.bins.entry(bin_of(value)).or_default();
        bin.known += 1;
        bin.sum += u128::from(value);
        self.count += 1;
    }

    /// Adds a value of which only this bound is known.
    pub(super) fn add_censored(&mut self, bound: u64) {
        self.bins.entry(bin_of(bound)).or_default().censored += 1;
        self.count += 1;
    }

    /// Adds all of another sample.
    pub(super) fn merge(&mut self, other: &Sample) {
        for (bin, of_other) in &other.bins {
            let bin = self.bins.entry(*bin).or_default();
            bin.known += of_other.known;
            bin.censored += of_other.censored;
            bin.sum += of_other.sum;
        }
        self.count += other.count;
    }

    /// Number of values, known and censored.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Number of censored values.
    pub(super) fn censored(&self) -> u64 {
        self.bins.values().map(|bin| bin.censored).sum()
    }

    /// The estimate of Kaplan and Meier (1958): values in ascending order and their shares. What is missing to 1 lies beyond the
    /// last of them. Within a bin, known values come before censored ones.
    pub(super) fn estimate(&self) -> Vec<Step> {
        self.steps(false)
    }

    /// The estimate, or, where censored values are known to lie beyond all others, plain shares.
    fn steps(&self, beyond: bool) -> Vec<Step> {
        let (mut at_risk, mut left) = (self.count, 1.0);
        let mut steps = Vec::with_capacity(self.bins.len());
        for bin in self.bins.values() {
            if bin.known > 0 {
                let share = left * bin.known as f64 / at_risk as f64;
                steps.push(Step { value: bin.sum as f64 / bin.known as f64, share });
                left -= share;
            }
            at_risk -= bin.known + if beyond { 0 } else { bin.censored };
        }
        steps
    }

    /// The estimate in few steps, each with the mean of its values: cut where a step has `1 / parts` of the weight or of
    /// the mean, so that the few large values that make up most of a mean are told apart as well as the many small ones.
    /// With the share that lies beyond all of them. `live_on`: censored values are known to lie beyond.
    pub(super) fn parts(&self, parts: u32, live_on: bool) -> (Vec<Step>, f64) {
        let steps = self.steps(live_on);
        let most = 1.0 / f64::from(parts);
        let mean: f64 = steps.iter().map(|step| step.value * step.share).sum();
        let (mut cut, mut share, mut sum, mut known) = (Vec::new(), 0.0, 0.0, 0.0);
        for step in &steps {
            share += step.share;
            sum += step.share * step.value;
            known += step.share;
            if share >= most || sum >= mean * most {
                cut.push(Step { value: sum / share, share });
                (share, sum) = (0.0, 0.0);
            }
        }
        if share > 0.0 {
            cut.push(Step { value: sum / share, share });
        }
        // Sums of shares are off by some last bits.
        let beyond = if known < 1.0 - 1e-9 { 1.0 - known } else { 0.0 };
        (cut, beyond)
    }

    /// The greatest distance between this estimate and another: the statistic of Kolmogorov and Smirnov. None when either
    /// has no known value.
    pub(super) fn distance(&self, other: &Sample) -> Option<f64> {
        let known = |sample: &Sample| sample.bins.values().any(|bin| bin.known > 0);
        if !known(self) || !known(other) {
            return None;
        }
        let (a, b) = (self.cumulative(), other.cumulative());
        let (mut i, mut j, mut below_a, mut below_b, mut most) = (0, 0, 0.0, 0.0, 0.0f64);
        while i < a.len() || j < b.len() {
            let bin_a = a.get(i).map_or(u32::MAX, |(bin, _)| *bin);
            let bin_b = b.get(j).map_or(u32::MAX, |(bin, _)| *bin);
            let bin = bin_a.min(bin_b);
            if bin_a == bin {
                below_a = a[i].1;
                i += 1;
            }
            if bin_b == bin {
                below_b = b[j].1;
                j += 1;
            }
            most = most.max((below_a - below_b).abs());
        }
        // Sums of shares may end some last bits above 1.
        Some(most.min(1.0))
    }

    /// Bins with known values, and the share up to and with each.
    fn cumulative(&self) -> Vec<(u32, f64)> {
        let bins = self.bins.iter().filter(|(_, bin)| bin.known > 0);
        let mut sum = 0.0;
        let sums = self.estimate().into_iter().map(|step| {
            sum += step.share;
            sum
        });
        bins.map(|(bin, _)| *bin).zip(sums).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(values: impl IntoIterator<Item = u64>) -> Sample {
        let mut sample = Sample::default();
        values.into_iter().for_each(|value| sample.add(value));
        sample
    }

    #[test]
    fn bins_are_fine_and_in_order() {
        let values = (0..4_000u64)
            .chain((12..64).flat_map(|top| [(1 << top) - 1, 1 << top, (1 << top) + (1 << (top - 9))]));
        let mut values: Vec<u64> = values.chain([u64::MAX]).collect();
        values.sort_unstable();
        for pair in values.windows(2) {
            let (a, b) = (bin_of(pair[0]), bin_of(pair[1]));
            assert!(a <= b, "{pair:?}");
            // What lies more than 1/128 apart is told apart.
            assert!(a < b || pair[1] - pair[0] <= pair[0] / 128, "{pair:?}");
        }
        assert!(bin_of(u64::MAX) < 15_000);
    }

    #[test]
    fn kaplan_and_meier_count_those_that_still_live() {
        // Known 2 and 5, censored 3 and 5: a quarter ends at 2; of the two at risk at 5 one ends.
        let mut lives = sample([2, 5]);
        lives.add_censored(3);
        lives.add_censored(5);
        let steps = lives.estimate();
        assert_eq!(steps, [Step { value: 2.0, share: 0.25 }, Step { value: 5.0, share: 0.375 }]);
        let (parts, beyond) = lives.parts(10, false);
        assert_eq!((parts, beyond), (steps, 0.375));
        let (parts, beyond) = lives.parts(10, true);
        assert_eq!(
            (parts.iter().map(|part| part.share).collect::<Vec<_>>(), beyond),
            (vec![0.25, 0.25], 0.5)
        );
        assert_eq!((lives.count(), lives.censored()), (4, 2));
        let mut twice = lives.clone();
        twice.merge(&lives);
        assert_eq!((twice.count(), twice.distance(&lives)), (8, Some(0.0)));
    }

    #[test]
    fn parts_keep_the_mean_and_tell_the_tail_apart() {
        let values = (1..=1_000u64).map(|value| value * value * value);
        let mean = values.clone().sum::<u64>() as f64 / 1e3;
        let (parts, beyond) = sample(values).parts(20, false);
        assert_eq!(beyond, 0.0);
        assert!((20..=40).contains(&parts.len()), "{}", parts.len());
        let (share, sum) = parts
            .iter()
            .fold((0.0, 0.0), |(share, sum), part| (share + part.share, sum + part.share * part.value));
        assert!((share - 1.0).abs() < 1e-9 && (sum / mean - 1.0).abs() < 1e-9);
        assert!(
            parts.iter().all(|part| part.share * part.value <= 0.06 * mean),
            "no part is most of the mean"
        );
    }

    #[test]
    fn distances_are_those_of_kolmogorov_and_smirnov() {
        let (low, high) = (sample(1..=100), sample(51..=150));
        assert_eq!(low.distance(&low), Some(0.0));
        assert!((low.distance(&high).expect("known") - 0.5).abs() < 1e-9);
        assert_eq!(low.distance(&sample([1_000_000])), Some(1.0));
        let mut censored = Sample::default();
        censored.add_censored(7);
        assert_eq!(low.distance(&censored), None);
    }
}
