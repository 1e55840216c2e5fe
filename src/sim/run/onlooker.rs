//! The observer of a run, as the run sees it.

use std::ops::{Deref, DerefMut};

use crate::model::SimTime;
use crate::sim::observe::{Happened, Observer};

/// The observer of a run. One that does not listen is told of nothing, and costs one test where there would be something
/// to tell.
pub(super) struct Onlooker<'a> {
    observer: &'a mut dyn Observer,
    listens: bool,
}

impl<'a> Onlooker<'a> {
    pub(super) fn new(observer: &'a mut dyn Observer) -> Onlooker<'a> {
        Onlooker { listens: observer.listens(), observer }
    }

    /// As [`Observer::happened`].
    #[inline(always)]
    pub(super) fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        if self.listens {
            self.observer.happened(at, what);
        }
    }

    /// As [`Observer::enough`].
    #[inline(always)]
    pub(super) fn enough(&self) -> bool {
        self.listens && self.observer.enough()
    }
}

impl<'a> Deref for Onlooker<'a> {
    type Target = dyn Observer + 'a;

    fn deref(&self) -> &Self::Target {
        self.observer
    }
}

impl DerefMut for Onlooker<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.observer
    }
}
