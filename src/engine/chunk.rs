//! Unsorted piles of entries, in chunks from one shared pool.
//!
//! A ladder has thousands of piles that grow and empty all the time. Chunks keep each pile's writes on one
//! line of memory after another, and give the room of an emptied pile to the next one that grows.

/// One entry of the ladder; see `ladder`.
pub(super) type Entry = u128;

/// Entries in a chunk: with its link a chunk fills 512 bytes, eight cache lines.
pub(super) const CHUNK: usize = 31;

/// No chunk.
const NONE: u32 = u32::MAX;

/// A piece of one pile.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Chunk {
    entries: [Entry; CHUNK],
    next: u32,
}

/// The chunks of all piles.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    chunks: Vec<Chunk>,
    free: u32,
}

/// A first-in-first-out list of entries, made of chunks that are full except for the first and the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pile {
    head: u32,
    tail: u32,
    /// Where the first entry is in the head chunk.
    begin: u8,
    /// Where the last entry ends in the tail chunk.
    end: u8,
    len: u32,
}

impl Pool {
    pub(super) const fn new() -> Pool {
        Pool { chunks: Vec::new(), free: NONE }
    }

    /// Forgets all piles and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.chunks.clear();
        self.free = NONE;
    }

    fn take(&mut self) -> u32 {
        if self.free == NONE {
            self.chunks.push(Chunk { entries: [0; CHUNK], next: NONE });
            return (self.chunks.len() - 1) as u32;
        }
        let at = self.free;
        let chunk = &mut self.chunks[at as usize];
        self.free = chunk.next;
        chunk.next = NONE;
        at
    }
}

impl Pile {
    /// A pile of nothing.
    pub(super) const EMPTY: Pile = Pile { head: NONE, tail: NONE, begin: 0, end: CHUNK as u8, len: 0 };

    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Adds an entry behind all others.
    #[inline]
    pub(super) fn push(&mut self, pool: &mut Pool, entry: Entry) {
        if self.end as usize == CHUNK {
            self.grow(pool);
        }
        pool.chunks[self.tail as usize].entries[self.end as usize] = entry;
        self.end += 1;
        self.len += 1;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, pool: &mut Pool) {
        let at = pool.take();
        if self.head == NONE {
            self.head = at;
            self.begin = 0;
        } else {
            pool.chunks[self.tail as usize].next = at;
        }
        self.tail = at;
        self.end = 0;
    }

    /// Puts entries (at most a chunk of them) in front of all others, in their order.
    pub(super) fn put_back(&mut self, pool: &mut Pool, entries: impl ExactSizeIterator<Item = Entry>) {
        let begin = CHUNK - entries.len();
        let at = pool.take();
        for (place, entry) in (begin..).zip(entries) {
            pool.chunks[at as usize].entries[place] = entry;
            self.len += 1;
        }
        pool.chunks[at as usize].next = self.head;
        if self.head == NONE {
            self.tail = at;
            self.end = CHUNK as u8;
        }
        self.head = at;
        self.begin = begin as u8;
    }

    /// Moves the entries of the first chunk to the end of `out`, in their order; false when the pile is empty.
    #[inline]
    pub(super) fn take_chunk(&mut self, pool: &mut Pool, out: &mut Vec<Entry>) -> bool {
        if self.head == NONE {
            return false;
        }
        let at = self.head;
        let end = if at == self.tail { self.end as usize } else { CHUNK };
        let chunk = &mut pool.chunks[at as usize];
        let entries = &chunk.entries[self.begin as usize..end];
        out.extend_from_slice(entries);
        self.len -= entries.len() as u32;
        self.head = chunk.next;
        self.begin = 0;
        chunk.next = pool.free;
        pool.free = at;
        if self.head == NONE {
            *self = Pile::EMPTY;
        }
        true
    }

    /// The least and the greatest entry.
    pub(super) fn bounds(&self, pool: &Pool) -> (Entry, Entry) {
        let (mut least, mut greatest) = (Entry::MAX, 0);
        let (mut at, mut begin) = (self.head, self.begin as usize);
        while at != NONE {
            let chunk = &pool.chunks[at as usize];
            let end = if at == self.tail { self.end as usize } else { CHUNK };
            for &entry in &chunk.entries[begin..end] {
                least = least.min(entry);
                greatest = greatest.max(entry);
            }
            at = chunk.next;
            begin = 0;
        }
        (least, greatest)
    }
}
