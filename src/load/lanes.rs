//! Which worker answers which request.
//!
//! Requests of one zone and one account meet in the same shard of the placement core and in the same counters of the
//! world. So they go to one worker, and what they change stays in the cache of its core. A worker that is ahead of its
//! own requests answers those that another is late with.

use std::sync::atomic::{AtomicUsize, Ordering};

use crossbeam::utils::CachePadded;

/// A request that has waited so long may be answered by another worker than its own.
const LATE_NS: u64 = 10_000;

/// The lane of each request of a round: equal parts of them, sorted by their homes.
pub(super) fn deal<H: Ord>(homes: &[H], lanes: usize) -> Vec<u32> {
    let mut sorted: Vec<usize> = (0..homes.len()).collect();
    sorted.sort_by_key(|&at| &homes[at]);
    let mut lane_of = vec![0; homes.len()];
    for (rank, at) in sorted.into_iter().enumerate() {
        lane_of[at] = (rank * lanes / homes.len()) as u32;
    }
    lane_of
}

/// The requests of one step by lane, in order of their moments.
pub(super) struct Lanes {
    moments: Vec<u64>,
    lanes: Vec<CachePadded<Lane>>,
}

struct Lane {
    /// Its requests: positions in the schedule.
    places: Vec<u32>,
    /// The next of them that nobody has taken.
    next: AtomicUsize,
}

impl Lanes {
    /// The requests with these moments, in order of time; the first is request `first` of the rounds that `deal` deals.
    pub(super) fn new(moments: Vec<u64>, first: u64, deal: &[u32], lanes: usize) -> Lanes {
        let mut places: Vec<Vec<u32>> = vec![Vec::new(); lanes];
        let start = (first % deal.len() as u64) as usize;
        for (place, &lane) in (0..moments.len() as u32).zip(deal.iter().cycle().skip(start)) {
            places[lane as usize].push(place);
        }
        let lane = |places| Lane { places, next: AtomicUsize::new(0) }.into();
        Lanes { moments, lanes: places.into_iter().map(lane).collect() }
    }

    /// Number of lanes.
    pub(super) fn len(&self) -> usize {
        self.lanes.len()
    }

    /// Number of requests.
    pub(super) fn requests(&self) -> usize {
        self.moments.len()
    }

    /// When a request is meant to be sent, in nanoseconds from the begin of the step.
    pub(super) fn moment(&self, place: usize) -> u64 {
        self.moments[place]
    }

    /// Takes the next request of a lane.
    pub(super) fn take(&self, lane: usize) -> Option<usize> {
        let lane = &self.lanes[lane];
        let next = lane.next.fetch_add(1, Ordering::Relaxed);
        lane.places.get(next).map(|place| *place as usize)
    }

    /// Takes the next request of a lane when it is late. Looks at one lane at a time, as each look costs the lane's worker
    /// a cache line.
    pub(super) fn take_late(&self, lane: usize, now: u64) -> Option<usize> {
        let lane = &self.lanes[lane % self.lanes.len()];
        let next = lane.next.load(Ordering::Relaxed);
        let place = *lane.places.get(next)? as usize;
        if self.moments[place] + LATE_NS > now {
            return None;
        }
        let taken = lane.next.compare_exchange(next, next + 1, Ordering::Relaxed, Ordering::Relaxed);
        taken.ok().map(|_| place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_are_equal_and_cut_few_homes() {
        let homes: Vec<u32> = (0..10_000u32).map(|at| at * at % 7).collect();
        for lanes in [1, 2, 3, 16] {
            let dealt = deal(&homes, lanes);
            let mut pairs: Vec<(u32, u32)> = homes.iter().copied().zip(dealt.iter().copied()).collect();
            pairs.sort_unstable();
            pairs.dedup();
            assert!(pairs.len() < 4 + lanes, "four squares modulo seven, one more for each cut: {pairs:?}");
            for lane in 0..lanes as u32 {
                let share = dealt.iter().filter(|dealt| **dealt == lane).count();
                assert!(share.abs_diff(10_000 / lanes) <= 1, "{share} of lane {lane}");
            }
        }
    }

    #[test]
    fn every_request_is_taken_once_whoever_takes_it() {
        let (count, workers) = (50_000, 3);
        let deal = deal(&[0, 1, 2, 0, 1, 1, 1, 2], workers);
        let lanes = Lanes::new((0..count).collect(), 11, &deal, workers);
        let taken: Vec<Vec<usize>> = std::thread::scope(|scope| {
            let work = |own: usize| {
                let lanes = &lanes;
                move || {
                    let mut taken = Vec::new();
                    while let Some(place) = lanes.take(own) {
                        taken.push(place);
                        taken.extend(lanes.take_late(own + 1, u64::MAX));
                    }
                    taken
                }
            };
            let threads: Vec<_> = (0..workers).map(|own| scope.spawn(work(own))).collect();
            threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        let mut all = taken.concat();
        all.sort_unstable();
        assert_eq!(all, (0..count as usize).collect::<Vec<_>>());
    }

    #[test]
    fn a_request_is_left_to_its_worker_until_it_is_late() {
        let lanes = Lanes::new(vec![5, 6, 7, 8], 1, &[0, 1], 2);
        assert_eq!(lanes.take(0), Some(1), "request 1 of the rounds is the second of its round");
        assert_eq!(lanes.take_late(3, 5 + LATE_NS - 1), None);
        assert_eq!(lanes.take_late(3, 5 + LATE_NS), Some(0));
        assert_eq!((lanes.take(1), lanes.take(1), lanes.take(0)), (Some(2), None, Some(3)));
        assert_eq!(lanes.moment(3), 8);
    }
}
