//! Operations in a running cloud: what a script does to lives, hosts, disks and sets, seen in the report.

#[path = "operations/rules.rs"]
mod rules;

use std::path::Path;

use packyard::scenario::Scenario;
use packyard::sim::{Go, OperationsSummary, Simulation, Summary};

/// One zone, pay-as-you-go hosts in stock, and instances that come early and live long.
const CLOUD: &str = r#"
name = "operations"
duration = "3d"

[[pools]]
name = "shared"
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = 8
"#;

fn run(text: &str) -> (Summary, OperationsSummary) {
    run_in(CLOUD, text)
}

fn run_in(cloud: &str, text: &str) -> (Summary, OperationsSummary) {
    let text = format!("{cloud}{text}");
    let scenario = Scenario::from_str(&text, "test.toml").unwrap_or_else(|error| panic!("{error}\n{text}"));
    let simulation = Simulation::new(&scenario, Path::new("."), None).expect("it can be built");
    let summary = simulation.run(None, |_| Go::On).expect("no trace to fail");
    let operations = summary.operations.clone().expect("it has operations");
    (summary, operations)
}

/// A workload of about so many instances in the first hour, which live to the end.
fn workload(name: &str, a_day: u32, more: &str) -> String {
    format!(
        "[[workloads]]\nname = \"{name}\"\narrivals.rate = \"{a_day}/d\"\nlifetime = {{ distribution = \"forever\" }}\n{more}\n"
    )
}

fn step(at: &str, action: &str, more: &str) -> String {
    format!("[[operations]]\nat = \"{at}\"\ndo = \"{action}\"\n{more}\n")
}

/// Accepted calls, and the code and count of each refusal.
fn answers(operations: &OperationsSummary, action: &str) -> (u64, Vec<(String, u64)>) {
    let call = operations.calls.iter().find(|call| call.operation == action);
    call.map_or((0, Vec::new()), |call| {
        (call.accepted, call.refused.iter().map(|one| (one.code.to_owned(), one.count)).collect())
    })
}

#[test]
fn a_creation_that_does_not_start_waits_for_a_script() {
    // LIFE-10, LIFE-12, LIFE-22: stopped, with its place; R15
    let created = workload("w", 24, "start = false\nmix = [{ type = \"ecs.g5.large\" }]");
    let (summary, operations) = run(&format!(
        "{created}{}{}",
        step("1d", "StopInstance", "workload = \"w\""),
        step("2d", "StartInstance", "workload = \"w\"\ninstances = [0, 1]")
    ));
    assert!(summary.requests.created > 40);
    assert_eq!(summary.peaks.instances, summary.requests.created, "each holds its place");
    assert_eq!(operations.stopped_keep_charging, summary.requests.created - 2);
    let (accepted, refused) = answers(&operations, "StopInstance");
    assert_eq!((accepted, refused[0].0.as_str()), (0, "IncorrectInstanceStatus"));
}

#[test]
fn a_stop_without_charges_gives_the_place_to_others() {
    // LIFE-35, LIFE-36, STA-B3, STA-E012: 8 hosts hold 42 instances of 2xlarge each... the second workload takes what the first gives up.
    let first = workload("first", 2_000, "mix = [{ type = \"ecs.g5.2xlarge\" }]");
    let stop =
        step("1d", "StopInstance", "workload = \"first\"\nparams = { StoppedMode = \"StopCharging\" }");
    let start = step("2d", "StartInstance", "workload = \"first\"");
    let (summary, operations) = run(&format!("{first}{stop}{start}"));
    let room = 8 * 10; // 84 vCPUs a host
    assert_eq!(summary.peaks.instances, room);
    assert!(summary.requests.created > room, "others came while the first ones were stopped");
    let (accepted, refused) = answers(&operations, "StartInstance");
    let code = |code: &str| refused.iter().find(|(known, _)| known == code).map_or(0, |(_, count)| *count);
    assert_eq!(code("OperationDenied.NoStock"), room - accepted, "all places are taken: {refused:?}");
    assert_eq!(operations.stopped_without_charges, room - accepted);
}

#[test]
fn released_instances_are_unknown_and_protected_ones_stay() {
    // LIFE-15, LIFE-73, LIFE-74, LIFE-75, LIFE-18
    let protected =
        workload("p", 48, "mix = [{ type = \"ecs.g5.large\" }]\nparams = { DeletionProtection = \"true\" }");
    let script = [
        step("12h", "DeleteInstance", "workload = \"p\"\nparams = { Force = \"true\" }"),
        step(
            "13h",
            "ModifyInstanceAutoReleaseTime",
            "workload = \"p\"\nparams = { AutoReleaseTime = \"+1h\" }",
        ),
        step("15h", "RebootInstance", "workload = \"p\"\ninstances = [0]"),
        step("15h", "ModifyInstanceAutoReleaseTime", "workload = \"p\"\ninstances = [0]"),
    ];
    let (summary, operations) = run(&format!("{protected}{}", script.concat()));
    let (deleted, refused) = answers(&operations, "DeleteInstance");
    assert_eq!((deleted, refused[0].0.as_str()), (0, "InvalidOperation.DeletionProtection"));
    let (timed, refused) = answers(&operations, "ModifyInstanceAutoReleaseTime");
    assert_eq!(refused, [("NoSuchResource".to_owned(), 1)]);
    assert_eq!(summary.requests.released, timed, "protection does not keep the system back");
    assert_eq!(answers(&operations, "RebootInstance").1, [("InvalidInstanceId.NotFound".to_owned(), 1)]);
}

#[test]
fn kept_disks_outlive_their_instance_and_are_used_again() {
    // LIFE-70, DISK-52, DISK-53, DISK-60, DISK-61, DISK-63, QUO-20
    let text = |reuse: bool| {
        let lives = format!(
            "[[workloads]]\nname = \"db\"\narrivals.rate = \"48/d\"\n\
             lifetime = {{ distribution = \"constant\", value = \"2h\" }}\n\
             mix = [{{ type = \"ecs.g5.large\" }}]\ndata_disks = [{{ category = \"cloud_ssd\", size = \"100GiB\" }}]\n\
             params = {{ \"DataDisk.1.DeleteWithInstance\" = \"false\" }}\noperations.reuse_disks = {reuse}\n"
        );
        let pool =
            "[[disk_pools]]\nzone = \"cn-hangzhou-g\"\ncategory = \"cloud_ssd\"\ncapacity = \"8TiB\"\n";
        format!("{pool}{lives}")
    };
    let (summary, left) = run(&text(false));
    assert!(left.own_disks > 60 && left.own_disks_gib == left.own_disks * 100);
    // R182: the pool fills, though hosts are free, and the code is that of row 84.
    assert!(left.pool_refusals > 0 && left.disk_pools[0].sold_peak > 0.97);
    let codes: Vec<&str> = summary.requests.rejected_by_code.iter().map(|code| code.code.as_str()).collect();
    assert_eq!(codes, ["OperationDenied"]);
    let (_, used) = run(&text(true));
    assert!(answers(&used, "AttachDisk").0 > 60);
}

#[test]
fn a_level_with_a_pool_of_its_own_fills_alone() {
    // DISK-9, R182
    let pools = "[[disk_pools]]\nzone = \"cn-hangzhou-g\"\ncategory = \"cloud_essd\"\ncapacity = \"100TiB\"\n\
                 [[disk_pools]]\nzone = \"cn-hangzhou-g\"\ncategory = \"cloud_essd\"\nperformance_level = \"PL2\"\n\
                 capacity = \"5TiB\"\novercommit = 2.0\n";
    let disks = |level: &str| {
        format!(
            "mix = [{{ type = \"ecs.g5.large\" }}]\n\
             data_disks = [{{ category = \"cloud_essd\", size = \"500GiB\", performance_level = \"{level}\" }}]"
        )
    };
    let lives = workload("fast", 24, &disks("PL2")) + &workload("plain", 24, &disks("PL1"));
    let (_, operations) = run(&format!("{pools}{lives}"));
    let [plain, fast] = &operations.disk_pools[..] else { panic!("two pools") };
    assert_eq!(
        (fast.category.as_str(), fast.physical_gib, fast.sellable_gib),
        ("cloud_essd PL2", 5_120, 10_240)
    );
    assert_eq!(fast.sold_peak, 20.0 * 500.0 / 10_240.0);
    assert!(fast.peak_overcommit > 1.9 && plain.sold_peak < 0.5);
    assert!(operations.pool_refusals > 0);
}

const DEDICATED: &str = "[[dedicated_hosts]]\ntype = \"ddh.g5\"\nzone = \"cn-hangzhou-g\"\n";

#[test]
fn affinity_decides_where_an_instance_comes_back() {
    // DHST-15, DHST-23: eight instances fill the first host; while they are stopped, others take it.
    let lives = |affinity: &str| {
        format!(
            "{DEDICATED}count = 2\n{}{}{}{}",
            workload(
                "a",
                1_000,
                &format!(
                    "mix = [{{ type = \"ecs.g5.2xlarge\" }}]\nparams = {{ Tenancy = \"host\", Affinity = \"{affinity}\" }}"
                )
            ),
            step(
                "6h",
                "StopInstance",
                "workload = \"a\"\nshare = 0.5\nparams = { StoppedMode = \"StopCharging\" }"
            ),
            step("12h", "StartInstance", "workload = \"a\""),
            step("1d", "DeleteInstance", "workload = \"a\"\nshare = 0.3\nparams = { Force = \"true\" }"),
        )
    };
    for affinity in ["host", "default"] {
        let (_, operations) = run(&lives(affinity));
        let refused = answers(&operations, "StartInstance").1;
        assert!(refused.iter().any(|(code, _)| code == "OperationDenied.NoStock"), "{affinity}: {refused:?}");
        for host in &operations.dedicated_hosts {
            assert!(host.vcpu_peak > 0.95 && host.vcpu_mean > 0.5, "{host:?}");
        }
    }
}

#[test]
fn an_expired_host_stops_its_instances_and_releases_them_after_the_grace() {
    // DHST-4, DHST-35, LIFE-17, LIFE-43
    let text = |days: u32| {
        let lives = workload("a", 10, "mix = [{ type = \"ecs.g5.large\" }]\nparams = { Tenancy = \"host\" }");
        let start = step("31d", "StartInstance", "workload = \"a\"");
        format!("{DEDICATED}period = 1\n{lives}{start}").replace("DAYS", &days.to_string())
    };
    let run_for = |days: u32| {
        let all = format!("{CLOUD}{}", text(days)).replace("\"3d\"", &format!("\"{days}d\""));
        let scenario = Scenario::from_str(&all, "test.toml").unwrap_or_else(|error| panic!("{error}"));
        let simulation = Simulation::new(&scenario, Path::new("."), None).unwrap();
        simulation.run(None, |_| Go::On).unwrap()
    };
    let before = run_for(40);
    let operations = before.operations.as_ref().unwrap();
    assert_eq!(operations.stopped_keep_charging, before.requests.created);
    assert_eq!(answers(operations, "StartInstance").1[0].0, "InstanceExpired");
    let codes: Vec<&str> = before.requests.rejected_by_code.iter().map(|code| code.code.as_str()).collect();
    assert_eq!(codes.len(), 1, "a host that has expired takes nothing: {codes:?}");
    let after = run_for(50);
    assert_eq!(after.requests.live, 0);
    assert!(after.operations.unwrap().dedicated_hosts[0].condition.is_none(), "it is released");
}

#[test]
fn a_failed_dedicated_host_moves_to_another_server_or_waits() {
    // DHST-2, DHST-40, DHST-41
    let text = |action: &str| {
        format!(
            "{DEDICATED}on_maintenance = \"{action}\"\n{DEDICATED}stock = true\n{}\
             [[events]]\nat = \"1d\"\ndo = \"fail host dh-cn-hangzhou-g-1 for 12h\"\n",
            workload("a", 20, "mix = [{ type = \"ecs.g5.large\" }]\nparams = { Tenancy = \"host\" }")
        )
    };
    let (moved, _) = run(&text("Migrate"));
    let nodes = moved.nodes.expect("it has failures");
    assert!(nodes.recovered_elsewhere > 10 && nodes.recovered_in_place == 0, "{nodes:?}");
    let (waited, operations) = run(&text("Stop"));
    let nodes = waited.nodes.expect("it has failures");
    assert!(nodes.recovered_in_place > 10 && nodes.recovered_elsewhere == 0, "{nodes:?}");
    assert_eq!(operations.dedicated_hosts.len(), 1);
}

#[test]
fn a_set_takes_seven_a_zone_each_on_a_host_of_its_own() {
    // DEP-1, DEP-6, DEP-10, DEP-11, DEP-12, DEP-43, DEP-44, QUO-61, MID-E002
    let lives = workload("a", 48, "mix = [{ type = \"ecs.g5.large\" }]");
    let script = [
        step("1h", "CreateDeploymentSet", "id = \"ds-a\""),
        step(
            "1d",
            "ModifyInstanceDeployment",
            "workload = \"a\"\nparams = { DeploymentSetId = \"ds-a\", Force = \"true\" }",
        ),
        step("25h", "DeleteDeploymentSet", "params = { DeploymentSetId = \"ds-a\" }"),
        step("26h", "CreateDeploymentSet", ""),
        step("27h", "CreateDeploymentSet", ""),
        step("2d", "DeleteInstance", "workload = \"a\"\nparams = { Force = \"true\" }"),
        step("49h", "DeleteDeploymentSet", "params = { DeploymentSetId = \"ds-a\" }"),
    ];
    let (_, operations) = run(&format!("{lives}{}", script.concat()));
    let (joined, refused) = answers(&operations, "ModifyInstanceDeployment");
    assert_eq!(joined, 7, "{refused:?}");
    assert_eq!(refused[0].0, "DeploymentSet.InstanceLimitExceeded");
    assert_eq!(
        answers(&operations, "CreateDeploymentSet"),
        (2, vec![("DEPLOYMENTSET.QUOTA_FULL".to_owned(), 1)])
    );
    assert_eq!(
        answers(&operations, "DeleteDeploymentSet"),
        (1, vec![("DependencyViolation.NotEmpty".to_owned(), 1)])
    );
    assert_eq!(operations.deployment_sets.len(), 1);
}

#[test]
fn hosts_come_from_the_stock_within_the_quota() {
    // DHST-7, DHST-50, DHST-51, DHST-53, QUO-64
    let script = [
        step(
            "1h",
            "AllocateDedicatedHosts",
            "id = \"dh-x\"\nparams = { DedicatedHostType = \"ddh.g5\", Quantity = \"2\" }",
        ),
        step("2h", "AllocateDedicatedHosts", "params = { DedicatedHostType = \"ddh.g5\" }"),
        step("3h", "ReleaseDedicatedHost", "params = { DedicatedHostId = \"dh-x\" }"),
        step("4h", "AllocateDedicatedHosts", "params = { DedicatedHostType = \"ddh.c6\" }"),
        step("5h", "AllocateDedicatedHosts", "params = { DedicatedHostType = \"ddh.none\" }"),
        step("6h", "AllocateDedicatedHosts", "params = { DedicatedHostType = \"ddh.g5\" }"),
        step(
            "7h",
            "AllocateDedicatedHosts",
            "params = { DedicatedHostType = \"ddh.g5\", ChargeType = \"PrePaid\", Period = \"1\" }",
        ),
        step(
            "8h",
            "AllocateDedicatedHosts",
            "params = { DedicatedHostType = \"ddh.g5\", ChargeType = \"PrePaid\", Period = \"1\" }",
        ),
    ];
    let lives = workload("a", 2, "mix = [{ type = \"ecs.g5.large\" }]");
    let account = "[[accounts]]\nid = \"1\"\nmax_dedicated_hosts = 2\n";
    let (_, operations) =
        run(&format!("{account}{DEDICATED}count = 3\nstock = true\n{lives}{}", script.concat()));
    let (accepted, mut refused) = answers(&operations, "AllocateDedicatedHosts");
    refused.sort();
    let codes: Vec<&str> = refused.iter().map(|(code, _)| code.as_str()).collect();
    assert_eq!(accepted, 3);
    assert_eq!(
        codes,
        [
            "InvalidDedicatedHostType.ValueNotSupported",
            "InvalidDedicatedHostType.ZoneNotSupported",
            "OperationDenied.NoStock",
            "QuotaExceed.AfterpayDedicatedHost",
        ]
    );
    assert_eq!(answers(&operations, "ReleaseDedicatedHost").0, 1);
    assert_eq!(operations.dedicated_hosts.len(), 4, "the one that was given back is in the report");
}

#[test]
fn a_script_that_means_nothing_is_an_error_at_its_line() {
    let fails = |step: &str, says: &str| {
        let lives = workload("w", 2, "mix = [{ type = \"ecs.g5.large\" }]");
        let text = format!("{CLOUD}{lives}[[operations]]\nat = \"1h\"\n{step}");
        let error = Scenario::from_str(&text, "test.toml").expect_err(step).to_string();
        assert!(error.contains(says), "{step}: {error}");
    };
    fails("do = \"StopInstances\"\nworkload = \"w\"", "there is no operation `StopInstances`");
    fails("do = \"StopInstance\"", "needs to know which instances");
    fails("do = \"StopInstance\"\nworkload = \"v\"", "no workload `v`");
    fails("do = \"StopInstance\"\nworkload = \"w\"\nparams = { Force = \"true\" }", "no parameter `Force`");
    fails("do = \"StopInstance\"\nworkload = \"w\"\nrequest = 3", "both say which instances");
    fails("do = \"StopInstance\"\nworkload = \"w\"\nid = \"x\"", "makes nothing");
    fails("do = \"CreateDisk\"\nworkload = \"w\"", "is not about instances");
    fails("do = \"CreateDisk\"\naccount = \"nobody\"", "no account `nobody`");
    fails("do = \"StopInstance\"\nrequest = 1\nevery = \"0s\"", "`every` is a length of time");
}
