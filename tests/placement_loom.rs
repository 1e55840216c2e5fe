//! The lock-free summary of a shard under loom: every interleaving, and every value that the memory model lets a load
//! see. The file under test is the one of the library, over loom's atomics.

// Part of the summary serves callers that are not mounted here.
#![allow(dead_code)]

use loom::sync::{Arc, Mutex};
use loom::thread;

mod sync {
    pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
}

#[path = "../src/placement/summary.rs"]
mod summary;

/// A shard in small: free places under the lock, the summary beside it, one demand that takes one place.
struct Shard {
    free: Mutex<u32>,
    summary: summary::Summary,
}

impl Shard {
    fn new(free: u32) -> Arc<Shard> {
        let mut summary = summary::Summary::default();
        summary.add_demands(1);
        Arc::new(Shard { free: Mutex::new(free), summary })
    }

    /// As `Fleet::place_in_only`.
    fn place(&self) -> bool {
        if self.summary.noted(0).is_some() {
            return false;
        }
        let mut free = self.free.lock().unwrap();
        if *free == 0 {
            self.summary.note(0, 3);
            return false;
        }
        *free -= 1;
        true
    }

    /// As `Fleet::vacate`.
    fn release(&self) {
        let mut free = self.free.lock().unwrap();
        *free += 1;
        self.summary.grew();
    }
}

/// Whoever gave room back finds it, unless another thread took it: no note hides it.
#[test]
fn no_note_hides_room_from_the_thread_that_gave_it_back() {
    loom::model(|| {
        let shard = Shard::new(0);
        let other = {
            let shard = shard.clone();
            thread::spawn(move || shard.place())
        };
        shard.release();
        let own = shard.place();
        let other = other.join().unwrap();
        assert!(own || other, "one place came back, and nobody got it");
        assert!(!(own && other), "one place, given twice");
    });
}

/// When all is quiet, a note is true; and one thread's note does not outlive another's release.
#[test]
fn a_note_that_stands_is_true() {
    loom::model(|| {
        let shard = Shard::new(1);
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let shard = shard.clone();
                thread::spawn(move || {
                    if shard.place() {
                        shard.release();
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(*shard.free.lock().unwrap(), 1);
        assert_eq!(shard.summary.noted(0), None, "there is room");
        assert!(shard.place() && !shard.place());
        assert_eq!(shard.summary.noted(0), Some(3));
    });
}
