//! Prices per hour with three decimals, and shares, as integers.

use std::fmt;

use crate::model::Money;

/// One, in millionths: the unit of shares (of the list price, of a pool).
pub const WHOLE: u64 = 1_000_000;

/// A price per hour in thousandths of the currency unit (SPOT-3: three decimals).
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct HourPrice(pub u64);

impl HourPrice {
    /// The largest price that is computed with: a thousand million an hour. Longer sums stay within 128 bits.
    pub const MOST: HourPrice = HourPrice(1_000_000_000_000);

    /// From a decimal number, rounded to three decimals; none when it is negative, no number, or above
    /// [`HourPrice::MOST`].
    pub fn from_f64(price: f64) -> Option<HourPrice> {
        let milli = (price * 1e3).round();
        (0.0..=HourPrice::MOST.0 as f64).contains(&milli).then_some(HourPrice(milli as u64))
    }

    /// As a decimal number, for reports.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / 1e3
    }

    /// As money: what an hour costs.
    pub fn money(self) -> Money {
        Money(i64::try_from(self.0.saturating_mul(1_000)).unwrap_or(i64::MAX))
    }

    /// The part of it of this share in millionths, rounded half up to three decimals. What is not free costs at least
    /// one thousandth.
    #[must_use]
    pub fn part(self, share: u64) -> HourPrice {
        if self.0 == 0 || share == 0 {
            return HourPrice(0);
        }
        let exact = u128::from(self.0) * u128::from(share);
        let whole = u128::from(WHOLE);
        HourPrice(u64::try_from(((exact + whole / 2) / whole).max(1)).unwrap_or(u64::MAX))
    }

    /// Its share of another price in millionths, rounded down; the whole of a price of zero.
    pub fn share_of(self, list: HourPrice) -> u64 {
        let share = u128::from(self.0) * u128::from(WHOLE) / u128::from(list.0.max(1));
        if list.0 == 0 { WHOLE } else { u64::try_from(share).unwrap_or(u64::MAX) }
    }
}

impl fmt::Display for HourPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1_000, self.0 % 1_000)
    }
}

/// A share from 0 to 1 in millionths, rounded.
pub(super) fn millionths(share: f64) -> u64 {
    (share.clamp(0.0, 1e6) * 1e6).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_keep_three_decimals() {
        // SPOT-20: examples sit near 10 %.
        assert_eq!(HourPrice(1_520).part(100_000), HourPrice(152));
        assert_eq!(HourPrice(354).part(100_000), HourPrice(35));
        assert_eq!(HourPrice(354).part(101_000), HourPrice(36));
        assert_eq!(HourPrice(4).part(100_000), HourPrice(1), "never free");
        assert_eq!(HourPrice(7).part(WHOLE), HourPrice(7));
        assert_eq!(HourPrice(152).share_of(HourPrice(1_520)), 100_000);
        assert_eq!(HourPrice(1_520).to_string(), "1.520");
        assert_eq!(HourPrice(1_520).money(), Money(1_520_000));
        assert_eq!(HourPrice::from_f64(0.0354999), Some(HourPrice(35)));
        assert_eq!(HourPrice::from_f64(-0.1), None);
        assert_eq!(HourPrice::from_f64(f64::NAN), None);
    }
}
