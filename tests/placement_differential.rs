//! The placement core against a plain twin that scans every host: for every policy and every constraint, the same
//! host, node and devices, decision by decision.

mod placement_twin;

use packyard::model::{ClassIx, HostIx, ZoneIx};
use packyard::placement::{
    Claim, ClassSet, ClusterIx, Demand, DemandId, Fleet, FleetBuilder, GpuDemand, Granularity, HostClass,
    HostGroup, HostState, Owner, Policy, SetIx, SetRule, Want, Zones,
};
use placement_twin::{Ask, Held, Twin};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Decisions a fleet, and fleets a policy: with 16 policies more than 10^6 decisions in all.
const DECISIONS: u32 = 7_000;
const FLEETS: u64 = 10;

struct Luck(ChaCha8Rng);

impl Luck {
    fn below(&mut self, n: u64) -> u64 {
        self.0.next_u64() % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len() as u64) as usize]
    }
}

fn classes() -> Vec<HostClass> {
    vec![
        HostClass::plain("plain", 32_000, 65_536),
        HostClass {
            numa_nodes: 2,
            split_above_mib: Some(20_480),
            nics: Some(6),
            ..HostClass::plain("numa", 24_001, 98_304)
        },
        HostClass {
            gpu_model: Some("T4".into()),
            gpu_count: 4,
            local_disks: 3,
            ..HostClass::plain("gpu", 48_000, 131_072)
        },
        HostClass {
            gpu_model: Some("V100".into()),
            gpu_count: 8,
            numa_nodes: 2,
            ..HostClass::plain("gpu-numa", 64_000, 262_144)
        },
        HostClass { dedicated: true, ..HostClass::plain("ddh", 32_000, 65_536) },
    ]
}

fn demands(luck: &mut Luck) -> Vec<Demand> {
    let mut demands = Vec::new();
    for _ in 0..12 {
        let cpu = *luck.pick(&[500, 1_000, 2_000, 4_000, 8_000, 16_001]);
        let memory = cpu / 1_000 * luck.pick(&[1_024, 2_048, 4_096]) + 512;
        let mut demand = Demand::plain(cpu, memory);
        match luck.below(6) {
            0 => demand.local_disks = 1,
            1 => demand.nics = 1 + luck.below(3) as u32,
            2 => demand.classes = ClassSet::Only(vec![ClassIx(luck.below(5) as u32), ClassIx(0)]),
            _ => {}
        }
        if luck.one_in(2) {
            let (count, milli_each) =
                *luck.pick(&[(1, 200), (1, 500), (1, 700), (1, 1_000), (2, 1_000), (4, 1_000), (2, 500)]);
            let models = if luck.one_in(4) { vec!["V100".to_owned()] } else { Vec::new() };
            demand.gpu = Some(GpuDemand { count, milli_each, models });
        }
        demands.push(demand);
    }
    demands
}

fn groups(luck: &mut Luck) -> Vec<HostGroup> {
    let mut groups = Vec::new();
    for zone in 0..2 {
        for class in 0..5 {
            groups.push(HostGroup {
                cluster: luck.one_in(2).then(|| ClusterIx(luck.below(2) as u32)),
                owner: if class == 4 {
                    *luck.pick(&[Owner::Account(1), Owner::Account(2), Owner::Shared])
                } else {
                    Owner::Shared
                },
                auto_placement: !luck.one_in(4),
                hosts_per_rack: luck.below(4) as u32,
                racks_per_switch: luck.below(3) as u32,
                ..HostGroup::new(ZoneIx(zone), ClassIx(class), 1 + luck.below(7) as u32)
            });
        }
    }
    groups
}

fn want<'a>(ask: &'a Ask) -> Want<'a> {
    Want {
        zones: if let [zone] = ask.zones[..] { Zones::One(zone) } else { Zones::Any(&ask.zones) },
        host: ask.host,
        cluster: ask.cluster,
        owner: ask.owner,
        set: ask.set.map(|set| SetIx(set as u32)),
        lifetime: ask.lifetime,
        ..Want::zone(DemandId(ask.demand as u32), ZoneIx(0))
    }
}

/// A fleet and its twin, walked through the same requests.
struct Pair {
    luck: Luck,
    fleet: Fleet,
    twin: Twin,
    held: Vec<(Claim, Held)>,
}

impl Pair {
    fn new(policy: &str, seed: u64) -> Pair {
        let mut luck = Luck(ChaCha8Rng::seed_from_u64(seed));
        let (demands, groups) = (demands(&mut luck), groups(&mut luck));
        let mut builder = FleetBuilder::new(Policy::named(policy).expect("a policy"), seed);
        for class in classes() {
            builder.class(class);
        }
        for group in &groups {
            builder.hosts(group.clone());
        }
        for demand in &demands {
            builder.demand(demand.clone());
        }
        let hosts: u32 = groups.iter().map(|group| group.count).sum();
        let ranks: Vec<u32> = match seed % 3 {
            0 => (0..hosts).collect(),
            1 => (0..hosts).rev().collect(),
            _ => (0..hosts).map(|_| luck.below(20) as u32).collect(),
        };
        builder.ranks(ranks.clone()).shards_per_zone(1 + (seed % 4) as u32);
        let fleet = builder.build().expect("a fleet");
        let mut twin = Twin::new(policy, seed, classes(), demands, &groups, &ranks);
        for _ in 0..8 {
            let apart = *luck.pick(&[Granularity::Host, Granularity::Rack, Granularity::Switch]);
            let spread = SetRule::Spread { apart, per_zone: 1 + luck.below(7) as u32 };
            let rule = if luck.one_in(3) { SetRule::Near } else { spread };
            fleet.add_set(rule);
            twin.sets.push((rule, Vec::new()));
        }
        Pair { luck, fleet, twin, held: Vec::new() }
    }

    fn ask(&mut self) -> Ask {
        let luck = &mut self.luck;
        let zone = ZoneIx(luck.below(2) as u32);
        let zones = if luck.one_in(4) { vec![zone, ZoneIx(1 - zone.0)] } else { vec![zone] };
        let owner = if luck.one_in(6) { Owner::Account(1 + luck.below(2) as u32) } else { Owner::Shared };
        Ask {
            demand: luck.below(self.twin.demands.len() as u64) as usize,
            zones,
            host: luck.one_in(8).then(|| HostIx(luck.below(self.twin.hosts.len() as u64) as u32)),
            cluster: luck.one_in(6).then(|| ClusterIx(luck.below(3) as u32)),
            owner,
            set: luck.one_in(4).then(|| luck.below(8) as usize),
            lifetime: luck.below(5) as u8,
        }
    }

    fn place(&mut self) {
        let ask = self.ask();
        let want = want(&ask);
        assert_eq!(self.fleet.fits(&want), self.twin.fits(&ask), "{ask:?}");
        let placed = if self.luck.one_in(8) {
            self.fleet.reserve(&want).map(|reservation| self.fleet.commit(reservation))
        } else {
            self.fleet.place(&want)
        };
        let expected = self.twin.place(&ask);
        match (placed, expected) {
            (Ok(claim), Some(held)) => {
                assert_eq!(claim.host(), held.host, "{ask:?} {:?}", self.twin.demands[ask.demand]);
                let (node, second) = claim.nodes();
                assert_eq!((node as usize, second.map(|node| node as usize)), (held.at.node, held.at.second));
                let devices: Vec<usize> = claim.devices().map(|device| device as usize).collect();
                assert_eq!(devices, held.at.devices);
                self.held.push((claim, held));
            }
            (Err(_), None) => {}
            (placed, expected) => panic!("{ask:?}: {placed:?}, the twin says {expected:?}"),
        }
    }

    fn release(&mut self) {
        if !self.held.is_empty() {
            let at = self.luck.below(self.held.len() as u64) as usize;
            let (claim, held) = self.held.swap_remove(at);
            self.fleet.release(claim);
            self.twin.release(held);
        }
    }

    /// Half of the time another demand on the same host, else another host.
    fn change(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let at = self.luck.below(self.held.len() as u64) as usize;
        let (claim, held) = self.held.swap_remove(at);
        let mut ask = self.ask();
        let same_kind = self.luck.one_in(2);
        let (changed, expected) = if self.luck.one_in(2) {
            (self.fleet.resize(claim, DemandId(ask.demand as u32)), self.twin.resize(&held, ask.demand))
        } else {
            if same_kind {
                (ask.set, ask.demand) = (held.set, held.demand);
            }
            (self.fleet.migrate(claim, &want(&ask)), self.twin.migrate(&held, &ask))
        };
        match (changed, expected) {
            (Ok(claim), Some(new)) => {
                assert_eq!(
                    (claim.host(), claim.set().map(|set| set.0 as usize)),
                    (new.host, new.set),
                    "{ask:?}"
                );
                self.held.push((claim, new));
            }
            (Err(unchanged), None) => self.held.push((unchanged.claim, held)),
            (changed, expected) => panic!("{ask:?}: {changed:?}, the twin says {expected:?}"),
        }
    }

    fn relabel(&mut self) {
        let host = HostIx(self.luck.below(self.twin.hosts.len() as u64) as u32);
        let twin = &mut self.twin.hosts[host.at()];
        match self.luck.below(4) {
            0 | 1 => {
                twin.state =
                    *self.luck.pick(&[HostState::Up, HostState::Up, HostState::Draining, HostState::Failed]);
                self.fleet.set_host_state(host, twin.state);
            }
            2 => {
                twin.cluster = self.luck.one_in(2).then(|| ClusterIx(self.luck.below(2) as u32));
                self.fleet.set_host_cluster(host, twin.cluster);
            }
            _ if twin.class == ClassIx(4) => {
                twin.owner = *self.luck.pick(&[Owner::Account(1), Owner::Account(2), Owner::Stock]);
                twin.auto_placement = self.luck.one_in(2);
                self.fleet.set_host_owner(host, twin.owner, twin.auto_placement);
            }
            _ => {}
        }
    }

    /// Every host the same; usage the sum of what is held.
    fn compare(&self) {
        self.fleet.check();
        for (host, twin) in self.twin.hosts.iter().enumerate() {
            let view = self.fleet.host(HostIx(host as u32)).expect("a host");
            let nodes: Vec<(i64, i64)> =
                view.nodes.iter().map(|&(cpu, memory)| (cpu.into(), memory.into())).collect();
            assert_eq!(nodes, twin.nodes, "host {host}");
            let devices: Vec<i64> = view.devices.iter().map(|&left| left.into()).collect();
            assert_eq!(devices, twin.gpus, "host {host}");
            assert_eq!(view.free.local_disks as i64, twin.disks, "host {host}");
            assert_eq!((view.tag, view.rack, view.switch), (twin.tag, twin.rack, twin.switch), "host {host}");
        }
        for zone in [ZoneIx(0), ZoneIx(1)] {
            let usage = self.fleet.zone_usage(zone);
            let here = || self.held.iter().filter(|(_, held)| self.twin.hosts[held.host.at()].zone == zone);
            let cpu: u64 = here().map(|(_, held)| u64::from(self.twin.demands[held.demand].cpu_milli)).sum();
            assert_eq!((usage.used.cpu_milli, usage.claims), (cpu, here().count() as u64));
        }
    }
}

fn check(policy: &str) {
    for seed in 0..FLEETS {
        let mut pair = Pair::new(policy, seed);
        let mut step = 0;
        while step < DECISIONS {
            // Phases of growth and of shrinking, so that full and empty fleets are both seen.
            let growing = step / 500 % 2 == 0;
            match pair.luck.below(100) {
                0 => pair.relabel(),
                1..8 => pair.change(),
                8..70 if growing => {
                    pair.place();
                    step += 1;
                }
                8..40 => {
                    pair.place();
                    step += 1;
                }
                _ => pair.release(),
            }
            if step % 1_000 == 0 {
                pair.compare();
            }
        }
        pair.compare();
        while !pair.held.is_empty() {
            pair.release();
        }
        pair.compare();
    }
}

macro_rules! agrees {
    ($($test:ident: $policy:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            check($policy);
        }
    )*};
}

agrees! {
    first_fit: "first-fit",
    next_fit: "next-fit",
    best_fit: "best-fit",
    worst_fit: "worst-fit",
    random_fit: "random-fit",
    power_of_k: "power-of-3",
    dot_product: "dot-product",
    cosine: "cosine",
    l2_norm: "l2-norm",
    chain: "chain",
    node_best_fit: "node-best-fit",
    server_best_fit: "server-best-fit",
    gpu_best_fit: "gpu-best-fit",
    gpu_best_fit_exact: "gpu-best-fit-exact",
    gpu_packing: "gpu-packing",
    gpu_clustering: "gpu-clustering",
    fgd: "fgd",
    fgd_balanced: "fgd-balanced",
    lifetime: "lifetime",
}

#[test]
fn every_policy_of_the_registry_has_a_twin() {
    let source = include_str!("placement_differential.rs");
    for (name, _) in Policy::all().filter(|(name, _)| *name != "power-of-2") {
        assert!(source.contains(&format!(": \"{name}\"")), "{name} has no differential test");
    }
}
