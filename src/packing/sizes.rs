//! What the protocols on VM traces share: creations as demands, and the VMs that live now.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};

use crate::model::SimTime;
use crate::placement::{BuildError, Claim, Demand, Fleet, FleetBuilder, HostClass, HostGroup, Policy};
use crate::scenario::workload::TraceFormat;
use crate::workload::trace::{Asked, RecordEnd, TraceError, TraceReader};

use super::PackingError;
use crate::model::ZoneIx;

/// One creation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Vm {
    /// Line of the file, from 1.
    pub(super) line: u64,
    /// When it is asked for.
    pub(super) at: SimTime,
    /// When it leaves; [`SimTime::NEVER`] for one that stays.
    pub(super) end: SimTime,
    /// Place in [`Vms::demands`].
    pub(super) demand: u32,
}

/// All creations of a trace, in order.
#[derive(Clone, Debug)]
pub(super) struct Vms {
    pub(super) path: PathBuf,
    pub(super) demands: Vec<Demand>,
    pub(super) list: Vec<Vm>,
}

impl Vms {
    /// Reads a trace whose requests are sizes. A request of unknown end stays.
    pub(super) fn read(path: &Path, format: TraceFormat) -> Result<Vms, PackingError> {
        let mut reader = TraceReader::open(path, format)?;
        let mut list = Vec::new();
        while let Some(record) = reader.next()? {
            let end = match record.end {
                RecordEnd::After(lifetime) => record.at + lifetime,
                RecordEnd::Never | RecordEnd::Unknown => SimTime::NEVER,
            };
            list.push(Vm { line: record.line, at: record.at, end, demand: record.asked });
        }
        if list.is_empty() {
            return Err(TraceError::Empty { path: path.to_path_buf() }.into());
        }
        let demands = reader.names().asked.values().iter().map(|asked| match asked {
            Asked::Size { cpu_milli, memory_mib } => Ok(Demand::plain(*cpu_milli, *memory_mib)),
            Asked::WithGpus { .. } => {
                Err(PackingError::Unsized { path: path.to_path_buf(), name: asked.label() })
            }
            Asked::Type(name) => Err(PackingError::Unsized { path: path.to_path_buf(), name: name.clone() }),
        });
        Ok(Vms { path: path.to_path_buf(), demands: demands.collect::<Result<_, _>>()?, list })
    }

    /// Adds the creations of another trace, each after those of the same moment.
    pub(super) fn merge(&mut self, other: Vms) {
        let offset = self.demands.len() as u32;
        self.demands.extend(other.demands);
        self.list.extend(other.list.into_iter().map(|vm| Vm { demand: vm.demand + offset, ..vm }));
        self.list.sort_by_key(|vm| vm.at);
    }

    /// An empty fleet of equal hosts in one zone that knows the demands.
    pub(super) fn fleet(&self, class: HostClass, hosts: u32, policy: Policy) -> Result<Fleet, PackingError> {
        let mut builder = FleetBuilder::new(policy, 0);
        let class = builder.class(class);
        builder.hosts(HostGroup::new(ZoneIx(0), class, hosts));
        for demand in &self.demands {
            builder.demand(demand.clone());
        }
        builder.build().map_err(|cause: BuildError| PackingError::Fleet { path: self.path.clone(), cause })
    }
}

/// The VMs that live now and will end.
#[derive(Default)]
pub(super) struct Living {
    ends: BinaryHeap<Reverse<(SimTime, usize)>>,
    claims: Vec<Option<Claim>>,
}

impl Living {
    /// Keeps a claim until its end. One that never ends needs no keeping: its room stays taken.
    pub(super) fn keep(&mut self, claim: Claim, end: SimTime) {
        if end != SimTime::NEVER {
            self.ends.push(Reverse((end, self.claims.len())));
            self.claims.push(Some(claim));
        }
    }

    /// Releases every VM that ends at `now` or before.
    pub(super) fn release(&mut self, fleet: &Fleet, now: SimTime) {
        while let Some(&Reverse((end, place))) = self.ends.peek()
            && end <= now
        {
            self.ends.pop();
            if let Some(claim) = self.claims[place].take() {
                fleet.release(claim);
            }
        }
    }
}
