//! Every rule of the sheet on credits that has a figure, with the figure.

use proptest::prelude::*;

use super::super::load::Step;
use super::*;

const MINUTE: u64 = 60_000_000;
const HOUR_US: u64 = 60 * MINUTE;

fn minutes(count: u64) -> SimTime {
    SimTime(count * MINUTE)
}

fn hours(count: u64) -> SimTime {
    SimTime(count * HOUR_US)
}

/// Whole credits; the figures of the sheet are whole.
fn whole(units: i128) -> i128 {
    assert_eq!(units % CREDIT, 0, "{units} units are no whole number of credits");
    units / CREDIT
}

/// A running instance of a catalog type, created at 0.
fn of_type(name: &str, mode: Mode) -> Credits {
    let row = crate::catalog::Catalog::shipped().type_named(name).unwrap();
    let mut credits = Credits::new(row.cpu_milli, row.baseline_cpu_percent.unwrap(), mode, SimTime::ZERO);
    assert_eq!(whole(credits.hourly()), i128::from(row.cpu_credits_per_hour.unwrap()), "{name}");
    credits.start();
    credits
}

fn run(credits: &mut Credits, to: SimTime, percent: u32) {
    credits.advance(to, &Load::constant(percent * 100), 0);
}

#[test]
fn a_credit_is_a_vcpu_minute_at_full_speed() {
    // BURST-1: 1 vCPU x 100 % x 1 minute = 1 vCPU x 50 % x 2 minutes = 2 vCPUs x 25 % x 2 minutes.
    for (cpu_milli, percent, length) in [(1_000, 100, 1), (1_000, 50, 2), (2_000, 25, 2)] {
        let mut credits = Credits::new(cpu_milli, 0, Mode::Standard, SimTime::ZERO);
        credits.start();
        let before = credits.credits();
        run(&mut credits, minutes(length), percent);
        assert_eq!(before - credits.credits(), CREDIT);
    }
}

#[test]
fn earnings_and_caps_of_every_burstable_type_are_the_documented_ones() {
    // BURST-2, BURST-4, BURST-8: the catalog's column of 2019 is what the formula gives.
    let rows = crate::catalog::Catalog::shipped().types.iter().filter(|row| row.burstable());
    assert!(rows.map(|row| of_type(&row.name, Mode::Standard)).count() >= 20);
    assert_eq!(whole(of_type("ecs.t5-c1m1.large", Mode::Standard).hourly()), 18);
    assert_eq!(whole(of_type("ecs.t5-c1m1.large", Mode::Standard).cap()), 432);
    assert_eq!(whole(of_type("ecs.t6-c2m1.large", Mode::Standard).cap()), 288);
}

#[test]
fn launch_credits_are_thirty_a_vcpu_spent_first_and_never_refilled() {
    // BURST-3
    let mut credits = of_type("ecs.t6-c2m1.large", Mode::Standard);
    assert_eq!(whole(credits.credits()), 60);
    run(&mut credits, hours(2), 0);
    assert_eq!((whole(credits.launch), whole(credits.balance)), (60, 24));
    // 2 vCPUs at 90 % above a baseline of 10 %: 1.6 credits a minute.
    run(&mut credits, SimTime(2 * HOUR_US + 25 * MINUTE), 90);
    assert_eq!((whole(credits.launch), whole(credits.balance)), (20, 24), "launch credits go first");
    run(&mut credits, hours(48), 0);
    assert_eq!((whole(credits.launch), whole(credits.balance)), (20, 288), "and do not come back");
}

#[test]
fn use_at_the_baseline_keeps_the_balance() {
    // BURST-5
    let mut credits = of_type("ecs.t6-c2m1.large", Mode::Standard);
    run(&mut credits, hours(10), 0);
    let before = credits.credits();
    run(&mut credits, hours(20), 10);
    assert_eq!(credits.credits(), before);
    run(&mut credits, minutes(20 * 60 + 10), 5);
    assert_eq!(credits.credits() - before, CREDIT, "2 vCPUs x 5 % x 10 minutes");
    run(&mut credits, minutes(20 * 60 + 20), 15);
    assert_eq!(credits.credits(), before);
}

#[test]
fn the_examples_of_the_documents_come_out() {
    // BURST-6
    let mut credits = of_type("ecs.t6-c2m1.large", Mode::Standard);
    run(&mut credits, hours(24), 0);
    assert_eq!(whole(credits.credits()), 60 + 288);
    let mut credits = of_type("ecs.t6-c2m1.large", Mode::Standard);
    credits.launch = 0;
    run(&mut credits, hours(30), 0);
    assert_eq!(whole(credits.credits()), 288);
    run(&mut credits, hours(32), 100);
    assert_eq!(whole(credits.credits()), 72);
    // BURST-7
    let mut credits = of_type("ecs.t6-c1m1.large", Mode::Standard);
    run(&mut credits, hours(24), 0);
    assert_eq!(whole(credits.credits()), 60 + 576);
}

#[test]
fn a_standard_instance_without_credits_runs_at_its_baseline() {
    // BURST-12: at once, which is within 15 minutes.
    let mut credits = of_type("ecs.t5-lc1m1.small", Mode::Standard);
    let load = Load::constant(FULL);
    // 30 launch credits at 0.9 a minute.
    let empty = credits.next_empty(&load, 0, SimTime::NEVER).unwrap();
    assert_eq!(empty, SimTime(2_000_000_000), "33 minutes and 20 seconds");
    credits.advance(empty, &load, 0);
    assert!(credits.throttled());
    assert_eq!((credits.credits(), credits.given(FULL)), (0, 1_000));
    credits.advance(hours(5), &load, 0);
    assert_eq!(credits.credits(), 0);
    assert_eq!(credits.totals().throttlings, 1);
    assert_eq!(credits.totals().throttled, hours(5).since(empty));
    assert_eq!(credits.next_empty(&load, 0, SimTime::NEVER), None);
    // Rest brings credits, and with them full speed.
    run(&mut credits, hours(6), 0);
    assert_eq!(whole(credits.credits()), 6);
    credits.advance(hours(6), &load, 0);
    assert_eq!(credits.given(FULL), FULL);
}

#[test]
fn an_unlimited_instance_borrows_a_day_and_then_pays() {
    // BURST-13, BURST-16: 30 + 144 credits without a fee.
    let mut credits = of_type("ecs.t5-lc1m1.small", Mode::Unlimited);
    assert_eq!(whole(credits.to_spend()), 30 + 144);
    let load = Load::constant(FULL);
    // 0.9 credits a minute: 180 minutes take 162 of the 174.
    credits.advance(minutes(180), &load, 0);
    assert_eq!((whole(credits.advance_taken()), credits.credits()), (132, 0));
    assert_eq!(credits.totals().overdrawn, 0);
    credits.advance(minutes(200), &load, 0);
    assert_eq!((whole(credits.advance_taken()), whole(credits.totals().overdrawn)), (144, 6));
    assert_eq!(credits.given(FULL), FULL, "never throttled");
    // Earnings repay the advance before they are a balance again; the fee stays.
    run(&mut credits, minutes(200 + 25 * 60), 0);
    assert_eq!((credits.advance_taken(), whole(credits.credits())), (0, 6));
    assert_eq!(whole(credits.totals().overdrawn), 6);
}

#[test]
fn an_advance_is_charged_when_the_instance_stops_goes_or_turns_standard() {
    // BURST-14
    let owing = || {
        let mut credits = of_type("ecs.t5-lc1m1.small", Mode::Unlimited);
        run(&mut credits, minutes(100), 100);
        assert_eq!(whole(credits.advance_taken()), 60);
        credits
    };
    let ends: [fn(&mut Credits) -> i128; 5] = [
        Credits::stop,
        Credits::stop_without_charge,
        Credits::release,
        |credits| credits.freeze(true),
        |credits| credits.switch(Mode::Standard).unwrap(),
    ];
    for end in ends {
        let mut credits = owing();
        assert_eq!(whole(end(&mut credits)), 60);
        assert_eq!((credits.advance_taken(), whole(credits.totals().advance_charged)), (0, 60));
    }
    let mut repaid = owing();
    run(&mut repaid, SimTime(100 * MINUTE + 10 * HOUR_US), 0);
    assert_eq!(repaid.stop(), 0, "free once repaid");
}

#[test]
fn the_mode_changes_on_running_instances_only_and_the_balance_stays() {
    // BURST-17, BURST-23
    let mut credits = of_type("ecs.t5-lc1m1.small", Mode::Standard);
    run(&mut credits, hours(3), 0);
    let before = credits.credits();
    assert_eq!(credits.switch(Mode::Unlimited), Ok(0));
    assert_eq!((credits.credits(), credits.mode()), (before, Mode::Unlimited));
    credits.start();
    assert_eq!(credits.credits(), before, "a reboot changes nothing");
    credits.stop();
    assert_eq!(credits.switch(Mode::Standard), Err(NotRunning));
}

#[test]
fn stops_keep_lose_or_freeze_the_balance() {
    let load = Load::constant(FULL);
    let rested = || {
        let mut credits = of_type("ecs.t6-c2m1.large", Mode::Unlimited);
        run(&mut credits, hours(2), 0);
        assert_eq!(whole(credits.credits()), 84);
        credits
    };
    // BURST-20
    let mut kept = rested();
    kept.stop();
    kept.advance(hours(4), &load, 0);
    assert_eq!((whole(kept.credits()), kept.given(FULL)), (108, 0));
    // BURST-21
    let mut lost = rested();
    lost.stop_without_charge();
    lost.advance(hours(4), &load, 0);
    lost.start();
    assert_eq!((lost.credits(), lost.mode()), (0, Mode::Standard));
    // BURST-22
    for (overdue, mode) in [(false, Mode::Unlimited), (true, Mode::Standard)] {
        let mut frozen = rested();
        frozen.freeze(overdue);
        frozen.advance(hours(400), &load, 0);
        assert_eq!((whole(frozen.credits()), frozen.mode()), (84, mode));
        frozen.start();
        frozen.advance(hours(401), &Load::constant(0), 0);
        assert_eq!(whole(frozen.credits()), 96, "earns again once it is paid for");
    }
}

fn loads() -> impl Strategy<Value = Load> {
    let steps = proptest::collection::vec((1u64..600, 0u32..=FULL), 1..6);
    steps.prop_map(|parts| {
        let mut from = 0;
        let mut steps = Vec::new();
        for (length, level) in parts {
            steps.push(Step { from, level });
            from += length * 7_777_777;
        }
        Load::new(&steps, from).unwrap()
    })
}

proptest! {
    /// Where a life is cut into pieces does not matter, no unit is made or lost, and no bound is passed.
    #[test]
    fn credits_are_conserved_whatever_the_load(
        load in loads(),
        vcpus in 1u32..=16,
        baseline in 5u32..=40,
        unlimited: bool,
        phase in 0u64..10_000_000_000,
        cuts in proptest::collection::vec(1u64..90_000, 1..40),
    ) {
        let mode = if unlimited { Mode::Unlimited } else { Mode::Standard };
        let mut cut = Credits::new(vcpus * 1_000, baseline, mode, SimTime::ZERO);
        cut.start();
        let start = cut.launch;
        let mut whole = cut;
        let mut at = SimTime::ZERO;
        let mut empty = cut.next_empty(&load, phase, SimTime(10_000_000_000_000));
        for length in cuts {
            at = at + SimDuration(length * 1_234_567);
            while let Some(moment) = empty.filter(|moment| *moment <= at) {
                cut.advance(moment, &load, phase);
                prop_assert_eq!(cut.to_spend(), 0, "empty when it was said");
                empty = cut.next_empty(&load, phase, SimTime(10_000_000_000_000));
            }
            cut.advance(at, &load, phase);
            let totals = cut.totals();
            prop_assert_eq!(start + totals.earned - totals.spent, cut.launch + cut.balance);
            prop_assert!(cut.balance <= cut.cap() && cut.launch >= 0);
            let floor = if unlimited { -cut.cap() } else { 0 };
            prop_assert!(cut.balance >= floor);
            prop_assert!(unlimited || totals.overdrawn == 0);
            prop_assert!(!unlimited || totals.denied == 0);
        }
        whole.advance(at, &load, phase);
        prop_assert_eq!(whole.launch, cut.launch);
        prop_assert_eq!(whole.balance, cut.balance);
        prop_assert_eq!(whole.throttled, cut.throttled);
        let (one, many) = (whole.totals, cut.totals);
        prop_assert_eq!((one.earned, one.spent, one.overdrawn, one.denied), (many.earned, many.spent, many.overdrawn, many.denied));
    }
}
