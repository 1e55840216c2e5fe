//! The loop of one run: takes events in order and lets each part do its work.

mod calls;
mod clients;
mod lives;
mod loads;
mod loops;
mod market;
mod money;
mod nodes;
mod onlooker;
mod operations;
mod throttle;
#[cfg(test)]
mod whole_world;

pub(in crate::sim) use clients::Clients;
pub(in crate::sim) use loads::Loads;
pub(in crate::sim) use money::Book;
pub(in crate::sim) use throttle::{THROTTLING, Throttle};
mod state;
mod steps;

use crate::engine::{Queue, Ticket};
use crate::hypervisor::State;
use crate::metrics::{CostStage, EngineCost, Latency, Probe, Usage};
use crate::model::{SimDuration, SimTime, Utc, ZoneIx};
use crate::placement::{Claim, Fleet, Want};
use crate::validate::{Admitted, SpareBoxes};
use crate::workload::{Arrival, End, Workload, WorkloadError};
use crate::world::{Holdings, World};

use crate::sim::control::ControlPlane;
use crate::sim::event::Event;
use crate::sim::log::EventLog;
use crate::sim::market::MarketRun;
use crate::sim::mix::Mix;
use crate::sim::observe::{Gone, Observer, Queues, View};
use crate::sim::operations::Operations;
use crate::sim::slots::Slots;
use crate::sim::tally::Tally;
use crate::sim::templates::Template;

pub(in crate::sim) use nodes::{NodeEvent, Nodes};
use onlooker::Onlooker;
pub(in crate::sim) use state::RunState;
pub use state::Unsound;
pub use steps::{Ahead, Counters, Followed, InstanceView};

/// Events between two looks at the observer: often enough for a smooth bar and a quick Ctrl-C.
const LOOK_EVERY: u64 = 1 << 14;

/// How far a run is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Virtual time.
    pub now: SimTime,
    /// Share of the run that is done, by virtual time: 0 to 1.
    pub done: f64,
    /// Events so far.
    pub events: u64,
    /// Instances that live now.
    pub live: u64,
}

/// What an observer wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Go {
    /// Go on.
    On,
    /// End the run cleanly here.
    Stop,
}

/// A call in the control plane.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
struct Call {
    number: u64,
    template: u32,
    end: End,
    arrived: SimTime,
    /// When it entered the station that it is in.
    entered: SimTime,
    /// When that station began to serve it.
    begun: SimTime,
    /// Its waits in the control plane so far: counted when the outcome is known.
    waits: [SimDuration; 4],
    /// Once it has passed the gate; apart, so that calls are small.
    admitted: Option<Box<Admitted>>,
    /// Slot of the client's call that it belongs to, when its client does something about refusals.
    client: Option<u32>,
}

/// How far a call has come when it is answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Reached {
    /// The gate, or not even that.
    Gate,
    /// A scheduler.
    Scheduler {
        /// Nothing binds its place but the zone.
        loose: bool,
    },
}

/// Where an instance is on its way to running.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
enum Step {
    /// Nowhere: it runs, or has not asked to start.
    None,
    /// Waits for a start slot of its host.
    Slot,
    /// The clone of its system disk is being set up.
    Setup,
    /// Its system disk is being cloned.
    Clone,
    /// It boots.
    Boot,
}

/// A live instance.
struct Instance {
    number: u64,
    template: u32,
    zone: ZoneIx,
    state: State,
    step: Step,
    /// Its system disk is cloned: a later start needs no clone.
    cloned: bool,
    /// It has run: what follows is no first start.
    ran: bool,
    /// When it ends; counted from its first run, and a moment from then on.
    end: End,
    arrived: SimTime,
    /// When it entered its present stage (node queue, clone, boot).
    entered: SimTime,
    /// Its place on a host; none while it has given its place up.
    claim: Option<Claim>,
    /// Its next event (a stage of the start that ends, its release): what an early end cancels.
    next: Option<Ticket>,
    /// What its place is bound to (host, cluster, set); none: any shared host of its zone.
    bound: Option<Box<Want<'static>>>,
    holdings: Holdings,
}

// What a run has the most of, and moves at each event: another field is a decision.
const _: () = assert!(size_of::<Event>() <= 12 && size_of::<Call>() <= 104 && size_of::<Instance>() <= 160);

/// Everything that changes while a run goes on.
pub(in crate::sim) struct Run<'a> {
    pub(in crate::sim) world: &'a mut World,
    pub(in crate::sim) fleet: &'a Fleet,
    pub(in crate::sim) workload: Workload,
    pub(in crate::sim) templates: &'a [Template],
    pub(in crate::sim) control: Option<ControlPlane>,
    /// Node controllers that fail or are worked on; none when nothing in the scenario makes them.
    pub(in crate::sim) nodes: Option<Box<Nodes>>,
    pub(in crate::sim) start: Utc,
    pub(in crate::sim) warmup: SimTime,
    pub(in crate::sim) until: SimTime,
    pub(in crate::sim) probe: Probe<'a>,
    observer: Onlooker<'a>,
    /// When the observer wants its next sample.
    next_sample: SimTime,
    queue: Queue<Event>,
    calls: Slots<Call>,
    /// Boxes of admitted calls that have been decided, for the next ones.
    spare: SpareBoxes,
    instances: Slots<Instance>,
    next_clone: Vec<Option<Ticket>>,
    next_arrival: Option<Arrival>,
    /// Each of these is there only when the scenario asks for it.
    pub(in crate::sim) loads: Option<Box<Loads>>,
    pub(in crate::sim) money: Option<Box<Book>>,
    pub(in crate::sim) clients: Option<Box<Clients>>,
    pub(in crate::sim) throttle: Option<Box<Throttle>>,
    /// Arrivals taken from the workload so far.
    fetched: u64,
    /// The first arrival has been fetched.
    begun: bool,
    pub(in crate::sim) log: EventLog,
    pub(in crate::sim) latency: Latency,
    pub(in crate::sim) total: Usage,
    pub(in crate::sim) zones: Vec<Usage>,
    pub(in crate::sim) tally: Tally,
    pub(in crate::sim) operations: Option<Box<Operations>>,
    /// What has been asked for so far.
    pub(in crate::sim) mix: Mix,
    pub(in crate::sim) events: u64,
    warm: bool,
    /// The spot market, when the scenario has one.
    pub(in crate::sim) market: Option<Box<MarketRun>>,
    /// Hash of the scenario's `[spot]`, for snapshots.
    pub(in crate::sim) spot: Option<[u8; 32]>,
}

/// When a run begins, begins to count, and ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::sim) struct Times {
    /// Date of the start.
    pub(in crate::sim) start: Utc,
    /// End of the warm-up.
    pub(in crate::sim) warmup: SimTime,
    /// End of the run; [`SimTime::NEVER`]: with its last event.
    pub(in crate::sim) until: SimTime,
}

/// What is left when a run has ended.
pub(in crate::sim) struct Ended {
    pub(in crate::sim) now: SimTime,
    pub(in crate::sim) cut_short: bool,
}

impl<'a> Run<'a> {
    #[expect(clippy::too_many_arguments, reason = "the parts of one run, put together in one place")]
    pub(in crate::sim) fn new(
        world: &'a mut World,
        fleet: &'a Fleet,
        workload: Workload,
        templates: &'a [Template],
        control: Option<ControlPlane>,
        times: Times,
        zones: usize,
        cost: Option<&'a mut EngineCost>,
        observer: &'a mut dyn Observer,
    ) -> Run<'a> {
        let next_sample = observer.interval().map_or(SimTime::NEVER, |_| SimTime::ZERO);
        let Times { start, warmup, until } = times;
        Run {
            world,
            fleet,
            workload,
            templates,
            control,
            nodes: None,
            start,
            warmup,
            until,
            probe: Probe::new(cost),
            observer: Onlooker::new(observer),
            next_sample,
            queue: Queue::new(),
            calls: Slots::new(),
            spare: SpareBoxes::default(),
            instances: Slots::new(),
            next_clone: vec![None; zones],
            next_arrival: None,
            loads: None,
            money: None,
            clients: None,
            throttle: None,
            fetched: 0,
            begun: false,
            log: EventLog::new(),
            latency: Latency::new(SimTime::ZERO),
            total: Usage::default(),
            zones: vec![Usage::default(); zones],
            tally: Tally::default(),
            operations: None,
            mix: Mix::new(zones, templates.len()),
            events: 0,
            warm: warmup == SimTime::ZERO,
            market: None,
            spot: None,
        }
    }

    /// Runs to the end of the workload and of the run's duration; every call gets its answer.
    pub(in crate::sim) fn go(&mut self, watch: impl FnMut(&Progress) -> Go) -> Result<Ended, WorkloadError> {
        self.go_while(|_, _| true, watch)
    }

    /// Runs to the end, as long as `more` likes what comes next.
    fn go_while(
        &mut self,
        mut more: impl FnMut(&Self, SimTime) -> bool,
        watch: impl FnMut(&Progress) -> Go,
    ) -> Result<Ended, WorkloadError> {
        // The run ends at its duration, but no call that came in before is left without an answer.
        let lasts = |run: &Self, at| at <= run.until || run.tally.unanswered() > 0;
        let cut_short = self.steps(|run, at| lasts(run, at) && more(run, at), watch)?;
        let last = self.queue.now();
        let now = if cut_short || self.until == SimTime::NEVER { last } else { last.max(self.until) };
        while self.next_sample < now {
            self.sample();
        }
        if self.next_sample < SimTime::NEVER {
            self.next_sample = now;
            self.sample();
            if self.observer.logs_latency() {
                self.log_latency(now);
            }
        }
        self.show(|observer, view| observer.ended(now, view));
        Ok(Ended { now, cut_short })
    }

    /// Runs everything that happens up to `moment`, and stops there with calls and starts under way.
    pub(in crate::sim) fn advance_to(&mut self, moment: SimTime) -> Result<(), WorkloadError> {
        self.steps(|run, at| at <= moment.min(run.until), |_| Go::On).map(|_| ())
    }

    /// As [`Run::advance_to`], while `watch` looks on; false when nothing is left to do after that, or `watch` stopped it.
    pub(in crate::sim) fn advance_watched(
        &mut self,
        moment: SimTime,
        watch: impl FnMut(&Progress) -> Go,
    ) -> Result<bool, WorkloadError> {
        let stopped = self.steps(|run, at| at <= moment.min(run.until), watch)?;
        Ok(!stopped && !self.queue.is_empty())
    }

    /// The moment of the last event.
    pub(in crate::sim) fn now(&self) -> SimTime {
        self.queue.now()
    }

    /// Takes events while `more` likes the time of the next one; true when `watch` stopped it.
    fn steps(
        &mut self,
        mut more: impl FnMut(&Self, SimTime) -> bool,
        mut watch: impl FnMut(&Progress) -> Go,
    ) -> Result<bool, WorkloadError> {
        if !std::mem::replace(&mut self.begun, true) {
            self.begin_operations();
            self.begin_nodes();
            self.fetch_arrival()?;
            self.load_begins();
            self.money_begins();
            self.clients_begin();
        }
        while let Some(at) = self.queue.peek_time() {
            if !more(self, at) {
                break;
            }
            if !self.warm && at >= self.warmup {
                self.end_warmup();
            }
            // The sample of the run's end comes after the events of that moment.
            while self.next_sample <= at && (self.next_sample != self.until || at > self.until) {
                self.sample();
            }
            let (now, event) = self.queue.pop().expect("an event was just seen");
            let mark = self.probe.start();
            self.handle(now, event)?;
            self.probe.stop(CostStage::Event, mark);
            self.events += 1;
            if self.observer.enough() {
                return Ok(true);
            }
            if self.events.is_multiple_of(LOOK_EVERY) && watch(&self.progress()) == Go::Stop {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The digest of all that happened.
    pub(in crate::sim) fn digest(&mut self) -> String {
        self.log.digest()
    }

    fn progress(&self) -> Progress {
        let now = self.queue.now();
        let done = match self.until {
            SimTime::NEVER => self.workload.progress(),
            until => now.as_secs_f64() / until.as_secs_f64(),
        };
        Progress { now, done, events: self.events, live: self.tally.live() }
    }

    /// Shows the state of this moment to the observer.
    fn sample(&mut self) {
        let at = self.next_sample;
        self.show(|observer, view| observer.sample(at, view));
        self.probe.sampled(at);
        if self.latency.is_due() && self.observer.logs_latency() {
            self.log_latency(at);
        }
        self.next_sample = self.observer.interval().map_or(SimTime::NEVER, |every| at + every);
    }

    /// What waits in the control plane.
    fn queues(&self) -> Option<Queues> {
        self.control.as_ref().map(|control| Queues {
            api: control.api.waiting() as u64,
            scheduler: control.schedulers.waiting() as u64,
            node: control.starts.queued() as u64,
            clones: control.clones.iter().map(|pool| pool.len() as u64).sum(),
        })
    }

    fn show(&mut self, look: impl FnOnce(&mut dyn Observer, &View<'_>)) {
        let counts = self.nodes.as_ref().map(|nodes| (nodes.tally.down.now(), nodes.tally.hosts_down.now()));
        let (down, hosts_down) = counts.unwrap_or_default();
        let queues = self.queues();
        let view = View {
            world: self.world,
            fleet: self.fleet,
            total: &self.total,
            zones: &self.zones,
            unanswered: self.tally.unanswered(),
            latency: &self.latency,
            down,
            hosts_down,
            queues,
            mix: self.mix.by_zone(),
            market: self.market.as_ref().map(|market| &market.market),
            billed: self.money.as_ref().map(|book| book.billed()),
        };
        look(&mut *self.observer, &view);
    }

    /// Ends an interval of the latency log.
    fn log_latency(&mut self, now: SimTime) {
        self.observer.latency(now, &self.latency);
        self.latency.cut(now);
    }

    fn end_warmup(&mut self) {
        self.warm = true;
        self.latency = Latency::new(self.warmup);
        self.total.restart(self.warmup);
        for zone in &mut self.zones {
            zone.restart(self.warmup);
        }
    }

    /// In line: it is called from one place, for every event.
    #[inline(always)]
    fn handle(&mut self, now: SimTime, event: Event) -> Result<(), WorkloadError> {
        match event {
            Event::Arrival => return self.arrival(now),
            Event::Validated { call } => self.validated(now, call),
            Event::Scheduled { call } => self.scheduled(now, call),
            Event::CloneReady { instance } => self.clone_ready(now, instance),
            Event::Cloned { zone } => self.cloned(now, ZoneIx(zone)),
            Event::Booted { instance } => self.booted(now, instance),
            Event::Load(event) => self.load_event(now, event),
            Event::Money(event) => self.money_event(now, event),
            Event::Client(event) => self.client_event(now, event),
            Event::Released { instance }
                if self.money.is_some() && self.subscription_keeps(now, instance) => {}
            Event::Node(event) => self.node_event(now, event),
            Event::Released { instance } => self.release(now, instance, Gone::Lifetime),
            Event::Market(event) => self.market_event(now, event),
            Event::Operation(event) => self.operation_event(now, event),
        }
        Ok(())
    }

    /// Schedules an event. In line, so that its class is known where its kind is.
    #[inline]
    fn at(&mut self, at: SimTime, event: Event) -> Ticket {
        self.schedule(at, event.class(), event)
    }

    #[inline(never)]
    fn schedule(&mut self, at: SimTime, class: u8, event: Event) -> Ticket {
        self.queue.schedule(at, class, event)
    }

    fn fetch_arrival(&mut self) -> Result<(), WorkloadError> {
        let arrival = self.workload.next()?;
        self.fetched += u64::from(arrival.is_some());
        self.next_arrival = arrival.filter(|arrival| arrival.at < self.until);
        if let Some(arrival) = &self.next_arrival {
            let at = arrival.at;
            self.at(at, Event::Arrival);
        }
        Ok(())
    }
}
