//! Interruptions of spot instances as an objective, and how much spot can be sold.

use crate::case::Case;

/// Hosts of four places, spot instances and regular ones from two traces.
const MARKET: &str = r#"
    name = "market"
    duration = "6h"
    [[accounts]]
    id = "main"
    [[accounts]]
    id = "batch"
    [[accounts]]
    id = "lab"
    [[classes]]
    name = "four"
    vcpus = 8
    memory = "32GiB"
    [[pools]]
    name = "web"
    zone = "cn-hangzhou-g"
    class = "four"
    hosts = 1
    [spot]
    [[workloads]]
    name = "cheap"
    accounts = { batch = 1 }
    trace = { format = "packyard-csv", path = "trace.csv" }
    params = { SpotStrategy = "SpotAsPriceGo" }
    [[workloads]]
    name = "regular"
    accounts = { main = 1 }
    trace = { format = "packyard-csv", path = "regular.csv" }
    [plan]
    seeds = 1
    [[plan.knobs]]
    key = "pools.web.hosts"
    low = 1
    high = 9
    cost = 1
"#;

/// Four spot instances for the first hour, four more from then on. After three hours a regular request: one has to go.
fn market() -> Case {
    let row =
        |at: u64, lifetime: u64, account: &str| format!("{at},ecs.g5.large,{lifetime},{account}\n").repeat(4);
    let spot = format!("at,type,lifetime,account\n{}{}", row(0, 3_600, "lab"), row(3_700, 36_000, "batch"));
    let case = Case::new(MARKET, Some(&spot));
    // A trace begins with its first row: that of a type that nobody knows counts nowhere.
    let regular = "at,type,lifetime\n0,ecs.none,60\n10890,ecs.g5.large,60\n14490,ecs.g5.large,60\n14490,ecs.g5.large,60\n";
    std::fs::write(case.path.with_file_name("regular.csv"), regular).unwrap();
    case
}

/// What is measured for one objective of interruptions on one host.
#[track_caller]
fn measured(case: &Case, part: &str, set: &[(&str, &str)]) -> f64 {
    let mut all = vec![("objectives.interruptions", part)];
    all.extend_from_slice(set);
    case.full(&all, &[0]).standings[0].worst
}

#[test]
fn interruptions_are_shares_of_the_spot_instances_that_lived() {
    let case = market();
    // At three hours one of the four is told to go, and its place is free five minutes later. At four hours two regular
    // requests come: one takes that place, for the other another one is told to go.
    let all = "[{ most = 0 }]";
    assert_eq!(measured(&case, all, &[]), 2.0 / 8.0);
    assert_eq!(measured(&case, "[{ accounts = [\"batch\"], most = 0 }]", &[]), 2.0 / 4.0);
    assert_eq!(measured(&case, "[{ accounts = [\"lab\"], most = 0 }]", &[]), 0.0);
    assert_eq!(measured(&case, "[{ types = [\"ecs.g5.large\"], most = 0 }]", &[]), 2.0 / 8.0);
    assert_eq!(measured(&case, "[{ types = [\"ecs.g5.xlarge\"], most = 0 }]", &[]), 0.0);
    // By the hour: one of four in the fourth hour, one of three in the fifth.
    assert_eq!(measured(&case, "[{ most = 0, window = \"1h\" }]", &[]), 1.0 / 3.0);
    assert_eq!(measured(&case, "[{ most = 0, window = \"3h\" }]", &[]), 2.0 / 4.0);
    // After the warm-up three are left, and one of them goes.
    assert_eq!(measured(&case, all, &[("warmup", "3h30min")]), 1.0 / 3.0);
    assert_eq!(measured(&case, all, &[("warmup", "5h")]), 0.0);
}

#[test]
fn a_plan_buys_the_hosts_that_keep_interruptions_within_their_limit() {
    let case = market();
    let hosts = |key: &str, value: &str| {
        case.plan(&[(key, value)]).answer.map(|answer| answer.setting.hosts).expect("nine hosts hold")
    };
    assert_eq!(hosts("objectives.interruption_rate", "25%"), 1);
    assert_eq!(hosts("objectives.interruption_rate", "24%"), 2);
    assert_eq!(hosts("objectives.interruptions", "[{ most = \"30%\", window = \"1h\" }]"), 2);
    assert_eq!(hosts("objectives.interruptions", "[{ most = \"34%\", window = \"1h\" }]"), 1);
    // Regular requests find no room twice on one host; spot requests always find some.
    assert_eq!(hosts("objectives.rejection_rate", "0"), 2);
    assert_eq!(hosts("objectives.rejections", "[{ of = \"spot\", most = 0 }]"), 1);
    assert_eq!(
        hosts("objectives.rejections", "[{ of = \"all\", most = \"18%\" }]"),
        2,
        "two of eleven: 18.2 %"
    );
    assert_eq!(hosts("objectives.rejections", "[{ of = \"all\", most = \"19%\" }]"), 1);

    let plan = case.plan(&[("objectives.interruption_rate", "25%")]);
    let spot = plan.answer.unwrap().spot.expect("a market");
    // 4 for an hour; of those from 3,700 s on two to the end, one to 11,190 s, one to 14,790 s.
    let seconds = 4.0 * 3_600.0 + 2.0 * (21_600.0 - 3_700.0) + (11_190.0 - 3_700.0) + (14_790.0 - 3_700.0);
    assert!((spot.instances.mean - seconds / 21_600.0).abs() < 1e-9, "{spot:?}");
    assert_eq!(spot.told_to_go.mean, 0.25);
    assert!(spot.paid > 0.0);
}

#[test]
fn a_pool_that_headroom_has_closed_counts_as_no_room_for_spot_requests_only() {
    let case = market();
    let of = |of: &str| {
        let part = format!("[{{ of = \"{of}\", most = 1 }}]");
        let set = [
            ("objectives.rejections", part.as_str()),
            ("spot.headroom.policy", "fixed"),
            ("spot.headroom.share", "25%"),
        ];
        case.full(&set, &[0]).standings[0].worst
    };
    // A quarter of the pool is closed: three of four find room each time, and regular requests take the quarter.
    assert_eq!(of("spot"), 2.0 / 8.0);
    assert_eq!(of("regular"), 1.0 / 3.0, "of the last two one finds no room");
}

/// Eight places. A fleet keeps a number of spot instances; after two hours three regular requests come at once.
#[test]
fn as_much_spot_is_sold_as_regular_customers_do_not_notice() {
    let head = MARKET.split("[[workloads]]").next().unwrap();
    let scenario = format!(
        "{head}
        [[spot.fleets]]
        name = \"filler\"
        account = \"batch\"
        target = 1
        zones = [\"cn-hangzhou-g\"]
        types = [\"ecs.g5.large\"]
        [[workloads]]
        name = \"regular\"
        trace = {{ format = \"packyard-csv\", path = \"trace.csv\" }}
        [objectives]
        rejection_rate = 0
        [plan]
        seeds = 2
        [[plan.knobs]]
        key = \"spot.fleets.0.target\"
        low = 1
        high = 20
        cost = -7
        "
    );
    let trace = "at,type,lifetime\n0,ecs.none,60\n".to_owned() + &"7200,ecs.g5.large,600\n".repeat(3);
    let case = Case::new(&scenario.replace("hosts = 1", "hosts = 2"), Some(&trace));
    let plan = case.plan(&[]);
    assert!(plan.bound.is_none(), "no hosts move: there is no bound of theirs");
    let answer = plan.answer.unwrap();
    assert_eq!((answer.setting.values[0].1.as_str(), answer.setting.cost), ("5", -35.0));
    assert!((answer.spot.unwrap().instances.mean - 5.0).abs() < 1e-6);
    // One of three may be refused: one more is sold.
    assert_eq!(case.answer(&[("objectives.rejection_rate", "34%")]), ["6"]);
    // Nor may any spot instance be told to go.
    let both = [("objectives.rejection_rate", "34%"), ("objectives.interruption_rate", "0")];
    assert_eq!(case.answer(&both), ["5"]);
    // Room kept for three: however many are wanted, no more than five are sold.
    let kept = [("spot.headroom.policy", "fixed"), ("spot.headroom.share", "37.5%")];
    let answer = case.plan(&kept).answer.unwrap();
    assert_eq!(answer.setting.values[0].1, "20");
    assert!(answer.spot.unwrap().instances.mean <= 5.0);
}

#[test]
fn spot_objectives_without_a_market_are_refused_at_their_line() {
    let case = Case::new(&MARKET.replace("[spot]", ""), Some("at,type,lifetime\n"));
    for (key, value) in [
        ("objectives.interruption_rate", "5%"),
        ("objectives.interruptions", "[{ most = \"5%\" }]"),
        ("objectives.rejections", "[{ of = \"spot\", most = \"5%\" }]"),
    ] {
        let error = case.source(&[(key, value)]).load(&[]).expect_err("no market");
        assert!(error.to_string().contains("there is no spot market"), "{key}: {error}");
    }
}
