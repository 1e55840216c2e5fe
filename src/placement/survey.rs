//! How full the fleet is, and what of its free room the requests of a run can use: a walk over shapes, never over
//! hosts.
//!
//! A [`Survey`] remembers the verdict on each shape, so that a later look judges only what is new: shapes that
//! occurred since, and demands that were asked for since. It shares nothing with the index that places instances:
//! looking changes no decision and no cost of one.

use super::class::HostState;
use super::demand::DemandId;
use super::fit;
use super::fleet::Fleet;
use super::shape::{self, Free};
use super::state::State;
use crate::model::{ClassIx, Resources, ZoneIx};

/// Classes of fullness: empty, then tenths of the host, by the fuller of vCPUs and memory.
pub const FILLS: usize = 11;

/// The hosts of one class in one zone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// Their zone.
    pub zone: ZoneIx,
    /// Their class.
    pub class: ClassIx,
    /// How many there are, in any state.
    pub hosts: u64,
    /// Hosts that take no instances: draining or failed. The counts below are of the others.
    pub down: u64,
    /// Hosts without an instance.
    pub empty: u64,
    /// Hosts with an instance and room for another one of the mix.
    pub partly: u64,
    /// Hosts with an instance and no room for any of the mix.
    pub full: u64,
    /// What all hosts have, in any state.
    pub capacity: Resources,
    /// What is taken on all hosts, in any state.
    pub used: Resources,
    /// What is free on hosts that take instances.
    pub free: Resources,
    /// The part of `free` on `full` hosts: stranded, no request of the mix can use it.
    pub stranded: Resources,
    /// Hosts that take instances, by fullness: empty, then above 0 to 10 %, ... above 90 %.
    pub fills: [u64; FILLS],
}

impl Cell {
    fn new(zone: ZoneIx, class: ClassIx) -> Cell {
        Cell {
            zone,
            class,
            hosts: 0,
            down: 0,
            empty: 0,
            partly: 0,
            full: 0,
            capacity: Resources::default(),
            used: Resources::default(),
            free: Resources::default(),
            stranded: Resources::default(),
            fills: [0; FILLS],
        }
    }
}

/// What is remembered of one shape.
#[derive(Clone, Copy, Debug)]
struct Known {
    free: Resources,
    cell: u32,
    /// Demands of the zone's mix that it was judged by and has no room for.
    judged: u32,
    up: bool,
    room: bool,
    fill: u8,
}

/// Not looked at yet.
const UNSEEN: Known = Known {
    free: Resources { cpu_milli: 0, memory_mib: 0, gpu_milli: 0, local_disks: 0 },
    cell: u32::MAX,
    judged: 0,
    up: false,
    room: false,
    fill: 0,
};

/// A view of the fleet by zone and class. See [`Survey::look`].
#[derive(Debug, Default)]
pub struct Survey {
    cells: Vec<Cell>,
    /// By zone, then by class: its cell, or `u32::MAX`.
    cell_of: Vec<Vec<u32>>,
    /// By shard, then by shape.
    known: Vec<Vec<Known>>,
}

impl Survey {
    /// A survey that has seen nothing.
    pub fn new() -> Survey {
        Survey::default()
    }

    /// Looks at the whole fleet. `mix` has, for each zone, the demands that free room is judged by, without
    /// repetition; from one look to the next it may only grow at its end. Costs a few nanoseconds for each shape
    /// that has hosts. Cells come in the order of zones and classes.
    pub fn look(&mut self, fleet: &Fleet, mix: &[Vec<DemandId>]) -> &[Cell] {
        self.cell_of.resize_with(fleet.zones.len(), || vec![u32::MAX; fleet.facts.classes.len()]);
        self.known.resize_with(fleet.shards.len(), Vec::new);
        for cell in &mut self.cells {
            *cell = Cell::new(cell.zone, cell.class);
        }
        for zone in &fleet.zones {
            let demands = mix.get(zone.zone.at()).map_or(&[][..], Vec::as_slice);
            for &shard in &zone.shards {
                let state = fleet.shards[shard as usize].lock();
                self.look_at(fleet, zone.zone, shard as usize, &state, demands);
            }
        }
        self.cells.sort_by_key(|cell| (cell.zone, cell.class));
        for (at, cell) in self.cells.iter().enumerate() {
            let known = &mut self.cell_of[cell.zone.at()][cell.class.at()];
            if *known != at as u32 {
                // A cell was met for the first time: shapes point at the old order.
                *known = at as u32;
                self.known.iter_mut().for_each(Vec::clear);
            }
        }
        &self.cells
    }

    fn look_at(&mut self, fleet: &Fleet, zone: ZoneIx, shard: usize, state: &State, demands: &[DemandId]) {
        let known = &mut self.known[shard];
        known.resize(state.shapes.list.len(), UNSEEN);
        for &shape in &state.live {
            let of = &mut known[shape as usize];
            let words = state.shapes.vector(shape);
            let class_ix = shape::class_of(words);
            let class = &fleet.facts.classes[class_ix];
            if of.cell == u32::MAX {
                let cell = &mut self.cell_of[zone.at()][class_ix];
                if *cell == u32::MAX {
                    *cell = self.cells.len() as u32;
                    self.cells.push(Cell::new(zone, ClassIx::from(class_ix)));
                }
                let free = Free::new(words, class);
                let label = state.labels[shape::label_of(words)];
                *of = Known {
                    free: Resources {
                        cpu_milli: free.cpu(),
                        memory_mib: free.memory(),
                        gpu_milli: free.gpu(),
                        local_disks: free.local_disks().into(),
                    },
                    cell: *cell,
                    judged: 0,
                    up: label.state == HostState::Up,
                    room: false,
                    fill: fill(free, class),
                };
            }
            if !of.room && of.up {
                let free = Free::new(words, class);
                for demand in &demands[of.judged as usize..] {
                    let demand = &fleet.facts.demands[demand.0 as usize];
                    of.room = demand.served_by(ClassIx::from(class_ix), class)
                        && fit::shortage(demand, class, free).is_none();
                    if of.room {
                        break;
                    }
                    of.judged += 1;
                }
            }
            let hosts = u64::from(state.shapes.list[shape as usize].hosts.len());
            let cell = &mut self.cells[of.cell as usize];
            let capacity = Resources {
                cpu_milli: class.cpu_milli.into(),
                memory_mib: class.memory_mib.into(),
                gpu_milli: u64::from(class.gpu_count) * 1_000,
                local_disks: class.local_disks.into(),
            };
            cell.hosts += hosts;
            cell.capacity += times(capacity, hosts);
            cell.used += times(capacity - of.free, hosts);
            if !of.up {
                cell.down += hosts;
                continue;
            }
            let free = times(of.free, hosts);
            cell.free += free;
            cell.fills[usize::from(of.fill)] += hosts;
            if of.fill == 0 {
                cell.empty += hosts;
            } else if of.room {
                cell.partly += hosts;
            } else {
                cell.full += hosts;
                cell.stranded += free;
            }
        }
    }
}

/// The class of fullness of a shape.
fn fill(free: Free<'_>, class: &super::class::HostClass) -> u8 {
    if free.is_empty_host(class) {
        return 0;
    }
    let tenths = |free: u64, all: u32| {
        let used = u64::from(all).saturating_sub(free);
        (used * 10).div_ceil(u64::from(all.max(1))).clamp(1, 10)
    };
    tenths(free.cpu(), class.cpu_milli).max(tenths(free.memory(), class.memory_mib)) as u8
}

fn times(one: Resources, count: u64) -> Resources {
    Resources {
        cpu_milli: one.cpu_milli * count,
        memory_mib: one.memory_mib * count,
        gpu_milli: one.gpu_milli * count,
        local_disks: one.local_disks * count,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Demand, FleetBuilder, HostClass, HostGroup, Policy, Want};
    use super::*;
    use crate::model::HostIx;

    fn fleet() -> (Fleet, [DemandId; 2]) {
        let mut fleet = FleetBuilder::new(Policy::named("first-fit").unwrap(), 1);
        let small = fleet.class(HostClass::plain("small", 4_000, 8_192));
        let large = fleet.class(HostClass::plain("large", 16_000, 65_536));
        let demands = [fleet.demand(Demand::plain(3_000, 1_024)), fleet.demand(Demand::plain(500, 512))];
        for zone in [0, 1] {
            fleet.hosts(HostGroup::new(ZoneIx(zone), large, 2));
            fleet.hosts(HostGroup::new(ZoneIx(zone), small, 3));
        }
        fleet.shards_per_zone(2);
        (fleet.build().unwrap(), demands)
    }

    /// The same figures from a look at every host.
    fn scan(fleet: &Fleet, mix: &[Vec<DemandId>]) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        for host in (0..fleet.len()).map(HostIx) {
            let view = fleet.host(host).unwrap();
            let at = cells.iter().position(|cell| (cell.zone, cell.class) == (view.zone, view.class));
            let at = at.unwrap_or_else(|| {
                cells.push(Cell::new(view.zone, view.class));
                cells.len() - 1
            });
            let cell = &mut cells[at];
            cell.hosts += 1;
            cell.capacity += view.capacity;
            cell.used += view.capacity - view.free;
            if view.state != HostState::Up {
                cell.down += 1;
                continue;
            }
            cell.free += view.free;
            let share = |free: u64, all: u64| ((all - free) * 10).div_ceil(all);
            let tenth = share(view.free.cpu_milli, view.capacity.cpu_milli)
                .max(share(view.free.memory_mib, view.capacity.memory_mib));
            cell.fills[tenth as usize] += 1;
            let fits = |&demand: &DemandId| fleet.fits(&Want::zone(demand, view.zone).on(host));
            if view.free == view.capacity {
                cell.empty += 1;
            } else if mix[view.zone.at()].iter().any(fits) {
                cell.partly += 1;
            } else {
                cell.full += 1;
                cell.stranded += view.free;
            }
        }
        cells.sort_by_key(|cell| (cell.zone, cell.class));
        cells
    }

    #[test]
    fn a_survey_agrees_with_a_look_at_every_host_while_the_mix_grows() {
        let (fleet, [big, small]) = fleet();
        let mut survey = Survey::new();
        let mut mix = vec![Vec::new(), Vec::new()];
        assert_eq!(survey.look(&fleet, &mix), scan(&fleet, &mix));
        mix[0].push(big);
        let mut claims = Vec::new();
        let mut stranded = 0;
        for step in 0..12 {
            let demand = if step % 3 == 0 { small } else { big };
            claims.extend(fleet.place(&Want::zone(demand, ZoneIx(step % 2))));
            if step == 5 {
                mix[1].push(small);
            }
            if step == 9 {
                mix[0].push(small);
                fleet.set_host_state(HostIx(1), HostState::Draining);
            }
            let cells = survey.look(&fleet, &mix);
            assert_eq!(cells, scan(&fleet, &mix), "after step {step}");
            stranded += cells.iter().map(|cell| cell.stranded.cpu_milli).sum::<u64>();
        }
        assert!(stranded > 0, "the test must strand something");
        for claim in claims {
            fleet.release(claim);
        }
        assert_eq!(survey.look(&fleet, &mix), scan(&fleet, &mix));
    }

    #[test]
    fn looking_makes_no_queries() {
        let (fleet, [big, small]) = fleet();
        let before = fleet.stats();
        Survey::new().look(&fleet, &[vec![big, small], vec![small]]);
        assert_eq!(fleet.stats(), before);
    }
}
