//! Why a request has no room, and what would give it some. Made on demand; looks at shapes, never at every host.

use super::bars::Bars;
use super::class::HostClass;
use super::demand::Demand;
use super::fleet::Fleet;
use super::shape::{self, Free};
use super::want::{Reason, Want, Zones};
use crate::model::{ClassIx, ZoneIx};

/// Near shapes that an explanation lists.
const NEAR: usize = 3;

/// What every zone of a request has for it.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Explanation {
    /// Zones in the order in which they are tried.
    pub zones: Vec<ZoneExplanation>,
}

/// What one zone has for a request.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct ZoneExplanation {
    /// The zone.
    pub zone: ZoneIx,
    /// Its hosts.
    pub hosts: u64,
    /// Hosts that each constraint removed, in the order in which they apply; constraints that removed none are left
    /// out. The sum of all and of `fit` is `hosts`.
    pub removed: Vec<(Reason, u64)>,
    /// Hosts that have room.
    pub fit: u64,
    /// The resource that the most hosts are short of, when none has room.
    pub shortest: Option<Reason>,
    /// Shapes that come closest to having room, the closest first.
    pub near: Vec<Near>,
}

/// A shape without room for the request.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Near {
    /// Class of its hosts.
    pub class: String,
    /// How many hosts have this shape.
    pub hosts: u64,
    /// Free thousandths of a vCPU and MiB of each NUMA node.
    pub free_nodes: Vec<(u32, u32)>,
    /// Free thousandths of each GPU, ascending.
    pub free_gpus: Vec<u32>,
    /// Free local disks.
    pub free_local_disks: u32,
    /// What it lacks: the smallest change of the request that would fit there is to ask for so much less.
    pub lacks: Lack,
}

/// By how much a host is short. All zeros would fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Lack {
    /// Thousandths of a vCPU on the best node (for a split instance: on both).
    pub cpu_milli: u64,
    /// MiB there.
    pub memory_mib: u64,
    /// GPUs that have enough room each.
    pub gpus: u32,
    /// Local disks.
    pub local_disks: u32,
    /// Network cards.
    pub nics: u32,
}

impl Lack {
    /// A size to compare by: the sum of the shares of the host, in units of 2^-20.
    fn size(&self, class: &HostClass) -> u64 {
        let share = |part: u64, whole: u64| (part << 20) / whole.max(1);
        share(self.cpu_milli, class.cpu_milli.into())
            + share(self.memory_mib, class.memory_mib.into())
            + share(self.gpus.into(), class.gpu_count.into())
            + share(self.local_disks.into(), class.local_disks.into())
            + share(self.nics.into(), class.nics.unwrap_or(0).into())
    }
}

/// What a host of some shape lacks for a demand, on the nodes where that is least.
fn lack(demand: &Demand, class: &HostClass, free: Free<'_>) -> Lack {
    let (count, milli) = demand.gpus();
    let fitting = free.gpus().iter().filter(|&&left| left >= milli).count() as u32;
    let rest = Lack {
        gpus: count.saturating_sub(fitting),
        local_disks: demand.local_disks.saturating_sub(free.local_disks()),
        nics: if class.nics.is_some() { demand.nics.saturating_sub(free.nics()) } else { 0 },
        ..Lack::default()
    };
    let on = |node: usize, (cpu, memory): (u32, u32)| {
        let cpu = cpu.saturating_sub(free.node_cpu(node));
        (u64::from(cpu), u64::from(memory.saturating_sub(free.node_memory(node))))
    };
    let nodes = 0..free.nodes();
    let ways: Vec<(u64, u64)> = if super::fit::splits(demand, class) {
        let [first, second] = super::fit::halves(demand);
        let pairs = nodes.clone().flat_map(|low| (low + 1..free.nodes()).map(move |high| (low, high)));
        pairs
            .map(|(low, high)| (on(low, first), on(high, second)))
            .map(|(a, b)| (a.0 + b.0, a.1 + b.1))
            .collect()
    } else {
        nodes.map(|node| on(node, (demand.cpu_milli, demand.memory_mib))).collect()
    };
    ways.into_iter()
        .map(|(cpu_milli, memory_mib)| Lack { cpu_milli, memory_mib, ..rest })
        .min_by_key(|lack| lack.size(class))
        .unwrap_or(rest)
}

impl Fleet {
    /// Which constraint removes how many hosts for a request, which resource is short, and which shapes come close.
    pub fn explain(&self, want: &Want<'_>) -> Explanation {
        let zones = match want.zones {
            Zones::One(zone) => vec![zone],
            Zones::Any(zones) => zones.to_vec(),
        };
        Explanation { zones: zones.into_iter().map(|zone| self.explain_zone(want, zone)).collect() }
    }

    fn explain_zone(&self, want: &Want<'_>, zone: ZoneIx) -> ZoneExplanation {
        let mut removed = [0u64; Reason::ALL.len()];
        let mut near: Vec<(u64, Near)> = Vec::new();
        let (mut fit, mut hosts) = (0, 0);
        let (apart, members, set_full) = self.members_of(want, zone);
        let bars = Bars::new(&self.layout, apart, &members, None);
        let key = self.key(want);
        let demand = &self.facts.demands[want.demand.0 as usize];
        for &shard in self.zones.get(zone.at()).map_or(&[][..], |place| &place.shards) {
            let mut state = self.shards[shard as usize].lock();
            hosts += state.shape_of.len() as u64;
            let named = want
                .host
                .map(|host| if host.0 < self.len() { self.layout.locate(host) } else { (usize::MAX, 0) });
            if set_full {
                removed[Reason::SetFull as usize] += state.shape_of.len() as u64;
                continue;
            }
            let query = state.query(&self.facts, key);
            for at in 0..state.live.len() {
                let shape = state.live[at];
                let mut count = u64::from(state.shapes.list[shape as usize].hosts.len());
                if let Some((home, position)) = named {
                    let is_it = home == shard as usize && state.shape_of[position as usize] == shape;
                    removed[Reason::WrongHost as usize] += count - u64::from(is_it);
                    count = u64::from(is_it);
                }
                if count == 0 {
                    continue;
                }
                if state.judge(&self.facts, query, shape) {
                    fit += count;
                    continue;
                }
                let reason = state.marks.get(shape, query).reason().unwrap_or(Reason::Policy);
                removed[reason as usize] += count;
                if reason >= Reason::Nics && reason <= Reason::Numa {
                    let words = state.shapes.vector(shape);
                    let class = &self.facts.classes[ClassIx::from(shape::class_of(words)).at()];
                    let free = Free::new(words, class);
                    let lacks = lack(demand, class, free);
                    near.push((
                        lacks.size(class),
                        Near {
                            class: class.name.clone(),
                            hosts: count,
                            free_nodes: (0..free.nodes())
                                .map(|node| (free.node_cpu(node), free.node_memory(node)))
                                .collect(),
                            free_gpus: free.gpus().to_vec(),
                            free_local_disks: free.local_disks(),
                            lacks,
                        },
                    ));
                    near.sort_by_key(|(size, near)| (*size, std::cmp::Reverse(near.hosts)));
                    near.truncate(NEAR);
                }
            }
            // Hosts with room that the set bars: only the bars are looked at.
            let barred = bars.map_or_else(Vec::new, |bars| bars.of(shard).positions());
            for position in barred.into_iter().flatten() {
                let is_it = named.is_none_or(|named| named == (shard as usize, position));
                if is_it && state.has_room_at(&self.facts, query, position) {
                    fit -= 1;
                    removed[Reason::Set as usize] += 1;
                }
            }
        }
        let shortest = (Reason::Nics as usize..=Reason::Numa as usize)
            .filter(|&reason| removed[reason] > 0)
            .max_by_key(|&reason| (removed[reason], std::cmp::Reverse(reason)));
        ZoneExplanation {
            zone,
            hosts,
            removed: Reason::ALL.into_iter().zip(removed).filter(|(_, count)| *count > 0).collect(),
            fit,
            shortest: if fit == 0 { shortest.map(|reason| Reason::ALL[reason]) } else { None },
            near: near.into_iter().map(|(_, near)| near).collect(),
        }
    }
}
