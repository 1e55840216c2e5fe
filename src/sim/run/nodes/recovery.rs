//! Instances that go down with their host, and come back.

use crate::hypervisor::State;
use crate::model::{HostIx, SimDuration, SimTime};
use crate::placement::{Claim, NoRoom, Owner, Want};
use crate::scenario::schema::Recover;
use crate::sim::log::Record;
use crate::sim::nodes::Back;
use crate::sim::observe::Happened;

use super::super::{Run, Step};
use super::{Down, NodeEvent};

impl Run<'_> {
    /// Every instance of a host loses it; returns how many of them ran or started.
    pub(super) fn all_go_down(&mut self, now: SimTime, host: HostIx) -> u64 {
        let residents = self.residents(host);
        // Those that wait for a slot first: none of them may take the slot of one that is cut.
        for &slot in &residents {
            if self.instances[slot as usize].step == Step::Slot {
                self.cut_start(now, slot);
            }
        }
        let mut hit = 0;
        for slot in residents {
            let state = self.instances[slot as usize].state;
            hit += u64::from(matches!(state, State::Pending | State::Starting | State::Running));
            self.go_down(now, slot);
        }
        hit
    }

    /// An instance loses its host: what ran or started is stopped. What was stopped before stays as it is.
    pub(super) fn go_down(&mut self, now: SimTime, slot: u32) {
        self.cut_start(now, slot);
        let state = self.instances[slot as usize].state;
        match state {
            State::Running => {}
            // Its end, when it is known, comes whether it runs again by then or not.
            State::Pending | State::Starting => {
                self.cancel_next(slot);
                self.plan_end(now, slot);
            }
            State::Stopping | State::Stopped | State::Released => return,
        }
        self.enter(slot, State::Stopped);
        let number = self.instances[slot as usize].number;
        let host = self.host(slot).expect("an instance loses the host that it is on");
        let nodes = self.nodes();
        if let Some(down) = nodes.down.get_mut(&slot) {
            down.host = host; // It was on its way back.
        } else {
            nodes.down.insert(slot, Down { since: now, host, tries: 0, retry: None, held: None });
            nodes.tally.went_down += 1;
            nodes.tally.down.up();
        }
        self.log.note(now, Record::Down, number, host.0);
        self.observer.happened(now, &Happened::Down { number, host });
    }

    /// An instance runs. Counts its time down, when it was.
    #[inline(never)]
    pub(in crate::sim::run) fn is_up(&mut self, now: SimTime, slot: u32, again: bool) {
        let Some(nodes) = &mut self.nodes else { return };
        let Some(down) = nodes.down.remove(&slot) else { return };
        let host = self.instances[slot as usize].claim.as_ref().map(Claim::host);
        let how = if host == Some(down.host) { Back::InPlace } else { Back::Elsewhere };
        nodes.tally.back(how, again.then(|| now.since(down.since)));
        // Somebody else may have started it.
        if let Some((set, zone)) = down.held {
            self.fleet.drop_membership(set, zone);
        }
        self.cancel(down.retry);
    }

    /// An instance is released, maybe while it is down.
    #[inline(never)]
    pub(in crate::sim::run) fn is_gone(&mut self, slot: u32) {
        let Some(nodes) = &mut self.nodes else { return };
        if let Some(down) = nodes.down.remove(&slot) {
            nodes.tally.back(Back::Released, None);
            if let Some((set, zone)) = down.held {
                self.fleet.drop_membership(set, zone);
            }
            self.cancel(down.retry);
        }
    }

    /// Whether an instance leaves its failed host. One with local disks would find them empty elsewhere (DISK-71,
    /// DISK-72); one on a dedicated host keeps to it (DHST-41).
    pub(super) fn goes_elsewhere(&mut self, slot: u32) -> bool {
        let instance = &self.instances[slot as usize];
        let template = &self.templates[instance.template as usize];
        let shared = instance.bound.as_ref().is_none_or(|want| want.owner == Owner::Shared);
        let local = template.demand.local_disks > 0 || template.local_system_disk;
        let rules = &self.nodes().rules;
        let recover = if local { rules.recover_local_disks } else { rules.recover };
        shared && recover == Recover::Elsewhere
    }

    /// Finds an instance that is down and has no place another one, and starts it there; else it tries again later.
    pub(in crate::sim::run) fn place_again(&mut self, now: SimTime, slot: u32) {
        if self.locked_for_money(slot) {
            return;
        }
        let Some(want) = self.want(slot) else { return };
        // The host that it was bound to is the one that failed.
        let want = Want { host: None, ..want };
        // A member without a host keeps its place in the set, but does not stand in its own way.
        if let Some((set, zone)) = self.nodes().down.get_mut(&slot).and_then(|down| down.held.take()) {
            self.fleet.drop_membership(set, zone);
        }
        let placed = self.fleet.place(&want).or_else(|none| self.leave_set(now, slot, &want, none));
        let number = self.instances[slot as usize].number;
        match placed {
            Ok(claim) => {
                let host = claim.host();
                self.take_place(now, slot, claim);
                let instance = &mut self.instances[slot as usize];
                if self.templates[instance.template as usize].local_system_disk {
                    instance.cloned = false;
                }
                self.log.note(now, Record::Replaced, number, host.0);
                self.observer.happened(now, &Happened::Replaced { number, host });
                self.start_again(now, slot);
            }
            Err(NoRoom { reason }) => {
                self.observer.happened(now, &Happened::NoPlace { number, reason });
                let held = want.set.map(|set| (set, self.instances[slot as usize].zone));
                if let Some((set, zone)) = held {
                    self.fleet.hold_membership(set, zone);
                }
                let nodes = self.nodes();
                nodes.tally.tries_without_room += 1;
                let (retry, most) = (nodes.rules.retry, nodes.rules.retry_at_most);
                let Some(down) = nodes.down.get_mut(&slot) else { return };
                let wait = retry.0.checked_shl(down.tries.min(32)).unwrap_or(u64::MAX).min(most.0);
                down.tries += 1;
                down.held = held;
                let ticket = self.node_at(now + SimDuration(wait), NodeEvent::Retry { instance: slot });
                if let Some(down) = self.nodes().down.get_mut(&slot) {
                    down.retry = Some(ticket);
                }
            }
        }
    }

    /// A member of a deployment set that finds no server that keeps the rule leaves the set and starts, unless the set
    /// says that it stays stopped (DEP-41).
    fn leave_set(&mut self, now: SimTime, slot: u32, want: &Want<'_>, none: NoRoom) -> Result<Claim, NoRoom> {
        let instance = &mut self.instances[slot as usize];
        if self.world.may_leave_set(&instance.holdings) != Some(true) {
            return Err(none);
        }
        let claim = self.fleet.place(&Want { set: None, ..*want })?;
        self.world.leave_set(&mut instance.holdings);
        if let Some(bound) = &mut instance.bound {
            bound.set = None;
        }
        let number = instance.number;
        self.nodes().tally.left_their_set += 1;
        self.log.note(now, Record::LeftSet, number, claim.host().0);
        self.observer.happened(now, &Happened::LeftSet { number });
        self.left_set(slot);
        Ok(claim)
    }

    /// The next try of an instance that found no room. Somebody else may have started it in the meantime.
    pub(super) fn retry(&mut self, now: SimTime, slot: u32) {
        let instance = &self.instances[slot as usize];
        let waits = instance.state == State::Stopped && instance.claim.is_none();
        if let Some(down) = self.nodes().down.get_mut(&slot) {
            down.retry = None;
            if waits {
                self.place_again(now, slot);
            }
        }
    }

    /// Whether an instance can move while it runs: nothing of it is part of the host.
    pub(super) fn can_move(&self, slot: u32) -> bool {
        let template = &self.templates[self.instances[slot as usize].template as usize];
        let demand = template.demand;
        demand.local_disks == 0 && demand.gpu_milli == 0 && !template.local_system_disk
    }

    /// Puts an instance on another host without anybody noticing: levels of use stay.
    pub(super) fn change_host(&mut self, slot: u32, claim: Claim) -> (Claim, HostIx) {
        let to = claim.host();
        let place = &mut self.instances[slot as usize].claim;
        let old = place.replace(claim).expect("an instance moves from the place that it has");
        let nodes = self.nodes();
        nodes.leave(slot, old.host());
        nodes.arrive(slot, to);
        if self.market.is_some() {
            self.market_moved(slot, old.host());
        }
        (old, to)
    }
}
