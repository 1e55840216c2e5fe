use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{UnitError, decimal, text_value};
use crate::model::SimDuration;

/// A share of a whole: a number from 0 to 1, or a percentage such as `"80%"`.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug, Default)]
pub struct Share(f64);

impl Share {
    /// Everything.
    pub const ALL: Share = Share(1.0);
    /// Nothing.
    pub const NONE: Share = Share(0.0);

    /// From a number; none outside 0 to 1.
    pub fn new(share: f64) -> Option<Share> {
        (0.0..=1.0).contains(&share).then_some(Share(share))
    }

    /// As a number from 0 to 1.
    pub const fn get(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Share, UnitError> {
        let bad = || {
            UnitError::new(format!(
                "`{text}` is no share: write a number from 0 to 1 or for example `\"80%\"`"
            ))
        };
        let trimmed = text.trim();
        let (number, divisor) = match trimmed.strip_suffix('%') {
            Some(percent) => (percent.trim_end(), 100.0),
            None => (trimmed, 1.0),
        };
        let (digits, rest) = decimal::split(number).ok_or_else(bad)?;
        let value: f64 = digits.parse().ok().filter(|_| rest.is_empty()).ok_or_else(bad)?;
        Share::new(value / divisor).ok_or_else(bad)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Share, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Share;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number from 0 to 1 or a percentage such as `\"80%\"`")
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Share, E> {
                Share::new(value).ok_or_else(|| {
                    E::custom(format_args!(
                        "{value} is no share: write a number from 0 to 1 or for example `\"80%\"`"
                    ))
                })
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Share, E> {
                self.visit_f64(value as f64)
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Share, E> {
                self.visit_f64(value as f64)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Share, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.0)
    }
}

impl schemars::JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a share of a whole: a number from 0 to 1, or a percentage",
            "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": r"^\s*[0-9]+(\.[0-9]+)?\s*%?$" },
            ],
            "examples": [0.8, "80%"],
        })
    }
}

/// How often something happens: `"120/h"`, `"2.5/s"`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rate {
    count: f64,
    per: Per,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Per {
    Second,
    Minute,
    Hour,
    Day,
}

const PERS: [(&str, Per); 4] = [("s", Per::Second), ("min", Per::Minute), ("h", Per::Hour), ("d", Per::Day)];

impl Rate {
    /// A rate per second; none when `count` is negative or not finite.
    pub fn per_second_of(count: f64) -> Option<Rate> {
        (count.is_finite() && count >= 0.0).then_some(Rate { count, per: Per::Second })
    }

    /// The number of times in [`Rate::unit`].
    pub const fn count(self) -> f64 {
        self.count
    }

    /// The length of time that [`Rate::count`] speaks of.
    pub const fn unit(self) -> SimDuration {
        SimDuration::from_secs(match self.per {
            Per::Second => 1,
            Per::Minute => 60,
            Per::Hour => 3_600,
            Per::Day => 86_400,
        })
    }

    /// Times a second.
    pub fn per_second(self) -> f64 {
        self.count / (self.unit().0 / 1_000_000) as f64
    }

    /// True for never.
    pub fn is_zero(self) -> bool {
        self.count == 0.0
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Rate, UnitError> {
        let bad = || {
            UnitError::new(format!(
                "`{text}` is no rate: write for example `120/h`, `2.5/s`, `30/min` or `1000/d`"
            ))
        };
        let (number, unit) = decimal::split(text.trim()).ok_or_else(bad)?;
        let unit = unit.strip_prefix('/').ok_or_else(bad)?.trim();
        let (_, per) = PERS.iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
        let count: f64 = number.parse().map_err(|_| bad())?;
        if count.is_finite() { Ok(Rate { count, per: *per }) } else { Err(bad()) }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = PERS.iter().find(|(_, per)| *per == self.per).map_or("s", |(name, _)| name);
        write!(f, "{}/{unit}", self.count)
    }
}

text_value!(
    Rate,
    "how often something happens, per s, min, h or d",
    r"^\s*[0-9]+(\.[0-9]+)?\s*/\s*(s|min|h|d)$",
    ["120/h", "2.5/s"]
);
