//! A request to the core, and its answers.

use crate::model::{HostIx, ZoneIx};

use super::class::{ClusterIx, Owner};
use super::demand::DemandId;
use super::sets::SetIx;

/// Where to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Zones<'a> {
    /// In one zone.
    One(ZoneIx),
    /// In the first of these, in this order, that has room.
    Any(&'a [ZoneIx]),
}

/// One request for a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Want<'a> {
    /// What is asked for.
    pub demand: DemandId,
    /// Where.
    pub zones: Zones<'a>,
    /// This host and no other: a node controller or a dedicated host by id, or affinity (DHST-10, DHST-15).
    pub host: Option<HostIx>,
    /// In this cluster only.
    pub cluster: Option<ClusterIx>,
    /// On hosts of this owner: `Shared`, or an account's dedicated hosts (automatic placement, DHST-11).
    pub owner: Owner,
    /// As a member of this deployment set or HPC cluster.
    pub set: Option<SetIx>,
    /// Expected lifetime class, from 1 (shortest) to 255; 0 is unknown. Only lifetime-aware policies look.
    pub lifetime: u8,
}

impl<'a> Want<'a> {
    /// A shared host in one zone, nothing else asked.
    #[inline]
    pub const fn zone(demand: DemandId, zone: ZoneIx) -> Want<'static> {
        Want {
            demand,
            zones: Zones::One(zone),
            host: None,
            cluster: None,
            owner: Owner::Shared,
            set: None,
            lifetime: 0,
        }
    }

    /// A shared host in the first of `zones` with room.
    #[inline]
    pub const fn any(demand: DemandId, zones: &'a [ZoneIx]) -> Want<'a> {
        Want { zones: Zones::Any(zones), ..Want::zone(demand, ZoneIx(0)) }
    }

    /// The same with this host and no other.
    #[must_use]
    pub const fn on(self, host: HostIx) -> Want<'a> {
        Want { host: Some(host), ..self }
    }

    /// The same within a cluster.
    #[must_use]
    pub const fn in_cluster(self, cluster: ClusterIx) -> Want<'a> {
        Want { cluster: Some(cluster), ..self }
    }

    /// The same on hosts of an owner.
    #[must_use]
    pub const fn owned_by(self, owner: Owner) -> Want<'a> {
        Want { owner, ..self }
    }

    /// The same as a member of a set.
    #[must_use]
    pub const fn member_of(self, set: SetIx) -> Want<'a> {
        Want { set: Some(set), ..self }
    }

    /// The same with an expected lifetime class.
    #[must_use]
    pub const fn living(self, lifetime: u8) -> Want<'a> {
        Want { lifetime, ..self }
    }
}

/// No node, in [`Claim`] and [`super::fit::Spot`].
pub(super) const NO_NODE: u8 = 0xF;

/// A claim on real capacity of one host. It is neither `Clone` nor `Copy`: give it back to the fleet that made
/// it with [`super::Fleet::release`], exactly once. Dropping it keeps the capacity taken for ever.
#[must_use = "a claim that is dropped keeps its capacity for ever"]
#[derive(PartialEq, Eq, Debug)]
pub struct Claim {
    pub(super) host: HostIx,
    pub(super) demand: DemandId,
    /// Set plus one; 0 is none.
    pub(super) set: u32,
    /// Devices taken, by real number.
    pub(super) devices: u16,
    /// Node in the low four bits, second node of a split instance in the high four.
    pub(super) nodes: u8,
}

impl Claim {
    /// The host.
    #[inline]
    pub fn host(&self) -> HostIx {
        self.host
    }

    /// What was asked for.
    #[inline]
    pub fn demand(&self) -> DemandId {
        self.demand
    }

    /// The set it counts in.
    pub fn set(&self) -> Option<SetIx> {
        self.set.checked_sub(1).map(SetIx)
    }

    /// NUMA node, and the second one of a split instance.
    pub fn nodes(&self) -> (u32, Option<u32>) {
        let second = self.nodes >> 4;
        (u32::from(self.nodes & 0xF), (second != NO_NODE).then_some(u32::from(second)))
    }

    /// Devices taken, by their number on the host, ascending.
    pub fn devices(&self) -> impl Iterator<Item = u32> + use<> {
        let mask = self.devices;
        (0..16).filter(move |device| mask >> device & 1 == 1)
    }
}

/// The constraint that left no host, the last one of the chain: each reason implies that hosts passed the ones
/// before it in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The zone has no hosts at all.
    NoHosts,
    /// The set already has as many members in the zone as it may (DEP-10).
    SetFull,
    /// The named host does not exist, or stands in another zone.
    WrongHost,
    /// No class there serves the demand (family, GPU model).
    Class,
    /// No host there belongs to the owner, or takes instances that do not name it.
    Owner,
    /// No host there belongs to the cluster.
    Cluster,
    /// All hosts left are down or being drained.
    State,
    /// Not enough network cards.
    Nics,
    /// Not enough local disks.
    LocalDisks,
    /// Not enough GPUs, or not enough of one.
    Gpu,
    /// Not enough memory.
    Memory,
    /// Not enough vCPUs.
    Cpu,
    /// Enough CPU and enough memory, but not together on one NUMA node (or on two, for a split instance).
    Numa,
    /// Every host with room already holds a member of the set, or shares a rack or switch with one.
    Set,
    /// The policy's rule refused every host.
    Policy,
}

impl Reason {
    /// All reasons, in order.
    pub const ALL: [Reason; 15] = [
        Reason::NoHosts,
        Reason::SetFull,
        Reason::WrongHost,
        Reason::Class,
        Reason::Owner,
        Reason::Cluster,
        Reason::State,
        Reason::Nics,
        Reason::LocalDisks,
        Reason::Gpu,
        Reason::Memory,
        Reason::Cpu,
        Reason::Numa,
        Reason::Set,
        Reason::Policy,
    ];

    /// A fragment that reads after "no room: ".
    pub const fn text(self) -> &'static str {
        match self {
            Reason::NoHosts => "the zone has no hosts",
            Reason::SetFull => "the set is full in the zone",
            Reason::WrongHost => "the named host is not in the zone",
            Reason::Class => "no host class serves the demand",
            Reason::Owner => "no host of the owner takes it",
            Reason::Cluster => "no host of the cluster serves it",
            Reason::State => "all fitting hosts are down or draining",
            Reason::Nics => "too few network cards are free",
            Reason::LocalDisks => "too few local disks are free",
            Reason::Gpu => "too few GPUs are free",
            Reason::Memory => "too little memory is free",
            Reason::Cpu => "too few vCPUs are free",
            Reason::Numa => "no NUMA node has both enough vCPUs and memory",
            Reason::Set => "every host with room is barred by the set",
            Reason::Policy => "the policy refuses every host",
        }
    }
}

/// No place was found; nothing was claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("no room: {}", reason.text())]
pub struct NoRoom {
    /// The constraint that removed the last hosts. When several zones were tried: the furthest that one got.
    pub reason: Reason,
}
