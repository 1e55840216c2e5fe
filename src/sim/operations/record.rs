//! What operations know of one live instance.

use crate::engine::Ticket;
use crate::model::{SimTime, Utc};
use crate::operations::disks::{Disk, DiskState};
use crate::operations::{Event, Lock, StoppedMode};
use crate::validate::{Affinity, Effective, Network, Spot};
use crate::world::{CategoryIx, ChargeType, World};

/// The public address of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) enum Address {
    /// None.
    None,
    /// Given, works after the next start or reboot (VPC-32).
    Waiting,
    /// It works.
    Works,
    /// Given up with a stop without charges: a new one comes with the start (VPC-33).
    ComesBack,
}

/// A disk that the instance was created with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) struct Owned {
    /// N of `DataDisk.N`; 0 for the system disk.
    pub(in crate::sim) index: u8,
    pub(in crate::sim) disk: Disk,
}

/// What operations know of one live instance beside its life.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) struct Record {
    pub(in crate::sim) workload: u32,
    /// Number within the workload.
    pub(in crate::sim) nth: u64,
    pub(in crate::sim) account: u32,
    pub(in crate::sim) region: u32,
    pub(in crate::sim) instance_type: u32,
    pub(in crate::sim) family: u32,
    pub(in crate::sim) charge: ChargeType,
    pub(in crate::sim) expires: Option<Utc>,
    pub(in crate::sim) spot: bool,
    pub(in crate::sim) vpc: bool,
    pub(in crate::sim) local_disks: bool,
    pub(in crate::sim) wiped_by_stop: bool,
    pub(in crate::sim) max_data_disks: u32,
    pub(in crate::sim) bandwidth_out: u16,
    pub(in crate::sim) mode: StoppedMode,
    /// Mode that a stop under way will end in.
    pub(in crate::sim) stopping_to: StoppedMode,
    pub(in crate::sim) lock: Option<Lock>,
    pub(in crate::sim) protected: bool,
    pub(in crate::sim) auto_release: Option<Utc>,
    pub(in crate::sim) host: Option<u32>,
    pub(in crate::sim) affinity: Affinity,
    pub(in crate::sim) set: Option<u32>,
    pub(in crate::sim) hpc: Option<u32>,
    pub(in crate::sim) address: Address,
    pub(in crate::sim) event: Option<Event>,
    /// Disks that it was created with and still has; the system disk first.
    pub(in crate::sim) disks: Vec<Owned>,
    /// Disks of their own that are attached to it.
    pub(in crate::sim) attached: Vec<u32>,
    /// Events that end with it: its release by itself, the next of its pauses, its next reboot.
    pub(in crate::sim) tickets: [Option<Ticket>; 3],
    /// When a start first found no stock, while it waits for a place.
    pub(in crate::sim) waits_since: Option<SimTime>,
    /// Its customer has stopped it for the night.
    pub(in crate::sim) paused: bool,
    /// Its next start moves it from `Stopping` (RED-B2) and not from `Stopped`.
    pub(in crate::sim) redeploying: bool,
}

/// Places in [`Record::tickets`].
pub(in crate::sim) const AUTO_RELEASE: usize = 0;
/// See [`AUTO_RELEASE`].
pub(in crate::sim) const PAUSE: usize = 1;
/// See [`AUTO_RELEASE`].
pub(in crate::sim) const REBOOT: usize = 2;

impl Record {
    /// Of an instance that was created just now.
    pub(in crate::sim) fn new(workload: u32, nth: u64, effective: &Effective, world: &World) -> Record {
        let row = world.types.get(effective.instance_type.0);
        let family = row.map_or(u32::MAX, |row| row.family);
        let zone = effective.zone.map_or(u32::MAX, |zone| zone.0);
        let disk = |disk: &crate::validate::Disk| Owned {
            index: disk.index,
            disk: Disk {
                state: DiskState::InUse,
                system: disk.index == 0,
                category: disk.category,
                gib: disk.gib,
                slot: disk.slot() as u8,
                // DISK-50: neither a local disk nor a data disk of a subscription.
                portable: disk.index != 0
                    && effective.charge == ChargeType::PostPaid
                    && world.kinds.portable.has(disk.category),
                delete_with_instance: disk.delete_with_instance,
                snapshots: 0,
                snapshot_under_way: false,
                ever_attached: true,
                zone,
                account: effective.account.0,
            },
        };
        Record {
            workload,
            nth,
            account: effective.account.0,
            region: effective.region.0,
            instance_type: effective.instance_type.0,
            family,
            charge: effective.charge,
            expires: effective.ends,
            spot: effective.spot != Spot::None,
            vpc: effective.network != Network::Classic,
            local_disks: row.is_some_and(|row| row.local_disks),
            wiped_by_stop: world.families.name(family) == "ecs.i1",
            max_data_disks: row.map_or(16, |row| row.max_data_disks),
            bandwidth_out: effective.bandwidth_out,
            mode: StoppedMode::NotApplicable,
            stopping_to: StoppedMode::KeepCharging,
            lock: None,
            protected: effective.deletion_protection,
            auto_release: None,
            host: effective.dedicated_host,
            affinity: effective.affinity,
            set: effective.deployment_set,
            hpc: effective.hpc_cluster,
            address: Address::None,
            event: None,
            disks: std::iter::once(&effective.system).chain(&effective.data).map(disk).collect(),
            attached: Vec::new(),
            tickets: [None; 3],
            waits_since: None,
            paused: false,
            redeploying: false,
        }
    }

    /// Data disks that it has, local ones not counted.
    pub(in crate::sim) fn data_disks(&self, world: &World) -> u32 {
        let cloud = |category: CategoryIx| !world.kinds.local.has(category);
        let own = self.disks.iter().filter(|owned| owned.index != 0 && cloud(owned.disk.category)).count();
        (own + self.attached.len()) as u32
    }

    /// The place of a disk that it was created with: `system`, or `data-N` for `DataDisk.N`.
    pub(in crate::sim) fn born(&self, name: &str) -> Option<usize> {
        let index: u8 = match name.strip_prefix("data-") {
            Some(number) => number.parse().ok().filter(|number| *number > 0)?,
            None if name == "system" => 0,
            None => return None,
        };
        self.disks.iter().position(|owned| owned.index == index)
    }
}
