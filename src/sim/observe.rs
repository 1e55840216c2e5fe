//! Those who look on while a run goes on: time series, tables, journals. They see everything and change nothing.

use crate::metrics::{Latency, Usage};
use crate::model::{HostIx, SimDuration, SimTime, ZoneIx};
use crate::placement::{DemandId, Fleet};
use crate::validate::Reject;
use crate::world::World;

/// Why an instance is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// Its lifetime of the workload was over.
    Lifetime,
}

/// Something that a customer or an operator of the modelled cloud could see.
#[derive(Clone, Copy, Debug, serde::Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
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
    /// The instance is gone.
    Released {
        /// Number of its request.
        number: u64,
        /// Why.
        cause: Gone,
    },
}

impl Happened<'_> {
    /// Number of the request (and instance) that it is about; none when it is about something else.
    pub fn request(&self) -> Option<u64> {
        match *self {
            Happened::Requested { number, .. }
            | Happened::Rejected { number, .. }
            | Happened::Created { number, .. }
            | Happened::Running { number, .. }
            | Happened::RunsAgain { number, .. }
            | Happened::Released { number, .. } => Some(number),
        }
    }
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
    /// Waits so far, after the warm-up.
    pub latency: &'a Latency,
    /// What waits in the control plane; none when that is instant.
    pub queues: Option<Queues>,
    /// By zone of the world: the demands asked for so far, in the order in which they first came. This is the mix
    /// that free room is judged by ([`crate::placement::Survey`]).
    pub mix: &'a [Vec<DemandId>],
}

/// What waits in the control plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Queues {
    /// Calls that wait for an API worker.
    pub api: u64,
    /// Calls that wait for a scheduler.
    pub scheduler: u64,
    /// Instances that wait for a start slot of their host.
    pub node: u64,
    /// Clones of system disks under way: they share the bandwidth of their zone.
    pub clones: u64,
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

    /// The state at the end of the run, after the last sample.
    fn ended(&mut self, _at: SimTime, _view: &View<'_>) {}

    /// Whether it wants the histograms of simulated latency, interval by interval.
    fn logs_latency(&self) -> bool {
        false
    }

    /// An interval of simulated latency ends: [`Latency::recent`]. An interval is some distances of samples long, so
    /// that it holds enough values; the last one ends with the run, and the warm-up is left out.
    fn latency(&mut self, _at: SimTime, _latency: &Latency) {}
}

/// Nobody looks on: costs nothing.
impl Observer for () {}

/// Two look on. Samples come at the distance that the first one wants, or the second when the first wants none.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn interval(&self) -> Option<SimDuration> {
        self.0.interval().or_else(|| self.1.interval())
    }

    #[inline]
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        self.0.happened(at, what);
        self.1.happened(at, what);
    }

    fn sample(&mut self, at: SimTime, view: &View<'_>) {
        self.0.sample(at, view);
        self.1.sample(at, view);
    }

    fn ended(&mut self, at: SimTime, view: &View<'_>) {
        self.0.ended(at, view);
        self.1.ended(at, view);
    }

    fn logs_latency(&self) -> bool {
        self.0.logs_latency() || self.1.logs_latency()
    }

    fn latency(&mut self, at: SimTime, latency: &Latency) {
        self.0.latency(at, latency);
        self.1.latency(at, latency);
    }
}

/// Perhaps one looks on.
impl<O: Observer> Observer for Option<O> {
    fn interval(&self) -> Option<SimDuration> {
        self.as_ref().and_then(O::interval)
    }

    #[inline]
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        if let Some(observer) = self {
            observer.happened(at, what);
        }
    }

    fn sample(&mut self, at: SimTime, view: &View<'_>) {
        if let Some(observer) = self {
            observer.sample(at, view);
        }
    }

    fn ended(&mut self, at: SimTime, view: &View<'_>) {
        if let Some(observer) = self {
            observer.ended(at, view);
        }
    }

    fn logs_latency(&self) -> bool {
        self.as_ref().is_some_and(O::logs_latency)
    }

    fn latency(&mut self, at: SimTime, latency: &Latency) {
        if let Some(observer) = self {
            observer.latency(at, latency);
        }
    }
}
