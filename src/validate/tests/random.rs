//! Requests and worlds mixed at random from the conformance cases, and arbitrary texts: the gate never panics, gives
//! exactly one answer, and a refusal leaves no trace.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::super::check::first_unguarded;
use super::super::conformance::Case;
use super::super::fixture::{self, Fixture};
use super::super::{Reject, admit, create, would_create};
use super::ACCOUNT;
use crate::api::Request;
use crate::model::ZoneIx;

fn all() -> &'static [Case] {
    static CASES: OnceLock<Vec<Case>> = OnceLock::new();
    CASES.get_or_init(super::cases)
}

/// Every value that some case gives a parameter.
fn values() -> &'static BTreeMap<String, Vec<Value>> {
    static VALUES: OnceLock<BTreeMap<String, Vec<Value>>> = OnceLock::new();
    VALUES.get_or_init(|| {
        let mut values: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for case in all() {
            for (name, value) in &case.request {
                let known = values.entry(name.clone()).or_default();
                if !known.contains(value) {
                    known.push(value.clone());
                }
            }
        }
        values
    })
}

/// Differences of a few cases, laid over each other.
fn mixed(of: fn(&Case) -> &Map<String, Value>) -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec(0..all().len(), 0..4)
        .prop_map(move |picked| picked.into_iter().flat_map(|at| of(&all()[at]).clone()).collect())
}

/// Some parameters with values that some case gives them.
fn shuffled() -> impl Strategy<Value = Map<String, Value>> {
    proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..8).prop_map(
        |picked| {
            let names: Vec<&String> = values().keys().collect();
            picked
                .into_iter()
                .map(|(name, value)| {
                    let name = *name.get(&names);
                    (name.clone(), value.get(&values()[name]).clone())
                })
                .collect()
        },
    )
}

fn built(differences: &Map<String, Value>) -> Option<Fixture> {
    let mut world = super::defaults().world().clone();
    // Differences of two cases may contradict each other (one removes what the other changes in part).
    fixture::apply(&mut world, differences).ok()?;
    fixture::build(fixture::facts(world).ok()?).ok()
}

/// Everything that a request could have left a trace in.
fn state(fixture: &Fixture) -> (blake3::Hash, Vec<u64>) {
    let used =
        (0..fixture.fleet.zones()).map(|at| fixture.fleet.zone_usage(ZoneIx(at as u32)).used.cpu_milli);
    (fixture.world.digest(), used.collect())
}

/// Sends a request and checks what holds of every answer.
fn send(fixture: &mut Fixture, request: &Request) -> Result<Option<Reject>, TestCaseError> {
    let before = state(fixture);
    let asked = would_create(request, &fixture.world, &fixture.fleet, ACCOUNT, fixture.now);
    prop_assert_eq!(&state(fixture), &before);
    let admitted = admit(request, &fixture.world, ACCOUNT, fixture.now);
    let unguarded = first_unguarded(request, &fixture.world, ACCOUNT, fixture.now);
    prop_assert_eq!(admitted.err(), unguarded);
    match create(request, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now) {
        Ok(created) => {
            prop_assert!(state(fixture) != before);
            let asked = asked.map_err(|reject| TestCaseError::fail(reject.check))?;
            prop_assert_eq!(Some(created.zone), asked.zone);
            let id = created.instance_id();
            prop_assert!(created.effective.to_json(request, &fixture.world, &id).is_object());
            fixture.fleet.release(created.claim);
            fixture.world.give_back(created.holdings);
            fixture.fleet.check();
            Ok(None)
        }
        Err(reject) => {
            prop_assert_eq!(&state(fixture), &before);
            prop_assert_eq!(asked.err(), Some(reject.clone()));
            prop_assert!(reject.replay.is_some() || !reject.code.is_empty());
            // Every gap of a template is filled; a value of the request that is echoed may itself look like one.
            let echoed = format!("{request:?}").contains("%s");
            prop_assert!(echoed || !reject.message.contains("%s"));
            Ok(Some(reject))
        }
    }
}

#[test]
fn no_short_cut_skips_a_check_that_fires_in_a_case() {
    for case in all() {
        let fixture = built(&case.world).expect("a world");
        let request = super::defaults().request(&case.request);
        let admitted = admit(&request, &fixture.world, ACCOUNT, fixture.now);
        let unguarded = first_unguarded(&request, &fixture.world, ACCOUNT, fixture.now);
        assert_eq!(admitted.err(), unguarded, "{}", case.id);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(800))]

    #[test]
    fn mixed_cases_get_exactly_one_answer_and_leave_no_trace(
        params in mixed(|case| &case.request),
        more in shuffled(),
        world in mixed(|case| &case.world),
    ) {
        if let Some(mut fixture) = built(&world) {
            let mut params = params;
            params.extend(more);
            let request = super::defaults().request(&params);
            send(&mut fixture, &request)?;
        }
    }

    #[test]
    fn arbitrary_texts_get_exactly_one_answer(
        texts in proptest::collection::vec((any::<prop::sample::Index>(), "\\PC{0,40}"), 0..6),
        digits in proptest::collection::vec((any::<prop::sample::Index>(), "-?[0-9]{1,25}(\\.[0-9]{0,5})?"), 0..3),
        any_names in proptest::collection::vec(("[A-Za-z.0-9]{0,20}", "\\PC{0,10}"), 0..3),
    ) {
        let names: Vec<&String> = values().keys().collect();
        let mut request = super::request(serde_json::json!({}));
        for (name, text) in texts.iter().chain(&digits) {
            let name: &&String = name.get(&names);
            request.set_named(name, text);
        }
        for (name, text) in &any_names {
            request.set_named(name, text);
        }
        send(&mut super::world(serde_json::json!({})), &request)?;
    }
}

/// Requests in a row against one world: what is given back is as good as new.
#[test]
fn a_thousand_instances_come_and_go() {
    let mut fixture = super::world(serde_json::json!({
        "account/postpaid_instances": null, "account/postpaid_disks": null, "account/portable_disks": null,
        "account/postpaid_instances_by_region": null, "vswitches/vsw-hz-g1/free_ips": null,
        "account/balance": 1e12, "vpcs/vpc-hz1/instances": null, "security_groups/sg-hz1/limit": null,
        "security_groups/sg-hz1/instances": 0,
    }));
    let request = super::request(serde_json::json!({"DataDisk.1.Size": "20"}));
    let start = fixture.world.digest();
    let mut alive = Vec::new();
    for _ in 0..250 {
        alive.push(create(&request, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now).expect("room"));
    }
    let addresses: std::collections::BTreeSet<_> =
        alive.iter().map(|created| created.holdings.address(&fixture.world).expect("an address")).collect();
    assert_eq!(addresses.len(), 250);
    let full = create(&request, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now);
    assert_eq!(full.map_err(|reject| reject.check), Err("N8.exhausted"));
    for created in alive {
        fixture.fleet.release(created.claim);
        fixture.world.give_back(created.holdings);
    }
    fixture.world.forget_numbers();
    assert_eq!(fixture.world.digest(), start);
}
