//! Lives of instances: created, started by their node controller, running, released.

use crate::hypervisor::{State, Turn};
use crate::metrics::{CostProbe, LatencyStage, Outcome};
use crate::model::{HostIx, SimTime, ZoneIx};
use crate::placement::Claim;
use crate::sim::event::Event;
use crate::sim::log::Record;
use crate::sim::observe::{Happened, Observer};
use crate::validate;
use crate::workload::End;

use super::{Call, Instance, Run};

/// What the log says of the host of an instance without a place.
const NO_HOST: u32 = u32::MAX;

impl<P: CostProbe, O: Observer> Run<'_, P, O> {
    pub(super) fn create(&mut self, now: SimTime, call: &Call, created: validate::Created) {
        let demand = self.templates[call.template as usize].demand;
        let host = created.claim.host();
        self.log.note(now, Record::Created, call.number, host.0);
        self.answered(now, call, Outcome::Created);
        self.tally.created += 1;
        let Call { number, template, arrived, .. } = *call;
        self.observer
            .happened(now, &Happened::Created { number, template, arrived, zone: created.zone, host });
        self.total.add(now, demand);
        self.zones[created.zone.at()].add(now, demand);
        let slot = self.instances.insert(Instance {
            number,
            template,
            zone: created.zone,
            state: State::Pending,
            end: call.end,
            arrived,
            entered: now,
            claim: Some(created.claim),
            next: None,
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

    /// Schedules the next event of an instance.
    fn then(&mut self, at: SimTime, slot: u32, event: Event) {
        let ticket = self.at(at, event);
        self.instances[slot as usize].next = Some(ticket);
    }

    /// Host of an instance, while it has a place.
    fn host(&self, slot: u32) -> Option<HostIx> {
        self.instances[slot as usize].claim.as_ref().map(Claim::host)
    }

    fn enter(&mut self, slot: u32, state: State) {
        self.instances[slot as usize].state.enter(state).expect("the simulator keeps to the life cycle");
    }

    /// Ends a stage of the start and begins the next one.
    fn stage(&mut self, now: SimTime, slot: u32, stage: LatencyStage) {
        let instance = &mut self.instances[slot as usize];
        let waited = now.since(instance.entered);
        instance.entered = now;
        self.latency.record(stage, Outcome::Created, waited);
    }

    fn start(&mut self, now: SimTime, slot: u32) {
        self.enter(slot, State::Starting);
        self.stage(now, slot, LatencyStage::NodeQueue);
        let took = self.control().clone_setup_time();
        self.then(now + took, slot, Event::CloneReady { instance: slot });
    }

    pub(super) fn clone_ready(&mut self, now: SimTime, slot: u32) {
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

    pub(super) fn cloned(&mut self, now: SimTime, zone: ZoneIx) {
        self.next_clone[zone.at()] = None;
        while let Some(slot) = self.control().clones(zone).take_done(now) {
            self.stage(now, slot, LatencyStage::Clone);
            let took = self.control().boot_time();
            self.then(now + took, slot, Event::Booted { instance: slot });
        }
        self.plan_clone(zone);
    }

    pub(super) fn booted(&mut self, now: SimTime, slot: u32) {
        self.stage(now, slot, LatencyStage::Boot);
        let host = self.host(slot).expect("an instance that boots has its place");
        if let Some(next) = self.control().starts.done(host) {
            self.start(now, next);
        }
        self.run(now, slot);
    }

    fn run(&mut self, now: SimTime, slot: u32) {
        self.enter(slot, State::Running);
        let Instance { number, zone, end, arrived, .. } = self.instances[slot as usize];
        self.log.note(now, Record::Running, number, zone.0);
        self.latency.record(LatencyStage::Running, Outcome::Created, now.since(arrived));
        self.observer.happened(now, &Happened::Running { number, arrived });
        let at = match end {
            End::After(lifetime) => now + lifetime,
            // A customer cannot release what does not run yet: the release waits for the start (LIFE-21).
            End::At(at) => at.max(now),
            End::Never => return,
        };
        if at < SimTime::NEVER {
            self.then(at, slot, Event::Released { instance: slot });
        }
    }

    pub(super) fn release(&mut self, now: SimTime, slot: u32) {
        self.enter(slot, State::Released);
        let instance = self.instances.remove(slot as usize);
        let host = instance.claim.as_ref().map_or(NO_HOST, |claim| claim.host().0);
        self.log.note(now, Record::Released, instance.number, host);
        self.observer.happened(now, &Happened::Released { number: instance.number });
        let demand = self.templates[instance.template as usize].demand;
        self.total.remove(now, demand);
        self.zones[instance.zone.at()].remove(now, demand);
        self.tally.released += 1;
        if let Some(claim) = instance.claim {
            self.fleet.release(claim);
        }
        self.world.give_back(instance.holdings);
    }
}
