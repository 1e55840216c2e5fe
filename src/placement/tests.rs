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
    assert_eq!(size_of::<query::Eval>(), 24);
}

#[test]
fn a_fleet_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Fleet>();
}
