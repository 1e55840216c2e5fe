//! Use of the hosts behind the market: by zone and class.

use std::collections::BTreeMap;

use super::{Headroom, WHOLE, serves};
use crate::model::{ClassIx, Resources, ZoneIx};
use crate::placement::{Demand, Fleet};

/// vCPUs and memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Size {
    pub(super) cpu: u64,
    pub(super) memory: u64,
}

impl Size {
    fn of(size: Resources) -> Size {
        Size { cpu: size.cpu_milli, memory: size.memory_mib }
    }

    fn add(&mut self, other: Size) {
        self.cpu += other.cpu;
        self.memory += other.memory;
    }

    fn take(&mut self, other: Size) {
        self.cpu = self.cpu.checked_sub(other.cpu).expect("what leaves has been there");
        self.memory = self.memory.checked_sub(other.memory).expect("what leaves has been there");
    }
}

/// The shared hosts of one class in one zone.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Ground {
    zone: ZoneIx,
    class: ClassIx,
    capacity: Resources,
    used: Size,
    spot: Size,
    /// Held by instances that have been told to go.
    leaving: Size,
    headroom: Headroom,
    /// Kept free for regular requests now.
    kept: Size,
}

/// All of them.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Grounds {
    list: Vec<Ground>,
    by_place: BTreeMap<(ZoneIx, ClassIx), usize>,
}

impl Grounds {
    pub(super) fn new(fleet: &Fleet, headroom: &Headroom) -> Grounds {
        let mut grounds = Grounds { list: Vec::new(), by_place: BTreeMap::new() };
        for ((zone, class), hosts) in fleet.stands() {
            let row = &fleet.classes()[class.at()];
            if row.dedicated {
                continue;
            }
            let capacity = Resources {
                cpu_milli: u64::from(row.cpu_milli) * u64::from(hosts),
                memory_mib: u64::from(row.memory_mib) * u64::from(hosts),
                ..Resources::default()
            };
            grounds.by_place.insert((zone, class), grounds.list.len());
            let kept = Size::of(headroom.of(capacity));
            let none = Size::default();
            let headroom = headroom.clone();
            grounds.list.push(Ground {
                zone,
                class,
                capacity,
                used: none,
                spot: none,
                leaving: none,
                headroom,
                kept,
            });
        }
        grounds
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn place(&self, at: usize) -> (ZoneIx, ClassIx) {
        (self.list[at].zone, self.list[at].class)
    }

    pub(super) fn find(&self, zone: ZoneIx, class: ClassIx) -> Option<usize> {
        self.by_place.get(&(zone, class)).copied()
    }

    /// Those of a zone that serve a demand.
    pub(super) fn serving(&self, zone: ZoneIx, demand: &Demand) -> Vec<u32> {
        let all = self.list.iter().enumerate();
        let serving = all.filter(|(_, ground)| ground.zone == zone && serves(demand, ground.class));
        serving.map(|(at, _)| at as u32).collect()
    }

    pub(super) fn take(&mut self, at: usize, size: Resources, spot: bool) {
        let ground = &mut self.list[at];
        ground.used.add(Size::of(size));
        if spot {
            ground.spot.add(Size::of(size));
        }
    }

    pub(super) fn give(&mut self, at: usize, size: Resources, spot: bool) {
        let ground = &mut self.list[at];
        ground.used.take(Size::of(size));
        if spot {
            ground.spot.take(Size::of(size));
        }
    }

    pub(super) fn leaving(&mut self, at: usize, size: Resources) {
        self.list[at].leaving.add(Size::of(size));
    }

    pub(super) fn left(&mut self, at: usize, size: Resources) {
        self.list[at].leaving.take(Size::of(size));
    }

    /// A regular request was refused: the first hosts that could have served it were asked.
    pub(super) fn asked(&mut self, zone: ZoneIx, demand: &Demand) {
        if let Some(&at) = self.serving(zone, demand).first() {
            self.asked_on(at as usize, demand.resources());
        }
    }

    pub(super) fn asked_on(&mut self, at: usize, size: Resources) {
        self.list[at].headroom.asked(size);
    }

    pub(super) fn window_over(&mut self) {
        for ground in &mut self.list {
            ground.headroom.window_over();
            ground.kept = Size::of(ground.headroom.of(ground.capacity));
        }
    }

    /// Whether the headroom is not there, even when all that are told to go are gone.
    pub(super) fn is_short(&self, at: usize) -> bool {
        let Ground { capacity, used, leaving, kept, .. } = &self.list[at];
        let short = |capacity: u64, used: u64, leaving: u64, kept: u64| capacity + leaving < used + kept;
        kept.cpu > 0 && short(capacity.cpu_milli, used.cpu, leaving.cpu, kept.cpu)
            || kept.memory > 0 && short(capacity.memory_mib, used.memory, leaving.memory, kept.memory)
    }

    /// Whether the headroom is still there with this much more.
    pub(super) fn has_stock(&self, at: usize, size: Resources) -> bool {
        let Ground { capacity, used, kept, .. } = &self.list[at];
        used.cpu + size.cpu_milli + kept.cpu <= capacity.cpu_milli
            && used.memory + size.memory_mib + kept.memory <= capacity.memory_mib
    }

    /// vCPUs and memory in use, and the parts of them that spot instances hold.
    #[cfg(test)]
    pub(super) fn taken(&self, at: usize) -> [u64; 4] {
        let Ground { used, spot, .. } = &self.list[at];
        [used.cpu, used.memory, spot.cpu, spot.memory]
    }

    pub(super) fn without_headroom(&self) -> bool {
        self.list.iter().all(|ground| ground.headroom.is_none())
    }

    /// Use of some grounds together, and the part of it that spot instances hold: the larger of the shares of vCPUs and
    /// of memory, in millionths.
    pub(super) fn use_of(&self, grounds: &[u32]) -> (u64, u64) {
        let (mut capacity, mut used, mut spot) = (Size::default(), Size::default(), Size::default());
        for &at in grounds {
            let ground = &self.list[at as usize];
            capacity.add(Size::of(ground.capacity));
            used.add(ground.used);
            spot.add(ground.spot);
        }
        let share = |part: u64, whole: u64| {
            (u128::from(part) * u128::from(WHOLE) / u128::from(whole.max(1))).min(u128::from(WHOLE)) as u64
        };
        let larger = |size: Size| share(size.cpu, capacity.cpu).max(share(size.memory, capacity.memory));
        (larger(used), larger(spot))
    }

    /// Thousandths of a vCPU that some grounds have for spot instances: what regular ones and the headroom leave.
    pub(super) fn supply(&self, grounds: &[u32]) -> u64 {
        let leaves = |ground: &Ground| {
            let regular = ground.used.cpu - ground.spot.cpu;
            ground.capacity.cpu_milli.saturating_sub(regular + ground.kept.cpu)
        };
        grounds.iter().map(|&at| leaves(&self.list[at as usize])).sum()
    }
}
