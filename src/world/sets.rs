//! Small sets over dense indices, and tables with names.

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;

/// A disk category: position in the world's list. The documented five come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct CategoryIx(pub u8);

impl CategoryIx {
    /// `cloud`.
    pub const CLOUD: CategoryIx = CategoryIx(0);
    /// `cloud_efficiency`.
    pub const EFFICIENCY: CategoryIx = CategoryIx(1);
    /// `cloud_ssd`.
    pub const SSD: CategoryIx = CategoryIx(2);
    /// `ephemeral_ssd`.
    pub const EPHEMERAL_SSD: CategoryIx = CategoryIx(3);
    /// `cloud_essd`.
    pub const ESSD: CategoryIx = CategoryIx(4);

    /// True for the five categories that CreateInstance takes (R97).
    pub const fn documented(self) -> bool {
        (self.0 as usize) < DOCUMENTED.len()
    }

    /// The documented category of this name.
    #[inline]
    pub fn of_documented(name: &str) -> Option<CategoryIx> {
        // A match tells most names apart by their length alone; a test holds it against the list.
        Some(match name {
            "cloud" => CategoryIx::CLOUD,
            "cloud_efficiency" => CategoryIx::EFFICIENCY,
            "cloud_ssd" => CategoryIx::SSD,
            "ephemeral_ssd" => CategoryIx::EPHEMERAL_SSD,
            "cloud_essd" => CategoryIx::ESSD,
            _ => return None,
        })
    }
}

// In the order of their `CategoryIx`.
pub use crate::api::forms::DISK_CATEGORIES as DOCUMENTED;

/// Most disk categories of one world.
pub(super) const CATEGORIES_MAX: usize = 64;

/// A set of disk categories: one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct CategorySet(pub(super) u64);

impl CategorySet {
    /// True when the set holds the category.
    #[inline]
    pub const fn has(self, category: CategoryIx) -> bool {
        self.0 >> category.0 & 1 == 1
    }

    /// True when the two sets share a category.
    #[inline]
    pub const fn meets(self, other: CategorySet) -> bool {
        self.0 & other.0 != 0
    }

    /// Adds a category.
    #[inline]
    pub fn insert(&mut self, category: CategoryIx) {
        self.0 |= 1 << category.0;
    }

    /// What is in either set.
    #[inline]
    #[must_use]
    pub const fn and(self, other: CategorySet) -> CategorySet {
        CategorySet(self.0 | other.0)
    }

    /// What is in this set and not in the other.
    #[inline]
    #[must_use]
    pub const fn minus(self, other: CategorySet) -> CategorySet {
        CategorySet(self.0 & !other.0)
    }

    /// True when nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A set of table positions; takes no memory while empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct IndexSet(FixedBitSet);

impl serde::Serialize for IndexSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.ones().map(|index| index as u32).collect::<Vec<u32>>().serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for IndexSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<IndexSet, D::Error> {
        Ok(IndexSet::of(Vec::<u32>::deserialize(deserializer)?))
    }
}

impl IndexSet {
    /// The set of these positions.
    pub(super) fn of(indices: impl IntoIterator<Item = u32>) -> IndexSet {
        let mut bits = FixedBitSet::new();
        for index in indices {
            bits.grow_and_insert(index as usize);
        }
        IndexSet(bits)
    }

    /// True when the position is in the set.
    #[inline]
    pub(crate) fn has(&self, index: u32) -> bool {
        self.0.contains(index as usize)
    }
}

/// Rows by dense position and by name. A name that is only referred to has a position but no row: an entity that
/// was deleted, or lies outside this world.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    names: FxHashMap<Box<str>, u32>,
    rows: Vec<(Box<str>, Option<T>)>,
}

/// The position of a name. Not in line: tables of all kinds look names up here, several for each request, in one copy that
/// stays in the instruction cache.
#[inline(never)]
fn position(names: &FxHashMap<Box<str>, u32>, name: &str) -> Option<u32> {
    names.get(name).copied()
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table { names: FxHashMap::default(), rows: Vec::new() }
    }
}

impl<T> Table<T> {
    /// Every row with its name, whether the entity exists or not, as a snapshot has it.
    pub(super) fn rows(&self) -> &[(Box<str>, Option<T>)] {
        &self.rows
    }

    /// A table of these rows.
    pub(super) fn of_rows(rows: Vec<(Box<str>, Option<T>)>) -> Table<T> {
        let names = rows.iter().zip(0..).map(|((name, _), at)| (name.clone(), at)).collect();
        Table { names, rows }
    }

    /// The position of a name, made if need be.
    pub(super) fn refer(&mut self, name: &str) -> u32 {
        if let Some(at) = self.names.get(name) {
            return *at;
        }
        let at = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        self.names.insert(name.into(), at);
        self.rows.push((name.into(), None));
        at
    }

    /// Puts a row under its name.
    pub(super) fn put(&mut self, name: &str, row: T) -> u32 {
        let at = self.refer(name);
        self.rows[at as usize].1 = Some(row);
        at
    }

    /// The position of an entity that exists.
    #[inline]
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let at = position(&self.names, name)?;
        self.rows[at as usize].1.is_some().then_some(at)
    }

    /// True for a name that nothing ever had or referred to.
    pub(crate) fn is_new(&self, name: &str) -> bool {
        !self.names.contains_key(name)
    }

    /// The row at a position, when the entity exists.
    #[inline]
    pub(crate) fn get(&self, at: u32) -> Option<&T> {
        self.rows.get(at as usize)?.1.as_ref()
    }

    /// As [`Table::get`], to change it.
    #[inline]
    pub(crate) fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.rows.get_mut(at as usize)?.1.as_mut()
    }

    /// The row at a position, whether the entity exists or not.
    pub(super) fn get_row_mut(&mut self, at: u32) -> Option<&mut Option<T>> {
        self.rows.get_mut(at as usize).map(|(_, row)| row)
    }

    /// Position and row of an entity that exists.
    #[inline]
    pub(crate) fn entry(&self, name: &str) -> Option<(u32, &T)> {
        let at = position(&self.names, name)?;
        Some((at, self.rows[at as usize].1.as_ref()?))
    }

    /// The name at a position; empty when there is no such position.
    pub(crate) fn name(&self, at: u32) -> &str {
        self.rows.get(at as usize).map_or("", |(name, _)| name)
    }

    /// Every name, of entities that exist and others: position and name.
    pub(crate) fn all_names(&self) -> impl Iterator<Item = (u32, &str)> {
        self.rows.iter().enumerate().map(|(at, (name, _))| (at as u32, &**name))
    }

    /// Every entity that exists: position, name, row.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &str, &T)> {
        self.rows.iter().enumerate().filter_map(|(at, (name, row))| Some((at as u32, &**name, row.as_ref()?)))
    }
}
