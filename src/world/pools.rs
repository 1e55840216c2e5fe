//! Disk pools: room for cloud disks of a category, or of one performance level of it, in a zone.

use super::sets::{CategoryIx, DOCUMENTED};
use super::{World, ZoneIx};

/// Slots of room: the documented categories, then the performance levels of `cloud_essd` above PL1.
pub(crate) const SLOTS: usize = DOCUMENTED.len() + 2;

/// Names of the slots of performance levels.
const LEVELS: [&str; 2] = ["cloud_essd PL2", "cloud_essd PL3"];

/// GiB of disks by slot.
pub(crate) type Gib = [u32; SLOTS];

/// GiB left of a pool that is not limited.
const PLENTY: u64 = u64::MAX;

/// The slot of a disk: its category, and for an ESSD how many levels it is above PL1. Categories that CreateInstance
/// does not take have a position past the end: they lie in no pool.
pub(crate) const fn pool_slot(category: CategoryIx, above_pl1: usize) -> usize {
    match (category, above_pl1) {
        (CategoryIx::ESSD, 1 | 2) => DOCUMENTED.len() + above_pl1 - 1,
        _ => category.0 as usize,
    }
}

/// Name of a slot: a category, or one with its performance level.
pub(crate) fn slot_name(slot: usize) -> &'static str {
    DOCUMENTED.get(slot).or_else(|| LEVELS.get(slot - DOCUMENTED.len())).copied().unwrap_or("")
}

/// The slot of this name.
fn slot_named(name: &str) -> Option<usize> {
    (0..SLOTS).find(|slot| slot_name(*slot) == name)
}

/// The pools of one zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Pools {
    /// GiB left of each pool.
    free: [u64; SLOTS],
    /// Pool that each slot takes its room of: its own, or for a performance level without one that of `cloud_essd`.
    of: [u8; SLOTS],
    /// Any pool has an end: without one, nothing is counted.
    limited: bool,
}

impl Pools {
    /// Pools with so many GiB left, by name. What is not named is not limited.
    pub(super) fn new<'a>(named: impl Iterator<Item = (&'a str, u64)>) -> Pools {
        let mut free = [PLENTY; SLOTS];
        let mut of = std::array::from_fn(|slot| slot as u8);
        of[DOCUMENTED.len()..].fill(CategoryIx::ESSD.0);
        for (name, gib) in named {
            if let Some(slot) = slot_named(name) {
                (free[slot], of[slot]) = (gib, slot as u8);
            }
        }
        Pools { free, of, limited: free != [PLENTY; SLOTS] }
    }

    /// GiB left of each pool.
    pub(crate) fn free(&self) -> [u64; SLOTS] {
        self.free
    }

    /// Pools of the same names with so many GiB left.
    pub(super) fn refill(&mut self, free: [u64; SLOTS]) {
        self.free = free;
    }

    /// What the disks need of each pool.
    fn by_pool(&self, gib: &Gib) -> [u64; SLOTS] {
        let mut wanted = [0; SLOTS];
        for (pool, gib) in self.of.iter().zip(gib) {
            wanted[usize::from(*pool)] += u64::from(*gib);
        }
        wanted
    }

    /// True when there is room for these disks (R182).
    pub(crate) fn has_room(&self, gib: &Gib) -> bool {
        !self.limited || self.by_pool(gib).iter().zip(&self.free).all(|(wanted, free)| wanted <= free)
    }

    fn change(&mut self, gib: &Gib, change: impl Fn(u64, u64) -> u64) {
        if !self.limited {
            return;
        }
        let wanted = self.by_pool(gib);
        for (free, gib) in self.free.iter_mut().zip(wanted).filter(|(free, _)| **free != PLENTY) {
            *free = change(*free, gib);
        }
    }
}

impl World {
    /// True when the zone's pools have room for these disks (R182).
    pub(crate) fn has_room(&self, zone: ZoneIx, gib: &Gib) -> bool {
        self.zones.get(zone.0).is_none_or(|zone| zone.pools.has_room(gib))
    }

    pub(super) fn take_room(&mut self, zone: ZoneIx, gib: &Gib) {
        if let Some(zone) = self.zones.get_mut(zone.0) {
            zone.pools.change(gib, u64::saturating_sub);
        }
    }

    pub(super) fn give_back_room(&mut self, zone: ZoneIx, gib: &Gib) {
        if let Some(zone) = self.zones.get_mut(zone.0) {
            zone.pools.change(gib, |free, gib| free + gib);
        }
    }

    /// GiB left of a category in a zone (of `cloud_essd`: of its pool without a level); none when there is plenty.
    pub fn disk_room(&self, zone: ZoneIx, category: CategoryIx) -> Option<u64> {
        self.slot_room(zone, usize::from(category.0))
    }

    /// GiB left of the pool of this slot; none when it is not limited.
    pub(crate) fn slot_room(&self, zone: ZoneIx, slot: usize) -> Option<u64> {
        let free = self.zones.get(zone.0)?.pools.free.get(slot).copied()?;
        (free != PLENTY).then_some(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn performance_levels_share_a_pool_unless_they_have_their_own() {
        let essd = usize::from(CategoryIx::ESSD.0);
        let gib = |pl1: u32, pl2: u32, pl3: u32| {
            let mut gib = Gib::default();
            (gib[essd], gib[5], gib[6]) = (pl1, pl2, pl3);
            gib
        };
        let shared = Pools::new([("cloud_essd", 100)].into_iter());
        assert!(shared.has_room(&gib(40, 30, 30)));
        assert!(!shared.has_room(&gib(40, 30, 31)));
        let mut apart = Pools::new([("cloud_essd", 100), ("cloud_essd PL3", 50)].into_iter());
        assert!(apart.has_room(&gib(60, 40, 50)));
        assert!(!apart.has_room(&gib(0, 0, 51)));
        apart.change(&gib(60, 40, 50), u64::saturating_sub);
        assert_eq!(apart.free()[essd], 0);
        assert!(!apart.has_room(&gib(0, 1, 0)) && apart.has_room(&Gib::default()));
        apart.change(&gib(60, 40, 50), |free, gib| free + gib);
        assert!(apart.has_room(&gib(60, 40, 50)));
    }

    #[test]
    fn every_slot_has_a_name_and_back() {
        for slot in 0..SLOTS {
            assert_eq!(slot_named(slot_name(slot)), Some(slot));
        }
        assert_eq!(slot_name(pool_slot(CategoryIx::ESSD, 2)), "cloud_essd PL3");
        assert_eq!(pool_slot(CategoryIx::SSD, 0), 2);
    }
}
