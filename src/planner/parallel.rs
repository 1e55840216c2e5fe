//! Runs side by side, one a thread. What comes out never depends on the number of threads.

use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

/// Cores of this machine, as far as this program may use them.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What a job may ask while it works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn<'a> {
    place: usize,
    first: &'a AtomicUsize,
}

impl Turn<'_> {
    /// True when the result is not wanted any more: a job before it has ended the list.
    pub(super) fn is_over(&self) -> bool {
        self.first.load(Ordering::Relaxed) < self.place
    }
}

/// Does jobs `0..count` and gives their results in order, up to and including the first one that `ends` the list.
///
/// Jobs behind that one may have been begun; they are told by [`Turn::is_over`], and their results are dropped. So the
/// results are those of doing one job after the other.
pub(super) fn until<R: Send>(
    count: usize,
    workers: usize,
    work: impl Fn(usize, Turn<'_>) -> R + Sync,
    ends: impl Fn(&R) -> bool + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let first = AtomicUsize::new(usize::MAX);
    let results: Mutex<Vec<Option<R>>> = Mutex::new((0..count).map(|_| None).collect());
    let worker = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let turn = Turn { place, first: &first };
            if place >= count || turn.is_over() {
                break;
            }
            let result = work(place, turn);
            if ends(&result) {
                first.fetch_min(place, Ordering::Relaxed);
            }
            results.lock()[place] = Some(result);
        }
    };
    let workers = workers.clamp(1, count.max(1));
    if workers == 1 {
        worker();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..workers {
                scope.spawn(worker);
            }
        });
    }
    let end = first.into_inner().saturating_add(1).min(count);
    let mut results = results.into_inner();
    results.truncate(end);
    results.into_iter().map(|result| result.expect("every job up to the end was done")).collect()
}

/// Does jobs `0..count`, all of them.
pub(super) fn map<R: Send>(count: usize, workers: usize, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    until(count, workers, |place, _| work(place), |_| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_in_order_whatever_the_workers() {
        for workers in [1, 2, 7, 100] {
            assert_eq!(map(40, workers, |at| at * at), (0..40).map(|at| at * at).collect::<Vec<_>>());
        }
        assert!(map(0, 4, |at| at).is_empty());
    }

    #[test]
    fn workers_work_at_the_same_time() {
        // Each job waits for the others: one after the other would never end.
        let all = std::sync::Barrier::new(4);
        assert_eq!(map(4, 4, |at| (all.wait(), at).1), [0, 1, 2, 3]);
    }

    #[test]
    fn a_list_ends_with_the_first_job_that_ends_it() {
        for workers in [1, 3, 8] {
            let done = until(
                50,
                workers,
                |at, turn| {
                    // The job that ends the list is slow: later ones finish before it.
                    if at == 11 {
                        std::thread::sleep(std::time::Duration::from_millis(5));
                    }
                    assert!(at <= 11 || workers > 1 || turn.is_over());
                    at
                },
                |&at| at == 11 || at == 13 || at == 30,
            );
            assert_eq!(done, (0..=11).collect::<Vec<_>>(), "{workers} workers");
        }
    }
}
