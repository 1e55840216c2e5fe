//! What-if tables.

use std::sync::atomic::AtomicBool;

use packyard::planner::whatif;

use crate::case::{Case, knobs_and_terms};
use crate::loss::LOSS;

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

/// Two sizes of instances in two zones.
const MIXED: &str = r#"
    name = "mixed"
    duration = "3d"
    warmup = "12h"
    [[classes]]
    name = "big"
    vcpus = 32
    memory = "128GiB"
    [[pools]]
    name = "web"
    zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
    class = "big"
    hosts = 2
    [[workloads]]
    name = "load"
    arrivals = { rate = "60/h" }
    lifetime = { distribution = "exponential", mean = "1h" }
    mix = [{ type = "ecs.g5.large", weight = 9 }, { type = "ecs.g5.2xlarge", weight = 1 }]
    [objectives]
    rejection_rate = "1%"
    [plan]
    seeds = 4
    currency = "EUR"
    [[plan.knobs]]
    key = "pools.web.hosts"
    low = 1
    high = 60
    cost = 10
"#;

/// Every kind of change on one command line is a column of one table, in JSON and on the terminal.
#[test]
fn one_command_tables_policies_growth_mixes_and_failures() {
    let case = Case::new(MIXED, None);
    let run = |more: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"))
            .args(["plan", case.path.to_str().unwrap(), "--policy", "worst-fit,first-fit"])
            .args(["--grow", "2%/week", "--for", "26w", "--mix", "ecs.g5.large=1,ecs.g5.2xlarge=9"])
            .args([
                "--fail",
                "zone=cn-hangzhou-g@peak",
                "--fail",
                "hosts=1@peak",
                "--try",
                "workloads.load.arrivals.rate=20/h",
            ])
            .args(more)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let table: serde_json::Value = serde_json::from_str(&run(&["--json"])).unwrap();
    assert_eq!(table["schema"], "packyard-whatif/1");
    let columns = table["columns"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|column| column["change"]["name"].as_str().unwrap()).collect();
    let wanted = [
        "as is",
        "worst-fit",
        "first-fit",
        "2%/week, 182d: x 1.673",
        "mix ecs.g5.large=1,ecs.g5.2xlarge=9",
        "fail zone=cn-hangzhou-g@peak",
        "fail hosts=1@peak",
        "workloads.load.arrivals.rate = 20/h",
    ];
    assert_eq!(names, wanted);
    let hosts: Vec<u64> = columns
        .iter()
        .map(|column| column["plan"]["answer"]["setting"]["hosts"].as_u64().expect("an answer"))
        .collect();
    assert!(hosts[3] > hosts[0] && hosts[4] > hosts[0], "growth and larger instances take more: {hosts:?}");
    assert!(hosts[5] > hosts[0] && hosts[6] >= hosts[0], "so do failures: {hosts:?}");
    assert!(hosts[7] < hosts[0], "a third of the requests: {hosts:?}");
    assert_eq!(columns[1]["plan"]["policy"], "worst-fit");
    assert_eq!(columns[5]["plan"]["objectives"][1]["name"], "loss of a zone (cn-hangzhou-g)");

    let text = run(&[]);
    for needle in
        ["as is", "worst-fit", "2%/week, 182d", "-g@peak", "fail hosts=1@peak", "cost, EUR", "rate = 20/h"]
    {
        assert!(text.contains(needle), "{needle}: {text}");
    }
    assert!(text.lines().skip(2).all(|line| line.chars().count() <= 100), "{text}");
}
