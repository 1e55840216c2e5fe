//! Latency histograms of benchmarks, in nanoseconds of wall time.

use std::path::Path;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::cli::CliError;
use crate::metrics::hdr::distribution;
pub(super) use crate::metrics::histogram;

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
    std::fs::write(path, distribution(histogram))
        .map_err(|error| CliError::new(format!("cannot write {}: {error}", path.display())))
}
