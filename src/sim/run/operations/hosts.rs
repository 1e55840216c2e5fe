//! Dedicated hosts: allocated, in service, moved, expired, released; and how full they are.

use crate::hypervisor::State;
use crate::model::{AccountIx, HostIx, SimTime, ZoneIx};
use crate::operations::hosts::{self, Allocate, Condition, Host, OnMaintenance};
use crate::operations::refusal::{
    ARREARAGE, BAD_HOST_TYPE, HOST_STATUS, INVALID_PARAMETER, MISSING_PARAMETER, NO_HOST_STOCK,
    NO_PAYMENT_METHOD, REGION_DENIED, SALES_SUSPENDED, UNKNOWN_HOST, ZONE_NOT_ON_SALE, ZONE_NOT_OPEN,
    ZONE_WITHOUT_HOST_TYPE,
};
use crate::operations::{Lock, Params, Refusal, StoppedMode};
use crate::placement::{HostState, Owner};
use crate::scenario::naming;
use crate::sim::log::Record as LogRecord;
use crate::sim::observe::Gone;
use crate::sim::operations::OperationEvent;
use crate::sim::operations::{HOST_GRACE, HOST_START, StockHost, default_action};
use crate::validate::{Period, PeriodUnit};
use crate::world::{HostStatus, NewHost, Quota, ZoneStatus};

use super::super::Run;
use super::{Call, NOBODY};

impl Run<'_> {
    // --- use ---

    /// What is in use of a host has changed: the levels of the dedicated host in front of it follow.
    #[inline(always)]
    pub(in crate::sim::run) fn touch_host(&mut self, now: SimTime, host: HostIx) {
        if self.operations.is_some() {
            self.host_changed(now, host);
        }
    }

    #[inline(never)]
    fn host_changed(&mut self, now: SimTime, host: HostIx) {
        let Some(ops) = self.operations.as_deref_mut() else { return };
        let Some(at) = ops.in_front.get(&host) else { return };
        let (Some(levels), Some(view)) = (ops.levels.get_mut(at), self.fleet.host(host)) else { return };
        levels.cpu_milli.set(now, view.capacity.cpu_milli - view.free.cpu_milli);
        levels.used_mib.set(now, view.capacity.memory_mib - view.free.memory_mib);
    }

    /// Free thousandths of a vCPU of a dedicated host (DHST-22).
    pub(super) fn room(&mut self, at: u32) -> u64 {
        let host = self.ops().levels.get(&at).map(|levels| levels.host);
        host.and_then(|host| self.fleet.host(host)).map_or(0, |view| view.free.cpu_milli)
    }

    /// A dedicated host takes instances (DHST-3).
    pub(super) fn in_service(&mut self, at: u32) -> bool {
        self.ops().hosts.0.get(&at).is_some_and(|host| host.condition == Condition::Available)
    }

    // --- allocate and release ---

    pub(super) fn allocate_hosts(
        &mut self,
        now: SimTime,
        call: &Call<'_>,
        account: u32,
        region: u32,
    ) -> Result<(), Refusal> {
        let utc = self.utc(now);
        let wish = hosts::read(call.params, utc)?;
        self.may_buy_hosts(account, region)?;
        let zone = self.zone_for_hosts(&wish, account, region)?;
        let known = crate::catalog::Catalog::shipped().host_type_named(&wish.host_type).is_some()
            || self.ops().stock.0.iter().any(|host| host.host_type == wish.host_type);
        let ops = self.ops();
        let offer = ops.stock.offer(zone, &wish.host_type, wish.ratio_milli, known);
        let limit = ops.limits[account as usize].0;
        let count = hosts::grant(&wish, offer, Quota { used: ops.hosts.postpaid(account), limit })?;
        if let Some(months) = wish.months {
            let like = self.ops().stock.0.iter().find(|host| host.host_type == wish.host_type);
            let size = like.map_or((0, 0), |host| (host.vcpus, host.memory_mib));
            self.hosts_payable(account, &wish.host_type, size, months, count)?;
        }
        for nth in 0..count {
            let entry = self.ops().stock.take(zone, &wish.host_type, wish.ratio_milli);
            let entry = entry.ok_or(NO_HOST_STOCK)?;
            let id =
                call.id.as_ref().map(|id| if nth == 0 { id.clone() } else { format!("{id}-{}", nth + 1) });
            self.allocate(now, &wish, account, entry, id);
        }
        Ok(())
    }

    /// The account may allocate hosts in the region at all (ADH-E001, ADH-E006, ADH-E011, ADH-E021).
    fn may_buy_hosts(&self, account: u32, region: u32) -> Result<(), Refusal> {
        let Some(row) = self.world.accounts.get(account) else { return Ok(()) };
        if row.regions_denied.has(region) {
            return Err(REGION_DENIED);
        }
        if self.world.regions.get(region).is_some_and(|row| row.sales_suspended) {
            return Err(SALES_SUSPENDED);
        }
        if !row.has_payment_method {
            return Err(NO_PAYMENT_METHOD);
        }
        if row.arrears { Err(ARREARAGE) } else { Ok(()) }
    }

    /// The zone that hosts are asked of, or the first of the region, by name, that has enough of them.
    fn zone_for_hosts(&mut self, wish: &Allocate, account: u32, region: u32) -> Result<u32, Refusal> {
        let usable = |zone: u32| {
            let row = self.world.zones.get(zone).filter(|row| row.region == region);
            let row = row.ok_or(ZONE_WITHOUT_HOST_TYPE)?;
            if row.status != ZoneStatus::OnSale {
                return Err(ZONE_NOT_ON_SALE);
            }
            let granted = self.world.accounts.get(account).is_some_and(|own| own.zones_granted.has(zone));
            if row.gated && !granted { Err(ZONE_NOT_OPEN) } else { Ok(zone) }
        };
        if let Some(name) = &wish.zone {
            return usable(self.world.zones.find(name).ok_or(ZONE_WITHOUT_HOST_TYPE)?);
        }
        let zones: Vec<u32> = self.world.regions.get(region).map(|row| row.zones.clone()).unwrap_or_default();
        let zones: Vec<u32> = zones.into_iter().filter(|zone| usable(*zone).is_ok()).collect();
        let stock = &self.ops().stock;
        let left = |zone: u32| stock.offer(zone, &wish.host_type, wish.ratio_milli, true);
        let enough = zones.iter().copied().find(|zone| left(*zone).left >= wish.least);
        let sold = || zones.iter().copied().find(|zone| left(*zone).sold);
        enough.or_else(sold).or(zones.first().copied()).ok_or(BAD_HOST_TYPE)
    }

    fn allocate(
        &mut self,
        now: SimTime,
        wish: &Allocate,
        account: u32,
        entry: StockHost,
        id: Option<String>,
    ) {
        let id = id
            .filter(|id| self.world.hosts.find(id).is_none())
            .unwrap_or_else(|| self.free_host_id(entry.zone));
        let number = self.world.add_dedicated_host(
            &id,
            &NewHost {
                account: AccountIx(account),
                zone: ZoneIx(entry.zone),
                charge: wish.charge,
                expires: wish.expires,
                families: &entry.families,
                auto_placement: wish.auto_placement,
                vcpus: entry.vcpus,
                host: entry.host,
            },
        );
        self.fleet.set_host_owner(entry.host, Owner::Account(account), wish.auto_placement);
        let host = Host {
            id,
            host_type: entry.host_type.clone(),
            account,
            zone: entry.zone,
            families: entry.families.clone(),
            charge: wish.charge,
            expires: wish.expires,
            auto_renew: wish.auto_renew,
            renewals_failed: 0,
            auto_release: wish.auto_release,
            auto_placement: wish.auto_placement,
            action: wish.action.unwrap_or_else(|| default_action(entry.local_disks)),
            cluster: wish.cluster.clone(),
            condition: Condition::Starting,
            instances: 0,
        };
        self.ops().hosts.0.insert(number, host);
        self.ops().put_in_front(number, &entry, now);
        match wish.months {
            Some(months) => {
                let paid = self.host_months_paid(now, number, months);
                debug_assert!(paid, "the account was asked before");
            }
            None => self.host_bill_begins(now, number),
        }
        self.log.note(now, LogRecord::HostAllocated, NOBODY, entry.host.0);
        let ready = self.takes(HOST_START);
        self.later(now + ready, OperationEvent::HostReady { host: number });
        self.plan_host_end(now, number);
        if let Some(at) = wish.auto_release {
            let moment = self.moment(at).max(now);
            self.later(moment, OperationEvent::HostAutoRelease { host: number });
        }
    }

    /// The next free id of the form `dh-ZONE-N`.
    fn free_host_id(&mut self, zone: u32) -> String {
        let name = self.world.zones.name(zone).to_owned();
        let used = self.ops().stock.0.iter().filter(|host| host.zone == zone).count() as u32;
        let mut ids = (used + 1..).map(|number| naming::dedicated_host_id(&name, number));
        ids.find(|id| self.world.hosts.is_new(id)).expect("there are more numbers than hosts")
    }

    /// The moment of the run of a date.
    fn moment(&self, at: crate::model::Utc) -> SimTime {
        SimTime((at.0 - self.start.0).max(0) as u64 * 1_000_000)
    }

    /// ADH-B1: from now on the host is usable.
    pub(super) fn host_ready(&mut self, at: u32) {
        if let Some(host) = self.ops().hosts.0.get_mut(&at)
            && host.condition == Condition::Starting
        {
            host.condition = Condition::Available;
            self.world.set_host_status(at, HostStatus::Available);
        }
    }

    pub(super) fn release_host(
        &mut self,
        now: SimTime,
        params: &Params,
        account: u32,
    ) -> Result<(), Refusal> {
        let at = hosts::release(params, account, &self.ops().hosts)?;
        self.part_with_host(now, at);
        Ok(())
    }

    /// Puts an empty dedicated host back into stock; its id is gone (DHST-7).
    fn part_with_host(&mut self, now: SimTime, at: u32) {
        self.host_bill_ends(now, at);
        let ops = self.operations.as_deref_mut().expect("only operations call this");
        let Some(host) = ops.hosts.0.remove(&at) else { return };
        let Some(levels) = ops.levels.remove(&at) else { return };
        ops.in_front.remove(&levels.host);
        ops.stock.put_back(levels.host);
        ops.gone_hosts.push((host.id, host.host_type, host.zone, levels, now));
        self.world.remove_dedicated_host(at);
        self.fleet.set_host_owner(levels.host, Owner::Stock, false);
        self.log.note(now, LogRecord::HostReleased, NOBODY, levels.host.0);
    }

    pub(super) fn change_host_attributes(&mut self, params: &Params, account: u32) -> Result<(), Refusal> {
        let change = hosts::modify(params, account, &self.ops().hosts)?;
        if let Some(host) = self.ops().hosts.0.get_mut(&change.host) {
            host.action = change.action.unwrap_or(host.action);
            host.cluster = change.cluster.or(host.cluster.take());
        }
        if let Some(auto) = change.auto_placement {
            self.world.set_auto_placement(change.host, auto);
            let ops = self.ops();
            if let Some(host) = ops.hosts.0.get_mut(&change.host) {
                host.auto_placement = auto;
            }
            if let Some(levels) = ops.levels.get(&change.host) {
                let (host, owner) = (levels.host, Owner::Account(account));
                self.fleet.set_host_owner(host, owner, auto);
            }
        }
        Ok(())
    }

    // --- the end of a subscription ---

    /// Schedules the end of a host's subscription, if it has one.
    pub(super) fn plan_host_end(&mut self, now: SimTime, at: u32) {
        let expires = self.ops().hosts.0.get(&at).and_then(|host| host.expires);
        if let Some(expires) = expires {
            let moment = self.moment(expires).max(now);
            self.later(moment, OperationEvent::HostEnds { host: at });
        }
    }

    /// DHST-35: without renewal its instances stop, and all is released 15 days later. A renewal that the account has no
    /// money for is tried again; the host runs on for 15 days meanwhile, and goes on the 30th (DHST-36).
    pub(super) fn host_ends(&mut self, now: SimTime, at: u32) {
        let Some(host) = self.ops().hosts.0.get_mut(&at) else { return };
        if let (Some(count), Some(expires)) = (host.auto_renew, host.expires) {
            let failed = host.renewals_failed as usize;
            let last = failed > 0 && Self::host_renewal_again(SimTime::ZERO, failed + 1).is_none();
            if !last && self.host_months_paid(now, at, count) {
                let expires = Some(Period { count, unit: PeriodUnit::Month }.end(expires));
                if let Some(host) = self.ops().hosts.0.get_mut(&at) {
                    (host.expires, host.renewals_failed) = (expires, 0);
                }
                self.world.set_host_expiry(at, expires);
                self.plan_host_end(now, at);
                return;
            }
            let expiry = self.moment(expires);
            if let Some(again) = Self::host_renewal_again(expiry, failed + 1) {
                if let Some(host) = self.ops().hosts.0.get_mut(&at) {
                    host.renewals_failed += 1;
                }
                self.later(again.max(now), OperationEvent::HostEnds { host: at });
                return;
            }
        }
        let Some(host) = self.ops().hosts.0.get_mut(&at) else { return };
        host.condition = Condition::Expired;
        self.world.set_host_status(at, HostStatus::Changing);
        for slot in self.instances_on(at) {
            self.ops().record_mut(slot).lock = Some(Lock::HostFinancial); // DHST-4
            self.halt(now, slot);
        }
        self.later(now + HOST_GRACE, OperationEvent::HostGoes { host: at });
    }

    /// Stops an instance that nobody asked to stop, whatever it is about (LIFE-17, LIFE-37).
    fn halt(&mut self, now: SimTime, slot: u32) {
        match self.instances[slot as usize].state {
            State::Running => self.begin_stop(now, slot, StoppedMode::KeepCharging, false),
            State::Starting => {
                self.cut_start(now, slot);
                self.enter(slot, State::Stopped);
                self.ops().record_mut(slot).mode = StoppedMode::KeepCharging;
                self.plan_end(now, slot);
            }
            _ => {}
        }
    }

    /// The grace of an expired host is over: it goes, with its instances (DHST-35).
    pub(in crate::sim::run) fn host_goes(&mut self, now: SimTime, at: u32) {
        for slot in self.instances_on(at) {
            self.release(now, slot, Gone::HostReleased);
        }
        self.part_with_host(now, at);
    }

    /// A host's own AutoReleaseTime (DHST-8): an empty host goes, one with instances stays, as no document says that
    /// they would go with it.
    pub(super) fn host_auto_release(&mut self, now: SimTime, at: u32) {
        if self.ops().hosts.0.get(&at).is_some_and(|host| host.instances == 0) {
            self.part_with_host(now, at);
        }
    }

    /// Slots of the instances that belong to a dedicated host, in the order of workload and creation.
    fn instances_on(&mut self, at: u32) -> Vec<u32> {
        let ops = self.ops();
        ops.by_workload.values().copied().filter(|slot| ops.record(*slot).host == Some(at)).collect()
    }

    // --- faults ---

    /// The operator says how a host is (DHST-2).
    pub(super) fn set_host_condition(&mut self, params: &Params) -> Result<(), Refusal> {
        let id = params.get("DedicatedHostId").ok_or(MISSING_PARAMETER)?;
        let words =
            ["Available", "UnderAssessment", "PermanentFailure", "Under-Assessment", "Permanent-Failure"];
        let word = params.word("Status", &words, INVALID_PARAMETER)?.ok_or(MISSING_PARAMETER)?;
        let (at, _) = self.ops().hosts.named(id).ok_or(UNKNOWN_HOST)?;
        let condition = match word {
            0 => Condition::Available,
            1 | 3 => Condition::UnderAssessment,
            _ => Condition::PermanentFailure,
        };
        if let Some(host) = self.ops().hosts.0.get_mut(&at) {
            host.condition = condition;
        }
        self.world.set_host_status(at, HostStatus::named(condition.name()));
        Ok(())
    }

    pub(super) fn redeploy_host(
        &mut self,
        now: SimTime,
        params: &Params,
        account: u32,
    ) -> Result<(), Refusal> {
        let id = params.get("DedicatedHostId").ok_or(MISSING_PARAMETER)?;
        let own = self.ops().hosts.named(id).filter(|(_, host)| host.account == account);
        let (at, host) = own.ok_or(UNKNOWN_HOST)?;
        if host.condition != Condition::UnderAssessment {
            return Err(HOST_STATUS);
        }
        if self.change_machine(now, at) { Ok(()) } else { Err(NO_HOST_STOCK) }
    }

    /// The failure of the server under a dedicated host is noticed: by its ActionOnMaintenance the instances move with it to
    /// another server, or stay down until it is mended (DHST-2, DHST-40).
    pub(in crate::sim::run) fn dedicated_host_noticed(&mut self, now: SimTime, host: HostIx) {
        let Some(at) = self.operations.as_deref().and_then(|ops| ops.in_front.get(&host).copied()) else {
            return;
        };
        let Some(dedicated) = self.ops().hosts.0.get_mut(&at) else { return };
        let action = dedicated.action;
        if dedicated.condition == Condition::Available {
            dedicated.condition = Condition::UnderAssessment;
            self.world.set_host_status(at, HostStatus::Failed);
        }
        if action == OnMaintenance::Migrate {
            self.change_machine(now, at);
        }
    }

    /// The server under a dedicated host is mended.
    pub(in crate::sim::run) fn dedicated_host_back(&mut self, host: HostIx) {
        let Some(at) = self.operations.as_deref().and_then(|ops| ops.in_front.get(&host).copied()) else {
            return;
        };
        if let Some(dedicated) = self.ops().hosts.0.get_mut(&at)
            && dedicated.condition == Condition::UnderAssessment
        {
            dedicated.condition = Condition::Available;
            self.world.set_host_status(at, HostStatus::Available);
        }
    }

    /// An instance has come from a host to the one that it is on now, without an operation.
    pub(in crate::sim::run) fn is_on(&mut self, now: SimTime, slot: u32, from: HostIx) {
        if self.operations.is_none() {
            return;
        }
        self.touch_host(now, from);
        let Some(to) = self.host(slot) else { return };
        self.touch_host(now, to);
        let ops = self.ops();
        let (own, front) = (ops.record(slot).host, ops.in_front.get(&to).copied());
        if let Some(at) = front.filter(|at| own.is_some() && own != Some(*at)) {
            self.now_on(slot, at);
        }
    }

    /// Puts another server of the stock behind a dedicated host (DHST-41): ids and addresses stay. What ran starts
    /// again there, what was stopped stays stopped. False when the zone has no such server left, or the instances have
    /// local disks (DHST-42).
    pub(in crate::sim::run) fn change_machine(&mut self, now: SimTime, at: u32) -> bool {
        let ops = self.ops();
        let Some(old) = ops.levels.get(&at).map(|levels| levels.host) else { return false };
        let Some(entry) = ops.stock.entry(old).cloned() else { return false };
        if entry.local_disks {
            return false;
        }
        let Some(new) = ops.stock.take(entry.zone, &entry.host_type, entry.ratio_milli) else { return false };
        let (account, auto) =
            ops.hosts.0.get(&at).map_or((u32::MAX, false), |host| (host.account, host.auto_placement));
        let slots = self.instances_on(at);
        let mut restart = Vec::new();
        let mut placed = Vec::new();
        for &slot in &slots {
            let state = self.instances[slot as usize].state;
            if self.instances[slot as usize].claim.is_none() {
                continue;
            }
            self.cut_start(now, slot);
            if matches!(state, State::Running | State::Starting) || self.is_down(slot) {
                restart.push(slot);
            }
            self.give_up_place(now, slot);
            placed.push(slot);
        }
        self.fleet.set_host_owner(old, Owner::Stock, false);
        self.fleet.set_host_owner(new.host, Owner::Account(account), auto);
        self.fleet.set_host_state(new.host, HostState::Up);
        self.rebind_host(at, new.host);
        let ops = self.operations.as_deref_mut().expect("only operations call this");
        ops.in_front.remove(&old);
        ops.in_front.insert(new.host, at);
        if let Some(levels) = ops.levels.get_mut(&at) {
            levels.host = new.host;
        }
        if let Some(host) = ops.hosts.0.get_mut(&at) {
            host.condition = Condition::Available;
        }
        self.world.set_host_status(at, HostStatus::Available);
        self.log.note(now, LogRecord::HostAllocated, NOBODY, new.host.0);
        for slot in slots {
            let Some(want) = self.want(slot).and_then(|want| self.want_on(slot, at, want)) else { continue };
            self.instances[slot as usize].bound = Some(Box::new(want));
            if !placed.contains(&slot) {
                continue;
            }
            let Ok(claim) = self.fleet.place(&want) else {
                // The instances do not fit together in this order (NUMA nodes, GPUs): this one stays stopped.
                if self.instances[slot as usize].state != State::Stopped {
                    self.cancel_next(slot);
                    self.enter(slot, State::Stopped);
                    self.plan_end(now, slot);
                }
                continue;
            };
            self.take_place(now, slot, claim);
            if restart.contains(&slot) {
                // A start that was cut begins anew; what ran reboots (LIFE-14).
                match self.instances[slot as usize].state {
                    State::Starting => {
                        self.enter(slot, State::Stopped);
                        self.start_again(now, slot);
                    }
                    _ => self.start_again(now, slot),
                }
            }
        }
        true
    }

    fn rebind_host(&mut self, at: u32, host: HostIx) {
        let name = self.world.hosts.name(at).to_owned();
        self.world.bind_dedicated_host(&name, host);
    }
}
