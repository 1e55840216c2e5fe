//! A radix heap: buckets by the highest bit in which a time differs from the last one taken.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::workload::{Event, Pending};

struct Item {
    at: u64,
    class: u8,
    event: Event,
}

/// The radix heap. Bucket 0, all events of the present moment, is a heap on (class, sequence).
pub(crate) struct Radix {
    now: u64,
    present: BinaryHeap<Reverse<(u8, u64, usize)>>,
    events: Vec<Event>,
    buckets: [Vec<Item>; 64],
    sequence: u64,
    len: usize,
}

impl Radix {
    fn add_present(&mut self, class: u8, event: Event) {
        self.present.push(Reverse((class, self.sequence, self.events.len())));
        self.events.push(event);
        self.sequence += 1;
    }

    fn put(&mut self, item: Item) {
        let differs = item.at ^ self.now;
        if differs == 0 {
            self.add_present(item.class, item.event);
        } else {
            self.buckets[differs.ilog2() as usize].push(item);
        }
    }
}

impl Pending for Radix {
    const NAME: &'static str = "radix-heap";

    fn empty() -> Radix {
        Radix {
            now: 0,
            present: BinaryHeap::new(),
            events: Vec::new(),
            buckets: [const { Vec::new() }; 64],
            sequence: 0,
            len: 0,
        }
    }

    #[inline]
    fn schedule(&mut self, at: u64, class: u8, event: Event) {
        self.len += 1;
        self.put(Item { at, class, event });
    }

    #[inline]
    fn next(&mut self) -> Option<(u64, Event)> {
        if self.len == 0 {
            return None;
        }
        self.len -= 1;
        if self.present.is_empty() {
            self.events.clear();
            let bucket = self.buckets.iter().position(|bucket| !bucket.is_empty())?;
            let mut items = std::mem::take(&mut self.buckets[bucket]);
            self.now = items.iter().map(|item| item.at).min()?;
            for item in items.drain(..) {
                self.put(item);
            }
            self.buckets[bucket] = items;
        }
        let Reverse((_, _, at)) = self.present.pop()?;
        Some((self.now, self.events[at]))
    }
}
