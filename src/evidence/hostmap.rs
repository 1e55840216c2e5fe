//! How full each host is, drawn small: single hosts where there are few, groups of neighbours where there are many.

use serde::Serialize;

use crate::model::{HostIx, Resources};
use crate::placement::{Fleet, HostState, HostView};
use crate::sim::Labels;

/// Cells of all zones together: a million hosts make as large a map as ten thousand.
const MOST_CELLS: usize = 8_192;
/// A zone has room for this many cells, however many zones there are.
const LEAST_CELLS: usize = 64;

/// A map of all hosts at the end of a run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HostMap {
    /// Zones that have hosts.
    pub zones: Vec<ZoneMap>,
}

/// The hosts of one zone in the order of their numbers.
#[derive(Clone, Debug, Serialize)]
pub struct ZoneMap {
    /// Its name.
    pub zone: String,
    /// Its hosts.
    pub hosts: u64,
    /// Hosts of one cell; the last one may have fewer.
    pub per_cell: u64,
    /// Number of the first host of each cell.
    pub first: Vec<u32>,
    /// Host class of each cell's first host.
    pub class: Vec<String>,
    /// Per cent of the vCPUs placed.
    pub vcpu: Vec<u8>,
    /// Per cent of the memory placed.
    pub memory: Vec<u8>,
    /// Hosts that take no instances.
    pub down: Vec<u32>,
    /// Hosts without an instance.
    pub empty: Vec<u32>,
}

#[derive(Default)]
struct Sum {
    capacity: Resources,
    free: Resources,
    down: u32,
    empty: u32,
}

impl HostMap {
    /// Looks at every host once.
    pub fn of(fleet: &Fleet, labels: &Labels) -> HostMap {
        let mut hosts: Vec<Vec<u32>> = vec![Vec::new(); labels.zones.len()];
        let views = |hosts: &[u32]| -> Vec<HostView> {
            hosts.iter().filter_map(|&host| fleet.host(HostIx(host))).collect()
        };
        for host in 0..fleet.len() {
            if let Some(zone) = fleet.zone_of(HostIx(host)) {
                hosts[zone.at()].push(host);
            }
        }
        let zones = hosts.iter().filter(|hosts| !hosts.is_empty()).count();
        let room = (MOST_CELLS / zones.max(1)).max(LEAST_CELLS);
        let zone = |(hosts, name): (&Vec<u32>, &String)| {
            let per_cell = hosts.len().div_ceil(room).max(1);
            let mut map = ZoneMap {
                zone: name.clone(),
                hosts: hosts.len() as u64,
                per_cell: per_cell as u64,
                first: Vec::new(),
                class: Vec::new(),
                vcpu: Vec::new(),
                memory: Vec::new(),
                down: Vec::new(),
                empty: Vec::new(),
            };
            for group in hosts.chunks(per_cell) {
                map.add(group[0], &views(group), &labels.classes);
            }
            map
        };
        HostMap {
            zones: hosts.iter().zip(&labels.zones).filter(|(hosts, _)| !hosts.is_empty()).map(zone).collect(),
        }
    }
}

impl ZoneMap {
    fn add(&mut self, first: u32, views: &[HostView], classes: &[String]) {
        let mut sum = Sum::default();
        for view in views {
            sum.capacity += view.capacity;
            sum.free += view.free;
            sum.down += u32::from(view.state != HostState::Up);
            sum.empty += u32::from(view.free == view.capacity);
        }
        let percent = |free: u64, all: u64| ((all - free) * 100 / all.max(1)) as u8;
        self.first.push(first);
        self.class.push(views.first().map_or_else(String::new, |view| classes[view.class.at()].clone()));
        self.vcpu.push(percent(sum.free.cpu_milli, sum.capacity.cpu_milli));
        self.memory.push(percent(sum.free.memory_mib, sum.capacity.memory_mib));
        self.down.push(sum.down);
        self.empty.push(sum.empty);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::Scenario;
    use crate::sim::Simulation;

    #[test]
    fn many_hosts_make_no_larger_a_map_and_none_is_left_out() {
        for hosts in [3, 5_000, 100_000] {
            let text = format!(
                r#"
                [[pools]]
                zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
                class = "ddh.g5"
                hosts = {hosts}
                [[workloads]]
                name = "load"
                arrivals.rate = "1/h"
                lifetime = {{ distribution = "exponential", mean = "6h" }}
                mix = [{{ type = "ecs.g5.large" }}]
                "#
            );
            let scenario = Scenario::from_str(&text, "map.toml").unwrap();
            let simulation = Simulation::new(&scenario, Path::new(""), None).unwrap();
            let labels = simulation.labels();
            let map = HostMap::of(&simulation.into_cloud().fleet, &labels);
            assert_eq!(map.zones.len(), 2);
            for zone in &map.zones {
                assert_eq!(zone.hosts, hosts);
                assert!(zone.first.len() <= MOST_CELLS / 2);
                assert_eq!(zone.empty.iter().map(|&empty| u64::from(empty)).sum::<u64>(), hosts);
                assert!(zone.vcpu.iter().all(|&used| used == 0) && zone.vcpu.len() == zone.first.len());
            }
        }
    }
}
