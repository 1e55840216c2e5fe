//! The section of the report on operations.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{HostLevels, Operations, PoolLevel, Restarts};
use crate::metrics::Level;
use crate::model::{SimTime, ZoneIx};
use crate::operations::hosts::Condition;
use crate::world::{World, slot_name};

/// Operations and what became of them; hosts, pools and sets.
#[derive(Clone, Debug, Serialize)]
pub struct OperationsSummary {
    /// Answers by operation, in the order of the documentation.
    pub calls: Vec<OperationCount>,
    /// Instances that are stopped at the end and keep their place.
    pub stopped_keep_charging: u64,
    /// Instances that are stopped at the end without a place.
    pub stopped_without_charges: u64,
    /// Redeployments that found no other server.
    pub redeploys_failed: u64,
    /// Disks of their own at the end, attached ones included.
    pub own_disks: u64,
    /// Their GiB.
    pub own_disks_gib: u64,
    /// Creations that found the disk pool full.
    pub pool_refusals: u64,
    /// Workloads whose instances gave their places up with a stop without charges, and how they came back.
    pub restarts: Vec<RestartUse>,
    /// Dedicated hosts, released ones included, by id.
    pub dedicated_hosts: Vec<HostUse>,
    /// Disk pools.
    pub disk_pools: Vec<DiskPoolUse>,
    /// Deployment sets at the end: id and members.
    pub deployment_sets: BTreeMap<String, u32>,
    /// HPC clusters at the end: id and instances.
    pub hpc_clusters: BTreeMap<String, u32>,
}

/// How instances of a workload came back after stops without charges.
#[derive(Clone, Debug, Serialize)]
pub struct RestartUse {
    /// The workload.
    pub workload: String,
    /// Stops that gave a place up.
    pub given_up: u64,
    /// Starts that found a place again.
    pub restarted: u64,
    /// Starts that were refused for want of stock.
    pub refused: u64,
    /// Of those that found a place, how many were refused before.
    pub waited: u64,
    /// Mean seconds from the first refusal to the start, of those that were refused before.
    pub wait_mean_secs: f64,
    /// The longest such wait in seconds.
    pub wait_longest_secs: f64,
}

/// Answers to one operation.
#[derive(Clone, Debug, Serialize)]
pub struct OperationCount {
    /// Its name.
    pub operation: &'static str,
    /// Calls that were accepted.
    pub accepted: u64,
    /// Calls that were refused, most frequent first.
    pub refused: Vec<RefusalCount>,
}

/// Refusals with one answer.
#[derive(Clone, Debug, Serialize)]
pub struct RefusalCount {
    /// HTTP status.
    pub status: u16,
    /// Code.
    pub code: &'static str,
    /// How many.
    pub count: u64,
}

/// Use of a dedicated host while it was allocated.
#[derive(Clone, Debug, Serialize)]
pub struct HostUse {
    /// Its id.
    pub id: String,
    /// Its type.
    #[serde(rename = "type")]
    pub host_type: String,
    /// Its zone.
    pub zone: String,
    /// Its state; none: released.
    pub condition: Option<Condition>,
    /// Instances at the end, those stopped without charges included.
    pub instances: u32,
    /// Sellable vCPUs.
    pub vcpus: u64,
    /// Mean share of vCPUs in use.
    pub vcpu_mean: f64,
    /// Peak share of vCPUs in use.
    pub vcpu_peak: f64,
    /// Mean share of memory in use.
    pub memory_mean: f64,
    /// Peak share of memory in use.
    pub memory_peak: f64,
}

/// Use of a disk pool.
#[derive(Clone, Debug, Serialize)]
pub struct DiskPoolUse {
    /// Its zone.
    pub zone: String,
    /// Its category, with the performance level when it is for one.
    pub category: String,
    /// GiB that are there.
    pub physical_gib: u64,
    /// GiB that may be sold.
    pub sellable_gib: u64,
    /// Mean share of the sellable GiB that was sold.
    pub sold_mean: f64,
    /// Peak share of the sellable GiB that was sold.
    pub sold_peak: f64,
    /// GiB sold at the peak for each GiB that is there.
    pub peak_overcommit: f64,
}

fn share(value: f64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { value / whole as f64 }
}

fn host_use(id: &str, host_type: &str, zone: &str, levels: &HostLevels, until: SimTime) -> HostUse {
    let HostLevels { since, vcpus, memory_mib, cpu_milli, used_mib, .. } = levels;
    let mean = |level: &Level| {
        // Levels start at the beginning of the run; before its allocation a host was empty.
        let whole = until.since(*since).0.max(1) as f64;
        level.mean(SimTime::ZERO, until) * until.0 as f64 / whole
    };
    HostUse {
        id: id.to_owned(),
        host_type: host_type.to_owned(),
        zone: zone.to_owned(),
        condition: None,
        instances: 0,
        vcpus: *vcpus,
        vcpu_mean: share(mean(cpu_milli), vcpus * 1_000),
        vcpu_peak: share(cpu_milli.peak() as f64, vcpus * 1_000),
        memory_mean: share(mean(used_mib), *memory_mib),
        memory_peak: share(used_mib.peak() as f64, *memory_mib),
    }
}

fn restart_use((workload, one): &(String, Restarts)) -> RestartUse {
    RestartUse {
        workload: workload.clone(),
        given_up: one.given_up,
        restarted: one.restarted,
        refused: one.refused,
        waited: one.waited,
        wait_mean_secs: one.waited_us as f64 / 1e6 / one.waited.max(1) as f64,
        wait_longest_secs: one.longest.as_secs_f64(),
    }
}

impl Operations {
    /// The section of the report; `stopped` are the instances stopped at the end, with and without their place.
    pub(in crate::sim) fn summary(
        &self,
        world: &World,
        stopped: (u64, u64),
        now: SimTime,
    ) -> OperationsSummary {
        let mut calls: Vec<OperationCount> = Vec::new();
        for ((action, refusal), count) in &self.answers {
            if calls.last().is_none_or(|last| last.operation != action.name()) {
                calls.push(OperationCount { operation: action.name(), accepted: 0, refused: Vec::new() });
            }
            let Some(last) = calls.last_mut() else { continue };
            match refusal {
                None => last.accepted += count,
                Some(refusal) => {
                    last.refused.push(RefusalCount {
                        status: refusal.status,
                        code: refusal.code,
                        count: *count,
                    });
                }
            }
        }
        for call in &mut calls {
            call.refused.sort_by_key(|refusal| (std::cmp::Reverse(refusal.count), refusal.code));
        }
        let zone_name = |zone: u32| world.zone_name(ZoneIx(zone)).to_owned();
        let mut hosts: Vec<HostUse> = Vec::new();
        for (at, host) in &self.hosts.0 {
            let Some(levels) = self.levels.get(at) else { continue };
            let use_now = host_use(&host.id, &host.host_type, &zone_name(host.zone), levels, now);
            hosts.push(HostUse { condition: Some(host.condition), instances: host.instances, ..use_now });
        }
        for (id, host_type, zone, levels, until) in &self.gone_hosts {
            hosts.push(host_use(id, host_type, &zone_name(*zone), levels, *until));
        }
        let pool = |pool: &PoolLevel| DiskPoolUse {
            zone: zone_name(pool.zone),
            category: slot_name(pool.slot).to_owned(),
            physical_gib: pool.physical_gib,
            sellable_gib: pool.gib,
            sold_mean: share(pool.sold.mean(SimTime::ZERO, now), pool.gib),
            sold_peak: share(pool.sold.peak() as f64, pool.gib),
            peak_overcommit: share(pool.sold.peak() as f64, pool.physical_gib),
        };
        let (own_disks, own_disks_gib) = self.disks.sum();
        OperationsSummary {
            calls,
            stopped_keep_charging: stopped.0,
            stopped_without_charges: stopped.1,
            redeploys_failed: self.redeploys_failed,
            own_disks,
            own_disks_gib,
            pool_refusals: self.pool_refusals,
            restarts: self.restarts.iter().filter(|(_, one)| one.given_up > 0).map(restart_use).collect(),
            dedicated_hosts: hosts,
            disk_pools: self.pools.iter().map(pool).collect(),
            deployment_sets: self.sets.0.values().map(|set| (set.id.clone(), set.members)).collect(),
            hpc_clusters: self.clusters.0.values().map(|one| (one.id.clone(), one.instances)).collect(),
        }
    }
}
