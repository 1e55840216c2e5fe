//! Those who look on while a run goes on: time series, tables, journals. They see everything and change nothing.

use crate::metrics::Usage;
use crate::model::{HostIx, SimDuration, SimTime, ZoneIx};
use crate::placement::Fleet;
use crate::validate::Reject;
use crate::world::World;

/// Why an instance is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Its lifetime of the workload was over.
    Lifetime,
    /// Its fleet became smaller.
    ScaledDown,
    /// Its subscription ran out and was not renewed (LIFE-51, LIFE-53).
    Expired,
    /// Its owner did not pay (LIFE-62).
    Overdue,
}

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
    /// The instance runs, for the first time.
    Running {
        /// Number of its request.
        number: u64,
        /// When that came in.
        arrived: SimTime,
    },
    /// The instance runs again, after it was down or stopped.
    RunsAgain {
        /// Number of its request.
        number: u64,
        /// Its host, maybe another one than before.
        host: HostIx,
    },
    /// The instance was stopped for money.
    Locked {
        /// Number of its request.
        number: u64,
        /// True: its owner is overdue; false: its subscription is over.
        overdue: bool,
    },
    /// A burstable instance spent its last credit.
    CreditsSpent {
        /// Number of its request.
        number: u64,
        /// True: it runs at its baseline from now on; false: it pays for credits.
        throttled: bool,
    },
    /// The instance is gone.
    Released {
        /// Number of its request.
        number: u64,
        /// Why.
        cause: Gone,
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

/// One who looks on. Whatever an observer does, the run and its digest stay the same.
pub trait Observer {
    /// Distance of the samples; none: it wants none.
    fn interval(&self) -> Option<SimDuration> {
        None
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
