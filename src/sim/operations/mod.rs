//! What a run keeps for operations: a record of each live instance, dedicated hosts, sets, disks of their own, and
//! what was answered. Absent in a scenario that has none of this.

mod build;
mod disks;
mod event;
mod record;
mod report;
mod saved;
mod stock;

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

pub(in crate::sim) use build::{Habits, Step, Target, default_action};
pub(in crate::sim) use disks::{Own, OwnDisks};
pub(in crate::sim) use event::OperationEvent;
pub(in crate::sim) use record::{AUTO_RELEASE, Address, PAUSE, REBOOT, Record};
pub use report::{DiskPoolUse, HostUse, OperationCount, OperationsSummary, RefusalCount, RestartUse};
pub(in crate::sim) use stock::{Stock, StockHost};

use crate::metrics::Level;
use crate::model::{HostIx, SimDuration, SimTime};
use crate::operations::hosts::Hosts;
use crate::operations::hpc::Clusters;
use crate::operations::sets::Sets;
use crate::operations::tokens::Tokens;
use crate::operations::{Action, Refusal};
use crate::validate::Reject;
use crate::world::Quota;

/// Time of a stop that asks the system of the instance.
pub(in crate::sim) const STOP: SimDuration = SimDuration::from_secs(20);
/// Time of a forced stop.
pub(in crate::sim) const FORCED_STOP: SimDuration = SimDuration::from_secs(1);
/// Time from the allocation of a dedicated host to its service.
pub(in crate::sim) const HOST_START: SimDuration = SimDuration::from_secs(60);
/// Time of a detachment: "about a minute" (DISK-62).
pub(in crate::sim) const DETACH: SimDuration = SimDuration::from_secs(60);
/// MiB of a disk that a snapshot copies in a second.
pub(in crate::sim) const SNAPSHOT_MIB_A_SECOND: u64 = 100;
/// Time until a customer whose start found no stock tries again.
pub(in crate::sim) const START_AGAIN: SimDuration = SimDuration::from_secs(600);
/// Days from the end of a host's subscription to its release (DHST-35).
pub(in crate::sim) const HOST_GRACE: SimDuration = SimDuration::from_secs(15 * 86_400);

/// How much of a dedicated host is in use.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) struct HostLevels {
    pub(in crate::sim) host: HostIx,
    pub(in crate::sim) since: SimTime,
    pub(in crate::sim) vcpus: u64,
    pub(in crate::sim) memory_mib: u64,
    pub(in crate::sim) cpu_milli: Level,
    pub(in crate::sim) used_mib: Level,
}

/// How much of a disk pool is sold.
#[derive(Clone, Debug)]
pub(in crate::sim) struct PoolLevel {
    pub(in crate::sim) zone: u32,
    pub(in crate::sim) slot: usize,
    /// GiB that may be sold.
    pub(in crate::sim) gib: u64,
    /// GiB that are there.
    pub(in crate::sim) physical_gib: u64,
    pub(in crate::sim) sold: Level,
}

/// What became of the places that instances of a workload gave up with a stop without charges.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) struct Restarts {
    pub(in crate::sim) given_up: u64,
    pub(in crate::sim) restarted: u64,
    pub(in crate::sim) refused: u64,
    /// Starts that waited for stock, their time together, and the longest.
    pub(in crate::sim) waited: u64,
    pub(in crate::sim) waited_us: u64,
    pub(in crate::sim) longest: SimDuration,
}

/// Everything that operations keep.
#[derive(Debug, Default)]
pub(in crate::sim) struct Operations {
    /// The script.
    pub(in crate::sim) steps: Vec<Step>,
    /// Habits of each workload.
    pub(in crate::sim) habits: Vec<Option<Habits>>,
    /// Whether each workload starts what it creates.
    pub(in crate::sim) starts: Vec<bool>,
    /// Workload of each template.
    pub(in crate::sim) workload_of: Vec<u32>,
    /// Names of the workloads, and what became of the places that their instances gave up.
    pub(in crate::sim) restarts: Vec<(String, Restarts)>,
    /// Instances created by each workload so far.
    pub(in crate::sim) created: Vec<u64>,
    /// Whether each account stops without charges where it can.
    pub(in crate::sim) stops_without_charges: Vec<bool>,
    /// Most pay-as-you-go dedicated hosts and most deployment sets (a region) of each account.
    pub(in crate::sim) limits: Vec<(Option<u64>, Option<u64>)>,
    /// Records by slot of the instance.
    pub(in crate::sim) records: Vec<Option<Box<Record>>>,
    /// Slot of each live instance, by workload and number within it.
    pub(in crate::sim) by_workload: BTreeMap<(u32, u64), u32>,
    /// Slot of each live instance by its request; looked up, never walked.
    pub(in crate::sim) by_request: FxHashMap<u64, u32>,
    pub(in crate::sim) hosts: Hosts,
    /// Host behind each dedicated host, and how full it was.
    pub(in crate::sim) levels: BTreeMap<u32, HostLevels>,
    /// Dedicated host in front of each host; looked up, never walked.
    pub(in crate::sim) in_front: FxHashMap<HostIx, u32>,
    /// Hosts that were released.
    pub(in crate::sim) gone_hosts: Vec<(String, String, u32, HostLevels, SimTime)>,
    pub(in crate::sim) stock: Stock,
    pub(in crate::sim) sets: Sets,
    pub(in crate::sim) clusters: Clusters,
    pub(in crate::sim) disks: OwnDisks,
    /// Snapshots that exist: the disk of each that was made in this run, by number in the world.
    pub(in crate::sim) snapshots: BTreeMap<u32, Source>,
    /// Public addresses of each region.
    pub(in crate::sim) public: Vec<Quota>,
    pub(in crate::sim) pools: Vec<PoolLevel>,
    /// Creations that a full pool refused.
    pub(in crate::sim) pool_refusals: u64,
    /// Redeployments that found no server (RED-B5).
    pub(in crate::sim) redeploys_failed: u64,
    /// Number of the next thing without a name.
    pub(in crate::sim) next_name: u64,
    /// Client tokens of accepted calls.
    pub(in crate::sim) tokens: Tokens,
    pub(in crate::sim) answers: BTreeMap<(Action, Option<Refusal>), u64>,
}

/// Which disk a snapshot is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) enum Source {
    /// A disk that an instance was created with: its slot, its request, and the place among its disks.
    Born { slot: u32, request: u64, place: usize },
    /// A disk of its own.
    Own(u32),
    /// A disk of which nothing is left.
    Gone,
}

impl Operations {
    /// The record of a live instance.
    pub(in crate::sim) fn record(&self, slot: u32) -> &Record {
        let record = self.records.get(slot as usize).and_then(Option::as_deref);
        record.expect("every live instance has its record")
    }

    /// As [`Operations::record`], to change it.
    pub(in crate::sim) fn record_mut(&mut self, slot: u32) -> &mut Record {
        let record = self.records.get_mut(slot as usize).and_then(Option::as_deref_mut);
        record.expect("every live instance has its record")
    }

    /// Public addresses that a region has left.
    pub(in crate::sim) fn public_left(&self, region: u32) -> u64 {
        let quota = self.public.get(region as usize).copied().unwrap_or_default();
        quota.limit.map_or(u64::MAX, |limit| limit.saturating_sub(quota.used))
    }

    /// Takes a public address of a region, when one is left.
    pub(in crate::sim) fn take_public(&mut self, region: u32) -> bool {
        if self.public_left(region) == 0 {
            return false;
        }
        if let Some(quota) = self.public.get_mut(region as usize) {
            quota.used += 1;
        }
        true
    }

    /// Gives a public address back.
    pub(in crate::sim) fn give_public(&mut self, region: u32) {
        if let Some(quota) = self.public.get_mut(region as usize) {
            quota.used -= 1;
        }
    }

    /// Counts a creation that was refused, as far as it concerns what is kept here.
    pub(in crate::sim) fn rejected(&mut self, reject: &Reject) {
        self.pool_refusals += u64::from(reject.check == "K1.disk-pool");
    }

    /// Counts an answer.
    pub(in crate::sim) fn answered(&mut self, action: Action, refusal: Option<Refusal>) {
        *self.answers.entry((action, refusal)).or_default() += 1;
    }

    /// A made-up id: `PREFIX-pk` and a number in base 36.
    pub(in crate::sim) fn made_up(&mut self, prefix: &str) -> String {
        let number = self.next_name;
        self.next_name += 1;
        format!("{prefix}{}", &crate::world::instance_id(number)[1..])
    }
}
