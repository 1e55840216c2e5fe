//! Who lives where, and whether they would find another place if something failed.

use std::collections::BTreeMap;

use crate::model::{HostIx, TypeIx, ZoneIx};
use crate::placement::{Fleet, HostState, Want};
use crate::sim::{Simulation, View};

use super::objective::Failure;

/// The live instances of a run.
#[derive(Debug)]
pub(super) struct Population {
    /// By number of the instance: where it is and what it is.
    live: BTreeMap<u64, (HostIx, u32)>,
    /// By template: its type.
    types: Vec<Option<TypeIx>>,
    /// Most thousandths of a vCPU and MiB that any sample has seen.
    peak: (u64, u64),
}

impl Population {
    pub(super) fn new(simulation: &Simulation<'_>) -> Population {
        let world = &simulation.cloud().world;
        let types = simulation
            .workload()
            .templates()
            .iter()
            .map(|template| {
                let value = template.params.iter().find(|(name, _)| name == "InstanceType");
                value.and_then(|(_, value)| world.type_named(value))
            })
            .collect();
        Population { live: BTreeMap::new(), types, peak: (0, 0) }
    }

    /// An instance came to a host.
    pub(super) fn came(&mut self, number: u64, template: u32, host: HostIx) {
        self.live.insert(number, (host, template));
    }

    /// An instance is on another host now.
    pub(super) fn moved(&mut self, number: u64, host: HostIx) {
        if let Some((place, _)) = self.live.get_mut(&number) {
            *place = host;
        }
    }

    /// An instance went.
    pub(super) fn went(&mut self, number: u64) {
        self.live.remove(&number);
    }

    /// True when more vCPUs or more memory are placed than at any sample before.
    pub(super) fn is_new_peak(&mut self, view: &View<'_>) -> bool {
        let (cpu, memory) = (view.total.cpu_milli.now(), view.total.memory_mib.now());
        let new = cpu > self.peak.0 || memory > self.peak.1;
        self.peak = (self.peak.0.max(cpu), self.peak.1.max(memory));
        new
    }

    /// Instances that find no other place after the worst failure of this kind in one of `zones` (empty: in each).
    pub(super) fn homeless(&self, failure: Failure, zones: &[String], view: &View<'_>) -> u64 {
        let chosen = |name: &str| zones.is_empty() || zones.iter().any(|zone| zone == name);
        let with_hosts = view.world.all_zones().filter(|&(zone, _)| view.fleet.zone_usage(zone).hosts > 0);
        let counts = with_hosts.filter(|&(_, name)| chosen(name)).map(|(zone, _)| {
            let twin = view.fleet.fork();
            match failure {
                Failure::Zone => {
                    let region = view.world.zone_region(zone);
                    let refuges: Vec<ZoneIx> = view
                        .world
                        .all_zones()
                        .map(|(other, _)| other)
                        .filter(|&other| other != zone && view.world.zone_region(other) == region)
                        .collect();
                    let lost = |host| twin.host(host).is_some_and(|host| host.zone == zone);
                    self.place(&twin, view, lost, &refuges)
                }
                Failure::Hosts(count) => {
                    let mut hosts = by_use(&twin, zone);
                    hosts.truncate(count as usize);
                    self.fail(&twin, view, zone, &hosts)
                }
                Failure::Rack => self.fail(&twin, view, zone, &fullest_rack(&twin, zone)),
            }
        });
        counts.max().unwrap_or(0)
    }

    /// Fails `hosts` of a zone and looks for places for their instances in the rest of it.
    fn fail(&self, twin: &Fleet, view: &View<'_>, zone: ZoneIx, hosts: &[HostIx]) -> u64 {
        for &host in hosts {
            twin.set_host_state(host, HostState::Failed);
        }
        let mut failed = hosts.to_vec();
        failed.sort_unstable();
        self.place(twin, view, |host| failed.binary_search(&host).is_ok(), &[zone])
    }

    /// Looks for places for the instances on the hosts that `lost` names, in the order in which they came.
    fn place(&self, twin: &Fleet, view: &View<'_>, lost: impl Fn(HostIx) -> bool, refuges: &[ZoneIx]) -> u64 {
        let mut homeless = 0;
        for &(host, template) in self.live.values().filter(|(host, _)| lost(*host)) {
            let demand = self.types[template as usize].and_then(|named| view.world.demand_of(named));
            let owner = twin.host(host).map(|host| host.owner).unwrap_or_default();
            let place = demand.is_some_and(|demand| {
                let want = Want::any(demand, refuges).owned_by(owner);
                // The claim stays with the twin, which is thrown away.
                twin.place(&want).is_ok()
            });
            homeless += u64::from(!place);
        }
        homeless
    }
}

/// Hosts of a zone, those of which the largest share is used first.
fn by_use(fleet: &Fleet, zone: ZoneIx) -> Vec<HostIx> {
    let mut hosts: Vec<(u64, HostIx)> = (0..fleet.len())
        .map(HostIx)
        .filter_map(|host| fleet.host(host).filter(|view| view.zone == zone).map(|view| (used(&view), host)))
        .collect();
    hosts.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    hosts.into_iter().map(|(_, host)| host).collect()
}

/// Hosts of the rack of a zone that is used most.
fn fullest_rack(fleet: &Fleet, zone: ZoneIx) -> Vec<HostIx> {
    let mut racks: BTreeMap<u32, (u64, Vec<HostIx>)> = BTreeMap::new();
    for host in (0..fleet.len()).map(HostIx) {
        if let Some(view) = fleet.host(host).filter(|view| view.zone == zone) {
            let rack = racks.entry(view.rack).or_default();
            rack.0 += used(&view);
            rack.1.push(host);
        }
    }
    let fullest = racks.into_values().rev().max_by_key(|(used, _)| *used);
    fullest.map(|(_, hosts)| hosts).unwrap_or_default()
}

/// Used share of the scarcer one of vCPUs and memory, in millionths.
fn used(view: &crate::placement::HostView) -> u64 {
    let share = |free: u64, whole: u64| (whole - free) * 1_000_000 / whole.max(1);
    share(view.free.cpu_milli, view.capacity.cpu_milli)
        .max(share(view.free.memory_mib, view.capacity.memory_mib))
}
