//! azure-v1-2017: VM creations of a public cloud, onto as many hosts as it takes.
//!
//! Hosts are opened one at a time, in order, when no open host has room; none is ever closed. VMs that end at or before a
//! moment leave before the VMs of that moment arrive. The measure is the number of hosts that were opened.

use std::path::Path;

use super::PackingError;
use super::bound::Flow;
use super::sizes::{Living, Vms};
use crate::model::{HostIx, ZoneIx};
use crate::placement::{DemandId, HostClass, HostState, Policy, Want};
use crate::scenario::workload::TraceFormat;

/// A trace in memory.
#[derive(Clone, Debug)]
pub struct Trace(Vms);

impl Trace {
    /// Reads a window of the trace, with its companion files.
    ///
    /// # Errors
    /// A file is missing, empty or damaged.
    pub fn read(path: &Path) -> Result<Trace, PackingError> {
        Vms::read(path, TraceFormat::AzureV1_2017).map(Trace)
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

/// The least hosts of `cores` and `gib` that hold a trace, whatever the placement: a lower bound.
pub fn least_hosts(Trace(vms): &Trace, cores: u32, gib: u32) -> u64 {
    let class = host(cores, gib);
    Flow { vms: &vms.list, demands: &vms.demands, class: &class, release: true }.least_hosts()
}

fn host(cores: u32, gib: u32) -> HostClass {
    HostClass::plain("host", cores.saturating_mul(1_000), gib.saturating_mul(1_024))
}

/// Hosts that stand ready at first; doubled when they are too few.
const READY: u32 = 2_048;

/// How many hosts of `cores` and `gib` a policy opens for a trace.
///
/// # Errors
/// When a host cannot be, or a VM is larger than one.
pub fn hosts_opened(trace: &Trace, cores: u32, gib: u32, policy: &Policy) -> Result<u32, PackingError> {
    let mut ready = READY;
    loop {
        if let Some(opened) = attempt(trace, cores, gib, policy, ready)? {
            return Ok(opened);
        }
        ready = ready.saturating_mul(2);
    }
}

/// The hosts opened, unless more than `ready` are needed.
fn attempt(
    Trace(vms): &Trace,
    cores: u32,
    gib: u32,
    policy: &Policy,
    ready: u32,
) -> Result<Option<u32>, PackingError> {
    let fleet = vms.fleet(host(cores, gib), ready, policy.clone())?;
    for host in 0..ready {
        fleet.set_host_state(HostIx(host), HostState::Failed);
    }
    let mut opened = 0;
    let mut living = Living::default();
    for vm in &vms.list {
        living.release(&fleet, vm.at);
        let want = Want::zone(DemandId(vm.demand), ZoneIx(0));
        let claim = match fleet.place(&want) {
            Ok(claim) => claim,
            Err(_) if opened == ready => return Ok(None),
            Err(_) => {
                fleet.set_host_state(HostIx(opened), HostState::Up);
                opened += 1;
                fleet
                    .place(&want)
                    .map_err(|_| PackingError::TooLarge { path: vms.path.clone(), line: vm.line })?
            }
        };
        living.keep(claim, vm.end);
    }
    Ok(Some(opened))
}
