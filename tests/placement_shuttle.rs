//! The whole placement core under shuttle: the library's own files, mounted over shuttle's locks and atomics, run
//! through thousands of schedules of each scene. Shuttle switches threads at every lock and atomic, and reports
//! deadlocks; a schedule that fails is printed, and `shuttle::replay` runs it again.
//!
//! No harness of its own: the unit tests of the mounted files would run outside of shuttle.

// What is mounted serves callers that are not here, and its unit tests are not built.
#![allow(dead_code, unused_imports, missing_docs, unreachable_pub)]

#[path = "../src/model/mod.rs"]
mod model;
#[path = "../src/placement/mod.rs"]
mod placement;
#[path = "placement_shuttle/scenes.rs"]
mod scenes;

/// Nobody listens to the chance of a schedule.
mod engine {
    pub(crate) mod draws {
        #[derive(Debug)]
        pub(crate) enum Tap {}

        impl Tap {
            pub(crate) fn of(_: &str, _: u64) -> Option<Box<Tap>> {
                None
            }

            pub(crate) fn drawn(&self, _: u64) {
                match *self {}
            }
        }
    }
}

/// The types of `src/sync.rs`, by shuttle.
mod sync {
    pub(crate) use shuttle::sync::MutexGuard;
    pub(crate) use shuttle::sync::atomic::{AtomicU64, Ordering};

    #[derive(Debug)]
    pub(crate) struct Mutex<T>(shuttle::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Mutex<T> {
            Mutex(shuttle::sync::Mutex::new(value))
        }

        pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
            self.0.lock().expect("no thread panics under a lock")
        }

        pub(crate) fn get_mut(&mut self) -> &mut T {
            self.0.get_mut().expect("no thread panics under a lock")
        }
    }
}

/// Schedules of each scene and scheduler.
const SCHEDULES: usize = 400;

fn main() {
    for (name, scene) in scenes::ALL {
        let mut config = shuttle::Config::new();
        config.stack_size = 1 << 20;
        // Weaker orders than SeqCst are loom's part.
        config.silence_warnings = true;
        let random = shuttle::scheduler::RandomScheduler::new(SCHEDULES);
        shuttle::Runner::new(random, config.clone()).run(scene);
        // Few preemptions at chosen places: finds what needs one thread to be very late.
        let late = shuttle::scheduler::PctScheduler::new(3, SCHEDULES);
        shuttle::Runner::new(late, config).run(scene);
        println!("{name}: {} schedules", 2 * SCHEDULES);
    }
}
