//! What a disk holds that lives apart from any instance: room in its pool, and its account's quotas.

use super::pools::{Gib, SLOTS};
use super::{Holdings, World, ZoneIx};
use crate::model::AccountIx;

/// What one disk of its own holds. It is given back exactly once, when the disk is deleted.
#[must_use = "a disk that is dropped keeps its room for ever"]
#[derive(PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct DiskHolding {
    account: u32,
    zone: u32,
    slot: u8,
    gib: u32,
}

impl DiskHolding {
    /// Size in GiB.
    pub fn gib(&self) -> u32 {
        self.gib
    }
}

/// So many GiB of one slot.
fn only(slot: u8, gib: u32) -> Gib {
    let mut all = [0; SLOTS];
    if let Some(sum) = all.get_mut(usize::from(slot)) {
        *sum = gib;
    }
    all
}

impl World {
    /// True when a pool has room for so much more of a slot.
    pub(crate) fn has_room_for(&self, zone: ZoneIx, slot: u8, gib: u32) -> bool {
        self.has_room(zone, &only(slot, gib))
    }

    /// Takes a pay-as-you-go disk of its own (DISK-60); the caller has seen that nothing is exceeded.
    pub(crate) fn take_disk(&mut self, account: AccountIx, zone: ZoneIx, slot: u8, gib: u32) -> DiskHolding {
        self.take_room(zone, &only(slot, gib));
        if let Some(account) = self.accounts.get_mut(account.0) {
            account.postpaid_disks.used += 1;
            account.portable_disks.used += 1;
        }
        DiskHolding { account: account.0, zone: zone.0, slot, gib }
    }

    /// Makes a disk of an instance one of its own: detached, or left behind by a release (LIFE-70). It is
    /// pay-as-you-go from then on, whatever its instance was.
    pub(crate) fn split_disk(&mut self, holdings: &mut Holdings, slot: u8, gib: u32) -> DiskHolding {
        holdings.disks -= 1;
        holdings.portable_disks -= 1;
        if let Some(sum) = holdings.gib.get_mut(usize::from(slot)) {
            *sum -= gib;
        }
        if !holdings.postpaid()
            && let Some(account) = self.accounts.get_mut(holdings.account)
        {
            account.postpaid_disks.used += 1;
        }
        DiskHolding { account: holdings.account, zone: holdings.zone, slot, gib }
    }

    /// Gives back what a disk of its own held.
    pub(crate) fn give_back_disk(&mut self, disk: DiskHolding) {
        self.give_back_room(ZoneIx(disk.zone), &only(disk.slot, disk.gib));
        if let Some(account) = self.accounts.get_mut(disk.account) {
            account.postpaid_disks.used -= 1;
            account.portable_disks.used -= 1;
        }
    }

    /// Takes more room for a disk of its own (DISK-64).
    pub(crate) fn grow_disk(&mut self, disk: &mut DiskHolding, gib: u32) {
        self.take_room(ZoneIx(disk.zone), &only(disk.slot, gib));
        disk.gib += gib;
    }

    /// Takes more room for a disk that an instance was created with.
    pub(crate) fn grow_in(&mut self, holdings: &mut Holdings, slot: u8, gib: u32) {
        self.take_room(ZoneIx(holdings.zone), &only(slot, gib));
        if let Some(sum) = holdings.gib.get_mut(usize::from(slot)) {
            *sum += gib;
        }
    }
}
