//! Those who look on while a run goes on: time series, tables, journals. They see everything and change nothing.

use crate::metrics::{Latency, Usage};
use crate::model::{HostIx, Money, SimDuration, SimTime, TypeIx, ZoneIx};
use crate::operations::Refusal;
use crate::placement::{DemandId, Fleet, Reason};
use crate::spot::Market;
use crate::spot::notice::Cause;
use crate::spot::price::HourPrice;
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
    /// The spot market took it back, after its notice (LIFE-18, SPOT-34).
    Reclaimed,
    /// DeleteInstance.
    Deleted,
    /// Its AutoReleaseTime had come.
    AutoRelease,
    /// Its dedicated host was released, expired.
    HostReleased,
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
    /// A spot price changed.
    SpotPrice {
        /// Zone.
        zone: ZoneIx,
        /// Type.
        instance_type: TypeIx,
        /// The price from now on.
        price: HourPrice,
        /// The pay-as-you-go price.
        list: HourPrice,
    },
    /// A spot instance was told to go: it is locked (SPOT-34).
    SpotNotice {
        /// Number of its request.
        number: u64,
        /// Why.
        cause: Cause,
        /// When it is released.
        ends: SimTime,
    },
    /// An operation of the API was answered.
    Operated {
        /// Request of the instance that it was about; none: no instance, or none that lives.
        number: Option<u64>,
        /// Its name.
        operation: &'static str,
        /// Why it was refused.
        refusal: Option<Refusal>,
    },
    /// A host has failed. Nobody knows yet but its instances.
    HostFailed {
        /// The host.
        host: HostIx,
    },
    /// Enough heartbeats of a failed host are missing: it counts as failed.
    HostNoticed {
        /// The host.
        host: HostIx,
    },
    /// A host that had failed is back.
    HostBack {
        /// The host.
        host: HostIx,
    },
    /// A host is closed: it is to be emptied for maintenance.
    HostClosed {
        /// The host.
        host: HostIx,
    },
    /// A closed host is empty.
    HostEmpty {
        /// The host.
        host: HostIx,
    },
    /// A closed host takes instances again.
    HostOpened {
        /// The host.
        host: HostIx,
    },
    /// The instance went down with its host, or was stopped for the work on it.
    Down {
        /// Number of its request.
        number: u64,
        /// The host.
        host: HostIx,
    },
    /// The instance has a place on another host, where it starts.
    Replaced {
        /// Number of its request.
        number: u64,
        /// The host.
        host: HostIx,
    },
    /// The instance is down and found no other host; it tries again.
    NoPlace {
        /// Number of its request.
        number: u64,
        /// What it ran into.
        reason: Reason,
    },
    /// The instance begins to move while it runs: both hosts are claimed.
    MoveBegun {
        /// Number of its request.
        number: u64,
        /// Its host.
        from: HostIx,
        /// The host that it goes to.
        to: HostIx,
    },
    /// The instance has moved.
    Moved {
        /// Number of its request.
        number: u64,
        /// Its host before.
        from: HostIx,
        /// Its host now.
        to: HostIx,
        /// How long it was paused.
        pause: SimDuration,
    },
    /// The instance stays where it is: it was released, or one of the hosts failed.
    MoveCut {
        /// Number of its request.
        number: u64,
    },
    /// The instance left its deployment set, because no host keeps the set's rule (DEP-41).
    LeftSet {
        /// Number of its request.
        number: u64,
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
            | Happened::Down { number, .. }
            | Happened::Replaced { number, .. }
            | Happened::NoPlace { number, .. }
            | Happened::MoveBegun { number, .. }
            | Happened::Moved { number, .. }
            | Happened::MoveCut { number }
            | Happened::LeftSet { number }
            | Happened::Released { number, .. } => Some(number),
            Happened::Operated { number, .. } => number,
            _ => None,
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
    /// Instances that are down: their host failed, or is worked on.
    pub down: u64,
    /// Hosts that have failed and are not back.
    pub hosts_down: u64,
    /// What waits in the control plane; none when that is instant.
    pub queues: Option<Queues>,
    /// By zone of the world: the demands asked for so far, in the order in which they first came. This is the mix
    /// that free room is judged by ([`crate::placement::Survey`]).
    pub mix: &'a [Vec<DemandId>],
    /// The spot market, when the scenario has one.
    pub market: Option<&'a Market>,
    /// Everything that was billed so far, when the scenario has bills.
    pub billed: Option<Money>,
}

/// What waits in the control plane.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
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

/// One who looks on. Whatever an observer does, the run and its digest stay the same; it may only end the run early.
pub trait Observer {
    /// Distance of the samples; none: it wants none.
    fn interval(&self) -> Option<SimDuration> {
        None
    }

    /// False when it takes no notice of what happens and has never seen enough: a run asks once, and then tells it of
    /// samples and of its end alone.
    fn listens(&self) -> bool {
        true
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
impl Observer for () {
    fn listens(&self) -> bool {
        false
    }
}

/// Two look on. Samples come at the distance that the first one wants, or the second when the first wants none.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn interval(&self) -> Option<SimDuration> {
        self.0.interval().or_else(|| self.1.interval())
    }

    fn listens(&self) -> bool {
        self.0.listens() || self.1.listens()
    }

    fn enough(&self) -> bool {
        self.0.enough() || self.1.enough()
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

    fn listens(&self) -> bool {
        self.as_ref().is_some_and(O::listens)
    }

    fn enough(&self) -> bool {
        self.as_ref().is_some_and(O::enough)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Has seen enough, and cares for nothing else.
    struct Full;

    impl Observer for Full {
        fn enough(&self) -> bool {
            true
        }
    }

    #[test]
    fn two_and_perhaps_one_say_what_those_behind_them_say() {
        assert!(((), Full).enough() && (Full, ()).enough() && Some(Full).enough());
        assert!(!((), ()).enough() && !None::<Full>.enough());
        assert!(((), Full).listens() && (Full, ()).listens() && Some(Full).listens());
        assert!(!().listens() && !((), ()).listens() && !None::<Full>.listens() && !Some(()).listens());
    }
}
