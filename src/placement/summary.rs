//! What may be read of a shard without its lock: for which demands it has no room.
//!
//! Room comes back by a release or by a host that comes up, which count up `grown` under the shard's lock. Who finds
//! under the lock that a demand has no room notes the count at which that was so. While the count stands, the note holds;
//! the first growth makes all notes void at once, without a visit to any. A thread that has released room, or has heard
//! of it, sees the new count, so that a note can never hide that room from it (`tests/placement_loom.rs`).

use crate::sync::{AtomicU64, Ordering};

/// The lock-free summary of one shard.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// Counts the times that room came back. Written under the lock.
    grown: AtomicU64,
    /// By demand: `grown` when it last found no room, times 16, plus the note plus one; 0 when it always has.
    none: Vec<AtomicU64>,
}

impl Summary {
    /// Makes room for so many demands.
    pub(super) fn add_demands(&mut self, demands: usize) {
        self.none.resize_with(demands, || AtomicU64::new(0));
    }

    /// Says that room came back. The caller holds the lock.
    #[inline]
    pub(super) fn grew(&self) {
        self.grown.store(self.grown.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// Notes, below 15, that a demand has no room. The caller holds the lock.
    pub(super) fn note(&self, demand: usize, note: u64) {
        let none = self.grown.load(Ordering::Relaxed) << 4 | (note + 1);
        self.none[demand].store(none, Ordering::Release);
    }

    /// The note on a demand, when it is known without the lock that it has no room.
    #[inline]
    pub(super) fn noted(&self, demand: usize) -> Option<u64> {
        let none = self.none[demand].load(Ordering::Acquire);
        if none & 0xF == 0 || none >> 4 != self.grown.load(Ordering::Acquire) {
            return None;
        }
        Some((none & 0xF) - 1)
    }

    /// A copy, while nobody writes.
    pub(super) fn fork(&self) -> Summary {
        let copy = |number: &AtomicU64| AtomicU64::new(number.load(Ordering::Acquire));
        Summary { grown: copy(&self.grown), none: self.none.iter().map(copy).collect() }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.none.capacity() * size_of::<AtomicU64>()
    }
}
