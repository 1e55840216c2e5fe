//! Loads whose fleet can be computed by hand.

use crate::case::Case;

/// One instance of 2 vCPU and 8 GiB every ten minutes, each for an hour: six at a time. In the middle a burst of 13 more
/// for a minute: 19 at a time. A host takes four.
pub(crate) const BY_HAND: &str = r#"
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

pub(crate) fn by_hand_trace(burst: usize) -> String {
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
