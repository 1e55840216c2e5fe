//! Counters of the work done, for benchmarks and reports.

use std::ops::AddAssign;

/// What a fleet has done so far, and how large its index is. Sums over shards.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, serde::Serialize)]
pub struct Stats {
    /// Decisions that ended in a claim or in a refusal under the lock.
    pub decisions: u64,
    /// Scores computed; all other decisions used remembered ones.
    pub judged: u64,
    /// Empty shapes met in an order, and struck off it.
    pub stale: u64,
    /// Times that a shape was put into an order.
    pub ranked: u64,
    /// Hosts that another thread took between the search and the claim.
    pub retries: u64,
    /// Shapes that have ever occurred.
    pub shapes: u64,
    /// Shapes that have hosts now.
    pub live_shapes: u64,
    /// Kinds of requests asked for.
    pub queries: u64,
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Stats) {
        self.decisions += other.decisions;
        self.judged += other.judged;
        self.stale += other.stale;
        self.ranked += other.ranked;
        self.retries += other.retries;
        self.shapes += other.shapes;
        self.live_shapes += other.live_shapes;
        self.queries += other.queries;
    }
}
