//! A shard: its state behind one lock, and what others may read without it.

use super::class::Label;
use super::demand::DemandId;
use super::query::Key;
use super::state::{Facts, State};
use super::want::Reason;
use crate::model::ClassIx;
use crate::sync::{AtomicU64, Mutex, MutexGuard, Ordering};

/// A fixed part of one zone's hosts.
#[derive(Debug)]
pub(super) struct Shard {
    state: Mutex<State>,
    /// Counts the times that room came back (releases, hosts that came up). Written under the lock.
    grown: AtomicU64,
    /// By demand: `grown` when it last found no room, times 16, plus the reason plus one. While `grown` has not
    /// moved, a plain request for the demand needs no lock to know that there is none.
    none: Vec<AtomicU64>,
}

impl Shard {
    pub(super) fn new(facts: &Facts, hosts: &[(ClassIx, Label)]) -> Shard {
        let mut shard =
            Shard { state: Mutex::new(State::new(facts, hosts)), grown: AtomicU64::new(0), none: Vec::new() };
        shard.add_demands(facts.demands.len());
        shard
    }

    /// Makes room for demands registered after the fleet was built.
    pub(super) fn add_demands(&mut self, demands: usize) {
        self.none.resize_with(demands, || AtomicU64::new(0));
        self.state.get_mut().add_demands(demands);
    }

    /// The state, under the lock.
    #[inline]
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Says that room came back. The caller holds the lock.
    #[inline]
    pub(super) fn grew(&self) {
        self.grown.store(self.grown.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// The reason, when it is known without the lock that the demand finds no room.
    #[inline]
    pub(super) fn known_full(&self, demand: DemandId) -> Option<Reason> {
        let none = self.none[demand.0 as usize].load(Ordering::Acquire);
        if none & 0xF == 0 || none >> 4 != self.grown.load(Ordering::Acquire) {
            return None;
        }
        Some(Reason::ALL[(none & 0xF) as usize - 1])
    }

    /// Finds out why a query has no room, and remembers it. The caller holds the lock.
    #[cold]
    pub(super) fn note_full(&self, state: &mut State, facts: &Facts, query: usize) -> Reason {
        let key: Key = state.queries[query].key;
        let (reason, some) = state.why_not(facts, query);
        if key.is_plain() && !some {
            let none = self.grown.load(Ordering::Relaxed) << 4 | (reason as u64 + 1);
            self.none[key.demand.0 as usize].store(none, Ordering::Release);
        }
        reason
    }

    /// A twin in the same state.
    pub(super) fn fork(&self) -> Shard {
        let state = self.lock().clone();
        let copy = |number: &AtomicU64| AtomicU64::new(number.load(Ordering::Acquire));
        Shard {
            state: Mutex::new(state),
            grown: copy(&self.grown),
            none: self.none.iter().map(copy).collect(),
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes() + self.none.capacity() * 8
    }
}
