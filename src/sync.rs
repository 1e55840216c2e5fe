//! Locks and atomics that the threads of the placement core share: the one place where they come from.
//!
//! The model checks (`tests/placement_shuttle.rs`, `tests/placement_loom.rs`) mount the very same files of `placement`
//! in a crate of their own, whose module of this name brings shuttle's and loom's types.

use std::hint::spin_loop;

pub(crate) use parking_lot::MutexGuard;
pub(crate) use std::sync::atomic::{AtomicU64, Ordering};

/// Spins before the first try to take a lock that another thread holds, some microseconds; each wait is twice as long
/// as the one before. Measured: `docs/placement.md`.
const FIRST_WAIT: u32 = 1_024;
/// Tries before the thread lies down.
const TRIES: u32 = 4;

/// A mutex for critical sections of a fraction of a microsecond.
///
/// A thread that finds it taken backs off in growing steps before it parks. So the holder does some dozen decisions in
/// a row on a warm cache before the lines of the shard move to the other core; and a wake-up by the kernel, as long as
/// many decisions, is the exception. The parking mutex below keeps the wait bounded.
#[derive(Debug)]
pub(crate) struct Mutex<T>(parking_lot::Mutex<T>);

impl<T> Mutex<T> {
    pub(crate) const fn new(value: T) -> Mutex<T> {
        Mutex(parking_lot::Mutex::new(value))
    }

    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        match self.0.try_lock() {
            Some(guard) => guard,
            None => self.lock_later(),
        }
    }

    #[cold]
    fn lock_later(&self) -> MutexGuard<'_, T> {
        for attempt in 0..TRIES {
            for _ in 0..FIRST_WAIT << attempt {
                spin_loop();
            }
            if let Some(guard) = self.0.try_lock() {
                return guard;
            }
        }
        self.0.lock()
    }

    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_mut()
    }
}
