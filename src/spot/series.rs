//! The price of one type in one zone over time, and its integral.

use super::price::HourPrice;
use crate::model::{SimTime, TypeIx, ZoneIx};

/// What a price adds up to: thousandths an hour times microseconds. An hour at 1.000 is 3.6e12 of these.
pub type Paid = u128;

/// A price that held from a moment on, and what was paid until then.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Step {
    since: SimTime,
    price: HourPrice,
    /// Integral of the price until `since`.
    market: Paid,
    /// Integral of the price or the list price, whichever is lower.
    capped: Paid,
}

impl Step {
    fn at(&self, at: SimTime, list: HourPrice) -> (Paid, Paid) {
        let span = u128::from(at.since(self.since).0);
        let paid = |price: HourPrice| u128::from(price.0) * span;
        (self.market + paid(self.price), self.capped + paid(self.price.min(list)))
    }
}

/// The price of one type in one zone.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Series {
    /// Zone.
    pub zone: ZoneIx,
    /// Instance type.
    pub instance_type: TypeIx,
    /// Pay-as-you-go price.
    pub list: HourPrice,
    now: Step,
    /// What held before the last change: bills count whole seconds of their own, so that one may end just before it.
    before: Step,
}

impl Series {
    /// A series that starts at a price.
    pub fn new(zone: ZoneIx, instance_type: TypeIx, list: HourPrice, price: HourPrice) -> Series {
        let step = Step { since: SimTime::ZERO, price, market: 0, capped: 0 };
        Series { zone, instance_type, list, now: step, before: step }
    }

    /// The price of this moment.
    pub fn price(&self) -> HourPrice {
        self.now.price
    }

    /// Sets the price from `at` on; true when it is another one. A series changes at most once a second.
    pub fn set(&mut self, at: SimTime, price: HourPrice) -> bool {
        if price == self.now.price {
            return false;
        }
        let (market, capped) = self.now.at(at, self.list);
        self.before = self.now;
        self.now = Step { since: at, price, market, capped };
        true
    }

    /// The integral of the price up to `at`, which lies after the last change or less than a second before it. With
    /// `capped` the list price is never exceeded (SpotAsPriceGo, SPOT-20).
    pub fn paid(&self, at: SimTime, capped: bool) -> Paid {
        let step = if at >= self.now.since { &self.now } else { &self.before };
        let (market, cap) = step.at(at, self.list);
        if capped { cap } else { market }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_integrates_over_steps() {
        let at = |seconds: u64| SimTime(seconds * 1_000_000);
        let mut series = Series::new(ZoneIx(0), TypeIx(0), HourPrice(2_000), HourPrice(1_000));
        assert!(series.set(at(10), HourPrice(3_000)) && !series.set(at(15), HourPrice(3_000)));
        assert_eq!(series.paid(at(10), false), 10_000_000_000);
        assert_eq!(series.paid(at(20), false), 40_000_000_000);
        assert_eq!(series.paid(at(20), true), 30_000_000_000, "never above the list price");
        assert!(series.set(at(20), HourPrice(500)));
        assert_eq!(series.paid(SimTime(19_500_000), false), 38_500_000_000, "just before a change");
        assert_eq!(series.price(), HourPrice(500));
    }
}
