//! Timelines by their rules, and money that neither comes nor goes.

use proptest::prelude::*;

use super::*;
use crate::catalog::Catalog;
use crate::model::{Money, Os, Utc};
use crate::validate::{Period, PeriodUnit};

/// 2019-09-02T00:00:00Z, a Monday: 8:00 in Beijing.
const START: Utc = Utc(1_567_382_400);

fn utc(text: &str) -> Utc {
    crate::world::parse_utc(text).unwrap()
}

fn weeks(count: u32) -> Period {
    Period { count, unit: PeriodUnit::Week }
}

fn months(count: u32) -> Period {
    Period { count, unit: PeriodUnit::Month }
}

fn money(amount: f64) -> Money {
    Money::from_f64(amount)
}

#[test]
fn the_shipped_table_prices_every_type_and_says_where_from() {
    let prices = Prices::shipped();
    for row in &Catalog::shipped().types {
        let price = prices.instance_type(row);
        assert!(price.hour > Money::ZERO && price.month > price.hour, "{}", row.name);
    }
    let row = |name: &str| Catalog::shipped().type_named(name).unwrap();
    // 2 vCPUs and 8 GiB: 2 x 0.025 + 8 x 0.0065; a month is 400 hours of it.
    let g5 = prices.instance_type(row("ecs.g5.large"));
    assert_eq!((g5.hour, g5.month), (money(0.102), money(40.8)));
    assert_eq!(prices.disk_hour("cloud_essd", Some("PL1")), money(0.00021));
    assert_eq!(prices.disk_hour("cloud_essd", Some("PL3")), money(0.00084));
    assert_eq!(prices.disk_hour("ephemeral_ssd", None), money(0.00007));
    // BURST-15
    assert_eq!(prices.credit(Os::Linux, true), money(0.0008));
    assert_eq!(prices.credit(Os::Linux, false), money(0.0008), "CON-4");
    assert_eq!(prices.credit(Os::Windows, true), money(0.0008));
    assert_eq!(prices.credit(Os::Windows, false), money(0.0016));
    assert_eq!((prices.minimum(), prices.due_above()), (money(0.01), money(1000.0)));
}

#[test]
fn a_scenario_lays_its_own_prices_over_the_table() {
    let row = |name: &str| Catalog::shipped().type_named(name).unwrap();
    let mut prices = Prices::shipped().clone();
    prices.set("vcpu", "*", money(0.05));
    prices.set("memory", "*", Money::ZERO);
    assert_eq!(prices.instance_type(row("ecs.c5.large")).hour, money(0.1), "finer rows give way");
    prices.set_type(row("ecs.c5.large"), Some(money(0.2)), None);
    assert_eq!(prices.instance_type(row("ecs.c5.large")), TypePrice { hour: money(0.2), month: money(80.0) });
    prices.set_type(row("ecs.c5.large"), None, Some(money(70.0)));
    assert_eq!(prices.instance_type(row("ecs.c5.large")), TypePrice { hour: money(0.2), month: money(70.0) });
}

#[test]
fn a_damaged_table_says_what_is_wrong_with_which_row() {
    let header = "item,name,unit,usd,basis,source\n";
    let said = |row: &str| Prices::parse(&format!("{header}{row}\n")).unwrap_err().to_string();
    assert!(
        said("vcpu,*,hour,1,assumed,x").starts_with("data/prices.csv:2: there is no `vcpu` by the `hour`")
    );
    assert!(said("vcpu,*,vCPU hour,-1,assumed,x").contains("-1 is no price"));
    assert!(said("vcpu,*,vCPU hour,1,guessed,x").contains("`assumed` or `documented`"));
    assert!(said("vcpu,*,vCPU hour,1,assumed,").contains("source"));
    let twice = said("vcpu,*,vCPU hour,1,assumed,x\nvcpu,*,vCPU hour,1,assumed,x");
    assert!(twice.starts_with("data/prices.csv:3") && twice.contains("twice"), "{twice}");
    assert!(said("vcpu,*,vCPU hour,1,assumed,x").contains("no row"));
}

#[test]
fn pay_as_you_go_is_by_the_second_and_free_below_a_cent() {
    // LIFE-64
    let rate = Metered { compute: money(0.36), rest: Money::ZERO };
    let mut meter = Meter::new(START, rate, money(0.01));
    assert_eq!(meter.settle(Utc(START.0 + 99)).sum(), Money::ZERO, "0.0099 so far");
    assert_eq!(meter.settle(Utc(START.0 + 100)).sum(), money(0.01));
    assert_eq!(meter.settle(Utc(START.0 + 101)).sum(), money(0.0001), "by the second from then on");
    assert_eq!(meter.settle(Utc(START.0 + 3_600)).sum() + money(0.0101), money(0.36));
    // What gives its vCPUs up goes on paying for its disks (LIFE-35).
    meter.set_rate(Utc(START.0 + 3_600), Metered { compute: Money::ZERO, rest: money(0.018) });
    let bill = meter.settle(Utc(START.0 + 7_200));
    assert_eq!((bill.compute, bill.rest), (Money::ZERO, money(0.018)));
    assert_eq!(meter.billed().sum(), money(0.378));
}

/// Day and hour of a step in Beijing, counted from T.
fn timeline(mut term: Term) -> Vec<(i64, i64, u64, Step)> {
    let ends = term.ends().0;
    let mut steps = Vec::new();
    while let Some(Window { from, seconds, step }) = term.take_next() {
        let since = from.0 - ends;
        steps.push((since.div_euclid(DAY), since.rem_euclid(DAY) / 3_600, seconds / 3_600, step));
    }
    steps
}

#[test]
fn a_term_ends_at_midnight_after_its_last_day() {
    // LIFE-50: bought on 2 September at 8:00 in Beijing for a week, the last day is the 9th.
    assert_eq!(Term::new(START, weeks(1), None).ends(), utc("2019-09-09T16:00:00Z"));
    assert_eq!(Term::new(START, months(1), None).ends(), utc("2019-10-02T16:00:00Z"));
    // 31 January and a month: the last day of February; the months are Beijing's.
    assert_eq!(Term::new(utc("2019-01-30T20:00:00Z"), months(1), None).ends(), utc("2019-02-28T16:00:00Z"));
}

#[test]
fn a_subscription_that_is_not_renewed_stops_on_its_day_and_goes_after_fifteen() {
    // LIFE-51
    let term = Term::new(START, weeks(1), None);
    assert_eq!(timeline(term), [(0, 0, 24, Step::Stop), (15, 0, 0, Step::Release)]);
    assert!(!term.expired(Utc(term.ends().0 - 1)) && term.expired(term.ends()));
}

#[test]
fn automatic_renewal_tries_five_times_and_works_fifteen_days_longer() {
    // LIFE-52, LIFE-53
    let term = Term::new(START, months(1), Some(months(1)));
    let renewals = [-3, -1, 0, 6, 14].map(|day| (day, 8, 10, Step::Renew));
    let all: Vec<_> =
        renewals.into_iter().chain([(15, 0, 24, Step::Stop), (30, 0, 0, Step::Release)]).collect();
    assert_eq!(timeline(term), all);
}

#[test]
fn a_renewal_counts_from_the_old_expiry_whenever_it_is_paid() {
    // LIFE-54: 2 October, 2 November, 2 December, each at midnight in Beijing, though the months differ.
    let mut term = Term::new(START, months(1), Some(months(1)));
    for ends in ["2019-11-02T16:00:00Z", "2019-12-02T16:00:00Z"] {
        term.take_next();
        term.renew(months(1));
        assert_eq!(term.ends(), utc(ends));
        assert_eq!(timeline(term)[0], (-3, 8, 10, Step::Renew), "the timeline begins anew");
    }
    // LIFE-55: off is off.
    term.renew_no_more();
    assert_eq!(timeline(term), [(0, 0, 24, Step::Stop), (15, 0, 0, Step::Release)]);
    assert_eq!(term.renewal(), None);
}

#[test]
fn bills_are_due_at_a_thousand_or_on_the_first() {
    // LIFE-63
    let rule = DueRule::Month(money(1_000.0));
    let mut ledger = Ledger::new(START);
    ledger.bill(Charge::PayAsYouGo, money(999.0));
    assert!(!ledger.fall_due(utc("2019-09-20T00:00:00Z"), rule));
    ledger.bill(Charge::DisksAndBandwidth, money(2.0));
    assert!(ledger.fall_due(utc("2019-09-20T01:00:00Z"), rule));
    assert_eq!((ledger.owed(), ledger.settled()), (money(1_001.0), Money::ZERO));
    ledger.bill(Charge::PayAsYouGo, money(1.0));
    assert!(!ledger.fall_due(utc("2019-09-30T15:00:00Z"), rule), "still September in Beijing");
    assert!(ledger.fall_due(utc("2019-09-30T16:00:00Z"), rule));
    assert!(!ledger.fall_due(utc("2019-09-30T17:00:00Z"), rule), "nothing new");
    assert_eq!((ledger.owed(), ledger.bills()), (money(1_002.0), money(1_002.0)));
}

#[test]
fn an_overdue_account_is_asked_again_stopped_and_released() {
    // LIFE-60, LIFE-61, LIFE-62
    let day = |days: i64| Utc(START.0 + days * DAY);
    let mut ledger = Ledger::new(START);
    ledger.bill(Charge::PayAsYouGo, money(10.0));
    assert!(ledger.fall_due(START, DueRule::Hour));
    assert_eq!(ledger.next(START), None);
    assert_eq!(ledger.deduct(START, Some(money(9.0))), None, "all or nothing");
    assert_eq!(ledger.standing(), Standing::Overdue { due: START });
    assert_eq!(ledger.next(day(0)), Some((day(7), Next::Deduct)));
    ledger.bill(Charge::PayAsYouGo, money(1.0));
    ledger.fall_due(day(6), DueRule::Hour);
    assert_eq!(ledger.deduct(day(7), Some(money(10.5))), None);
    assert_eq!(ledger.next(day(7)), Some((day(14), Next::Deduct)));
    assert_eq!(ledger.next(day(14)), Some((day(15), Next::Stop)));
    ledger.advance(Next::Stop);
    assert_eq!(ledger.next(day(15)), Some((day(30), Next::Release)));
    let stopped = ledger.clone();
    ledger.advance(Next::Release);
    assert_eq!((ledger.standing(), ledger.next(day(30))), (Standing::Released { due: START }, None));
    assert_eq!(ledger.owed(), money(11.0), "the debt stays");
    // Paid in between, all is well again.
    let mut paid = stopped;
    assert_eq!(paid.deduct(day(20), Some(money(11.0))), Some(money(11.0)));
    assert_eq!((paid.standing(), paid.owed(), paid.next(day(20))), (Standing::Good, Money::ZERO, None));
    assert_eq!(paid.refused(), 2);
}

proptest! {
    /// A life costs the same however often it is billed, and what is left out is less than a millionth.
    #[test]
    fn billing_often_or_once_comes_to_the_same(
        rates in proptest::collection::vec((0i64..5_000_000, 0i64..50_000, 1i64..200_000), 1..8),
        cuts in proptest::collection::vec(1i64..20_000, 0..60),
    ) {
        let metered = |(compute, rest, _): &(i64, i64, i64)| Metered { compute: Money(*compute), rest: Money(*rest) };
        let mut often = Meter::new(START, metered(&rates[0]), money(0.01));
        let mut once = often;
        let (mut at, mut sum, mut exact) = (START.0, Money::ZERO, [0i128; 2]);
        let mut cuts = cuts.iter().cycle();
        for rate in &rates {
            often.set_rate(Utc(at), metered(rate));
            once.set_rate(Utc(at), metered(rate));
            let end = at + rate.2;
            exact[0] += i128::from(rate.0) * i128::from(rate.2);
            exact[1] += i128::from(rate.1) * i128::from(rate.2);
            while let Some(cut) = cuts.next().filter(|cut| at + **cut < end) {
                at += cut;
                let bill = often.settle(Utc(at));
                prop_assert!(bill.compute >= Money::ZERO && bill.rest >= Money::ZERO);
                sum += bill.sum();
            }
            at = end;
        }
        sum += often.settle(Utc(at)).sum();
        prop_assert_eq!(sum, once.settle(Utc(at)).sum());
        prop_assert_eq!(sum, often.billed().sum());
        let whole = exact.map(|used| used / 3_600);
        let expected = if whole[0] + whole[1] < 10_000 { 0 } else { whole[0] + whole[1] };
        prop_assert_eq!(i128::from(sum.0), expected);
    }

    /// Whatever is billed, due, paid in or refused: bills = paid + owed + settled, and the account lost what was paid.
    #[test]
    fn no_cent_is_made_or_lost(
        steps in proptest::collection::vec((0u8..5, 0i64..3_000_000_000, 1i64..400_000), 1..200),
        hourly: bool,
    ) {
        let rule = if hourly { DueRule::Hour } else { DueRule::Month(money(1_000.0)) };
        let (mut ledger, mut now) = (Ledger::new(START), START);
        let (mut funds, mut paid_in) = (Money(2_000_000_000), Money(2_000_000_000));
        for (what, amount, seconds) in steps {
            now = Utc(now.0 + seconds);
            match what {
                0 => ledger.bill(Charge::PayAsYouGo, Money(amount / 1_000)),
                1 => ledger.bill(Charge::CpuCredits, Money(amount / 50_000)),
                2 if funds >= Money(amount) => {
                    funds -= Money(amount);
                    ledger.bill_paid(Charge::Subscription, Money(amount));
                }
                3 => {
                    funds += Money(amount);
                    paid_in += Money(amount);
                    if let Some(taken) = ledger.deduct(now, Some(funds)) {
                        funds -= taken;
                    }
                }
                _ => {
                    if ledger.fall_due(now, rule) && let Some(taken) = ledger.deduct(now, Some(funds)) {
                        funds -= taken;
                    }
                }
            }
            prop_assert_eq!(ledger.bills(), ledger.paid() + ledger.owed() + ledger.settled());
            prop_assert_eq!(paid_in - funds, ledger.paid());
            prop_assert!(funds >= Money::ZERO);
            prop_assert_eq!(ledger.standing() == Standing::Good, ledger.owed() == Money::ZERO);
        }
    }
}
