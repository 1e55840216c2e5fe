//! Histograms that are counted interval by interval and never lose a value: the sum of all intervals is the whole.

use hdrhistogram::Histogram;

use crate::model::SimTime;

use super::classes::Classes;

/// An empty histogram, exact to three figures, that grows with its values.
pub fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three significant figures are allowed")
}

/// Adds all of `other` to `sum`.
pub fn merge(sum: &mut Histogram<u64>, other: &Histogram<u64>) {
    sum.add(other).expect("an auto-resizing histogram takes any value");
}

/// A fixed number of histograms; what was counted since the last cut is kept apart.
#[derive(Debug)]
pub(super) struct Intervals {
    pub(super) counted: Vec<Counted>,
    pub(super) since: SimTime,
    pub(super) values: u64,
}

/// One histogram in its two parts.
#[derive(Debug)]
pub(super) struct Counted {
    /// Since the last cut.
    pub(super) recent: Classes,
    /// Before.
    pub(super) past: Histogram<u64>,
    /// The largest value of both, exact: a histogram rounds it up to the end of its class.
    pub(super) most: u64,
}

impl Intervals {
    pub(super) fn new(count: usize, since: SimTime) -> Intervals {
        let empty = || Counted { recent: Classes::default(), past: histogram(), most: 0 };
        Intervals { counted: (0..count).map(|_| empty()).collect(), since, values: 0 }
    }

    #[inline]
    pub(super) fn record(&mut self, at: usize, value: u64) {
        self.values += 1;
        let counted = &mut self.counted[at];
        counted.most = counted.most.max(value);
        counted.recent.record(value);
    }

    /// Values since the last cut.
    pub(super) fn values(&self) -> u64 {
        self.values
    }

    /// Moment of the last cut.
    pub(super) fn since(&self) -> SimTime {
        self.since
    }

    /// What was counted since the last cut; none when nothing was.
    pub(super) fn recent(&self, at: usize) -> Option<Histogram<u64>> {
        let recent = &self.counted[at].recent;
        (!recent.is_empty()).then(|| {
            let mut histogram = histogram();
            recent.add_to(&mut histogram);
            histogram
        })
    }

    pub(super) fn cut(&mut self, now: SimTime) {
        for Counted { recent, past, .. } in &mut self.counted {
            recent.add_to(past);
            recent.clear();
        }
        self.since = now;
        self.values = 0;
    }

    /// The largest value counted, exact; zero without values.
    pub(super) fn most(&self, at: usize) -> u64 {
        self.counted[at].most
    }

    /// Everything counted.
    pub(super) fn all(&self, at: usize) -> Histogram<u64> {
        let Counted { recent, past, .. } = &self.counted[at];
        let mut sum = past.clone();
        recent.add_to(&mut sum);
        sum
    }
}
