//! Where the hosts of a scenario stand: zones, clusters, pools, racks and switches as ranges of hosts.

use std::ops::Range;

use super::naming;
use super::resolve::{DedicatedHost, Pool};
use crate::model::Zone;

/// Hosts of the fleet, as ranges of their numbers, ascending and disjoint.
pub type Hosts = Vec<Range<u32>>;

/// A part of a zone or pool that has a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Part {
    /// One host.
    Host,
    /// The hosts of a rack.
    Rack,
    /// The hosts behind a switch.
    Switch,
}

impl Part {
    /// Its word.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Part::Host => "host",
            Part::Rack => "rack",
            Part::Switch => "switch",
        }
    }
}

/// Hosts that were added together: a pool in one zone, or one dedicated host.
#[derive(Debug)]
struct Unit<'s> {
    hosts: Range<u32>,
    zone: &'s Zone,
    /// Pool and cluster; none for dedicated hosts.
    pool: Option<(&'s str, &'s str)>,
    /// Id of a dedicated host.
    id: Option<&'s str>,
    /// Number of its first host among the hosts of pools in the zone, from 1.
    first: u32,
    per_rack: u32,
    per_switch: u32,
}

/// Every host of a scenario, numbered as the fleet numbers them: pools in order, then dedicated hosts.
#[derive(Debug)]
pub(super) struct Topology<'s> {
    units: Vec<Unit<'s>>,
}

impl<'s> Topology<'s> {
    /// The hosts of these pools and dedicated hosts.
    pub(super) fn new(zones: &'s [Zone], pools: &'s [Pool], dedicated: &'s [DedicatedHost]) -> Topology<'s> {
        let mut next = 0;
        let mut numbers = vec![1; zones.len()];
        let mut units = Vec::with_capacity(pools.len() + dedicated.len());
        for pool in pools {
            units.push(Unit {
                hosts: next..next + pool.hosts,
                zone: &zones[pool.zone.at()],
                pool: Some((&pool.name, &pool.cluster)),
                id: None,
                first: numbers[pool.zone.at()],
                per_rack: pool.hosts_per_rack,
                per_switch: pool.hosts_per_rack.saturating_mul(pool.racks_per_switch),
            });
            next += pool.hosts;
            numbers[pool.zone.at()] += pool.hosts;
        }
        for host in dedicated {
            units.push(Unit {
                hosts: next..next + 1,
                zone: &zones[host.zone.at()],
                pool: None,
                id: Some(&host.id),
                first: 0,
                per_rack: 1,
                per_switch: 1,
            });
            next += 1;
        }
        Topology { units }
    }

    fn hosts_where(&self, inside: impl Fn(&Unit<'s>) -> bool) -> Hosts {
        self.units.iter().filter(|unit| inside(unit)).map(|unit| unit.hosts.clone()).collect()
    }

    /// The hosts of a zone, region, cluster or pool, or one host by its id; none for another kind of place.
    pub(super) fn named(&self, kind: &str, name: &str) -> Option<Hosts> {
        Some(match kind {
            "zone" => self.hosts_where(|unit| unit.zone.id == name),
            "region" => self.hosts_where(|unit| unit.zone.region == name),
            "pool" => self.hosts_where(|unit| unit.pool.is_some_and(|(pool, _)| pool == name)),
            "cluster" => self.hosts_where(|unit| unit.pool.is_some_and(|(_, cluster)| cluster == name)),
            "host" => self.host(name).into_iter().map(|host| host..host + 1).collect(),
            _ => return None,
        })
    }

    fn host(&self, id: &str) -> Option<u32> {
        if let Some(unit) = self.units.iter().find(|unit| unit.id == Some(id)) {
            return Some(unit.hosts.start);
        }
        self.units.iter().filter(|unit| unit.pool.is_some()).find_map(|unit| {
            let number: u32 =
                id.strip_prefix(&naming::node_controller_prefix(&unit.zone.id))?.parse().ok()?;
            let at = number.checked_sub(unit.first)?;
            (at < unit.hosts.end - unit.hosts.start).then_some(unit.hosts.start + at)
        })
    }

    /// The hosts of whatever has this name: a zone, else a pool, a cluster, a region.
    pub(super) fn anything(&self, name: &str) -> Option<Hosts> {
        ["zone", "pool", "cluster", "region"]
            .iter()
            .find_map(|kind| self.named(kind, name).filter(|hosts| !hosts.is_empty()))
    }

    /// Names of one kind of place that have hosts, each once.
    pub(super) fn names_of(&self, kind: &str) -> Vec<&'s str> {
        let name = |unit: &Unit<'s>| match kind {
            "zone" => Some(unit.zone.id.as_str()),
            "region" => Some(unit.zone.region.as_str()),
            "pool" => unit.pool.map(|(pool, _)| pool),
            "cluster" => unit.pool.map(|(_, cluster)| cluster),
            _ => None,
        };
        let mut names: Vec<&str> = self.units.iter().filter_map(name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Names that [`Topology::anything`] knows.
    pub(super) fn names(&self) -> Vec<&'s str> {
        ["zone", "pool", "cluster", "region"].iter().flat_map(|kind| self.names_of(kind)).collect()
    }

    /// Cuts hosts into hosts, racks or switches, in order. A part that only some of the hosts stand in is a part.
    pub(super) fn split(&self, hosts: &Hosts, part: Part) -> Vec<Hosts> {
        let mut parts = Vec::new();
        for unit in &self.units {
            let size = match part {
                Part::Host => 1,
                Part::Rack => unit.per_rack,
                Part::Switch => unit.per_switch,
            };
            let mut start = unit.hosts.start;
            while start < unit.hosts.end {
                let end = start.saturating_add(size.max(1)).min(unit.hosts.end);
                let inside: Hosts = hosts
                    .iter()
                    .map(|range| range.start.max(start)..range.end.min(end))
                    .filter(|range| !range.is_empty())
                    .collect();
                if !inside.is_empty() {
                    parts.push(inside);
                }
                start = end;
            }
        }
        parts
    }
}
