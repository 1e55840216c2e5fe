//! Hosts that go down and come back.

use crate::hypervisor::State;
use crate::model::{HostIx, SimDuration, SimTime};
use crate::scenario::{Action, Hosts};
use crate::sim::log::Record;
use crate::sim::observe::Happened;

use super::super::Run;
use super::{NodeEvent, Outage};

/// The hosts of an area, one by one.
fn each(hosts: &Hosts) -> impl Iterator<Item = HostIx> + '_ {
    hosts.iter().cloned().flatten().map(HostIx)
}

impl Run<'_> {
    // --- the script ---

    pub(super) fn scripted(&mut self, now: SimTime, event: u32) {
        let action = self.nodes().script[event as usize].action.clone();
        match action {
            Action::Fail { hosts, lasting } => {
                for host in each(&hosts) {
                    self.fail(now, host, lasting, false);
                }
            }
            Action::Repair { hosts } => {
                self.strike_off(&hosts);
                for host in each(&hosts) {
                    let outages = self.nodes().trouble.get(&host).map(|trouble| trouble.outages.clone());
                    for outage in outages.into_iter().flatten() {
                        let end = self.nodes().outages[outage as usize].end.take();
                        self.cancel(end);
                        self.mended(now, outage);
                    }
                    self.leave_drain(now, host);
                }
            }
            Action::Drain { steps, work } => self.drain(now, steps, work),
        }
    }

    // --- wear ---

    pub(super) fn begin_wear(&mut self) {
        for at in 0..self.nodes().wear.len() {
            let pool = &self.nodes().wear[at].wear;
            if pool.pooled() {
                self.next_pool_failure(SimTime::ZERO, at as u32);
            } else {
                for host in pool.hosts() {
                    self.next_host_failure(SimTime::ZERO, HostIx(host));
                }
            }
        }
    }

    fn next_pool_failure(&mut self, now: SimTime, at: u32) {
        let pool = &mut self.nodes().wear[at as usize];
        let (gap, host) = pool.wear.next_in_pool();
        pool.next = host;
        if now + gap < SimTime::NEVER {
            self.node_at(now + gap, NodeEvent::PoolFailure { wear: at });
        }
    }

    fn next_host_failure(&mut self, now: SimTime, host: HostIx) {
        let gap = self.wear_of(host).next_of_host();
        if now + gap < SimTime::NEVER {
            self.node_at(now + gap, NodeEvent::HostFailure { host: host.0 });
        }
    }

    fn wear_of(&mut self, host: HostIx) -> &mut crate::hypervisor::Wear {
        let pools = &mut self.nodes().wear;
        let at = pools.partition_point(|pool| pool.wear.hosts().end <= host.0);
        &mut pools[at].wear
    }

    pub(super) fn pool_failure(&mut self, now: SimTime, at: u32) {
        let host = self.nodes().wear[at as usize].next;
        let repair = self.nodes().wear[at as usize].wear.repair();
        // One that is down already is not struck: with the others the process keeps its rate for each host that is up.
        if !self.nodes().is_dead(host) {
            self.fail(now, host, Some(repair), true);
        }
        self.next_pool_failure(now, at);
    }

    pub(super) fn host_failure(&mut self, now: SimTime, host: HostIx) {
        let repair = self.wear_of(host).repair();
        if self.nodes().is_dead(host) {
            self.next_host_failure(now, host);
        } else {
            self.fail(now, host, Some(repair), true);
        }
    }

    // --- down and up ---

    /// A host loses power for one more reason. Its instances are down at once; nobody knows yet.
    fn fail(&mut self, now: SimTime, host: HostIx, lasting: Option<SimDuration>, wear: bool) {
        let outage = self.nodes().outages.insert(Outage { host, end: None, wear }) as u32;
        if let Some(lasting) = lasting
            && now + lasting < SimTime::NEVER
        {
            let end = self.node_at(now + lasting, NodeEvent::Mended { outage });
            self.nodes().outages[outage as usize].end = Some(end);
        }
        let trouble = self.nodes().trouble(host);
        trouble.outages.push(outage);
        if trouble.outages.len() > 1 {
            return;
        }
        let nodes = self.nodes();
        nodes.dead.insert(host.at());
        nodes.tally.host_failures += 1;
        nodes.tally.hosts_down.up();
        self.tell_host(now, Record::HostFailed, host, 0, &Happened::HostFailed { host });
        self.cut_moves_of(now, host);
        self.all_go_down(now, host);
        let at = self.nodes().rules.heartbeat.noticed(host, now);
        let notice = self.node_at(at, NodeEvent::Noticed { host: host.0 });
        self.nodes().trouble(host).notice = Some(notice);
    }

    /// Enough heartbeats are missing: the host takes nothing any more, and its instances go where they can.
    pub(super) fn noticed(&mut self, now: SimTime, host: HostIx) {
        let trouble = self.nodes().trouble(host);
        trouble.notice = None;
        trouble.noticed = true;
        self.refresh(host);
        self.tell_host(now, Record::HostNoticed, host, 0, &Happened::HostNoticed { host });
        self.dedicated_host_noticed(now, host);
        for slot in self.residents(host) {
            if self.nodes().down.contains_key(&slot) && self.goes_elsewhere(slot) {
                self.give_up_place(now, slot);
                self.place_again(now, slot);
            }
        }
    }

    /// An outage is over; with the last one the host is back, and starts what is left on it.
    pub(super) fn mended(&mut self, now: SimTime, outage: u32) {
        let Outage { host, wear, .. } = self.nodes().outages.remove(outage as usize);
        let trouble = self.nodes().trouble(host);
        trouble.outages.retain(|other| *other != outage);
        let is_back = trouble.outages.is_empty();
        if is_back {
            trouble.noticed = false;
            let notice = trouble.notice.take();
            self.cancel(notice);
            let nodes = self.nodes();
            nodes.dead.set(host.at(), false);
            nodes.tally.hosts_down.down();
            self.refresh(host);
            self.tell_host(now, Record::HostBack, host, 0, &Happened::HostBack { host });
            self.dedicated_host_back(host);
            self.start_residents(now, host);
            self.look_again(now, host);
            self.nodes().settle(host);
        }
        if wear && !self.wear_of(host).pooled() {
            self.next_host_failure(now, host);
        }
    }

    /// Starts the instances of a host that are down, the oldest first, unless it is worked on or down itself.
    pub(super) fn start_residents(&mut self, now: SimTime, host: HostIx) {
        if self.nodes().is_dead(host) || self.nodes().trouble(host).in_work {
            return;
        }
        for slot in self.residents(host) {
            let stopped = self.instances[slot as usize].state == State::Stopped;
            if stopped && self.nodes().down.contains_key(&slot) {
                self.start_again(now, slot);
            }
        }
    }
}
