//! Clone bandwidth of one zone's disk pools, shared equally by the clones in flight.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::{SimDuration, SimTime};

/// Fractional bits of the served-work counter: rounding is below a millionth of a byte per microsecond.
const FRACTION_BITS: u32 = 20;

/// Egalitarian processor sharing of a fixed bandwidth, in exact integer arithmetic.
///
/// All clones in flight progress at the same rate, so one counter of work served per clone is enough: a clone
/// of `size` bytes that joins at counter `v` is done when the counter reaches `v + size` (virtual-time
/// formulation of processor sharing; Parekh and Gallager 1993). Joining and leaving cost O(log n).
#[derive(Debug)]
pub struct ClonePool {
    bytes_per_sec: u64,
    /// Work served to each clone since the start, in 2^-20 bytes.
    served: u128,
    updated: SimTime,
    /// (counter at which it is done, order of joining, instance)
    in_flight: BinaryHeap<Reverse<(u128, u64, u32)>>,
    joined: u64,
}

/// A clone pool as data; see [`ClonePool::save`].
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct CloneState {
    served: u128,
    updated: SimTime,
    in_flight: Vec<(u128, u64, u32)>,
    joined: u64,
}

impl ClonePool {
    /// A pool with the given bandwidth in bytes a second; at least one byte.
    pub fn new(bytes_per_sec: u64) -> ClonePool {
        ClonePool {
            bytes_per_sec: bytes_per_sec.max(1),
            served: 0,
            updated: SimTime::ZERO,
            in_flight: BinaryHeap::new(),
            joined: 0,
        }
    }

    /// Starts a clone of `bytes` for `instance`.
    pub fn join(&mut self, now: SimTime, instance: u32, bytes: u64) {
        self.advance(now);
        let done_at = self.served + (u128::from(bytes) << FRACTION_BITS);
        self.in_flight.push(Reverse((done_at, self.joined, instance)));
        self.joined += 1;
    }

    /// When the next clone is done if none joins before, or `None` when none is in flight.
    pub fn next_done(&self) -> Option<SimTime> {
        let &Reverse((done_at, _, _)) = self.in_flight.peek()?;
        let left = done_at.saturating_sub(self.served) * self.in_flight.len() as u128;
        let micros = (left * 1_000_000).div_ceil(u128::from(self.bytes_per_sec) << FRACTION_BITS);
        Some(self.updated + SimDuration(micros.min(u128::from(u64::MAX)) as u64))
    }

    /// Takes out one clone that is done by `now`, in the order of being done (ties: order of joining).
    pub fn take_done(&mut self, now: SimTime) -> Option<u32> {
        self.advance(now);
        let &Reverse((done_at, _, instance)) = self.in_flight.peek()?;
        if done_at > self.served {
            return None;
        }
        self.in_flight.pop();
        Some(instance)
    }

    /// Takes out the clone of `instance` before it is done; false when none is in flight. Costs a look at every
    /// clone in flight: for starts that are cut, which are rare.
    pub fn leave(&mut self, now: SimTime, instance: u32) -> bool {
        self.advance(now);
        let before = self.in_flight.len();
        self.in_flight.retain(|Reverse((_, _, other))| *other != instance);
        self.in_flight.len() < before
    }

    /// The pool as data, the clones in the order of being done.
    pub fn save(&self) -> CloneState {
        let mut in_flight: Vec<(u128, u64, u32)> =
            self.in_flight.iter().map(|&Reverse(clone)| clone).collect();
        in_flight.sort_unstable();
        CloneState { served: self.served, updated: self.updated, in_flight, joined: self.joined }
    }

    /// Goes on from a state.
    pub fn restore(&mut self, state: &CloneState) {
        self.served = state.served;
        self.updated = state.updated;
        self.in_flight = state.in_flight.iter().copied().map(Reverse).collect();
        self.joined = state.joined;
    }

    /// Clones in flight.
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }

    /// True when no clone is in flight.
    pub fn is_empty(&self) -> bool {
        self.in_flight.is_empty()
    }

    fn advance(&mut self, now: SimTime) {
        let elapsed = now.since(self.updated).0;
        self.updated = now;
        if let clones @ 1.. = self.in_flight.len() as u128 {
            let total = u128::from(elapsed) * (u128::from(self.bytes_per_sec) << FRACTION_BITS);
            self.served += total / (clones * 1_000_000);
            // The next clone due may lack the last fraction that the division dropped: at its own time it is done.
            if let Some(&Reverse((done_at, _, _))) = self.in_flight.peek() {
                let slack = (1u128 << FRACTION_BITS) / 2;
                if done_at > self.served && done_at - self.served < slack {
                    self.served = done_at;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Runs the pool to its end and returns (time in ms, instance) of each clone done.
    fn drain(pool: &mut ClonePool) -> Vec<(u64, u32)> {
        let mut done = Vec::new();
        while let Some(at) = pool.next_done() {
            while let Some(instance) = pool.take_done(at) {
                done.push((at.0.div_ceil(1_000), instance));
            }
        }
        done
    }

    #[test]
    fn one_clone_has_the_whole_bandwidth() {
        let mut pool = ClonePool::new(100 * MIB);
        pool.join(SimTime::ZERO, 7, 50 * MIB);
        assert_eq!(drain(&mut pool), [(500, 7)]);
    }

    #[test]
    fn clones_in_flight_share_it_equally() {
        let mut pool = ClonePool::new(100 * MIB);
        pool.join(SimTime::ZERO, 1, 100 * MIB);
        pool.join(SimTime::ZERO, 2, 50 * MIB);
        // Both at 50 MiB/s: the second is done after 1 s; then the first has 50 MiB left at full rate.
        assert_eq!(drain(&mut pool), [(1_000, 2), (1_500, 1)]);
    }

    #[test]
    fn a_later_clone_slows_the_earlier_one() {
        let mut pool = ClonePool::new(100 * MIB);
        pool.join(SimTime::ZERO, 1, 100 * MIB);
        pool.join(SimTime(500_000), 2, 100 * MIB);
        assert_eq!(drain(&mut pool), [(1_500, 1), (2_000, 2)]);
    }

    #[test]
    fn a_clone_that_leaves_gives_its_share_to_the_others() {
        let mut pool = ClonePool::new(100 * MIB);
        pool.join(SimTime::ZERO, 1, 100 * MIB);
        pool.join(SimTime::ZERO, 2, 100 * MIB);
        assert!(pool.leave(SimTime(500_000), 1));
        assert!(!pool.leave(SimTime(500_000), 1));
        // 25 MiB at half rate, then 75 MiB at full rate.
        assert_eq!(drain(&mut pool), [(1_250, 2)]);
    }

    #[test]
    fn equal_clones_finish_in_the_order_of_joining() {
        let mut pool = ClonePool::new(3);
        for instance in 0..5 {
            pool.join(SimTime::ZERO, instance, 7);
        }
        let order: Vec<u32> = drain(&mut pool).into_iter().map(|(_, instance)| instance).collect();
        assert_eq!(order, [0, 1, 2, 3, 4]);
    }

    #[test]
    fn no_bandwidth_is_lost_over_a_busy_day() {
        // 10,000 clones of odd sizes that always overlap: the last is done when the sum of work is done.
        let mut pool = ClonePool::new(1_000_003);
        let (mut now, mut total) = (SimTime::ZERO, 0u64);
        let mut last = SimTime::ZERO;
        for instance in 0..10_000u32 {
            let bytes = 900_000 + u64::from(instance * 7_919 % 200_001);
            total += bytes;
            pool.join(now, instance, bytes);
            now += SimDuration(500_000);
            while pool.next_done().is_some_and(|at| at <= now) {
                last = pool.next_done().unwrap();
                while pool.take_done(last).is_some() {}
            }
        }
        while let Some(at) = pool.next_done() {
            last = at;
            while pool.take_done(at).is_some() {}
        }
        let ideal = total as f64 / 1_000_003.0;
        assert!((last.as_secs_f64() - ideal).abs() < 0.1, "{} against {ideal}", last.as_secs_f64());
    }
}
