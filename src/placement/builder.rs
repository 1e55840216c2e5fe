//! Building a fleet.

use std::ops::Range;

use crossbeam::utils::CachePadded;

use super::class::{BuildError, HostClass, HostGroup, HostState, Label, Owner};
use super::demand::{Demand, DemandId};
use super::fleet::{Fleet, Zone};
use super::layout::{Layout, Segment};
use super::luck::Luck;
use super::policy::Policy;
use super::shard::Shard;
use super::state::Facts;
use crate::model::{ClassIx, HostIx, Resources, ZoneIx};
use crate::sync::AtomicU64;

/// Collects classes, hosts and demands, and makes a [`Fleet`] of them.
#[derive(Clone, Debug)]
pub struct FleetBuilder {
    policy: Policy,
    seed: u64,
    classes: Vec<HostClass>,
    groups: Vec<HostGroup>,
    demands: Vec<Demand>,
    ranks: Option<Vec<u32>>,
    shards_per_zone: u32,
    hosts: u32,
}

impl FleetBuilder {
    /// An empty fleet that will place by `policy`; `seed` is for policies that draw.
    pub fn new(policy: Policy, seed: u64) -> FleetBuilder {
        FleetBuilder {
            policy,
            seed,
            classes: Vec::new(),
            groups: Vec::new(),
            demands: Vec::new(),
            ranks: None,
            shards_per_zone: 1,
            hosts: 0,
        }
    }

    /// Adds a host class. Classes are numbered in order of adding.
    pub fn class(&mut self, class: HostClass) -> ClassIx {
        self.classes.push(class);
        ClassIx::from(self.classes.len() - 1)
    }

    /// Adds hosts; their numbers. Hosts are dense, in order of adding.
    pub fn hosts(&mut self, group: HostGroup) -> Range<u32> {
        let first = self.hosts;
        self.hosts += group.count;
        self.groups.push(group);
        first..self.hosts
    }

    /// Registers a demand. Demands are numbered in order of adding.
    pub fn demand(&mut self, demand: Demand) -> DemandId {
        self.demands.push(demand);
        DemandId(self.demands.len() as u32 - 1)
    }

    /// Cuts every zone into so many shards (at least 1, the default), along the order of ranks.
    ///
    /// One shard a zone is best for one thread. More let more threads work in one zone, at the price of a look
    /// at each shard for a decision: the result is the same.
    pub fn shards_per_zone(&mut self, shards: u32) -> &mut FleetBuilder {
        self.shards_per_zone = shards.max(1);
        self
    }

    /// The order of hosts that ties and first fit follow: the rank of each host. By default hosts rank in order
    /// of adding; hosts of equal rank too.
    pub fn ranks(&mut self, ranks: Vec<u32>) -> &mut FleetBuilder {
        self.ranks = Some(ranks);
        self
    }

    /// Makes the fleet, empty.
    ///
    /// # Errors
    /// When a class, a demand or a group cannot be: see [`BuildError`].
    pub fn build(self) -> Result<Fleet, BuildError> {
        for class in &self.classes {
            class.check()?;
        }
        for (demand, facts) in self.demands.iter().enumerate() {
            if let Some(why) = facts.fault() {
                return Err(BuildError::Demand { demand, why });
            }
        }
        let classes = self.classes.len();
        if let Some(group) = self.groups.iter().find(|group| group.class.at() >= classes) {
            return Err(BuildError::UnknownClass { class: group.class.0, classes });
        }
        if let Some(ranks) = &self.ranks
            && ranks.len() != self.hosts as usize
        {
            return Err(BuildError::Ranks { ranks: ranks.len(), hosts: self.hosts as usize });
        }
        let mut policy = self.policy;
        policy.learn(&self.demands);
        let facts = Facts::new(self.classes, self.demands, policy);

        let zones = self.groups.iter().map(|group| group.zone.at() + 1).max().unwrap_or(0);
        let segments = segments(&self.groups, &facts.classes);
        let (layout, members) = Layout::new(segments, zones, self.shards_per_zone, self.ranks.as_deref());
        let mut table: Vec<Zone> = (0..zones).map(|zone| Zone::new(self.seed, zone)).collect();
        let mut shards = Vec::with_capacity(members.len());
        for (zone, hosts) in &members {
            let zone = &mut table[*zone];
            let mut described = Vec::with_capacity(hosts.len());
            for &host in hosts {
                let segment = layout.segment(host);
                let class = &facts.classes[segment.class.at()];
                zone.capacity += Resources {
                    cpu_milli: class.cpu_milli.into(),
                    memory_mib: class.memory_mib.into(),
                    gpu_milli: u64::from(class.gpu_count) * 1_000,
                    local_disks: class.local_disks.into(),
                };
                described.push((segment.class, segment.label));
            }
            zone.hosts += hosts.len() as u32;
            zone.shards.push(shards.len() as u32);
            shards.push(CachePadded::new(Shard::new(&facts, &described)));
        }
        Ok(Fleet::assemble(facts, layout, table, shards, self.hosts))
    }
}

/// Groups as segments, with their racks and switches numbered through.
fn segments(groups: &[HostGroup], classes: &[HostClass]) -> Vec<Segment> {
    let (mut first, mut rack, mut switch) = (0, 0, 0);
    let mut segments = Vec::with_capacity(groups.len());
    for group in groups.iter().filter(|group| group.count > 0) {
        let per_rack = if group.hosts_per_rack == 0 { group.count } else { group.hosts_per_rack };
        let racks = group.count.div_ceil(per_rack);
        let per_switch = if group.racks_per_switch == 0 { racks } else { group.racks_per_switch };
        let owner = match group.owner {
            Owner::Shared if classes[group.class.at()].dedicated => Owner::Stock,
            owner => owner,
        };
        segments.push(Segment {
            hosts: HostIx(first)..HostIx(first + group.count),
            zone: group.zone,
            class: group.class,
            label: Label {
                owner,
                cluster: group.cluster,
                auto_placement: group.auto_placement,
                state: HostState::Up,
            },
            first_rack: rack,
            per_rack,
            first_switch: switch,
            per_switch,
        });
        first += group.count;
        rack += racks;
        switch += racks.div_ceil(per_switch);
    }
    segments
}

impl Zone {
    fn new(seed: u64, zone: usize) -> Zone {
        Zone {
            zone: ZoneIx::from(zone),
            shards: Vec::new(),
            hosts: 0,
            capacity: Resources::default(),
            luck: Luck::new(seed, zone as u64),
            cursor: AtomicU64::new(0),
        }
    }
}
