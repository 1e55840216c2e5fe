use super::*;
use crate::model::{HostIx, ZoneIx};

/// Two zones of one class each: 4 vCPU and 8 GiB a host, three hosts in zone 0 and two in zone 1.
fn small(policy: &str) -> (Fleet, [DemandId; 3]) {
    let mut builder = FleetBuilder::new(Policy::named(policy).unwrap(), 1);
    let class = builder.class(HostClass::plain("small", 4_000, 8_192));
    builder.hosts(HostGroup::new(ZoneIx(0), class, 3));
    builder.hosts(HostGroup::new(ZoneIx(1), class, 2));
    let demands = [1, 2, 4].map(|size| builder.demand(Demand::plain(size * 1_000, size * 2_048)));
    (builder.build().unwrap(), demands)
}

#[test]
fn best_fit_fills_the_fullest_host_and_release_gives_back() {
    let (fleet, [one, two, four]) = small("best-fit");
    let zone = ZoneIx(0);
    let a = fleet.place(&Want::zone(two, zone)).unwrap();
    let b = fleet.place(&Want::zone(four, zone)).unwrap();
    let c = fleet.place(&Want::zone(one, zone)).unwrap();
    assert_eq!([a.host(), b.host(), c.host()], [HostIx(0), HostIx(1), HostIx(0)]);
    let usage = fleet.zone_usage(zone);
    assert_eq!(
        (usage.used.cpu_milli, usage.hosts, usage.empty, usage.full, usage.claims),
        (7_000, 3, 1, 1, 3)
    );
    for claim in [a, b, c] {
        fleet.release(claim);
    }
    fleet.check();
    assert_eq!(fleet.zone_usage(zone).empty, 3);
}

#[test]
fn a_full_zone_says_what_is_short_and_the_next_zone_is_tried() {
    let (fleet, [one, _, four]) = small("worst-fit");
    let zones = [ZoneIx(0), ZoneIx(1)];
    let held: Vec<Claim> = (0..3).map(|_| fleet.place(&Want::zone(four, ZoneIx(0))).unwrap()).collect();
    for _ in 0..2 {
        assert_eq!(fleet.place(&Want::zone(one, ZoneIx(0))), Err(NoRoom { reason: Reason::Memory }));
    }
    assert!(!fleet.fits(&Want::zone(one, ZoneIx(0))));
    assert!(fleet.fits(&Want::any(one, &zones)));
    let elsewhere = fleet.place(&Want::any(one, &zones)).unwrap();
    assert_eq!(elsewhere.host(), HostIx(3));
    held.into_iter().for_each(|claim| fleet.release(claim));
    assert!(fleet.fits(&Want::zone(one, ZoneIx(0))));
    fleet.release(elsewhere);
}

#[test]
fn a_claim_is_sixteen_bytes_and_a_shape_one_cache_line() {
    assert_eq!(size_of::<Claim>(), 16);
    assert!(size_of::<shape::Shape>() <= 64, "{}", size_of::<shape::Shape>());
    assert_eq!(size_of::<query::Eval>(), 16);
}

#[test]
fn a_fleet_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Fleet>();
}

#[test]
fn explain_counts_what_each_constraint_removes_and_says_what_is_missing() {
    let (fleet, [one, two, four]) = small("best-fit");
    let zone = ZoneIx(0);
    let set = fleet.add_set(SetRule::Spread { apart: Granularity::Host, per_zone: 7 });
    let held = [
        fleet.place(&Want::zone(four, zone)).unwrap(),
        fleet.place(&Want::zone(one, zone)).unwrap(),
        fleet.place(&Want::zone(two, zone).member_of(set).on(HostIx(2))).unwrap(),
    ];
    let explained = fleet.explain(&Want::zone(two, zone).member_of(set));
    let zone_0 = &explained.zones[0];
    assert_eq!((zone_0.hosts, zone_0.fit), (3, 1));
    assert_eq!(zone_0.removed, [(Reason::Memory, 1), (Reason::Set, 1)]);

    fleet.set_host_state(HostIx(1), HostState::Draining);
    let explained = fleet.explain(&Want::zone(four, zone));
    let zone_0 = &explained.zones[0];
    assert_eq!(zone_0.removed, [(Reason::State, 1), (Reason::Memory, 2)]);
    assert_eq!((zone_0.fit, zone_0.shortest), (0, Some(Reason::Memory)));
    assert_eq!(zone_0.near[0].lacks, Lack { cpu_milli: 2_000, memory_mib: 4_096, ..Lack::default() });
    assert_eq!(
        fleet.explain(&Want::zone(one, zone).on(HostIx(0))).zones[0].removed[0],
        (Reason::WrongHost, 2)
    );
    assert_eq!(fleet.explain(&Want::zone(one, zone).on(HostIx(99))).zones[0].fit, 0);
    held.into_iter().for_each(|claim| fleet.release(claim));
}

#[test]
fn a_host_that_does_not_exist_is_the_wrong_host() {
    let (fleet, [one, ..]) = small("first-fit");
    for (host, zone) in [(99, 0), (0, 1), (4, 0)] {
        let placed = fleet.place(&Want::zone(one, ZoneIx(zone)).on(HostIx(host)));
        assert_eq!(placed, Err(NoRoom { reason: Reason::WrongHost }));
    }
    assert_eq!(fleet.place(&Want::zone(one, ZoneIx(7))), Err(NoRoom { reason: Reason::NoHosts }));
    assert_eq!(fleet.host(HostIx(5)), None);
}

#[test]
fn a_member_that_moves_counts_at_both_ends_and_never_stands_in_its_own_way() {
    // DEP-1, DEP-10: a full set still moves, and no other member comes near either end while it does.
    let (fleet, [one, two, _]) = small("best-fit");
    let zone = ZoneIx(0);
    let set = fleet.add_set(SetRule::Spread { apart: Granularity::Host, per_zone: 2 });
    let want = Want::zone(one, zone).member_of(set);
    let first = fleet.place(&want).unwrap();
    let second = fleet.place(&want).unwrap();
    assert_eq!(fleet.place(&want), Err(NoRoom { reason: Reason::SetFull }));
    let end = fleet.reserve_move(&first, &want).unwrap();
    assert_eq!([first.host(), second.host(), end.host()], [HostIx(0), HostIx(1), HostIx(2)]);
    assert_eq!(fleet.zone_usage(zone).claims, 3);
    assert_eq!(fleet.reserve_move(&second, &want), Err(NoRoom { reason: Reason::SetFull }));
    fleet.release(first);
    let first = fleet.commit(end);
    assert_eq!(fleet.set_members(set, zone), 2);
    // A move that is called off leaves everything as it was.
    let end = fleet.reserve_move(&second, &want).unwrap();
    assert_eq!(end.host(), HostIx(0));
    fleet.cancel(end);
    assert_eq!((fleet.set_members(set, zone), fleet.zone_usage(zone).claims), (2, 2));
    // Without a set the own host is not chosen either, and a want that names it finds nothing.
    let loose = fleet.place(&Want::zone(two, zone)).unwrap();
    let end = fleet.reserve_move(&loose, &Want::zone(two, zone)).unwrap();
    assert_ne!(end.host(), loose.host());
    let itself = Want::zone(two, zone).on(loose.host());
    assert_eq!(fleet.reserve_move(&loose, &itself), Err(NoRoom { reason: Reason::WrongHost }));
    fleet.cancel(end);
    [first, second, loose].into_iter().for_each(|claim| fleet.release(claim));
    fleet.check();
}
