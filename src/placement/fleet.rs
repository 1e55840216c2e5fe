//! The fleet: what callers see.

use crossbeam::utils::CachePadded;

use super::class::{BuildError, ClusterIx, HostClass, HostState, Owner};
use super::demand::{Demand, DemandId};
use super::layout::Layout;
use super::luck::Luck;
use super::policy::{Pick, Policy};
use super::query::Key;
use super::sets::Sets;
use super::shape;
use super::shard::Shard;
use super::state::{Facts, State};
use super::stats::Stats;
use super::want::{Claim, NoRoom, Reason, Want, Zones};
use crate::model::{ClassIx, HostIx, Resources, ZoneIx};
use crate::sync::{AtomicU64, MutexGuard};

/// What the fleet keeps for each zone.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) zone: ZoneIx,
    /// Its shards, in order of rank.
    pub(super) shards: Vec<u32>,
    pub(super) hosts: u32,
    pub(super) capacity: Resources,
    pub(super) luck: Luck,
    /// Where next fit goes on: shard of the zone (high half) and position.
    pub(super) cursor: AtomicU64,
}

/// A fleet of hosts that places instances. Every call takes `&self` and may come from any thread; from one
/// thread the same calls give the same hosts.
///
/// See `docs/placement.md` for the idea, the cost and the lock protocol.
#[derive(Debug)]
pub struct Fleet {
    pub(super) facts: Facts,
    pub(super) layout: Layout,
    pub(super) zones: Vec<Zone>,
    pub(super) shards: Vec<CachePadded<Shard>>,
    pub(super) sets: Sets,
    hosts: u32,
}

/// How full a zone is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Usage {
    /// What all hosts have, whatever their state.
    pub capacity: Resources,
    /// What is claimed.
    pub used: Resources,
    /// Hosts.
    pub hosts: u32,
    /// Hosts on which nothing is claimed.
    pub empty: u32,
    /// Hosts without a free vCPU or without free memory.
    pub full: u32,
    /// Claims.
    pub claims: u64,
}

/// One host now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostView {
    /// Where it stands.
    pub zone: ZoneIx,
    /// Its class.
    pub class: ClassIx,
    /// Its cluster.
    pub cluster: Option<ClusterIx>,
    /// Who may use it.
    pub owner: Owner,
    /// Whether it takes instances that do not name it.
    pub auto_placement: bool,
    /// Whether it takes instances at all.
    pub state: HostState,
    /// Its rack, numbered through the fleet.
    pub rack: u32,
    /// Its switch, numbered through the fleet.
    pub switch: u32,
    /// What it has.
    pub capacity: Resources,
    /// What is free.
    pub free: Resources,
    /// Free thousandths of a vCPU and MiB of each NUMA node.
    pub nodes: Vec<(u32, u32)>,
    /// Free thousandths of each GPU, by its number on the host.
    pub devices: Vec<u16>,
    /// What the policy remembers of it (the lifetime class under `lifetime`).
    pub tag: u32,
}

impl Fleet {
    pub(super) fn assemble(
        facts: Facts,
        layout: Layout,
        zones: Vec<Zone>,
        shards: Vec<CachePadded<Shard>>,
        hosts: u32,
    ) -> Fleet {
        Fleet { facts, layout, zones, shards, sets: Sets::new(), hosts }
    }

    /// Registers one more demand.
    ///
    /// # Errors
    /// When it asks for nothing, or for an impossible share of a GPU.
    pub fn register_demand(&mut self, demand: Demand) -> Result<DemandId, BuildError> {
        let id = self.facts.demands.len();
        if let Some(why) = demand.fault() {
            return Err(BuildError::Demand { demand: id, why });
        }
        self.facts.add_demand(demand);
        for shard in &mut self.shards {
            shard.add_demands(id + 1);
        }
        Ok(DemandId(id as u32))
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.facts.policy
    }

    /// The registered demands.
    pub fn demands(&self) -> &[Demand] {
        &self.facts.demands
    }

    /// The host classes.
    pub fn classes(&self) -> &[HostClass] {
        &self.facts.classes
    }

    /// Number of hosts.
    pub fn len(&self) -> u32 {
        self.hosts
    }

    /// True without hosts.
    pub fn is_empty(&self) -> bool {
        self.hosts == 0
    }

    // --- place and release ---

    /// Finds a host and claims the room on it.
    ///
    /// # Errors
    /// [`NoRoom`] with the constraint that left no host; nothing was claimed.
    #[inline]
    pub fn place(&self, want: &Want<'_>) -> Result<Claim, NoRoom> {
        self.in_zones(want, |zone| self.place_in(want, zone))
    }

    /// Whether [`Fleet::place`] would find a host now. Claims nothing.
    pub fn fits(&self, want: &Want<'_>) -> bool {
        self.in_zones(want, |zone| self.find_in(want, zone, false)).is_ok()
    }

    /// The host that [`Fleet::place`] would take now. Claims nothing, and draws no luck from policies that do: for
    /// those it is a host with room.
    pub fn peek(&self, want: &Want<'_>) -> Result<HostIx, NoRoom> {
        self.in_zones(want, |zone| self.find_in(want, zone, false))
            .map(|(shard, at)| self.layout.host(shard, at))
    }

    /// Gives a claim back.
    #[inline]
    pub fn release(&self, claim: Claim) {
        match claim.set() {
            None => self.vacate(claim),
            Some(set) => self.release_member(set, claim),
        }
    }

    #[inline]
    pub(super) fn vacate(&self, claim: Claim) {
        let (shard, at) = self.layout.locate(claim.host);
        let shard = &self.shards[shard];
        let mut state = shard.lock();
        state.vacate(&self.facts, claim.demand, at, claim.nodes, claim.devices);
        shard.grew();
    }

    /// Tries the zones of a request in order.
    #[inline]
    pub(super) fn in_zones<T>(
        &self,
        want: &Want<'_>,
        mut attempt: impl FnMut(ZoneIx) -> Result<T, Reason>,
    ) -> Result<T, NoRoom> {
        match want.zones {
            Zones::One(zone) => attempt(zone).map_err(|reason| NoRoom { reason }),
            Zones::Any(zones) => {
                let mut furthest = Reason::NoHosts;
                for &zone in zones {
                    match attempt(zone) {
                        Ok(done) => return Ok(done),
                        Err(reason) => furthest = furthest.max(reason),
                    }
                }
                Err(NoRoom { reason: furthest })
            }
        }
    }

    pub(super) fn key(&self, want: &Want<'_>) -> Key {
        Key {
            demand: want.demand,
            owner: want.owner,
            cluster: want.cluster,
            lifetime: if self.facts.policy.rule().looks_at_lifetime() { want.lifetime } else { 0 },
            named: want.host.is_some(),
        }
    }

    #[inline]
    fn place_in(&self, want: &Want<'_>, zone: ZoneIx) -> Result<Claim, Reason> {
        if want.set.is_some() {
            return self.place_in_set(want, zone);
        }
        match self.only_shard(want, zone) {
            Some(shard) => self.place_in_only(want, shard),
            None => self.place_found(want, |claiming| self.find_in(want, zone, claiming)),
        }
    }

    /// The one shard that a request must look at: a zone of one, a policy that ranks shapes, and no host named.
    #[inline]
    pub(super) fn only_shard(&self, want: &Want<'_>, zone: ZoneIx) -> Option<usize> {
        match (self.zones.get(zone.at())?.shards.as_slice(), self.facts.pick) {
            (&[shard], Pick::Best) if want.host.is_none() => Some(shard as usize),
            _ => None,
        }
    }

    /// The short way: search and claim under one lock, in the only shard.
    #[inline]
    fn place_in_only(&self, want: &Want<'_>, shard: usize) -> Result<Claim, Reason> {
        let key = self.key(want);
        let home = &self.shards[shard];
        if key.is_plain()
            && let Some(reason) = home.known_full(key.demand)
        {
            return Err(reason);
        }
        let mut guard = home.lock();
        let state = &mut *guard;
        state.stats.decisions += 1;
        let query = state.query(&self.facts, key);
        match state.find_best(&self.facts, query, None) {
            Some((_, at)) => Ok(self.claim(state, query, shard, at, want)),
            None => Err(home.note_full(state, &self.facts, query)),
        }
    }

    /// Finds a host and claims it, again when another thread took it in between. `find` draws luck and moves the
    /// cursor when it is told to.
    pub(super) fn place_found(
        &self,
        want: &Want<'_>,
        find: impl Fn(bool) -> Result<(usize, u32), Reason>,
    ) -> Result<Claim, Reason> {
        loop {
            let (shard, at) = find(true)?;
            let mut state = self.shards[shard].lock();
            state.stats.decisions += 1;
            let query = state.query(&self.facts, self.key(want));
            if state.has_room_at(&self.facts, query, at) {
                return Ok(self.claim(&mut state, query, shard, at, want));
            }
            state.stats.retries += 1;
        }
    }

    /// Claims the room on a host that has it, under the shard's lock.
    #[inline]
    pub(super) fn claim(
        &self,
        state: &mut State,
        query: usize,
        shard: usize,
        at: u32,
        want: &Want<'_>,
    ) -> Claim {
        let (nodes, devices) = state.occupy(&self.facts, query, at);
        let set = want.set.map_or(0, |set| set.0 + 1);
        Claim { host: self.layout.host(shard, at), demand: want.demand, set, devices, nodes }
    }

    // --- usage and views ---

    /// How full a zone is: a sum over its shards.
    pub fn zone_usage(&self, zone: ZoneIx) -> Usage {
        let Some(zone) = self.zones.get(zone.at()) else { return Usage::default() };
        let mut usage = Usage { capacity: zone.capacity, hosts: zone.hosts, ..Usage::default() };
        for &shard in &zone.shards {
            let state = self.shards[shard as usize].lock();
            usage.used += state.used;
            usage.empty += state.empty;
            usage.full += state.full;
            usage.claims += state.claims;
        }
        usage
    }

    /// Number of zones: one more than the highest zone that has hosts.
    pub fn zones(&self) -> usize {
        self.zones.len()
    }

    /// Zone of a host; none when there is no such host.
    pub fn zone_of(&self, host: HostIx) -> Option<ZoneIx> {
        (host.0 < self.hosts).then(|| self.layout.segment(host).zone)
    }

    /// One host now; none when there is no such host.
    pub fn host(&self, host: HostIx) -> Option<HostView> {
        if host.0 >= self.hosts {
            return None;
        }
        let segment = self.layout.segment(host);
        let (shard, at) = self.layout.locate(host);
        let class = &self.facts.classes[segment.class.at()];
        let state = self.shards[shard].lock();
        let label = state.label_at(at);
        let free = shape::Free::new(state.shapes.vector(state.shape_of[at as usize]), class);
        Some(HostView {
            zone: segment.zone,
            class: segment.class,
            cluster: label.cluster,
            owner: label.owner,
            auto_placement: label.auto_placement,
            state: label.state,
            rack: segment.rack(host),
            switch: segment.switch(host),
            capacity: Resources {
                cpu_milli: class.cpu_milli.into(),
                memory_mib: class.memory_mib.into(),
                gpu_milli: u64::from(class.gpu_count) * 1_000,
                local_disks: class.local_disks.into(),
            },
            free: Resources {
                cpu_milli: free.cpu(),
                memory_mib: free.memory(),
                gpu_milli: free.gpu(),
                local_disks: free.local_disks().into(),
            },
            nodes: (0..free.nodes()).map(|node| (free.node_cpu(node), free.node_memory(node))).collect(),
            devices: state.devices_at(at).to_vec(),
            tag: free.tag(),
        })
    }

    /// Takes a host out of service or back in. Claims on it stay.
    pub fn set_host_state(&self, host: HostIx, to: HostState) {
        self.relabel(host, |label| label.state = to);
    }

    /// Lets an account have a dedicated host, or takes it back into stock; `auto_placement` is the host's
    /// AutoPlacement attribute (DHST-12, DHST-14).
    pub fn set_host_owner(&self, host: HostIx, owner: Owner, auto_placement: bool) {
        self.relabel(host, |label| (label.owner, label.auto_placement) = (owner, auto_placement));
    }

    /// Puts a host into a cluster, or takes it out.
    pub fn set_host_cluster(&self, host: HostIx, cluster: Option<ClusterIx>) {
        self.relabel(host, |label| label.cluster = cluster);
    }

    fn relabel(&self, host: HostIx, change: impl FnOnce(&mut super::class::Label)) {
        if host.0 >= self.hosts {
            return;
        }
        let (shard, at) = self.layout.locate(host);
        let shard = &self.shards[shard];
        let mut state = shard.lock();
        let mut label = state.label_at(at);
        change(&mut label);
        state.relabel(&self.facts, at, label);
        shard.grew();
    }

    /// What the shards have done so far, summed.
    pub fn stats(&self) -> Stats {
        let mut sum = Stats::default();
        for shard in &self.shards {
            let state = shard.lock();
            sum += Stats {
                shapes: state.shapes.list.len() as u64,
                live_shapes: state.live.len() as u64,
                queries: state.queries.len() as u64,
                ..state.stats
            };
        }
        sum
    }

    /// Bytes on the heap, everything counted (hash tables by their capacity).
    pub fn bytes(&self) -> usize {
        self.shards.iter().map(|shard| shard.bytes() + size_of_val(shard)).sum::<usize>()
            + self.layout.bytes()
    }

    /// Checks every shard's index against its hosts, host by host, and panics where they differ. For tests.
    pub fn check(&self) {
        for shard in &self.shards {
            let mut state: MutexGuard<'_, State> = shard.lock();
            state.check(&self.facts);
        }
    }
}
