//! Arbitrary parameters through the whole gate: no panic, exactly one answer, no trace of a refusal.
//!
//! `cargo +nightly fuzz run gate`, guided by coverage; or on a stable toolchain with a C++ compiler, unguided:
//! `cargo build`, then `target/debug/gate CORPUS -max_total_time=60`. Input: one `Key=Value` a line, on top of the default
//! request.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use packyard::validate::conformance::Defaults;
use packyard::validate::fixture::{self, Fixture};
use packyard::validate::{create, would_create};

thread_local! {
    static CLOUD: RefCell<Option<Fixture>> = const { RefCell::new(None) };
}

fuzz_target!(|text: &str| {
    let defaults = Defaults::shipped().expect("the shipped defaults are sound");
    CLOUD.with_borrow_mut(|cloud| {
        let cloud = cloud.get_or_insert_with(|| {
            fixture::facts(defaults.world().clone()).and_then(fixture::build).expect("the default world is sound")
        });
        let mut request = defaults.request(&serde_json::Map::new());
        for (name, value) in text.lines().filter_map(|line| line.split_once('=')) {
            request.set_named(name, value);
        }
        let account = cloud.world.account_named("1000000001").expect("the account of the default world");
        let before = cloud.world.digest();
        let asked = would_create(&request, &cloud.world, &cloud.fleet, account, cloud.now);
        match create(&request, &mut cloud.world, &cloud.fleet, account, cloud.now) {
            Ok(created) => {
                assert_eq!(asked.map(|values| values.zone), Ok(Some(created.zone)));
                cloud.fleet.release(created.claim);
                cloud.world.give_back(created.holdings);
            }
            Err(reject) => {
                assert_eq!(cloud.world.digest(), before);
                assert_eq!(asked.err(), Some(reject));
            }
        }
    });
});
