//! A random walk of a whole world with everything on at once: hosts that fail and are drained, operations legal and not,
//! bills, subscriptions and accounts without money, clients that try again, fleets, loads with CPU credits, dedicated
//! hosts, sets, disk pools, and a spot market with fleets of its own. After every few events everything that is counted
//! twice must agree: capacity, addresses, quotas, money, disks, sets, and the market's view of them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::Run;
use crate::model::{AccountIx, Money, Resources, SimTime, ZoneIx};
use crate::placement::Claim;
use crate::scenario::Scenario;
use crate::sim::observe::{Gone, Happened, Observer};
use crate::sim::{Go, Simulation};

const CLOUD: &str = r#"
name = "whole world"
duration = "40d"

[control_plane]
node_concurrency = 3
clone_bandwidth = "4GiB/s"

[failures]
between = { distribution = "exponential", mean = "9d" }
repair = { distribution = "lognormal", median = "3h", sigma = 1.0 }

[maintenance]
bandwidth = "400MiB/s"
patience = "3h"

[network]
public_addresses_per_region = 30

[billing]
due = "DUE"
payments = [
  { account = "poor", at = "20d", amount = 600.5, renew = true },
  { account = "spender", at = "26d", amount = 900.25, renew = true },
]

[spot]
price = { model = "MODEL" }
victims = "VICTIMS"
headroom = { HEADROOM }

[[spot.fleets]]
name = "workers"
account = "spender"
target = 8
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
types = ["ecs.g5.large", "ecs.g5.xlarge"]

[[pools]]
name = "web"
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 3
hosts_per_rack = 1

[[pools]]
name = "burst"
zone = "cn-hangzhou-g"
class = "burst"
hosts = 2

[[classes]]
name = "burst"
vcpus = 40
memory = "128GiB"
overcommit = 2.0
families = ["ecs.t5"]

[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-g"
account = "rich"
count = 2
period = 1
auto_renew = true

[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-g"
account = "poor"
charge = "PostPaid"

[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-g"
count = 3
stock = true

[[disk_pools]]
zone = "cn-hangzhou-g"
category = "cloud_ssd"
capacity = "8TiB"
overcommit = 1.5

[[disk_pools]]
zone = "cn-hangzhou-h"
category = "cloud_efficiency"
capacity = "6TiB"

[[accounts]]
id = "rich"
balance = 60000.0
max_portable_disks = 90
max_disks = 400
max_instances = 120
stop_without_charges = true

[[accounts]]
id = "poor"
balance = 400.125
credit = 50.0
calls_per_minute = 3

[[accounts]]
id = "spender"
balance = 700.0

[[accounts]]
id = "broke"
balance = 110.0

[world.deployment_sets.ds-1]
region = "cn-hangzhou"
[world.deployment_sets.ds-2]
region = "cn-hangzhou"
on_unable_to_redeploy = "KeepStopped"

[[workloads]]
name = "all"
lifetime = { distribution = "lognormal", median = "14h", sigma = 1.2 }
arrivals = { rate = "3/h", batch = { mean = 2.0 } }
params = { InternetMaxBandwidthOut = "5" }
operations = { reboots = "1/d", public_address = true, reuse_disks = true, pause = { share = 0.4, from = "22:00", to = "04:00", mode = "StopCharging" } }
client = { retries = 3, on = ["throttling", "server", "no-stock"], fallback = ["zone", "type"] }

[[workloads.mix]]
type = "ecs.g5.2xlarge"
weight = 3
data_disks = [{ category = "cloud_ssd", size = "100GiB" }]
params = { "DataDisk.1.DeleteWithInstance" = "false" }
or = ["ecs.g5.xlarge"]

[[workloads.mix]]
type = "ecs.g5.xlarge"
params = { DeploymentSetId = "ds-1" }

[[workloads.mix]]
type = "ecs.g5.xlarge"
params = { DeploymentSetId = "ds-2" }

[[workloads.mix]]
type = "ecs.g5.xlarge"
params = { Tenancy = "host" }

[[workloads.mix]]
type = "ecs.g5.xlarge"
params = { InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Week", AutoRenew = "true", AutoRenewPeriod = "1" }
data_disks = [{ category = "cloud_ssd", size = "50GiB" }]

[[workloads.mix]]
type = "ecs.g5.large"
params = { InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Week" }

[[workloads.mix]]
type = "ecs.g5.2xlarge"
weight = 2
params = { SpotStrategy = "SpotAsPriceGo", SpotDuration = "0" }

[[workloads.mix]]
type = "ecs.g5.4xlarge"
weight = 3
params = { SpotStrategy = "SpotWithPriceLimit", SpotPriceLimit = "0.2" }
data_disks = [{ category = "cloud_ssd", size = "20GiB" }]

[[workloads]]
name = "burst"
lifetime = { distribution = "exponential", mean = "30h" }
arrivals = { rate = "0.5/h" }
load = { model = "periodic", low = "5%", high = "80%", busy = "9h", spread = true }
mix = [
  { type = "ecs.t5-lc1m2.small", params = { CreditSpecification = "Unlimited" } },
  { type = "ecs.t5-c1m1.large" },
]

[[workloads]]
name = "grows"
fleet = { size = 6, day = { swing = "80%" }, every = "40min" }
mix = [{ type = "ecs.g5.large" }]
"#;

/// Operations of the walk, with their parameters.
const STEPS: [(&str, &str); 24] = [
    ("StopInstance", ""),
    ("StopInstance", "StoppedMode = \"StopCharging\", ForceStop = \"true\""),
    ("StopInstance", "StoppedMode = \"KeepCharging\""),
    ("StartInstance", ""),
    ("StartInstance", ""),
    ("RebootInstance", ""),
    ("DeleteInstance", "Force = \"true\""),
    ("ModifyInstanceAutoReleaseTime", "AutoReleaseTime = \"+3h\""),
    ("ModifyInstanceDeployment", "DeploymentSetId = \"ds-1\", Force = \"true\""),
    ("ModifyInstanceDeployment", "DeploymentSetId = \"ds-2\""),
    ("ModifyInstanceDeployment", "Tenancy = \"host\""),
    ("ModifyInstanceDeployment", "DedicatedHostId = \"dh-cn-hangzhou-g-1\", Affinity = \"host\""),
    ("AllocatePublicIpAddress", ""),
    ("RedeployInstance", ""),
    ("RaiseEvent", "EventType = \"SystemMaintenance.Redeploy\""),
    ("AttachDisk", "DiskId = \"d-own\""),
    ("DetachDisk", "DiskId = \"data-1\""),
    ("CreateSnapshot", "DiskId = \"data-1\""),
    ("ResizeDisk", "DiskId = \"data-1\", NewSize = \"140\""),
    ("SetLock", "LockReason = \"security\""),
    ("SetLock", ""),
    ("CreateDisk", "ZoneId = \"cn-hangzhou-g\", DiskCategory = \"cloud_ssd\", Size = \"200\""),
    (
        "AllocateDedicatedHosts",
        "DedicatedHostType = \"ddh.g5\", ZoneId = \"cn-hangzhou-g\", Quantity = \"1\", ChargeType = \"PrePaid\", Period = \"1\", AutoRenew = \"true\", AutoRenewPeriod = \"1\"",
    ),
    (
        "AllocateDedicatedHosts",
        "DedicatedHostType = \"ddh.g5\", ZoneId = \"cn-hangzhou-g\", Quantity = \"1\"",
    ),
];

const EVENTS: [&str; 6] = [
    "fail zone cn-hangzhou-h for 50min",
    "fail rack 1 of web",
    "drain pool web for 40min",
    "drain zone cn-hangzhou-g rack by rack for 30min",
    "fail host dh-cn-hangzhou-g-1 for 3h",
    "drain pool burst for 1h",
];

const MODELS: [&str; 3] = ["utilization", "auction", "smooth"];
const VICTIMS: [&str; 4] = ["lowest-bid", "youngest", "fewest", "least-value"];
const HEADROOM: [&str; 3] =
    [r#"policy = "none""#, r#"policy = "fixed", share = "10%""#, r#"policy = "predicted", memory = "4h""#];

/// Hour of the run, what, and to whom.
type Script = Vec<(u32, usize, u8)>;

fn scenario(seed: u64, kind: usize, script: &Script, events: &[(u32, usize)]) -> Scenario {
    let mut text = format!("seed = {seed}\n{CLOUD}")
        .replace("DUE", if kind.is_multiple_of(2) { "hour" } else { "month" })
        .replace("MODEL", MODELS[kind % 3])
        .replace("VICTIMS", VICTIMS[kind % 4])
        .replace("HEADROOM", HEADROOM[kind / 3 % 3]);
    for &(hour, step, who) in script {
        let (action, params) = STEPS[step % STEPS.len()];
        write!(text, "[[operations]]\nat = \"{hour}h\"\ndo = \"{action}\"\nparams = {{ {params} }}\n")
            .unwrap();
        let account = ["rich", "poor", "spender"][usize::from(who % 3)];
        match action {
            "CreateDisk" => writeln!(text, "id = \"d-own\"\naccount = \"{account}\""),
            "AllocateDedicatedHosts" => writeln!(text, "account = \"{account}\""),
            _ if who % 4 == 0 => writeln!(text, "request = {}", u32::from(who) * 9),
            _ => writeln!(text, "workload = \"all\"\nshare = {}", f64::from(who % 10) / 20.0),
        }
        .unwrap();
    }
    for &(hour, event) in events {
        writeln!(text, "[[events]]\nat = \"{hour}h\"\ndo = \"{}\"", EVENTS[event % EVENTS.len()]).unwrap();
    }
    Scenario::from_str(&text, "walk.toml").unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

/// Counts what was told.
#[derive(Default, Debug)]
struct Ear {
    created: u64,
    gone: BTreeMap<&'static str, u64>,
    down: u64,
    moved: u64,
    notices: u64,
    locked: u64,
    accepted: u64,
    refused: u64,
}

impl Observer for Ear {
    fn happened(&mut self, _at: SimTime, what: &Happened<'_>) {
        match what {
            Happened::Created { .. } => self.created += 1,
            Happened::Released { cause, .. } => {
                let cause = match cause {
                    Gone::Reclaimed => "reclaimed",
                    Gone::Overdue => "overdue",
                    Gone::Expired => "expired",
                    _ => "other",
                };
                *self.gone.entry(cause).or_default() += 1;
            }
            Happened::Down { .. } => self.down += 1,
            Happened::Moved { .. } => self.moved += 1,
            Happened::SpotNotice { .. } => self.notices += 1,
            Happened::Locked { .. } => self.locked += 1,
            Happened::Operated { refusal: None, .. } => self.accepted += 1,
            Happened::Operated { .. } => self.refused += 1,
            _ => {}
        }
    }
}

impl Run<'_> {
    /// Panics where two accounts of one thing differ.
    fn check_world(&self, now: SimTime, opening: &[Option<Money>]) {
        self.fleet.check();
        self.check_quotas();
        self.check_pools();
        self.check_groups();
        self.check_modes();
        self.check_capacity();
        let ops = self.operations.as_deref().expect("the walk has operations");
        let account =
            |slot: u32| self.instances.get(slot as usize).map(|_| AccountIx(ops.record(slot).account));
        self.money.as_deref().expect("the walk has bills").check(self.world, now, opening, account);
        let placed = self.instances.iter().filter_map(|(slot, instance)| {
            let host = instance.claim.as_ref().map(Claim::host)?;
            let size = self.templates[instance.template as usize].demand;
            Some((slot as u32, host, size, ops.record(slot as u32).spot))
        });
        let market = self.market.as_deref().expect("the walk has a market");
        market.market.check_places(self.fleet, &placed.collect::<Vec<_>>());
        assert_eq!(self.tally.live(), self.instances.len() as u64);
    }

    /// Claims of the fleet are those of instances, of copies under way and of places that are wiped; levels of use count
    /// every instance with a place once.
    fn check_capacity(&self) {
        let nodes = self.nodes.as_deref().expect("the walk has failures");
        let mut used: BTreeMap<u32, (u64, Resources)> = BTreeMap::new();
        let mut claims = 0;
        for (_, instance) in self.instances.iter() {
            if instance.claim.is_some() {
                claims += 1;
                let level = used.entry(instance.zone.0).or_default();
                level.0 += 1;
                level.1 += self.templates[instance.template as usize].demand;
            }
        }
        for (zone, level) in self.zones.iter().enumerate() {
            let (count, sum) = used.remove(&(zone as u32)).unwrap_or_default();
            assert_eq!((level.instances.now(), level.cpu_milli.now()), (count, sum.cpu_milli));
            assert_eq!(level.memory_mib.now(), sum.memory_mib);
        }
        assert_eq!(nodes.claims_beside(), self.held() - claims, "copies under way and places being wiped");
    }

    /// Claims that the fleet knows.
    fn held(&self) -> u64 {
        (0..self.fleet.zones()).map(|zone| self.fleet.zone_usage(ZoneIx(zone as u32)).claims).sum()
    }
}

/// Walks; returns the digest, what was told, and how many events there were.
fn walk(scenario: &Scenario, every: u64) -> (String, Ear, u64) {
    let simulation = Simulation::new(scenario, Path::new("."), None).expect("it can be built");
    let Simulation { scenario, mut cloud, workload, templates, market, plan } = simulation;
    let mut ear = Ear::default();
    let (digest, events) = {
        let mut run = crate::sim::assemble(scenario, &mut cloud, workload, &templates, plan, None, &mut ear)
            .expect("a new run");
        run.open_market(market);
        let accounts = run.world.all_accounts().count();
        let opening: Vec<Option<Money>> =
            (0..accounts).map(|account| run.world.balance(AccountIx::from(account))).collect();
        let (count, end) = (Cell::new(0_u64), run.until);
        run.steps(
            |run, at| {
                count.set(count.get() + 1);
                if count.get().is_multiple_of(every) {
                    run.check_world(run.queue.now(), &opening);
                }
                at <= end || run.tally.unanswered() > 0
            },
            |_| Go::On,
        )
        .expect("no trace to fail");
        let now = run.queue.now();
        run.check_world(now, &opening);
        let digest = run.digest();
        // When everybody is gone and every disk is deleted, nothing is left.
        let slots: Vec<u32> = run.instances.iter().map(|(slot, _)| slot as u32).collect();
        for slot in slots {
            run.release(now, slot, Gone::Lifetime);
        }
        let disks = run.operations.as_deref().expect("the walk has operations").disks.slots();
        for at in disks {
            run.drop_disk(now, at);
        }
        run.check_world(now, &opening);
        assert_eq!((run.total.instances.now(), run.total.cpu_milli.now()), (0, 0));
        let nodes = run.nodes.as_deref().expect("the walk has failures");
        assert_eq!(run.held(), nodes.claims_beside());
        (digest, count.get())
    };
    for (_, _, set) in cloud.world.sets.iter() {
        assert_eq!(set.instances.used, 0);
    }
    assert_eq!(ear.created, ear.gone.values().sum::<u64>());
    (digest, ear, events)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, max_shrink_iters: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_random_walk_of_a_whole_world_keeps_every_account(
        seed in any::<u64>().prop_map(|seed| seed >> 1),
        kind in 0usize..36,
        script in prop::collection::vec((1u32..950, 0usize..STEPS.len(), any::<u8>()), 0..160),
        events in prop::collection::vec((1u32..950, 0usize..EVENTS.len()), 0..16),
    ) {
        walk(&scenario(seed, kind, &script, &events), 37);
    }
}

#[test]
fn a_walk_of_a_whole_world_meets_everything_and_repeats_itself() {
    let script: Script =
        (0..460u32).map(|at| (at * 2 + 20, (at * 7 % 24) as usize, (at * 37 % 251) as u8)).collect();
    let events: Vec<(u32, usize)> = (0..16u32).map(|at| (at * 55 + 30, at as usize)).collect();
    let scenario = scenario(5, 0, &script, &events);
    let (digest, ear, count) = walk(&scenario, 11);
    assert!(count > 20_000 && ear.created > 1_000, "{count} events: {ear:?}");
    assert!(ear.accepted > 500 && ear.refused > 200, "{ear:?}");
    for cause in ["reclaimed", "overdue", "expired", "other"] {
        assert!(ear.gone.get(cause).is_some_and(|count| *count > 0), "{cause}: {ear:?}");
    }
    for (what, count) in
        [("down", ear.down), ("moved", ear.moved), ("told", ear.notices), ("locked", ear.locked)]
    {
        assert!(count > 0, "{what}: {ear:?}");
    }
    assert_eq!(walk(&scenario, 100_000).0, digest);
}
