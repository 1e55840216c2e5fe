//! What no placement can do better, of VMs that come and go: the bounds of [`crate::placement::bounds`] at every moment.
//!
//! The bounds hold even for a placement that knows the future and moves VMs as it likes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::sizes::Vm;
use crate::model::{ClassIx, SimTime};
use crate::placement::bounds::{Problem, Weights};
use crate::placement::{Demand, HostClass};

/// VMs in order of arrival, and the hosts they go to.
pub(super) struct Flow<'a> {
    pub(super) vms: &'a [Vm],
    pub(super) demands: &'a [Demand],
    pub(super) class: &'a HostClass,
    /// Whether VMs leave at their end.
    pub(super) release: bool,
}

impl Flow<'_> {
    fn problem(&self) -> Problem {
        Problem::new(self.demands, (ClassIx(0), self.class), &[])
    }

    /// Tells every arrival in order, with the weights of all VMs that live then, that one included; ends when told to.
    fn arrivals(&self, weights: &[Weights], mut each: impl FnMut(usize, &[u128]) -> bool) {
        let mut sums = vec![0u128; weights.len()];
        let mut ends: BinaryHeap<Reverse<(SimTime, u32)>> = BinaryHeap::new();
        for (at, vm) in self.vms.iter().enumerate() {
            while let Some(&Reverse((end, demand))) = ends.peek()
                && end <= vm.at
            {
                ends.pop();
                for (sum, weights) in sums.iter_mut().zip(weights) {
                    *sum -= u128::from(weights.of(demand as usize));
                }
            }
            for (sum, weights) in sums.iter_mut().zip(weights) {
                *sum += u128::from(weights.of(vm.demand as usize));
            }
            if self.release && vm.end != SimTime::NEVER {
                ends.push(Reverse((vm.end, vm.demand)));
            }
            if !each(at, &sums) {
                break;
            }
        }
    }

    /// VMs of each demand that live when the one at a place arrives.
    fn living(&self, at: usize) -> Vec<u64> {
        let mut counts = vec![0; self.demands.len()];
        let now = self.vms[at].at;
        let here = |vm: &&Vm| !self.release || vm.end > now;
        let before = self.vms[..at].iter().filter(here);
        before.chain([&self.vms[at]]).for_each(|vm| counts[vm.demand as usize] += 1);
        counts
    }

    /// Adds the weights of the LP bound at moments of many VMs.
    fn with_program(
        &self,
        problem: &Problem,
        mut weights: Vec<Weights>,
        mut moments: Vec<usize>,
    ) -> Vec<Weights> {
        moments.sort_unstable();
        moments.dedup();
        weights.extend(moments.into_iter().filter_map(|at| problem.program(&self.living(at))));
        weights
    }

    /// The least hosts that hold all VMs.
    pub(super) fn least_hosts(&self) -> u64 {
        let problem = self.problem();
        let volume = problem.volume();
        let mut peaks = vec![(0u128, 0usize); volume.len()];
        self.arrivals(&volume, |at, sums| {
            for (peak, &sum) in peaks.iter_mut().zip(sums) {
                *peak = (*peak).max((sum, at));
            }
            true
        });
        let moments = peaks.into_iter().map(|(_, at)| at).collect();
        let weights = self.with_program(&problem, volume, moments);
        let mut least = 0;
        self.arrivals(&weights, |_, sums| {
            let hosts = weights.iter().zip(sums).map(|(weights, &sum)| weights.hosts(sum));
            least = hosts.max().unwrap_or(0).max(least);
            true
        });
        least
    }

    /// How many VMs arrive before the first that so many hosts cannot hold beside all that live then: none that is placed
    /// until one fits nowhere can be more.
    pub(super) fn most_placed(&self, hosts: u64) -> u64 {
        let problem = self.problem();
        let volume = problem.volume();
        let by_volume = self.first_above(&volume, hosts);
        let moment = by_volume.unwrap_or(self.vms.len().saturating_sub(1));
        let weights = self.with_program(&problem, volume, vec![moment]);
        self.first_above(&weights, hosts).unwrap_or(self.vms.len()) as u64
    }

    fn first_above(&self, weights: &[Weights], hosts: u64) -> Option<usize> {
        let mut first = None;
        self.arrivals(weights, |at, sums| {
            if weights.iter().zip(sums).any(|(weights, &sum)| weights.hosts(sum) > hosts) {
                first = Some(at);
            }
            first.is_none()
        });
        first
    }
}
