//! What one spot instance costs: the market price by the second, the first hour fixed (SPOT-22, SPOT-23).
//!
//! A bill is the integral of the price over the life of the instance, from its creation to its release, in whole
//! seconds. Nothing is kept per price change: the series holds the integral, and a bill holds what it was when the
//! bill began to count on it. Whole totals are kept to two decimals, rounded down, so that a total under 0.01 costs
//! nothing; settling every hour what has become payable, and carrying the rest over, comes to the same sum.

use super::price::HourPrice;
use super::series::{Paid, Series};
use crate::model::{Money, SimDuration, SimTime};

/// The first hour has a fixed price (SPOT-22).
pub const FIRST_HOUR: SimDuration = SimDuration::from_secs(3_600);

const SECOND: u64 = 1_000_000;

/// What an amount of [`Paid`] is in money, rounded down to a millionth.
pub fn money(paid: Paid) -> Money {
    Money(i64::try_from(paid / 3_600_000).unwrap_or(i64::MAX))
}

/// What of an amount is payable: two decimals, the rest is dropped (SPOT-23).
pub fn payable(paid: Paid) -> Money {
    let cents = money(paid).0 / 10_000;
    Money(cents * 10_000)
}

/// What an instance has cost so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Cost {
    /// At the market's price.
    pub paid: Paid,
    /// The same seconds at the list price.
    pub list: Paid,
    /// Seconds charged.
    pub seconds: u64,
}

/// The part of a bill that is still running.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Open {
    from: SimTime,
    /// Integral of the price when the fixed hour was over, or at `from` if that was later; none until then.
    mark: Option<Paid>,
}

/// The bill of one instance.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Bill {
    created: SimTime,
    /// Price of the first hour: the market's at the purchase.
    first: HourPrice,
    /// Never above the list price (SpotAsPriceGo).
    capped: bool,
    /// Bought without protection: a tenth less (SPOT-7).
    unprotected: bool,
    /// Before the discount.
    done: Cost,
    open: Option<Open>,
}

impl Bill {
    /// A bill that starts with the purchase. `capped`: the list price is the most that is paid.
    pub fn new(created: SimTime, series: &Series, capped: bool) -> Bill {
        let first = if capped { series.price().min(series.list) } else { series.price() };
        let open = Some(Open { from: created, mark: None });
        Bill { created, first, capped, unprotected: false, done: Cost::default(), open }
    }

    /// The same without protection (SpotDuration 0): a tenth less (SPOT-7).
    #[must_use]
    pub fn unprotected(self) -> Bill {
        Bill { unprotected: true, ..self }
    }

    /// End of the first hour.
    pub fn first_hour_ends(&self) -> SimTime {
        self.created + FIRST_HOUR
    }

    /// Called when the first hour is over, before the price changes again: from here on the market's price counts.
    pub fn first_hour_over(&mut self, series: &Series) {
        let (over, capped) = (self.first_hour_ends(), self.capped);
        if let Some(open) = &mut self.open
            && open.mark.is_none()
        {
            open.mark = Some(series.paid(over, capped));
        }
    }

    /// What it comes to at `now`, with the price of the series up to now.
    pub fn cost(&self, now: SimTime, series: &Series) -> Cost {
        let full = self.full(now, series);
        Cost { paid: if self.unprotected { full.paid * 9 / 10 } else { full.paid }, ..full }
    }

    /// What it comes to before the discount.
    fn full(&self, now: SimTime, series: &Series) -> Cost {
        let Some(open) = self.open else { return self.done };
        // Whole seconds of the instance's own clock.
        let seconds = now.since(open.from).0 / SECOND;
        let until = open.from + SimDuration::from_secs(seconds);
        let over = self.first_hour_ends();
        let fixed = until.min(over).since(open.from).0;
        let mut paid = u128::from(self.first.0) * u128::from(fixed);
        if until > over {
            // Not told yet: the price has not changed since the hour was over.
            let mark = open.mark.unwrap_or_else(|| series.paid(over.max(open.from), self.capped));
            paid += series.paid(until, self.capped) - mark;
        }
        let list = u128::from(series.list.0) * u128::from(seconds * SECOND);
        Cost {
            paid: self.done.paid + paid,
            list: self.done.list + list,
            seconds: self.done.seconds + seconds,
        }
    }

    /// Stops counting at `now`: a stop without charges (SPOT-41), or the price has passed the bid (SPOT-25).
    pub fn pause(&mut self, now: SimTime, series: &Series) {
        self.done = self.full(now, series);
        self.open = None;
    }

    /// Counts on from `now`.
    pub fn resume(&mut self, now: SimTime, series: &Series) {
        if self.open.is_none() {
            let mark = (now >= self.first_hour_ends()).then(|| series.paid(now, self.capped));
            self.open = Some(Open { from: now, mark });
        }
    }

    /// The market's price that is paid now, before the discount; none while nothing is charged.
    pub fn rate(&self, now: SimTime, series: &Series) -> Option<HourPrice> {
        self.open?;
        let market = if self.capped { series.price().min(series.list) } else { series.price() };
        Some(if now < self.first_hour_ends() { self.first } else { market })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{TypeIx, ZoneIx};
    use proptest::prelude::*;

    fn at(seconds: u64) -> SimTime {
        SimTime(seconds * SECOND)
    }

    fn series(price: u64) -> Series {
        Series::new(ZoneIx(0), TypeIx(0), HourPrice(4_000), HourPrice(price))
    }

    #[test]
    fn the_worked_example_of_the_documents() {
        // SPOT-25, SPOT-22: cap 2; 1.5 at 08:00 (purchase), 2.5 at 08:30, 1.8 at 09:00, 1.6 at 09:30, 3 at 10:00.
        let mut market = series(1_500);
        let mut bill = Bill::new(at(0), &market, false);
        market.set(at(1_800), HourPrice(2_500));
        assert_eq!(bill.rate(at(1_800), &market), Some(HourPrice(1_500)), "the first hour is fixed");
        bill.first_hour_over(&market);
        market.set(at(3_600), HourPrice(1_800));
        market.set(at(5_400), HourPrice(1_600));
        assert_eq!(payable(bill.cost(at(5_400), &market).paid), Money::from_f64(1.5 + 0.9));
        market.set(at(7_200), HourPrice(3_000));
        // Above the bid: released at 10:00, nothing is charged from then on.
        bill.pause(at(7_200), &market);
        let cost = bill.cost(at(7_500), &market);
        assert_eq!(payable(cost.paid), Money::from_f64(3.2));
        assert_eq!((cost.seconds, money(cost.list)), (7_200, Money::from_f64(8.0)));
        assert_eq!(bill.rate(at(7_500), &market), None);
    }

    #[test]
    fn a_total_under_a_hundredth_costs_nothing() {
        // SPOT-23: 0.036 an hour by the second.
        let market = series(36);
        let bill = Bill::new(at(0), &market, false);
        assert_eq!(money(bill.cost(at(1), &market).paid), Money(10));
        assert_eq!(payable(bill.cost(at(999), &market).paid), Money::ZERO);
        assert_eq!(payable(bill.cost(at(1_000), &market).paid), Money::from_f64(0.01));
        assert_eq!(payable(bill.cost(SimTime(1_999_999_999), &market).paid), Money::from_f64(0.01));
        assert_eq!(bill.cost(SimTime(1_999_999), &market).seconds, 1, "whole seconds");
    }

    #[test]
    fn a_stop_without_charges_leaves_its_time_out() {
        // SPOT-41; SPOT-40: stopping alone does not call this, and the charges go on.
        let mut market = series(1_000);
        let mut bill = Bill::new(at(0), &market, false);
        bill.pause(at(1_800), &market);
        bill.resume(at(2_700), &market);
        bill.first_hour_over(&market);
        market.set(at(4_500), HourPrice(2_000));
        // Half an hour and a quarter in the first hour, a quarter at 1, an hour at 2.
        let cost = bill.cost(at(8_100), &market);
        assert_eq!((money(cost.paid), cost.seconds), (Money::from_f64(3.0), 1_800 + 5_400));
        bill.pause(at(8_100), &market);
        market.set(at(9_000), HourPrice(500));
        bill.resume(at(9_900), &market);
        assert_eq!(money(bill.cost(at(13_500), &market).paid), Money::from_f64(3.5));
    }

    #[test]
    fn without_protection_a_tenth_less_is_paid() {
        // SPOT-7: SpotDuration 0, with a further discount of 10 %; over a stop without charges too.
        let mut market = series(1_000);
        let mut bill = Bill::new(at(0), &market, false).unprotected();
        assert_eq!(money(bill.cost(at(1_800), &market).paid), Money::from_f64(0.45));
        bill.pause(at(1_800), &market);
        bill.resume(at(5_400), &market);
        market.set(at(7_200), HourPrice(2_000));
        let cost = bill.cost(at(10_800), &market);
        assert_eq!(money(cost.paid), Money::from_f64(0.9 * (0.5 + 0.5 + 2.0)));
        assert_eq!((money(cost.list), cost.seconds), (Money::from_f64(8.0), 7_200));
    }

    proptest! {
        // "A bill is never negative and equals the integral of the price over the life."
        #[test]
        fn a_bill_is_the_integral_of_the_price(
            created in 0u64..4_000_000_000,
            life in 0u64..40_000_000_000,
            changes in proptest::collection::vec((1u64..1_800, 0u64..6_000), 0..40),
            capped: bool,
        ) {
            let (created, end) = (SimTime(created), SimTime(created + life));
            let mut market = series(1_000);
            let mut steps = vec![(SimTime::ZERO, 1_000)];
            let mut when = 0;
            let mut bill = None;
            let mut over = false;
            for (gap, price) in changes {
                when += gap;
                if at(when) > end {
                    break;
                }
                if bill.is_none() && created < at(when) {
                    bill = Some(Bill::new(created, &market, capped));
                }
                if let Some(bill) = &mut bill && !over && bill.first_hour_ends() <= at(when) {
                    bill.first_hour_over(&market);
                    over = true;
                }
                market.set(at(when), HourPrice(price));
                steps.push((at(when), price));
            }
            let bill = bill.unwrap_or_else(|| Bill::new(created, &market, capped));
            let cost = bill.cost(end, &market);
            // By the second: the price of each second at its start; changes are on whole seconds of the market's clock,
            // so split each second of the bill where one falls.
            let price_at = |moment: SimTime| {
                let price = steps.iter().rev().find(|(since, _)| *since <= moment).expect("from the start").1;
                u128::from(if capped { price.min(4_000) } else { price })
            };
            let seconds = end.since(created).0 / SECOND;
            let first = price_at(created);
            let mut sum = 0u128;
            for second in 0..seconds {
                let from = created.0 + second * SECOND;
                if second < 3_600 {
                    sum += first * u128::from(SECOND);
                } else {
                    let cut = (from / SECOND + 1) * SECOND - from;
                    sum += price_at(SimTime(from)) * u128::from(cut)
                        + price_at(SimTime(from + cut)) * u128::from(SECOND - cut);
                }
            }
            prop_assert_eq!(cost.paid, sum);
            prop_assert_eq!(cost.seconds, seconds);
            prop_assert!(payable(cost.paid) >= Money::ZERO && payable(cost.paid) <= money(cost.paid));
            prop_assert!(!capped || cost.paid <= cost.list);
        }

        // SPOT-23: settled every hour, the rest carried over, comes to the same as one settlement at the end.
        #[test]
        fn hourly_settlement_with_carry_is_the_whole(price in 0u64..9_000, hours in 1u64..50, rest in 0u64..3_600) {
            let market = series(price);
            let bill = Bill::new(at(0), &market, false);
            let mut settled = Money::ZERO;
            for hour in 1..=hours {
                settled += payable(bill.cost(at(hour * 3_600), &market).paid) - settled;
            }
            let end = at(hours * 3_600 + rest);
            settled += payable(bill.cost(end, &market).paid) - settled;
            prop_assert_eq!(settled, payable(bill.cost(end, &market).paid));
        }
    }
}
