//! Client tokens: per account, for a time.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::{admit, create, fixture};
use super::{ACCOUNT, defaults, request, world};
use crate::model::{AccountIx, Utc};

#[test]
fn a_refused_call_leaves_its_token_free() {
    let mut fixture = world(json!({"zones/cn-hangzhou-g/stock": {"ecs.g5.large": 0}}));
    let token = request(json!({"ClientToken": "tok"}));
    let other = request(json!({"ClientToken": "tok", "InstanceType": "ecs.n4.small"}));
    let mut send = |request| {
        create(request, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now)
            .map_err(|reject| reject.check)
    };
    assert_eq!(send(&token).err(), Some("K1.stock"));
    assert!(send(&other).is_ok());
    assert_eq!(send(&other).err(), Some("P4.token-replay"));
    assert_eq!(send(&token).err(), Some("P4.token-mismatch"));
}

#[test]
fn a_dry_run_neither_reads_nor_stores_a_token() {
    let mut fixture = world(json!({}));
    let dry = request(json!({"ClientToken": "tok", "DryRun": "true"}));
    let real = request(json!({"ClientToken": "tok"}));
    let mut send = |request| {
        create(request, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now)
            .map_err(|reject| reject.check)
    };
    assert_eq!(send(&dry).err(), Some("I1.dry-run"));
    assert!(send(&real).is_ok());
    assert_eq!(send(&dry).err(), Some("I1.dry-run"));
    assert_eq!(send(&real).err(), Some("P4.token-replay"));
}

#[test]
fn a_token_is_forgotten_after_its_time() {
    let mut fixture = world(json!({"token_ttl_s": 60}));
    let token = request(json!({"ClientToken": "tok"}));
    assert!(create(&token, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now).is_ok());
    let later = |seconds| Utc(fixture.now.0 + seconds);
    assert!(admit(&token, &fixture.world, ACCOUNT, later(60)).is_err());
    assert!(admit(&token, &fixture.world, ACCOUNT, later(61)).is_ok());
}

#[test]
fn many_expired_tokens_are_swept() {
    let mut fixture = world(json!({
        "token_ttl_s": 60, "account/postpaid_instances": null, "account/postpaid_disks": null,
        "account/postpaid_instances_by_region": null, "vswitches/vsw-hz-g1/free_ips": 100_000,
        "vpcs/vpc-hz1/instances": null, "security_groups/sg-hz1/limit": null, "vswitches/vsw-hz-g1/cidr": "172.16.0.0/16",
        "vswitches/vsw-hz-g1/used_ips": null,
    }));
    for n in 0..1000 {
        let token = request(json!({"ClientToken": format!("tok-{n}")}));
        let now = Utc(fixture.now.0 + n);
        let created = create(&token, &mut fixture.world, &fixture.fleet, ACCOUNT, now).expect("created");
        fixture.fleet.release(created.claim);
        fixture.world.give_back(created.holdings);
    }
    assert!(fixture.world.tokens_known() <= 64 * 2 + 61 * 2);
}

#[test]
fn the_same_token_of_another_account_is_another_token() {
    let mut facts = fixture::facts(defaults().world().clone()).expect("facts");
    let twin = facts.accounts["1000000001"].clone();
    facts.accounts =
        BTreeMap::from([("1000000001".to_owned(), twin.clone()), ("1000000003".to_owned(), twin)]);
    let mut built = fixture::build(facts).expect("a world");
    let token = request(json!({"ClientToken": "tok", "VSwitchId": null, "SecurityGroupId": null,
                               "InstanceType": "ecs.s3.large"}));
    for account in [AccountIx(0), AccountIx(1)] {
        assert!(create(&token, &mut built.world, &built.fleet, account, built.now).is_ok());
    }
}
