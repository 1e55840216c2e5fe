//! Two sequences that come in pieces, compared as they come.

use std::collections::VecDeque;

/// Elements before a difference that are remembered.
const RECENT: usize = 6;

/// Compares two sequences element by element; holds what one side is ahead by.
pub(super) struct Matching<T> {
    sides: [VecDeque<T>; 2],
    matched: u64,
    recent: VecDeque<T>,
    differs: bool,
}

impl<T: PartialEq + Copy> Matching<T> {
    pub(super) fn new() -> Matching<T> {
        Matching {
            sides: [VecDeque::new(), VecDeque::new()],
            matched: 0,
            recent: VecDeque::new(),
            differs: false,
        }
    }

    /// Adds what comes next on a side, and compares as far as both sides go.
    pub(super) fn push(&mut self, side: usize, more: impl IntoIterator<Item = T>) {
        self.sides[side].extend(more);
        while !self.differs
            && let [Some(a), Some(b)] = [self.sides[0].front(), self.sides[1].front()]
        {
            self.differs = a != b;
            if !self.differs {
                let same = *a;
                for side in &mut self.sides {
                    side.pop_front();
                }
                self.matched += 1;
                if self.recent.len() == RECENT {
                    self.recent.pop_front();
                }
                self.recent.push_back(same);
            }
        }
    }

    /// Elements that are the same: also the number, from 0, of the first that is not.
    pub(super) fn matched(&self) -> u64 {
        self.matched
    }

    /// Whether a difference was found. A side that has ended while the other has more differs too.
    pub(super) fn differs(&self, ended: [bool; 2]) -> bool {
        let is_short =
            |side: usize| ended[side] && self.sides[side].is_empty() && !self.sides[1 - side].is_empty();
        self.differs || is_short(0) || is_short(1)
    }

    /// Elements of a side from the difference on.
    pub(super) fn ahead(&self, side: usize) -> &VecDeque<T> {
        &self.sides[side]
    }

    /// The last elements before the difference.
    pub(super) fn recent(&self) -> impl Iterator<Item = T> + '_ {
        self.recent.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_are_compared_in_order() {
        let mut found = Matching::new();
        found.push(0, [1, 2, 3, 4]);
        found.push(1, [1, 2]);
        assert!(!found.differs([false, false]) && found.matched() == 2);
        assert!(found.differs([false, true]) && !found.differs([true, false]));
        found.push(1, [3, 9]);
        assert!(found.differs([false, false]));
        assert_eq!((found.matched(), found.ahead(0)[0], found.ahead(1)[0]), (3, 4, 9));
        assert_eq!(found.recent().collect::<Vec<_>>(), [1, 2, 3]);
    }
}
