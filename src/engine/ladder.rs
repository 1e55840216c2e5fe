//! A ladder queue: the order of pending events, without their payloads.
//!
//! An entry is one 128-bit number: time (64 bits), class (8), rank (24), slot of the payload (32). The upper
//! 72 bits are its **key**. Entries of one key leave in the order in which they came, and no sequence number
//! is needed for it: every step below keeps that order.
//!
//! From near to far the entries are in
//!
//! - the **bottom**: a small sorted array with all entries whose key is below `bottom_end`;
//! - the **rungs**, the innermost last: each a row of equal buckets, a bucket an unsorted pile. A rung is what
//!   became of one too full bucket (or of the top, or of the bottom), and its buckets share the range of keys
//!   that was occupied in there. Once the inner rung is used up, its parent goes on with the same bucket, to
//!   which later keys may have come, and then the next;
//! - the **top**: one unsorted pile with everything later than the outermost rung.
//!
//! When the bottom is empty the next bucket is opened: a small one is sorted into the bottom, a large one is
//! spread over a new rung, and one whose width is a single key needs no sorting and is drained chunk by
//! chunk. Each spread makes buckets at least eight times narrower, so that no set of times (bursts at one moment,
//! seconds beside weeks, the end of time) costs an entry more than a bounded number of moves.

use super::chunk::{CHUNK, Entry, Pile, Pool};

/// A bucket of up to so many entries is sorted at once.
const SORTED: usize = 64;
/// A bottom that grew to so many entries by insertion becomes a rung.
const BOTTOM: usize = 128;
/// Entries per bucket when a rung is made.
const SPARSITY: usize = 4;
/// Bounds of the number of buckets in a rung (powers of two).
const BUCKETS_MIN: usize = 16;
const BUCKETS_MAX: usize = 1024;

/// From so many rungs on, the one for an entry is found by bisection.
const SEARCHED: usize = 8;

/// Bits of an entry below its key.
const KEY_SHIFT: u32 = 56;
/// Where the rank begins: it tells apart the entries of one key inside the bottom.
const RANK_SHIFT: u32 = 32;
/// All bits below the key.
const BELOW_KEY: Entry = (1 << KEY_SHIFT) - 1;
/// The slot of the payload.
const SLOT: Entry = (1 << RANK_SHIFT) - 1;

/// Time and class: 72 bits.
type Key = u128;

/// A row of buckets; the first begins at `start`, and each is `1 << shift` keys wide.
#[derive(Clone, Debug)]
struct Rung {
    start: Key,
    /// The first key that is not of this rung.
    end: Key,
    shift: u32,
    /// Buckets before this one are used up.
    current: usize,
    buckets: Vec<Pile>,
}

/// The order of pending events; see the module.
#[derive(Clone, Debug)]
pub(super) struct Ladder {
    /// Sorted, the next entry last.
    bottom: Vec<Entry>,
    /// Every key below is of the bottom. The bottom may also hold the head of a bucket whose only key this is.
    bottom_end: Key,
    rungs: Vec<Rung>,
    top: Pile,
    pool: Pool,
    /// Rows of used rungs, for new ones.
    rows: Vec<Vec<Pile>>,
    scratch: Vec<Entry>,
}

/// An entry for the ladder.
#[inline]
pub(super) fn entry(time: u64, class: u8, slot: u32) -> Entry {
    (Entry::from(time) << 64) | (Entry::from(class) << KEY_SHIFT) | Entry::from(slot)
}

/// The slot of an entry's payload.
#[inline]
pub(super) fn slot_of(entry: Entry) -> u32 {
    (entry & SLOT) as u32
}

/// The class of an entry.
#[inline]
pub(super) fn class_of(entry: Entry) -> u8 {
    (entry >> KEY_SHIFT) as u8
}

/// The time of an entry.
#[inline]
pub(super) fn time_of(entry: Entry) -> u64 {
    (entry >> 64) as u64
}

impl Ladder {
    pub(super) const fn new() -> Ladder {
        Ladder {
            bottom: Vec::new(),
            bottom_end: 0,
            rungs: Vec::new(),
            top: Pile::EMPTY,
            pool: Pool::new(),
            rows: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Drops all entries.
    pub(super) fn clear(&mut self) {
        self.bottom.clear();
        self.bottom_end = 0;
        self.top = Pile::EMPTY;
        self.pool.clear();
        while let Some(rung) = self.rungs.pop() {
            self.recycle(rung);
        }
    }

    /// Adds an entry behind those of its key. In line: whoever schedules calls it, from one place.
    #[inline(always)]
    pub(super) fn push(&mut self, entry: Entry) {
        let key = entry >> KEY_SHIFT;
        if key < self.bottom_end {
            return self.push_bottom(entry);
        }
        let rung = if self.rungs.len() <= SEARCHED {
            self.rungs.iter().rposition(|rung| key < rung.end)
        } else {
            self.rungs.partition_point(|rung| key < rung.end).checked_sub(1)
        };
        if let Some(rung) = rung {
            let rung = &mut self.rungs[rung];
            return rung.buckets[((key - rung.start) >> rung.shift) as usize].push(&mut self.pool, entry);
        }
        self.top.push(&mut self.pool, entry);
    }

    #[inline]
    fn push_bottom(&mut self, entry: Entry) {
        let last_of_key = entry | BELOW_KEY;
        let at = self.bottom.partition_point(|&other| other > last_of_key);
        self.bottom.insert(at, entry | (BELOW_KEY & !SLOT));
        if self.bottom.len() >= BOTTOM {
            self.spill_bottom();
        }
    }

    /// Takes the next entry. `keep` says whether the payload of a slot still waits; entries of others are
    /// left out when they are met early, and the caller skips those that still come.
    #[inline]
    pub(super) fn pop(&mut self, keep: impl FnMut(u32) -> bool) -> Option<Entry> {
        if self.bottom.is_empty() {
            self.open(keep);
        }
        self.bottom.pop()
    }

    /// The next entry, as [`Ladder::pop`] would give it.
    #[inline]
    pub(super) fn peek(&mut self, keep: impl FnMut(u32) -> bool) -> Option<Entry> {
        if self.bottom.is_empty() {
            self.open(keep);
        }
        self.bottom.last().copied()
    }

    /// Fills the empty bottom, unless there is nothing to fill it with.
    #[inline(never)]
    fn open(&mut self, mut keep: impl FnMut(u32) -> bool) {
        while self.bottom.is_empty() {
            let Some(rung) = self.rungs.last_mut() else {
                if self.top.len() == 0 {
                    return;
                }
                let mut top = std::mem::replace(&mut self.top, Pile::EMPTY);
                if top.len() <= SORTED {
                    while top.take_chunk(&mut self.pool, &mut self.bottom) {}
                    let greatest = self.bottom.iter().max().copied().unwrap_or_default();
                    self.bottom_end = (greatest >> KEY_SHIFT) + 1;
                    self.sort_bottom(&mut keep);
                } else {
                    self.spread(top);
                }
                continue;
            };
            while rung.buckets.get(rung.current).is_some_and(|bucket| bucket.len() == 0) {
                rung.current += 1;
            }
            let Some(bucket) = rung.buckets.get_mut(rung.current) else {
                self.bottom_end = rung.end;
                if let Some(rung) = self.rungs.pop() {
                    self.recycle(rung);
                }
                continue;
            };
            if rung.shift == 0 {
                self.bottom_end = rung.start + rung.current as Key;
                bucket.take_chunk(&mut self.pool, &mut self.bottom);
                self.bottom.retain(|&entry| keep(slot_of(entry)));
                self.bottom.reverse();
            } else if bucket.len() <= SORTED {
                rung.current += 1;
                self.bottom_end = (rung.start + ((rung.current as Key) << rung.shift)).min(rung.end);
                while bucket.take_chunk(&mut self.pool, &mut self.bottom) {}
                self.sort_bottom(&mut keep);
            } else {
                let bucket = std::mem::replace(bucket, Pile::EMPTY);
                self.spread(bucket);
            }
        }
    }

    fn sort_bottom(&mut self, keep: &mut impl FnMut(u32) -> bool) {
        let mut rank = 0;
        self.bottom.retain_mut(|entry| {
            rank += 1;
            *entry = (*entry & !(BELOW_KEY & !SLOT)) | (rank << RANK_SHIFT);
            keep(slot_of(*entry))
        });
        self.bottom.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// Makes a rung of a pile that holds the least keys of all.
    fn spread(&mut self, mut pile: Pile) {
        let (least, greatest) = pile.bounds(&self.pool);
        let (start, end) = (least >> KEY_SHIFT, (greatest >> KEY_SHIFT) + 1);
        let mut rung = self.rung(start, end, pile.len());
        let mut scratch = std::mem::take(&mut self.scratch);
        while pile.take_chunk(&mut self.pool, &mut scratch) {
            for entry in scratch.drain(..) {
                let bucket = ((entry >> KEY_SHIFT) - start) >> rung.shift;
                rung.buckets[bucket as usize].push(&mut self.pool, entry);
            }
        }
        self.scratch = scratch;
        self.bottom_end = start;
        self.rungs.push(rung);
    }

    /// Makes a rung of the bottom, which then is empty.
    #[cold]
    #[inline(never)]
    fn spill_bottom(&mut self) {
        // The head of a bucket that is being drained goes back to it.
        let head = self.bottom.partition_point(|&entry| entry >> KEY_SHIFT >= self.bottom_end);
        debug_assert!(head <= CHUNK);
        if head > 0
            && let Some(rung) = self.rungs.last_mut()
        {
            let bucket = &mut rung.buckets[rung.current];
            bucket.put_back(&mut self.pool, self.bottom[..head].iter().rev().copied());
        }
        let least = self.bottom.last().map_or(self.bottom_end, |&entry| entry >> KEY_SHIFT);
        let mut rung = self.rung(least, self.bottom_end, self.bottom.len());
        for &entry in self.bottom[head..].iter().rev() {
            let bucket = ((entry >> KEY_SHIFT) - least) >> rung.shift;
            rung.buckets[bucket as usize].push(&mut self.pool, entry);
        }
        self.bottom.clear();
        self.bottom_end = least;
        self.rungs.push(rung);
    }

    /// An empty rung for about `entries` entries with keys from `start` to before `end`.
    fn rung(&mut self, start: Key, end: Key, entries: usize) -> Rung {
        let most = (entries / SPARSITY).next_power_of_two().clamp(BUCKETS_MIN, BUCKETS_MAX);
        let last = end - start - 1;
        let shift = (Key::BITS - last.leading_zeros()).saturating_sub(most.trailing_zeros());
        let mut buckets = self.rows.pop().unwrap_or_default();
        buckets.resize((last >> shift) as usize + 1, Pile::EMPTY);
        Rung { start, end, shift, current: 0, buckets }
    }

    fn recycle(&mut self, rung: Rung) {
        let mut row = rung.buckets;
        row.clear();
        self.rows.push(row);
    }

    /// Removes the entries whose payload no longer waits.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        self.bottom.retain(|&entry| keep(slot_of(entry)));
        let Ladder { rungs, top, pool, scratch, .. } = self;
        let piles = rungs.iter_mut().flat_map(|rung| &mut rung.buckets[rung.current..]);
        for pile in piles.chain([top]) {
            let mut old = std::mem::replace(pile, Pile::EMPTY);
            while old.take_chunk(pool, scratch) {
                for entry in scratch.drain(..) {
                    if keep(slot_of(entry)) {
                        pile.push(pool, entry);
                    }
                }
            }
        }
    }
}
