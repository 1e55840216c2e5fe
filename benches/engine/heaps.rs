//! Heaps: the standard one, and one with four children a node and its payloads apart.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::workload::{Cancelling, Event, Pending};

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

/// The standard heap with cancellation as it is usually added: a cancelled event stays in the heap until it
/// comes to the front, or until the cancelled ones outnumber the others.
pub(crate) struct StandardLazy {
    heap: BinaryHeap<Reverse<(u128, u32)>>,
    /// Payload, the sequence number of its event, and whether it still waits.
    places: Vec<(Event, u64, bool)>,
    free: Vec<u32>,
    sequence: u64,
    cancelled: usize,
}

impl Pending for StandardLazy {
    const NAME: &'static str = "standard-heap";

    fn empty() -> StandardLazy {
        StandardLazy {
            heap: BinaryHeap::new(),
            places: Vec::new(),
            free: Vec::new(),
            sequence: 0,
            cancelled: 0,
        }
    }

    #[inline]
    fn schedule(&mut self, at: u64, class: u8, event: Event) {
        self.schedule_timeout(at, class, event);
    }

    #[inline]
    fn next(&mut self) -> Option<(u64, Event)> {
        loop {
            let Reverse((key, place)) = self.heap.pop()?;
            self.free.push(place);
            let (event, _, waits) = &mut self.places[place as usize];
            if std::mem::replace(waits, false) {
                return Some(((key >> 64) as u64, *event));
            }
            self.cancelled -= 1;
        }
    }
}

impl Cancelling for StandardLazy {
    type Ticket = (u32, u64);

    #[inline]
    fn schedule_timeout(&mut self, at: u64, class: u8, event: Event) -> (u32, u64) {
        let sequence = self.sequence;
        self.sequence += 1;
        let place = if let Some(place) = self.free.pop() {
            self.places[place as usize] = (event, sequence, true);
            place
        } else {
            self.places.push((event, sequence, true));
            (self.places.len() - 1) as u32
        };
        self.heap.push(Reverse((key(at, class, sequence), place)));
        (place, sequence)
    }

    fn cancel(&mut self, (place, sequence): (u32, u64)) -> bool {
        let (_, of, waits) = &mut self.places[place as usize];
        if *of != sequence || !std::mem::replace(waits, false) {
            return false;
        }
        self.cancelled += 1;
        if self.cancelled > 1024 && self.cancelled > self.heap.len() / 2 {
            let StandardLazy { heap, places, free, .. } = self;
            heap.retain(|Reverse((_, place))| {
                let waits = places[*place as usize].2;
                if !waits {
                    free.push(*place);
                }
                waits
            });
            self.cancelled = 0;
        }
        true
    }
}
