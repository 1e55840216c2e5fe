//! What a host would have room for if some of its claims were given back. Looks, and changes nothing.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::class::{HostClass, HostState, Owner};
use super::demand::{Demand, DemandId};
use super::fit;
use super::fleet::Fleet;
use super::shape::{self, Free, Vector};
use super::want::{Claim, NO_NODE};
use crate::model::{ClassIx, HostIx, ZoneIx};

/// What a claim holds of its host: a note to think with. Unlike the [`Claim`] it gives nothing back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Hold {
    demand: DemandId,
    devices: u16,
    nodes: u8,
}

impl Claim {
    /// What it holds, as a note.
    pub fn hold(&self) -> Hold {
        Hold { demand: self.demand, devices: self.devices, nodes: self.nodes }
    }
}

/// A host as it would be.
#[derive(Clone, Debug)]
pub struct WhatIf<'f> {
    demands: &'f [Demand],
    class: &'f HostClass,
    class_ix: ClassIx,
    words: Vector,
    /// Free thousandths of each GPU, by its number on the host.
    devices: SmallVec<[u16; 16]>,
}

impl Fleet {
    /// The host as it is, to think on; none when it takes no shared instances now (an account's own, down, draining).
    pub fn what_if(&self, host: HostIx) -> Option<WhatIf<'_>> {
        if host.0 >= self.len() {
            return None;
        }
        let (shard, at) = self.layout.locate(host);
        let class_ix = self.layout.segment(host).class;
        let state = self.shards[shard].lock();
        let label = state.label_at(at);
        if label.owner != Owner::Shared || label.state != HostState::Up {
            return None;
        }
        Some(WhatIf {
            demands: &self.facts.demands,
            class: &self.facts.classes[class_ix.at()],
            class_ix,
            words: Vector::from_slice(state.shapes.vector(state.shape_of[at as usize])),
            devices: SmallVec::from_slice(state.devices_at(at)),
        })
    }
}

impl Fleet {
    /// Zone and class of a host, which never change; none when there is no such host.
    pub fn standing(&self, host: HostIx) -> Option<(ZoneIx, ClassIx)> {
        let segment = (host.0 < self.len()).then(|| self.layout.segment(host))?;
        Some((segment.zone, segment.class))
    }

    /// Number of hosts of each class in each zone, in order of both. Hosts of accounts have classes of their own.
    pub fn stands(&self) -> BTreeMap<(ZoneIx, ClassIx), u32> {
        let mut hosts = BTreeMap::new();
        for segment in self.layout.segments() {
            *hosts.entry((segment.zone, segment.class)).or_default() +=
                segment.hosts.end.0 - segment.hosts.start.0;
        }
        hosts
    }
}

impl WhatIf<'_> {
    /// Gives back what a claim holds.
    pub fn give(&mut self, hold: Hold) {
        let demand = &self.demands[hold.demand.0 as usize];
        fit::give(demand, self.class, hold.nodes, &mut self.words);
        let milli = demand.gpus().1 as u16;
        self.devices_of(hold).for_each(|left| *left += milli);
    }

    /// Undoes a [`WhatIf::give`].
    pub fn keep(&mut self, hold: Hold) {
        let demand = &self.demands[hold.demand.0 as usize];
        *shape::disks_mut(&mut self.words) -= demand.local_disks;
        if self.class.nics.is_some() {
            *shape::nics_mut(&mut self.words) -= demand.nics;
        }
        let (low, high) = (hold.nodes & 0xF, hold.nodes >> 4);
        let parts = if high == NO_NODE {
            [Some((low, (demand.cpu_milli, demand.memory_mib))), None]
        } else {
            let [first, second] = fit::halves(demand);
            [Some((low, first)), Some((high, second))]
        };
        for (node, (cpu, memory)) in parts.into_iter().flatten() {
            let free = shape::node_mut(&mut self.words, node);
            free[0] -= cpu;
            free[1] -= memory;
        }
        let milli = demand.gpus().1 as u16;
        self.devices_of(hold).for_each(|left| *left -= milli);
    }

    fn devices_of(&mut self, hold: Hold) -> impl Iterator<Item = &mut u16> {
        let held = move |device: usize| hold.devices >> device & 1 == 1;
        self.devices.iter_mut().enumerate().filter(move |(device, _)| held(*device)).map(|(_, left)| left)
    }

    /// Whether a demand would find room: class, cards, disks, GPUs, memory and vCPUs, on one NUMA node or split.
    pub fn fits(&mut self, demand: DemandId) -> bool {
        let demand = &self.demands[demand.0 as usize];
        if !demand.served_by(self.class_ix, self.class) {
            return false;
        }
        if !self.devices.is_empty() {
            let gpus = shape::gpus_mut(&mut self.words, self.class.numa_nodes);
            gpus.iter_mut().zip(&self.devices).for_each(|(word, left)| *word = u32::from(*left));
            gpus.sort_unstable();
        }
        fit::shortage(demand, self.class, Free::new(&self.words, self.class)).is_none()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::ZoneIx;
    use crate::placement::{Demand, FleetBuilder, GpuDemand, HostClass, HostGroup, HostState, Policy, Want};

    #[test]
    fn it_tells_what_a_release_would_do_and_changes_nothing() {
        let mut builder = FleetBuilder::new(Policy::named("first-fit").expect("a policy"), 1);
        let class = builder.class(HostClass {
            gpu_model: Some("V100".to_owned()),
            gpu_count: 2,
            numa_nodes: 2,
            split_above_mib: Some(20_000),
            ..HostClass::plain("gpu", 16_000, 32_768)
        });
        builder.hosts(HostGroup::new(ZoneIx(0), class, 1));
        let gpu = |count, milli_each| Some(GpuDemand { count, milli_each, models: Vec::new() });
        let node = builder.demand(Demand { gpu: gpu(1, 1_000), ..Demand::plain(8_000, 16_384) });
        let share = builder.demand(Demand { gpu: gpu(1, 500), ..Demand::plain(2_000, 2_048) });
        let split = builder.demand(Demand::plain(16_000, 30_000));
        let fleet = builder.build().expect("a fleet");
        let place = |demand| fleet.place(&Want::zone(demand, ZoneIx(0))).expect("room");
        let (first, second) = (place(node), place(share));
        let host = first.host();
        let mut host_now = fleet.what_if(host).expect("a shared host");
        assert!(host_now.fits(share) && !host_now.fits(node) && !host_now.fits(split));
        host_now.give(second.hold());
        assert!(host_now.fits(node) && !host_now.fits(split));
        host_now.give(first.hold());
        assert!(host_now.fits(split));
        host_now.keep(second.hold());
        assert!(host_now.fits(node) && !host_now.fits(split));
        host_now.keep(first.hold());
        assert!(host_now.fits(share) && !host_now.fits(node));
        fleet.check();
        // What it tells is what happens.
        fleet.release(second);
        assert!(fleet.fits(&Want::zone(node, ZoneIx(0))));
        fleet.set_host_state(host, HostState::Failed);
        assert!(fleet.what_if(host).is_none());
    }
}
