use std::fmt;
use std::ops::{Add, AddAssign, Sub};

/// A moment of virtual time: microseconds since the start of the run.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct SimTime(pub u64);

/// A length of virtual time in microseconds.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct SimDuration(pub u64);

/// A moment of the calendar: seconds since 1970-01-01T00:00:00Z.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Utc(pub i64);

impl SimTime {
    /// The start of the run.
    pub const ZERO: SimTime = SimTime(0);
    /// Later than any event.
    pub const NEVER: SimTime = SimTime(u64::MAX);

    /// Seconds since the start of the run, for reports.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The time since `earlier`; zero when `earlier` is later.
    pub fn since(self, earlier: SimTime) -> SimDuration {
        SimDuration(self.0.saturating_sub(earlier.0))
    }
}

impl SimDuration {
    /// No time.
    pub const ZERO: SimDuration = SimDuration(0);
    /// Longer than any run: the lifetime of a resident that is never released.
    pub const FOREVER: SimDuration = SimDuration(u64::MAX);

    /// From whole seconds.
    pub const fn from_secs(secs: u64) -> SimDuration {
        SimDuration(secs * 1_000_000)
    }

    /// From whole milliseconds.
    pub const fn from_millis(millis: u64) -> SimDuration {
        SimDuration(millis * 1_000)
    }

    /// From seconds as a decimal, rounded to the nearest microsecond; negative and NaN give zero.
    #[inline]
    pub fn from_secs_f64(secs: f64) -> SimDuration {
        // What `f64::round` would give, in a few instructions and without a call, for which every draw of a span would pay.
        // Numbers from 2^52 on have no fraction; below, whole part and fraction are exact.
        let micros = (secs * 1e6).max(0.0);
        if micros >= (1_u64 << 52) as f64 {
            return SimDuration(micros as u64);
        }
        let whole = micros as i64;
        SimDuration(whole as u64 + u64::from(micros - whole as f64 >= 0.5))
    }

    /// Seconds, for reports.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<SimDuration> for SimTime {
    type Output = SimTime;
    /// Saturates at [`SimTime::NEVER`], so that "for ever" stays for ever.
    fn add(self, span: SimDuration) -> SimTime {
        SimTime(self.0.saturating_add(span.0))
    }
}

impl AddAssign<SimDuration> for SimTime {
    fn add_assign(&mut self, span: SimDuration) {
        *self = *self + span;
    }
}

impl Sub for SimTime {
    type Output = SimDuration;
    fn sub(self, earlier: SimTime) -> SimDuration {
        self.since(earlier)
    }
}

impl Add for SimDuration {
    type Output = SimDuration;
    fn add(self, other: SimDuration) -> SimDuration {
        SimDuration(self.0.saturating_add(other.0))
    }
}

impl Utc {
    /// The moment `span` of virtual time after this one (whole seconds).
    pub fn after(self, span: SimDuration) -> Utc {
        Utc(self.0.saturating_add((span.0 / 1_000_000) as i64))
    }
}

impl fmt::Display for SimTime {
    /// `3d 04:00:00`, the form that scenarios use for moments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secs = self.0 / 1_000_000;
        let (days, rest) = (secs / 86_400, secs % 86_400);
        write!(f, "{days}d {:02}:{:02}:{:02}", rest / 3600, rest % 3600 / 60, rest % 60)
    }
}

impl fmt::Display for SimDuration {
    /// The shortest exact unit up to microseconds: `30d`, `5min`, `250ms`, `1500us`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == SimDuration::FOREVER {
            return f.write_str("forever");
        }
        const UNITS: [(u64, &str); 6] = [
            (86_400_000_000, "d"),
            (3_600_000_000, "h"),
            (60_000_000, "min"),
            (1_000_000, "s"),
            (1_000, "ms"),
            (1, "us"),
        ];
        let (size, unit) =
            UNITS.into_iter().find(|(size, _)| self.0.is_multiple_of(*size)).unwrap_or((1, "us"));
        if self.0 == 0 { f.write_str("0s") } else { write!(f, "{}{unit}", self.0 / size) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::SimDuration;

    fn is_as_rounded(secs: f64) -> bool {
        SimDuration::from_secs_f64(secs) == SimDuration((secs * 1e6).round() as u64)
    }

    #[test]
    fn spans_are_rounded_to_the_nearest_microsecond() {
        let edges = [
            0.0,
            -0.0,
            (0.5 - f64::EPSILON / 4.0) / 1e6,
            0.5e-6,
            1.5e-6,
            2.5e-6,
            -0.4e-6,
            -0.5e-6,
            -7.0,
            1e300,
            1e-300,
        ];
        let limits = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN, f64::EPSILON];
        let powers = (40..66).flat_map(|power| {
            let micros = 2f64.powi(power);
            [micros - 1.0, micros - 0.5, micros, micros + 0.5, micros + 1.0].map(|micros| micros / 1e6)
        });
        for secs in edges.into_iter().chain(limits).chain(powers) {
            assert!(is_as_rounded(secs), "{secs:e}");
        }
        assert_eq!(SimDuration::from_secs_f64(f64::INFINITY), SimDuration::FOREVER);
    }

    proptest! {
        #[test]
        fn any_span_is_rounded_as_the_standard_library_rounds(bits: u64, secs in 0.0..1e7, ticks in 0_u64..1 << 53) {
            prop_assert!(is_as_rounded(f64::from_bits(bits)));
            prop_assert!(is_as_rounded(secs));
            prop_assert!(is_as_rounded(ticks as f64 / 2e6), "close to halves");
        }
    }
}
