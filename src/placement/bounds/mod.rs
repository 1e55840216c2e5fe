//! Lower bounds on the number of hosts that hold a set of instances, whatever the policy.
//!
//! A bound is a **weight** for each demand such that no host can hold more than a stated weight: then the hosts are at
//! least the weight of all instances over that of a host. The *volume bound* of a resource takes the demand for it as the
//! weight. The *LP bound* takes the best weights there are: those of the dual of the configuration program (Gilmore and
//! Gomory 1961), in which a host is any combination of demands that fits. They are found by a linear program whose
//! constraints are made as they are needed (`program`); what a host can hold at most is then found in integers
//! (`price`), so that a bound is true whatever the rounding of the linear program.
//!
//! NUMA nodes, spread instances, local disks, network cards and the classes that serve a demand are exact; GPUs count by
//! the sum of their thousandths. Owners, clusters and sets are not looked at: the bounds are true for them as well.

mod price;
mod program;

use super::class::HostClass;
use super::demand::Demand;
use super::fit;
use crate::model::ClassIx;
use price::Price;

/// What one host has, and each way in which a demand can sit on it. A size is a list: CPU and memory of each NUMA node,
/// then GPUs, local disks and network cards.
#[derive(Clone, Debug)]
struct Bin {
    capacity: Vec<u64>,
    nodes: usize,
    ways: Vec<Way>,
}

/// One way in which a demand can sit on a host.
#[derive(Clone, Debug)]
struct Way {
    demand: usize,
    size: Vec<u64>,
}

/// Resources whose sum over a host is looked at: CPU, memory, GPUs, local disks, network cards.
const SUMS: usize = 5;

/// The sum of a size over the nodes.
fn sums(size: &[u64], nodes: usize) -> [u64; SUMS] {
    let over = |first: usize| (0..nodes).map(|node| size[2 * node + first]).sum();
    [over(0), over(1), size[2 * nodes], size[2 * nodes + 1], size[2 * nodes + 2]]
}

impl Bin {
    fn new(demands: &[Demand], ix: ClassIx, class: &HostClass) -> Bin {
        let nodes = class.numa_nodes as usize;
        let mut capacity = Vec::with_capacity(2 * nodes + 3);
        for node in 0..class.numa_nodes {
            let (cpu, memory) = class.node(node);
            capacity.extend([u64::from(cpu), u64::from(memory)]);
        }
        let nics = class.nics.map_or(0, u64::from);
        capacity.extend([u64::from(class.gpu_count) * 1_000, class.local_disks.into(), nics]);
        let mut ways = Vec::new();
        for (at, demand) in demands.iter().enumerate().filter(|(_, demand)| demand.served_by(ix, class)) {
            let (count, milli) = demand.gpus();
            let nics = if class.nics.is_some() { demand.nics.into() } else { 0 };
            let on = |parts: &[(usize, (u32, u32))]| {
                let mut size = vec![0; capacity.len()];
                for &(node, (cpu, memory)) in parts {
                    (size[2 * node], size[2 * node + 1]) = (cpu.into(), memory.into());
                }
                size[2 * nodes..].copy_from_slice(&[
                    u64::from(count) * u64::from(milli),
                    demand.local_disks.into(),
                    nics,
                ]);
                Way { demand: at, size }
            };
            if fit::splits(demand, class) {
                let [first, second] = fit::halves(demand);
                let pairs = (0..nodes).flat_map(|low| (low + 1..nodes).map(move |high| (low, high)));
                ways.extend(pairs.map(|(low, high)| on(&[(low, first), (high, second)])));
            } else {
                ways.extend((0..nodes).map(|node| on(&[(node, (demand.cpu_milli, demand.memory_mib))])));
            }
        }
        ways.retain(|way| way.size.iter().zip(&capacity).all(|(size, room)| size <= room));
        Bin { capacity, nodes, ways }
    }
}

/// Weights of demands such that no host can hold more than a stated weight.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Weights {
    of: Vec<u64>,
    host: u64,
    given: u128,
}

impl Weights {
    /// The weight of one instance of a demand, by its place in the list that the problem was made of.
    pub fn of(&self, demand: usize) -> u64 {
        self.of[demand]
    }

    /// The least hosts of the class asked about for instances of this weight in all, beside the given ones.
    pub fn hosts(&self, weight: u128) -> u64 {
        let rest = weight.saturating_sub(self.given);
        u64::try_from(rest.div_ceil(self.host.max(1).into())).unwrap_or(u64::MAX)
    }

    /// The same for so many instances of each demand.
    pub fn hosts_for(&self, counts: &[u64]) -> u64 {
        self.hosts(
            self.of.iter().zip(counts).map(|(&weight, &count)| u128::from(weight) * u128::from(count)).sum(),
        )
    }
}

/// Lower bounds for a set of instances, in hosts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Bounds {
    /// The best of the volume bounds.
    pub volume: u64,
    /// The LP bound; never below `volume`.
    pub hosts: u64,
}

/// How many hosts of one class are needed, beside hosts that are there.
#[derive(Clone, Debug)]
pub struct Problem {
    demands: usize,
    open: Bin,
    given: Vec<(Bin, u64)>,
}

impl Problem {
    /// Asks about hosts of one class; `given` are classes of hosts that are there, with their numbers. Classes are named as
    /// the demands name them.
    pub fn new(
        demands: &[Demand],
        open: (ClassIx, &HostClass),
        given: &[(ClassIx, &HostClass, u64)],
    ) -> Problem {
        let given = given.iter().filter(|(.., hosts)| *hosts > 0);
        let given = given.map(|&(ix, class, hosts)| (Bin::new(demands, ix, class), hosts)).collect();
        let mut problem = Problem { demands: demands.len(), open: Bin::new(demands, open.0, open.1), given };
        // What takes nothing of some host that is there needs no room, and has no weight.
        let bins = problem.given.iter().map(|(bin, _)| bin).chain([&problem.open]);
        let weightless = bins.flat_map(|bin| &bin.ways).filter(|way| way.size.iter().all(|&size| size == 0));
        let weightless: Vec<usize> = weightless.map(|way| way.demand).collect();
        problem.open.ways.retain(|way| !weightless.contains(&way.demand));
        problem
    }

    /// Whether the class asked about can hold an instance of a demand.
    pub fn holds(&self, demand: usize) -> bool {
        self.open.ways.iter().any(|way| way.demand == demand)
    }

    /// The weights of the volume bounds: one for each resource that some demand asks of the class.
    pub fn volume(&self) -> Vec<Weights> {
        let capacity = sums(&self.open.capacity, self.open.nodes);
        let weights = (0..SUMS).filter(|&resource| capacity[resource] > 0).map(|resource| {
            let mut of = vec![0; self.demands];
            for way in &self.open.ways {
                of[way.demand] = sums(&way.size, self.open.nodes)[resource];
            }
            let given = self.given.iter().map(|(bin, hosts)| {
                u128::from(sums(&bin.capacity, bin.nodes)[resource]) * u128::from(*hosts)
            });
            Weights { of, host: capacity[resource], given: given.sum() }
        });
        weights.filter(|weights| weights.of.iter().any(|&weight| weight > 0)).collect()
    }

    /// The weights of the LP bound for so many instances of each demand. They are weights for any other numbers as well.
    /// None when no instance that only this class can hold is among them.
    pub fn program(&self, counts: &[u64]) -> Option<Weights> {
        program::solve(self, counts)
    }

    /// The bounds for so many instances of each demand. Instances that the class cannot hold are left out.
    pub fn bounds(&self, counts: &[u64]) -> Bounds {
        let volume = self.volume().iter().map(|weights| weights.hosts_for(counts)).max().unwrap_or(0);
        let program = self.program(counts).map_or(0, |weights| weights.hosts_for(counts));
        Bounds { volume, hosts: volume.max(program) }
    }

    /// Makes weights true: finds what a host can hold of them at most.
    fn weigh(&self, of: Vec<u64>) -> Weights {
        let most = |bin: &Bin| Price::of(bin, &of).most;
        let host = most(&self.open);
        let given = self.given.iter().map(|(bin, hosts)| u128::from(most(bin)) * u128::from(*hosts)).sum();
        Weights { of, host, given }
    }
}

#[cfg(test)]
mod tests;
