//! Time series of bounded size: columns of points over fixed intervals, whose neighbours are merged in pairs when
//! there are too many.
//!
//! A run of any length has at most [`MOST_POINTS`] points. When one more would be needed, every two neighbours
//! become one of twice the length, and from then on so many samples go into one point. Counts add up, levels keep
//! their mean, their lowest and their highest value, waits are merged as histograms: no percentile is ever a mean.

use rustc_hash::FxHashMap;

use crate::model::{SimDuration, SimTime};

use super::waits::Waits;

/// The most points of a series.
pub const MOST_POINTS: usize = 2_048;

/// What the numbers of a column are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// How often something happened in the interval.
    Count,
    /// How much there was of something.
    Level,
}

/// Name of a column. Empty parts do not apply.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize)]
pub struct Key {
    /// What is measured, such as `vcpu_used`.
    pub metric: &'static str,
    /// Zone.
    pub zone: String,
    /// Host class.
    pub class: String,
    /// What else it is split by: an error code, a reason, an instance type, a queue.
    pub detail: String,
}

impl Key {
    /// A column that is not split.
    pub fn of(metric: &'static str) -> Key {
        Key { metric, ..Key::default() }
    }

    /// The same for one zone.
    #[must_use]
    pub fn zone(self, zone: &str) -> Key {
        Key { zone: zone.to_owned(), ..self }
    }

    /// The same for one host class.
    #[must_use]
    pub fn class(self, class: &str) -> Key {
        Key { class: class.to_owned(), ..self }
    }

    /// The same for one detail.
    #[must_use]
    pub fn detail(self, detail: &str) -> Key {
        Key { detail: detail.to_owned(), ..self }
    }
}

/// One value of a column over one interval.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Value {
    /// A count: its sum. A level: the sum over its samples.
    sum: f64,
    /// Samples of a level; zero: none.
    samples: u32,
    /// Lowest and highest sample of a level.
    low: f32,
    high: f32,
}

impl Value {
    fn level(mean: f64, low: f64, high: f64) -> Value {
        Value { sum: mean, samples: 1, low: low as f32, high: high as f32 }
    }

    fn add(&mut self, other: Value) {
        if other.samples > 0 {
            let first = self.samples == 0;
            self.low = if first { other.low } else { self.low.min(other.low) };
            self.high = if first { other.high } else { self.high.max(other.high) };
        }
        self.sum += other.sum;
        self.samples += other.samples;
    }

    /// A count: how many. A level: its mean; none when it had no sample.
    pub fn get(&self, kind: Kind) -> Option<f64> {
        match kind {
            Kind::Count => Some(self.sum),
            Kind::Level => (self.samples > 0).then(|| self.sum / f64::from(self.samples)),
        }
    }

    /// Lowest and highest value of a level.
    pub fn range(&self) -> (f64, f64) {
        (self.low.into(), self.high.into())
    }
}

/// A column of a series.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub key: Key,
    /// What its numbers are.
    pub kind: Kind,
    /// Values by point; those after the last are empty.
    values: Vec<Value>,
}

impl Column {
    /// The value at a point.
    pub fn at(&self, point: usize) -> Value {
        self.values.get(point).copied().unwrap_or_default()
    }
}

/// The number of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ColumnIx(u32);

impl ColumnIx {
    /// Its place in [`Series::columns`].
    pub fn at(self) -> usize {
        self.0 as usize
    }
}

/// A table of points in time. See the module.
#[derive(Clone, Debug)]
pub struct Series {
    every: SimDuration,
    most: usize,
    /// Samples that make one point.
    merge: u32,
    /// Samples in the last point.
    filled: u32,
    ends: Vec<SimTime>,
    columns: Vec<Column>,
    waits: Vec<(&'static str, Vec<Waits>)>,
    by_key: FxHashMap<Key, ColumnIx>,
    fresh: Vec<(ColumnIx, Value)>,
    fresh_waits: Vec<(usize, Waits)>,
}

impl Series {
    /// An empty series with a sample every so often, of at most `most` points (two or more).
    pub fn new(every: SimDuration, most: usize) -> Series {
        Series {
            every,
            most: most.max(2),
            merge: 1,
            filled: 0,
            ends: Vec::new(),
            columns: Vec::new(),
            waits: Vec::new(),
            by_key: FxHashMap::default(),
            fresh: Vec::new(),
            fresh_waits: Vec::new(),
        }
    }

    /// The column of a name; made when it is asked for the first time.
    pub fn column(&mut self, kind: Kind, key: Key) -> ColumnIx {
        if let Some(&known) = self.by_key.get(&key) {
            return known;
        }
        let column = ColumnIx(self.columns.len() as u32);
        self.by_key.insert(key.clone(), column);
        self.columns.push(Column { key, kind, values: Vec::new() });
        column
    }

    /// A column of waits, given in the order of their first use.
    pub fn waits_column(&mut self, name: &'static str) -> usize {
        self.waits.push((name, Vec::new()));
        self.waits.len() - 1
    }

    /// Ends a sample's interval at `at`: what is put from now on belongs to it.
    pub fn open(&mut self, at: SimTime) {
        self.fresh.clear();
        self.fresh_waits.clear();
        if self.filled > 0 && self.filled < self.merge {
            self.filled += 1;
            *self.ends.last_mut().expect("a point was filled") = at;
            return;
        }
        if self.ends.len() == self.most {
            self.halve();
            if self.filled < self.merge {
                return self.open(at);
            }
        }
        self.filled = 1;
        self.ends.push(at);
    }

    /// Adds to a count of the open interval.
    pub fn count(&mut self, column: ColumnIx, count: f64) {
        self.put(column, Value { sum: count, ..Value::default() });
    }

    /// The mean of a level over the open interval, and its range.
    pub fn level(&mut self, column: ColumnIx, mean: f64, low: f64, high: f64) {
        self.put(column, Value::level(mean, low, high));
    }

    /// The waits of the open interval.
    pub fn wait(&mut self, column: usize, waits: Waits) {
        let at = self.ends.len() - 1;
        let points = &mut self.waits[column].1;
        points.resize_with(at + 1, Waits::default);
        points[at].add(&waits);
        self.fresh_waits.push((column, waits));
    }

    fn put(&mut self, column: ColumnIx, value: Value) {
        let at = self.ends.len() - 1;
        let values = &mut self.columns[column.0 as usize].values;
        values.resize(at + 1, Value::default());
        values[at].add(value);
        self.fresh.push((column, value));
    }

    /// Merges every two neighbours. An odd last point stays open.
    fn halve(&mut self) {
        let odd = self.ends.len() % 2 == 1;
        self.filled = if odd { self.merge } else { self.merge * 2 };
        self.merge *= 2;
        self.ends = self.ends.chunks(2).map(|pair| pair[pair.len() - 1]).collect();
        for column in &mut self.columns {
            column.values = merged(&column.values, Value::add);
        }
        for (_, points) in &mut self.waits {
            *points = merged(points, |sum, other| sum.add(&other));
        }
    }

    /// Number of points.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Values kept: what its memory follows.
    pub fn kept(&self) -> usize {
        let waits = self.waits.iter().flat_map(|(_, points)| points).map(Waits::classes).sum::<usize>();
        self.columns.iter().map(|column| column.values.len()).sum::<usize>() + waits
    }

    /// True without points.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Length of a point; the last one may be shorter.
    pub fn interval(&self) -> SimDuration {
        SimDuration(self.every.0 * u64::from(self.merge))
    }

    /// The end of each point; the first begins with the run.
    pub fn ends(&self) -> &[SimTime] {
        &self.ends
    }

    /// The columns, in the order of their first use.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// What the open interval has been given so far, not merged with any other.
    pub fn fresh(&self) -> impl Iterator<Item = (ColumnIx, Value)> {
        self.fresh.iter().copied()
    }

    /// The waits that the open interval has been given so far.
    pub fn fresh_waits(&self) -> impl Iterator<Item = (&'static str, &Waits)> {
        self.fresh_waits.iter().map(|(column, waits)| (self.waits[*column].0, waits))
    }

    /// Waits by name, one for each point.
    pub fn waits(&self) -> impl Iterator<Item = (&'static str, &[Waits])> {
        self.waits.iter().map(|(name, points)| (*name, points.as_slice()))
    }

    /// The same series with at most `most` points.
    #[must_use]
    pub fn shortened(&self, most: usize) -> Series {
        let mut short = self.clone();
        while short.len() > most.max(2) {
            short.halve();
        }
        short
    }
}

fn merged<T: Clone>(values: &[T], add: impl Fn(&mut T, T)) -> Vec<T> {
    let one = |pair: &[T]| {
        let mut sum = pair[0].clone();
        if let Some(other) = pair.get(1) {
            add(&mut sum, other.clone());
        }
        sum
    };
    values.chunks(2).map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A series of `samples` samples, each with one count and the level of its number.
    fn series(samples: u64, most: usize) -> Series {
        let mut series = Series::new(SimDuration(10), most);
        let count = series.column(Kind::Count, Key::of("count"));
        let waits = series.waits_column("waits");
        for sample in 1..=samples {
            series.open(SimTime(sample * 10));
            series.count(count, 1.0);
            let level = series.column(Kind::Level, Key::of("level").zone("a"));
            series.level(level, sample as f64, sample as f64, sample as f64);
            let mut one = Waits::default();
            one.record(SimDuration(sample));
            series.wait(waits, one);
        }
        series
    }

    #[test]
    fn merging_keeps_sums_means_ranges_and_percentiles() {
        for samples in [1, 7, 8, 9, 100, 1_001] {
            let series = series(samples, 8);
            assert!(series.len() <= 8 && series.len() >= 4.min(samples as usize), "{samples}");
            let points = 0..series.len();
            let count = &series.columns()[0];
            assert_eq!(
                points.clone().filter_map(|at| count.at(at).get(Kind::Count)).sum::<f64>(),
                samples as f64
            );
            let level = &series.columns()[1];
            let all = points.clone().map(|at| level.at(at));
            let (sum, number) =
                all.fold((0.0, 0), |(sum, number), value| (sum + value.sum, number + value.samples));
            assert_eq!((sum, number), ((samples * (samples + 1) / 2) as f64, samples as u32));
            assert_eq!(level.at(0).range().0, 1.0);
            assert_eq!(level.at(series.len() - 1).range().1, samples as f64);
            assert_eq!(series.ends().last(), Some(&SimTime(samples * 10)));
            let (_, waits) = series.waits().next().unwrap();
            assert_eq!(waits.iter().map(Waits::count).sum::<u64>(), samples);
            // All points but the last one are of one length.
            let ends = series.ends();
            assert!(
                ends[..ends.len() - 1]
                    .iter()
                    .enumerate()
                    .all(|(at, end)| end.0 == (at as u64 + 1) * series.interval().0)
            );
        }
    }

    #[test]
    fn a_shorter_copy_says_the_same() {
        let long = series(100, 64);
        let short = long.shortened(10);
        assert!(short.len() <= 10);
        let sum = |series: &Series| (0..series.len()).map(|at| series.columns()[0].at(at).sum).sum::<f64>();
        assert_eq!(sum(&long), sum(&short));
    }

    #[test]
    fn a_level_without_samples_has_no_value() {
        let mut series = Series::new(SimDuration(10), 8);
        let level = series.column(Kind::Level, Key::of("level"));
        series.open(SimTime(10));
        series.open(SimTime(20));
        series.level(level, 3.0, 2.0, 4.0);
        assert_eq!(series.columns()[0].at(0).get(Kind::Level), None);
        assert_eq!(series.columns()[0].at(1).get(Kind::Level), Some(3.0));
    }
}
