//! Loss systems, whose rejection rate is known, and what holds of every plan.

use std::sync::atomic::AtomicBool;

use packyard::planner::statistics::Interval;
use packyard::planner::{Extras, PlanError, Trials, plan};

use crate::case::{Case, knobs_and_terms};

/// A loss system: each host takes one instance, so there are as many servers as hosts.
pub(crate) const LOSS: &str = r#"
    name = "loss"
    duration = "60d"
    warmup = "2d"
    [[classes]]
    name = "one"
    vcpus = 2
    memory = "8GiB"
    [[pools]]
    name = "line"
    zone = "cn-hangzhou-g"
    class = "one"
    hosts = 1
    [[workloads]]
    name = "calls"
    arrivals = { rate = "20/h" }
    lifetime = { distribution = "exponential", mean = "1h" }
    mix = [{ type = "ecs.g5.large" }]
    [objectives]
    rejection_rate = "1%"
    [plan]
    seeds = 12
    confidence = "98%"
    judge = "mean"
    [[plan.knobs]]
    key = "pools.line.hosts"
    low = 1
    high = 120
    cost = 1
"#;

/// Erlang B by its recurrence: share of calls lost with `servers` and an offered load of `load`.
fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, server| load * lost / (f64::from(server) + load * lost))
}

#[test]
fn a_loss_system_gets_the_optimum_of_erlang_b_whatever_the_law_of_the_lifetimes() {
    let case = Case::new(LOSS, None);
    let laws = [
        ("{ distribution = \"exponential\", mean = \"1h\" }", 1.0),
        ("{ distribution = \"constant\", value = \"90min\" }", 1.5),
        // Mean of the lognormal: median * exp(sigma^2 / 2).
        ("{ distribution = \"lognormal\", median = \"30min\", sigma = 1.0 }", 0.5 * 0.5_f64.exp()),
    ];
    for (law, hours) in laws {
        let load = 20.0 * hours;
        for percent in [1.0, 4.0, 12.0] {
            let servers = (1..).find(|&servers| erlang_b(servers, load) <= percent / 100.0).unwrap();
            // A target in the middle between the two servers' rates leaves room for the noise of a finite run.
            let target = (erlang_b(servers, load) * erlang_b(servers - 1, load)).sqrt();
            let target = target.to_string();
            let set = [("workloads.calls.lifetime", law), ("objectives.rejection_rate", target.as_str())];
            let answer = case.plan(&set).answer.unwrap();
            assert_eq!(answer.setting.values[0].1, servers.to_string(), "{law}, {target}");
            let Interval { low, high, .. } = answer.rejection_rate;
            let formula = erlang_b(servers, load);
            assert!(low <= formula && formula <= high, "{law}: {formula} is not in {low} to {high}");
        }
    }
}

#[test]
fn a_planned_fleet_holds_on_fresh_seeds_as_often_as_it_says() {
    let case = Case::new(LOSS, None);
    let set = |seed: &str| {
        [("seed", seed.to_owned()), ("duration", "6d".to_owned()), ("plan.seeds", "10".to_owned())]
            .map(|(key, value)| (key.to_owned(), value))
    };
    const PLANS: u32 = 40;
    const FRESH: u32 = 60;
    let (mut kept, mut held) = (0, 0);
    let mut claimed = 0.0;
    for number in 0..PLANS {
        let seed = (10_000 * (number + 1)).to_string();
        let set = set(&seed);
        let mut set: Vec<(&str, &str)> =
            set.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        set.extend([
            ("plan.judge", "every-seed"),
            ("plan.confidence", "90%"),
            ("objectives.rejection_rate", "3%"),
        ]);
        let plan = case.try_plan(&set, 2, Extras { around: false, verify: FRESH }).unwrap();
        claimed = plan.basis.reliability.unwrap();
        let verified = plan.verified.unwrap();
        held += verified.held;
        kept += u32::from(f64::from(verified.held) / f64::from(FRESH) >= claimed);
    }
    assert!((claimed - 0.1_f64.powf(0.1)).abs() < 1e-9);
    // With 90 % confidence: at least 36 of 40 plans are expected to keep their word, and fewer than 31 have a chance below
    // one in a hundred.
    assert!(kept >= 31, "{kept} of {PLANS} plans hold on {claimed} of their fresh seeds");
    // The chance that a fresh seed is beyond the largest of ten is one in eleven at most.
    let share = f64::from(held) / f64::from(PLANS * FRESH);
    assert!(share >= 10.0 / 11.0 - 0.03, "{share}");
}

#[test]
fn nothing_depends_on_the_number_of_workers() {
    let case = Case::new(LOSS, None);
    for judge in ["every-seed", "mean"] {
        let set =
            [("plan.judge", judge), ("duration", "5d"), ("objectives.headroom", "1%"), ("plan.seeds", "7")];
        let extras = Extras { around: true, verify: 9 };
        let one = case.try_plan(&set, 1, extras).unwrap();
        assert!(one.answer.is_some() && one.frontier.len() > 3 && one.sensitivity.len() == 2);
        for workers in [2, 5] {
            assert_eq!(case.try_plan(&set, workers, extras).unwrap(), one, "{workers} workers, {judge}");
        }
    }
}

#[test]
fn runs_that_end_early_are_judged_as_complete_ones() {
    let case = Case::new(LOSS, None);
    for limit in ["0.5%", "4%", "20%"] {
        for window in ["2d", "30d"] {
            let source = case.source(&[
                ("objectives.rejection_rate", limit),
                ("objectives.window", window),
                ("plan.judge", "every-seed"),
                ("duration", "12d"),
                ("plan.seeds", "4"),
            ]);
            let (knobs, terms) = knobs_and_terms(&source, 2);
            let objectives = packyard::planner::Objective::of(&source.load(&[]).unwrap());
            let stop = AtomicBool::new(false);
            let mut silent = |_: packyard::planner::Look<'_>| {};
            let mut early = Trials::new(&source, &terms, &knobs, objectives.clone(), &stop, &mut silent);
            early.full(&[119]).unwrap();
            let mut silent = |_: packyard::planner::Look<'_>| {};
            let mut whole = Trials::new(&source, &terms, &knobs, objectives, &stop, &mut silent);
            for hosts in (0..40).step_by(3) {
                let verdict = early.verdict(&[hosts]).unwrap();
                assert_eq!(verdict.holds, whole.full(&[hosts]).unwrap().holds(), "{hosts} hosts, {limit}");
            }
        }
    }
}

#[test]
fn a_plan_ends_when_nothing_holds_and_when_its_settings_are_used_up() {
    let case = Case::new(LOSS, None);
    let none = case.plan(&[("plan.knobs.0.high", "9"), ("duration", "5d")]);
    assert!(none.answer.is_none() && none.effort.complete);
    let way = none.in_the_way.unwrap();
    assert_eq!((way.objective.as_str(), way.binds.as_str()), ("rejection rate", "memory"));
    assert!(way.standings[0].judged > 0.01);

    let few = case.plan(&[("plan.most_settings", "3"), ("duration", "5d")]);
    assert!(!few.effort.complete && few.effort.settings == 3);
    assert!(few.answer.is_some(), "the best so far");

    let stop = AtomicBool::new(true);
    let source = case.source(&[]);
    let (knobs, terms) = knobs_and_terms(&source, 2);
    let extras = Extras { around: false, verify: 0 };
    let interrupted = plan(&source, &knobs, &terms, extras, &stop, &mut |_| {});
    assert!(matches!(interrupted, Err(PlanError::Interrupted)));
    assert!(case.try_plan(&[("plan.knobs", "[]")], 1, extras).is_err());
}

/// Common random numbers: on a seed every setting sees the same requests, and more hosts refuse none that fewer accept.
#[test]
fn every_setting_sees_the_same_requests() {
    let case = Case::new(LOSS, None);
    let set = [("duration", "8d"), ("plan.seeds", "5")];
    let [few, some, many] = [9, 19, 39].map(|place| case.full(&set, &[place]).trials);
    for (seed, ((few, some), many)) in (1..).zip(few.iter().zip(&some).zip(&many)) {
        assert_eq!([few.seed, some.seed, many.seed], [seed; 3]);
        assert_eq!(few.figures.requests, some.figures.requests);
        assert_eq!(some.figures.requests, many.figures.requests);
        assert!(few.figures.no_room > some.figures.no_room && some.figures.no_room > many.figures.no_room);
    }
    assert_ne!(few[0].figures.requests, few[1].figures.requests, "seeds differ");
}
