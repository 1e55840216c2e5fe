//! Every kind of knob, with answers that are computed by hand: 19 instances of 2 vCPUs and 8 GiB at most at a time.

use packyard::planner::Extras;

use crate::by_hand::{BY_HAND, by_hand_trace};
use crate::case::Case;

/// The by-hand load with one knob of its own on a fixed fleet.
fn case(hosts: u32, class: &str, rest: &str, knob: &str) -> Case {
    let head = BY_HAND.split("[[plan.knobs]]").next().unwrap();
    let scenario = head
        .replace("hosts = 1", &format!("hosts = {hosts}"))
        .replace("vcpus = 8\n    memory = \"32GiB\"", class)
        .replace("[objectives]", &format!("{rest}\n[objectives]"));
    Case::new(&format!("{scenario}\n[[plan.knobs]]\n{knob}\n"), Some(&by_hand_trace(13)))
}

const FOUR: &str = "vcpus = 8\n    memory = \"32GiB\"";

#[test]
fn over_commit_is_as_low_as_the_peak_allows() {
    // 38 vCPUs on a host of eight.
    let knob = "key = \"classes.four.overcommit\"\nlow = 1\nhigh = 8\nstep = 0.25\ncost = 1";
    let case = case(1, "vcpus = 8\n    memory = \"512GiB\"", "", knob);
    assert_eq!(case.answer(&[]), ["4.75"]);
    let found = case.plan(&[("plan.knobs.0.high", "4.5")]);
    let way = found.in_the_way.expect("4.5 times are 36 vCPUs");
    assert_eq!(way.binds, "vCPUs");
}

#[test]
fn a_disk_pool_is_as_small_as_the_peak_allows() {
    // 19 system disks of 100 GiB.
    let pool =
        "[[disk_pools]]\nzone = \"cn-hangzhou-g\"\ncategory = \"cloud_efficiency\"\ncapacity = \"1GiB\"";
    let knob =
        "key = \"disk_pools.0.capacity\"\nlow = 50\nhigh = 5000\nstep = 50\nunit = \"GiB\"\ncost = 0.1";
    let case = case(9, FOUR, pool, knob);
    let params = "{ \"SystemDisk.Category\" = \"cloud_efficiency\", \"SystemDisk.Size\" = \"100\" }";
    let set = [("workloads.load.params", params)];
    assert_eq!(case.answer(&set), ["1900GiB"]);
    let extras = Extras { around: true, verify: 0 };
    let plan = case.try_plan(&set, 2, extras).unwrap();
    assert_eq!(plan.answer.unwrap().binds, "disks", "the resource that binds");
    assert_eq!((plan.sensitivity[0].change.as_str(), plan.sensitivity[0].holds), ("-50", false));
    assert_eq!((plan.sensitivity[1].change.as_str(), plan.sensitivity[1].holds), ("+50", true));
}

#[test]
fn headroom_that_can_be_promised_is_a_knob_that_is_worth_something() {
    // 19 of 24 places: five are free, 20.8 %.
    let knob = "key = \"objectives.headroom\"\nlow = 0\nhigh = 0.9\nstep = 0.01\ncost = -1";
    let case = case(6, FOUR, "", knob);
    let dense = [("report.interval", "30s")];
    let answer = case.plan(&dense).answer.unwrap();
    assert_eq!(answer.setting.values[0].1, "0.2");
    assert_eq!(answer.setting.cost, -0.2);
}

#[test]
fn zones_are_a_choice() {
    // All load is in one zone: a second one costs as much again, and is only taken where a zone may be lost.
    let knob = "key = \"pools.web.hosts\"\nlow = 1\nhigh = 50\n[[plan.knobs]]\nkey = \"pools.web.zones\"\n\
        values = [[\"cn-hangzhou-g\"], [\"cn-hangzhou-g\", \"cn-hangzhou-h\"]]\ncosts = [2, 4]\n\
        cost_per = \"pools.web.hosts\"";
    let scenario = BY_HAND
        .replace("zone = \"cn-hangzhou-g\"", "zones = [\"cn-hangzhou-g\"]")
        .replace("path = \"trace.csv\" }", "path = \"trace.csv\" }\n    zones = { cn-hangzhou-g = 1 }");
    let head = scenario.split("[[plan.knobs]]").next().unwrap();
    let case = Case::new(&format!("{head}[[plan.knobs]]\n{knob}\n"), Some(&by_hand_trace(13)));
    let one = case.plan(&[]).answer.unwrap();
    assert_eq!((one.setting.cost, one.setting.hosts), (10.0, 5), "{:?}", one.setting);
    assert_eq!(one.setting.values[1].1, "[\"cn-hangzhou-g\"]");
    let lost = case.plan(&[("objectives.survive.zone", "true")]).answer.unwrap();
    assert_eq!((lost.setting.cost, lost.setting.hosts), (20.0, 10), "{:?}", lost.setting);
    assert_eq!(lost.setting.values[1].1, "[\"cn-hangzhou-g\", \"cn-hangzhou-h\"]");
}
