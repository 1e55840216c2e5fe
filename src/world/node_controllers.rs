//! Node controllers by name: those that facts list one by one, and those of a scenario's pools, which are numbered. A
//! numbered one costs nothing until it is out of reach.

use std::ops::Range;

use fixedbitset::FixedBitSet;

use super::World;
use super::entities::NodeController;
use super::sets::Table;
use crate::model::HostIx;

/// Positions from here on are hosts: the rest of the number.
const NUMBERED: u32 = 1 << 31;

/// Hosts whose names are a prefix and a number.
#[derive(Clone, Debug)]
struct Numbered {
    prefix: Box<str>,
    first: u32,
    hosts: Range<u32>,
    cluster: u32,
}

/// All node controllers that requests may name.
#[derive(Clone, Debug, Default)]
pub(crate) struct NodeControllers {
    listed: Table<NodeController>,
    /// The host of each listed one, where it has one.
    hosts: Vec<Option<HostIx>>,
    numbered: Vec<Numbered>,
    /// Hosts that are out of reach.
    away: FixedBitSet,
}

impl NodeControllers {
    pub(super) fn put(&mut self, name: &str, row: NodeController) {
        let at = self.listed.put(name, row) as usize;
        if self.hosts.len() <= at {
            self.hosts.resize(at + 1, None);
        }
    }

    /// Position and facts of a node controller; none when nobody has the name.
    pub(crate) fn find(&self, name: &str) -> Option<(u32, NodeController)> {
        if let Some((at, row)) = self.listed.entry(name) {
            let away = self.hosts.get(at as usize).copied().flatten().is_some_and(|host| self.is_away(host));
            return Some((at, NodeController { available: row.available && !away, ..*row }));
        }
        let digits = name.bytes().rev().take_while(u8::is_ascii_digit).count();
        let (prefix, digits) = name.split_at(name.len() - digits);
        if digits.starts_with('0') {
            return None;
        }
        let number: u32 = digits.parse().ok()?;
        self.numbered.iter().filter(|one| *one.prefix == *prefix).find_map(|one| {
            let host = one.hosts.start.checked_add(number.checked_sub(one.first)?)?;
            one.hosts.contains(&host).then(|| {
                let available = !self.is_away(HostIx(host));
                (NUMBERED | host, NodeController { cluster: one.cluster, available })
            })
        })
    }

    /// The host of the fleet at a position of [`NodeControllers::find`].
    pub(crate) fn host(&self, at: u32) -> Option<HostIx> {
        if at & NUMBERED != 0 {
            return Some(HostIx(at & !NUMBERED));
        }
        self.hosts.get(at as usize).copied().flatten()
    }

    pub(super) fn bind(&mut self, name: &str, host: HostIx) -> bool {
        let at = self.listed.find(name);
        at.map(|at| self.hosts[at as usize] = Some(host)).is_some()
    }

    fn is_away(&self, host: HostIx) -> bool {
        self.away.contains(host.at())
    }
}

impl World {
    /// Names hosts of the fleet as node controllers of a cluster: `prefix` and a number, from `first` on.
    pub fn number_node_controllers(&mut self, prefix: &str, first: u32, hosts: Range<u32>, cluster: &str) {
        let cluster = self.clusters.refer(cluster);
        self.node_controllers.numbered.push(Numbered { prefix: prefix.into(), first, hosts, cluster });
    }

    /// Says whether the node controller of a host can be reached: a request that names it is refused while it cannot
    /// (R69, NodeControllerUnavailable).
    pub fn set_node_controller_available(&mut self, host: HostIx, available: bool) {
        let away = &mut self.node_controllers.away;
        if !available {
            away.grow_and_insert(host.at());
        } else if away.contains(host.at()) {
            away.set(host.at(), false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::WorldFacts;

    #[test]
    fn a_numbered_controller_is_named_by_prefix_and_number_and_nothing_else() {
        let mut world = World::new(WorldFacts::default()).expect("an empty world");
        world.number_node_controllers("nc-a-", 1, 0..10, "c-a");
        world.number_node_controllers("nc-a-", 11, 40..45, "c-a");
        world.number_node_controllers("nc-b-1-", 1, 10..40, "c-b");
        let host = |world: &World, name: &str| {
            let (at, row) = world.node_controllers.find(name)?;
            Some((world.node_controllers.host(at)?.0, row.available))
        };
        assert_eq!(host(&world, "nc-a-1"), Some((0, true)));
        assert_eq!(host(&world, "nc-a-10"), Some((9, true)));
        assert_eq!(host(&world, "nc-a-11"), Some((40, true)));
        assert_eq!(host(&world, "nc-b-1-30"), Some((39, true)));
        for unknown in ["nc-a-0", "nc-a-01", "nc-a-16", "nc-a-", "nc-a", "", "7", "nc-b-1", "nc-b-1-31"] {
            assert_eq!(host(&world, unknown), None, "{unknown}");
        }
        world.set_node_controller_available(HostIx(9), false);
        assert_eq!(host(&world, "nc-a-10"), Some((9, false)));
        world.set_node_controller_available(HostIx(9), true);
        world.set_node_controller_available(HostIx(39), true);
        assert_eq!(host(&world, "nc-a-10"), Some((9, true)));
    }
}
