//! Where an instance belongs, its public address, and the acts of the operator.

use crate::hypervisor::State;
use crate::model::SimTime;
use crate::operations::deployment::{self, Move};
use crate::operations::refusal::{
    INVALID_PARAMETER, LACK_RESOURCE, NO_HOST_FOUND, NO_PUBLIC_ADDRESS, SET_FULL, SET_NOT_CHANGED,
};
use crate::operations::{Event, Lock, Params, Refusal, StoppedMode, address};
use crate::placement::{Claim, Reason, Unchanged, Want};
use crate::sim::log::Record as LogRecord;
use crate::sim::operations::Address;

use super::super::Run;

impl Run<'_> {
    pub(super) fn change_deployment(
        &mut self,
        now: SimTime,
        slot: u32,
        params: &Params,
    ) -> Result<(), Refusal> {
        let view = self.view(slot);
        let utc = self.utc(now);
        let ops = self.ops();
        match deployment::modify(params, &view, &ops.hosts, &ops.sets, utc)? {
            Move::Set { set, force } => self.move_to_set(now, slot, set, force),
            Move::Host { hosts, named, affinity, live } => {
                let target = self.move_to_host(now, slot, &hosts, named)?;
                self.ops().record_mut(slot).affinity = affinity;
                if let Some(at) = target {
                    self.now_on(slot, at);
                }
                if !live {
                    self.start_again(now, slot); // MID-B2
                }
                Ok(())
            }
        }
    }

    /// Moves an instance to the first of these dedicated hosts that has room: the one that was named, else the one with
    /// the most room first, where its own host, if that is it, keeps it (DHST-12). The new host, none for its own.
    fn move_to_host(
        &mut self,
        now: SimTime,
        slot: u32,
        hosts: &[u32],
        named: bool,
    ) -> Result<Option<u32>, Refusal> {
        let own = self.ops().record(slot).host;
        let mut order: Vec<(u64, u32)> = hosts.iter().map(|at| (self.room(*at), *at)).collect();
        order.sort_by_key(|(room, at)| (std::cmp::Reverse(*room), *at));
        for (_, at) in order {
            if Some(at) == own && self.instances[slot as usize].claim.is_some() {
                return Ok(None);
            }
            let Some(want) = self.want(slot).and_then(|want| self.want_on(slot, at, want)) else { continue };
            if self.in_service(at) && self.claim_instead(now, slot, &want) {
                return Ok(Some(at));
            }
        }
        Err(if named { LACK_RESOURCE } else { NO_HOST_FOUND })
    }

    /// Claims a place by this want, instead of the one that the instance has; false when there is none.
    fn claim_instead(&mut self, now: SimTime, slot: u32, want: &Want<'static>) -> bool {
        let number = self.instances[slot as usize].number;
        if self.instances[slot as usize].claim.is_none() {
            let Ok(claim) = self.fleet.place(want) else { return false };
            self.log.note(now, LogRecord::PlacedAgain, number, claim.host().0);
            self.take_place(now, slot, claim);
            return true;
        }
        let moved = self.change_claim(now, slot, |run, claim| run.fleet.migrate(claim, want));
        if moved.is_ok() {
            let host = self.host(slot).map_or(u32::MAX, |host| host.0);
            self.log.note(now, LogRecord::PlacedAgain, number, host);
        }
        moved.is_ok()
    }

    /// Changes the claim of an instance that has one; both hosts may be dedicated ones.
    fn change_claim(
        &mut self,
        now: SimTime,
        slot: u32,
        change: impl FnOnce(&Self, Claim) -> Result<Claim, Unchanged>,
    ) -> Result<(), Reason> {
        self.holds_still(now, slot);
        let claim = self.instances[slot as usize].claim.take().expect("an instance with a place");
        let before = claim.host();
        let (claim, changed) = match change(self, claim) {
            Ok(claim) => (claim, Ok(())),
            Err(Unchanged { claim, none }) => (claim, Err(none.reason)),
        };
        let after = claim.host();
        self.instances[slot as usize].claim = Some(claim);
        self.changed_host(now, slot, before, after);
        self.touch_host(now, before);
        self.touch_host(now, after);
        changed
    }

    /// DEP-42, MID-B6.
    fn move_to_set(&mut self, now: SimTime, slot: u32, set: u32, force: bool) -> Result<(), Refusal> {
        let bound = self.world.bindings.deployment_set(set).ok_or(SET_NOT_CHANGED)?;
        let want = self.want(slot).ok_or(SET_NOT_CHANGED)?.member_of(bound);
        let zone = self.instances[slot as usize].zone;
        let full = |reason: Reason| if reason == Reason::SetFull { SET_FULL } else { SET_NOT_CHANGED };
        if self.instances[slot as usize].claim.is_none() {
            // It has no server now: it joins with its next start, if the set has room for one more (DEP-10).
            if self.fleet.set_members(bound, zone) >= crate::operations::sets::PER_ZONE {
                return Err(SET_FULL);
            }
        } else if let Err(reason) =
            self.change_claim(now, slot, |run, claim| run.fleet.join_set(claim, Some(bound)))
        {
            if !force || reason == Reason::SetFull {
                return Err(full(reason));
            }
            let moved = self.change_claim(now, slot, |run, claim| run.fleet.migrate(claim, &want));
            moved.map_err(full)?;
            let number = self.instances[slot as usize].number;
            let host = self.host(slot).map_or(u32::MAX, |host| host.0);
            self.log.note(now, LogRecord::PlacedAgain, number, host);
            if self.instances[slot as usize].state == State::Running {
                self.start_again(now, slot); // another server: it restarts
            }
        }
        let instance = &mut self.instances[slot as usize];
        instance.bound = Some(Box::new(want));
        self.world.change_set(&mut instance.holdings, Some(set));
        let ops = self.ops();
        let old = ops.record_mut(slot).set.replace(set);
        if let Some(old) = old.and_then(|old| ops.sets.0.get_mut(&old)) {
            old.members -= 1;
        }
        if let Some(new) = ops.sets.0.get_mut(&set) {
            new.members += 1;
        }
        Ok(())
    }

    pub(super) fn allocate_address(&mut self, now: SimTime, slot: u32) -> Result<(), Refusal> {
        let view = self.view(slot);
        let left = self.ops().public_left(view.region);
        address::allocate(&view, left, self.utc(now))?;
        let ops = self.ops();
        if !ops.take_public(view.region) {
            return Err(NO_PUBLIC_ADDRESS);
        }
        ops.record_mut(slot).address = Address::Waiting;
        Ok(())
    }

    /// The operator locks an instance, or unlocks it (LIFE-40). One that runs is stopped by a lock for security (LIFE-17).
    pub(super) fn set_lock(&mut self, now: SimTime, slot: u32, params: &Params) -> Result<(), Refusal> {
        let reasons = ["financial", "security", "recycling", "dedicatedhostfinancial"];
        let locks = [Lock::Financial, Lock::Security, Lock::Recycling, Lock::HostFinancial];
        let lock = params.word("LockReason", &reasons, INVALID_PARAMETER)?;
        let lock = lock.map(|lock| locks[lock]);
        self.ops().record_mut(slot).lock = lock;
        if lock == Some(Lock::Security) && self.instances[slot as usize].state == State::Running {
            self.begin_stop(now, slot, StoppedMode::KeepCharging, true);
        }
        Ok(())
    }

    /// The operator says that an event is pending, or no more (RED-B4).
    pub(super) fn raise_event(&mut self, slot: u32, params: &Params) -> Result<(), Refusal> {
        let events = [
            "SystemMaintenance.Reboot",
            "SystemMaintenance.Redeploy",
            "SystemFailure.Redeploy",
            "SystemFailure.Reboot",
        ];
        let event = params.word("EventType", &events, INVALID_PARAMETER)?;
        self.ops().record_mut(slot).event =
            event.map(|event| if event < 2 { Event::Maintenance } else { Event::Failure });
        Ok(())
    }
}
