//! Which ways a demand fits a shape, and the shape that is left.

use super::class::HostClass;
use super::demand::Demand;
use super::policy::{Fit, Rule, Score, Taken};
use super::shape::{self, Free, Vector};
use super::want::{NO_NODE, Reason};

/// Where on the host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Spot {
    /// NUMA node, low four bits; second node of a split instance, high four.
    pub(super) nodes: u8,
    /// For a share of a GPU: canonical devices that are equally good, by position in the ascending list (of
    /// devices with equal room only the first is named). The lowest real device among them is taken.
    pub(super) devices: u16,
}

impl Spot {
    fn nodes(self) -> (u8, Option<u8>) {
        (self.nodes & 0xF, (self.nodes >> 4 != NO_NODE).then_some(self.nodes >> 4))
    }
}

/// What a demand finds on a shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It fits, this well, best there.
    Fits(Score, Spot),
    /// It does not, for this reason.
    Short(Reason),
}

/// CPU and memory on the first and the second node.
pub(super) fn halves(demand: &Demand) -> [(u32, u32); 2] {
    let (cpu, memory) = (demand.cpu_milli, demand.memory_mib);
    [(cpu - cpu / 2, memory - memory / 2), (cpu / 2, memory / 2)]
}

/// Whether an instance of this demand is spread over two nodes of such a host.
pub(super) fn splits(demand: &Demand, class: &HostClass) -> bool {
    class.numa_nodes > 1 && class.split_above_mib.is_some_and(|limit| demand.memory_mib > limit)
}

/// Judges a demand on a shape: the best of all ways to put it there.
pub(super) fn judge(rule: &dyn Rule, demand: &Demand, life: u8, class: &HostClass, words: &[u32]) -> Verdict {
    let free = Free::new(words, class);
    if let Some(reason) = shortage(demand, class, free) {
        return Verdict::Short(reason);
    }
    let mut best: Option<(Score, Spot)> = None;
    let mut consider = |spot: Spot| {
        let mut after = Vector::from_slice(words);
        take(demand, class, tag_after(rule, demand, life, words), spot, &mut after);
        let nodes = spot.nodes();
        let fit = Fit {
            demand,
            class,
            before: free,
            after: Free::new(&after, class),
            node: nodes.0.into(),
            second: nodes.1.map(usize::from),
            lifetime: life,
        };
        let Some(score) = rule.score(&fit) else { return };
        match &mut best {
            Some((top, held)) if *top == score && held.nodes == spot.nodes => held.devices |= spot.devices,
            Some((top, _)) if *top >= score => {}
            _ => best = Some((score, spot)),
        }
    };
    let mut on_nodes = |nodes: u8| {
        let milli = demand.gpus().1;
        if !demand.gpu_share() {
            return consider(Spot { nodes, devices: 0 });
        }
        let gpus = free.gpus();
        let fitting = gpus.partition_point(|&left| left < milli);
        for at in fitting..gpus.len() {
            if at > fitting && gpus[at] == gpus[at - 1] {
                continue;
            }
            consider(Spot { nodes, devices: 1 << at });
            if !rule.tries_devices() {
                break;
            }
        }
    };
    let fits = |node: usize, (cpu, memory): (u32, u32)| {
        free.node_cpu(node) >= cpu && free.node_memory(node) >= memory
    };
    let nodes = free.nodes();
    if splits(demand, class) {
        let [first, second] = halves(demand);
        for low in 0..nodes {
            for high in low + 1..nodes {
                if fits(low, first) && fits(high, second) {
                    on_nodes((high as u8) << 4 | low as u8);
                }
            }
        }
    } else {
        for node in 0..nodes {
            if fits(node, (demand.cpu_milli, demand.memory_mib)) {
                on_nodes(NO_NODE << 4 | node as u8);
            }
        }
    }
    match best {
        Some((score, spot)) => Verdict::Fits(score, spot),
        None => Verdict::Short(Reason::Policy),
    }
}

/// The first resource that is short, in the order of [`Reason`].
pub(super) fn shortage(demand: &Demand, class: &HostClass, free: Free<'_>) -> Option<Reason> {
    if class.nics.is_some() && free.nics() < demand.nics {
        return Some(Reason::Nics);
    }
    if free.local_disks() < demand.local_disks {
        return Some(Reason::LocalDisks);
    }
    let (count, milli) = demand.gpus();
    let gpus = free.gpus();
    if count > 0 && gpus.len() - gpus.partition_point(|&left| left < milli) < count as usize {
        return Some(Reason::Gpu);
    }
    let (cpu, memory) = (demand.cpu_milli, demand.memory_mib);
    let nodes = free.nodes();
    if nodes == 1 {
        return if free.node_memory(0) < memory {
            Some(Reason::Memory)
        } else if free.node_cpu(0) < cpu {
            Some(Reason::Cpu)
        } else {
            None
        };
    }
    if free.memory() < memory.into() {
        return Some(Reason::Memory);
    }
    if free.cpu() < cpu.into() {
        return Some(Reason::Cpu);
    }
    let fits = |node: usize, (cpu, memory): (u32, u32)| {
        free.node_cpu(node) >= cpu && free.node_memory(node) >= memory
    };
    let some = if splits(demand, class) {
        let [first, second] = halves(demand);
        (0..nodes).any(|low| fits(low, first) && (low + 1..nodes).any(|high| fits(high, second)))
    } else {
        (0..nodes).any(|node| fits(node, (cpu, memory)))
    };
    (!some).then_some(Reason::Numa)
}

/// The tag of a host after it took an instance.
pub(super) fn tag_after(rule: &dyn Rule, demand: &Demand, lifetime: u8, words: &[u32]) -> u32 {
    rule.tag(&Taken { demand, lifetime, tag: shape::tag_of(words) })
}

/// Takes a part out of what is free. Asserted in release builds too: each change from shape to shape is computed here
/// once, and remembered.
fn less(free: &mut u32, part: u32, class: &HostClass, what: &str) {
    *free = free.checked_sub(part).unwrap_or_else(|| {
        panic!("a host of class `{}` has {free} of its {what} free, and {part} would be taken", class.name)
    });
}

/// Gives a part back to what is free of `most`. Asserted in release builds too.
fn more(free: &mut u32, part: u32, most: u32, class: &HostClass, what: &str) {
    let sum = free.checked_add(part).filter(|sum| *sum <= most);
    *free = sum.unwrap_or_else(|| {
        panic!(
            "a host of class `{}` has {free} of {most} of its {what} free, and {part} would come back",
            class.name
        )
    });
}

/// Takes the demand out of a vector, at a spot that fits.
pub(super) fn take(demand: &Demand, class: &HostClass, tag: u32, spot: Spot, words: &mut [u32]) {
    shape::set_tag(words, tag);
    less(shape::disks_mut(words), demand.local_disks, class, "local disks");
    if class.nics.is_some() {
        less(shape::nics_mut(words), demand.nics, class, "network cards");
    }
    let mut from = |node: u8, (cpu, memory): (u32, u32)| {
        let free = shape::node_mut(words, node);
        less(&mut free[0], cpu, class, "vCPU thousandths");
        less(&mut free[1], memory, class, "MiB");
    };
    match spot.nodes() {
        (node, None) => from(node, (demand.cpu_milli, demand.memory_mib)),
        (low, Some(high)) => {
            let [first, second] = halves(demand);
            from(low, first);
            from(high, second);
        }
    }
    let (count, milli) = demand.gpus();
    if count > 0 {
        let gpus = shape::gpus_mut(words, class.numa_nodes);
        let first = if demand.gpu_share() {
            spot.devices.trailing_zeros() as usize
        } else {
            gpus.partition_point(|&left| left < milli)
        };
        for left in &mut gpus[first..first + count as usize] {
            less(left, milli, class, "GPU thousandths");
        }
        gpus.sort_unstable();
    }
}

/// Gives CPU, memory, disks and cards of the demand back; the GPUs are the caller's, who knows the devices.
/// The tag stays.
pub(super) fn give(demand: &Demand, class: &HostClass, nodes: u8, words: &mut [u32]) {
    more(shape::disks_mut(words), demand.local_disks, class.local_disks, class, "local disks");
    if let Some(nics) = class.nics {
        more(shape::nics_mut(words), demand.nics, nics, class, "network cards");
    }
    let mut to = |node: u8, (cpu, memory): (u32, u32)| {
        let (free, most) = (shape::node_mut(words, node), class.node(node.into()));
        more(&mut free[0], cpu, most.0, class, "vCPU thousandths");
        more(&mut free[1], memory, most.1, class, "MiB");
    };
    match (Spot { nodes, devices: 0 }).nodes() {
        (node, None) => to(node, (demand.cpu_milli, demand.memory_mib)),
        (low, Some(high)) => {
            let [first, second] = halves(demand);
            to(low, first);
            to(high, second);
        }
    }
}
