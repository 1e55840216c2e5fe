//! Heaps: the standard one, and one with four children a node and its payloads apart.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use crate::workload::{Event, Pending};

/// Time, class and sequence in one number.
fn key(at: u64, class: u8, sequence: u64) -> u128 {
    (u128::from(at) << 64) | (u128::from(class) << 56) | u128::from(sequence)
}

/// The standard heap on typed events.
pub(crate) struct Standard {
    heap: BinaryHeap<Item>,
    sequence: u64,
}

struct Item {
    key: u128,
    event: Event,
}

impl PartialEq for Item {
    fn eq(&self, other: &Item) -> bool {
        self.key == other.key
    }
}

impl Eq for Item {}

impl PartialOrd for Item {
    fn partial_cmp(&self, other: &Item) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Item {
    /// Reversed: the standard heap gives its greatest item.
    fn cmp(&self, other: &Item) -> Ordering {
        other.key.cmp(&self.key)
    }
}

impl Pending for Standard {
    const NAME: &'static str = "standard-heap";

    fn empty() -> Standard {
        Standard { heap: BinaryHeap::new(), sequence: 0 }
    }

    #[inline]
    fn schedule(&mut self, at: u64, class: u8, event: Event) {
        self.heap.push(Item { key: key(at, class, self.sequence), event });
        self.sequence += 1;
    }

    #[inline]
    fn next(&mut self) -> Option<(u64, Event)> {
        self.heap.pop().map(|item| ((item.key >> 64) as u64, item.event))
    }
}

/// A heap with four children a node. Keys and the slots of payloads are in arrays of their own.
pub(crate) struct Quaternary {
    keys: Vec<u128>,
    slots: Vec<u32>,
    events: Vec<Event>,
    free: Vec<u32>,
    sequence: u64,
}

impl Pending for Quaternary {
    const NAME: &'static str = "4-ary-heap";

    fn empty() -> Quaternary {
        Quaternary { keys: Vec::new(), slots: Vec::new(), events: Vec::new(), free: Vec::new(), sequence: 0 }
    }

    #[inline]
    fn schedule(&mut self, at: u64, class: u8, event: Event) {
        let slot = if let Some(slot) = self.free.pop() {
            self.events[slot as usize] = event;
            slot
        } else {
            self.events.push(event);
            (self.events.len() - 1) as u32
        };
        let key = key(at, class, self.sequence);
        self.sequence += 1;
        let mut hole = self.keys.len();
        self.keys.push(key);
        self.slots.push(slot);
        while hole > 0 {
            let parent = (hole - 1) / 4;
            if self.keys[parent] <= key {
                break;
            }
            self.keys[hole] = self.keys[parent];
            self.slots[hole] = self.slots[parent];
            hole = parent;
        }
        self.keys[hole] = key;
        self.slots[hole] = slot;
    }

    #[inline]
    fn next(&mut self) -> Option<(u64, Event)> {
        let first = (*self.keys.first()?, self.slots[0]);
        let key = self.keys.pop()?;
        let slot = self.slots.pop()?;
        let len = self.keys.len();
        if len > 0 {
            let mut hole = 0;
            loop {
                let child = 4 * hole + 1;
                if child >= len {
                    break;
                }
                let children = &self.keys[child..len.min(child + 4)];
                let mut least = 0;
                for i in 1..children.len() {
                    if children[i] < children[least] {
                        least = i;
                    }
                }
                if children[least] >= key {
                    break;
                }
                self.keys[hole] = children[least];
                self.slots[hole] = self.slots[child + least];
                hole = child + least;
            }
            self.keys[hole] = key;
            self.slots[hole] = slot;
        }
        self.free.push(first.1);
        Some(((first.0 >> 64) as u64, self.events[first.1 as usize]))
    }
}
