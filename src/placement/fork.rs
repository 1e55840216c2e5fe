//! A twin of a fleet, for questions of the kind "what if".

use super::fleet::{Fleet, Zone};
use crate::sync::{AtomicU64, Ordering};

impl Fleet {
    /// A twin in the same state, which goes its own way from here on: what is done to one does not show on the other.
    /// Claims are of the fleet that made them; the twin holds their room too, and never gives it back.
    ///
    /// Costs a copy of the whole index, about 12 bytes a host beside the fixed part. From one thread: a fleet that
    /// others change meanwhile is copied shard by shard.
    #[must_use]
    pub fn fork(&self) -> Fleet {
        let zone = |zone: &Zone| Zone {
            zone: zone.zone,
            shards: zone.shards.clone(),
            hosts: zone.hosts,
            capacity: zone.capacity,
            luck: zone.luck.fork(),
            cursor: AtomicU64::new(zone.cursor.load(Ordering::Relaxed)),
        };
        let zones = self.zones.iter().map(zone).collect();
        let shards = self.shards.iter().map(|shard| shard.fork().into()).collect();
        let mut twin = Fleet::assemble(self.facts.clone(), self.layout.clone(), zones, shards, self.len());
        twin.sets = self.sets.fork();
        twin
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{HostIx, ZoneIx};
    use crate::placement::{Demand, FleetBuilder, HostClass, HostGroup, HostState, Policy, Want};

    #[test]
    fn a_twin_decides_alike_and_leaves_the_first_alone() {
        for policy in ["best-fit", "next-fit", "random-fit", "power-of-2", "fgd"] {
            let mut builder = FleetBuilder::new(Policy::named(policy).unwrap(), 7);
            let class = builder.class(HostClass::plain("host", 8_000, 32_768));
            let zone = ZoneIx(0);
            builder.hosts(HostGroup::new(zone, class, 12));
            let mut demands = Vec::new();
            for cpu in [1_000, 2_000, 4_000] {
                demands.push(builder.demand(Demand::plain(cpu, cpu * 4)));
            }
            let fleet = builder.build().unwrap();
            let mut claims = Vec::new();
            for at in 0..20 {
                claims.push(fleet.place(&Want::zone(demands[at % 3], zone)).unwrap());
            }
            fleet.release(claims.swap_remove(4));
            let twin = fleet.fork();
            twin.check();
            let before = fleet.zone_usage(zone);
            let other = fleet.fork();
            other.set_host_state(HostIx(0), HostState::Failed);
            while let Ok(claim) = other.place(&Want::zone(demands[0], zone)) {
                assert_ne!(claim.host(), HostIx(0), "{policy}: the host is down");
            }
            other.check();
            assert_eq!(fleet.zone_usage(zone), before, "{policy}");
            for at in 0..60 {
                let want = Want::zone(demands[at * 7 % 3], zone);
                let (first, second) = (fleet.place(&want), twin.place(&want));
                assert_eq!(
                    first.as_ref().map(|claim| claim.host()).ok(),
                    second.as_ref().map(|claim| claim.host()).ok(),
                    "{policy}: decision {at}"
                );
            }
            assert_eq!(fleet.zone_usage(zone), twin.zone_usage(zone), "{policy}");
        }
    }
}
