//! Huawei-East-1: VM creations and lifetimes of one region, on servers of two NUMA nodes.
//!
//! A VM with more memory than a threshold takes half its cores and memory on each of the two nodes of one server; any
//! other sits on one node. The published runs place from the empty cluster until the first VM that fits nowhere, with or
//! without releases; the whole-file run counts the VMs that are turned away.
//!
//! The trace is licensed CC BY-NC 4.0 and not part of this repository: `docs/packing.md` tells where it comes from.

use std::path::Path;

use super::PackingError;
use super::bound::Flow;
use super::sizes::{Living, Vms};
use crate::model::{SimTime, ZoneIx};
use crate::placement::{DemandId, Fleet, HostClass, Policy, Want};
use crate::scenario::workload::TraceFormat;

/// Cores of a NUMA node of the studies' servers.
const NODE_CORES: u32 = 40;
/// Memory of a NUMA node of the studies' servers, in GiB.
const NODE_GIB: u32 = 90;

/// A trace in memory.
#[derive(Clone, Debug)]
pub struct Trace(Vms);

impl Trace {
    /// Reads a trace; VMs of a second file (such as creations that are never deleted) are merged by time.
    ///
    /// # Errors
    /// A file is missing, empty or damaged.
    pub fn read(path: &Path, also: Option<&Path>) -> Result<Trace, PackingError> {
        let mut vms = Vms::read(path, TraceFormat::HuaweiEast1)?;
        if let Some(also) = also {
            vms.merge(Vms::read(also, TraceFormat::HuaweiEast1)?);
        }
        Ok(Trace(vms))
    }

    /// Number of VMs.
    pub fn len(&self) -> usize {
        self.0.list.len()
    }

    /// True without VMs, which no trace that was read is.
    pub fn is_empty(&self) -> bool {
        self.0.list.is_empty()
    }
}

/// The servers, and how a run goes.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Servers.
    pub servers: u32,
    /// VMs with more memory than this, in GiB, are split over both nodes.
    pub threshold_gib: u32,
    /// Whether VMs leave at the end of their lifetime.
    pub release: bool,
    /// The policy.
    pub policy: Policy,
}

/// What a run over the whole file came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Whole {
    /// VMs that found a place.
    pub placed: u64,
    /// VMs that found none.
    pub rejected: u64,
    /// Most thousandths of a core in use at once.
    pub peak_cpu_milli: u64,
}

impl Setup {
    fn class(&self) -> HostClass {
        HostClass {
            numa_nodes: 2,
            split_above_mib: Some(self.threshold_gib.saturating_mul(1_024)),
            ..HostClass::plain("server", 2 * NODE_CORES * 1_000, 2 * NODE_GIB * 1_024)
        }
    }

    fn fleet(&self, trace: &Trace) -> Result<Fleet, PackingError> {
        trace.0.fleet(self.class(), self.servers, self.policy.clone())
    }

    /// No placement can place more VMs than this from the one at place `start` on until the first that fits nowhere,
    /// whatever the policy.
    pub fn at_most(&self, trace: &Trace, start: usize) -> u64 {
        let (class, vms) = (self.class(), trace.0.list.get(start..).unwrap_or(&[]));
        Flow { vms, demands: &trace.0.demands, class: &class, release: self.release }
            .most_placed(self.servers.into())
    }

    /// No placement can hold every VM of the trace, with releases, on fewer servers than this.
    pub fn least_servers(&self, trace: &Trace) -> u64 {
        let class = self.class();
        Flow { vms: &trace.0.list, demands: &trace.0.demands, class: &class, release: true }.least_hosts()
    }

    /// Places VMs from the one at place `start` on, into the empty cluster, until the first that fits nowhere: how many were
    /// placed.
    ///
    /// # Errors
    /// When the servers cannot be built.
    pub fn until_full(&self, trace: &Trace, start: usize) -> Result<u64, PackingError> {
        let fleet = self.fleet(trace)?;
        let mut living = Living::default();
        let mut placed = 0;
        for vm in trace.0.list.iter().skip(start) {
            if self.release {
                living.release(&fleet, vm.at);
            }
            let Ok(claim) = fleet.place(&Want::zone(DemandId(vm.demand), ZoneIx(0))) else { break };
            living.keep(claim, if self.release { vm.end } else { SimTime::NEVER });
            placed += 1;
        }
        Ok(placed)
    }

    /// Offers every VM of the trace, and turns away those that fit nowhere.
    ///
    /// # Errors
    /// When the servers cannot be built.
    pub fn whole(&self, trace: &Trace) -> Result<Whole, PackingError> {
        let fleet = self.fleet(trace)?;
        let mut living = Living::default();
        let mut done = Whole { placed: 0, rejected: 0, peak_cpu_milli: 0 };
        for vm in &trace.0.list {
            living.release(&fleet, vm.at);
            let Ok(claim) = fleet.place(&Want::zone(DemandId(vm.demand), ZoneIx(0))) else {
                done.rejected += 1;
                continue;
            };
            living.keep(claim, vm.end);
            done.placed += 1;
            done.peak_cpu_milli = done.peak_cpu_milli.max(fleet.zone_usage(ZoneIx(0)).used.cpu_milli);
        }
        Ok(done)
    }
}
