use std::fmt;
use std::str::FromStr;

use super::{UnitError, decimal, text_value};
use crate::model::{SimDuration, SimTime, Utc};

/// A length of time: `"30d"`, `"5min"`, `"1h30m"`, `"250ms"`, `"forever"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Span(pub SimDuration);

impl Span {
    /// From whole seconds.
    pub const fn secs(secs: u64) -> Span {
        Span(SimDuration::from_secs(secs))
    }

    /// From whole milliseconds.
    pub const fn millis(millis: u64) -> Span {
        Span(SimDuration::from_millis(millis))
    }

    /// The length itself.
    pub const fn get(self) -> SimDuration {
        self.0
    }

    /// True for a length of nothing.
    pub fn is_zero(self) -> bool {
        self.0 == SimDuration::ZERO
    }

    /// True for "forever".
    pub fn is_forever(self) -> bool {
        self.0 == SimDuration::FOREVER
    }
}

const UNITS: [(&str, u64); 13] = [
    ("us", 1),
    ("µs", 1),
    ("ms", 1_000),
    ("s", 1_000_000),
    ("sec", 1_000_000),
    ("m", 60_000_000),
    ("min", 60_000_000),
    ("h", 3_600_000_000),
    ("hour", 3_600_000_000),
    ("d", 86_400_000_000),
    ("day", 86_400_000_000),
    ("days", 86_400_000_000),
    ("w", 604_800_000_000),
];

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Span, UnitError> {
        if text == "forever" {
            return Ok(Span(SimDuration::FOREVER));
        }
        let mut rest = text.trim();
        let mut total: u64 = 0;
        if rest.is_empty() {
            return Err(UnitError::new("an empty text is no duration: write for example `5min`"));
        }
        while !rest.is_empty() {
            let Some((number, after)) = decimal::split(rest) else {
                return Err(UnitError::new(format!(
                    "`{text}` is no duration: write for example `30d`, `5min`, `1h30m`, `250ms` or `forever`"
                )));
            };
            let end = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
            let unit = &after[..end];
            if unit.is_empty() {
                return Err(UnitError::new(format!(
                    "`{text}` has no unit: write for example `{number}s` or `{number}min`"
                )));
            }
            let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
                return Err(UnitError::new(format!(
                    "`{text}`: unknown unit of time `{unit}`: use us, ms, s, min, h, d or w"
                )));
            };
            let part = decimal::scale(number, *size);
            total = part.and_then(|part| total.checked_add(part)).filter(|sum| *sum < u64::MAX).ok_or_else(
                || UnitError::new(format!("`{text}` is no duration below 584,542 years: use `forever`")),
            )?;
            rest = after[end..].trim_start();
        }
        Ok(Span(SimDuration(total)))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<SimDuration> for Span {
    fn from(span: SimDuration) -> Span {
        Span(span)
    }
}

text_value!(
    Span,
    "a duration with its unit (us, ms, s, min, h, d, w)",
    r"^(forever|\s*([0-9]+(\.[0-9]+)?\s*(us|µs|ms|s|sec|m|min|h|hour|d|day|days|w)\s*)+)$",
    ["5min", "1h30m"]
);

/// A moment of virtual time, counted from the start of the run: `"3d 04:00"`, `"06:30:15"`, `"36h"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Moment(pub SimTime);

impl Moment {
    /// The moment itself.
    pub const fn get(self) -> SimTime {
        self.0
    }
}

impl FromStr for Moment {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Moment, UnitError> {
        let bad = || {
            UnitError::new(format!(
                "`{text}` is no moment of the run: write for example `3d 04:00`, `06:30:15` or `36h`"
            ))
        };
        let Some(colon) = text.find(':') else {
            let span: Span = text.parse().map_err(|_| bad())?;
            return if span.is_forever() { Err(bad()) } else { Ok(Moment(SimTime(span.0.0))) };
        };
        let clock_from = text[..colon].rfind(' ').map_or(0, |space| space + 1);
        let (days, clock) = (text[..clock_from].trim(), &text[clock_from..]);
        let days = match days {
            "" => 0,
            days => days.strip_suffix('d').and_then(|n| n.trim().parse::<u64>().ok()).ok_or_else(bad)?,
        };
        let mut secs = 0;
        let mut parts = 0;
        for part in clock.split(':') {
            let most = if parts == 0 { 23 } else { 59 };
            let value =
                part.parse::<u64>().ok().filter(|value| *value <= most && part.len() == 2).ok_or_else(bad)?;
            secs = secs * 60 + value;
            parts += 1;
        }
        match parts {
            2 => secs *= 60,
            3 => {}
            _ => return Err(bad()),
        }
        let total = days.checked_mul(86_400).and_then(|d| d.checked_add(secs)?.checked_mul(1_000_000));
        total.map(|us| Moment(SimTime(us))).ok_or_else(bad)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Moments finer than a second have no clock form.
        if self.0.0.is_multiple_of(1_000_000) { self.0.fmt(f) } else { SimDuration(self.0.0).fmt(f) }
    }
}

text_value!(
    Moment,
    "a moment counted from the start of the run",
    r"^(([0-9]+d\s+)?[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?|([0-9]+(\.[0-9]+)?\s*[a-zµ]+\s*)+)$",
    ["3d 04:00", "36h"]
);

/// A moment of the calendar, in UTC: `"2019-09-02T00:00:00Z"`; a day alone is its midnight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Date(pub Utc);

impl Date {
    /// The moment itself.
    pub const fn get(self) -> Utc {
        self.0
    }
}

impl FromStr for Date {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Date, UnitError> {
        let day = || format!("{text}T00:00:00Z").parse::<jiff::Timestamp>().ok();
        match text.parse::<jiff::Timestamp>().ok().or_else(day) {
            Some(moment) => Ok(Date(Utc(moment.as_second()))),
            None => Err(UnitError::new(format!(
                "`{text}` is no moment of the calendar: write for example `2019-09-02T00:00:00Z`"
            ))),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0.0) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "{}", self.0.0),
        }
    }
}

text_value!(
    Date,
    "a moment of the calendar in UTC",
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]+(Z|[+-][0-9:]+))?$",
    ["2019-09-02T00:00:00Z", "2019-09-02"]
);
