//! What one shard remembers about one kind of request: verdicts on shapes, and the shapes in order of score.

use super::bits::Bits;
use super::class::{ClusterIx, HostState, Label, Owner};
use super::demand::DemandId;
use super::fit::Spot;
use super::order::Order;
use super::policy::Score;
use super::want::Reason;

/// A kind of request: everything of a request that a verdict on a shape depends on.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Key {
    pub(super) demand: DemandId,
    pub(super) owner: Owner,
    pub(super) cluster: Option<ClusterIx>,
    pub(super) lifetime: u8,
    /// The host is named by its id: a dedicated host need not be open to automatic placement (DHST-14).
    pub(super) named: bool,
}

impl Key {
    /// No owner, cluster or lifetime is asked for.
    pub(super) fn is_plain(&self) -> bool {
        self.owner == Owner::Shared && self.cluster.is_none() && self.lifetime == 0 && !self.named
    }

    /// What the label of a host has against it.
    pub(super) fn refuses(&self, label: &Label) -> Option<Reason> {
        let other = label.owner != self.owner || self.owner == Owner::Stock;
        let closed = self.owner != Owner::Shared && !self.named && !label.auto_placement;
        if other || closed {
            Some(Reason::Owner)
        } else if self.cluster.is_some() && self.cluster != label.cluster {
            Some(Reason::Cluster)
        } else if label.state != HostState::Up {
            Some(Reason::State)
        } else {
            None
        }
    }
}

/// The shape after placement is not known yet, or depends on the host.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// What is remembered of a shape that has room, beside its mark.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eval {
    pub(super) score: Score,
    /// Shape after placement.
    pub(super) next: u32,
    pub(super) spot: Spot,
}

impl Eval {
    const NEW: Eval = Eval { score: Score(0), next: UNKNOWN, spot: Spot { nodes: 0, devices: 0 } };

    pub(super) fn new(score: Score, spot: Spot) -> Eval {
        Eval { score, next: UNKNOWN, spot }
    }
}

/// The verdict on a shape for a query, in one word: not judged, short of something, or with room, and then perhaps
/// with a slot in the order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Mark(u32);

impl Mark {
    /// Not yet judged.
    pub(super) const UNJUDGED: Mark = Mark(0);
    /// Has room, and no slot (yet).
    pub(super) const UNRANKED: Mark = Mark(1);
    const SHORT: u32 = 2;
    const RANKED: u32 = 32;

    pub(super) fn short(reason: Reason) -> Mark {
        Mark(Mark::SHORT + reason as u32)
    }

    pub(super) fn ranked(slot: usize) -> Mark {
        Mark(Mark::RANKED + slot as u32)
    }

    #[inline]
    pub(super) fn slot(self) -> Option<usize> {
        self.0.checked_sub(Mark::RANKED).map(|slot| slot as usize)
    }

    #[inline]
    pub(super) fn has_room(self) -> bool {
        self == Mark::UNRANKED || self.0 >= Mark::RANKED
    }

    /// Why there is no room, when it was judged so.
    pub(super) fn reason(self) -> Option<Reason> {
        Reason::ALL.get(self.0.checked_sub(Mark::SHORT)? as usize).copied()
    }
}

/// One query of one shard.
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) key: Key,
    /// By shape; shapes beyond the end are not judged.
    pub(super) evals: Vec<Eval>,
    /// Shapes that fit.
    pub(super) order: Order,
    /// Shapes that got hosts, and are not in the order.
    pub(super) inbox: Vec<u32>,
    /// Blocks that *may* have a host with room (policies that look at positions).
    pub(super) blocks: Bits,
}

impl Query {
    pub(super) fn new(key: Key) -> Query {
        Query { key, evals: Vec::new(), order: Order::default(), inbox: Vec::new(), blocks: Bits::default() }
    }

    /// Remembers what a shape is worth.
    pub(super) fn remember(&mut self, shape: u32, eval: Eval) {
        if self.evals.len() <= shape as usize {
            self.evals.resize(shape as usize + 1, Eval::NEW);
        }
        self.evals[shape as usize] = eval;
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.evals.capacity() * size_of::<Eval>()
            + self.order.bytes()
            + self.blocks.bytes()
            + self.inbox.capacity() * 4
    }
}

/// One row a shape, one cell a query: so a shape that gets or loses hosts finds all it must tell in one place.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows<T> {
    width: usize,
    cells: Vec<T>,
}

impl<T: Copy + Default> Rows<T> {
    /// Adds a row.
    pub(super) fn push(&mut self) {
        self.cells.resize(self.cells.len() + self.width, T::default());
    }

    /// Makes room for `width` cells in each of `rows` rows.
    pub(super) fn widen(&mut self, width: usize, rows: usize) {
        if width > self.width {
            let mut wide = vec![T::default(); width * rows];
            for row in 0..rows {
                let old = &self.cells[row * self.width..(row + 1) * self.width];
                wide[row * width..row * width + self.width].copy_from_slice(old);
            }
            (self.width, self.cells) = (width, wide);
        }
    }

    /// Cells a row.
    #[inline]
    pub(super) fn width(&self) -> usize {
        self.width
    }

    #[inline]
    pub(super) fn row(&mut self, shape: u32) -> &mut [T] {
        let at = shape as usize * self.width;
        &mut self.cells[at..at + self.width]
    }

    #[inline]
    pub(super) fn get(&self, shape: u32, cell: usize) -> T {
        self.cells[shape as usize * self.width + cell]
    }

    #[inline]
    pub(super) fn put(&mut self, shape: u32, cell: usize, value: T) {
        self.cells[shape as usize * self.width + cell] = value;
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<T>()
    }
}

/// One bit a query.
pub(super) type Masks = Rows<u64>;

impl Masks {
    #[inline]
    pub(super) fn set(&mut self, shape: u32, query: usize) {
        let row = self.row(shape);
        row[query / 64] |= 1 << (query % 64);
    }

    #[inline]
    pub(super) fn has(&self, shape: u32, query: usize) -> bool {
        self.get(shape, query / 64) >> (query % 64) & 1 == 1
    }
}
