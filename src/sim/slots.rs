//! Things in numbered places that are used again, last freed first. Unlike the crate `slab` it has a form as data that
//! keeps the order of free places: a run that goes on from a snapshot numbers what comes as the run before would have.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

/// Things in numbered places.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Slots<T> {
    places: Vec<Option<T>>,
    /// Free places; the last one is taken next.
    free: Vec<u32>,
}

impl<T> Slots<T> {
    pub(super) const fn new() -> Slots<T> {
        Slots { places: Vec::new(), free: Vec::new() }
    }

    /// Puts a thing into a free place; its number.
    #[inline]
    pub(super) fn insert(&mut self, thing: T) -> usize {
        match self.free.pop() {
            Some(at) => {
                self.places[at as usize] = Some(thing);
                at as usize
            }
            None => {
                self.places.push(Some(thing));
                self.places.len() - 1
            }
        }
    }

    /// The number that the next thing gets.
    #[inline]
    pub(super) fn vacant_key(&self) -> usize {
        self.free.last().map_or(self.places.len(), |at| *at as usize)
    }

    /// Takes a thing out of its place. Panics when the place is free.
    #[inline]
    pub(super) fn remove(&mut self, at: usize) -> T {
        let thing = self.places[at].take().expect("nothing is taken out twice");
        self.free.push(u32::try_from(at).expect("fewer than 2^32 places"));
        thing
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.places.get(at)?.as_ref()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.places.get_mut(at)?.as_mut()
    }

    /// How many things there are.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// Everything with its number, in order of numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        self.places.iter().enumerate().filter_map(|(at, place)| Some((at, place.as_ref()?)))
    }

    /// As [`Slots::iter`], to change the things.
    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (usize, &mut T)> {
        self.places.iter_mut().enumerate().filter_map(|(at, place)| Some((at, place.as_mut()?)))
    }

    /// Something else in the same places.
    pub(super) fn map<U, E>(&self, mut of: impl FnMut(&T) -> Result<U, E>) -> Result<Slots<U>, E> {
        let places = self.places.iter().map(|place| place.as_ref().map(&mut of).transpose());
        Ok(Slots { places: places.collect::<Result<_, E>>()?, free: self.free.clone() })
    }

    /// What each thing turns into, in the same places.
    pub(super) fn turn<U, E>(self, mut into: impl FnMut(T) -> Result<U, E>) -> Result<Slots<U>, E> {
        let places = self.places.into_iter().map(|place| place.map(&mut into).transpose());
        Ok(Slots { places: places.collect::<Result<_, E>>()?, free: self.free })
    }

    /// Whether exactly the free places are empty: else what was read is no sound state.
    pub(super) fn is_sound(&self) -> bool {
        let empty = self.places.iter().filter(|place| place.is_none()).count();
        let mut free = self.free.clone();
        free.sort_unstable();
        free.dedup();
        let is_empty = |at: &u32| matches!(self.places.get(*at as usize), Some(None));
        free.len() == self.free.len() && free.len() == empty && free.iter().all(is_empty)
    }
}

impl<T> Index<usize> for Slots<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: usize) -> &T {
        self.places[at].as_ref().expect("a place that is taken")
    }
}

impl<T> IndexMut<usize> for Slots<T> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut T {
        self.places[at].as_mut().expect("a place that is taken")
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Slots<T> {
        Slots::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_used_again_last_freed_first_also_after_a_copy() {
        let mut slots = Slots::new();
        for n in 0..5 {
            assert_eq!(slots.insert(n), n);
        }
        assert_eq!((slots.remove(1), slots.remove(3)), (1, 3));
        assert!(slots.is_sound() && slots.len() == 3);
        let bytes = postcard::to_stdvec(&slots).expect("plain data");
        let mut copy: Slots<usize> = postcard::from_bytes(&bytes).expect("what was written");
        for one in [&mut slots, &mut copy] {
            assert_eq!(one.vacant_key(), 3);
            assert_eq!([one.insert(7), one.insert(8), one.insert(9)], [3, 1, 5]);
            assert_eq!(one.iter().map(|(_, n)| *n).collect::<Vec<_>>(), [0, 8, 2, 7, 4, 9]);
            assert!(one.get(6).is_none() && one[5] == 9);
        }
        let broken = Slots { places: vec![Some(1), None], free: vec![0] };
        assert!(!broken.is_sound());
    }
}
