//! Latency objectives: what a step of load has to hold.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::metrics::Percentiles;
use crate::scenario::units::Span;

/// A bound on one percentile of the response time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Objective {
    quantile: Quantile,
    limit: Duration,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Quantile {
    P50,
    P90,
    P99,
    P999,
    Max,
}

const NAMES: [(&str, Quantile); 5] = [
    ("p50", Quantile::P50),
    ("p90", Quantile::P90),
    ("p99", Quantile::P99),
    ("p99.9", Quantile::P999),
    ("max", Quantile::Max),
];

impl Objective {
    /// The value that the objective looks at, in nanoseconds.
    pub fn value(&self, response_ns: &Percentiles) -> u64 {
        match self.quantile {
            Quantile::P50 => response_ns.p50,
            Quantile::P90 => response_ns.p90,
            Quantile::P99 => response_ns.p99,
            Quantile::P999 => response_ns.p999,
            Quantile::Max => response_ns.max,
        }
    }

    /// True when the response times keep within the limit.
    pub fn holds(&self, response_ns: &Percentiles) -> bool {
        u128::from(self.value(response_ns)) <= self.limit.as_nanos()
    }

    /// Name of the percentile, such as `p99`.
    pub fn name(&self) -> &'static str {
        NAMES.iter().find(|(_, known)| *known == self.quantile).map_or("", |(name, _)| name)
    }
}

impl FromStr for Objective {
    type Err = String;

    /// Reads `p99=1ms`.
    fn from_str(text: &str) -> Result<Objective, String> {
        let shape = || format!("`{text}` is no objective: write for example p99=1ms or p99.9=20ms");
        let (name, limit) = text.split_once('=').ok_or_else(shape)?;
        let Some((_, quantile)) = NAMES.iter().find(|(known, _)| *known == name.trim()) else {
            return Err(format!("`{name}` is no percentile: use p50, p90, p99, p99.9 or max"));
        };
        let span: Span = limit.trim().parse().map_err(|_| shape())?;
        if span.is_zero() || span.is_forever() {
            return Err(format!("`{limit}` is no limit: a response takes some time, and not for ever"));
        }
        Ok(Objective { quantile: *quantile, limit: Duration::from_micros(span.get().0) })
    }
}

impl fmt::Display for Objective {
    /// `p99 <= 1ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <= {:?}", self.name(), self.limit)
    }
}

impl serde::Serialize for Objective {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_reads_its_percentile_and_its_limit() {
        let objective: Objective = "p99.9 = 250us".parse().unwrap();
        assert_eq!(objective.to_string(), "p99.9 <= 250µs");
        let mut response = Percentiles { count: 1, p999: 250_000, max: 900_000, ..Percentiles::default() };
        assert!(objective.holds(&response));
        response.p999 += 1;
        assert!(!objective.holds(&response));
    }

    #[test]
    fn what_is_no_objective_is_told_so() {
        for (text, needle) in [
            ("p99", "write for example"),
            ("p95=1ms", "p99.9 or max"),
            ("p99=1", "write for example"),
            ("p99=0ms", "no limit"),
            ("max=forever", "no limit"),
        ] {
            let told = text.parse::<Objective>().unwrap_err();
            assert!(told.contains(needle), "{text}: {told}");
        }
    }
}
