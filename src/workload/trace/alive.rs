//! What is alive at once: the most of it, and its mean over time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{AddAssign, SubAssign};

use crate::model::SimTime;

/// What an instance takes, or several of them together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub(crate) struct Load {
    /// Thousandths of a vCPU.
    pub(crate) cpu_milli: u64,
    /// Memory in MiB.
    pub(crate) memory_mib: u64,
    /// Thousandths of a GPU.
    pub(crate) gpu_milli: u64,
}

impl Load {
    /// The greater one of each kind.
    pub(crate) fn most(self, other: Load) -> Load {
        Load {
            cpu_milli: self.cpu_milli.max(other.cpu_milli),
            memory_mib: self.memory_mib.max(other.memory_mib),
            gpu_milli: self.gpu_milli.max(other.gpu_milli),
        }
    }
}

impl AddAssign for Load {
    fn add_assign(&mut self, other: Load) {
        self.cpu_milli += other.cpu_milli;
        self.memory_mib += other.memory_mib;
        self.gpu_milli += other.gpu_milli;
    }
}

impl SubAssign for Load {
    fn sub_assign(&mut self, other: Load) {
        self.cpu_milli -= other.cpu_milli;
        self.memory_mib -= other.memory_mib;
        self.gpu_milli -= other.gpu_milli;
    }
}

/// Instances that come and go, in order of their coming. Ends at or before a moment come first. Memory follows what is
/// alive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Alive {
    live: Load,
    count: u64,
    /// Instances times microseconds, up to `reached`.
    lived: u128,
    reached: SimTime,
    ends: BinaryHeap<Reverse<(SimTime, Load)>>,
    peak: Load,
    peak_count: u64,
}

impl Alive {
    /// Time counts from this moment on.
    pub(crate) fn begun(at: SimTime) -> Alive {
        Alive { reached: at, ..Alive::default() }
    }

    /// An instance comes, not before any that came earlier; without an end it stays.
    pub(crate) fn add(&mut self, at: SimTime, load: Load, end: Option<SimTime>) {
        self.advance(at);
        self.live += load;
        self.count += 1;
        self.peak = self.peak.most(self.live);
        self.peak_count = self.peak_count.max(self.count);
        self.ends.extend(end.map(|end| Reverse((end, load))));
    }

    /// Lets time pass, with what ends up to then.
    pub(crate) fn advance(&mut self, at: SimTime) {
        while let Some(Reverse((end, load))) = self.ends.peek().copied().filter(|due| due.0.0 <= at) {
            self.ends.pop();
            self.reach(end);
            self.count -= 1;
            self.live -= load;
        }
        self.reach(at);
    }

    fn reach(&mut self, at: SimTime) {
        self.lived += u128::from(self.count) * u128::from(at.since(self.reached).0);
        self.reached = self.reached.max(at);
    }

    /// The most of each kind that was alive at once.
    pub(crate) fn peak(&self) -> Load {
        self.peak
    }

    /// The most instances that were alive at once.
    pub(crate) fn peak_count(&self) -> u64 {
        self.peak_count
    }

    /// Instances times microseconds so far.
    pub(crate) fn lived(&self) -> u128 {
        self.lived
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_come_first_and_means_go_over_time() {
        let load = |cpu_milli| Load { cpu_milli, memory_mib: 1, gpu_milli: 0 };
        let mut alive = Alive::begun(SimTime(10));
        alive.add(SimTime(10), load(2), Some(SimTime(20)));
        alive.add(SimTime(10), load(3), None);
        // The first one ends at the moment that the third one comes.
        alive.add(SimTime(20), load(4), Some(SimTime(25)));
        alive.advance(SimTime(30));
        assert_eq!(
            (alive.peak_count(), alive.peak()),
            (2, Load { cpu_milli: 7, memory_mib: 2, gpu_milli: 0 })
        );
        assert_eq!(alive.lived(), 10 + 20 + 5);
    }
}
