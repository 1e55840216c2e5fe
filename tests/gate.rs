//! The gate costs no memory: a valid request passes without a single allocation.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use packyard::validate::conformance::{Case, Defaults};
use packyard::validate::{self, fixture};

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counted by thread.
struct Counted;

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counted = Counted;

#[test]
fn a_valid_request_passes_without_an_allocation() {
    let defaults = Defaults::shipped().expect("the shipped defaults are sound");
    let text = std::fs::read_to_string("tests/conformance/cases.jsonl").expect("the cases are there");
    let mut passed = 0;
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let mut world = defaults.world().clone();
        fixture::apply(&mut world, &case.world).expect("differences");
        let built = fixture::build(fixture::facts(world).expect("facts")).expect("a world");
        let request = defaults.request(&case.request);
        let account = built.world.account_named("1000000001").expect("the account");
        let before = COUNT.with(Cell::get);
        let admitted = validate::admit(&request, &built.world, account, built.now);
        let allocated = COUNT.with(Cell::get) - before;
        if admitted.is_ok() {
            assert_eq!(allocated, 0, "{}", case.id);
            passed += 1;
        }
    }
    assert!(passed > 300, "{passed} requests were admitted");
}
