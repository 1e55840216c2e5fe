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
        if label.owner != self.owner || self.owner == Owner::Stock {
            Some(Reason::Owner)
        } else if self.owner != Owner::Shared && !self.named && !label.auto_placement {
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

/// Not yet judged.
const UNJUDGED: u32 = u32::MAX;
/// It fits, and has no rank (yet).
const UNRANKED: u32 = u32::MAX - 1;
/// From here on: short, the reason is the distance.
const SHORT: u32 = u32::MAX - 64;
/// The shape after placement is not known yet, or depends on the host.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// The remembered verdict on one shape.
#[derive(Clone, Copy, Debug)]
pub(super) struct Eval {
    pub(super) score: Score,
    /// Shape after placement.
    pub(super) next: u32,
    /// Position in the order, or one of the marks above.
    mark: u32,
    pub(super) spot: Spot,
}

impl Eval {
    pub(super) const NEW: Eval =
        Eval { score: Score(0), next: UNKNOWN, mark: UNJUDGED, spot: Spot { nodes: 0, devices: 0 } };

    pub(super) fn fits(score: Score, spot: Spot) -> Eval {
        Eval { score, next: UNKNOWN, mark: UNRANKED, spot }
    }

    pub(super) fn short(reason: Reason) -> Eval {
        Eval { mark: SHORT + reason as u32, ..Eval::NEW }
    }

    #[inline]
    pub(super) fn judged(&self) -> bool {
        self.mark != UNJUDGED
    }

    #[inline]
    pub(super) fn rank(&self) -> Option<usize> {
        (self.mark < SHORT).then_some(self.mark as usize)
    }

    /// Judged, and it fits.
    #[inline]
    pub(super) fn has_room(&self) -> bool {
        self.mark < SHORT || self.mark == UNRANKED
    }

    /// Why it does not fit.
    pub(super) fn reason(&self) -> Option<Reason> {
        if (SHORT..UNRANKED).contains(&self.mark) {
            Reason::ALL.get((self.mark - SHORT) as usize).copied()
        } else {
            None
        }
    }
}

/// One query of one shard.
#[derive(Debug)]
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

    #[inline]
    pub(super) fn eval(&self, shape: u32) -> Eval {
        self.evals.get(shape as usize).copied().unwrap_or(Eval::NEW)
    }

    pub(super) fn eval_mut(&mut self, shape: u32) -> &mut Eval {
        if self.evals.len() <= shape as usize {
            self.evals.resize(shape as usize + 1, Eval::NEW);
        }
        &mut self.evals[shape as usize]
    }

    /// Puts a shape with hosts, which fits, into the order.
    pub(super) fn rank(&mut self, shape: u32) {
        let evals = &mut self.evals;
        let score = evals[shape as usize].score;
        self.order.insert(score, shape, |shape, slot| evals[shape as usize].mark = slot as u32);
    }

    /// Throws shapes without hosts out of the order; `dropped` is told which. They come back when they get hosts.
    pub(super) fn forget(&mut self, alive: impl Fn(u32) -> bool, mut dropped: impl FnMut(u32)) {
        let evals = std::cell::Cell::from_mut(self.evals.as_mut_slice()).as_slice_of_cells();
        let mark = |shape: u32, mark: u32| {
            let eval = &evals[shape as usize];
            eval.set(Eval { mark, ..eval.get() });
        };
        self.order.spread(
            alive,
            |shape, slot| mark(shape, slot as u32),
            |shape| {
                mark(shape, UNRANKED);
                dropped(shape);
            },
        );
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.evals.capacity() * size_of::<Eval>()
            + self.order.bytes()
            + self.blocks.bytes()
            + self.inbox.capacity() * 4
    }
}

/// One row of bits a shape, one bit a query.
#[derive(Debug, Default)]
pub(super) struct Masks {
    width: usize,
    rows: Vec<u64>,
}

impl Masks {
    /// Adds a row.
    pub(super) fn push(&mut self) {
        self.rows.resize(self.rows.len() + self.width, 0);
    }

    /// Makes room for `queries` bits in each of `rows` rows.
    pub(super) fn widen(&mut self, queries: usize, rows: usize) {
        let width = queries.div_ceil(64);
        if width > self.width {
            let mut wide = vec![0; width * rows];
            for row in 0..rows {
                let old = &self.rows[row * self.width..(row + 1) * self.width];
                wide[row * width..row * width + self.width].copy_from_slice(old);
            }
            (self.width, self.rows) = (width, wide);
        }
    }

    #[inline]
    pub(super) fn row(&mut self, shape: u32) -> &mut [u64] {
        let at = shape as usize * self.width;
        &mut self.rows[at..at + self.width]
    }

    #[inline]
    pub(super) fn set(&mut self, shape: u32, query: usize) {
        self.rows[shape as usize * self.width + query / 64] |= 1 << (query % 64);
    }

    #[inline]
    pub(super) fn get(&self, shape: u32, query: usize) -> bool {
        self.rows[shape as usize * self.width + query / 64] >> (query % 64) & 1 == 1
    }

    /// Words a row.
    #[inline]
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// One word of a row.
    #[inline]
    pub(super) fn word(&self, shape: u32, word: usize) -> u64 {
        self.rows[shape as usize * self.width + word]
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.rows.capacity() * 8
    }
}
