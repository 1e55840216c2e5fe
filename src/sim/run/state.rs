//! The state of a run between two events, as data, and a run that goes on from it.
//!
//! Every struct is taken apart field by field on purpose: a field that is added to [`Run`], [`Call`] or [`Instance`]
//! does not compile here until someone has said what a snapshot does with it. What only follows from the scenario
//! (world, fleet, templates, limits) is built anew; the workload is brought to its place by taking as many arrivals from
//! it as the run had taken.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use slab::Slab;

use crate::engine::{Queue, Ticket};
use crate::hypervisor::State;
use crate::metrics::{CostProbe, Latency, LatencyState, Usage};
use crate::model::{SimDuration, SimTime, ZoneIx};
use crate::placement::{Claim, FleetState, Misfit, SavedClaim, SavedWant};
use crate::sim::control::ControlState;
use crate::sim::event::Event;
use crate::sim::log::{EventLog, LogState};
use crate::sim::mix::Mix;
use crate::sim::observe::Observer;
use crate::sim::state::StateSize;
use crate::sim::tally::{Tally, TallyState};
use crate::validate::Admitted;
use crate::workload::{Arrival, End, WorkloadError};
use crate::world::{Holdings, WorldMisfit, WorldState};

use super::{Call, Instance, Run, Step};

/// A run between two events.
#[derive(Serialize, Deserialize)]
pub(in crate::sim) struct RunState {
    now: SimTime,
    world: WorldState,
    fleet: FleetState,
    control: Option<ControlState>,
    /// Pending events in the order in which they fire: moment, class, event.
    queue: Vec<(SimTime, u8, Event)>,
    calls: Vec<(u32, SavedCall)>,
    instances: Vec<(u32, SavedInstance)>,
    /// Places in `queue`.
    next_clone: Vec<Option<u32>>,
    next_arrival: Option<Arrival>,
    fetched: u64,
    log: LogState,
    latency: LatencyState,
    total: Usage,
    zones: Vec<Usage>,
    tally: TallyState,
    mix: Mix,
    events: u64,
    warm: bool,
}

impl RunState {
    pub(in crate::sim) fn now(&self) -> SimTime {
        self.now
    }

    pub(in crate::sim) fn chain(&self) -> [u8; 32] {
        self.log.chain()
    }

    pub(in crate::sim) fn size(&self) -> StateSize {
        StateSize {
            instances: self.instances.len(),
            calls: self.calls.len(),
            events: self.queue.len(),
            requests: self.tally.requests(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SavedCall {
    number: u64,
    template: u32,
    end: End,
    arrived: SimTime,
    entered: SimTime,
    begun: SimTime,
    waits: [SimDuration; 4],
    admitted: Option<Admitted>,
}

#[derive(Serialize, Deserialize)]
struct SavedInstance {
    number: u64,
    template: u32,
    zone: ZoneIx,
    state: State,
    step: Step,
    cloned: bool,
    ran: bool,
    end: End,
    arrived: SimTime,
    entered: SimTime,
    claim: Option<SavedClaim>,
    /// Place in the queue.
    next: Option<u32>,
    bound: Option<SavedWant>,
    holdings: Holdings,
}

/// Why a run cannot be saved, or cannot go on from a state.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    /// It has a part that a snapshot cannot hold.
    #[error("a snapshot cannot hold {0} yet")]
    Part(&'static str),
    /// The cloud has other hosts, or less room on them.
    #[error("the snapshot does not fit the fleet: {0}")]
    Fleet(#[from] Misfit),
    /// The world is another one.
    #[error("the snapshot does not fit the world: {0}")]
    World(#[from] WorldMisfit),
    /// The workload is another one.
    #[error("the snapshot does not fit the workload: {0}")]
    Workload(String),
    /// Something else is not as it was.
    #[error("the snapshot does not fit the scenario: {0}")]
    Other(&'static str),
}

impl From<WorkloadError> for Unsound {
    fn from(error: WorkloadError) -> Unsound {
        Unsound::Workload(error.to_string())
    }
}

impl<P: CostProbe, O: Observer> Run<'_, P, O> {
    /// The state of a run that has begun, between two events.
    pub(in crate::sim) fn save(&mut self) -> Result<RunState, Unsound> {
        let Run {
            world,
            fleet,
            workload: _,
            templates: _,
            control,
            nodes,
            start: _,
            warmup: _,
            until: _,
            probe: _,
            observer: _,
            next_sample: _,
            queue,
            calls,
            instances,
            next_clone,
            next_arrival,
            fetched,
            begun: _,
            log,
            latency,
            total,
            zones,
            tally,
            operations,
            mix,
            events,
            warm,
            loads,
            money,
            clients,
            throttle,
            market,
        } = self;
        if nodes.is_some() {
            return Err(Unsound::Part("hosts that fail, are drained or maintained"));
        }
        if operations.is_some() {
            return Err(Unsound::Part("operations on instances, dedicated hosts and sets"));
        }
        if market.is_some() {
            return Err(Unsound::Part("a spot market"));
        }
        if money.is_some() {
            return Err(Unsound::Part("bills and subscriptions"));
        }
        if loads.is_some() {
            return Err(Unsound::Part("CPU use and credits"));
        }
        if clients.is_some() || throttle.is_some() {
            return Err(Unsound::Part("clients that try again, fleets, closed loops and throttling"));
        }
        let pending = queue.pending();
        let places: FxHashMap<Ticket, u32> =
            pending.iter().enumerate().map(|(at, (_, _, ticket, _))| (*ticket, at as u32)).collect();
        // A ticket of an event that has fired names nothing, then as now.
        let place = |ticket: &Option<Ticket>| ticket.and_then(|ticket| places.get(&ticket).copied());
        let mut saved = Vec::with_capacity(instances.len());
        for (slot, instance) in instances.iter() {
            saved.push((slot as u32, save_instance(instance, place(&instance.next))?));
        }
        Ok(RunState {
            now: queue.now(),
            world: world.save(),
            fleet: fleet.save(),
            control: control.as_ref().map(|control| control.save()),
            calls: calls.iter().map(|(slot, call)| (slot as u32, save_call(call))).collect(),
            instances: saved,
            next_clone: next_clone.iter().map(place).collect(),
            queue: pending.into_iter().map(|(at, class, _, event)| (at, class, event)).collect(),
            next_arrival: *next_arrival,
            fetched: *fetched,
            log: log.save(),
            latency: latency.save(),
            total: *total,
            zones: zones.clone(),
            tally: tally.save(),
            mix: mix.clone(),
            events: *events,
            warm: *warm,
        })
    }

    /// Goes on from a state, in a run that has not begun.
    pub(in crate::sim) fn restore(&mut self, state: RunState) -> Result<(), Unsound> {
        let RunState {
            now,
            world,
            fleet,
            control,
            queue,
            calls,
            instances,
            next_clone,
            next_arrival,
            fetched,
            log,
            latency,
            total,
            zones,
            tally,
            mix,
            events,
            warm,
        } = state;
        self.world.restore(&world)?;
        let fits = match (&mut self.control, &control) {
            (None, None) => true,
            (Some(plane), Some(saved)) => plane.restore(saved),
            _ => false,
        };
        if !fits {
            return Err(Unsound::Other("the control plane is another one"));
        }
        self.queue = Queue::at(now);
        let mut tickets = Vec::with_capacity(queue.len());
        for (at, class, event) in queue {
            if at < now {
                return Err(Unsound::Other("an event lies before the moment of the snapshot"));
            }
            tickets.push(self.queue.schedule(at, class, event));
        }
        let ticket = |place: Option<u32>| place.and_then(|place| tickets.get(place as usize).copied());
        let places = self.fleet;
        let templates = self.templates.len();
        let mut lives = Vec::with_capacity(instances.len());
        places.restore(&fleet, || {
            for (slot, saved) in instances {
                let claim = saved.claim.map(|claim| places.restore_claim(claim)).transpose()?;
                let next = ticket(saved.next);
                lives.push((slot as usize, restore_instance(saved, claim, next)));
            }
            Ok::<(), Unsound>(())
        })?;
        self.instances = lives.into_iter().collect::<Slab<Instance>>();
        self.calls =
            calls.into_iter().map(|(slot, call)| (slot as usize, restore_call(call))).collect::<Slab<Call>>();
        let known = |template: u32| (template as usize) < templates;
        if !self.instances.iter().all(|(_, one)| known(one.template))
            || !self.calls.iter().all(|(_, one)| known(one.template))
        {
            return Err(Unsound::Workload("its requests are not those of the snapshot".to_owned()));
        }
        if next_clone.len() != self.next_clone.len() || zones.len() != self.zones.len() {
            return Err(Unsound::Other("it has other zones"));
        }
        self.next_clone = next_clone.into_iter().map(ticket).collect();
        self.zones = zones;
        self.total = total;
        self.catch_up(fetched, next_arrival)?;
        self.log = EventLog::restore(log).ok_or(Unsound::Other("the event log has half a record"))?;
        self.latency = Latency::restore(&latency).ok_or(Unsound::Other("its histograms are other ones"))?;
        self.tally = Tally::restore(&tally).ok_or(Unsound::Other("an error code is unknown"))?;
        if !mix.fits(self.zones.len(), templates) {
            return Err(Unsound::Workload("its requests are not those of the snapshot".to_owned()));
        }
        self.mix = mix;
        self.events = events;
        self.warm = warm;
        // Samples lie on multiples of the interval; those of the past belong to the run before the snapshot.
        if let Some(every) = self.observer.interval() {
            self.next_sample = SimTime(now.0.div_ceil(every.0.max(1)).saturating_mul(every.0));
        }
        Ok(())
    }

    /// Brings the workload to where it was.
    fn catch_up(&mut self, fetched: u64, next: Option<Arrival>) -> Result<(), Unsound> {
        let changed = || Unsound::Workload("it makes other requests than it did".to_owned());
        let mut last = None;
        for _ in 0..fetched {
            last = Some(self.workload.next()?.ok_or_else(changed)?);
        }
        if next.is_some() && last != next {
            return Err(changed());
        }
        self.fetched = fetched;
        self.next_arrival = next;
        self.begun = true;
        Ok(())
    }
}

fn save_call(call: &Call) -> SavedCall {
    // A run with clients is not saved.
    let Call { number, template, end, arrived, entered, begun, waits, admitted, client: _ } = call;
    SavedCall {
        number: *number,
        template: *template,
        end: *end,
        arrived: *arrived,
        entered: *entered,
        begun: *begun,
        waits: *waits,
        admitted: admitted.clone(),
    }
}

fn restore_call(saved: SavedCall) -> Call {
    let SavedCall { number, template, end, arrived, entered, begun, waits, admitted } = saved;
    Call { number, template, end, arrived, entered, begun, waits, admitted, client: None }
}

fn save_instance(instance: &Instance, next: Option<u32>) -> Result<SavedInstance, Unsound> {
    let Instance {
        number,
        template,
        zone,
        state,
        step,
        cloned,
        ran,
        end,
        arrived,
        entered,
        claim,
        next: _,
        bound,
        holdings,
    } = instance;
    let several = || Unsound::Part("an instance that may go to several zones");
    let bound = match bound {
        None => None,
        Some(want) => Some(SavedWant::of(want).ok_or_else(several)?),
    };
    Ok(SavedInstance {
        number: *number,
        template: *template,
        zone: *zone,
        state: *state,
        step: *step,
        cloned: *cloned,
        ran: *ran,
        end: *end,
        arrived: *arrived,
        entered: *entered,
        claim: claim.as_ref().map(Claim::save),
        next,
        bound,
        holdings: holdings.copy(),
    })
}

fn restore_instance(saved: SavedInstance, claim: Option<Claim>, next: Option<Ticket>) -> Instance {
    let SavedInstance {
        number,
        template,
        zone,
        state,
        step,
        cloned,
        ran,
        end,
        arrived,
        entered,
        claim: _,
        next: _,
        bound,
        holdings,
    } = saved;
    let bound = bound.map(|want| Box::new(want.want()));
    Instance {
        number,
        template,
        zone,
        state,
        step,
        cloned,
        ran,
        end,
        arrived,
        entered,
        claim,
        next,
        bound,
        holdings,
    }
}
