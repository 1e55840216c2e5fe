//! After every operation, whatever came before: free and claimed make up the capacity of each resource, node and GPU;
//! each live instance is on exactly one host, in the place its claim names; sets keep their limits; the index agrees with
//! the hosts.

use packyard::model::{HostIx, ZoneIx};
use packyard::placement::{
    Claim, Demand, DemandId, Fleet, FleetBuilder, GpuDemand, Granularity, HostClass, HostGroup, HostState,
    Policy, SetIx, SetRule, Want,
};
use proptest::prelude::*;

const ZONES: [ZoneIx; 2] = [ZoneIx(0), ZoneIx(1)];
const PER_ZONE: u32 = 2;
const RACK: u32 = 2;
const HOSTS: u32 = 16;

fn classes() -> [HostClass; 3] {
    let nodes = HostClass {
        numa_nodes: 2,
        split_above_mib: Some(8_192),
        nics: Some(6),
        local_disks: 2,
        ..HostClass::plain("nodes", 8_000, 16_384)
    };
    let gpus = HostClass {
        gpu_count: 4,
        gpu_model: Some("a".to_owned()),
        ..HostClass::plain("gpus", 8_000, 16_384)
    };
    [HostClass::plain("plain", 8_000, 16_384), nodes, gpus]
}

fn demands() -> [Demand; 7] {
    let gpu = |count, milli_each| Some(GpuDemand { count, milli_each, models: Vec::new() });
    [
        Demand::plain(1_000, 1_024),
        Demand::plain(4_000, 4_096),
        Demand::plain(3_001, 8_193),
        Demand { nics: 2, local_disks: 1, ..Demand::plain(1_000, 2_048) },
        Demand { gpu: gpu(1, 300), ..Demand::plain(500, 512) },
        Demand { gpu: gpu(2, 1_000), ..Demand::plain(2_000, 2_048) },
        Demand { gpu: gpu(1, 1_000), ..Demand::plain(1_000, 512) },
    ]
}

/// What to do next; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Place { demand: usize, zone: usize, set: Option<usize>, host: Option<u32> },
    Reserve { demand: usize, commit: bool },
    Release { claim: usize },
    Resize { claim: usize, demand: usize },
    Migrate { claim: usize, zone: usize, set: Option<usize> },
    Join { claim: usize, set: Option<usize> },
    State { host: u32, state: u32 },
}

fn act() -> impl Strategy<Value = Act> {
    let demand = 0..demands().len();
    let set = || proptest::option::weighted(0.4, 0..SETS.len());
    let claim = || any::<usize>();
    prop_oneof![
        6 => (demand.clone(), 0..3usize, set(), proptest::option::weighted(0.1, 0..HOSTS))
            .prop_map(|(demand, zone, set, host)| Act::Place { demand, zone, set, host }),
        1 => (demand.clone(), any::<bool>()).prop_map(|(demand, commit)| Act::Reserve { demand, commit }),
        3 => claim().prop_map(|claim| Act::Release { claim }),
        1 => (claim(), demand).prop_map(|(claim, demand)| Act::Resize { claim, demand }),
        2 => (claim(), 0..3usize, set()).prop_map(|(claim, zone, set)| Act::Migrate { claim, zone, set }),
        1 => (claim(), set()).prop_map(|(claim, set)| Act::Join { claim, set }),
        1 => (0..HOSTS, 0..3u32).prop_map(|(host, state)| Act::State { host, state }),
    ]
}

const SETS: [SetRule; 3] = [
    SetRule::Spread { apart: Granularity::Host, per_zone: PER_ZONE },
    SetRule::Spread { apart: Granularity::Rack, per_zone: PER_ZONE },
    SetRule::Near,
];

struct World {
    fleet: Fleet,
    sets: Vec<SetIx>,
    held: Vec<Claim>,
}

impl World {
    fn new(policy: &str, shards: u32) -> World {
        let mut builder = FleetBuilder::new(Policy::named(policy).expect("a policy"), 3);
        for (at, class) in classes().into_iter().enumerate() {
            let class = builder.class(class);
            for zone in ZONES {
                let hosts = [3, 3, 2][at];
                builder.hosts(HostGroup { hosts_per_rack: RACK, ..HostGroup::new(zone, class, hosts) });
            }
        }
        builder.shards_per_zone(shards);
        for demand in demands() {
            builder.demand(demand);
        }
        let fleet = builder.build().expect("a fleet");
        assert_eq!(fleet.len(), HOSTS);
        let sets = SETS.map(|rule| fleet.add_set(rule)).to_vec();
        World { fleet, sets, held: Vec::new() }
    }

    fn want(&self, demand: usize, zone: usize, set: Option<usize>) -> Want<'static> {
        let demand = DemandId(demand as u32);
        let want = ZONES.get(zone).map_or(Want::any(demand, &ZONES), |&zone| Want::zone(demand, zone));
        set.map_or(want, |set| want.member_of(self.sets[set]))
    }

    fn take(&mut self, at: usize) -> Option<Claim> {
        (!self.held.is_empty()).then(|| self.held.swap_remove(at % self.held.len()))
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Place { demand, zone, set, host } => {
                let want = self.want(demand, zone, set);
                let want = host.map_or(want, |host| want.on(HostIx(host)));
                self.held.extend(self.fleet.place(&want).ok());
            }
            Act::Reserve { demand, commit } => {
                let Ok(reserved) = self.fleet.reserve(&self.want(demand, 2, None)) else { return };
                if commit {
                    self.held.push(self.fleet.commit(reserved));
                } else {
                    self.fleet.cancel(reserved);
                }
            }
            Act::Release { claim } => {
                if let Some(claim) = self.take(claim) {
                    self.fleet.release(claim);
                }
            }
            Act::Resize { claim, demand } => {
                let Some(claim) = self.take(claim) else { return };
                let changed = self.fleet.resize(claim, DemandId(demand as u32));
                self.held.push(changed.unwrap_or_else(|unchanged| unchanged.claim));
            }
            Act::Migrate { claim, zone, set } => {
                let Some(claim) = self.take(claim) else { return };
                let want = self.want(claim.demand().0 as usize, zone, set);
                let before = claim.host();
                match self.fleet.migrate(claim, &want) {
                    Ok(claim) => {
                        assert_ne!(claim.host(), before, "a move goes to another host");
                        self.held.push(claim);
                    }
                    Err(unchanged) => self.held.push(unchanged.claim),
                }
            }
            Act::Join { claim, set } => {
                let Some(claim) = self.take(claim) else { return };
                let joined = self.fleet.join_set(claim, set.map(|set| self.sets[set]));
                self.held.push(joined.unwrap_or_else(|unchanged| unchanged.claim));
            }
            Act::State { host, state } => {
                let state = [HostState::Up, HostState::Draining, HostState::Failed][state as usize];
                self.fleet.set_host_state(HostIx(host), state);
            }
        }
    }

    fn check(&self) {
        self.fleet.check();
        for host in 0..HOSTS {
            self.check_host(HostIx(host));
        }
        for zone in ZONES {
            let usage = self.fleet.zone_usage(zone);
            let held = self.held.iter().filter(|claim| self.fleet.zone_of(claim.host()) == Some(zone));
            let (mut cpu, mut memory, mut gpu, mut disks, mut claims) = (0, 0, 0, 0, 0);
            for claim in held {
                let takes = self.fleet.demands()[claim.demand().0 as usize].resources();
                cpu += takes.cpu_milli;
                memory += takes.memory_mib;
                gpu += takes.gpu_milli;
                disks += takes.local_disks;
                claims += 1;
            }
            let used = usage.used;
            assert_eq!(
                (used.cpu_milli, used.memory_mib, used.gpu_milli, used.local_disks, usage.claims),
                (cpu, memory, gpu, disks, claims)
            );
            self.check_sets(zone);
        }
    }

    /// Counts a host's claims up from nothing, node by node and device by device.
    fn check_host(&self, host: HostIx) {
        let view = self.fleet.host(host).expect("a host");
        let class = &self.fleet.classes()[view.class.at()];
        let mut nodes = vec![(0u32, 0u32); class.numa_nodes as usize];
        let mut devices = vec![0u32; class.gpu_count as usize];
        let mut disks = 0;
        for claim in self.held.iter().filter(|claim| claim.host() == host) {
            let demand = &self.fleet.demands()[claim.demand().0 as usize];
            let mut on = |node: u32, cpu, memory| {
                nodes[node as usize].0 += cpu;
                nodes[node as usize].1 += memory;
            };
            let (cpu, memory) = (demand.cpu_milli, demand.memory_mib);
            match claim.nodes() {
                (node, None) => on(node, cpu, memory),
                (low, Some(high)) => {
                    on(low, cpu.div_ceil(2), memory.div_ceil(2));
                    on(high, cpu / 2, memory / 2);
                }
            }
            let gpu = demand.gpu.clone().unwrap_or_default();
            assert_eq!(claim.devices().count() as u32, gpu.count);
            for device in claim.devices() {
                devices[device as usize] += gpu.milli_each;
            }
            disks += u64::from(demand.local_disks);
        }
        let parts = class.numa_nodes;
        for (free, taken) in view.nodes.iter().zip(&nodes) {
            assert_eq!(free.0 + taken.0, class.cpu_milli / parts, "vCPUs of a node of {host:?}");
            assert_eq!(free.1 + taken.1, class.memory_mib / parts, "memory of a node of {host:?}");
        }
        for (free, taken) in view.devices.iter().zip(&devices) {
            assert_eq!(u32::from(*free) + taken, 1_000, "a GPU of {host:?}");
        }
        assert_eq!(view.devices.len(), devices.len());
        assert_eq!(view.free.local_disks + disks, u64::from(class.local_disks), "disks of {host:?}");
    }

    fn check_sets(&self, zone: ZoneIx) {
        for (&set, rule) in self.sets.iter().zip(SETS) {
            let members = self.held.iter().filter(|claim| claim.set() == Some(set));
            let hosts = members.map(Claim::host).filter(|&host| self.fleet.zone_of(host) == Some(zone));
            let views: Vec<_> =
                hosts.map(|host| (host, self.fleet.host(host).expect("a host").rack)).collect();
            assert_eq!(self.fleet.set_members(set, zone) as usize, views.len());
            let SetRule::Spread { apart, per_zone } = rule else { continue };
            assert!(views.len() <= per_zone as usize);
            for (at, one) in views.iter().enumerate() {
                for other in &views[at + 1..] {
                    assert_ne!(one.0, other.0, "two members on a host");
                    assert!(apart == Granularity::Host || one.1 != other.1, "two members in a rack");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_operation_keeps_the_books(
        policy in 0..Policy::all().count(),
        shards in 1..4u32,
        acts in proptest::collection::vec(act(), 1..120),
    ) {
        let name = Policy::all().nth(policy).expect("a policy").0;
        let mut world = World::new(name, shards);
        for act in acts {
            world.act(act);
            world.check();
        }
        for claim in std::mem::take(&mut world.held) {
            world.fleet.release(claim);
        }
        world.check();
        let empty: u32 = ZONES.iter().map(|&zone| world.fleet.zone_usage(zone).empty).sum();
        assert_eq!(empty, HOSTS, "what was taken came back");
    }
}
