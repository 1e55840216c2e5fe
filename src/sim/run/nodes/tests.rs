//! A random walk of a whole world: hundreds of scripted outages, repairs and drains fall into thousands of creations,
//! starts, failures, moves and releases, and after every few events everything that is counted twice must agree.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;

use super::super::{Instance, Run, Step};
use super::Move;
use crate::hypervisor::State;
use crate::model::{HostIx, Resources, SimTime, ZoneIx};
use crate::placement::{Claim, HostState, SetIx};
use crate::scenario::Scenario;
use crate::sim::observe::{Gone, Happened, Observer};
use crate::sim::{Go, Simulation};

const CLOUD: &str = r#"
name = "walk"
duration = "2d"

[failures]
between = { distribution = "BETWEEN", mean = "30h" SHAPE }
repair = { distribution = "lognormal", median = "40min", sigma = 1.0 }
heartbeat = "10s"
missed = 3

[maintenance]
bandwidth = "200MiB/s"
patience = "90min"

[control_plane]
node_concurrency = 2
clone_bandwidth = "2GiB/s"
wipe_bandwidth = "4GiB/s"
boots = [{ family = "ecs.r5", boot = { distribution = "constant", value = "4min" } }]

[[classes]]
name = "store"
vcpus = 56
memory = "224GiB"
local_disks = { count = 12, size = "5500GiB", kind = "hdd" }
families = ["ecs.d1"]

[[pools]]
name = "web"
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 9
hosts_per_rack = 3
racks_per_switch = 2

[[pools]]
name = "memory"
zone = "cn-hangzhou-g"
class = "ddh.r5"
hosts = 3
hosts_per_rack = 2

[[pools]]
name = "store"
zone = "cn-hangzhou-h"
class = "store"
hosts = 3

[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-g"
count = 2
charge = "PostPaid"

[world.deployment_sets.ds-1]
region = "cn-hangzhou"
[world.deployment_sets.ds-2]
region = "cn-hangzhou"
on_unable_to_redeploy = "KeepStopped"

[[workloads]]
name = "all"
lifetime = { distribution = "lognormal", median = "3h", sigma = 1.2 }
arrivals = { rate = "45/h", batch = { mean = 3.0 } }
mix = [
  { type = "ecs.g5.4xlarge", weight = 30 },
  { type = "ecs.g5.xlarge", weight = 30, params = { DeploymentSetId = "ds-1" } },
  { type = "ecs.g5.xlarge", weight = 30, params = { DeploymentSetId = "ds-2" } },
  { type = "ecs.g5.2xlarge", weight = 10, params = { NodeControllerId = "nc-cn-hangzhou-g-4" }, ZONES },
  { type = "ecs.r5.xlarge", weight = 20 },
  { type = "ecs.d1.2xlarge", weight = 20 },
  { type = "ecs.g5.large", weight = 20, params = { Tenancy = "host" } },
]
"#;

/// What may happen to which hosts.
const AREAS: [&str; 14] = [
    "zone cn-hangzhou-g",
    "zone cn-hangzhou-h",
    "cluster c-cn-hangzhou-h",
    "pool memory",
    "pool store",
    "pool web",
    "rack 1 of web",
    "rack 4 of web",
    "rack 2 of cn-hangzhou-g",
    "switch 1 of cn-hangzhou-g",
    "switch 2 of web",
    "host 5 of web",
    "host nc-cn-hangzhou-g-4",
    "host dh-cn-hangzhou-g-1",
];

fn scenario(seed: u64, wears: bool, script: &[(u32, u8, usize, u32)]) -> Scenario {
    let (between, shape) = if wears { ("weibull", ", shape = 2.0") } else { ("exponential", "") };
    let mut text = format!("seed = {seed}\n");
    text += &CLOUD.replace("BETWEEN", between).replace("SHAPE", shape).replace(", ZONES", "");
    for &(minute, verb, area, span) in script {
        let area = AREAS[area % AREAS.len()];
        let action = match verb % 6 {
            0 => format!("fail {area}"),
            1 => format!("fail {area} for {span}min"),
            2 => format!("drain {area} for {span}min"),
            3 => format!("drain {area} rack by rack for {span}min"),
            4 => format!("drain {area}"),
            _ => format!("repair {area}"),
        };
        writeln!(text, "[[events]]\nat = \"{minute}min\"\ndo = \"{action}\"").unwrap();
    }
    Scenario::from_str(&text, "walk.toml").unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Counts what was told.
#[derive(Default)]
struct Ear {
    created: u64,
    gone: u64,
    down: u64,
    runs: u64,
    again: u64,
    moved: u64,
}

impl Observer for Ear {
    fn happened(&mut self, _at: SimTime, what: &Happened<'_>) {
        match what {
            Happened::Created { .. } => self.created += 1,
            Happened::Released { .. } => self.gone += 1,
            Happened::Down { .. } => self.down += 1,
            Happened::Running { .. } => self.runs += 1,
            Happened::RunsAgain { .. } => self.again += 1,
            Happened::Moved { from, to, .. } => {
                assert_ne!(from, to);
                self.moved += 1;
            }
            _ => {}
        }
    }
}

impl Run<'_> {
    /// Panics where two accounts of one thing differ.
    fn check(&self) {
        self.fleet.check();
        let nodes = self.nodes.as_ref().expect("the walk has node controllers");
        let mut places: BTreeMap<HostIx, BTreeSet<u32>> = BTreeMap::new();
        let mut claims: Vec<&Claim> = Vec::new();
        let mut levels: BTreeMap<ZoneIx, (u64, Resources)> = BTreeMap::new();
        let mut members: BTreeMap<SetIx, Vec<(u32, HostIx)>> = BTreeMap::new();
        for (slot, instance) in self.instances.iter() {
            let slot = slot as u32;
            self.check_state(slot, instance);
            let Some(claim) = &instance.claim else { continue };
            assert!(places.entry(claim.host()).or_default().insert(slot));
            claims.push(claim);
            let level = levels.entry(instance.zone).or_default();
            level.0 += 1;
            level.1 += self.templates[instance.template as usize].demand;
            assert_eq!(claim.set(), instance.bound.as_ref().and_then(|want| want.set), "sets agree");
            if let Some(set) = claim.set() {
                members.entry(set).or_default().push((slot, claim.host()));
            }
        }
        for (host, residents) in nodes.residents.iter().enumerate() {
            let known: BTreeSet<u32> = residents.iter().copied().collect();
            assert_eq!(known.len(), residents.len());
            assert_eq!(known, places.remove(&HostIx(host as u32)).unwrap_or_default(), "host {host}");
        }
        // Levels of use count every instance with a place once, whatever its copies claim.
        for (zone, level) in self.zones.iter().enumerate() {
            let (instances, sum) = levels.remove(&ZoneIx(zone as u32)).unwrap_or_default();
            assert_eq!((level.instances.now(), level.cpu_milli.now()), (instances, sum.cpu_milli));
            assert_eq!(level.memory_mib.now(), sum.memory_mib);
        }
        self.check_moves(&mut members);
        self.check_sets();
        // No two members of a set share a host (DEP-1), not even while one of them moves.
        for (set, members) in members {
            let hosts: BTreeSet<HostIx> = members.iter().map(|(_, host)| *host).collect();
            assert_eq!(hosts.len(), members.len(), "set {set:?}: {members:?}");
        }
        let wiping = nodes.wiping.iter().map(|(_, claim)| claim.host());
        let held = claims.len() + nodes.moves.len() + wiping.count();
        let usage = (0..self.fleet.zones()).map(|zone| self.fleet.zone_usage(ZoneIx(zone as u32)).claims);
        assert_eq!(usage.sum::<u64>(), held as u64, "claims, copies under way and places being wiped");
        self.check_hosts();
        self.check_counts();
    }

    fn check_state(&self, slot: u32, instance: &Instance) {
        let nodes = self.nodes.as_ref().expect("the walk has node controllers");
        let host = instance.claim.as_ref().map(Claim::host);
        let dead = host.is_some_and(|host| nodes.is_dead(host));
        let worked = host.and_then(|host| nodes.trouble.get(&host)).is_some_and(|trouble| trouble.in_work);
        let down = nodes.down.contains_key(&slot);
        match instance.state {
            State::Pending => assert!(instance.step == Step::Slot && host.is_some() && !dead && !down),
            State::Starting => assert!(instance.step != Step::None && host.is_some() && !dead && !worked),
            State::Running => {
                assert!(instance.step == Step::None && host.is_some() && !dead && !worked && !down);
            }
            State::Stopped => assert!(down && instance.step == Step::None, "nobody stops instances here"),
            State::Stopping | State::Released => panic!("{:?}", instance.state),
        }
        assert!(host.is_some() || nodes.down[&slot].retry.is_some(), "without a place it looks for one");
    }

    fn check_moves(&self, members: &mut BTreeMap<SetIx, Vec<(u32, HostIx)>>) {
        let nodes = self.nodes.as_ref().expect("the walk has node controllers");
        let per_host = nodes.rules.moves_per_host;
        let (mut out, mut into) = (BTreeMap::<HostIx, u32>::new(), BTreeMap::<HostIx, u32>::new());
        for (at, Move { instance, from, to, end, .. }) in nodes.moves.iter() {
            let one = &self.instances[*instance as usize];
            assert_eq!(nodes.move_of.get(instance), Some(&(at as u32)));
            assert_eq!((one.state, one.claim.as_ref().map(Claim::host)), (State::Running, Some(*from)));
            assert!(!nodes.is_dead(to.host()) && to.host() != *from);
            *out.entry(*from).or_default() += 1;
            *into.entry(to.host()).or_default() += u32::from(end.is_some());
            if let Some(set) = one.claim.as_ref().and_then(Claim::set) {
                members.entry(set).or_default().push((*instance, to.host()));
            }
        }
        assert_eq!(nodes.move_of.len(), nodes.moves.len());
        assert!(out.values().chain(into.values()).all(|count| *count <= per_host), "{out:?} {into:?}");
        for (host, count) in out {
            assert_eq!(nodes.trouble[&host].moving_out, count);
        }
        assert_eq!(nodes.incoming.values().map(|one| one.running).sum::<u32>(), into.values().sum::<u32>());
    }

    /// The fleet counts every member once in its zone, and twice while it moves, whether it has a host or not.
    fn check_sets(&self) {
        let nodes = self.nodes.as_ref().expect("the walk has node controllers");
        let mut counts: BTreeMap<(SetIx, ZoneIx), u32> = BTreeMap::new();
        for (slot, instance) in self.instances.iter() {
            if let Some(set) = instance.bound.as_ref().and_then(|want| want.set) {
                let ends = 1 + u32::from(nodes.move_of.contains_key(&(slot as u32)));
                *counts.entry((set, instance.zone)).or_default() += ends;
            }
        }
        for ((set, zone), count) in counts {
            assert_eq!(self.fleet.set_members(set, zone), count, "{set:?} {zone:?}");
        }
    }

    fn check_hosts(&self) {
        let nodes = self.nodes.as_ref().expect("the walk has node controllers");
        let mut dead = 0;
        for host in (0..self.fleet.len()).map(HostIx) {
            let trouble = nodes.trouble.get(&host);
            let outages = trouble.map_or(0, |trouble| trouble.outages.len());
            assert_eq!(nodes.is_dead(host), outages > 0);
            dead += u64::from(outages > 0);
            let expected = match trouble {
                Some(trouble) if trouble.noticed => HostState::Failed,
                Some(trouble) if trouble.drain.is_some() => HostState::Draining,
                _ => HostState::Up,
            };
            assert_eq!(self.fleet.host(host).expect("it exists").state, expected, "{host:?} {trouble:?}");
        }
        assert_eq!(nodes.tally.hosts_down.now(), dead);
        assert_eq!(
            nodes.outages.len(),
            nodes.trouble.values().map(|trouble| trouble.outages.len()).sum::<usize>()
        );
    }

    fn check_counts(&self) {
        let nodes = self.nodes.as_ref().expect("the walk has node controllers");
        let report = nodes.tally.report();
        let back = report.recovered_elsewhere + report.recovered_in_place + report.released_while_down;
        assert_eq!(report.went_down, back + report.down);
        assert_eq!(report.down, nodes.down.len() as u64);
        assert_eq!(report.migrations.under_way, nodes.moves.len() as u64);
        assert_eq!(self.tally.live(), self.instances.len() as u64);
        // Quotas of the world count exactly the instances that live.
        let account = self.world.accounts.iter().map(|(_, _, account)| account.postpaid_instances.used);
        assert_eq!(account.sum::<u64>(), self.instances.len() as u64);
        let in_sets =
            self.instances.iter().filter(|(_, one)| one.bound.as_ref().is_some_and(|b| b.set.is_some()));
        let used: u64 = self.world.sets.iter().map(|(_, _, set)| set.instances.used).sum();
        assert_eq!(used, in_sets.count() as u64);
        let addresses = self.world.vswitches.iter().map(|(_, _, one)| u64::from(one.pool.free()));
        assert_eq!(addresses.sum::<u64>() + self.instances.len() as u64, self.addresses());
    }

    /// Addresses that nobody has in an empty world of two vSwitches.
    fn addresses(&self) -> u64 {
        self.world.vswitches.iter().count() as u64 * 65_532
    }
}

/// Walks, and returns the digest and what was counted.
fn walk(scenario: &Scenario, every: u64) -> (String, crate::sim::NodeReport, Ear) {
    let simulation = Simulation::new(scenario, Path::new("."), None).expect("it can be built");
    let Simulation { scenario, mut cloud, workload, templates, plan, .. } = simulation;
    let before = cloud.world.digest();
    let mut ear = Ear::default();
    let (digest, report) = {
        let mut run = crate::sim::assemble(scenario, &mut cloud, workload, &templates, plan, None, &mut ear)
            .expect("a new run");
        let count = Cell::new(0_u64);
        let end = run.until;
        run.steps(
            |run, at| {
                count.set(count.get() + 1);
                if count.get().is_multiple_of(every) {
                    run.check();
                }
                at <= end || run.tally.unanswered() > 0
            },
            |_| Go::On,
        )
        .expect("no trace to fail");
        run.check();
        assert!(count.get() > 2_000, "only {} events", count.get());
        let report = run.nodes.as_ref().expect("the walk has node controllers").tally.report();
        let digest = run.digest();
        // When everybody is gone, nothing is left.
        let now = run.queue.now();
        let slots: Vec<u32> = run.instances.iter().map(|(slot, _)| slot as u32).collect();
        for slot in slots {
            run.release(now, slot, Gone::Lifetime);
        }
        let nodes = run.nodes.as_mut().expect("the walk has node controllers");
        assert!(nodes.moves.len() == 0 && nodes.down.is_empty() && nodes.residents.iter().all(Vec::is_empty));
        for at in nodes.wiping.iter().map(|(at, _)| at).collect::<Vec<_>>() {
            run.fleet.release(nodes.wiping.remove(at));
        }
        assert_eq!((run.total.instances.now(), run.total.cpu_milli.now()), (0, 0));
        (digest, report)
    };
    cloud.fleet.check();
    for zone in (0..cloud.fleet.zones()).map(|zone| ZoneIx(zone as u32)) {
        let usage = cloud.fleet.zone_usage(zone);
        assert_eq!((usage.claims, usage.used, usage.empty), (0, Resources::default(), usage.hosts));
    }
    cloud.world.forget_numbers();
    assert_eq!(cloud.world.digest(), before, "the world is as it was");
    assert_eq!(ear.created, ear.gone);
    (digest, report, ear)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 30, ..ProptestConfig::default() })]

    #[test]
    fn a_random_walk_keeps_every_account(
        seed in any::<u64>().prop_map(|seed| seed >> 1),
        wears in any::<bool>(),
        script in prop::collection::vec((1u32..2_870, any::<u8>(), 0usize..AREAS.len(), 1u32..240), 0..120),
    ) {
        walk(&scenario(seed, wears, &script), 7);
    }
}

#[test]
fn a_walk_reaches_everything_and_repeats_itself() {
    let script: Vec<(u32, u8, usize, u32)> = (0..60u32)
        .map(|at| (at * 45 + 20, (at * 5 % 17) as u8, (at * 11 % 14) as usize, 10 + at * 7 % 90))
        .collect();
    let scenario = scenario(11, false, &script);
    let (digest, report, ear) = walk(&scenario, 1);
    let moves = &report.migrations;
    for (what, count) in [
        ("failures", report.host_failures),
        ("elsewhere", report.recovered_elsewhere),
        ("in place", report.recovered_in_place),
        ("released while down", report.released_while_down),
        ("no room", report.tries_without_room),
        ("left their set", report.left_their_set),
        ("moved", moves.done),
        ("moves cut", moves.cut),
        ("no room to move", moves.tries_without_room),
        ("emptied", report.hosts_emptied),
        ("worked on", report.hosts_worked_on),
        ("stopped for work", report.stopped_for_work),
        ("wiped", report.places_wiped),
        ("runs again", ear.again),
        ("first runs", ear.runs),
    ] {
        assert!(count > 0, "{what}: {report:?}");
    }
    assert_eq!(ear.moved, moves.done);
    assert!(ear.down >= report.went_down);
    assert!(report.downtime_us.count <= report.recovered_elsewhere + report.recovered_in_place);
    assert_eq!(walk(&scenario, 1_000).0, digest);
}
