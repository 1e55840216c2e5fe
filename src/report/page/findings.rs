//! When zones were without room, what was short there, and what that did to the waits.

use serde::Serialize;

use crate::evidence::metric;
use crate::metrics::{Column, Kind, Series, Waits};
use crate::model::{SimDuration, SimTime};

/// The most stretches that are told, the largest ones.
const MOST: usize = 24;
/// Intervals without a refusal that end a stretch, when they are at least [`APART`] long.
const GAP: usize = 3;
const APART: SimDuration = SimDuration::from_secs(3_600);

/// A stretch of time in which requests found no room in one zone.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub(super) struct Stretch {
    pub(super) zone: String,
    /// Requests that found no room.
    pub(super) refused: u64,
    /// From the begin of the first interval with one to the end of the last, in seconds since the start.
    pub(super) first: f64,
    pub(super) last: f64,
    /// Seconds of the intervals with one.
    pub(super) span: f64,
    /// What was missing, most frequent first.
    pub(super) missing: Vec<(String, u64)>,
    /// p99.9 from the request to a running instance in these intervals, in microseconds.
    pub(super) p999_full: Option<u64>,
}

/// What there is to tell.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Findings {
    /// The largest stretches in the order of time.
    pub(super) stretches: Vec<Stretch>,
    /// How many others there were.
    pub(super) more: usize,
    /// p99.9 over the intervals in which no zone was full, in microseconds.
    pub(super) p999_otherwise: Option<u64>,
}

/// What the series says about zones without room.
pub(super) fn findings(series: &Series) -> Findings {
    let columns = series.columns().iter();
    let columns: Vec<&Column> = columns
        .filter(|column| column.key.metric == metric::NO_ROOM && !column.key.zone.is_empty())
        .collect();
    let mut zones: Vec<&str> = columns.iter().map(|column| column.key.zone.as_str()).collect();
    zones.sort_unstable();
    zones.dedup();
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut full = vec![false; series.len()];
    for zone in zones {
        let of: Vec<&Column> = columns.iter().copied().filter(|column| column.key.zone == zone).collect();
        let hit = |at: &usize| of.iter().any(|column| count(column, *at) > 0);
        let points: Vec<usize> = (0..series.len()).filter(hit).collect();
        points.iter().for_each(|&at| full[at] = true);
        let apart =
            |a: &usize, b: &usize| b - a <= GAP || series.ends()[b - 1].since(series.ends()[*a]) < APART;
        stretches.extend(points.chunk_by(apart).map(|part| stretch(series, zone, &of, part)));
    }
    let p999_otherwise = p999(series, (0..series.len()).filter(|&at| !full[at]));
    let more = stretches.len().saturating_sub(MOST);
    stretches.sort_by_key(|stretch| std::cmp::Reverse(stretch.refused));
    stretches.truncate(MOST);
    stretches.sort_by(|a, b| a.first.total_cmp(&b.first).then_with(|| a.zone.cmp(&b.zone)));
    Findings { stretches, more, p999_otherwise }
}

fn count(column: &Column, at: usize) -> u64 {
    column.at(at).get(Kind::Count).unwrap_or(0.0) as u64
}

/// p99.9 from the request to a running instance over some points.
fn p999(series: &Series, points: impl Iterator<Item = usize>) -> Option<u64> {
    let (_, runs) = series.waits().find(|(name, _)| *name == metric::RUNNING)?;
    let mut sum = Waits::default();
    points.filter_map(|at| runs.get(at)).for_each(|waits| sum.add(waits));
    (sum.count() > 0).then(|| sum.quantile(0.999)).flatten()
}

/// One stretch: points with a refusal, the first and the last one included. There is at least one.
fn stretch(series: &Series, zone: &str, columns: &[&Column], points: &[usize]) -> Stretch {
    let begin = |at: usize| at.checked_sub(1).map_or(SimTime::ZERO, |before| series.ends()[before]);
    let of = |column: &Column| points.iter().map(|&at| count(column, at)).sum::<u64>();
    let mut missing: Vec<(String, u64)> =
        columns.iter().map(|column| (column.key.detail.clone(), of(column))).collect();
    missing.retain(|(_, count)| *count > 0);
    missing.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Stretch {
        zone: zone.to_owned(),
        refused: missing.iter().map(|(_, count)| count).sum(),
        first: begin(points[0]).as_secs_f64(),
        last: series.ends()[points[points.len() - 1]].as_secs_f64(),
        span: points.iter().map(|&at| series.ends()[at].since(begin(at)).as_secs_f64()).sum(),
        missing,
        p999_full: p999(series, points.iter().copied()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Key;

    #[test]
    fn stretches_are_parted_by_hours_without_a_refusal() {
        let mut series = Series::new(SimDuration::from_secs(600), 2_048);
        let waits = series.waits_column(metric::RUNNING);
        let key = |detail: &str| Key::of(metric::NO_ROOM).zone("a").detail(detail);
        let cpu = series.column(Kind::Count, key("cpu"));
        let memory = series.column(Kind::Count, key("memory"));
        for at in 1..=60u64 {
            series.open(SimTime(at * 600_000_000));
            match at {
                3 | 7 => series.count(cpu, 2.0),
                40 => {
                    series.count(cpu, 1.0);
                    series.count(memory, 5.0);
                }
                _ => {}
            }
            let mut one = Waits::default();
            one.record(SimDuration::from_secs(if at == 40 { 100 } else { 10 }));
            series.wait(waits, one);
        }
        let found = findings(&series);
        let [early, late] = found.stretches.as_slice() else { panic!("{found:?}") };
        assert_eq!((early.first, early.last, early.span, early.refused), (1_200.0, 4_200.0, 1_200.0, 4));
        assert_eq!(early.missing, [("cpu".to_owned(), 4)]);
        assert_eq!(late.missing, [("memory".to_owned(), 5), ("cpu".to_owned(), 1)]);
        assert!(late.p999_full.unwrap() >= 100_000_000);
        assert!(found.p999_otherwise.unwrap() < 11_000_000);
        assert_eq!(found.more, 0);
    }
}
