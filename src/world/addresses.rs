//! IPv4 blocks, and the allocation of their addresses.

use rustc_hash::FxHashSet;

/// A CIDR block: 172.16.0.0/12 and the like.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Cidr {
    base: u32,
    prefix: u8,
}

/// Why a text is no CIDR block.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CidrError {
    /// Not of the form `a.b.c.d/n`.
    #[error("`{0}` is no CIDR block: expected a form like 172.16.0.0/24")]
    Form(String),
    /// Larger than /8: no private block is.
    #[error("`{0}` is larger than any private block (/8)")]
    TooLarge(String),
}

impl std::str::FromStr for Cidr {
    type Err = CidrError;

    /// Bits beyond the prefix are cleared.
    fn from_str(text: &str) -> Result<Cidr, CidrError> {
        let form = || CidrError::Form(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(form)?;
        let address = u32::from(address.parse::<std::net::Ipv4Addr>().map_err(|_| form())?);
        let prefix: u8 = prefix.parse().map_err(|_| form())?;
        match prefix {
            8..=32 => Ok(Cidr::new(address, prefix)),
            0..8 => Err(CidrError::TooLarge(text.to_owned())),
            _ => Err(form()),
        }
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", std::net::Ipv4Addr::from(self.base), self.prefix)
    }
}

impl Cidr {
    /// The block of this prefix length (8 to 32) around an address.
    pub const fn new(address: u32, prefix: u8) -> Cidr {
        Cidr { base: address & (u32::MAX << (32 - prefix)), prefix }
    }

    /// Number of addresses, reserved ones included.
    pub const fn size(self) -> u32 {
        1 << (32 - self.prefix)
    }

    /// Prefix length.
    pub const fn prefix(self) -> u8 {
        self.prefix
    }

    /// Position of an address inside the block.
    #[inline]
    pub const fn offset(self, address: u32) -> Option<u32> {
        let offset = address.wrapping_sub(self.base);
        if offset < self.size() { Some(offset) } else { None }
    }

    /// The address at a position.
    pub const fn address(self, offset: u32) -> u32 {
        self.base.wrapping_add(offset)
    }

    /// True when the blocks share addresses.
    pub const fn overlaps(self, other: Cidr) -> bool {
        self.offset(other.base).is_some() || other.offset(self.base).is_some()
    }

    /// The first block of this prefix length inside this one that meets none of `taken`.
    pub fn free_block(self, prefix: u8, taken: &[Cidr]) -> Option<Cidr> {
        let blocks = 1u32.checked_shl(u32::from(prefix.checked_sub(self.prefix)?))?;
        (0..blocks)
            .map(|n| Cidr::new(self.address(n << (32 - prefix)), prefix))
            .find(|block| !taken.iter().any(|other| other.overlaps(*block)))
    }
}

/// Who holds an address of a vSwitch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// Nobody.
    Free,
    /// The system: the first and the last three of a block (R74, VPC-11).
    System,
    /// An instance.
    Instance,
    /// Another resource: a load balancer, a database ...
    Other,
}

/// What a claim took of an [`AddressPool`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Taken {
    /// The address, by position.
    pub(crate) offset: Option<u32>,
    /// The count of free addresses went down.
    pub(crate) counted: bool,
}

/// The addresses of one block: a bitmap with a summary, so that the next free address is found in a few words,
/// however many are taken.
#[derive(Clone, Debug)]
pub(crate) struct AddressPool {
    cidr: Cidr,
    /// The system keeps the first and the last three.
    reserves: bool,
    /// One bit an address, set when taken.
    words: Vec<u64>,
    /// One bit a word, set when the word is full.
    full: Vec<u64>,
    /// Where others than instances sit.
    others: FxHashSet<u32>,
    /// Addresses left, as the cloud counts them; a world may say that fewer are left than the bitmap shows.
    free: u32,
}

impl AddressPool {
    /// A pool with nothing taken but the reserved addresses, when there are any.
    pub(crate) fn new(cidr: Cidr, reserves: bool) -> AddressPool {
        let size = cidr.size();
        let words = vec![0u64; size.div_ceil(64) as usize];
        let full = vec![0u64; words.len().div_ceil(64)];
        let mut pool = AddressPool { cidr, reserves, words, full, others: FxHashSet::default(), free: size };
        // Beyond the end of a block smaller than a word, and of a summary smaller than one, nothing is free.
        for offset in size..pool.words.len() as u32 * 64 {
            pool.mark(offset);
        }
        for word in pool.words.len()..pool.full.len() * 64 {
            pool.full[word / 64] |= 1 << (word % 64);
        }
        if reserves {
            for offset in std::iter::once(0).chain(size.saturating_sub(3)..size) {
                if pool.mark(offset) {
                    pool.free -= 1;
                }
            }
        }
        pool
    }

    pub(crate) fn cidr(&self) -> Cidr {
        self.cidr
    }

    /// Addresses left.
    #[inline]
    pub(crate) fn free(&self) -> u32 {
        self.free
    }

    /// Says how many are left, whatever the bitmap shows.
    pub(super) fn set_free(&mut self, free: u32) {
        self.free = free;
    }

    fn mark(&mut self, offset: u32) -> bool {
        let (word, bit) = ((offset / 64) as usize, 1u64 << (offset % 64));
        let fresh = self.words[word] & bit == 0;
        self.words[word] |= bit;
        if self.words[word] == u64::MAX {
            self.full[word / 64] |= 1 << (word % 64);
        }
        fresh
    }

    fn taken(&self, offset: u32) -> bool {
        self.words[(offset / 64) as usize] >> (offset % 64) & 1 == 1
    }

    fn reserved(&self, offset: u32) -> bool {
        self.reserves && (offset == 0 || offset >= self.cidr.size().saturating_sub(3))
    }

    /// Marks an address as taken from the start.
    pub(super) fn occupy(&mut self, address: u32, by_instance: bool) {
        let Some(offset) = self.cidr.offset(address) else { return };
        if self.mark(offset) {
            self.free = self.free.saturating_sub(1);
        }
        if !by_instance {
            self.others.insert(offset);
        }
    }

    /// Who holds the address; none when it lies outside the block.
    pub(crate) fn holder(&self, address: u32) -> Option<Holder> {
        let offset = self.cidr.offset(address)?;
        Some(if self.reserved(offset) {
            Holder::System
        } else if self.others.contains(&offset) {
            Holder::Other
        } else if self.taken(offset) {
            Holder::Instance
        } else {
            Holder::Free
        })
    }

    fn next_free(&self) -> Option<u32> {
        let summary = self.full.iter().position(|bits| *bits != u64::MAX)?;
        let word = summary * 64 + (!self.full[summary]).trailing_zeros() as usize;
        Some(word as u32 * 64 + (!self.words[word]).trailing_zeros())
    }

    /// Takes the named address, or the lowest free one.
    pub(crate) fn take(&mut self, named: Option<u32>) -> Taken {
        let offset = match named {
            Some(address) => self.cidr.offset(address).filter(|offset| !self.taken(*offset)),
            None => self.next_free(),
        };
        if let Some(offset) = offset {
            self.mark(offset);
        }
        let counted = self.free > 0;
        self.free -= u32::from(counted);
        Taken { offset, counted }
    }

    /// Gives back what [`AddressPool::take`] took.
    pub(crate) fn give_back(&mut self, taken: Taken) {
        if let Some(offset) = taken.offset {
            let word = (offset / 64) as usize;
            self.words[word] &= !(1 << (offset % 64));
            self.full[word / 64] &= !(1 << (word % 64));
        }
        self.free += u32::from(taken.counted);
    }

    /// The count of free addresses and the bitmap of taken ones.
    pub(super) fn save(&self) -> (u32, Vec<u64>) {
        (self.free, self.words.clone())
    }

    /// Goes on from what [`AddressPool::save`] gave; false when that is of a block of another size.
    pub(super) fn restore(&mut self, (free, words): &(u32, Vec<u64>)) -> bool {
        if words.len() != self.words.len() {
            return false;
        }
        self.free = *free;
        self.words.clone_from(words);
        for (at, word) in words.iter().enumerate() {
            let bit = 1 << (at % 64);
            if *word == u64::MAX { self.full[at / 64] |= bit } else { self.full[at / 64] &= !bit }
        }
        true
    }

    /// Feeds everything that can change into a hash.
    pub(super) fn digest(&self, hash: &mut blake3::Hasher) {
        hash.update(&self.free.to_le_bytes());
        for word in &self.words {
            hash.update(&word.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cidr(text: &str) -> Cidr {
        text.parse().expect("a block")
    }

    #[test]
    fn usable_addresses_are_those_of_the_document() {
        for (prefix, usable) in [(29, 4), (28, 12), (27, 28), (26, 60), (25, 124), (24, 252), (16, 65_532)] {
            assert_eq!(AddressPool::new(Cidr::new(0xAC10_0000, prefix), true).free(), usable);
        }
    }

    #[test]
    fn the_first_and_the_last_three_are_reserved() {
        let pool = AddressPool::new(cidr("192.168.1.0/24"), true);
        let address = |last: u32| 0xC0A8_0100 + last;
        for last in [0, 253, 254, 255] {
            assert_eq!(pool.holder(address(last)), Some(Holder::System));
        }
        for last in [1, 252] {
            assert_eq!(pool.holder(address(last)), Some(Holder::Free));
        }
        assert_eq!(pool.holder(address(256)), None);
        assert_eq!(pool.holder(0xC0A8_00FF), None);
    }

    #[test]
    fn blocks_that_are_none() {
        for text in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "10.0.0.0/7", "a/8"] {
            assert!(text.parse::<Cidr>().is_err(), "{text}");
        }
        assert_eq!(cidr("172.31.5.9/16").to_string(), "172.31.0.0/16");
        let whole = cidr("172.31.0.0/16");
        assert_eq!(whole.free_block(20, &[cidr("172.31.0.0/20")]), Some(cidr("172.31.16.0/20")));
        assert_eq!(whole.free_block(20, &[whole]), None);
    }

    proptest! {
        #[test]
        fn takes_every_address_once_and_gives_all_back(prefix in 20u8..=29, named in any::<u32>()) {
            let block = Cidr::new(0x0A00_0000, prefix);
            let mut pool = AddressPool::new(block, true);
            let usable = pool.free();
            let named = block.address(1 + named % usable);
            let mut seen = FxHashSet::default();
            let mut taken = vec![pool.take(Some(named))];
            while pool.free() > 0 {
                taken.push(pool.take(None));
            }
            for one in &taken {
                let offset = one.offset.expect("an address");
                prop_assert!(seen.insert(offset) && offset > 0 && offset < block.size() - 3);
            }
            prop_assert_eq!(taken.len() as u32, usable);
            prop_assert_eq!(pool.take(None), Taken { offset: None, counted: false });
            taken.into_iter().for_each(|one| pool.give_back(one));
            prop_assert_eq!(pool.free(), usable);
            prop_assert_eq!(pool.words, AddressPool::new(block, true).words);
        }

        #[test]
        fn an_address_is_inside_exactly_when_the_prefix_agrees(address in any::<u32>(), base in any::<u32>(), prefix in 8u8..=32) {
            let block = Cidr::new(base, prefix);
            let expected = (address ^ base).leading_zeros() >= u32::from(prefix);
            prop_assert_eq!(block.offset(address).is_some(), expected);
        }
    }
}
