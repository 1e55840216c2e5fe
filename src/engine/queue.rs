//! The queue of pending events.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::model::SimTime;

/// The name of one scheduled event, for [`Queue::cancel`]. It stays safe to use after the event has fired or
/// was cancelled: it then names nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ticket {
    slot: u32,
    generation: u32,
}

/// One place in the store of payloads. An odd generation means that an event waits here.
#[derive(Clone, Copy, Debug)]
struct Slot<E> {
    generation: u32,
    event: E,
}

/// Pending events in the total order (time, class, sequence of scheduling).
#[derive(Clone, Debug)]
pub struct Queue<E> {
    heap: BinaryHeap<Reverse<(SimTime, u8, u64, u32)>>,
    slots: Vec<Slot<E>>,
    free: Vec<u32>,
    now: SimTime,
    sequence: u64,
    live: usize,
}

impl<E: Copy> Default for Queue<E> {
    fn default() -> Queue<E> {
        Queue::new()
    }
}

impl<E: Copy> Queue<E> {
    /// An empty queue at [`SimTime::ZERO`].
    pub const fn new() -> Queue<E> {
        Queue {
            heap: BinaryHeap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            now: SimTime::ZERO,
            sequence: 0,
            live: 0,
        }
    }

    /// Schedules `event` for the moment `at`. Among events of one moment the lower class fires first, and
    /// inside a class the one that was scheduled first.
    ///
    /// # Panics
    /// When `at` is before [`Queue::now`]: the caller has a bug.
    pub fn schedule(&mut self, at: SimTime, class: u8, event: E) -> Ticket {
        assert!(at >= self.now, "event scheduled in the past: at {} us, now {} us", at.0, self.now.0);
        let slot = self.free.pop().unwrap_or_else(|| {
            let slot = u32::try_from(self.slots.len()).expect("at most 2^32 pending events");
            self.slots.push(Slot { generation: 0, event });
            slot
        });
        let place = &mut self.slots[slot as usize];
        place.generation += 1;
        place.event = event;
        let ticket = Ticket { slot, generation: place.generation };
        self.heap.push(Reverse((at, class, self.sequence, slot)));
        self.sequence += 1;
        self.live += 1;
        ticket
    }

    /// Takes back an event that has not fired; `None` when it has, or when it was cancelled before.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let place = self.slots.get_mut(ticket.slot as usize)?;
        if place.generation != ticket.generation {
            return None;
        }
        place.generation += 1;
        self.live -= 1;
        Some(place.event)
    }

    /// Takes the next event and moves the clock to its moment.
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        self.skip_cancelled();
        let Reverse((at, _, _, slot)) = self.heap.pop()?;
        assert!(at >= self.now, "time moved back: from {} us to {} us", self.now.0, at.0);
        self.now = at;
        self.live -= 1;
        let place = &mut self.slots[slot as usize];
        place.generation += 1;
        let event = place.event;
        self.release(slot);
        Some((at, event))
    }

    /// The moment of the next event.
    pub fn peek_time(&mut self) -> Option<SimTime> {
        self.skip_cancelled();
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The moment of the last event that was taken; [`SimTime::ZERO`] before the first.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The number of pending events.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// Cancels everything. The clock stays; tickets of before name nothing.
    pub fn clear(&mut self) {
        while self.pending_slot_dropped() {}
        self.live = 0;
    }

    fn pending_slot_dropped(&mut self) -> bool {
        let Some(Reverse((.., slot))) = self.heap.pop() else { return false };
        let place = &mut self.slots[slot as usize];
        place.generation += place.generation & 1;
        self.release(slot);
        true
    }

    fn skip_cancelled(&mut self) {
        while let Some(Reverse((.., slot))) = self.heap.peek().copied() {
            if self.slots[slot as usize].generation & 1 == 1 {
                return;
            }
            self.heap.pop();
            self.release(slot);
        }
    }

    /// Gives a slot back, unless its generations are used up (then it is never used again).
    fn release(&mut self, slot: u32) {
        if self.slots[slot as usize].generation != u32::MAX - 1 {
            self.free.push(slot);
        }
    }
}
