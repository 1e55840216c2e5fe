//! `planner::plan` against answers that are known: hand-computed loads, the Erlang B formula, fresh seeds.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use packyard::planner::statistics::Interval;
use packyard::planner::{Extras, Knobs, Plan, PlanError, Source, Terms, Trials, plan, whatif};

/// A scenario on the disk.
struct Case {
    _dir: tempfile::TempDir,
    path: PathBuf,
}

impl Case {
    fn new(scenario: &str, trace: Option<&str>) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("case.toml");
        std::fs::write(&path, scenario).unwrap();
        if let Some(trace) = trace {
            std::fs::write(dir.path().join("trace.csv"), trace).unwrap();
        }
        Case { _dir: dir, path }
    }

    fn source(&self, set: &[(&str, &str)]) -> Source {
        let overrides = set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Source { path: self.path.clone(), overrides, trace: None }
    }

    fn try_plan(&self, set: &[(&str, &str)], workers: usize, extras: Extras) -> Result<Plan, PlanError> {
        let source = self.source(set);
        let (knobs, terms) = knobs_and_terms(&source, workers);
        plan(&source, &knobs, &terms, extras, &AtomicBool::new(false), &mut |_| {})
    }

    #[track_caller]
    fn plan(&self, set: &[(&str, &str)]) -> Plan {
        self.try_plan(set, 2, Extras { around: false, verify: 0 }).unwrap()
    }

    /// The values of the answer.
    #[track_caller]
    fn answer(&self, set: &[(&str, &str)]) -> Vec<String> {
        let answer = self.plan(set).answer.expect("something holds");
        answer.setting.values.into_iter().map(|(_, value)| value).collect()
    }
}

fn knobs_and_terms(source: &Source, workers: usize) -> (Knobs, Terms) {
    let scenario = source.load(&[]).unwrap();
    let spec = scenario.spec.plan.clone().unwrap_or_default();
    let terms = Terms {
        first_seed: scenario.spec.seed,
        seeds: *spec.seeds,
        confidence: spec.confidence.get().get(),
        rule: spec.judge,
        workers,
        most_settings: *spec.most_settings,
    };
    (Knobs::of(spec.knobs.iter().map(|knob| knob.get())), terms)
}

/// One instance of 2 vCPU and 8 GiB every ten minutes, each for an hour: six at a time. In the middle a burst of 13 more
/// for a minute: 19 at a time. A host takes four.
const BY_HAND: &str = r#"
    name = "by hand"
    duration = "forever"
    [[classes]]
    name = "four"
    vcpus = 8
    memory = "32GiB"
    [[pools]]
    name = "web"
    zone = "cn-hangzhou-g"
    class = "four"
    hosts = 1
    [[workloads]]
    name = "load"
    trace = { format = "packyard-csv", path = "trace.csv" }
    [objectives]
    rejection_rate = 0
    [plan]
    seeds = 2
    [[plan.knobs]]
    key = "pools.web.hosts"
    low = 1
    high = 50
    cost = 2
"#;

fn by_hand_trace(burst: usize) -> String {
    let mut rows: Vec<(u64, u64)> = (0..100).map(|at| (at * 600, 3_600)).collect();
    rows.extend((0..burst).map(|_| (30_300, 60)));
    rows.sort_unstable();
    let lines = rows.iter().map(|(at, lifetime)| format!("{at},2,8,{lifetime}\n"));
    std::iter::once("at,vcpus,memory,lifetime\n".to_owned()).chain(lines).collect()
}

#[test]
fn deterministic_loads_get_the_fleet_that_is_computed_by_hand() {
    let case = Case::new(BY_HAND, Some(&by_hand_trace(13)));
    // 19 at a time, four a host.
    assert_eq!(case.answer(&[]), ["5"]);
    // Of 113 requests: four hosts refuse 3 (2.65 %), three refuse 7 (6.19 %), two refuse 11 (9.73 %).
    assert_eq!(case.answer(&[("objectives.rejection_rate", "3%")]), ["4"]);
    assert_eq!(case.answer(&[("objectives.rejection_rate", "2.6%")]), ["5"]);
    assert_eq!(case.answer(&[("objectives.rejection_rate", "7%")]), ["3"]);
    assert_eq!(case.answer(&[("objectives.rejection_rate", "6.1%")]), ["4"]);
    assert_eq!(case.answer(&[("objectives.rejection_rate", "10%")]), ["2"]);
    // In every hour: the one of the burst has 6 of its own and 13 more; four hosts refuse 3 of 19 (15.8 %).
    let hours = [("objectives.rejection_rate", "7%"), ("objectives.window", "1h")];
    assert_eq!(case.answer(&hours), ["5"]);
    let hours = [("objectives.rejection_rate", "16%"), ("objectives.window", "1h")];
    assert_eq!(case.answer(&hours), ["4"]);
    let plan = case.plan(&[]);
    assert_eq!(plan.answer.unwrap().setting.cost, 10.0);
    assert_eq!(plan.bound.unwrap().values[0].1, "5", "the volume bound is exact here");
}

#[test]
fn survival_and_headroom_get_the_fleet_that_is_computed_by_hand() {
    let case = Case::new(BY_HAND, Some(&by_hand_trace(0)));
    assert_eq!(case.answer(&[]), ["2"], "six at a time");
    // Best fit fills one host with four: when it fails, four more places beside the two that are used.
    assert_eq!(case.answer(&[("objectives.survive.hosts", "1")]), ["3"]);
    // Both hosts that are used fail: six places elsewhere.
    assert_eq!(case.answer(&[("objectives.survive.hosts", "2")]), ["4"]);
    // A rack is 20 hosts: all of them while there are no more, so a second rack has to take everybody.
    assert_eq!(case.answer(&[("objectives.survive.rack", "true")]), ["22"]);
    // Six of eight places are used: a quarter is free. Half needs twelve places.
    assert_eq!(case.answer(&[("objectives.headroom", "25%")]), ["2"]);
    assert_eq!(case.answer(&[("objectives.headroom", "26%")]), ["3"]);
    assert_eq!(case.answer(&[("objectives.headroom", "50%")]), ["3"]);
    assert_eq!(case.answer(&[("objectives.headroom", "51%")]), ["4"]);
    // One zone alone cannot lose it.
    let none = case.plan(&[("objectives.survive.zone", "true")]);
    assert!(none.answer.is_none());
    let way = none.in_the_way.unwrap();
    assert_eq!(way.objective, "loss of a zone");
    assert_eq!(way.standings[1].worst, 6.0, "six instances have nowhere to go");
}

#[test]
fn the_loss_of_a_zone_needs_the_others_to_take_its_instances() {
    let scenario = BY_HAND
        .replace("zone = \"cn-hangzhou-g\"", "zones = [\"cn-hangzhou-g\", \"cn-hangzhou-h\"]")
        .replace("path = \"trace.csv\" }", "path = \"trace.csv\" }\n    zones = { cn-hangzhou-g = 1 }");
    let case = Case::new(&scenario, Some(&by_hand_trace(0)));
    assert_eq!(case.answer(&[]), ["2"], "hosts in each zone");
    assert_eq!(case.answer(&[("objectives.survive.zone", "true")]), ["2"]);
    // Both zones with six: twelve in the one that is left.
    let mut both =
        by_hand_trace(0).replace("lifetime\n", "lifetime,zone\n").replace(",3600\n", ",3600,cn-hangzhou-g\n");
    let other: Vec<String> =
        both.lines().skip(1).map(|line| line.replace("cn-hangzhou-g", "cn-hangzhou-h")).collect();
    let mut lines: Vec<String> = both.lines().skip(1).map(str::to_owned).chain(other).collect();
    lines.sort_by_key(|line| line.split(',').next().unwrap().parse::<u64>().unwrap());
    both = format!("at,vcpus,memory,lifetime,zone\n{}\n", lines.join("\n"));
    let case = Case::new(&scenario, Some(&both));
    assert_eq!(case.answer(&[]), ["2"]);
    assert_eq!(case.answer(&[("objectives.survive.zone", "true")]), ["3"]);
    assert_eq!(case.answer(&[("objectives.survive.hosts", "1")]), ["3"]);
}

/// Two kinds of instances on hosts of their own, and a class that takes both but costs more than either.
#[test]
fn several_knobs_find_the_cheapest_fleet() {
    let scenario = r#"
        duration = "forever"
        [[classes]]
        name = "small"
        vcpus = 8
        memory = "32GiB"
        [[classes]]
        name = "large"
        vcpus = 20
        memory = "80GiB"
        [[pools]]
        name = "small"
        zone = "cn-hangzhou-g"
        class = "small"
        hosts = 1
        [[pools]]
        name = "large"
        zone = "cn-hangzhou-g"
        class = "large"
        hosts = 1
        [[workloads]]
        name = "load"
        trace = { format = "packyard-csv", path = "trace.csv" }
        [objectives]
        rejection_rate = 0
        [plan]
        seeds = 1
        currency = "EUR"
        [[plan.knobs]]
        key = "pools.small.hosts"
        low = 1
        high = 40
        cost = 4
        [[plan.knobs]]
        key = "pools.large.hosts"
        low = 1
        high = 40
        cost = 9
    "#;
    // 87 at a time: 4 s + 10 l >= 87 at 4 s + 9 l: the cheapest are 8 large and 2 small, 80.
    let case = Case::new(scenario, Some(&by_hand_trace(81)));
    let plan = case.plan(&[]);
    assert_eq!(plan.answer.as_ref().unwrap().setting.cost, 80.0, "{:?}", plan.answer);
    assert!(plan.effort.complete);
    // With a choice of the small class's memory the dearer one is not taken.
    let choice = "[{ key = \"pools.small.hosts\", low = 1, high = 40 }, \
        { key = \"pools.small.class\", values = [\"small\", \"large\"], costs = [4, 9], cost_per = \"pools.small.hosts\" }]";
    let plan = case.plan(&[("plan.knobs", choice)]);
    let answer = plan.answer.unwrap();
    // One large host has 10; 77 more: 20 small for 80, or 8 large for 72.
    assert_eq!((answer.setting.cost, answer.setting.values[1].1.as_str()), (72.0, "\"large\""));
}

/// A loss system: each host takes one instance, so there are as many servers as hosts.
const LOSS: &str = r#"
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

#[test]
fn what_if_has_a_column_for_each_change() {
    let case = Case::new(LOSS, None);
    let source = case.source(&[("duration", "10d"), ("plan.seeds", "4")]);
    let (knobs, terms) = knobs_and_terms(&source, 2);
    let scenario = source.load(&[]).unwrap();
    let mut changes = whatif::policies("first-fit, worst-fit");
    changes.push(whatif::growth("10%/month", "60d".parse().unwrap(), &scenario).unwrap());
    changes.push(whatif::failure("hosts=2@peak", &scenario).unwrap());
    changes.push(whatif::setting("workloads.calls.arrivals.rate", "5/h"));
    let stop = AtomicBool::new(false);
    let table = whatif::table(&source, changes.clone(), Some(&knobs), &terms, &stop, &mut |_| {}).unwrap();
    let hosts: Vec<u64> = table
        .columns
        .iter()
        .map(|column| match &column.result {
            whatif::Result::Plan(plan) => plan.answer.as_ref().unwrap().setting.hosts,
            whatif::Result::AsIs(_) => panic!("a search was asked for"),
        })
        .collect();
    // Hosts of one place each: the policy does not matter; 21 % more calls do, and so do two hosts that fail.
    let (base, grown, failing, fewer) = (hosts[0], hosts[3], hosts[4], hosts[5]);
    assert_eq!((hosts[1], hosts[2]), (base, base));
    assert!(grown > base && fewer < base && failing >= base + 2, "{hosts:?}");

    let source = case.source(&[("duration", "10d"), ("plan.seeds", "4"), ("pools.line.hosts", "31")]);
    let judged = whatif::table(&source, changes, None, &terms, &stop, &mut |_| {}).unwrap();
    let holds: Vec<bool> = judged
        .columns
        .iter()
        .map(|column| matches!(&column.result, whatif::Result::AsIs(own) if own.holds))
        .collect();
    assert_eq!(holds[3..], [false, false, true], "grown, failing, fewer");
}

/// The binary: exit codes, JSON, the page, and what it says when there is nothing to plan.
#[test]
fn the_command_tells_what_it_found() {
    let case = Case::new(LOSS, None);
    let path = case.path.to_str().unwrap();
    let run = |args: &[&str]| {
        let short = ["--set", "duration=4d", "--seeds", "3"];
        let all = [&["plan", path][..], &short, args].concat();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_packyard")).args(all).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let out = case.path.with_file_name("out");
    let (code, json, _) = run(&["--json", "--verify", "5", "--out", out.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["schema"], "packyard-plan/1");
    assert_eq!(plan["verified"]["seeds"], 5);
    assert!(!plan["frontier"].as_array().unwrap().is_empty());
    assert_eq!(std::fs::read_to_string(out.join("plan.json")).unwrap(), json);
    let page = std::fs::read_to_string(out.join("plan.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("&lt;- the answer"));
    assert!(!page.contains("http"), "self-contained");

    let (code, text, _) = run(&["--knob", "pools.line.hosts=1..5", "--brief"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("`rejection rate` is in the way"), "{text}");
    let (code, text, _) = run(&["--as-is", "--fail", "hosts=1@peak", "--try", "pools.line.hosts=60"]);
    assert_eq!(code, Some(1), "one host is not enough");
    assert!(text.contains("loss of a host") && text.contains("holds"), "{text}");
    for (args, needle) in [
        (&["--grow", "2%"][..], "is no growth"),
        (&["--fail", "city@peak"], "is no failure"),
        (&["--mix", "ecs.g5.tiny=1"], "no workload's mix"),
        (&["--knob", "pools.none.hosts=1..5"], "none"),
        (&["--knob", "pools.line.hosts=1-5"], "KEY=LOW..HIGH"),
        (&["--workers", "0"], "--workers 0"),
        (
            &["--set", "objectives.latency=[{ until = \"running\", percentile = 99.0, most = \"1s\" }]"],
            "nothing takes any time",
        ),
    ] {
        let (code, _, said) = run(args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(needle), "{args:?}: {said}");
    }
    let no_objectives = LOSS.replace("[objectives]\n    rejection_rate = \"1%\"\n", "");
    let case = Case::new(&no_objectives, None);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"))
        .args(["plan", case.path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no objectives"));
}
