//! The shapes that fit one kind of request, in order of score, with room to put new ones in between.

use std::cmp::Reverse;

use super::bits::Bits;
use super::policy::Score;

/// No shape: a free slot.
const FREE: u32 = u32::MAX;
/// Slots that are looked at for a free one before everything is spread anew.
const REACH: usize = 48;

/// A shape with its score. A free slot repeats the score and the shape before it, so that a search may land on it.
#[derive(Clone, Copy, Debug)]
struct Slot {
    score: Score,
    key: u32,
    shape: u32,
}

/// Shapes sorted by score, best first, and by number among equals, in an array with gaps (a packed memory array):
/// a new shape moves a few neighbours, not everything behind it. One bit a slot says whether the shape there *may*
/// have hosts: a clear bit is the truth, a set one is checked when it is met.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    slots: Vec<Slot>,
    ready: Bits,
    len: usize,
}

impl Order {
    /// The first slot from `from` on whose shape may have hosts: slot, score, shape.
    #[inline]
    pub(super) fn next(&self, from: usize) -> Option<(usize, Score, u32)> {
        let at = self.ready.next(from)?;
        let slot = self.slots[at];
        Some((at, slot.score, slot.shape))
    }

    /// Whether the slot after `at` holds, or leads on to, a shape of the same score.
    #[inline]
    pub(super) fn tied(&self, at: usize) -> bool {
        self.slots.get(at + 1).is_some_and(|next| next.score == self.slots[at].score)
    }

    /// Marks a slot whose shape got hosts.
    #[inline]
    pub(super) fn wake(&mut self, slot: usize) {
        self.ready.set(slot);
    }

    /// Marks a slot whose shape has no hosts.
    #[inline]
    pub(super) fn strike(&mut self, slot: usize) {
        self.ready.clear(slot);
    }

    /// Number of shapes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts in a shape that has hosts. `moved` is told the slot of it, and of each shape that moves.
    pub(super) fn insert(&mut self, score: Score, shape: u32, mut moved: impl FnMut(u32, usize)) {
        if self.slots.is_empty() {
            self.spread(|_| true, &mut moved, |_| ());
        }
        let order = (Reverse(score), shape);
        let at = self.slots.partition_point(|slot| (Reverse(slot.score), slot.key) < order);
        let slot = Slot { score, key: shape, shape };
        // A free slot in front repeats its left neighbour: it is the right place.
        if at > 0 && self.slots[at - 1].shape == FREE {
            return self.put(at - 1, slot, true, &mut moved);
        }
        let right = self.slots[at..].iter().take(REACH).position(|slot| slot.shape == FREE);
        if let Some(distance) = right {
            for to in (at + 1..=at + distance).rev() {
                self.shift(to - 1, to, &mut moved);
            }
            return self.put(at, slot, true, &mut moved);
        }
        let left = self.slots[..at].iter().rev().take(REACH).position(|slot| slot.shape == FREE);
        if let Some(distance) = left {
            for to in at - 1 - distance..at - 1 {
                self.shift(to + 1, to, &mut moved);
            }
            return self.put(at - 1, slot, true, &mut moved);
        }
        self.spread(|_| true, &mut moved, |_| ());
        self.insert(score, shape, moved);
    }

    /// Writes a slot, and tells its free followers what is in front of them.
    fn put(&mut self, at: usize, slot: Slot, ready: bool, moved: &mut impl FnMut(u32, usize)) {
        self.slots[at] = slot;
        if ready {
            self.ready.set(at);
        } else {
            self.ready.clear(at);
        }
        moved(slot.shape, at);
        self.len += 1;
        for next in &mut self.slots[at + 1..] {
            if next.shape != FREE {
                break;
            }
            (next.score, next.key) = (slot.score, slot.key);
        }
    }

    /// Moves one shape to a neighbouring slot.
    fn shift(&mut self, from: usize, to: usize, moved: &mut impl FnMut(u32, usize)) {
        self.slots[to] = self.slots[from];
        if self.ready.get(from) {
            self.ready.set(to);
        } else {
            self.ready.clear(to);
        }
        moved(self.slots[to].shape, to);
    }

    /// Spreads the shapes over twice as many slots as there are shapes. Only those that `keep` wants stay;
    /// `dropped` is told the others.
    pub(super) fn spread(
        &mut self,
        keep: impl Fn(u32) -> bool,
        mut moved: impl FnMut(u32, usize),
        mut dropped: impl FnMut(u32),
    ) {
        let old = std::mem::take(&mut self.slots);
        let ready = std::mem::take(&mut self.ready);
        let mut kept = Vec::with_capacity(self.len);
        for (at, slot) in old.into_iter().enumerate().filter(|(_, slot)| slot.shape != FREE) {
            if keep(slot.shape) {
                kept.push((slot, ready.get(at)));
            } else {
                dropped(slot.shape);
            }
        }
        self.len = kept.len();
        let slots = (2 * kept.len()).max(64);
        self.ready = Bits::with_len(slots);
        self.slots = vec![Slot { score: Score(i64::MAX), key: 0, shape: FREE }; slots];
        let count = kept.len();
        for (place, (slot, ready)) in kept.into_iter().enumerate() {
            let at = place * slots / count;
            self.slots[at] = slot;
            if ready {
                self.ready.set(at);
            }
            moved(slot.shape, at);
        }
        for at in 1..slots {
            if self.slots[at].shape == FREE {
                (self.slots[at].score, self.slots[at].key) =
                    (self.slots[at - 1].score, self.slots[at - 1].key);
            }
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.ready.bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_sorted_and_reports_every_move() {
        let mut order = Order::default();
        let mut slot_of = vec![usize::MAX; 5_000];
        let mut state = 7u64;
        let mut scores = Vec::new();
        for shape in 0..5_000u32 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Runs of equal scores, and long ascending and descending stretches.
            let score = Score(match shape / 1_000 {
                0 => (state >> 60) as i64,
                1 => i64::from(shape),
                2 => -i64::from(shape),
                _ => (state >> 40) as i64,
            });
            scores.push((Reverse(score), shape));
            order.insert(score, shape, |shape, slot| slot_of[shape as usize] = slot);
            if shape % 3 == 0 {
                order.strike(slot_of[shape as usize]);
            }
        }
        for shape in (0..5_000).step_by(3) {
            order.wake(slot_of[shape]);
        }
        scores.sort();
        let mut from = 0;
        for &(Reverse(score), shape) in &scores {
            let (slot, found, held) = order.next(from).unwrap();
            assert_eq!((found, held, slot), (score, shape, slot_of[shape as usize]));
            from = slot + 1;
        }
        assert_eq!((order.next(from), order.len()), (None, 5_000));
        order.spread(|shape| shape < 10, |shape, slot| slot_of[shape as usize] = slot, |_| ());
        assert_eq!(order.len(), 10);
        assert_eq!(order.next(0).unwrap().2, scores.iter().find(|(_, shape)| *shape < 10).unwrap().1);
    }
}
