//! Disks of their own: made by CreateDisk, detached, or left behind by a released instance.

use std::collections::{BTreeMap, BTreeSet};

use crate::operations::disks::{Disk, DiskState};
use crate::sim::slots::Slots;
use crate::world::DiskHolding;

/// A disk of its own.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) struct Own {
    pub(in crate::sim) id: String,
    pub(in crate::sim) disk: Disk,
    pub(in crate::sim) holding: DiskHolding,
    /// Workload whose instance left it behind.
    pub(in crate::sim) workload: Option<u32>,
    /// Request of the instance that it is attached to.
    pub(in crate::sim) on: Option<u64>,
}

/// All of them, by slot and by id; those that wait for a new instance by who may take them.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) struct OwnDisks {
    all: Slots<Own>,
    by_id: BTreeMap<String, u32>,
    /// Free disks that a workload left behind, by workload, zone and account.
    left: BTreeMap<(u32, u32, u32), BTreeSet<u32>>,
}

impl OwnDisks {
    /// Adds a disk; none when its id is taken.
    pub(in crate::sim) fn insert(&mut self, own: Own) -> u32 {
        let id = own.id.clone();
        let at = self.all.insert(own) as u32;
        self.by_id.insert(id, at);
        self.note(at);
        at
    }

    /// Takes a disk away.
    pub(in crate::sim) fn remove(&mut self, at: u32) -> Own {
        self.forget(at);
        let own = self.all.remove(at as usize);
        self.by_id.remove(&own.id);
        own
    }

    /// True when there is a disk of this id.
    pub(in crate::sim) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// The disk of this id.
    pub(in crate::sim) fn named(&self, id: &str) -> Option<(u32, &Own)> {
        let at = *self.by_id.get(id)?;
        Some((at, &self.all[at as usize]))
    }

    /// The disk in a slot.
    pub(in crate::sim) fn get(&self, at: u32) -> Option<&Own> {
        self.all.get(at as usize)
    }

    /// Changes a disk in a slot.
    pub(in crate::sim) fn change(&mut self, at: u32, change: impl FnOnce(&mut Own)) {
        self.forget(at);
        if let Some(own) = self.all.get_mut(at as usize) {
            change(own);
        }
        self.note(at);
    }

    /// The oldest slot of a free disk that a workload left behind in a zone.
    pub(in crate::sim) fn left_by(&self, workload: u32, zone: u32, account: u32) -> Option<u32> {
        self.left.get(&(workload, zone, account))?.first().copied()
    }

    /// Every disk, in no order that means anything.
    #[cfg(test)]
    pub(in crate::sim) fn each(&self) -> impl Iterator<Item = &Own> {
        self.all.iter().map(|(_, own)| own)
    }

    /// The slot of every disk.
    #[cfg(test)]
    pub(in crate::sim) fn slots(&self) -> Vec<u32> {
        self.all.iter().map(|(at, _)| at as u32).collect()
    }

    /// Number of disks, and GiB of all.
    pub(in crate::sim) fn sum(&self) -> (u64, u64) {
        let gib = self.all.iter().map(|(_, own)| u64::from(own.holding.gib())).sum();
        (self.all.len() as u64, gib)
    }

    fn key(&self, at: u32) -> Option<(u32, u32, u32)> {
        let own = self.all.get(at as usize).filter(|own| own.disk.state == DiskState::Available)?;
        Some((own.workload?, own.disk.zone, own.disk.account))
    }

    fn note(&mut self, at: u32) {
        if let Some(key) = self.key(at) {
            self.left.entry(key).or_default().insert(at);
        }
    }

    fn forget(&mut self, at: u32) {
        if let Some(key) = self.key(at)
            && let Some(set) = self.left.get_mut(&key)
        {
            set.remove(&at);
        }
    }
}
