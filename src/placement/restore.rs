//! The state of a fleet as data, and a fleet that goes on from it.
//!
//! What a decision depends on: the free vector, the label and the tag of every host; its devices by number; the sets and
//! their members; where next fit goes on; how far the luck of each zone is. Vectors and devices follow from the claims;
//! everything else the shards remember (orders, verdicts, shapes after placement) can be found again and changes no
//! decision. So a fleet is restored by labels and sets first, then every claim where it was, then tags and luck.

use serde::{Deserialize, Serialize};

use super::class::{ClusterIx, Label, Owner};
use super::demand::{Demand, DemandId};
use super::fit;
use super::fleet::Fleet;
use super::sets::{SetIx, SetRule};
use super::shape::{self, Free, Vector};
use super::state::{Facts, State};
use super::want::{Claim, NO_NODE, Want, Zones};
use crate::model::{HostIx, Resources, ZoneIx};
use crate::sync::Ordering;

/// A [`Claim`] as data. It claims nothing until [`Fleet::restore_claim`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedClaim {
    host: HostIx,
    demand: DemandId,
    set: u32,
    devices: u16,
    nodes: u8,
}

/// A [`Want`] of one zone as data.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SavedWant {
    demand: DemandId,
    zone: ZoneIx,
    host: Option<HostIx>,
    cluster: Option<ClusterIx>,
    owner: Owner,
    set: Option<SetIx>,
    lifetime: u8,
}

/// Everything of a fleet but the claims.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FleetState {
    hosts: u32,
    /// Labels that are no longer what they were built as.
    labels: Vec<(u32, Label)>,
    /// Tags that are not 0.
    tags: Vec<(u32, u32)>,
    sets: Vec<SetRule>,
    zones: Vec<ZoneState>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct ZoneState {
    cursor: u64,
    luck: u128,
    /// What is claimed, to check the claims against.
    used: Resources,
    claims: u64,
}

/// Why a state does not fit a fleet.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// Another fleet.
    #[error(
        "the state is of a fleet of {saved} hosts and {saved_zones} zones, this one has {hosts} and {zones}"
    )]
    Fleet {
        /// Hosts of the state.
        saved: u32,
        /// Zones of the state.
        saved_zones: usize,
        /// Hosts of the fleet.
        hosts: u32,
        /// Zones of the fleet.
        zones: usize,
    },
    /// A claim that names something that is not there, or has no room.
    #[error("an instance does not fit host {} of this fleet", host.0)]
    Claim {
        /// The host that it was on.
        host: HostIx,
    },
    /// Another set of this number.
    #[error("set {0} of the state is another one in this fleet")]
    Set(usize),
    /// Claims are missing, or too many.
    #[error("what is claimed in zone {0} is not what was claimed there")]
    Claims(usize),
}

impl Claim {
    /// The claim as data.
    pub fn save(&self) -> SavedClaim {
        let Claim { host, demand, set, devices, nodes } = *self;
        SavedClaim { host, demand, set, devices, nodes }
    }
}

impl SavedWant {
    /// A want as data; none when it is of several zones.
    pub fn of(want: &Want<'_>) -> Option<SavedWant> {
        let Want { demand, zones: Zones::One(zone), host, cluster, owner, set, lifetime } = *want else {
            return None;
        };
        Some(SavedWant { demand, zone, host, cluster, owner, set, lifetime })
    }

    /// The want.
    pub fn want(self) -> Want<'static> {
        let SavedWant { demand, zone, host, cluster, owner, set, lifetime } = self;
        Want { demand, zones: Zones::One(zone), host, cluster, owner, set, lifetime }
    }
}

impl Fleet {
    /// Everything but the claims, as data.
    pub fn save(&self) -> FleetState {
        let (mut labels, mut tags) = (Vec::new(), Vec::new());
        for host in 0..self.len() {
            let (shard, at) = self.layout.locate(HostIx(host));
            let state = self.shards[shard].lock();
            let label = state.label_at(at);
            if label != self.layout.segment(HostIx(host)).label {
                labels.push((host, label));
            }
            match shape::tag_of(state.shapes.vector(state.shape_of[at as usize])) {
                0 => {}
                tag => tags.push((host, tag)),
            }
        }
        let zones = self.zones.iter().map(|zone| {
            let usage = self.zone_usage(zone.zone);
            ZoneState {
                cursor: zone.cursor.load(Ordering::Relaxed),
                luck: zone.luck.position(),
                used: usage.used,
                claims: usage.claims,
            }
        });
        let zones = zones.collect();
        FleetState { hosts: self.len(), labels, tags, sets: self.sets.rules(), zones }
    }

    /// Goes on from a state, in a fleet on which nothing is claimed. `claims` claims everything that was claimed, with
    /// [`Fleet::restore_claim`].
    ///
    /// # Errors
    /// When the state is of another fleet, or the claims are not those that belong to it; the fleet is of no use then.
    pub fn restore<E: From<Misfit>>(
        &self,
        state: &FleetState,
        claims: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        let FleetState { hosts, labels, tags, sets, zones } = state;
        if *hosts != self.len() || zones.len() != self.zones.len() {
            let (saved, saved_zones) = (*hosts, zones.len());
            let (hosts, zones) = (self.len(), self.zones.len());
            return Err(Misfit::Fleet { saved, saved_zones, hosts, zones }.into());
        }
        let known = self.sets.rules();
        for (at, rule) in sets.iter().enumerate() {
            match known.get(at) {
                Some(known) if known != rule => return Err(Misfit::Set(at).into()),
                Some(_) => {}
                None => drop(self.add_set(*rule)),
            }
        }
        for &(host, label) in labels {
            let (shard, at) = self.place_of(HostIx(host))?;
            self.shards[shard].lock().relabel(&self.facts, at, label);
        }
        claims()?;
        for &(host, tag) in tags {
            let (shard, at) = self.place_of(HostIx(host))?;
            self.shards[shard].lock().retag(&self.facts, at, tag);
        }
        for (at, (zone, saved)) in self.zones.iter().zip(zones).enumerate() {
            zone.cursor.store(saved.cursor, Ordering::Relaxed);
            zone.luck.seek(saved.luck);
            let usage = self.zone_usage(zone.zone);
            if (usage.used, usage.claims) != (saved.used, saved.claims) {
                return Err(Misfit::Claims(at).into());
            }
        }
        Ok(())
    }

    /// Claims what was claimed, where it was.
    ///
    /// # Errors
    /// When the fleet has no such host, demand or set, or no room there.
    pub fn restore_claim(&self, saved: SavedClaim) -> Result<Claim, Misfit> {
        let SavedClaim { host, demand, set, devices, nodes } = saved;
        let misfit = || Misfit::Claim { host };
        let (shard, at) = self.place_of(host)?;
        self.shards[shard].lock().occupy_again(&self.facts, saved, at).ok_or_else(misfit)?;
        let claim = Claim { host, demand, set, devices, nodes };
        match claim.set() {
            Some(set) if !self.seat(set, host) => Err(misfit()),
            _ => Ok(claim),
        }
    }

    fn place_of(&self, host: HostIx) -> Result<(usize, u32), Misfit> {
        if host.0 < self.len() { Ok(self.layout.locate(host)) } else { Err(Misfit::Claim { host }) }
    }
}

impl State {
    /// Puts an instance back on the host at a position; none when it has no room for it.
    fn occupy_again(&mut self, facts: &Facts, saved: SavedClaim, at: u32) -> Option<()> {
        let demand = facts.demands.get(saved.demand.0 as usize)?;
        let mut words = Vector::from_slice(self.shapes.vector(self.shape_of[at as usize]));
        let class = &facts.classes[shape::class_of(&words)];
        less(shape::disks_mut(&mut words), demand.local_disks)?;
        if class.nics.is_some() {
            less(shape::nics_mut(&mut words), demand.nics)?;
        }
        let mut from = |node: u8, (cpu, memory): (u32, u32)| {
            let free = (u32::from(node) < class.numa_nodes).then(|| shape::node_mut(&mut words, node))?;
            less(&mut free[0], cpu)?;
            less(&mut free[1], memory)
        };
        match (saved.nodes & 0xF, saved.nodes >> 4) {
            (node, NO_NODE) => from(node, (demand.cpu_milli, demand.memory_mib))?,
            (low, high) => {
                let [first, second] = fit::halves(demand);
                from(low, first)?;
                from(high, second)?;
            }
        }
        self.take_again(demand, class.gpu_count, saved.devices, at)?;
        let gpus = shape::gpus_mut(&mut words, class.numa_nodes);
        for (word, left) in gpus.iter_mut().zip(self.devices_at(at)) {
            *word = u32::from(*left);
        }
        gpus.sort_unstable();
        self.used += demand.resources();
        self.claims += 1;
        let to = self.intern(facts, &words);
        self.move_host(at, to);
        Some(())
    }

    /// Takes the named devices again.
    fn take_again(&mut self, demand: &Demand, gpus: u32, devices: u16, at: u32) -> Option<()> {
        let (count, milli) = demand.gpus();
        if devices.count_ones() != count || u32::from(devices).checked_shr(gpus).unwrap_or(0) != 0 {
            return None;
        }
        let real = self.devices_mut(at);
        for device in (0..16).filter(|device| devices >> device & 1 == 1) {
            let left = real.get_mut(device)?;
            *left = left.checked_sub(milli as u16)?;
        }
        Some(())
    }

    /// Gives the host at a position another tag.
    fn retag(&mut self, facts: &Facts, at: u32, tag: u32) {
        let mut words = Vector::from_slice(self.shapes.vector(self.shape_of[at as usize]));
        let class = &facts.classes[shape::class_of(&words)];
        // An empty host has none.
        let tag = if Free::new(&words, class).is_empty_host(class) { 0 } else { tag };
        shape::set_tag(&mut words, tag);
        let to = self.intern(facts, &words);
        self.move_host(at, to);
    }
}

fn less(free: &mut u32, taken: u32) -> Option<()> {
    *free = free.checked_sub(taken)?;
    Some(())
}
