//! The data of the page as JSON.

use serde::Serialize;
use serde_json::value::RawValue;

use super::findings::{Stretch, findings};
use crate::evidence::{HostMap, Recorded};
use crate::metrics::{Column, CurvePoint, Kind, Series, Waits, curve};
use crate::sim::Summary;

/// The most points of a series on the page: more than a chart has pixels for would only make it large.
const MOST_POINTS: usize = 720;

#[derive(Serialize)]
struct Page<'a> {
    summary: &'a Summary,
    /// Date of the start, seconds since 1970.
    start: i64,
    scenario: &'a str,
    findings: Vec<Stretch>,
    /// Smaller stretches that are left out.
    more_findings: usize,
    /// p99.9 from the request to a running instance over all intervals in which no zone was full, in microseconds.
    p999_otherwise: Option<u64>,
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
    points: Vec<CurvePoint>,
}

/// The data as one line of JSON.
pub(super) fn json(summary: &Summary, recorded: &Recorded, scenario: &str) -> String {
    let short = recorded.series.shortened(MOST_POINTS);
    let found = findings(&recorded.series);
    let curve_of = |stage, outcome, histogram: &hdrhistogram::Histogram<u64>| Curve {
        stage,
        outcome,
        points: curve(histogram),
    };
    let waits = recorded.waits.iter();
    let costs = recorded.costs.iter().filter(|(_, histogram)| !histogram.is_empty());
    let page = Page {
        summary,
        start: recorded.labels.start.0,
        scenario,
        findings: found.stretches,
        more_findings: found.more,
        p999_otherwise: found.p999_otherwise,
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
