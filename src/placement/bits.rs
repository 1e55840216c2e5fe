//! A bit set of two levels: one summary bit for each word that is not zero.

/// A set of small integers with an O(1) "next member from here" up to some hundred thousand members: the
/// summary is scanned by the word, and one summary word stands for 4,096 members.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    summary: Vec<u64>,
}

impl Bits {
    /// An empty set for members below `len`.
    pub(super) fn with_len(len: usize) -> Bits {
        let words = len.div_ceil(64);
        Bits { words: vec![0; words], summary: vec![0; words.div_ceil(64)] }
    }

    /// Adds `at`.
    #[inline]
    pub(super) fn set(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
        self.summary[at / 4096] |= 1 << (at / 64 % 64);
    }

    /// Removes `at`.
    #[inline]
    pub(super) fn clear(&mut self, at: usize) {
        let word = &mut self.words[at / 64];
        *word &= !(1 << (at % 64));
        if *word == 0 {
            self.summary[at / 4096] &= !(1 << (at / 64 % 64));
        }
    }

    /// Whether `at` is a member.
    #[inline]
    pub(super) fn get(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    /// The least member that is not below `from`.
    #[inline]
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        next(&self.summary, &self.words, from)
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        (self.words.capacity() + self.summary.capacity()) * 8
    }
}

/// The least member not below `from` of a set given by its two levels.
#[inline]
pub(super) fn next(summary: &[u64], words: &[u64], from: usize) -> Option<usize> {
    let at = from / 64;
    let word = words.get(at)? & (!0 << (from % 64));
    if word != 0 {
        return Some(at * 64 + word.trailing_zeros() as usize);
    }
    let mut top = (at + 1) / 64;
    let mut marks = summary.get(top)? & (!0 << ((at + 1) % 64));
    while marks == 0 {
        top += 1;
        marks = *summary.get(top)?;
    }
    let at = top * 64 + marks.trailing_zeros() as usize;
    Some(at * 64 + words[at].trailing_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_a_plain_list() {
        let members = [0usize, 1, 63, 64, 4_095, 4_096, 9_999];
        let mut bits = Bits::with_len(10_000);
        for &member in &members {
            bits.set(member);
        }
        for from in (0..10_000).chain([10_001, 70_000]) {
            assert_eq!(bits.next(from), members.iter().copied().find(|&member| member >= from), "{from}");
        }
        for &member in &members {
            bits.clear(member);
        }
        assert_eq!(bits.next(0), None);
    }
}
