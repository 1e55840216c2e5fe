//! A shard: its state behind one lock, and what others may read without it.

use super::class::Label;
use super::demand::DemandId;
use super::query::Key;
use super::state::{Facts, State};
use super::summary::Summary;
use super::want::Reason;
use crate::model::ClassIx;
use crate::sync::{Mutex, MutexGuard};

/// A fixed part of one zone's hosts.
#[derive(Debug)]
pub(super) struct Shard {
    state: Mutex<State>,
    summary: Summary,
}

impl Shard {
    pub(super) fn new(facts: &Facts, hosts: &[(ClassIx, Label)]) -> Shard {
        let mut shard = Shard { state: Mutex::new(State::new(facts, hosts)), summary: Summary::default() };
        shard.add_demands(facts.demands.len());
        shard
    }

    /// Makes room for demands registered after the fleet was built.
    pub(super) fn add_demands(&mut self, demands: usize) {
        self.summary.add_demands(demands);
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
        self.summary.grew();
    }

    /// The reason, when it is known without the lock that the demand finds no room.
    #[inline]
    pub(super) fn known_full(&self, demand: DemandId) -> Option<Reason> {
        self.summary.noted(demand.0 as usize).map(|note| Reason::ALL[note as usize])
    }

    /// Finds out why a query has no room, and remembers it. The caller holds the lock.
    #[cold]
    pub(super) fn note_full(&self, state: &mut State, facts: &Facts, query: usize) -> Reason {
        let key: Key = state.queries[query].key;
        let (reason, some) = state.why_not(facts, query);
        if key.is_plain() && !some {
            self.summary.note(key.demand.0 as usize, reason as u64);
        }
        reason
    }

    /// A twin in the same state.
    pub(super) fn fork(&self) -> Shard {
        let state = self.lock();
        Shard { state: Mutex::new(state.clone()), summary: self.summary.fork() }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.lock().bytes() + self.summary.bytes()
    }
}
