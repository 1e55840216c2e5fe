//! Policies: a score over shapes, one file each, and one line in the registry.

mod best_fit;
mod first_fit;
mod worst_fit;

use std::fmt;
use std::sync::Arc;

use super::class::HostClass;
use super::demand::Demand;
use super::shape::Free;

pub use best_fit::BestFit;
pub use first_fit::FirstFit;
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

    /// Whether hosts carry a lifetime class.
    fn looks_at_lifetime(&self) -> bool {
        false
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

/// One line a policy: its name, what it does in a line, and how to make it.
const REGISTRY: &[(&str, &str, fn() -> Arc<dyn Rule>)] = &[
    ("first-fit", "the lowest host with room", || Arc::new(FirstFit)),
    ("best-fit", "the least room left over, summed as shares of the host", || Arc::new(BestFit)),
    ("worst-fit", "the most room left over, summed as shares of the host", || Arc::new(WorstFit)),
];

impl Policy {
    /// A rule of one's own under a name.
    pub fn new(name: &'static str, rule: impl Rule + 'static) -> Policy {
        Policy { name, rule: Arc::new(rule) }
    }

    /// The policy of that name, with its default parameters.
    pub fn named(name: &str) -> Option<Policy> {
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

/// The mean share of the host's capacity that is free, over the resources it has: CPU, memory, and GPUs if any.
pub fn free_share(free: Free<'_>, class: &HostClass) -> i64 {
    let cpu = share(free.cpu(), class.cpu_milli.into());
    let memory = share(free.memory(), class.memory_mib.into());
    if class.gpu_count == 0 {
        (cpu + memory) / 2
    } else {
        (cpu + memory + share(free.gpu(), u64::from(class.gpu_count) * 1_000)) / 3
    }
}
