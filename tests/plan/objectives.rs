//! Every kind of objective, with answers that are computed by hand.

use packyard::planner::Standing;

use crate::case::Case;

/// Hosts of four places. A small instance takes one, a big one a host.
const PARTS: &str = r#"
    name = "parts"
    duration = "6h"
    [[accounts]]
    id = "gold"
    [[accounts]]
    id = "other"
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
    accounts = { other = 1 }
    trace = { format = "packyard-csv", path = "trace.csv" }
    [plan]
    seeds = 2
    [[plan.knobs]]
    key = "pools.web.hosts"
    low = 1
    high = 50
    cost = 1
"#;

/// Four small ones at once, then three big ones of which the last belongs to `gold`, all for two hours; and one of a type
/// that nobody knows.
const TRACE: &str = "at,type,lifetime,account\n\
    0,ecs.g5.large,7200,\n0,ecs.g5.large,7200,\n0,ecs.g5.large,7200,\n0,ecs.g5.large,7200,\n\
    60,ecs.g5.2xlarge,7200,\n120,ecs.g5.2xlarge,7200,\n180,ecs.g5.2xlarge,7200,gold\n240,ecs.none,7200,\n";

#[test]
fn rejections_by_type_by_account_and_of_all_kinds() {
    let case = Case::new(PARTS, Some(TRACE));
    let hosts = |parts: &str| {
        let plan = case.plan(&[("objectives.rejections", parts)]);
        plan.answer.map(|answer| answer.setting.hosts)
    };
    assert_eq!(hosts("[{ most = 0 }]"), Some(4), "one for the small ones, three for the big ones");
    assert_eq!(hosts("[{ types = [\"ecs.g5.large\"], most = 0 }]"), Some(1));
    assert_eq!(hosts("[{ types = [\"ecs.g5.2xlarge\"], most = 0 }]"), Some(4));
    // One of three big ones is refused.
    assert_eq!(hosts("[{ types = [\"ecs.g5.2xlarge\"], most = \"34%\" }]"), Some(3));
    assert_eq!(hosts("[{ types = [\"ecs.g5.2xlarge\"], most = \"33%\" }]"), Some(4));
    // Of the other account two of six, then one of six.
    assert_eq!(hosts("[{ accounts = [\"other\"], most = \"17%\" }]"), Some(2));
    assert_eq!(hosts("[{ accounts = [\"other\"], most = \"16%\" }]"), Some(3));
    assert_eq!(hosts("[{ accounts = [\"gold\"], most = 0 }]"), Some(4));
    // Both at once: each has its say.
    let both = "[{ types = [\"ecs.g5.large\"], most = 0 }, { accounts = [\"other\"], most = \"17%\" }]";
    assert_eq!(hosts(both), Some(2));
    // The unknown type is refused on any fleet: one of eight.
    assert_eq!(hosts("[{ count = \"all\", most = \"12.5%\" }]"), Some(4));
    assert_eq!(hosts("[{ count = \"all\", most = \"12.4%\" }]"), None);
    // A window of an hour in which two of the seven sound ones are refused, and one of three minutes with one of one.
    assert_eq!(hosts("[{ most = \"29%\", window = \"1h\" }]"), Some(2));
    assert_eq!(hosts("[{ most = \"29%\", window = \"1min\" }]"), Some(4));
}

#[test]
fn the_objective_that_is_in_the_way_is_named() {
    let case = Case::new(PARTS, Some(TRACE));
    let set = [
        ("objectives.rejections", "[{ most = 0 }, { name = \"whatever\", count = \"all\", most = 0.1 }]"),
        ("objectives.headroom", "1%"),
    ];
    let plan = case.plan(&set);
    assert!(plan.answer.is_none() && plan.effort.complete);
    let way = plan.in_the_way.unwrap();
    assert_eq!(way.objective, "whatever");
    let holds: Vec<bool> = way.standings.iter().map(|standing| standing.holds).collect();
    assert_eq!(holds, [true, false, true], "the others hold at the top");
    assert_eq!((way.setting.hosts, way.standings[1].worst), (50, 0.125));
}

/// Twelve requests at once, each answered within a second by one of the workers.
const QUEUE: &str = r#"
    name = "queue"
    duration = "4h"
    [[classes]]
    name = "four"
    vcpus = 8
    memory = "32GiB"
    [[pools]]
    name = "web"
    zone = "cn-hangzhou-g"
    class = "four"
    hosts = 30
    [control_plane]
    api_workers = 1
    api_service = { distribution = "constant", value = "1s" }
    schedulers = 100
    schedule_service = { distribution = "constant", value = "1ms" }
    clone_setup = { distribution = "constant", value = "10ms" }
    clone_bandwidth = "10TiB/s"
    boot = { distribution = "constant", value = "20s" }
    [[workloads]]
    name = "load"
    trace = { format = "packyard-csv", path = "trace.csv" }
    [plan]
    seeds = 1
    [[plan.knobs]]
    key = "control_plane.api_workers"
    low = 1
    high = 20
    cost = 1
"#;

#[test]
fn latency_percentiles_over_the_run_and_in_every_window() {
    let burst = |at: u64, count: usize| format!("{at},2,8,60\n").repeat(count);
    // In the third hour another one of 18.
    let trace = format!("at,vcpus,memory,lifetime\n{}{}", burst(60, 12), burst(7_300, 18));
    let case = Case::new(QUEUE, Some(&trace));
    let workers = |until: &str, percentile: &str, most: &str, window: &str| {
        let part = format!(
            "[{{ until = \"{until}\", percentile = {percentile}, most = \"{most}\", window = \"{window}\" }}]"
        );
        case.answer(&[("objectives.latency", &part)])[0].parse::<u32>().unwrap()
    };
    // The last of 18 is answered after ceil(18 / workers) seconds.
    assert_eq!(workers("created", "100.0", "3100ms", "1d"), 6);
    assert_eq!(workers("created", "100.0", "2100ms", "1d"), 9);
    // Of all thirty, 28 are within four seconds with four workers, 12 of the first burst and 16 of the second; with three
    // workers 24.
    assert_eq!(workers("created", "90.0", "4100ms", "1d"), 4);
    // In the window of the second burst the 90th percentile is its 17th: the fifth second of four workers.
    assert_eq!(workers("created", "90.0", "4100ms", "1h"), 5);
    // Until running: boot and clone on top, and the first start of each host waits for nobody.
    assert_eq!(workers("running", "100.0", "23500ms", "1d"), 6);
}

#[test]
fn the_margin_is_what_is_left_of_the_limit() {
    let case = Case::new(PARTS, Some(TRACE));
    let part = "[{ types = [\"ecs.g5.2xlarge\"], most = \"50%\" }]";
    let set = [("objectives.rejections", part), ("objectives.headroom", "10%")];
    let full = case.full(&set, &[2]);
    let Standing { limit, worst, margin, holds, .. } = &full.standings[0];
    assert!(*holds && *limit == 0.5 && (worst - 1.0 / 3.0).abs() < 1e-12);
    assert!((margin - 1.0 / 3.0).abs() < 1e-12, "a third of the limit is left: {margin}");
    // All twelve places are taken: nothing is free of the 10 % that should be.
    let Standing { worst, margin, holds, .. } = &full.standings[1];
    assert!(!*holds && *worst == 0.0 && *margin == -1.0);
}
