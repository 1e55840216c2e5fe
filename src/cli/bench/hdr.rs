//! Latency histograms of benchmarks, in nanoseconds of wall time.

use std::fmt::Write as _;
use std::path::Path;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::cli::CliError;

/// An empty histogram, exact to three figures.
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new(3).expect("three significant figures are allowed")
}

/// The percentiles that every benchmark prints.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Percentiles {
    count: u64,
    mean_ns: f64,
    p50_ns: u64,
    p90_ns: u64,
    p99_ns: u64,
    p99_9_ns: u64,
    p99_99_ns: u64,
    max_ns: u64,
}

impl Percentiles {
    pub(super) fn of(histogram: &Histogram<u64>) -> Percentiles {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Percentiles {
            count: histogram.len(),
            mean_ns: histogram.mean(),
            p50_ns: at(0.5),
            p90_ns: at(0.9),
            p99_ns: at(0.99),
            p99_9_ns: at(0.999),
            p99_99_ns: at(0.9999),
            max_ns: histogram.max(),
        }
    }

    /// Two lines: heads and values.
    pub(super) fn table(&self) -> String {
        let cells = [
            ("mean", self.mean_ns as u64),
            ("p50", self.p50_ns),
            ("p90", self.p90_ns),
            ("p99", self.p99_ns),
            ("p99.9", self.p99_9_ns),
            ("p99.99", self.p99_99_ns),
            ("max", self.max_ns),
        ];
        let line = |cell: fn(&(&str, u64)) -> String| {
            cells.iter().map(|value| format!("{:>11}", cell(value))).collect::<String>()
        };
        format!("{}\n{}\n", line(|(head, _)| (*head).to_owned()), line(|(_, value)| value.to_string()))
    }
}

/// Writes the percentile distribution in the text form that HDR plotters read (`.hgrm`), values in nanoseconds.
///
/// # Errors
/// When the file cannot be written.
pub(super) fn write_hgrm(path: &Path, histogram: &Histogram<u64>) -> Result<(), CliError> {
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for value in histogram.iter_quantiles(5) {
        let quantile = value.quantile_iterated_to();
        let line = if quantile < 1.0 {
            let inverse = 1.0 / (1.0 - quantile);
            let count = value.count_since_last_iteration();
            format!(
                "{:>12.3} {quantile:>14.12} {count:>10} {inverse:>14.2}",
                value.value_iterated_to() as f64
            )
        } else {
            format!("{:>12.3} {quantile:>14.12} {:>10}", value.value_iterated_to() as f64, histogram.len())
        };
        let _ = writeln!(text, "{line}");
    }
    let (mean, deviation) = (histogram.mean(), histogram.stdev());
    let _ = writeln!(text, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]");
    let _ = writeln!(
        text,
        "#[Max     = {:12.3}, Total count    = {:12}]",
        histogram.max() as f64,
        histogram.len()
    );
    let (buckets, sub) = (histogram.buckets(), histogram.distinct_values());
    let _ = writeln!(text, "#[Buckets = {buckets:12}, SubBuckets     = {sub:12}]");
    std::fs::write(path, text)
        .map_err(|error| CliError::new(format!("cannot write {}: {error}", path.display())))
}
