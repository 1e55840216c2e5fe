//! Start, stop, reboot, delete, release by itself, redeploy: what they do to a life.

use crate::hypervisor::State;
use crate::model::{SimTime, Utc};
use crate::operations::refusal::NO_STOCK;
use crate::operations::{self, Lock, Params, Refusal, StoppedMode, lifecycle, redeploy, release_time};
use crate::placement::{Claim, Owner, Want};
use crate::sim::event::Event;
use crate::sim::log::Record as LogRecord;
use crate::sim::observe::Gone;
use crate::sim::operations::OperationEvent;
use crate::sim::operations::{AUTO_RELEASE, Address, FORCED_STOP, Record, Restarts, STOP};
use crate::validate::{Affinity, Effective};

use super::super::{Instance, Run};

impl Run<'_> {
    // --- hooks of a life ---

    /// A new instance. True when it starts now; else it stays stopped (LIFE-10).
    #[inline(never)]
    pub(in crate::sim::run) fn enroll(&mut self, now: SimTime, slot: u32, effective: &Effective) -> bool {
        let Instance { number, zone, template, .. } = self.instances[slot as usize];
        let workload = self.ops().workload_of[template as usize];
        let world = &*self.world;
        let ops = self.operations.as_deref_mut().expect("only operations call this");
        let nth = ops.created[workload as usize];
        ops.created[workload as usize] += 1;
        let record = Record::new(workload, nth, effective, world);
        if let Some(host) = record.host.and_then(|host| ops.hosts.0.get_mut(&host)) {
            host.instances += 1;
        }
        if let Some(set) = record.set.and_then(|set| ops.sets.0.get_mut(&set)) {
            set.members += 1;
        }
        if let Some(cluster) = record.hpc.and_then(|cluster| ops.clusters.0.get_mut(&cluster)) {
            cluster.instances += 1;
        }
        if ops.records.len() <= slot as usize {
            ops.records.resize_with(slot as usize + 1, || None);
        }
        ops.records[slot as usize] = Some(Box::new(record));
        ops.by_request.insert(number, slot);
        ops.by_workload.insert((workload, nth), slot);
        let starts = ops.starts[workload as usize];
        self.touch_pools(now, zone.0);
        if !starts {
            self.enter(slot, State::Stopped);
            self.ops().record_mut(slot).mode = StoppedMode::KeepCharging;
            self.plan_end(now, slot);
        }
        starts
    }

    /// An instance runs, for the first time or again.
    #[inline(never)]
    pub(in crate::sim::run) fn runs(&mut self, now: SimTime, slot: u32, again: bool) {
        let record = self.ops().record_mut(slot);
        record.mode = StoppedMode::NotApplicable;
        if record.address == Address::Waiting {
            record.address = Address::Works;
        }
        if !again {
            self.begin_habits(now, slot);
        }
    }

    /// The life of an instance ends: what outlives it is parted from it, and what counts it counts it no more.
    #[inline(never)]
    pub(in crate::sim::run) fn unenroll(&mut self, now: SimTime, slot: u32) {
        self.part_disks(now, slot);
        let number = self.instances[slot as usize].number;
        let ops = self.ops();
        let record = ops.records[slot as usize].take().expect("every live instance has its record");
        ops.by_request.remove(&number);
        ops.by_workload.remove(&(record.workload, record.nth));
        if let Some(host) = record.host.and_then(|host| ops.hosts.0.get_mut(&host)) {
            host.instances -= 1;
        }
        if let Some(set) = record.set.and_then(|set| ops.sets.0.get_mut(&set)) {
            set.members -= 1;
        }
        if let Some(cluster) = record.hpc.and_then(|cluster| ops.clusters.0.get_mut(&cluster)) {
            cluster.instances -= 1;
        }
        if matches!(record.address, Address::Waiting | Address::Works) {
            ops.give_public(record.region);
        }
        for ticket in record.tickets.into_iter().flatten() {
            self.queue.cancel(ticket);
        }
    }

    /// An instance as operations see it.
    pub(super) fn view(&mut self, slot: u32) -> operations::Instance {
        let for_money = self.locked_for_money(slot).then_some(Lock::Financial);
        let instance = &self.instances[slot as usize];
        let (state, ever_ran, zone) = (instance.state, instance.ran, instance.zone.0);
        let world = &*self.world;
        let ops = self.operations.as_deref().expect("only operations call this");
        let record = ops.record(slot);
        operations::Instance {
            state,
            mode: record.mode,
            lock: record.lock.or(for_money),
            charge: record.charge,
            expires: record.expires,
            spot: record.spot,
            vpc: record.vpc,
            local_disks: record.local_disks,
            wiped_by_stop: record.wiped_by_stop,
            ever_ran,
            protected: record.protected,
            auto_release: record.auto_release,
            host: record.host,
            affinity: record.affinity,
            set: record.set,
            account: record.account,
            region: record.region,
            zone,
            family: record.family,
            bandwidth_out: record.bandwidth_out,
            public_address: record.address != Address::None,
            event: record.event,
            data_disks: record.data_disks(world),
            max_data_disks: record.max_data_disks,
        }
    }

    // --- stop and start ---

    pub(super) fn stop_instance(&mut self, now: SimTime, slot: u32, params: &Params) -> Result<(), Refusal> {
        let view = self.view(slot);
        let feature = self.ops().stops_without_charges[view.account as usize];
        let stop = lifecycle::stop(params, &view, feature, self.utc(now))?;
        self.begin_stop(now, slot, stop.mode, stop.force);
        Ok(())
    }

    /// The system inside shuts down (LIFE-19).
    pub(super) fn shut_down(&mut self, now: SimTime, slot: u32) -> Result<(), Refusal> {
        let mode = lifecycle::shut_down(&self.view(slot))?;
        self.begin_stop(now, slot, mode, false);
        Ok(())
    }

    /// Sends a running instance to `Stopping` (LIFE-13, LIFE-17).
    pub(super) fn begin_stop(&mut self, now: SimTime, slot: u32, mode: StoppedMode, force: bool) {
        self.holds_still(now, slot);
        self.cancel_next(slot);
        self.enter(slot, State::Stopping);
        self.ops().record_mut(slot).stopping_to = mode;
        let took = self.takes(if force { FORCED_STOP } else { STOP });
        self.then(now + took, slot, Event::Operation(OperationEvent::Stopped { instance: slot }));
    }

    /// A stop, or the first half of a redeployment, is done.
    pub(super) fn stopped(&mut self, now: SimTime, slot: u32) {
        self.instances[slot as usize].next = None;
        if std::mem::take(&mut self.ops().record_mut(slot).redeploying) {
            self.start_again(now, slot);
            return;
        }
        self.enter(slot, State::Stopped);
        let record = self.ops().record_mut(slot);
        record.mode = record.stopping_to;
        let without_charges = record.mode == StoppedMode::StopCharging;
        if without_charges {
            // LIFE-35, VPC-33: vCPUs, memory and the public address go; the private address and the disks stay.
            self.give_address_up(slot);
            self.restarts_of(slot).1.given_up += 1;
            self.give_up_place(now, slot);
            self.stops_charging(now, slot);
            self.market_charge(now, slot, false);
        }
        let number = self.instances[slot as usize].number;
        self.log.note(now, LogRecord::Stopped, number, u32::from(without_charges));
        self.plan_end(now, slot);
    }

    fn give_address_up(&mut self, slot: u32) {
        let record = self.ops().record_mut(slot);
        let had = std::mem::replace(&mut record.address, Address::ComesBack);
        let region = record.region;
        match had {
            Address::None => record.address = Address::None,
            Address::Waiting | Address::Works => self.ops().give_public(region),
            Address::ComesBack => {}
        }
    }

    /// An instance is stopped for money, which is no stop without charges (LIFE-37). An overdue one gives its public
    /// address up (LIFE-61).
    pub(in crate::sim::run) fn stopped_for_money(&mut self, slot: u32, overdue: bool) {
        if self.operations.is_none() {
            return;
        }
        let record = self.ops().record_mut(slot);
        record.redeploying = false;
        if record.mode == StoppedMode::NotApplicable {
            record.mode = StoppedMode::KeepCharging;
        }
        if overdue {
            self.give_address_up(slot);
        }
    }

    /// What was stopped for money comes back; what its owner had stopped without charges has no address before its start
    /// (LIFE-35).
    pub(in crate::sim::run) fn back_for_money(&mut self, slot: u32) {
        if self.operations.is_some() && self.ops().record(slot).mode != StoppedMode::StopCharging {
            self.bring_address(slot);
        }
    }

    /// The subscription of an instance ends then.
    pub(in crate::sim::run) fn subscribed_until(&mut self, slot: u32, ends: Utc) {
        if let Some(ops) = self.operations.as_deref_mut() {
            ops.record_mut(slot).expires = Some(ends);
        }
    }

    /// An instance has a place, so it is not stopped without charges any more, should it not come up there (LIFE-30).
    #[inline(never)]
    pub(in crate::sim::run) fn holds_place(&mut self, slot: u32) {
        let records = self.operations.as_deref_mut().map(|ops| &mut ops.records);
        let record = records.and_then(|records| records.get_mut(slot as usize)?.as_mut());
        if let Some(record) = record.filter(|record| record.mode == StoppedMode::StopCharging) {
            record.mode = StoppedMode::KeepCharging;
        }
    }

    pub(super) fn start_instance(&mut self, now: SimTime, slot: u32, params: &Params) -> Result<(), Refusal> {
        let view = self.view(slot);
        lifecycle::start(params, &view, self.utc(now))?;
        self.market_may_start(now, slot)?;
        // A place is needed after a stop without charges, and where a failure took it.
        if self.instances[slot as usize].claim.is_none() {
            let Some(claim) = self.place_back(slot, &view) else {
                let (_, restarts) = self.restarts_of(slot);
                restarts.refused += 1;
                self.ops().record_mut(slot).waits_since.get_or_insert(now);
                return Err(NO_STOCK);
            };
            let since = self.ops().record_mut(slot).waits_since.take();
            let (_, restarts) = self.restarts_of(slot);
            restarts.restarted += 1;
            if let Some(waited) = since.map(|since| now.since(since)) {
                restarts.waited += 1;
                restarts.waited_us += waited.0;
                restarts.longest = restarts.longest.max(waited);
            }
            let host = claim.host();
            self.take_place(now, slot, claim);
            let number = self.instances[slot as usize].number;
            self.log.note(now, LogRecord::PlacedAgain, number, host.0);
        }
        self.market_charge(now, slot, true);
        self.bring_address(slot);
        self.start_again(now, slot);
        Ok(())
    }

    fn restarts_of(&mut self, slot: u32) -> &mut (String, Restarts) {
        let ops = self.ops();
        let workload = ops.record(slot).workload;
        &mut ops.restarts[workload as usize]
    }

    /// A new public address for an instance that gave its own up, as far as there is one (LIFE-36, VPC-33).
    fn bring_address(&mut self, slot: u32) {
        let (address, region) = (self.ops().record(slot).address, self.ops().record(slot).region);
        if address == Address::ComesBack && self.ops().take_public(region) {
            self.ops().record_mut(slot).address = Address::Works;
        }
    }

    /// A place for an instance that gave its own up: on a dedicated host by its affinity (DHST-15, DHST-23), else
    /// where the placement core likes; as a member of its set (DEP-40).
    fn place_back(&mut self, slot: u32, view: &operations::Instance) -> Option<Claim> {
        let want = self.want(slot)?;
        let Some(own) = view.host else { return self.fleet.place(&want).ok() };
        let first = std::iter::once(own);
        let others = self.ops().hosts.0.iter().filter(|(at, host)| {
            **at != own
                && host.account == view.account
                && host.auto_placement
                && view.affinity == Affinity::Default
        });
        let others: Vec<u32> = others.map(|(at, _)| *at).collect();
        for at in first.chain(others) {
            let fits = self
                .ops()
                .hosts
                .0
                .get(&at)
                .is_some_and(|host| at == own || crate::operations::deployment::fits(host, view).is_ok());
            let usable = fits && self.in_service(at);
            if let Some(claim) = usable.then(|| self.place_on(slot, at, want)).flatten() {
                self.now_on(slot, at);
                return Some(claim);
            }
        }
        None
    }

    /// A claim on a dedicated host for an instance.
    pub(super) fn place_on(&mut self, slot: u32, at: u32, want: Want<'static>) -> Option<Claim> {
        let want = self.want_on(slot, at, want)?;
        self.fleet.place(&want).ok()
    }

    /// A want bound to a dedicated host.
    pub(super) fn want_on(&mut self, slot: u32, at: u32, want: Want<'static>) -> Option<Want<'static>> {
        let account = self.ops().record(slot).account;
        let host = self.ops().levels.get(&at)?.host;
        Some(Want { set: None, cluster: None, ..want.on(host).owned_by(Owner::Account(account)) })
    }

    /// Writes down that an instance belongs to a dedicated host now.
    pub(super) fn now_on(&mut self, slot: u32, at: u32) {
        let ops = self.ops();
        let old = ops.record_mut(slot).host.replace(at);
        if let Some(host) = old.and_then(|old| ops.hosts.0.get_mut(&old)) {
            host.instances -= 1;
        }
        if let Some(host) = ops.hosts.0.get_mut(&at) {
            host.instances += 1;
        }
        if let Some(want) = self.want(slot).and_then(|want| self.want_on(slot, at, want)) {
            self.instances[slot as usize].bound = Some(Box::new(want));
        }
    }

    pub(super) fn reboot_instance(
        &mut self,
        now: SimTime,
        slot: u32,
        params: &Params,
    ) -> Result<(), Refusal> {
        lifecycle::reboot(params, &self.view(slot), self.utc(now))?;
        self.holds_still(now, slot);
        self.start_again(now, slot);
        Ok(())
    }

    // --- ends ---

    pub(super) fn delete_instance(
        &mut self,
        now: SimTime,
        slot: u32,
        params: &Params,
    ) -> Result<(), Refusal> {
        // Under a security lock all disks go: `part_disks` sees to it at every end (LIFE-42).
        lifecycle::delete(params, &self.view(slot), self.utc(now))?;
        self.release(now, slot, Gone::Deleted);
        Ok(())
    }

    pub(super) fn change_protection(&mut self, slot: u32, params: &Params) -> Result<(), Refusal> {
        let protect = lifecycle::protect(params, &self.view(slot))?;
        self.ops().record_mut(slot).protected = protect;
        Ok(())
    }

    pub(super) fn change_auto_release(
        &mut self,
        now: SimTime,
        slot: u32,
        params: &Params,
    ) -> Result<(), Refusal> {
        let at = release_time::modify(params, &self.view(slot), self.utc(now))?;
        if let Some(ticket) = self.ops().record_mut(slot).tickets[AUTO_RELEASE].take() {
            self.queue.cancel(ticket);
        }
        self.ops().record_mut(slot).auto_release = at;
        if let Some(at) = at {
            let secs = (at.0 - self.start.0).max(0) as u64;
            let moment = SimTime(secs * 1_000_000).max(now);
            let ticket = self.later(moment, OperationEvent::AutoRelease { instance: slot });
            self.ops().record_mut(slot).tickets[AUTO_RELEASE] = Some(ticket);
        }
        Ok(())
    }

    /// LIFE-18, LIFE-74: in any state, protected or not.
    pub(super) fn auto_release(&mut self, now: SimTime, slot: u32) {
        self.ops().record_mut(slot).tickets[AUTO_RELEASE] = None;
        self.release(now, slot, Gone::AutoRelease);
    }

    // --- to another server ---

    pub(super) fn redeploy_instance(
        &mut self,
        now: SimTime,
        slot: u32,
        params: &Params,
    ) -> Result<(), Refusal> {
        let force = redeploy::redeploy(params, &self.view(slot), self.utc(now))?;
        self.ops().record_mut(slot).event = None;
        if !self.move_elsewhere(now, slot) {
            self.ops().redeploys_failed += 1; // RED-B5: it stays where and as it was.
            return Ok(());
        }
        // RED-B2: a running one stops first, a stopped one starts.
        if self.instances[slot as usize].state == State::Running {
            self.begin_stop(now, slot, StoppedMode::KeepCharging, force);
            self.ops().record_mut(slot).redeploying = true;
        } else {
            self.start_again(now, slot);
        }
        Ok(())
    }

    /// Moves an instance to another host than its own, at once, or gives one without a place one; false when there is
    /// none.
    fn move_elsewhere(&mut self, now: SimTime, slot: u32) -> bool {
        let Some(want) = self.want(slot) else { return false };
        self.holds_still(now, slot);
        let moved = match self.instances[slot as usize].claim.take() {
            None => match self.fleet.place(&want) {
                Ok(claim) => {
                    self.take_place(now, slot, claim);
                    true
                }
                Err(_) => false,
            },
            Some(claim) => {
                let from = claim.host();
                let (claim, moved) = match self.fleet.migrate(claim, &want) {
                    Ok(claim) => (claim, true),
                    Err(unchanged) => (unchanged.claim, false),
                };
                let to = claim.host();
                self.instances[slot as usize].claim = Some(claim);
                self.changed_host(now, slot, from, to);
                moved
            }
        };
        if moved {
            let instance = &self.instances[slot as usize];
            let (number, host) =
                (instance.number, instance.claim.as_ref().map_or(u32::MAX, |claim| claim.host().0));
            self.log.note(now, LogRecord::PlacedAgain, number, host);
        }
        moved
    }
}
