//! The data of the page as JSON.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::evidence::{HostMap, Recorded, metric};
use crate::metrics::{Column, CurvePoint, Kind, Series, Waits, curve};
use crate::model::SimTime;
use crate::sim::Summary;

/// The most points of a series on the page: more than a chart has pixels for would only make it large.
const MOST_POINTS: usize = 720;

#[derive(Serialize)]
struct Page<'a> {
    summary: &'a Summary,
    /// Date of the start, seconds since 1970.
    start: i64,
    scenario: &'a str,
    findings: Vec<Finding>,
    series: Table<'a>,
    latency: Vec<Curve>,
    cost: Vec<Curve>,
    map: &'a HostMap,
}

#[derive(Serialize)]
struct Table<'a> {
    /// Length of a point in seconds.
    interval: f64,
    /// End of each point in seconds since the start of the run.
    ends: Vec<f64>,
    columns: Vec<ColumnData<'a>>,
    waits: Vec<WaitData>,
}

#[derive(Serialize)]
struct ColumnData<'a> {
    metric: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    zone: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    class: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    detail: &'a str,
    kind: Kind,
    values: Box<RawValue>,
}

/// Percentiles of a wait over time, in microseconds.
#[derive(Serialize)]
struct WaitData {
    name: &'static str,
    p50: Vec<Option<u64>>,
    p99: Vec<Option<u64>>,
    p999: Vec<Option<u64>>,
}

#[derive(Serialize)]
struct Curve {
    stage: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    count: u64,
    max: u64,
    points: Vec<CurvePoint>,
}

/// When one zone was without room, and what that did.
#[derive(Serialize)]
struct Finding {
    zone: String,
    /// Requests that found no room.
    refused: u64,
    /// First and last interval with one, in seconds since the start.
    first: f64,
    last: f64,
    /// Seconds of all such intervals.
    span: f64,
    /// What was missing, most frequent first.
    missing: Vec<(String, u64)>,
    /// p99.9 from the request to a running instance in intervals with such a request and in the others, in
    /// microseconds.
    p999_full: Option<u64>,
    p999_else: Option<u64>,
}

/// The data as one line of JSON.
pub(super) fn json(summary: &Summary, recorded: &Recorded, scenario: &str) -> String {
    let short = recorded.series.shortened(MOST_POINTS);
    let curve_of = |stage, outcome, histogram: &hdrhistogram::Histogram<u64>| Curve {
        stage,
        outcome,
        count: histogram.len(),
        max: histogram.max(),
        points: curve(histogram),
    };
    let waits = recorded.waits.iter();
    let costs = recorded.costs.iter().filter(|(_, histogram)| !histogram.is_empty());
    let page = Page {
        summary,
        start: recorded.labels.start.0,
        scenario,
        findings: findings(&recorded.series),
        series: table(&short),
        latency: waits.map(|(stage, outcome, of)| curve_of(stage.name(), Some(outcome.name()), of)).collect(),
        cost: costs.map(|(stage, of)| curve_of(stage.name(), None, of)).collect(),
        map: &recorded.map,
    };
    serde_json::to_string(&page).expect("the page has only plain values")
}

fn table(series: &Series) -> Table<'_> {
    // Zone by class is in the table of the series; on the page it would only be large.
    let shown =
        series.columns().iter().filter(|column| column.key.zone.is_empty() || column.key.class.is_empty());
    Table {
        interval: series.interval().as_secs_f64(),
        ends: series.ends().iter().map(|end| end.as_secs_f64()).collect(),
        columns: shown.map(|column| column_data(series, column)).collect(),
        waits: series.waits().map(|(name, points)| wait_data(name, points)).collect(),
    }
}

fn column_data<'a>(series: &Series, column: &'a Column) -> ColumnData<'a> {
    let values = (0..series.len()).map(|at| column.at(at).get(column.kind));
    let texts: Vec<String> = values.map(|value| value.map_or_else(|| "null".to_owned(), short)).collect();
    let values = RawValue::from_string(format!("[{}]", texts.join(","))).expect("numbers are JSON");
    let key = &column.key;
    ColumnData {
        metric: key.metric,
        zone: &key.zone,
        class: &key.class,
        detail: &key.detail,
        kind: column.kind,
        values,
    }
}

/// A number to five figures: more cannot be seen, and would double the page. Whole numbers stay whole.
fn short(value: f64) -> String {
    if value == value.trunc() || !value.is_finite() {
        return format!("{}", if value.is_finite() { value } else { 0.0 });
    }
    let digits = 4 - libm::floor(libm::log10(value.abs())) as i32;
    let text = format!("{value:.*}", digits.clamp(0, 8) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn wait_data(name: &'static str, points: &[Waits]) -> WaitData {
    let at = |quantile: f64| points.iter().map(|waits| waits.quantile(quantile)).collect();
    WaitData { name, p50: at(0.5), p99: at(0.99), p999: at(0.999) }
}

fn findings(series: &Series) -> Vec<Finding> {
    let runs =
        series.waits().find(|(name, _)| *name == metric::RUNNING).map_or(&[][..], |(_, points)| points);
    let mut zones: Vec<&str> = Vec::new();
    let columns = || series.columns().iter().filter(|column| column.key.metric == metric::NO_ROOM);
    for column in columns().filter(|column| !column.key.zone.is_empty()) {
        if !zones.contains(&column.key.zone.as_str()) {
            zones.push(&column.key.zone);
        }
    }
    zones.sort_unstable();
    zones.into_iter().filter_map(|zone| finding(series, zone, columns(), runs)).collect()
}

fn finding<'a>(
    series: &Series,
    zone: &str,
    columns: impl Iterator<Item = &'a Column>,
    runs: &[Waits],
) -> Option<Finding> {
    let count = |column: &Column, at: usize| column.at(at).get(Kind::Count).unwrap_or(0.0) as u64;
    let columns: Vec<&Column> = columns.filter(|column| column.key.zone == zone).collect();
    let of = |at: usize| columns.iter().map(|column| count(column, at)).sum::<u64>();
    let all = 0..series.len();
    let full: Vec<usize> = all.clone().filter(|&at| of(at) > 0).collect();
    let begin = |at: usize| at.checked_sub(1).map_or(SimTime::ZERO, |before| series.ends()[before]);
    let mut missing: Vec<(String, u64)> = columns
        .iter()
        .map(|column| (column.key.detail.clone(), all.clone().map(|at| count(column, at)).sum()))
        .collect();
    missing.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let p999 = |points: &mut dyn Iterator<Item = usize>| {
        let mut sum = Waits::default();
        points.filter_map(|at| runs.get(at)).for_each(|waits| sum.add(waits));
        sum.quantile(0.999)
    };
    Some(Finding {
        zone: zone.to_owned(),
        refused: full.iter().map(|&at| of(at)).sum(),
        first: begin(*full.first()?).as_secs_f64(),
        last: series.ends()[*full.last()?].as_secs_f64(),
        span: full.iter().map(|&at| series.ends()[at].since(begin(at)).as_secs_f64()).sum(),
        missing,
        p999_full: p999(&mut full.iter().copied()),
        p999_else: p999(&mut all.filter(|at| !full.contains(at))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_close() {
        for (value, text) in [
            (0.0, "0"),
            (12_345_678.0, "12345678"),
            (0.123_456_7, "0.12346"),
            (1_234.567, "1234.6"),
            (0.5, "0.5"),
        ] {
            assert_eq!(short(value), text);
        }
        assert_eq!(short(123_456.7), "123457");
    }
}
