//! Policies: a score over shapes, one file each, and one line in the registry.

mod best_fit;
mod chain;
mod fgd;
mod first_fit;
mod gpu;
mod lifetime;
mod next_fit;
mod node_best_fit;
mod power_of_k;
mod random_fit;
mod server_best_fit;
mod vectors;
mod worst_fit;

use std::fmt;
use std::sync::Arc;

use super::class::HostClass;
use super::demand::Demand;
use super::shape::Free;

pub use best_fit::BestFit;
pub use chain::{Balance, Chain, KeepEmpty, KeepGpus};
pub use fgd::{Fgd, Typical};
pub use first_fit::FirstFit;
pub use gpu::{GpuBestFit, GpuBestFitExact, GpuClustering, GpuPacking};
pub use lifetime::{Lifetime, lifetime_class};
pub use next_fit::NextFit;
pub use node_best_fit::NodeBestFit;
pub use power_of_k::PowerOfK;
pub use random_fit::RandomFit;
pub use server_best_fit::ServerBestFit;
pub use vectors::{Cosine, DotProduct, L2Norm};
pub use worst_fit::WorstFit;

/// How good a place is: the highest wins. An integer, so that ties are ties on every machine.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Score(pub i64);

/// One way to put a demand on a host of some shape: all that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct Fit<'a> {
    /// What is asked for.
    pub demand: &'a Demand,
    /// Class of the host: its capacity.
    pub class: &'a HostClass,
    /// Free before.
    pub before: Free<'a>,
    /// Free after.
    pub after: Free<'a>,
    /// NUMA node of the instance.
    pub node: usize,
    /// Second node of a split instance.
    pub second: Option<usize>,
    /// Expected lifetime class of the instance; 0 is unknown.
    pub lifetime: u8,
}

/// An instance that a host takes, for the host's tag.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// What it asks for.
    pub demand: &'a Demand,
    /// Its expected lifetime class; 0 is unknown.
    pub lifetime: u8,
    /// The tag before.
    pub tag: u32,
}

/// How a policy picks among the hosts with room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Pick {
    /// The highest score; among equals the lowest rank.
    Best,
    /// The lowest rank.
    Lowest,
    /// The lowest rank from where the last one was found, wrapping round (one cursor a shard).
    Next,
    /// Any, with equal chance.
    Random,
    /// The best of so many drawn with equal chance (with replacement); among equals the lowest rank.
    Power(u32),
}

/// A policy: a score for one way to put a demand on a shape.
///
/// It cannot see a host, so it cannot break the cost: a score is computed once for a (demand, shape) pair.
/// It must be a pure function, in integers or in IEEE `+ - * /` and the `libm` crate only.
pub trait Rule: Send + Sync + fmt::Debug {
    /// The score, or none to refuse.
    fn score(&self, fit: &Fit<'_>) -> Option<Score>;

    /// How the fleet picks.
    fn pick(&self) -> Pick {
        Pick::Best
    }

    /// Whether a share of a GPU is scored on every device (FGD), or put on the one with the least room that fits.
    fn tries_devices(&self) -> bool {
        false
    }

    /// Whether the expected lifetime of an instance matters.
    fn looks_at_lifetime(&self) -> bool {
        false
    }

    /// The tag of a host after it took an instance: what the rule wants to remember of the host. It is part of the
    /// shape, stays when instances leave, and is 0 on an empty host. Few different values should occur.
    fn tag(&self, taken: &Taken<'_>) -> u32 {
        let _ = taken;
        0
    }

    /// The rule made ready for the demands of a fleet, when it depends on them and was given none itself.
    fn learn(&self, demands: &[Demand]) -> Option<Arc<dyn Rule>> {
        let _ = demands;
        None
    }
}

/// A named rule.
#[derive(Clone, Debug)]
pub struct Policy {
    name: &'static str,
    rule: Arc<dyn Rule>,
}

/// Makes a rule with its default parameters.
type Make = fn() -> Arc<dyn Rule>;

/// One line a policy: its name, what it does in a line, and how to make it.
const REGISTRY: &[(&str, &str, Make)] = &[
    ("first-fit", "the lowest host with room", || Arc::new(FirstFit)),
    ("next-fit", "the lowest host with room from the last one on", || Arc::new(NextFit)),
    ("best-fit", "the least room left, as the mean share of the host", || Arc::new(BestFit)),
    ("worst-fit", "the most room left, as the mean share of the host", || Arc::new(WorstFit)),
    ("random-fit", "any host with room, with equal chance", || Arc::new(RandomFit)),
    ("power-of-2", "the emptier of two hosts drawn (any number: power-of-K)", || power_of(2)),
    ("dot-product", "the largest product of demand and free room", || Arc::new(DotProduct::default())),
    ("cosine", "the smallest angle between demand and free room", || Arc::new(Cosine)),
    ("l2-norm", "the least sum of squares of the free shares", || Arc::new(L2Norm)),
    ("chain", "a weighted chain: keep GPUs, keep hosts empty, balance, best fit", || {
        Arc::new(Chain::default())
    }),
    ("node-best-fit", "the least free share of the NUMA node's scarcer resource", || Arc::new(NodeBestFit)),
    ("server-best-fit", "the least free share of the scarcer resource over all NUMA nodes", || {
        Arc::new(ServerBestFit)
    }),
    ("gpu-best-fit", "best fit of the published GPU simulator", || Arc::new(GpuBestFit)),
    ("gpu-best-fit-exact", "the same without the truncation to an integer", || Arc::new(GpuBestFitExact)),
    ("gpu-packing", "shared devices first, then busy hosts, then idle ones", || Arc::new(GpuPacking)),
    ("gpu-clustering", "hosts with GPU demands of the same kind first", || Arc::new(GpuClustering)),
    ("fgd", "the least added GPU fragmentation for the typical load", || Arc::new(Fgd::default())),
    ("fgd-balanced", "the same; GPUs that CPU is missing for count as fragments", || {
        Arc::new(Fgd::default().balanced())
    }),
    ("lifetime", "hosts of the same lifetime class first", || Arc::new(Lifetime)),
];

fn power_of(choices: u32) -> Arc<dyn Rule> {
    Arc::new(PowerOfK { choices, rule: Arc::new(WorstFit) })
}

impl Policy {
    /// A rule of one's own under a name.
    pub fn new(name: &'static str, rule: impl Rule + 'static) -> Policy {
        Policy { name, rule: Arc::new(rule) }
    }

    /// The policy of that name, with its default parameters; `power-of-K` takes any K from 1.
    pub fn named(name: &str) -> Option<Policy> {
        if let Some(choices) = name.strip_prefix("power-of-") {
            let choices = choices.parse().ok().filter(|&choices| choices > 0)?;
            return Some(Policy { name: "power-of-k", rule: power_of(choices) });
        }
        let &(name, _, make) = REGISTRY.iter().find(|(known, ..)| *known == name)?;
        Some(Policy { name, rule: make() })
    }

    /// Names and one-line descriptions of all policies.
    pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
        REGISTRY.iter().map(|&(name, about, _)| (name, about))
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Its rule.
    pub fn rule(&self) -> &dyn Rule {
        &*self.rule
    }

    pub(super) fn learn(&mut self, demands: &[Demand]) {
        if let Some(rule) = self.rule.learn(demands) {
            self.rule = rule;
        }
    }
}

/// Shares are counted in units of 2^-40: exact enough that no two different shares of real hosts meet.
pub const SHARE: i64 = 1 << 40;

/// `part` of `whole` as a share in units of [`SHARE`]; 0 of nothing.
pub fn share(part: u64, whole: u64) -> i64 {
    if whole == 0 { 0 } else { (u128::from(part) * SHARE as u128 / u128::from(whole)) as i64 }
}

/// The shares of the host's CPU, memory and GPUs that are free.
pub fn free_shares(free: Free<'_>, class: &HostClass) -> [i64; 3] {
    [
        share(free.cpu(), class.cpu_milli.into()),
        share(free.memory(), class.memory_mib.into()),
        share(free.gpu(), u64::from(class.gpu_count) * 1_000),
    ]
}

/// The mean share of the host's capacity that is free, over the resources it has: CPU, memory, and GPUs if any.
pub fn free_share(free: Free<'_>, class: &HostClass) -> i64 {
    let [cpu, memory, gpu] = free_shares(free, class);
    if class.gpu_count == 0 { (cpu + memory) / 2 } else { (cpu + memory + gpu) / 3 }
}
