//! Percentiles of one histogram, and the points of its curve.

use hdrhistogram::Histogram;

/// Percentiles of one histogram, in its own unit (microseconds of virtual or nanoseconds of wall time).
#[derive(Clone, Copy, PartialEq, Debug, Default, serde::Serialize)]
pub struct Percentiles {
    /// Values counted.
    pub count: u64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// 99.9th percentile.
    pub p999: u64,
    /// 99.99th percentile.
    pub p9999: u64,
    /// 99.999th percentile.
    pub p99999: u64,
    /// Largest value; exact where the one who counted kept it ([`Percentiles::exact`]).
    pub max: u64,
}

impl Percentiles {
    /// Percentiles of `histogram`; all zero when it is empty.
    pub fn of(histogram: &Histogram<u64>) -> Percentiles {
        let at = |quantile| histogram.value_at_quantile(quantile);
        Percentiles {
            count: histogram.len(),
            mean: histogram.mean(),
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            p9999: at(0.9999),
            p99999: at(0.99999),
            max: histogram.max(),
        }
    }

    /// Percentiles of `histogram`, whose largest value was `most`. A histogram only knows the class that it is in: no
    /// percentile is above the value itself.
    pub fn exact(histogram: &Histogram<u64>, most: u64) -> Percentiles {
        let Percentiles { count, mean, p50, p90, p99, p999, p9999, p99999, .. } = Percentiles::of(histogram);
        let [p50, p90, p99, p999, p9999, p99999] =
            [p50, p90, p99, p999, p9999, p99999].map(|value| value.min(most));
        Percentiles { count, mean, p50, p90, p99, p999, p9999, p99999, max: most }
    }
}

/// A point of a percentile curve: so many "nines" (-log10 of the share above), and the value there.
pub type CurvePoint = (f64, u64);

/// The percentile curve up to p99.999 and the maximum: eight points for each further half of what is left, as far
/// as there are values to tell them apart. Empty for an empty histogram.
pub fn curve(histogram: &Histogram<u64>) -> Vec<CurvePoint> {
    let mut points: Vec<CurvePoint> = Vec::new();
    if histogram.is_empty() {
        return points;
    }
    for value in histogram.iter_quantiles(4) {
        let above = (1.0 - value.quantile_iterated_to()).max(1e-5);
        let point = (-libm::log10(above), value.value_iterated_to());
        match points.last_mut() {
            Some(last) if last.0 >= point.0 => last.1 = point.1,
            _ => points.push(point),
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_rises_to_five_nines_and_ends_at_the_maximum() {
        let mut histogram = Histogram::new(3).unwrap();
        for value in 1..=1_000_000u64 {
            histogram.record(value).unwrap();
        }
        let curve = curve(&histogram);
        assert!(curve.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1));
        let (nines, value) = *curve.last().unwrap();
        assert!((nines - 5.0).abs() < 1e-9 && value >= histogram.max(), "{nines} {value}");
        assert!(curve.len() < 100, "{} points", curve.len());
    }
}
