//! Those who look on while a run goes on: time series, tables, journals. They see everything and change nothing.

use crate::metrics::Usage;
use crate::model::{HostIx, SimDuration, SimTime, ZoneIx};
use crate::placement::Fleet;
use crate::validate::Reject;
use crate::world::World;

/// Something that a customer or an operator of the modelled cloud could see.
#[derive(Clone, Copy, Debug)]
pub enum Happened<'a> {
    /// A request came in.
    Requested {
        /// Number of the request, from 0; an instance has the number of its request.
        number: u64,
        /// Its template of the workload.
        template: u32,
    },
    /// It was refused, or answered with the instance of an earlier call (R20).
    Rejected {
        /// Number of the request.
        number: u64,
        /// Its template of the workload.
        template: u32,
        /// When it came in.
        arrived: SimTime,
        /// The answer.
        reject: &'a Reject,
    },
    /// Its instance was placed.
    Created {
        /// Number of the request.
        number: u64,
        /// Its template of the workload.
        template: u32,
        /// When it came in.
        arrived: SimTime,
        /// Zone of the instance.
        zone: ZoneIx,
        /// Host of the instance.
        host: HostIx,
    },
    /// The instance runs.
    Running {
        /// Number of its request.
        number: u64,
        /// When that came in.
        arrived: SimTime,
    },
    /// The instance is gone.
    Released {
        /// Number of its request.
        number: u64,
    },
}

/// What a sample of a time series is taken from: the state between two events.
#[derive(Debug)]
pub struct View<'a> {
    /// Everything but hosts.
    pub world: &'a World,
    /// The hosts.
    pub fleet: &'a Fleet,
    /// Use of the whole cloud.
    pub total: &'a Usage,
    /// Use of each zone of the world.
    pub zones: &'a [Usage],
    /// Calls that have no answer yet.
    pub unanswered: u64,
}

/// One who looks on. Whatever an observer does, the run and its digest stay the same; it may only end the run early.
pub trait Observer {
    /// Distance of the samples; none: it wants none.
    fn interval(&self) -> Option<SimDuration> {
        None
    }

    /// True when it has seen all that it wants to: the run ends cleanly after the event at hand, cut short.
    #[inline]
    fn enough(&self) -> bool {
        false
    }

    /// Something happened.
    #[inline]
    fn happened(&mut self, _at: SimTime, _what: &Happened<'_>) {}

    /// The state at a multiple of [`Observer::interval`], after everything that happened before that moment and
    /// before anything that happens in it; and once at the end of the run.
    #[inline]
    fn sample(&mut self, _at: SimTime, _view: &View<'_>) {}
}

/// Nobody looks on: costs nothing.
impl Observer for () {}
