//! The state of a run between two events, as data, and a run that goes on from it.
//!
//! Every struct is taken apart field by field on purpose: a field that is added to [`Run`], [`Call`] or [`Instance`]
//! does not compile here until someone has said what a snapshot does with it. What only follows from the scenario
//! (world, fleet, templates, limits) is built anew; the workload is brought to its place by taking as many arrivals from
//! it as the run had taken. Parts that only some scenarios have are bytes here, made and read in their own modules.

use serde::{Deserialize, Serialize};

use crate::engine::{Queue, QueueState, Ticket};
use crate::hypervisor::State;
use crate::metrics::{Latency, LatencyState, Usage};
use crate::model::{SimTime, ZoneIx};
use crate::placement::{Claim, FleetState, Misfit, SavedClaim, SavedWant};
use crate::sim::control::ControlState;
use crate::sim::event::Event;
use crate::sim::log::{EventLog, LogState};
use crate::sim::market::MarketRun;
use crate::sim::mix::Mix;
use crate::sim::slots::Slots;
use crate::sim::state::StateSize;
use crate::sim::tally::{Tally, TallyState};
use crate::workload::{Arrival, End, WorkloadError};
use crate::world::{Holdings, WorldMisfit, WorldState};

use super::{Call, Instance, Nodes, Run, Step};

/// A run between two events.
#[derive(Serialize, Deserialize)]
pub(in crate::sim) struct RunState {
    world: WorldState,
    fleet: FleetState,
    control: Option<ControlState>,
    queue: QueueState<Event>,
    calls: Slots<Call>,
    instances: Slots<SavedInstance>,
    next_clone: Vec<Option<Ticket>>,
    next_arrival: Option<Arrival>,
    fetched: u64,
    /// Positions of the luck of workloads that are asked for one request at a time.
    on_demand: Vec<(u32, Vec<u128>)>,
    log: LogState,
    latency: LatencyState,
    total: Usage,
    zones: Vec<Usage>,
    tally: TallyState,
    mix: Mix,
    events: u64,
    warm: bool,
    parts: Parts,
}

/// Parts that only some scenarios have.
#[derive(Serialize, Deserialize)]
struct Parts {
    nodes: Option<Vec<u8>>,
    operations: Option<Vec<u8>>,
    loads: Option<Vec<u8>>,
    money: Option<Vec<u8>>,
    clients: Option<Vec<u8>>,
    throttle: Option<Vec<(u64, u32)>>,
    market: Option<Vec<u8>>,
    /// The scenario's `[spot]`, which a market is made of.
    spot: Option<[u8; 32]>,
}

impl RunState {
    pub(in crate::sim) fn now(&self) -> SimTime {
        self.queue.now()
    }

    pub(in crate::sim) fn chain(&self) -> [u8; 32] {
        self.log.chain()
    }

    pub(in crate::sim) fn batches(&self) -> u64 {
        self.log.batches()
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
    next: Option<Ticket>,
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
    /// A part of the scenario is there in one of the two only, or is another one.
    #[error("the snapshot does not fit the scenario: {0} are not what they were")]
    Feature(&'static str),
    /// Something else is not as it was.
    #[error("the snapshot does not fit the scenario: {0}")]
    Other(&'static str),
}

impl From<WorkloadError> for Unsound {
    fn from(error: WorkloadError) -> Unsound {
        Unsound::Workload(error.to_string())
    }
}

impl Run<'_> {
    /// The state of a run that has begun, between two events.
    pub(in crate::sim) fn save(&mut self) -> Result<RunState, Unsound> {
        let Run {
            world,
            fleet,
            workload,
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
            spare: _,
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
            spot,
        } = self;
        Ok(RunState {
            world: world.save(),
            fleet: fleet.save(),
            control: control.as_ref().map(|control| control.save()),
            calls: calls.clone(),
            instances: instances.map(save_instance)?,
            next_clone: next_clone.clone(),
            queue: queue.save(),
            next_arrival: *next_arrival,
            fetched: *fetched,
            on_demand: workload.save_on_demand(),
            log: log.save(),
            latency: latency.save(),
            total: *total,
            zones: zones.clone(),
            tally: tally.save(),
            mix: mix.clone(),
            events: *events,
            warm: *warm,
            parts: Parts {
                nodes: nodes.as_ref().map(|nodes| nodes.save()),
                operations: operations.as_ref().map(|operations| operations.save()),
                loads: loads.as_ref().map(|loads| loads.save()),
                money: money.as_ref().map(|book| book.save()),
                clients: clients.as_ref().map(|clients| clients.save()),
                throttle: throttle.as_ref().map(|throttle| throttle.save()),
                market: market.as_ref().map(|market| market.save()),
                spot: *spot,
            },
        })
    }

    /// Goes on from a state, in a run that has not begun.
    pub(in crate::sim) fn restore(&mut self, state: RunState) -> Result<(), Unsound> {
        let RunState {
            world,
            fleet,
            control,
            queue,
            calls,
            instances,
            next_clone,
            next_arrival,
            fetched,
            on_demand,
            log,
            latency,
            total,
            zones,
            tally,
            mix,
            events,
            warm,
            parts,
        } = state;
        let now = queue.now();
        let Parts { nodes, operations, loads, money, clients, throttle, market, spot } = parts;
        if spot != self.spot {
            return Err(Unsound::Other("`[spot]` is another one, and a market goes on as it is"));
        }
        self.world.restore(&world)?;
        let fits = match (&mut self.control, &control) {
            (None, None) => true,
            (Some(plane), Some(saved)) => plane.restore(saved),
            _ => false,
        };
        if !fits {
            return Err(Unsound::Other("the control plane is another one"));
        }
        let queue = Queue::restore(queue).ok_or(Unsound::Other("the pending events are not sound"))?;
        self.queue = queue;
        if !calls.is_sound() || !instances.is_sound() {
            return Err(Unsound::Other("the numbers of instances and calls are not sound"));
        }
        let nodes = match nodes {
            Some(bytes) => Some(Nodes::read(&bytes).ok_or_else(|| other_part("failures and maintenance"))?),
            None => None,
        };
        if nodes.is_some() != self.nodes.is_some() {
            return Err(other_part("failures and maintenance"));
        }
        let places = self.fleet;
        let templates = self.templates.len();
        let mut lives = None;
        let own = &mut self.nodes;
        places.restore(&fleet, || {
            let placed = instances.turn(|saved| {
                let claim = saved.claim.map(|claim| places.restore_claim(claim)).transpose()?;
                Ok::<Instance, Unsound>(restore_instance(saved, claim))
            });
            lives = Some(placed?);
            if let (Some(own), Some(nodes)) = (own, nodes)
                && !own.restore(nodes, places)?
            {
                return Err(other_part("failures and maintenance"));
            }
            Ok::<(), Unsound>(())
        })?;
        self.instances = lives.unwrap_or_default();
        self.calls = calls;
        let known = |template: u32| (template as usize) < templates;
        if !self.instances.iter().all(|(_, one)| known(one.template))
            || !self.calls.iter().all(|(_, one)| known(one.template))
        {
            return Err(Unsound::Workload("its requests are not those of the snapshot".to_owned()));
        }
        if next_clone.len() != self.next_clone.len() || zones.len() != self.zones.len() {
            return Err(Unsound::Other("it has other zones"));
        }
        self.next_clone = next_clone;
        self.zones = zones;
        self.total = total;
        self.catch_up(fetched, next_arrival)?;
        if !self.workload.restore_on_demand(&on_demand) {
            return Err(Unsound::Workload("its fleets and closed loops are other ones".to_owned()));
        }
        part("operations", operations, &mut self.operations, |own, bytes| own.restore(&bytes))?;
        part("CPU use and credits", loads, &mut self.loads, |own, bytes| own.restore(&bytes))?;
        part("bills", money, &mut self.money, |own, bytes| own.restore(&bytes))?;
        let templates = self.templates;
        part("clients", clients, &mut self.clients, |own, bytes| own.restore(&bytes, templates))?;
        part("rate limits", throttle, &mut self.throttle, |own, counters| own.restore(counters))?;
        self.market = match market {
            None => None,
            Some(bytes) => Some(MarketRun::restore(&bytes).ok_or_else(|| other_part("a spot market"))?),
        };
        self.log = EventLog::restore(log).ok_or(Unsound::Other("the event log has half a record"))?;
        self.latency = Latency::restore(&latency).ok_or(Unsound::Other("its histograms are other ones"))?;
        self.tally = Tally::restore(&tally).ok_or(Unsound::Other("an error code is unknown"))?;
        if !mix.fits(self.zones.len(), self.templates.len()) {
            return Err(Unsound::Workload("its requests are not those of the snapshot".to_owned()));
        }
        self.mix = mix;
        self.events = events;
        // What lies behind is warm-up, when the run is measured from a later moment on.
        self.warm = warm && self.warmup <= now;
        if let Some(loads) = self.loads.as_mut().filter(|_| warm && !self.warm) {
            loads.forget_samples();
        }
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

/// A part of the state that is not that of this scenario.
fn other_part(name: &'static str) -> Unsound {
    Unsound::Feature(name)
}

/// Restores a part that both the state and the run have, or neither.
fn part<S, T>(
    name: &'static str,
    saved: Option<S>,
    own: &mut Option<Box<T>>,
    restore: impl FnOnce(&mut T, S) -> Option<()>,
) -> Result<(), Unsound> {
    match (own, saved) {
        (None, None) => Ok(()),
        (Some(own), Some(saved)) => restore(own, saved).ok_or_else(|| other_part(name)),
        _ => Err(other_part(name)),
    }
}

fn save_instance(instance: &Instance) -> Result<SavedInstance, Unsound> {
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
        next,
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
        next: *next,
        bound,
        holdings: holdings.copy(),
    })
}

fn restore_instance(saved: SavedInstance, claim: Option<Claim>) -> Instance {
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
        next,
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
