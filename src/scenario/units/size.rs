use std::fmt;
use std::str::FromStr;

use super::{UnitError, decimal, text_value};

const UNITS: [(&str, u64); 6] =
    [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("PiB", 1 << 50)];

/// An amount of memory or storage: `"512GiB"`, `"4TiB"`, `"3.5GiB"`. Kept in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Size(pub u64);

impl Size {
    /// From whole GiB.
    pub const fn gib(gib: u64) -> Size {
        Size(gib << 30)
    }

    /// From whole MiB.
    pub const fn mib(mib: u64) -> Size {
        Size(mib << 20)
    }

    /// In bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// In MiB, a part of one counted as one.
    pub const fn as_mib(self) -> u64 {
        self.0.div_ceil(1 << 20)
    }

    /// In GiB, a part of one counted as one.
    pub const fn as_gib(self) -> u64 {
        self.0.div_ceil(1 << 30)
    }

    /// True when it is a whole number of MiB.
    pub const fn is_whole_mib(self) -> bool {
        self.0.is_multiple_of(1 << 20)
    }
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Size, UnitError> {
        let Some((number, unit)) = decimal::split(text.trim()) else {
            return Err(UnitError::new(format!(
                "`{text}` is no size: write for example `512GiB` or `3.5GiB`"
            )));
        };
        if unit.is_empty() {
            return Err(UnitError::new(format!("`{text}` has no unit: write for example `{number}GiB`")));
        }
        let Some((_, size)) = UNITS.iter().find(|(name, _)| *name == unit) else {
            let hint = match unit {
                "KB" | "MB" | "GB" | "TB" | "PB" | "K" | "M" | "G" | "T" | "P" | "kB" => {
                    format!(": write `{}iB`", unit[..1].to_uppercase())
                }
                _ => ": use B, KiB, MiB, GiB, TiB or PiB".to_owned(),
            };
            return Err(UnitError::new(format!("`{text}`: unknown unit of size `{unit}`{hint}")));
        };
        match decimal::scale(number, *size) {
            Some(bytes) => Ok(Size(bytes)),
            None => Err(UnitError::new(format!("`{text}` is no size below 16384PiB"))),
        }
    }
}

impl fmt::Display for Size {
    /// The largest unit that gives a whole number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = UNITS.iter().rev().find(|(_, size)| self.0.is_multiple_of(*size) && self.0 > 0);
        let (unit, size) = whole.copied().unwrap_or(("GiB", 1 << 30));
        write!(f, "{}{unit}", self.0 / size)
    }
}

text_value!(
    Size,
    "a size with its unit (B, KiB, MiB, GiB, TiB, PiB)",
    r"^\s*[0-9]+(\.[0-9]+)?\s*(B|KiB|MiB|GiB|TiB|PiB)$",
    ["512GiB", "3.5GiB"]
);

/// A flow of data: `"2GiB/s"`, `"10Gbit/s"`. Kept in bytes a second.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Bandwidth(pub u64);

impl Bandwidth {
    /// In bytes a second.
    pub const fn bytes_per_second(self) -> u64 {
        self.0
    }
}

impl FromStr for Bandwidth {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Bandwidth, UnitError> {
        const BITS: [(&str, u64); 3] = [("kbit", 125), ("Mbit", 125_000), ("Gbit", 125_000_000)];
        let bad =
            || UnitError::new(format!("`{text}` is no bandwidth: write for example `2GiB/s` or `10Gbit/s`"));
        let amount = text.trim().strip_suffix("/s").ok_or_else(bad)?;
        let (number, unit) = decimal::split(amount).ok_or_else(bad)?;
        let units = UNITS.iter().chain(&BITS);
        let (_, size) = units.into_iter().find(|(name, _)| *name == unit).ok_or_else(bad)?;
        decimal::scale(number, *size).map(Bandwidth).ok_or_else(bad)
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", Size(self.0))
    }
}

text_value!(
    Bandwidth,
    "a flow of data a second (KiB/s to PiB/s, kbit/s, Mbit/s, Gbit/s)",
    r"^\s*[0-9]+(\.[0-9]+)?\s*(B|KiB|MiB|GiB|TiB|PiB|kbit|Mbit|Gbit)/s$",
    ["2GiB/s", "10Gbit/s"]
);
