//! Histograms that are counted interval by interval and never lose a value: the sum of all intervals is the whole.

use hdrhistogram::Histogram;

use crate::model::SimTime;

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
    pub(super) recent: Vec<Histogram<u64>>,
    pub(super) past: Vec<Histogram<u64>>,
    /// The largest value of each, exact: a histogram rounds it up to the end of its class.
    pub(super) most: Vec<u64>,
    pub(super) since: SimTime,
    pub(super) values: u64,
}

impl Intervals {
    pub(super) fn new(count: usize, since: SimTime) -> Intervals {
        let empty = || (0..count).map(|_| histogram()).collect();
        Intervals { recent: empty(), past: empty(), most: vec![0; count], since, values: 0 }
    }

    #[inline]
    pub(super) fn record(&mut self, at: usize, value: u64) {
        self.values += 1;
        self.most[at] = self.most[at].max(value);
        self.recent[at].record(value).expect("an auto-resizing histogram takes any value");
    }

    /// Values since the last cut.
    pub(super) fn values(&self) -> u64 {
        self.values
    }

    /// Moment of the last cut.
    pub(super) fn since(&self) -> SimTime {
        self.since
    }

    /// What was counted since the last cut.
    pub(super) fn recent(&self, at: usize) -> &Histogram<u64> {
        &self.recent[at]
    }

    pub(super) fn cut(&mut self, now: SimTime) {
        for (past, recent) in self.past.iter_mut().zip(&mut self.recent) {
            if !recent.is_empty() {
                merge(past, recent);
                recent.reset();
            }
        }
        self.since = now;
        self.values = 0;
    }

    /// The largest value counted, exact; zero without values.
    pub(super) fn most(&self, at: usize) -> u64 {
        self.most[at]
    }

    /// Everything counted.
    pub(super) fn all(&self, at: usize) -> Histogram<u64> {
        let mut sum = self.past[at].clone();
        merge(&mut sum, &self.recent[at]);
        sum
    }
}
