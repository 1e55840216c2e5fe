//! Many threads on one fleet: what is claimed never exceeds what there is, sets keep their limits, and everything
//! comes back.

use std::sync::Barrier;

use packyard::model::ZoneIx;
use packyard::placement::{
    Claim, Demand, DemandId, Fleet, FleetBuilder, Granularity, HostClass, HostGroup, Policy, SetIx, SetRule,
    Want,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

const ZONES: [ZoneIx; 2] = [ZoneIx(0), ZoneIx(1)];
const PER_ZONE: u32 = 3;

fn fleet(policy: &str) -> (Fleet, Vec<DemandId>, Vec<SetIx>) {
    let mut builder = FleetBuilder::new(Policy::named(policy).expect("a policy"), 5);
    let class = builder.class(HostClass::plain("small", 8_000, 16_384));
    for zone in ZONES {
        builder.hosts(HostGroup { hosts_per_rack: 2, ..HostGroup::new(zone, class, 12) });
    }
    builder.shards_per_zone(3);
    let demands = [1, 2, 4, 8].map(|size| builder.demand(Demand::plain(size * 1_000, size * 2_048)));
    let fleet = builder.build().expect("a fleet");
    let sets = [Granularity::Host, Granularity::Rack, Granularity::Host];
    let sets = sets.map(|apart| fleet.add_set(SetRule::Spread { apart, per_zone: PER_ZONE }));
    (fleet, demands.to_vec(), sets.to_vec())
}

/// Places, releases, moves and resizes at random; what it still holds.
fn work(fleet: &Fleet, demands: &[DemandId], sets: &[SetIx], seed: u64) -> Vec<Claim> {
    let mut luck = ChaCha8Rng::seed_from_u64(seed);
    let mut below = |n: usize| (luck.next_u64() % n as u64) as usize;
    let mut held: Vec<Claim> = Vec::new();
    for _ in 0..20_000 {
        let mut want = Want::any(demands[below(4)], &ZONES);
        if below(3) == 0 {
            want = want.member_of(sets[below(3)]);
        }
        match below(8) {
            0..4 => held.extend(fleet.place(&want).ok()),
            step if !held.is_empty() => {
                let claim = held.swap_remove(below(held.len()));
                match step {
                    4 => held.push(fleet.migrate(claim, &want).unwrap_or_else(|unchanged| unchanged.claim)),
                    5 => held.push(
                        fleet.resize(claim, demands[below(4)]).unwrap_or_else(|unchanged| unchanged.claim),
                    ),
                    _ => fleet.release(claim),
                }
            }
            _ => {}
        }
        for &set in sets {
            assert!(ZONES.iter().all(|&zone| fleet.set_members(set, zone) <= PER_ZONE));
        }
    }
    held
}

fn check(policy: &str) {
    let (fleet, demands, sets) = fleet(policy);
    let start = Barrier::new(4);
    let held: Vec<Claim> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|seed| {
                let (fleet, demands, sets, start) = (&fleet, &demands, &sets, &start);
                scope.spawn(move || {
                    start.wait();
                    work(fleet, demands, sets, seed)
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("no thread panics")).collect()
    });
    fleet.check();
    let claimed: u64 =
        held.iter().map(|claim| u64::from(fleet.demands()[claim.demand().0 as usize].cpu_milli)).sum();
    let used: u64 = ZONES.iter().map(|&zone| fleet.zone_usage(zone).used.cpu_milli).sum();
    assert_eq!(used, claimed, "free and claimed make up the capacity");
    for &set in &sets {
        let mut hosts: Vec<_> =
            held.iter().filter(|claim| claim.set() == Some(set)).map(Claim::host).collect();
        let members: u32 = ZONES.iter().map(|&zone| fleet.set_members(set, zone)).sum();
        assert_eq!(hosts.len(), members as usize);
        hosts.sort();
        hosts.dedup();
        assert_eq!(hosts.len(), members as usize, "no two members share a host");
    }
    held.into_iter().for_each(|claim| fleet.release(claim));
    fleet.check();
    for zone in ZONES {
        let usage = fleet.zone_usage(zone);
        assert_eq!((usage.empty, usage.claims, usage.used.memory_mib), (12, 0, 0));
    }
}

#[test]
fn best_fit_from_many_threads() {
    check("best-fit");
}

#[test]
fn first_fit_from_many_threads() {
    check("first-fit");
}

#[test]
fn random_fit_from_many_threads() {
    check("random-fit");
}
