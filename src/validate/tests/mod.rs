//! Tests of the gate from the inside: its order, its short cuts, its effects.

mod boundaries;
mod effects;
mod order;
mod random;
mod tokens;

use serde_json::{Map, Value};

use super::conformance::{Case, Defaults};
use super::fixture::{self, Fixture};
use crate::api::Request;
use crate::model::AccountIx;

/// The one account of a fixture.
const ACCOUNT: AccountIx = AccountIx(0);

fn cases() -> Vec<Case> {
    include_str!("../../../tests/conformance/cases.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect()
}

fn defaults() -> Defaults {
    Defaults::shipped().expect("defaults")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => panic!("an object"),
    }
}

/// The default world with differences.
fn world(differences: Value) -> Fixture {
    let mut world = defaults().world().clone();
    fixture::apply(&mut world, &object(differences)).expect("differences");
    fixture::build(fixture::facts(world).expect("facts")).expect("a world")
}

/// The default request with differences.
fn request(differences: Value) -> Request {
    defaults().request(&object(differences))
}

/// The check that refuses a request, or nothing.
fn refused_by(request: &Request, fixture: &mut Fixture) -> Option<&'static str> {
    match super::create(request, &mut fixture.world, &fixture.fleet, ACCOUNT, fixture.now) {
        Ok(created) => {
            fixture.fleet.release(created.claim);
            fixture.world.give_back(created.holdings);
            None
        }
        Err(reject) => Some(reject.check),
    }
}
