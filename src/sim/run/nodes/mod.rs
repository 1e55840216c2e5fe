//! Node controllers over a run: they fail and are mended, are emptied for maintenance, and their instances come back or
//! move. Present only when the scenario has failures, events or wiping: a run without them pays one test of a pointer
//! where an instance takes or leaves a place.
//!
//! [`Nodes`] knows which instances are on which host. What each part does with it: `failures` (hosts down and up),
//! `recovery` (instances down and up), `drain` (maintenance), `moves` (live migration). `docs/hypervisor.md` has the
//! model.

mod drain;
mod failures;
mod moves;
mod recovery;
mod saved;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::engine::{Streams, Ticket};
use crate::hypervisor::{Copying, Heartbeat, PreCopy, Wear};
use crate::model::{HostIx, SimDuration, SimTime, ZoneIx};
use crate::placement::{Claim, HostState, Reservation, SetIx};
use crate::scenario::schema::{FailuresSpec, MaintenanceSpec, Recover};
use crate::scenario::{Hosts, Scenario, ScriptedEvent};
use crate::sim::event::Event;
use crate::sim::log::Record;
use crate::sim::nodes::NodeTally;
use crate::sim::observe::Happened;
use crate::sim::slots::Slots;

use super::Run;

/// What can happen to hosts, and to instances because of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) enum NodeEvent {
    /// The next event of the script.
    Scripted {
        /// Its position.
        event: u32,
    },
    /// The next failure in a pool whose law has no memory.
    PoolFailure {
        /// Position of the pool's failures.
        wear: u32,
    },
    /// The next failure of one host.
    HostFailure {
        /// The host.
        host: u32,
    },
    /// The failure of a host is noticed.
    Noticed {
        /// The host.
        host: u32,
    },
    /// An outage of a host ends.
    Mended {
        /// The outage.
        outage: u32,
    },
    /// An instance that is down looks for a host again.
    Retry {
        /// Its slot.
        instance: u32,
    },
    /// A live migration is done.
    Moved {
        /// The migration.
        migration: u32,
    },
    /// A host that is to be emptied looks again at what is left on it.
    Emptying {
        /// The host.
        host: u32,
    },
    /// Hosts have waited long enough to be empty.
    Patience {
        /// The drain.
        drain: u32,
    },
    /// The work on the hosts of a step is done.
    WorkDone {
        /// The drain.
        drain: u32,
    },
    /// The local disks of a place are wiped.
    Wiped {
        /// The place.
        place: u32,
    },
}

impl NodeEvent {
    /// Order within one moment: what brings capacity back comes with the releases.
    pub(in crate::sim) const fn class(self) -> u8 {
        match self {
            NodeEvent::Wiped { .. } | NodeEvent::Mended { .. } | NodeEvent::WorkDone { .. } => 0,
            _ => 1,
        }
    }
}

/// What the scenario says of failures and maintenance.
#[derive(Debug)]
struct Rules {
    heartbeat: Heartbeat,
    recover: Recover,
    recover_local_disks: Recover,
    retry: SimDuration,
    retry_at_most: SimDuration,
    copy: PreCopy,
    moves_per_host: u32,
    move_retry: SimDuration,
    patience: SimDuration,
}

impl Rules {
    fn new(failures: &FailuresSpec, maintenance: &MaintenanceSpec) -> Rules {
        Rules {
            heartbeat: Heartbeat { interval: failures.heartbeat.get().get(), missed: *failures.missed },
            recover: failures.recover,
            recover_local_disks: failures.recover_local_disks,
            retry: failures.retry.get().get(),
            retry_at_most: failures.retry_at_most.get().get(),
            copy: PreCopy {
                bandwidth: maintenance.bandwidth.bytes_per_second(),
                dirty_per_vcpu: maintenance.dirty_rate.bytes_per_second(),
                working_set_milli: (maintenance.working_set.get().get() * 1_000.0).round() as u64,
                stop_below: maintenance.stop_below.bytes(),
                rounds: *maintenance.rounds,
                switch: maintenance.switch.get().get(),
            },
            moves_per_host: *maintenance.per_host,
            move_retry: maintenance.retry.get().get(),
            patience: maintenance.patience.get().get(),
        }
    }
}

/// What is the matter with a host. Only hosts with something have one.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Trouble {
    /// Outages that hold it down; none: it is up.
    outages: SmallVec<[u32; 2]>,
    /// Somebody knows that it is down.
    noticed: bool,
    notice: Option<Ticket>,
    /// The drain that it is emptied by.
    drain: Option<u32>,
    /// It is empty, as far as the drain is concerned.
    empty: bool,
    /// It is being worked on.
    in_work: bool,
    emptying: Option<Ticket>,
    /// Migrations out of it, waiting ones too.
    moving_out: u32,
}

impl Trouble {
    fn is_over(&self) -> bool {
        self.outages.is_empty() && self.drain.is_none() && self.moving_out == 0
    }
}

/// One reason for a host to be down.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Outage {
    host: HostIx,
    /// Its end; none: an event of the script ends it.
    end: Option<Ticket>,
    /// It came from wear, not from the script.
    wear: bool,
}

/// Failures of one pool, and the host that the next one strikes where the pool has one process.
#[derive(Debug)]
struct PoolWear {
    wear: Wear,
    next: HostIx,
}

/// An instance that is down.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Down {
    since: SimTime,
    /// The host that it went down on.
    host: HostIx,
    /// Tries that found no room.
    tries: u32,
    retry: Option<Ticket>,
    /// The set and zone that its membership is held in while it has no host.
    held: Option<(SetIx, ZoneIx)>,
}

/// Maintenance of some hosts, step by step.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Drain {
    rest: VecDeque<Hosts>,
    /// How long the work takes; none: until a repair.
    work: Option<SimDuration>,
    /// Hosts of this step.
    hosts: Vec<HostIx>,
    /// Of them those that are not empty.
    busy: u32,
    patience: Option<Ticket>,
    done: Option<Ticket>,
}

/// A live migration.
#[derive(Debug)]
struct Move {
    instance: u32,
    from: HostIx,
    to: Reservation,
    copying: Copying,
    /// Its end; none while it waits for its turn at the target.
    end: Option<Ticket>,
}

/// Migrations into a host.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Incoming {
    running: u32,
    waiting: VecDeque<u32>,
}

/// All that a run knows of node controllers beside their capacity.
#[derive(Debug)]
pub(in crate::sim) struct Nodes {
    rules: Rules,
    script: Vec<ScriptedEvent>,
    wear: Vec<PoolWear>,
    /// Instances of each host, in no order that means anything.
    residents: Vec<Vec<u32>>,
    dead: FixedBitSet,
    /// Looked up by host, never walked.
    trouble: FxHashMap<HostIx, Trouble>,
    outages: Slots<Outage>,
    /// Looked up by slot, never walked.
    down: FxHashMap<u32, Down>,
    drains: Slots<Drain>,
    moves: Slots<Move>,
    /// Looked up by slot, never walked.
    move_of: FxHashMap<u32, u32>,
    /// Looked up by host, never walked.
    incoming: FxHashMap<HostIx, Incoming>,
    wiping: Slots<Claim>,
    pub(in crate::sim) tally: NodeTally,
}

impl Nodes {
    /// Claims that are not an instance's own: the other ends of copies under way, and places that are being wiped.
    #[cfg(test)]
    pub(super) fn claims_beside(&self) -> u64 {
        (self.moves.len() + self.wiping.len()) as u64
    }

    /// None when nothing in the scenario needs them.
    pub(in crate::sim) fn new(scenario: &Scenario, streams: Streams) -> Option<Box<Nodes>> {
        let spec = &scenario.spec;
        let plane = scenario.control_plane();
        let wipes = !plane.instant && plane.wipe_bandwidth.is_some();
        if spec.failures.is_none() && scenario.events.is_empty() && !wipes {
            return None;
        }
        let (failures, maintenance) = (spec.failures.clone(), spec.maintenance.clone());
        let (failures, maintenance) = (failures.unwrap_or_default(), maintenance.unwrap_or_default());
        let hosts = scenario.host_count() as usize;
        Some(Box::new(Nodes {
            rules: Rules::new(&failures, &maintenance),
            script: scenario.events.clone(),
            wear: wear(scenario, &failures, streams),
            residents: vec![Vec::new(); hosts],
            dead: FixedBitSet::with_capacity(hosts),
            trouble: FxHashMap::default(),
            outages: Slots::new(),
            down: FxHashMap::default(),
            drains: Slots::new(),
            moves: Slots::new(),
            move_of: FxHashMap::default(),
            incoming: FxHashMap::default(),
            wiping: Slots::new(),
            tally: NodeTally::new(),
        }))
    }

    fn trouble(&mut self, host: HostIx) -> &mut Trouble {
        self.trouble.entry(host).or_default()
    }

    /// Forgets a trouble that is over.
    fn settle(&mut self, host: HostIx) {
        if self.trouble.get(&host).is_some_and(Trouble::is_over) {
            self.trouble.remove(&host);
        }
    }

    fn is_dead(&self, host: HostIx) -> bool {
        self.dead.contains(host.at())
    }

    fn arrive(&mut self, slot: u32, host: HostIx) {
        self.residents[host.at()].push(slot);
    }

    fn leave(&mut self, slot: u32, host: HostIx) {
        let residents = &mut self.residents[host.at()];
        let at = residents.iter().rposition(|other| *other == slot);
        residents.swap_remove(at.expect("an instance leaves the host that it is on"));
    }
}

/// The failures of each pool; the dedicated hosts are one more.
fn wear(scenario: &Scenario, failures: &FailuresSpec, streams: Streams) -> Vec<PoolWear> {
    let Some(between) = &failures.between else { return Vec::new() };
    let between = between.resolve().expect("the scenario's checks have built it once");
    let repair = failures.repair.resolve().expect("the scenario's checks have built it once");
    let sizes = scenario.pools.iter().map(|pool| pool.hosts);
    let mut pools = Vec::new();
    let mut first = 0;
    for (at, size) in sizes.chain([scenario.dedicated_hosts.len() as u32]).enumerate() {
        if size > 0 {
            let hosts = first..first + size;
            let wear = Wear::new(between.clone(), repair.clone(), streams, at as u64, hosts);
            pools.push(PoolWear { wear, next: HostIx(first) });
            first += size;
        }
    }
    pools
}

impl Run<'_> {
    fn nodes(&mut self) -> &mut Nodes {
        self.nodes.as_mut().expect("only a run with node controllers has their events")
    }

    fn node_at(&mut self, at: SimTime, event: NodeEvent) -> Ticket {
        self.at(at, Event::Node(event))
    }

    fn cancel(&mut self, ticket: Option<Ticket>) {
        if let Some(ticket) = ticket {
            self.queue.cancel(ticket);
        }
    }

    /// Schedules the first failures and the script, once at the start of a run.
    pub(super) fn begin_nodes(&mut self) {
        let Some(nodes) = &self.nodes else { return };
        let at: Vec<SimTime> = nodes.script.iter().map(|event| event.at).collect();
        for (event, at) in at.into_iter().enumerate() {
            self.node_at(at, NodeEvent::Scripted { event: event as u32 });
        }
        self.begin_wear();
    }

    pub(super) fn node_event(&mut self, now: SimTime, event: NodeEvent) {
        match event {
            NodeEvent::Scripted { event } => self.scripted(now, event),
            NodeEvent::PoolFailure { wear } => self.pool_failure(now, wear),
            NodeEvent::HostFailure { host } => self.host_failure(now, HostIx(host)),
            NodeEvent::Noticed { host } => self.noticed(now, HostIx(host)),
            NodeEvent::Mended { outage } => self.mended(now, outage),
            NodeEvent::Retry { instance } => self.retry(now, instance),
            NodeEvent::Moved { migration } => self.moved(now, migration),
            NodeEvent::Emptying { host } => self.emptying(now, HostIx(host)),
            NodeEvent::Patience { drain } => self.begin_work(now, drain),
            NodeEvent::WorkDone { drain } => self.work_done(now, drain),
            NodeEvent::Wiped { place } => {
                let claim = self.nodes().wiping.remove(place as usize);
                self.nodes().tally.places_wiped += 1;
                self.fleet.release(claim);
            }
        }
    }

    // --- what the lives of instances tell ---

    /// An instance has taken a place.
    #[inline(never)]
    pub(super) fn came_to_host(&mut self, slot: u32, host: HostIx) {
        if let Some(nodes) = &mut self.nodes {
            nodes.arrive(slot, host);
        }
    }

    /// An instance gives its place up. Returns the claim when it is free at once, and keeps it while its local disks
    /// are wiped (DISK-71).
    #[inline(never)]
    pub(super) fn went_from_host(&mut self, now: SimTime, slot: u32, claim: Claim) -> Option<Claim> {
        let host = claim.host();
        self.cut_move(now, slot);
        self.nodes().leave(slot, host);
        self.look_when_empty(now, host);
        let template = self.instances[slot as usize].template;
        let wipe = self.templates[template as usize].wipe;
        if wipe == SimDuration::ZERO {
            return Some(claim);
        }
        let place = self.nodes().wiping.insert(claim) as u32;
        self.node_at(now + wipe, NodeEvent::Wiped { place });
        None
    }

    /// An operation has put an instance on another host.
    pub(super) fn changed_host(&mut self, now: SimTime, slot: u32, from: HostIx, to: HostIx) {
        if self.nodes.is_some() && from != to {
            self.nodes().leave(slot, from);
            self.nodes().arrive(slot, to);
            self.look_when_empty(now, from);
        }
        if self.market.is_some() {
            self.market_moved(slot, from);
        }
    }

    /// An operation is about to stop, restart or move an instance: a live migration of it is called off.
    pub(super) fn holds_still(&mut self, now: SimTime, slot: u32) {
        if self.nodes.is_some() {
            self.cut_move(now, slot);
        }
    }

    /// True for an instance that its host has taken down and that has not come back yet.
    pub(super) fn is_down(&self, slot: u32) -> bool {
        self.nodes.as_ref().is_some_and(|nodes| nodes.down.contains_key(&slot))
    }

    /// An instance asks a host that does not answer for a start: it is down until the failure is noticed, or over. False
    /// when the host answers.
    #[inline(never)]
    pub(super) fn asks_dead_host(&mut self, now: SimTime, slot: u32, host: HostIx) -> bool {
        if !self.nodes.as_ref().is_some_and(|nodes| nodes.is_dead(host)) {
            return false;
        }
        self.go_down(now, slot);
        true
    }

    // --- views of hosts ---

    /// Instances of a host, the oldest first.
    fn residents(&self, host: HostIx) -> SmallVec<[u32; 16]> {
        let mut slots: SmallVec<[u32; 16]> =
            self.nodes.iter().flat_map(|nodes| nodes.residents[host.at()].iter().copied()).collect();
        slots.sort_unstable_by_key(|slot| self.instances[*slot as usize].number);
        slots
    }

    /// Tells the placement core and the gate what is known of a host (R69).
    fn refresh(&mut self, host: HostIx) {
        let trouble = self.nodes().trouble(host);
        let (noticed, drained, in_work) = (trouble.noticed, trouble.drain.is_some(), trouble.in_work);
        let state = match (noticed, drained) {
            (true, _) => HostState::Failed,
            (false, true) => HostState::Draining,
            (false, false) => HostState::Up,
        };
        self.fleet.set_host_state(host, state);
        self.world.set_node_controller_available(host, !noticed && !in_work);
    }

    /// A record and a notice about a host.
    fn tell_host(&mut self, now: SimTime, record: Record, host: HostIx, detail: u32, what: &Happened<'_>) {
        self.log.note(now, record, u64::from(host.0), detail);
        self.observer.happened(now, what);
    }
}
