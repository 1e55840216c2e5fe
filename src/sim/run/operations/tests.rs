//! A random walk of a whole world: hundreds of operations, legal and not, fall into thousands of lives, with hosts that
//! fail and are drained beside them. After every few events everything that is counted twice must agree, and at the end
//! nothing is left.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::super::Run;
use crate::hypervisor::State;
use crate::model::{HostIx, Resources, SimTime, ZoneIx};
use crate::operations::disks::DiskState;
use crate::operations::{Action, StoppedMode};
use crate::placement::Claim;
use crate::scenario::Scenario;
use crate::sim::observe::Gone;
use crate::sim::operations::{Address, OperationsSummary, Record};
use crate::sim::{Go, Simulation};
use crate::world::{ChargeType, SLOTS};

const CLOUD: &str = r#"
name = "walk"
duration = "2d"

[control_plane]
node_concurrency = 3
clone_bandwidth = "4GiB/s"

[network]
public_addresses_per_region = 30

[[pools]]
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 7

[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-g"
count = 2

[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-g"
count = 4
stock = true

[[disk_pools]]
zone = "cn-hangzhou-g"
category = "cloud_ssd"
capacity = "12TiB"
overcommit = 1.5

[[disk_pools]]
zone = "cn-hangzhou-g"
category = "cloud_essd"
performance_level = "PL2"
capacity = "40TiB"

[[disk_pools]]
zone = "cn-hangzhou-h"
category = "cloud_efficiency"
capacity = "9TiB"

[[accounts]]
id = "2"
max_dedicated_hosts = 3
max_portable_disks = 160
max_disks = 700
max_instances = 220
stop_without_charges = true

[world.deployment_sets.ds-1]
region = "cn-hangzhou"

[[workloads]]
name = "all"
lifetime = { distribution = "lognormal", median = "4h", sigma = 1.2 }
arrivals = { rate = "50/h", batch = { mean = 3.0 } }
params = { InternetMaxBandwidthOut = "5", SecurityGroupId = "sg-cn-hangzhou-2" }
operations = { reboots = "1/d", public_address = true, reuse_disks = true, pause = { share = 0.4, from = "22:00", to = "04:00" } }

[[workloads.mix]]
type = "ecs.g5.2xlarge"
weight = 3
data_disks = [{ category = "cloud_ssd", size = "100GiB" }, { category = "cloud_essd", size = "500GiB", performance_level = "PL2" }]
params = { "DataDisk.1.DeleteWithInstance" = "false" }

[[workloads.mix]]
type = "ecs.g5.large"
params = { DeletionProtection = "true" }

[[workloads.mix]]
type = "ecs.g5.xlarge"
params = { DeploymentSetId = "ds-1" }

[[workloads.mix]]
type = "ecs.g5.xlarge"
params = { Tenancy = "host", Affinity = "host" }

[[workloads.mix]]
type = "ecs.g5.2xlarge"
params = { Tenancy = "host" }

[[workloads.mix]]
type = "ecs.g5.xlarge"
params = { InstanceChargeType = "PrePaid", Period = "1" }
data_disks = [{ category = "cloud_ssd", size = "50GiB" }]

[[workloads]]
name = "created"
start = false
lifetime = { distribution = "exponential", mean = "5h" }
arrivals = { rate = "4/h" }
params = { SecurityGroupId = "sg-cn-hangzhou-2" }
mix = [{ type = "ecs.g5.xlarge" }]
"#;

/// Operations of the walk: what they are, and their parameters.
const STEPS: [(&str, &str); 37] = [
    ("StopInstance", ""),
    ("StopInstance", "StoppedMode = \"StopCharging\", ForceStop = \"true\""),
    ("StopInstance", "StoppedMode = \"KeepCharging\""),
    ("StartInstance", ""),
    ("StartInstance", ""),
    ("StartInstance", "InitLocalDisk = \"perhaps\""),
    ("RebootInstance", ""),
    ("DeleteInstance", ""),
    ("DeleteInstance", "Force = \"true\""),
    ("ModifyInstanceAutoReleaseTime", "AutoReleaseTime = \"+3h\""),
    ("ModifyInstanceAutoReleaseTime", ""),
    ("ModifyInstanceAttribute", "DeletionProtection = \"false\""),
    ("ModifyInstanceDeployment", "DeploymentSetId = \"ds-1\", Force = \"true\""),
    ("ModifyInstanceDeployment", "DeploymentSetId = \"ds-2\""),
    ("ModifyInstanceDeployment", "Tenancy = \"host\""),
    ("ModifyInstanceDeployment", "DedicatedHostId = \"dh-cn-hangzhou-g-1\", Affinity = \"host\""),
    ("ModifyInstanceDeployment", "DedicatedHostId = \"dh-more\", MigrationType = \"live\""),
    ("AllocatePublicIpAddress", ""),
    ("RedeployInstance", ""),
    ("AttachDisk", "DiskId = \"d-own\""),
    ("DetachDisk", "DiskId = \"data-1\""),
    ("DetachDisk", "DiskId = \"d-own\""),
    ("CreateSnapshot", "DiskId = \"data-1\""),
    ("CreateSnapshot", "DiskId = \"system\""),
    ("ResizeDisk", "DiskId = \"data-1\", NewSize = \"140\""),
    ("ModifyDiskAttribute", "DiskId = \"data-2\", DeleteWithInstance = \"false\""),
    ("SetLock", "LockReason = \"security\""),
    ("SetLock", ""),
    ("ShutDown", ""),
    ("RaiseEvent", "EventType = \"SystemMaintenance.Redeploy\""),
    ("CreateDisk", "ZoneId = \"cn-hangzhou-g\", DiskCategory = \"cloud_ssd\", Size = \"200\""),
    ("DeleteDisk", "DiskId = \"d-own\""),
    (
        "AllocateDedicatedHosts",
        "DedicatedHostType = \"ddh.g5\", ZoneId = \"cn-hangzhou-g\", Quantity = \"2\", MinQuantity = \"1\", AutoPlacement = \"off\"",
    ),
    ("ReleaseDedicatedHost", "DedicatedHostId = \"dh-more-2\""),
    ("CreateDeploymentSet", ""),
    ("DeleteDeploymentSet", "DeploymentSetId = \"ds-2\""),
    ("SetHostCondition", "DedicatedHostId = \"dh-cn-hangzhou-g-2\", Status = \"UnderAssessment\""),
];

fn scenario(seed: u64, fails: bool, script: &[(u32, usize, u8)]) -> Scenario {
    let mut text = format!("seed = {seed}\n{CLOUD}");
    for &(minute, step, who) in script {
        let (action, params) = STEPS[step % STEPS.len()];
        write!(text, "[[operations]]\nat = \"{minute}min\"\ndo = \"{action}\"\nparams = {{ {params} }}\n")
            .unwrap();
        let named = Action::ALL.iter().find(|one| one.name() == action).unwrap();
        match (named.subject(), action) {
            (crate::operations::params::Subject::Instance, _) => match who % 4 {
                0 => writeln!(text, "request = {}", u32::from(who) * 9),
                1 => writeln!(text, "workload = \"created\"\ninstances = [{}, {}]", who / 4, who / 2),
                _ => writeln!(text, "workload = \"all\"\nshare = {}", f64::from(who % 10) / 10.0),
            },
            (_, "CreateDisk") => writeln!(text, "id = \"d-own\""),
            (_, "CreateDeploymentSet") => writeln!(text, "id = \"ds-2\""),
            (_, "AllocateDedicatedHosts") => writeln!(text, "id = \"dh-more\""),
            _ => Ok(()),
        }
        .unwrap();
    }
    if fails {
        text += "[failures]\nbetween = { distribution = \"exponential\", mean = \"60h\" }\n\
                 repair = { distribution = \"constant\", value = \"40min\" }\n\
                 [[events]]\nat = \"20h\"\ndo = \"drain zone cn-hangzhou-g rack by rack for 30min\"\n";
    }
    Scenario::from_str(&text, "walk.toml").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// What an account has, counted from what lives.
#[derive(Default, PartialEq, Eq, Debug)]
struct Counted {
    instances: u64,
    disks: u64,
    portable: u64,
}

impl Run<'_> {
    fn records(&self) -> impl Iterator<Item = (u32, &Record)> {
        let ops = self.operations.as_deref().expect("the walk has operations");
        self.instances.iter().map(|(slot, _)| (slot as u32, ops.record(slot as u32)))
    }

    /// Panics where two accounts of one thing differ.
    fn check_operations(&self) {
        self.fleet.check();
        let ops = self.operations.as_deref().expect("the walk has operations");
        assert_eq!(ops.records.iter().flatten().count(), self.instances.len());
        assert_eq!(
            (ops.by_request.len(), ops.by_workload.len()),
            (self.instances.len(), self.instances.len())
        );
        self.check_quotas();
        // Every request of this walk names its group.
        let in_groups = self.world.groups.iter().map(|(_, _, group)| group.instances.used).sum::<u64>();
        assert_eq!(in_groups, self.instances.len() as u64);
        self.check_pools();
        self.check_groups();
        self.check_modes();
        let mut claims = 0;
        let mut used: BTreeMap<u32, (u64, Resources)> = BTreeMap::new();
        for (_, instance) in self.instances.iter() {
            let Some(_) = &instance.claim else { continue };
            claims += 1;
            let level = used.entry(instance.zone.0).or_default();
            level.0 += 1;
            level.1 += self.templates[instance.template as usize].demand;
        }
        for (zone, level) in self.zones.iter().enumerate() {
            let (count, sum) = used.remove(&(zone as u32)).unwrap_or_default();
            assert_eq!((level.instances.now(), level.cpu_milli.now()), (count, sum.cpu_milli));
        }
        let held: u64 =
            (0..self.fleet.zones()).map(|zone| self.fleet.zone_usage(ZoneIx(zone as u32)).claims).sum();
        if self.nodes.is_none() {
            assert_eq!(held, claims);
        }
        for (at, levels) in &ops.levels {
            let view = self.fleet.host(levels.host).expect("it exists");
            let used = view.capacity.cpu_milli - view.free.cpu_milli;
            if self.nodes.is_none() {
                assert_eq!(levels.cpu_milli.now(), used, "dedicated host {at}");
            }
            assert_eq!(ops.in_front.get(&levels.host), Some(at));
        }
    }

    /// Quotas count exactly what lives, and each has one private address (QUO-81, QUO-82, VPC-17, VPC-23).
    pub(in crate::sim::run) fn check_quotas(&self) {
        let ops = self.operations.as_deref().expect("the walk has operations");
        let mut own: BTreeMap<u32, Counted> = BTreeMap::new();
        let mut public = 0;
        for (_, record) in self.records() {
            let counted = own.entry(record.account).or_default();
            let disks = record.disks.len() as u64;
            if record.charge == ChargeType::PostPaid {
                counted.instances += 1;
                counted.disks += disks;
            }
            let portable = |category| self.world.kinds.portable.has(category);
            let data = record.disks.iter().filter(|owned| owned.index != 0 && portable(owned.disk.category));
            counted.portable += data.count() as u64;
            public += u64::from(matches!(record.address, Address::Waiting | Address::Works));
        }
        for disk in ops.disks.each() {
            let counted = own.entry(disk.disk.account).or_default();
            counted.disks += 1;
            counted.portable += 1;
        }
        for (at, name, account) in self.world.accounts.iter() {
            let counted = own.remove(&at).unwrap_or_default();
            let used = Counted {
                instances: account.postpaid_instances.used,
                disks: account.postpaid_disks.used,
                portable: account.portable_disks.used,
            };
            assert_eq!(used, counted, "account {name}");
        }
        assert_eq!(ops.public.iter().map(|quota| quota.used).sum::<u64>(), public, "public addresses");
        let free: u64 = self.world.vswitches.iter().map(|(_, _, one)| u64::from(one.pool.free())).sum();
        let all = self.world.vswitches.iter().count() as u64 * 65_532;
        assert_eq!(free + self.instances.len() as u64, all, "private addresses");
        let live = self.instances.len() as u64;
        assert_eq!(self.world.vpcs.iter().map(|(_, _, vpc)| vpc.instances.used).sum::<u64>(), live);
    }

    /// Room of the pools is that of the disks that there are.
    pub(in crate::sim::run) fn check_pools(&self) {
        let ops = self.operations.as_deref().expect("the walk has operations");
        let mut sold: BTreeMap<(u32, usize), u64> = BTreeMap::new();
        for (slot, record) in self.records() {
            let zone = self.instances[slot as usize].zone.0;
            for owned in &record.disks {
                *sold.entry((zone, owned.disk.slot.into())).or_default() += u64::from(owned.disk.gib);
            }
        }
        for own in ops.disks.each() {
            assert_eq!(own.disk.gib, own.holding.gib());
            *sold.entry((own.disk.zone, own.disk.slot.into())).or_default() += u64::from(own.disk.gib);
            let on = own.on.and_then(|request| ops.by_request.get(&request));
            match own.disk.state {
                DiskState::Available => assert!(own.on.is_none()),
                DiskState::InUse => {
                    let at = ops.disks.named(&own.id).map(|(at, _)| at).expect("it has its id");
                    assert!(ops.record(*on.expect("its instance lives")).attached.contains(&at));
                }
                DiskState::Detaching => {}
            }
        }
        for pool in &ops.pools {
            let free = self.world.slot_room(ZoneIx(pool.zone), pool.slot).expect("it is limited");
            let mine = sold.get(&(pool.zone, pool.slot)).copied().unwrap_or(0);
            assert_eq!(free + mine, pool.gib, "zone {} slot {} of {SLOTS}", pool.zone, pool.slot);
            assert_eq!(pool.sold.now(), mine);
        }
    }

    /// Hosts and sets count the instances that say that they belong to them.
    pub(in crate::sim::run) fn check_groups(&self) {
        let ops = self.operations.as_deref().expect("the walk has operations");
        let (mut hosts, mut sets) = (BTreeMap::<u32, u32>::new(), BTreeMap::<u32, u32>::new());
        for (slot, record) in self.records() {
            let claim = self.instances[slot as usize].claim.as_ref();
            if let Some(at) = record.host {
                *hosts.entry(at).or_default() += 1;
                if let Some(claim) = claim {
                    assert_eq!(ops.levels[&at].host, claim.host(), "it is on its dedicated host");
                }
            } else if let Some(claim) = claim {
                assert!(
                    !ops.in_front.contains_key(&claim.host()),
                    "only those of a dedicated host are on it"
                );
            }
            if let Some(set) = record.set {
                *sets.entry(set).or_default() += 1;
                let bound = self.world.bindings.deployment_set(set);
                assert!(claim.is_none_or(|claim| claim.set() == bound));
            }
        }
        for (at, host) in &ops.hosts.0 {
            assert_eq!(host.instances, hosts.remove(at).unwrap_or(0), "{}", host.id);
        }
        for (at, set) in &ops.sets.0 {
            let members = sets.remove(at).unwrap_or(0);
            assert_eq!(set.members, members, "{}", set.id);
            let used = self.world.sets.get(*at).expect("it exists").instances.used;
            assert_eq!(used, u64::from(members), "{}", set.id);
        }
        assert!(hosts.is_empty() && sets.is_empty(), "of hosts or sets that are gone: {hosts:?} {sets:?}");
        // No two members of a set share a host (DEP-1).
        let mut places: BTreeMap<(u32, HostIx), u32> = BTreeMap::new();
        for (slot, record) in self.records() {
            let host = self.instances[slot as usize].claim.as_ref().map(Claim::host);
            if let (Some(set), Some(host)) = (record.set, host) {
                *places.entry((set, host)).or_default() += 1;
            }
        }
        assert!(places.values().all(|count| *count == 1), "{places:?}");
    }

    /// Modes, places and states go together (LIFE-30, LIFE-35).
    pub(in crate::sim::run) fn check_modes(&self) {
        for (slot, record) in self.records() {
            let instance = &self.instances[slot as usize];
            match instance.state {
                State::Running => {
                    assert!(instance.claim.is_some());
                    assert_eq!(record.mode, StoppedMode::NotApplicable);
                }
                State::Stopping => assert!(instance.claim.is_some()),
                State::Stopped if record.mode == StoppedMode::StopCharging => {
                    assert!(instance.claim.is_none());
                    assert!(!matches!(record.address, Address::Works), "its address is given up");
                }
                _ => {}
            }
        }
    }
}

/// Walks, and returns the digest and the section of the report.
fn walk(scenario: &Scenario, every: u64) -> (String, OperationsSummary) {
    let simulation = Simulation::new(scenario, Path::new("."), None).expect("it can be built");
    let Simulation { scenario, mut cloud, workload, templates, .. } = simulation;
    let (digest, summary) = {
        let mut nobody = ();
        let plan = crate::sim::Plan::default();
        let mut run =
            crate::sim::assemble(scenario, &mut cloud, workload, &templates, plan, None, &mut nobody)
                .expect("a new run");
        let count = Cell::new(0_u64);
        let end = run.until;
        run.steps(
            |run, at| {
                count.set(count.get() + 1);
                if count.get().is_multiple_of(every) {
                    run.check_operations();
                }
                at <= end || run.tally.unanswered() > 0
            },
            |_| Go::On,
        )
        .expect("no trace to fail");
        run.check_operations();
        let now: SimTime = run.queue.now();
        let summary = run.operations_summary(now).expect("the walk has operations");
        let digest = run.digest();
        // When everybody is gone and every disk is deleted, nothing is left.
        let slots: Vec<u32> = run.instances.iter().map(|(slot, _)| slot as u32).collect();
        for slot in slots {
            run.release(now, slot, Gone::Lifetime);
        }
        let disks = run.ops().disks.slots();
        for at in disks {
            run.drop_disk(now, at);
        }
        run.check_operations();
        assert_eq!((run.total.instances.now(), run.total.cpu_milli.now()), (0, 0));
        (digest, summary)
    };
    cloud.fleet.check();
    for zone in (0..cloud.fleet.zones()).map(|zone| ZoneIx(zone as u32)) {
        let usage = cloud.fleet.zone_usage(zone);
        assert_eq!((usage.claims, usage.used), (0, Resources::default()));
    }
    // Sets that the script made may be there still: only what they count is compared.
    for (_, _, set) in cloud.world.sets.iter() {
        assert_eq!(set.instances.used, 0);
    }
    (digest, summary)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_random_walk_of_operations_keeps_every_account(
        seed in any::<u64>().prop_map(|seed| seed >> 1),
        fails in any::<bool>(),
        script in prop::collection::vec((1u32..2_870, 0usize..STEPS.len(), any::<u8>()), 0..160),
    ) {
        walk(&scenario(seed, fails, &script), 11);
    }
}

#[test]
fn a_walk_sees_every_operation_accepted_and_repeats_itself() {
    let script: Vec<(u32, usize, u8)> =
        (0..500u32).map(|at| (at * 5 + 60, (at * 7 % 37) as usize, (at * 37 % 251) as u8)).collect();
    let scenario = scenario(5, true, &script);
    let (digest, summary) = walk(&scenario, 5);
    let sent: Vec<&str> =
        summary.calls.iter().filter(|call| call.accepted > 0).map(|call| call.operation).collect();
    for (action, _) in STEPS {
        assert!(sent.contains(&action), "{action} was never accepted: {:?}", summary.calls);
    }
    let refused: usize = summary.calls.iter().map(|call| call.refused.len()).sum();
    assert!(refused > 25, "{refused} kinds of refusals");
    assert!(summary.restarts.iter().any(|one| one.restarted > 0));
    assert_eq!(walk(&scenario, 1_000).0, digest);
}
