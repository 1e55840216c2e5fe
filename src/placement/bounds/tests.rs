//! Hand-computed instances, and random ones against the true optimum.

use super::*;
use crate::model::{HostIx, ZoneIx};
use crate::placement::{DemandId, FleetBuilder, HostGroup, HostState, Policy, Want};

fn host(cpu: u32, memory: u32) -> HostClass {
    HostClass::plain("host", cpu, memory)
}

fn bounds(sizes: &[(u32, u32, u64)], class: &HostClass) -> Bounds {
    let demands: Vec<Demand> = sizes.iter().map(|&(cpu, memory, _)| Demand::plain(cpu, memory)).collect();
    let counts: Vec<u64> = sizes.iter().map(|&(.., count)| count).collect();
    Problem::new(&demands, (ClassIx(0), class), &[]).bounds(&counts)
}

#[test]
fn one_size_that_wastes_room() {
    // Five of 6 in hosts of 10: 30 / 10 = 3 by volume, and no two share a host.
    assert_eq!(bounds(&[(6, 1, 5)], &host(10, 100)), Bounds { volume: 3, hosts: 5 });
}

#[test]
fn the_scarcer_resource_counts() {
    // CPU 8 * 1 / 16, memory 8 * 5 / 10 = 4; two fill the memory of a host.
    assert_eq!(bounds(&[(1, 5, 8)], &host(16, 10)), Bounds { volume: 4, hosts: 4 });
}

#[test]
fn combinations_are_mixed() {
    // Hosts of 10, by volume (28 + 12 + 20) / 10 = 6. The heaviest combinations are 7 + 3, 4 + 4 and 3 + 3 + 4: weights
    // of 3/4, 1/4 and 1/2 fit them all, and 4 * 3/4 + 4 * 1/4 + 5 * 1/2 = 6.5.
    let found = bounds(&[(7, 1, 4), (3, 1, 4), (4, 1, 5)], &host(10, 100));
    assert_eq!((found.volume, found.hosts), (6, 7));
}

#[test]
fn nodes_are_bins_of_their_own() {
    // Two nodes of 10: an instance of 6 needs a node, so two a host, where the sum of 20 would hold three.
    let class = HostClass { numa_nodes: 2, ..host(20, 200) };
    assert_eq!(bounds(&[(6, 1, 6)], &class), Bounds { volume: 2, hosts: 3 });
    // Spread above 50: halves of 3 on both nodes, so three a host.
    let class = HostClass { split_above_mib: Some(50), ..class };
    assert_eq!(bounds(&[(6, 60, 6)], &class), Bounds { volume: 2, hosts: 2 });
}

#[test]
fn hosts_that_are_there_hold_their_part() {
    let demands = [Demand::plain(6, 1), Demand::plain(2, 1)];
    let (open, there) = (host(10, 100), host(13, 100));
    let problem = Problem::new(&demands, (ClassIx(0), &open), &[(ClassIx(1), &there, 2)]);
    // The two hosts there hold two of size 6 each; six more need a host each.
    assert_eq!(problem.bounds(&[10, 0]), Bounds { volume: 4, hosts: 6 });
    assert_eq!(problem.bounds(&[4, 0]).hosts, 0);
    // A demand that no host asked about can hold is left out.
    let problem = Problem::new(&[Demand::plain(11, 1)], (ClassIx(0), &open), &[]);
    assert_eq!(problem.bounds(&[3]), Bounds { volume: 0, hosts: 0 });
}

/// The least hosts, by trying everything: each instance on each host that is open, or on a new one.
fn optimum(left: &[(u32, u32)], hosts: &mut Vec<(u32, u32)>, room: (u32, u32), best: &mut usize) {
    if hosts.len() >= *best {
        return;
    }
    let Some((&(cpu, memory), rest)) = left.split_first() else {
        *best = hosts.len();
        return;
    };
    for at in 0..hosts.len() {
        let before = hosts[at];
        if before.0 >= cpu && before.1 >= memory {
            hosts[at] = (before.0 - cpu, before.1 - memory);
            optimum(rest, hosts, room, best);
            hosts[at] = before;
        }
    }
    hosts.push((room.0 - cpu, room.1 - memory));
    optimum(rest, hosts, room, best);
    hosts.pop();
}

/// Hosts that a policy opens, one more whenever no open one has room.
fn opened(policy: &str, sizes: &[(u32, u32)], room: (u32, u32)) -> u64 {
    let mut builder = FleetBuilder::new(Policy::named(policy).unwrap(), 1);
    let class = builder.class(host(room.0, room.1));
    builder.hosts(HostGroup::new(ZoneIx(0), class, sizes.len() as u32));
    for &(cpu, memory) in sizes {
        builder.demand(Demand::plain(cpu, memory));
    }
    let fleet = builder.build().unwrap();
    let mut open = 0;
    (0..sizes.len() as u32).for_each(|at| fleet.set_host_state(HostIx(at), HostState::Failed));
    for demand in 0..sizes.len() as u32 {
        while fleet.place(&Want::zone(DemandId(demand), ZoneIx(0))).map(drop).is_err() {
            fleet.set_host_state(HostIx(open), HostState::Up);
            open += 1;
        }
    }
    open.into()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn below_the_optimum_and_below_every_policy(
        sizes in proptest::collection::vec((1u32..10, 1u32..10), 1..9),
        room in (9u32..16, 9u32..16),
    ) {
        let demands: Vec<Demand> = sizes.iter().map(|&(cpu, memory)| Demand::plain(cpu, memory)).collect();
        let class = host(room.0, room.1);
        let problem = Problem::new(&demands, (ClassIx(0), &class), &[]);
        let found = problem.bounds(&vec![1; sizes.len()]);
        let mut best = sizes.len() + 1;
        optimum(&sizes, &mut Vec::new(), room, &mut best);
        assert!(found.volume <= found.hosts && found.hosts <= best as u64, "{found:?}, optimum {best}");
        for (policy, _) in Policy::all() {
            let opened = opened(policy, &sizes, room);
            assert!(found.hosts <= opened, "{policy} opens {opened}, bound {found:?}");
        }
    }
}
