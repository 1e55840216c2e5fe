//! The hosts of one shape, in order of their position.
//!
//! A few positions are kept in line, sorted. A larger set keeps one bit for each *block* of [`BLOCK`]
//! neighbouring positions that holds at least one of its hosts; which ones is read off the shard's own array of
//! shapes, two cache lines a block. So a set of any size costs one bit a block, a host costs no list pointers,
//! and moving a host touches its own block and one word in each of two bit sets, never another host's record.

use super::bits;

/// Hosts in one block.
pub(super) const BLOCK: usize = 32;
/// Positions kept in line.
const FEW: usize = 6;

/// The set of hosts that now have one shape.
#[derive(Clone, Debug, Default)]
pub(super) struct HostSet {
    /// Members.
    count: u32,
    /// No member is below; and it is one when `exact`.
    low: u32,
    exact: bool,
    /// Members in ascending order, while `blocks` is empty.
    few: [u32; FEW],
    /// Summary words, then one bit a block. Empty until the set has outgrown `few`; then it stays.
    blocks: Box<[u64]>,
}

/// Words of the summary and of the bits, for a shard of `hosts` hosts.
fn sizes(hosts: usize) -> (usize, usize) {
    let words = hosts.div_ceil(BLOCK * 64);
    (words.div_ceil(64), words)
}

/// Whether position `at` to the end of its block holds `shape`: the first that does.
#[inline]
fn within(shape_of: &[u32], shape: u32, at: usize) -> Option<u32> {
    let end = shape_of.len().min((at / BLOCK + 1) * BLOCK);
    shape_of[at..end].iter().position(|&other| other == shape).map(|off| (at + off) as u32)
}

impl HostSet {
    /// Number of members.
    #[inline]
    pub(super) fn len(&self) -> u32 {
        self.count
    }

    /// Adds `at`. The caller has already written the shape into `shape_of`.
    #[inline]
    pub(super) fn insert(&mut self, shape_of: &[u32], shape: u32, at: u32) {
        let count = self.count as usize;
        if self.count == 0 || at < self.low {
            self.low = at;
            self.exact = true;
        }
        self.count += 1;
        if self.blocks.is_empty() {
            if count < FEW {
                let place = self.few[..count].partition_point(|&member| member < at);
                self.few.copy_within(place..count, place + 1);
                self.few[place] = at;
                return;
            }
            self.outgrow(shape_of, shape);
        }
        let (tops, _) = sizes(shape_of.len());
        let block = at as usize / BLOCK;
        self.blocks[tops + block / 64] |= 1 << (block % 64);
        self.blocks[block / 4096] |= 1 << (block / 64 % 64);
    }

    #[cold]
    fn outgrow(&mut self, shape_of: &[u32], shape: u32) {
        let (tops, words) = sizes(shape_of.len());
        self.blocks = vec![0; tops + words].into_boxed_slice();
        for member in self.few {
            debug_assert_eq!(shape_of[member as usize], shape);
            let block = member as usize / BLOCK;
            self.blocks[tops + block / 64] |= 1 << (block % 64);
            self.blocks[block / 4096] |= 1 << (block / 64 % 64);
        }
    }

    /// Removes the member `at`. The caller has already written another shape into `shape_of`.
    #[inline]
    pub(super) fn remove(&mut self, shape_of: &[u32], shape: u32, at: u32) {
        let count = self.count as usize;
        self.count -= 1;
        if at == self.low {
            self.low += 1;
            self.exact = false;
        }
        if self.blocks.is_empty() {
            let place = self.few[..count].partition_point(|&member| member < at);
            debug_assert_eq!(self.few[place], at);
            self.few.copy_within(place + 1..count, place);
            return;
        }
        let block = at as usize / BLOCK;
        if within(shape_of, shape, block * BLOCK).is_none() {
            let (tops, _) = sizes(shape_of.len());
            let word = &mut self.blocks[tops + block / 64];
            *word &= !(1 << (block % 64));
            if *word == 0 {
                self.blocks[block / 4096] &= !(1 << (block / 64 % 64));
            }
        }
    }

    /// The least member. The set must not be empty.
    #[inline]
    pub(super) fn least(&mut self, shape_of: &[u32], shape: u32) -> u32 {
        if !self.exact {
            self.low =
                self.next(shape_of, shape, self.low).expect("a set that counts members has a least one");
            self.exact = true;
        }
        self.low
    }

    /// The least member not below `from`.
    pub(super) fn next(&self, shape_of: &[u32], shape: u32, from: u32) -> Option<u32> {
        let count = self.count as usize;
        if self.blocks.is_empty() {
            return self.few[..count].iter().copied().find(|&member| member >= from);
        }
        let from = from as usize;
        if count == 0 || from >= shape_of.len() {
            return None;
        }
        let (tops, _) = sizes(shape_of.len());
        let (summary, words) = self.blocks.split_at(tops);
        let block = bits::next(summary, words, from / BLOCK)?;
        if block != from / BLOCK {
            return within(shape_of, shape, block * BLOCK);
        }
        within(shape_of, shape, from).or_else(|| {
            let block = bits::next(summary, words, block + 1)?;
            within(shape_of, shape, block * BLOCK)
        })
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.len() * 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_plain_scan() {
        const HOSTS: usize = 3_000;
        let mut shape_of = vec![0u32; HOSTS];
        let mut sets = [HostSet::default(), HostSet::default()];
        for at in 0..HOSTS {
            sets[0].insert(&shape_of, 0, at as u32);
        }
        let mut state = 1u64;
        for step in 0..30_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % HOSTS;
            // Drains set 0 to a handful in the middle of the walk, then fills it again.
            if (10_000..20_000).contains(&step) && shape_of[at] == 1 && step % 3 != 0 {
                continue;
            }
            let (old, new) = (shape_of[at], 1 - shape_of[at]);
            shape_of[at] = new;
            sets[old as usize].remove(&shape_of, old, at as u32);
            sets[new as usize].insert(&shape_of, new, at as u32);
            for shape in 0..2u32 {
                let set = &mut sets[shape as usize];
                let plain = |from| (from..HOSTS).find(|&at| shape_of[at] == shape).map(|at| at as u32);
                assert_eq!(set.next(&shape_of, shape, at as u32), plain(at));
                if set.len() > 0 {
                    assert_eq!(Some(set.least(&shape_of, shape)), plain(0));
                }
            }
        }
    }
}
