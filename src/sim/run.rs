//! The loop of one run: takes events in order and lets each part do its work.

use slab::Slab;

use crate::engine::{Queue, Ticket};
use crate::hypervisor::{State, Turn};
use crate::metrics::{CostProbe, CostStage, Latency, LatencyStage, Usage};
use crate::model::{SimTime, Utc, ZoneIx};
use crate::placement::{Claim, Fleet};
use crate::validate::{self, Admitted, Reject};
use crate::workload::{Arrival, End, Workload, WorkloadError};
use crate::world::{Holdings, World};

use super::control::ControlPlane;
use super::event::Event;
use super::log::{EventLog, Record};
use super::tally::Tally;
use super::templates::Template;

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
struct Call {
    number: u64,
    template: u32,
    end: End,
    arrived: SimTime,
    /// When it entered the station that it is in.
    entered: SimTime,
    /// When that station began to serve it.
    begun: SimTime,
    admitted: Option<Admitted>,
}

/// A live instance.
struct Instance {
    number: u64,
    template: u32,
    zone: ZoneIx,
    state: State,
    end: End,
    arrived: SimTime,
    /// When it entered its present stage (node queue, clone, boot).
    entered: SimTime,
    claim: Claim,
    holdings: Holdings,
}

/// Everything that changes while a run goes on.
pub(super) struct Run<'a, P: CostProbe> {
    pub(super) world: &'a mut World,
    pub(super) fleet: &'a Fleet,
    pub(super) workload: Workload,
    pub(super) templates: &'a [Template],
    pub(super) control: Option<ControlPlane>,
    pub(super) start: Utc,
    pub(super) warmup: SimTime,
    pub(super) until: SimTime,
    pub(super) probe: &'a mut P,
    queue: Queue<Event>,
    calls: Slab<Call>,
    instances: Slab<Instance>,
    next_clone: Vec<Option<Ticket>>,
    next_arrival: Option<Arrival>,
    log: EventLog,
    pub(super) latency: Latency,
    pub(super) total: Usage,
    pub(super) zones: Vec<Usage>,
    pub(super) tally: Tally,
    pub(super) events: u64,
    warm: bool,
}

/// When a run begins, begins to count, and ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Date of the start.
    pub(super) start: Utc,
    /// End of the warm-up.
    pub(super) warmup: SimTime,
    /// End of the run; [`SimTime::NEVER`]: with its last event.
    pub(super) until: SimTime,
}

/// What is left when a run has ended.
pub(super) struct Ended {
    pub(super) now: SimTime,
    pub(super) cut_short: bool,
}

impl<'a, P: CostProbe> Run<'a, P> {
    #[expect(clippy::too_many_arguments, reason = "the parts of one run, put together in one place")]
    pub(super) fn new(
        world: &'a mut World,
        fleet: &'a Fleet,
        workload: Workload,
        templates: &'a [Template],
        control: Option<ControlPlane>,
        times: Times,
        zones: usize,
        probe: &'a mut P,
    ) -> Run<'a, P> {
        let Times { start, warmup, until } = times;
        Run {
            world,
            fleet,
            workload,
            templates,
            control,
            start,
            warmup,
            until,
            probe,
            queue: Queue::new(),
            calls: Slab::new(),
            instances: Slab::new(),
            next_clone: vec![None; zones],
            next_arrival: None,
            log: EventLog::new(),
            latency: Latency::new(),
            total: Usage::default(),
            zones: vec![Usage::default(); zones],
            tally: Tally::default(),
            events: 0,
            warm: warmup == SimTime::ZERO,
        }
    }

    /// Runs to the end of the workload and of the run's duration; every call gets its answer.
    pub(super) fn go(&mut self, watch: impl FnMut(&Progress) -> Go) -> Result<Ended, WorkloadError> {
        // The run ends at its duration, but no call that came in before is left without an answer.
        let cut_short = self.steps(|run, at| at <= run.until || run.tally.unanswered() > 0, watch)?;
        let last = self.queue.now();
        let now = if cut_short || self.until == SimTime::NEVER { last } else { last.max(self.until) };
        Ok(Ended { now, cut_short })
    }

    /// Runs everything that happens up to `moment`, and stops there with calls and starts under way.
    pub(super) fn advance_to(&mut self, moment: SimTime) -> Result<(), WorkloadError> {
        self.steps(|run, at| at <= moment.min(run.until), |_| Go::On).map(|_| ())
    }

    /// Takes events while `more` likes the time of the next one; true when `watch` stopped it.
    fn steps(
        &mut self,
        more: impl Fn(&Self, SimTime) -> bool,
        mut watch: impl FnMut(&Progress) -> Go,
    ) -> Result<bool, WorkloadError> {
        self.fetch_arrival()?;
        while let Some(at) = self.queue.peek_time() {
            if !more(self, at) {
                break;
            }
            if !self.warm && at >= self.warmup {
                self.end_warmup();
            }
            let (now, event) = self.queue.pop().expect("an event was just seen");
            let mark = self.probe.start();
            self.handle(now, event)?;
            self.probe.stop(CostStage::Event, mark);
            self.events += 1;
            if self.events.is_multiple_of(LOOK_EVERY) && watch(&self.progress()) == Go::Stop {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The digest of all that happened.
    pub(super) fn digest(&mut self) -> String {
        std::mem::replace(&mut self.log, EventLog::new()).digest()
    }

    fn progress(&self) -> Progress {
        let now = self.queue.now();
        let done = match self.until {
            SimTime::NEVER => self.workload.progress(),
            until => now.as_secs_f64() / until.as_secs_f64(),
        };
        Progress { now, done, events: self.events, live: self.tally.live() }
    }

    fn end_warmup(&mut self) {
        self.warm = true;
        self.latency = Latency::new();
        self.total.restart(self.warmup);
        for zone in &mut self.zones {
            zone.restart(self.warmup);
        }
    }

    fn handle(&mut self, now: SimTime, event: Event) -> Result<(), WorkloadError> {
        match event {
            Event::Arrival => self.arrival(now)?,
            Event::Validated { call } => self.validated(now, call),
            Event::Scheduled { call } => self.scheduled(now, call),
            Event::CloneReady { instance } => self.clone_ready(now, instance),
            Event::Cloned { zone } => self.cloned(now, ZoneIx(zone)),
            Event::Booted { instance } => self.booted(now, instance),
            Event::Released { instance } => self.release(now, instance),
        }
        Ok(())
    }

    fn at(&mut self, at: SimTime, event: Event) -> Ticket {
        self.queue.schedule(at, event.class(), event)
    }

    fn fetch_arrival(&mut self) -> Result<(), WorkloadError> {
        self.next_arrival = self.workload.next()?.filter(|arrival| arrival.at < self.until);
        if let Some(arrival) = &self.next_arrival {
            let at = arrival.at;
            self.at(at, Event::Arrival);
        }
        Ok(())
    }

    fn arrival(&mut self, now: SimTime) -> Result<(), WorkloadError> {
        let Arrival { template, end, .. } = self.next_arrival.take().expect("an arrival was scheduled");
        let number = self.tally.requests;
        self.tally.requests += 1;
        self.log.note(now, Record::Requested, number, template);
        let mut call = Call { number, template, end, arrived: now, entered: now, begun: now, admitted: None };
        if self.control.is_some() {
            let call = self.calls.insert(call) as u32;
            self.enter_api(now, call);
        } else {
            match self.admit(now, number, template) {
                Ok(admitted) => {
                    call.admitted = Some(admitted);
                    self.decide(now, call);
                }
                Err(reject) => self.reject(now, &call, &reject),
            }
        }
        self.fetch_arrival()
    }

    // --- control plane ---

    fn control(&mut self) -> &mut ControlPlane {
        self.control.as_mut().expect("only a control plane with queues schedules these events")
    }

    fn enter_api(&mut self, now: SimTime, call: u32) {
        if self.control().api.enter(call) {
            self.serve_api(now, call);
        }
    }

    fn serve_api(&mut self, now: SimTime, call: u32) {
        self.begin(now, call, LatencyStage::ApiQueue);
        let took = self.control().api_time();
        self.at(now + took, Event::Validated { call });
    }

    fn validated(&mut self, now: SimTime, call: u32) {
        if let Some(next) = self.control().api.leave() {
            self.serve_api(now, next);
        }
        let Call { number, template, begun, .. } = self.calls[call as usize];
        self.latency.record(LatencyStage::Validation, now.since(begun));
        match self.admit(now, number, template) {
            Ok(admitted) => {
                let waiting = &mut self.calls[call as usize];
                waiting.admitted = Some(admitted);
                waiting.entered = now;
                if self.control().schedulers.enter(call) {
                    self.serve_scheduler(now, call);
                }
            }
            Err(reject) => {
                let call = self.calls.remove(call as usize);
                self.reject(now, &call, &reject);
            }
        }
    }

    fn serve_scheduler(&mut self, now: SimTime, call: u32) {
        self.begin(now, call, LatencyStage::SchedulerQueue);
        let took = self.control().schedule_time();
        self.at(now + took, Event::Scheduled { call });
    }

    fn scheduled(&mut self, now: SimTime, call: u32) {
        if let Some(next) = self.control().schedulers.leave() {
            self.serve_scheduler(now, next);
        }
        let call = self.calls.remove(call as usize);
        self.latency.record(LatencyStage::Scheduling, now.since(call.begun));
        self.decide(now, call);
    }

    fn begin(&mut self, now: SimTime, call: u32, queue: LatencyStage) {
        let call = &mut self.calls[call as usize];
        call.begun = now;
        let waited = now.since(call.entered);
        self.latency.record(queue, waited);
    }

    // --- gate and placement ---

    fn admit(&mut self, now: SimTime, number: u64, template: u32) -> Result<Admitted, Reject> {
        let template = &self.templates[template as usize];
        let utc = self.start.after(now.since(SimTime::ZERO));
        let mark = self.probe.start();
        let answer = validate::admit(template.request(number), self.world, template.account, utc);
        self.probe.stop(CostStage::Validation, mark);
        answer
    }

    fn decide(&mut self, now: SimTime, call: Call) {
        let template = &self.templates[call.template as usize];
        let admitted = call.admitted.as_ref().expect("only admitted calls reach a scheduler");
        let utc = self.start.after(now.since(SimTime::ZERO));
        let mark = self.probe.start();
        let answer = validate::commit(admitted, template.request(call.number), self.world, self.fleet, utc);
        self.probe.stop(CostStage::Placement, mark);
        match answer {
            Ok(created) => self.create(now, &call, created),
            Err(reject) => self.reject(now, &call, &reject),
        }
    }

    fn reject(&mut self, now: SimTime, call: &Call, reject: &Reject) {
        self.log.note(now, Record::Rejected, call.number, check_number(reject.check));
        self.latency.record(LatencyStage::AnswerRejected, now.since(call.arrived));
        self.tally.reject(reject);
    }

    fn create(&mut self, now: SimTime, call: &Call, created: validate::Created) {
        let demand = self.templates[call.template as usize].demand;
        let host = created.claim.host();
        self.log.note(now, Record::Created, call.number, host.0);
        self.latency.record(LatencyStage::AnswerCreated, now.since(call.arrived));
        self.tally.created += 1;
        self.total.add(now, demand);
        self.zones[created.zone.at()].add(now, demand);
        let slot = self.instances.insert(Instance {
            number: call.number,
            template: call.template,
            zone: created.zone,
            state: State::Pending,
            end: call.end,
            arrived: call.arrived,
            entered: now,
            claim: created.claim,
            holdings: created.holdings,
        }) as u32;
        match &mut self.control {
            None => {
                self.enter(slot, State::Starting);
                self.run(now, slot);
            }
            Some(control) => {
                if control.starts.ask(host, slot) == Turn::Now {
                    self.start(now, slot);
                }
            }
        }
    }

    // --- node controllers and lives ---

    fn enter(&mut self, slot: u32, state: State) {
        self.instances[slot as usize].state.enter(state).expect("the simulator keeps to the life cycle");
    }

    /// Ends a stage of the start and begins the next one.
    fn stage(&mut self, now: SimTime, slot: u32, stage: LatencyStage) {
        let instance = &mut self.instances[slot as usize];
        let waited = now.since(instance.entered);
        instance.entered = now;
        self.latency.record(stage, waited);
    }

    fn start(&mut self, now: SimTime, slot: u32) {
        self.enter(slot, State::Starting);
        self.stage(now, slot, LatencyStage::NodeQueue);
        let took = self.control().clone_setup_time();
        self.at(now + took, Event::CloneReady { instance: slot });
    }

    fn clone_ready(&mut self, now: SimTime, slot: u32) {
        let Instance { template, zone, .. } = self.instances[slot as usize];
        let image_bytes = self.templates[template as usize].image_bytes;
        self.control().clones(zone).join(now, slot, image_bytes);
        self.plan_clone(zone);
    }

    /// Schedules the next end of a clone in `zone`; the one planned before no longer holds.
    fn plan_clone(&mut self, zone: ZoneIx) {
        if let Some(ticket) = self.next_clone[zone.at()].take() {
            self.queue.cancel(ticket);
        }
        if let Some(at) = self.control().clones(zone).next_done() {
            self.next_clone[zone.at()] = Some(self.at(at, Event::Cloned { zone: zone.0 }));
        }
    }

    fn cloned(&mut self, now: SimTime, zone: ZoneIx) {
        self.next_clone[zone.at()] = None;
        while let Some(slot) = self.control().clones(zone).take_done(now) {
            self.stage(now, slot, LatencyStage::Clone);
            let took = self.control().boot_time();
            self.at(now + took, Event::Booted { instance: slot });
        }
        self.plan_clone(zone);
    }

    fn booted(&mut self, now: SimTime, slot: u32) {
        self.stage(now, slot, LatencyStage::Boot);
        let host = self.instances[slot as usize].claim.host();
        if let Some(next) = self.control().starts.done(host) {
            self.start(now, next);
        }
        self.run(now, slot);
    }

    fn run(&mut self, now: SimTime, slot: u32) {
        self.enter(slot, State::Running);
        let Instance { number, zone, end, arrived, .. } = self.instances[slot as usize];
        self.log.note(now, Record::Running, number, zone.0);
        self.latency.record(LatencyStage::Running, now.since(arrived));
        let at = match end {
            End::After(lifetime) => now + lifetime,
            // A customer cannot release what does not run yet: the release waits for the start (LIFE-21).
            End::At(at) => at.max(now),
            End::Never => return,
        };
        if at < SimTime::NEVER {
            self.at(at, Event::Released { instance: slot });
        }
    }

    fn release(&mut self, now: SimTime, slot: u32) {
        self.enter(slot, State::Released);
        let instance = self.instances.remove(slot as usize);
        self.log.note(now, Record::Released, instance.number, instance.claim.host().0);
        let demand = self.templates[instance.template as usize].demand;
        self.total.remove(now, demand);
        self.zones[instance.zone.at()].remove(now, demand);
        self.tally.released += 1;
        self.fleet.release(instance.claim);
        self.world.give_back(instance.holdings);
    }
}

/// A check as the number that the digest uses: 32-bit FNV-1a of its id, the same in every version that has it.
fn check_number(id: &str) -> u32 {
    id.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
