//! Claims, and what becomes of them.

use serde_json::json;

use super::super::{Network, abandon, admit, begin, commit, create, would_create};
use super::{ACCOUNT, refused_by, request, world};
use crate::world::HostStatus;

#[test]
fn a_fault_at_the_commit_gives_everything_back() {
    for kind in ["unknown", "exception", "detail"] {
        let mut fixture = world(json!({"faults/internal": {"kind": kind, "detail": "x"}}));
        let before = (fixture.world.digest(), fixture.fleet.zone_usage(crate::model::ZoneIx(1)).used);
        assert!(refused_by(&request(json!({"DataDisk.1.Size": "20"})), &mut fixture).is_some());
        let after = (fixture.world.digest(), fixture.fleet.zone_usage(crate::model::ZoneIx(1)).used);
        assert_eq!(before, after, "{kind}");
    }
}

#[test]
fn a_default_vpc_is_made_once_and_then_used() {
    let mut fixture = world(json!({
        "regions/cn-hangzhou/default_vpc_mode": true, "regions/cn-hangzhou/default_vpc_id": null,
    }));
    let request = request(json!({"VSwitchId": null, "SecurityGroupId": null}));
    let mut places = Vec::new();
    for _ in 0..2 {
        let created =
            create(&request, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now).expect("created");
        places.push(created.effective.network);
        assert_eq!(fixture.world.zone_name(created.zone), "cn-hangzhou-b");
        assert!(
            created
                .holdings
                .address(&fixture.world)
                .is_some_and(|ip| ip.to_string().starts_with("172.31.0."))
        );
    }
    assert_eq!(places[0], places[1]);
    let Network::Vpc(place) = places[0] else { panic!("a VPC") };
    assert!(place.vpc.is_some() && place.vswitch.is_some());
}

/// Two requests are admitted for the same last resource; one commits first.
#[test]
fn what_others_took_since_the_admission_is_seen_at_the_commit() {
    for (differences, first, check) in [
        (json!({"vswitches/vsw-hz-g1/free_ips": 1}), json!({}), "N8.exhausted"),
        (json!({}), json!({"PrivateIpAddress": "172.16.236.50"}), "N8.duplicate"),
        (json!({"account/postpaid_instances": {"used": 49, "limit": 50}}), json!({}), "Q1.postpaid-account"),
        (json!({"zones/cn-hangzhou-g/stock": {"ecs.g5.large": 1}}), json!({}), "K1.stock"),
        (
            json!({"zones/cn-hangzhou-g/disk_pool_free_gib": {"cloud_efficiency": 79}}),
            json!({}),
            "K1.disk-pool",
        ),
        (
            json!({}),
            json!({"VSwitchId": null, "SecurityGroupId": "sg-classic", "InstanceType": "ecs.s3.large",
                   "InnerIpAddress": "10.0.0.10"}),
            "N5.inner-ip",
        ),
        (
            json!({"vlans/10/free_ips": 1}),
            json!({"VSwitchId": null, "SecurityGroupId": "sg-classic", "InstanceType": "ecs.s3.large",
                   "VlanId": "10"}),
            "N5.vlan",
        ),
    ] {
        let mut fixture = world(differences);
        let request = request(first);
        let (world, now) = (&mut fixture.world, fixture.now);
        let one = admit(&request, world, ACCOUNT, now).expect("admitted");
        let other = one.clone();
        let created = commit(one, &request, world, &fixture.fleet, now).expect("created");
        let late = commit(other.clone(), &request, world, &fixture.fleet, now);
        assert_eq!(late.map_err(|reject| reject.check), Err(check));
        fixture.fleet.release(created.claim);
        world.give_back(created.holdings);
        let again = commit(other, &request, world, &fixture.fleet, now);
        assert!(again.is_ok(), "{check}: {again:?}");
    }
}

#[test]
fn a_host_that_fails_takes_no_instances() {
    let mut fixture = world(json!({}));
    let on_host = request(json!({"DedicatedHostId": "dh-hz-g1"}));
    assert_eq!(refused_by(&on_host, &mut fixture), None);
    assert!(fixture.world.set_dedicated_host_status("dh-hz-g1", HostStatus::Failed));
    assert_eq!(refused_by(&on_host, &mut fixture), Some("D1.failed"));
    assert!(!fixture.world.set_dedicated_host_status("dh-nosuch", HostStatus::Failed));
}

#[test]
fn a_dedicated_host_fills_up() {
    let mut fixture = world(json!({}));
    let on_host = request(json!({"DedicatedHostId": "dh-hz-g1"}));
    for _ in 0..8 {
        let created = create(&on_host, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now);
        assert!(created.is_ok());
    }
    assert_eq!(refused_by(&on_host, &mut fixture), Some("K1.stock"));
    assert_eq!(refused_by(&request(json!({})), &mut fixture), None);
}

#[test]
fn the_host_that_was_chosen_is_the_one_named_in_the_answer() {
    // DHST-12: by name; the first has room for eight.
    let mut fixture = world(json!({"dedicated_hosts/dh-hz-g2/auto_placement": true}));
    let anywhere = request(json!({"Tenancy": "host"}));
    let mut hosts = Vec::new();
    for _ in 0..9 {
        let would = would_create(&anywhere, &fixture.world, &fixture.fleet, ACCOUNT, fixture.now);
        let created = create(&anywhere, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now);
        let created = created.expect("room on one of two");
        assert_eq!(would.as_ref(), Ok(&created.effective));
        let named = created.effective.dedicated_host(&fixture.world).expect("on a dedicated host");
        hosts.push((named.to_owned(), created.host()));
    }
    assert!(hosts[..8].iter().all(|host| *host == hosts[0]) && hosts[0].0 == "dh-hz-g1");
    assert!(hosts[8].0 == "dh-hz-g2" && hosts[8].1 != hosts[0].1);
}

#[test]
fn a_subscription_is_paid_with_coupons_first() {
    let mut fixture = world(json!({"account/balance": 150.0, "account/coupons": 60.0}));
    let month = request(json!({"InstanceChargeType": "PrePaid", "Period": "1"}));
    assert_eq!(refused_by(&month, &mut fixture), None);
    // 60 of 100 came from coupons, so 110 are left: enough for one more, and no coupons.
    assert_eq!(refused_by(&month, &mut fixture), None);
    assert_eq!(refused_by(&month, &mut fixture), Some("B1.pay-method"));
}

#[test]
fn a_call_in_flight_holds_its_token() {
    let mut fixture = world(json!({}));
    let request = request(json!({"ClientToken": "tok"}));
    let (world, now) = (&mut fixture.world, fixture.now);
    let mut admitted = admit(&request, world, ACCOUNT, now).expect("admitted");
    begin(&mut admitted, &request, world, now);
    let retry = admit(&request, world, ACCOUNT, now);
    assert_eq!(retry.map_err(|reject| (reject.check, reject.row)), Err(("P4.token-busy", Some(74))));
    abandon(&admitted, &request, world);
    assert!(admit(&request, world, ACCOUNT, now).is_ok());
    begin(&mut admitted, &request, world, now);
    let created = commit(admitted, &request, world, &fixture.fleet, now).expect("created");
    let retry = admit(&request, world, ACCOUNT, now).expect_err("replayed");
    assert_eq!((retry.status, retry.replay.as_deref()), (200, Some(created.instance_id().as_str())));
}

#[test]
fn calls_in_flight_hold_the_last_addresses() {
    // R181: two addresses are left for three calls that all found them free.
    let mut fixture = world(json!({"vswitches/vsw-hz-g1/free_ips": 2}));
    let request = request(json!({}));
    let (world, fleet, now) = (&mut fixture.world, &fixture.fleet, fixture.now);
    let before = world.digest();
    let mut calls: Vec<_> =
        (0..3).map(|_| admit(&request, world, ACCOUNT, now).expect("two addresses are free")).collect();
    for call in &mut calls {
        begin(call, &request, world, now);
    }
    let [first, second, third] = &calls[..] else { panic!("three calls") };
    // The third comes to its commit first, and finds both spoken for.
    let late =
        commit(third.clone(), &request, world, fleet, now).map_err(|reject| (reject.check, reject.row));
    assert_eq!(late, Err(("K1.ip-reserved", Some(158))));
    // A call that is given up lets go; the first takes its own.
    abandon(second, &request, world);
    let created = commit(first.clone(), &request, world, fleet, now).expect("an address of its own");
    let again = commit(third.clone(), &request, world, fleet, now).expect("the address that was let go");
    let none = admit(&request, world, ACCOUNT, now).map_err(|reject| reject.check);
    assert_eq!(none.err(), Some("N8.exhausted"));
    for created in [created, again] {
        fleet.release(created.claim);
        world.give_back(created.holdings);
    }
    world.forget_numbers();
    assert_eq!(world.digest(), before);
}
