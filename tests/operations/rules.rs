//! Rules of single operations, each seen in a running cloud.

use super::{CLOUD, DEDICATED, answers, run, step, workload};

/// Code and count of the refusals of one kind of call.
fn refused(operations: &packyard::sim::OperationsSummary, action: &str) -> Vec<(String, u64)> {
    answers(operations, action).1
}

fn one(code: &str, count: u64) -> Vec<(String, u64)> {
    vec![(code.to_owned(), count)]
}

const LARGE: &str = "mix = [{ type = \"ecs.g5.large\" }]";

#[test]
fn what_was_released_is_unknown_to_every_operation() {
    // LIFE-6, LIFE-75, RPC-88, ALL-8, STA-E007, STO-E005, REB-E004, DEL-E011, MID-E005, MAR-E004, APA-E009, RED-E001
    let calls = [
        ("StartInstance", ""),
        ("StopInstance", ""),
        ("RebootInstance", ""),
        ("DeleteInstance", ""),
        ("ModifyInstanceDeployment", "params = { Tenancy = \"host\" }"),
        ("AllocatePublicIpAddress", ""),
        ("RedeployInstance", ""),
    ];
    let mut script = step("1d", "DeleteInstance", "workload = \"w\"\nparams = { Force = \"true\" }");
    for (action, params) in calls {
        script += &step("2d", action, &format!("workload = \"w\"\ninstances = [0]\n{params}"));
    }
    script += &step("2d", "ModifyInstanceAutoReleaseTime", "workload = \"w\"\ninstances = [0]");
    let (summary, operations) = run(&format!("{}{script}", workload("w", 24, LARGE)));
    assert!(answers(&operations, "DeleteInstance").0 > 0 && summary.requests.released > 0);
    for (action, _) in calls {
        assert_eq!(refused(&operations, action), one("InvalidInstanceId.NotFound", 1), "{action}");
    }
    assert_eq!(refused(&operations, "ModifyInstanceAutoReleaseTime"), one("NoSuchResource", 1));
}

#[test]
fn a_lock_for_security_stops_and_holds_an_instance() {
    // LIFE-17, LIFE-41, STA-B2, STA-E008: it is stopped, refuses what the sheet lists, and can be deleted
    let script = [
        step(
            "1d",
            "SetLock",
            "workload = \"w\"\ninstances = [0, 1, 2]\nparams = { LockReason = \"security\" }",
        ),
        step("25h", "StartInstance", "workload = \"w\"\ninstances = [0]"),
        step("25h", "StopInstance", "workload = \"w\"\ninstances = [0]"),
        step("25h", "RebootInstance", "workload = \"w\"\ninstances = [0]"),
        step("25h", "AllocatePublicIpAddress", "workload = \"w\"\ninstances = [0]"),
        step("25h", "ModifyInstanceAttribute", "workload = \"w\"\ninstances = [0]"),
        step("25h", "CreateSnapshot", "workload = \"w\"\ninstances = [0]\nparams = { DiskId = \"system\" }"),
        step("25h", "DetachDisk", "workload = \"w\"\ninstances = [0]\nparams = { DiskId = \"system\" }"),
        step("26h", "DeleteInstance", "workload = \"w\"\ninstances = [0]"),
        step("27h", "SetLock", "workload = \"w\"\ninstances = [1]"),
        step("28h", "StartInstance", "workload = \"w\"\ninstances = [1]"),
    ];
    let (_, operations) = run(&format!("{}{}", workload("w", 24, LARGE), script.concat()));
    // Three were stopped; one was deleted without Force, and one runs again once it is unlocked.
    assert_eq!(answers(&operations, "SetLock").0, 4);
    assert_eq!(operations.stopped_keep_charging, 1);
    assert_eq!(answers(&operations, "DeleteInstance").0, 1);
    assert_eq!(answers(&operations, "StartInstance"), (1, one("InstanceLockedForSecurity", 1)));
    for action in [
        "StopInstance",
        "RebootInstance",
        "AllocatePublicIpAddress",
        "ModifyInstanceAttribute",
        "CreateSnapshot",
        "DetachDisk",
    ] {
        assert_eq!(refused(&operations, action), one("InstanceLockedForSecurity", 1), "{action}");
    }
}

#[test]
fn a_shutdown_from_inside_never_stops_the_charges() {
    // LIFE-19, LIFE-37: the account stops without charges where it can, and this is no such stop
    let account = "[[accounts]]\nid = \"1\"\nstop_without_charges = true\n";
    let script = step("1d", "ShutDown", "workload = \"w\"\ninstances = [0, 1]")
        + &step("1d", "StopInstance", "workload = \"w\"\ninstances = [2]")
        + &step("2d", "ShutDown", "workload = \"w\"\ninstances = [0]");
    let (_, operations) = run(&format!("{account}{}{script}", workload("w", 24, LARGE)));
    assert_eq!(answers(&operations, "ShutDown"), (2, one("IncorrectInstanceStatus", 1)));
    assert_eq!((operations.stopped_keep_charging, operations.stopped_without_charges), (2, 1));
}

#[test]
fn a_dry_run_leaves_everything_as_it_is() {
    // STA-P04, STO-P06, REB-P04
    let dry = "workload = \"w\"\ninstances = [0, 1]\nparams = { DryRun = \"true\" }";
    let script = step("1d", "StopInstance", dry)
        + &step("1d", "RebootInstance", dry)
        + &step("25h", "StopInstance", "workload = \"w\"\ninstances = [0]")
        + &step("26h", "StartInstance", dry);
    let (_, operations) = run(&format!("{}{script}", workload("w", 24, LARGE)));
    assert_eq!(answers(&operations, "StopInstance"), (1, one("DryRunOperation", 2)));
    assert_eq!(refused(&operations, "RebootInstance"), one("DryRunOperation", 2));
    assert_eq!(operations.stopped_keep_charging, 1);
    let mut start = refused(&operations, "StartInstance");
    start.sort();
    assert_eq!(start, [("DryRunOperation".to_owned(), 1), ("IncorrectInstanceStatus".to_owned(), 1)]);
}

#[test]
fn public_addresses_are_asked_for_kept_and_given_up() {
    // R14, VPC-30, VPC-31, VPC-33, LIFE-35, APA-E004, APA-E006, APA-E014: three addresses in the region
    let few = "[network]\npublic_addresses_per_region = 3\n";
    let with = format!("{LARGE}\nparams = {{ InternetMaxBandwidthOut = \"5\" }}");
    let ask = |at: &str, who: &str| {
        step(at, "AllocatePublicIpAddress", &format!("workload = \"w\"\ninstances = [{who}]"))
    };
    let stop = |at: &str, who: u32, mode: &str| {
        step(
            at,
            "StopInstance",
            &format!("workload = \"w\"\ninstances = [{who}]\nparams = {{ StoppedMode = \"{mode}\" }}"),
        )
    };
    let script = [
        // Nobody had one, although they have bandwidth; one an instance; none is left for the fourth.
        ask("1d", "0, 1, 2"),
        ask("25h", "0, 3"),
        // A stop that goes on costing keeps it, the other one gives it up.
        stop("26h", 1, "KeepCharging"),
        ask("27h", "3"),
        stop("28h", 0, "StopCharging"),
        ask("29h", "3"),
        step("30h", "AllocatePublicIpAddress", "workload = \"v\"\ninstances = [0]"),
    ];
    let lives = workload("w", 24, &with) + &workload("v", 24, LARGE);
    let (_, operations) = run(&format!("{few}{lives}{}", script.concat()));
    let (accepted, mut refused) = answers(&operations, "AllocatePublicIpAddress");
    refused.sort();
    assert_eq!(accepted, 4);
    assert_eq!(
        refused,
        [
            ("AllocateIpInvalidInstanceBandwidth".to_owned(), 1),
            ("AllocatedAlready".to_owned(), 1),
            ("InsufficientPublicIp".to_owned(), 2),
        ]
    );
}

#[test]
fn a_repeated_token_makes_nothing_new() {
    // IDEM-3, IDEM-4, IDEM-11, IDEM-15, ADH-P17, CDS-P03
    let hosts = |at: &str, more: &str| {
        step(
            at,
            "AllocateDedicatedHosts",
            &format!("params = {{ DedicatedHostType = \"ddh.g5\", ClientToken = \"tok\"{more} }}"),
        )
    };
    let set = |at: &str| step(at, "CreateDeploymentSet", "params = { ClientToken = \"tok\" }");
    let script = [
        hosts("1h", ""),
        hosts("2h", ""),
        hosts("3h", ", Quantity = \"2\""),
        // The same token of another operation is another token.
        set("4h"),
        set("5h"),
        set("6h"),
    ];
    let lives = workload("w", 2, LARGE);
    let (_, operations) = run(&format!("{DEDICATED}count = 3\nstock = true\n{lives}{}", script.concat()));
    assert_eq!(answers(&operations, "AllocateDedicatedHosts"), (2, one("IdempotentParameterMismatch", 1)));
    assert_eq!(operations.dedicated_hosts.len(), 1);
    assert_eq!(answers(&operations, "CreateDeploymentSet"), (3, vec![]));
    assert_eq!(operations.deployment_sets.len(), 1, "the quota of two was not asked again");
}

#[test]
fn the_standing_of_an_account_decides_whether_it_gets_hosts() {
    // ADH-E001, ADH-E006, ADH-E009, ADH-E011, ADH-E012, ADH-E021, DHST-53
    for (facts, status, code) in [
        ("[world.accounts.1]\narrears = true", 400, "Account.Arrearage"),
        ("[world.accounts.1]\nregions_denied = [\"cn-hangzhou\"]", 403, "RegionUnauthorized"),
        ("[world.accounts.1]\npayment_methods = []", 404, "PaymentMethodNotFound"),
        ("[world.regions.cn-hangzhou]\nsales_suspended = true", 400, "OperationDenied"),
        ("[world.zones.cn-hangzhou-g]\nstatus = \"not_on_sale\"", 400, "Zone.NotOnSale"),
        ("[world.zones.cn-hangzhou-g]\ngated = true", 403, "Zone.NotOpen"),
    ] {
        let ask = step(
            "1h",
            "AllocateDedicatedHosts",
            "params = { DedicatedHostType = \"ddh.g5\", ZoneId = \"cn-hangzhou-g\" }",
        );
        let text = format!(
            "{DEDICATED}stock = true\n[[accounts]]\nid = \"1\"\n{facts}\n{}{ask}",
            workload("w", 2, LARGE)
        );
        let (_, operations) = run(&text);
        let call = &operations.calls.iter().find(|call| call.operation == "AllocateDedicatedHosts").unwrap();
        let refusal = &call.refused[0];
        assert_eq!((refusal.status, refusal.code, refusal.count), (status, code, 1), "{facts}");
        assert_eq!(call.accepted, 0);
    }
}

#[test]
fn a_new_host_starts_first() {
    // DHST-1, DHST-7, ADH-B1, RDH-E007: a minute after its allocation it is in service
    let script = [
        step("1h", "AllocateDedicatedHosts", "id = \"dh-a\"\nparams = { DedicatedHostType = \"ddh.g5\" }"),
        step("3630s", "ReleaseDedicatedHost", "params = { DedicatedHostId = \"dh-a\" }"),
        step("2h", "ReleaseDedicatedHost", "params = { DedicatedHostId = \"dh-a\" }"),
    ];
    let lives = workload("w", 2, LARGE);
    let (_, operations) =
        run(&format!("[control_plane]\n{DEDICATED}stock = true\n{lives}{}", script.concat()));
    assert_eq!(answers(&operations, "ReleaseDedicatedHost"), (1, one("IncorrectHostStatus.Initializing", 1)));
}

#[test]
fn a_host_under_assessment_moves_to_another_server_of_the_stock() {
    // DHST-2, DHST-43
    let redeploy =
        |at: &str| step(at, "RedeployDedicatedHost", "params = { DedicatedHostId = \"dh-cn-hangzhou-g-1\" }");
    let assess = step(
        "2h",
        "SetHostCondition",
        "params = { DedicatedHostId = \"dh-cn-hangzhou-g-1\", Status = \"UnderAssessment\" }",
    );
    let lives = workload("w", 2, LARGE);
    let script = format!("{}{assess}{}{}", redeploy("1h"), redeploy("3h"), redeploy("4h"));
    let (_, operations) = run(&format!("{DEDICATED}{DEDICATED}stock = true\n{lives}{script}"));
    // In service before, and again after its move.
    assert_eq!(
        answers(&operations, "RedeployDedicatedHost"),
        (1, one("InvalidDedicatedHostStatus.NotSupport", 2))
    );
}

#[test]
fn capacities_of_hosts_are_those_of_the_documents() {
    // DHST-21, DHST-22, DHST-24, DHST-25: physical cores twice, less a reserve, or times the ratio of over-commit
    // DHST-26: types of one's own on such a host
    let own =
        "[[types]]\nname = \"ecs.ddh6s.c2m4\"\nvcpus = 2\nmemory = \"4GiB\"\nfamily = \"ecs.ddh6s.custom\"\n";
    for (host_type, ratio, vcpus) in [
        ("ddh.sn1ne", "", 56),
        ("ddh.c6s", "overcommit = 4.0\n", 416),
        ("ddh.c6s", "overcommit = 1.0\n", 104),
        ("ddh.c6s", "", 208),
    ] {
        let host = format!("[[dedicated_hosts]]\ntype = \"{host_type}\"\nzone = \"cn-hangzhou-g\"\n{ratio}");
        let lives = workload("w", 2, LARGE);
        let script = step("1h", "CreateDeploymentSet", "");
        let (_, operations) = run(&format!("{own}{host}{lives}{script}"));
        assert_eq!(operations.dedicated_hosts[0].vcpus, vcpus, "{host_type} {ratio}");
    }
}

#[test]
fn disks_that_come_with_an_instance_are_in_use() {
    // DISK-40, DISK-41, DISK-50, DISK-53, DISK-62: the data disk leaves within a minute, the system disk never
    let detach = |at: &str, disk: &str| {
        step(
            at,
            "DetachDisk",
            &format!("workload = \"w\"\ninstances = [0]\nparams = {{ DiskId = \"{disk}\" }}"),
        )
    };
    let disks = format!("{LARGE}\ndata_disks = [{{ category = \"cloud_ssd\", size = \"100GiB\" }}]");
    let script = detach("1d", "system")
        + &detach("1d", "data-1")
        + &step("2d", "DeleteInstance", "workload = \"w\"\nparams = { Force = \"true\" }");
    let (_, operations) = run(&format!("{}{script}", workload("w", 24, &disks)));
    assert_eq!(answers(&operations, "DetachDisk"), (1, one("DiskNotPortable", 1)));
    assert_eq!((operations.own_disks, operations.own_disks_gib), (1, 100), "it outlives the instance");
}

#[test]
fn a_named_host_without_room_takes_nothing_more() {
    // DHST-13, DHST-20, DHST-44, MID-B2, MID-E007: ten of 8 vCPUs fit a host of 84
    let script = step("1d", "StopInstance", "workload = \"w\"")
        + &step(
            "25h",
            "ModifyInstanceDeployment",
            "workload = \"w\"\nparams = { DedicatedHostId = \"dh-cn-hangzhou-g-1\" }",
        );
    let lives = workload("w", 20, "mix = [{ type = \"ecs.g5.2xlarge\" }]");
    let (_, operations) = run(&format!("{DEDICATED}{lives}{script}"));
    let (moved, refused) = answers(&operations, "ModifyInstanceDeployment");
    assert_eq!(moved, 10);
    assert!(refused.iter().any(|(code, count)| code == "LackResource" && *count > 3), "{refused:?}");
    assert!(operations.dedicated_hosts[0].vcpu_peak > 0.95);
}

#[test]
fn who_shares_a_server_with_a_member_must_move_to_join() {
    // DEP-5, DEP-42, MID-B6, MID-E004: both on one host, and no Force
    let one_host = CLOUD.replace("hosts = 8", "hosts = 1");
    let join = |at: &str, set: &str| {
        step(
            at,
            "ModifyInstanceDeployment",
            &format!("workload = \"w\"\ninstances = [0, 1]\nparams = {{ DeploymentSetId = \"{set}\" }}"),
        )
    };
    let script = [
        step("1h", "CreateDeploymentSet", "id = \"ds-a\""),
        step("1h", "CreateDeploymentSet", "id = \"ds-b\""),
        join("1d", "ds-a"),
        // Two sets may share a server.
        step(
            "25h",
            "ModifyInstanceDeployment",
            "workload = \"w\"\ninstances = [1]\nparams = { DeploymentSetId = \"ds-b\" }",
        ),
    ];
    let (_, operations) =
        super::run_in(&one_host, &format!("{}{}", workload("w", 12, LARGE), script.concat()));
    assert_eq!(
        answers(&operations, "ModifyInstanceDeployment"),
        (2, one("DeploymentSet.ModificationFailed", 1))
    );
    assert_eq!(operations.deployment_sets.values().collect::<Vec<_>>(), [&1, &1]);
}

#[test]
fn a_redeployment_without_another_server_changes_nothing() {
    // LIFE-16, RED-B1, RED-B4, RED-B5
    let one_host = CLOUD.replace("hosts = 8", "hosts = 1");
    let script =
        step("1d", "RaiseEvent", "workload = \"w\"\nparams = { EventType = \"SystemMaintenance.Redeploy\" }")
            + &step("25h", "RedeployInstance", "workload = \"w\"\ninstances = [0]")
            + &step("26h", "RebootInstance", "workload = \"w\"\ninstances = [0]");
    let lives = workload("w", 12, LARGE);
    let (_, operations) = super::run_in(&one_host, &format!("{lives}{script}"));
    assert_eq!(answers(&operations, "RedeployInstance"), (1, vec![]));
    assert_eq!(operations.redeploys_failed, 1);
    assert_eq!(answers(&operations, "RebootInstance").0, 1, "it runs where it was");
    let (_, operations) = run(&format!("{lives}{script}"));
    assert_eq!(operations.redeploys_failed, 0);
}

#[test]
fn a_set_and_a_host_belong_to_a_region() {
    // ADH-P02, CDS-P01, DEP-4, DEP-33, DHST-6, QUO-60, QUO-81: the quota of sets is of each region
    let regions = "[[regions]]\nid = \"cn-hangzhou\"\nzones = [\"cn-hangzhou-g\"]\n\
                   [[regions]]\nid = \"cn-beijing\"\nzones = [\"cn-beijing-c\"]\n\
                   [[pools]]\nname = \"north\"\nzone = \"cn-beijing-c\"\nclass = \"ddh.g5\"\nhosts = 2\n";
    let set = |region: &str, id: &str| {
        step("1h", "CreateDeploymentSet", &format!("region = \"{region}\"\nid = \"{id}\""))
    };
    let script = [
        set("cn-hangzhou", "ds-a"),
        set("cn-hangzhou", "ds-b"),
        set("cn-hangzhou", "ds-c"),
        set("cn-beijing", "ds-far"),
        step(
            "1d",
            "ModifyInstanceDeployment",
            "workload = \"w\"\ninstances = [0]\nparams = { DeploymentSetId = \"ds-far\" }",
        ),
        // No host of the stock is in the other region.
        step(
            "2h",
            "AllocateDedicatedHosts",
            "region = \"cn-beijing\"\nparams = { DedicatedHostType = \"ddh.g5\" }",
        ),
        step(
            "2h",
            "AllocateDedicatedHosts",
            "region = \"cn-hangzhou\"\nparams = { DedicatedHostType = \"ddh.g5\" }",
        ),
    ];
    let lives = workload("w", 12, &format!("{LARGE}\nregion = \"cn-hangzhou\""));
    let (_, operations) = run(&format!("{regions}{DEDICATED}stock = true\n{lives}{}", script.concat()));
    assert_eq!(answers(&operations, "CreateDeploymentSet"), (3, one("DEPLOYMENTSET.QUOTA_FULL", 1)));
    assert_eq!(refused(&operations, "ModifyInstanceDeployment"), one("DeploymentSet.InvalidId", 1));
    let (accepted, refused) = answers(&operations, "AllocateDedicatedHosts");
    assert_eq!((accepted, refused.len()), (1, 1), "{refused:?}");
}
