//! Lives of instances: created, started by their node controller, running, released.

use crate::hypervisor::{State, Turn};
use crate::metrics::{LatencyStage, Outcome};
use crate::model::{HostIx, SimTime, ZoneIx};
use crate::placement::{Claim, Want};
use crate::sim::event::Event;
use crate::sim::log::Record;
use crate::sim::observe::{Gone, Happened};
use crate::validate::{self, Claimed, Effective};
use crate::workload::End;

use super::{Call, Instance, Reached, Run, Step};

/// What the log says of the host of an instance without a place.
const NO_HOST: u32 = u32::MAX;

impl Run<'_> {
    pub(super) fn create(
        &mut self,
        now: SimTime,
        call: &Call,
        claimed: Claimed,
        effective: &Effective,
        reached: Reached,
    ) {
        let Claimed { zone, claim, holdings, .. } = claimed;
        let host = claim.host();
        self.log.note(now, Record::Created, call.number, host.0);
        self.answered(now, call, Outcome::Created, reached);
        self.tally.created += 1;
        let Call { number, template, arrived, .. } = *call;
        self.observer.happened(now, &Happened::Created { number, template, arrived, zone, host });
        let bound = validate::bound(effective, self.world).map(Box::new);
        if self.market.is_some() {
            let slot = self.instances.vacant_key() as u32;
            self.market_created(now, slot, call, zone, effective);
        }
        let slot = self.instances.insert(Instance {
            number,
            template,
            zone,
            state: State::Pending,
            step: Step::None,
            cloned: false,
            ran: false,
            end: call.end,
            arrived,
            entered: now,
            claim: None,
            next: None,
            bound,
            holdings,
        }) as u32;
        self.take_place(now, slot, claim);
        let starts = self.operations.is_none() || self.enroll(now, slot, effective);
        if self.loads.is_some() {
            self.load_created(now, slot, effective);
        }
        if self.money.is_some() {
            self.money_created(now, slot, effective);
        }
        if let Some(attempt) = call.client {
            self.client_served(now, attempt, slot);
        }
        if starts {
            self.ask_slot(now, slot);
        }
    }

    // --- places ---

    /// What an instance asks of the placement core for another place: what it is bound to, else its zone.
    pub(super) fn want(&self, slot: u32) -> Option<Want<'static>> {
        let instance = &self.instances[slot as usize];
        if let Some(bound) = &instance.bound {
            return Some(**bound);
        }
        let instance_type = self.templates[instance.template as usize].instance_type?;
        Some(Want::zone(self.world.demand_of(instance_type)?, instance.zone))
    }

    /// Gives an instance that has no place the place that was claimed for it. Levels of use follow.
    #[inline]
    pub(super) fn take_place(&mut self, now: SimTime, slot: u32, claim: Claim) {
        let instance = &mut self.instances[slot as usize];
        assert!(instance.claim.is_none(), "an instance has one place");
        let host = claim.host();
        instance.claim = Some(claim);
        let demand = self.templates[instance.template as usize].demand;
        self.total.add(now, demand);
        self.zones[instance.zone.at()].add(now, demand);
        if self.market.is_some() {
            self.market_placed(slot);
        }
        if self.operations.is_some() {
            self.holds_place(slot);
        }
        if self.nodes.is_some() {
            self.came_to_host(slot, host);
        }
        self.touch_host(now, host);
    }

    /// Gives the place of an instance back, when it has one. Levels of use follow. A start that is under way must
    /// be cut before ([`Run::cut_start`]): its slot is on the host.
    pub(super) fn give_up_place(&mut self, now: SimTime, slot: u32) {
        if self.market.is_some() {
            self.market_left(slot);
        }
        let instance = &mut self.instances[slot as usize];
        let Some(claim) = instance.claim.take() else { return };
        let demand = self.templates[instance.template as usize].demand;
        self.total.remove(now, demand);
        self.zones[instance.zone.at()].remove(now, demand);
        let host = claim.host();
        let free = if self.nodes.is_some() { self.went_from_host(now, slot, claim) } else { Some(claim) };
        if let Some(claim) = free {
            self.fleet.release(claim);
        }
        self.touch_host(now, host);
    }

    /// Schedules the next event of an instance.
    #[inline]
    pub(super) fn then(&mut self, at: SimTime, slot: u32, event: Event) {
        let ticket = self.at(at, event);
        self.instances[slot as usize].next = Some(ticket);
    }

    /// Host of an instance, while it has a place.
    pub(super) fn host(&self, slot: u32) -> Option<HostIx> {
        self.instances[slot as usize].claim.as_ref().map(Claim::host)
    }

    /// Takes an instance into a state; credits, bills and fleets follow.
    // In line: most callers know the state that they enter, and all that is left is a comparison.
    #[inline(always)]
    pub(super) fn enter(&mut self, slot: u32, state: State) {
        self.instances[slot as usize].state.enter(state).expect("the simulator keeps to the life cycle");
        if self.loads.is_some() || self.money.is_some() || self.clients.is_some() {
            self.entered(slot, state);
        }
    }

    #[inline(never)]
    fn entered(&mut self, slot: u32, state: State) {
        let now = self.queue.now();
        self.load_entered(now, slot, state);
        self.money_entered(now, slot, state);
        self.client_entered(now, slot, state);
    }

    /// Ends a stage of the start and begins the next one.
    fn stage(&mut self, now: SimTime, slot: u32, stage: LatencyStage) {
        let instance = &mut self.instances[slot as usize];
        let waited = now.since(instance.entered);
        instance.entered = now;
        self.latency.record(stage, Outcome::Created, waited);
    }

    // --- starts ---

    /// Starts an instance that has its place and is stopped, or down: it asks its host for a slot. Its end, when that
    /// comes in the meantime, waits for the start.
    pub(super) fn start_again(&mut self, now: SimTime, slot: u32) {
        if self.locked_for_money(slot) {
            return;
        }
        self.cancel_next(slot);
        self.enter(slot, State::Starting);
        self.instances[slot as usize].entered = now;
        self.ask_slot(now, slot);
    }

    fn ask_slot(&mut self, now: SimTime, slot: u32) {
        let host = self.host(slot).expect("an instance that starts has its place");
        if self.nodes.is_some() && self.asks_dead_host(now, slot, host) {
            return;
        }
        match &mut self.control {
            None => {
                if self.instances[slot as usize].state == State::Pending {
                    self.enter(slot, State::Starting);
                }
                self.run(now, slot);
            }
            Some(control) => match control.starts.ask(host, slot) {
                Turn::Now => self.start(now, slot),
                Turn::Wait => self.instances[slot as usize].step = Step::Slot,
            },
        }
    }

    /// Takes an instance out of its start, wherever it is on its way; its slot is the next one's. Does nothing to an
    /// instance that is not on its way. Its state and its place stay.
    #[inline]
    pub(super) fn cut_start(&mut self, now: SimTime, slot: u32) {
        if self.instances[slot as usize].step != Step::None {
            self.cut_start_under_way(now, slot);
        }
    }

    #[inline(never)]
    fn cut_start_under_way(&mut self, now: SimTime, slot: u32) {
        let Instance { step, zone, .. } = self.instances[slot as usize];
        self.instances[slot as usize].step = Step::None;
        self.cancel_next(slot);
        let host = self.host(slot).expect("an instance that starts has its place");
        match step {
            Step::None | Step::Setup | Step::Boot => {}
            Step::Slot => {
                self.control().starts.forget(host, slot);
                return;
            }
            Step::Clone => {
                self.control().clones(zone).leave(now, slot);
                self.plan_clone(zone);
            }
        }
        self.free_slot(now, host);
    }

    /// A start slot of a host is free: the next instance that waits there takes it.
    fn free_slot(&mut self, now: SimTime, host: HostIx) {
        if let Some(next) = self.control().starts.done(host) {
            self.start(now, next);
        }
    }

    fn start(&mut self, now: SimTime, slot: u32) {
        if self.instances[slot as usize].state == State::Pending {
            self.enter(slot, State::Starting);
        }
        self.stage(now, slot, LatencyStage::NodeQueue);
        if self.instances[slot as usize].cloned {
            self.boot(now, slot);
            return;
        }
        self.instances[slot as usize].step = Step::Setup;
        let took = self.control().clone_setup_time();
        self.then(now + took, slot, Event::CloneReady { instance: slot });
    }

    fn boot(&mut self, now: SimTime, slot: u32) {
        self.instances[slot as usize].step = Step::Boot;
        let boot = self.templates[self.instances[slot as usize].template as usize].boot;
        let took = self.control().boot_time(boot);
        self.then(now + took, slot, Event::Booted { instance: slot });
    }

    pub(super) fn clone_ready(&mut self, now: SimTime, slot: u32) {
        let instance = &mut self.instances[slot as usize];
        instance.step = Step::Clone;
        let Instance { template, zone, .. } = *instance;
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

    pub(super) fn cloned(&mut self, now: SimTime, zone: ZoneIx) {
        self.next_clone[zone.at()] = None;
        while let Some(slot) = self.control().clones(zone).take_done(now) {
            self.stage(now, slot, LatencyStage::Clone);
            self.instances[slot as usize].cloned = true;
            self.boot(now, slot);
        }
        self.plan_clone(zone);
    }

    pub(super) fn booted(&mut self, now: SimTime, slot: u32) {
        self.stage(now, slot, LatencyStage::Boot);
        let host = self.host(slot).expect("an instance that boots has its place");
        self.free_slot(now, host);
        self.run(now, slot);
    }

    fn run(&mut self, now: SimTime, slot: u32) {
        self.enter(slot, State::Running);
        let instance = &mut self.instances[slot as usize];
        instance.step = Step::None;
        instance.next = None;
        let again = std::mem::replace(&mut instance.ran, true);
        if let End::After(lifetime) = instance.end {
            instance.end = End::At(now + lifetime);
        }
        let Instance { number, zone, arrived, .. } = *instance;
        self.log.note(now, Record::Running, number, zone.0);
        if again {
            let host = self.host(slot).expect("an instance that runs has its place");
            self.observer.happened(now, &Happened::RunsAgain { number, host });
        } else {
            self.latency.record(LatencyStage::Running, Outcome::Created, now.since(arrived));
            self.observer.happened(now, &Happened::Running { number, arrived });
        }
        if self.nodes.is_some() {
            self.is_up(now, slot, again);
        }
        self.plan_end(now, slot);
        if self.operations.is_some() {
            self.runs(now, slot, again);
        }
    }

    /// Schedules the end of an instance whose moment is known, as its next event.
    pub(super) fn plan_end(&mut self, now: SimTime, slot: u32) {
        // A customer cannot release what does not run yet: the release waits for the start (LIFE-21).
        if let End::At(at) = self.instances[slot as usize].end
            && at < SimTime::NEVER
        {
            self.then(at.max(now), slot, Event::Released { instance: slot });
        }
    }

    /// Ends the life of an instance, whatever state it is in (LIFE-15 with Force, LIFE-18): a start is cut, its place
    /// and all that it holds are free again.
    pub(super) fn release(&mut self, now: SimTime, slot: u32, cause: Gone) {
        self.cut_start(now, slot);
        self.cancel_next(slot);
        if self.operations.is_some() {
            self.unenroll(now, slot);
        }
        self.enter(slot, State::Released);
        let instance = &self.instances[slot as usize];
        let host = instance.claim.as_ref().map_or(NO_HOST, |claim| claim.host().0);
        let number = instance.number;
        self.log.note(now, Record::Released, number, host);
        self.observer.happened(now, &Happened::Released { number, cause });
        self.give_up_place(now, slot);
        if self.market.is_some() {
            self.market_gone(now, slot, cause);
        }
        if self.nodes.is_some() {
            self.is_gone(slot);
        }
        let instance = self.instances.remove(slot as usize);
        self.tally.released += 1;
        self.world.give_back(instance.holdings);
        if self.operations.is_some() {
            self.touch_pools(now, instance.zone.0);
        }
    }

    /// Takes back the next event of an instance, when one waits.
    pub(super) fn cancel_next(&mut self, slot: u32) {
        if let Some(ticket) = self.instances[slot as usize].next.take() {
            self.queue.cancel(ticket);
        }
    }
}
