//! Locks and atomics that the threads of the placement core share: the one place where they come from.
//!
//! The model checks (`tests/placement_shuttle.rs`, `tests/placement_loom.rs`) mount the very same files of `placement`
//! in a crate of their own, whose module of this name brings shuttle's and loom's types.

use std::hint::spin_loop;
use std::sync::atomic::AtomicU8;

pub(crate) use parking_lot::MutexGuard;
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

/// Spins of the shortest wait: about as long as one critical section.
const SHORTEST: u32 = 8;
/// Doublings up to the longest wait that a lock remembers: as long as some dozen critical sections.
const PATIENT: u8 = 8;
/// Doublings after which a thread lies down.
const TIRED: u8 = 12;

/// A mutex for critical sections of a fraction of a microsecond.
///
/// How long a thread waits before it looks again is what the lock has learnt from those who waited before: where it was
/// found free, the next wait is half as long, where it was found taken, twice as long. So a lock that is free most of the
/// time costs one short wait. One that is wanted all the time is left alone for longer, and its holder does some dozen
/// decisions in a row on a warm cache before the lines move to the other core; and a wake-up by the kernel, as long as
/// many decisions, is the exception. The parking mutex below keeps the wait bounded. Measured: `docs/placement.md`.
#[derive(Debug)]
pub(crate) struct Mutex<T> {
    inner: parking_lot::Mutex<T>,
    /// Doublings of the first wait. A hint: lost updates do no harm.
    patience: AtomicU8,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Mutex<T> {
        Mutex { inner: parking_lot::Mutex::new(value), patience: AtomicU8::new(0) }
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        match self.inner.try_lock() {
            Some(guard) => guard,
            None => self.lock_later(),
        }
    }

    /// The lock, when it is free.
    #[inline]
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.inner.try_lock()
    }

    #[cold]
    fn lock_later(&self) -> MutexGuard<'_, T> {
        let mut doublings = self.patience.load(Ordering::Relaxed);
        while doublings < TIRED {
            for _ in 0..SHORTEST << doublings {
                spin_loop();
            }
            if let Some(guard) = self.inner.try_lock() {
                self.patience.store(doublings.saturating_sub(1).min(PATIENT), Ordering::Relaxed);
                return guard;
            }
            doublings += 1;
        }
        self.patience.store(PATIENT, Ordering::Relaxed);
        self.inner.lock()
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.inner.get_mut()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_found_free_is_waited_for_less_and_less() {
        let mutex = Mutex::new(0);
        mutex.patience.store(2, Ordering::Relaxed);
        for left in [1, 0, 0] {
            drop(mutex.lock_later());
            assert_eq!(mutex.patience.load(Ordering::Relaxed), left);
        }
    }

    #[test]
    fn a_lock_that_is_found_taken_is_left_alone_for_longer_and_had_in_the_end() {
        let mutex = Mutex::new(0);
        std::thread::scope(|scope| {
            let mut guard = mutex.lock();
            assert!(mutex.try_lock().is_none());
            scope.spawn(|| *mutex.lock() += 1);
            while mutex.patience.load(Ordering::Relaxed) < PATIENT {
                std::thread::yield_now();
            }
            *guard = 7;
        });
        assert_eq!(*mutex.lock(), 8);
    }

    #[test]
    fn one_thread_at_a_time_is_inside() {
        let mutex = Mutex::new(0u64);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..20_000).for_each(|_| *mutex.lock() += 1));
            }
        });
        assert_eq!(*mutex.lock(), 80_000);
    }
}
