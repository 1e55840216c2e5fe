//! The queue of pending events.

use super::ladder::{self, Ladder};
use crate::model::SimTime;

/// Cancelled events are swept out when there are more of them than of pending ones, and than this.
const SWEEP: usize = 1024;

/// The name of one scheduled event, for [`Queue::cancel`]. It stays safe to use after the event has fired or
/// was cancelled: it then names nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Ticket {
    slot: u32,
    generation: u32,
}

/// Pending events in the total order (time, class, sequence of scheduling), and the clock that they move.
///
/// Scheduling and taking an event cost a small constant time, whatever the number of pending events and the
/// shape of their times; cancelling costs one look-up. Nothing is allocated for an event: payloads live in
/// one array, and the order in another structure (a ladder queue, see `docs/engine.md`).
#[derive(Clone, Debug)]
pub struct Queue<E> {
    order: Ladder,
    slots: Slots<E>,
    now: SimTime,
    pending: usize,
}

/// Payloads. A slot is taken from the schedule of its event until the ladder gives its entry back, also
/// when the event is cancelled in between: so an entry needs no generation.
#[derive(Clone, Debug)]
struct Slots<E> {
    slots: Vec<Slot<E>>,
    free: Vec<u32>,
}

/// An odd generation means that an event waits here.
#[derive(Clone, Copy, Debug)]
struct Slot<E> {
    event: E,
    generation: u32,
}

impl<E: Copy> Slots<E> {
    #[inline]
    fn put(&mut self, event: E) -> Ticket {
        let Some(slot) = self.free.pop() else {
            let slot = u32::try_from(self.slots.len()).expect("at most 2^32 pending events");
            self.slots.push(Slot { event, generation: 1 });
            return Ticket { slot, generation: 1 };
        };
        let place = &mut self.slots[slot as usize];
        place.event = event;
        place.generation += 1;
        Ticket { slot, generation: place.generation }
    }

    /// Takes the event of a slot whose entry has left the ladder, unless it was cancelled. The slot is free
    /// again, or retired when its generations are used up.
    #[inline]
    fn take(&mut self, slot: u32) -> Option<E> {
        let place = &mut self.slots[slot as usize];
        let waits = place.generation & 1 == 1;
        place.generation += u32::from(waits);
        let event = place.event;
        if place.generation != u32::MAX - 1 {
            self.free.push(slot);
        }
        waits.then_some(event)
    }

    /// Whether an event waits in the slot; if not, the slot is free again.
    #[inline]
    fn waits(&mut self, slot: u32) -> bool {
        let waits = self.slots[slot as usize].generation & 1 == 1;
        if !waits {
            self.take(slot);
        }
        waits
    }
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
            order: Ladder::new(),
            slots: Slots { slots: Vec::new(), free: Vec::new() },
            now: SimTime::ZERO,
            pending: 0,
        }
    }

    /// Schedules `event` for the moment `at`. Among events of one moment the lower class fires first, and
    /// inside a class the one that was scheduled first; so an event scheduled for [`Queue::now`] fires after
    /// its like that wait already, and before anything of a higher class or a later moment.
    ///
    /// # Panics
    /// When `at` is before [`Queue::now`]: the caller has a bug.
    #[inline]
    pub fn schedule(&mut self, at: SimTime, class: u8, event: E) -> Ticket {
        assert!(at >= self.now, "event scheduled in the past: at {} us, now {} us", at.0, self.now.0);
        let ticket = self.slots.put(event);
        self.order.push(ladder::entry(at.0, class, ticket.slot));
        self.pending += 1;
        ticket
    }

    /// Takes back an event that has not fired; `None` when it has, or when it was cancelled before.
    pub fn cancel(&mut self, ticket: Ticket) -> Option<E> {
        let place = self.slots.slots.get_mut(ticket.slot as usize)?;
        if place.generation != ticket.generation {
            return None;
        }
        place.generation += 1;
        let event = place.event;
        self.pending -= 1;
        self.sweep();
        Some(event)
    }

    /// Takes the next event and moves the clock to its moment; `None` when nothing is pending.
    ///
    /// # Panics
    /// When time would move back: this queue has a bug.
    #[inline]
    pub fn pop(&mut self) -> Option<(SimTime, E)> {
        loop {
            let entry = self.order.pop(|slot| self.slots.waits(slot))?;
            if let Some(event) = self.slots.take(ladder::slot_of(entry)) {
                let at = SimTime(ladder::time_of(entry));
                assert!(at >= self.now, "time moved back: from {} us to {} us", self.now.0, at.0);
                self.now = at;
                self.pending -= 1;
                return Some((at, event));
            }
        }
    }

    /// The moment of the next event; `None` when nothing is pending.
    #[inline]
    pub fn peek_time(&mut self) -> Option<SimTime> {
        loop {
            let entry = self.order.peek(|slot| self.slots.waits(slot))?;
            if self.slots.slots[ladder::slot_of(entry) as usize].generation & 1 == 1 {
                return Some(SimTime(ladder::time_of(entry)));
            }
            self.order.pop(|_| true);
            self.slots.take(ladder::slot_of(entry));
        }
    }

    /// The moment of the last event that was taken; [`SimTime::ZERO`] before the first.
    #[inline]
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The number of pending events.
    #[inline]
    pub fn len(&self) -> usize {
        self.pending
    }

    /// Whether nothing is pending.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.pending == 0
    }

    /// Everything that is pending, in the order in which it will fire: moment, class, ticket, event. The queue stays as
    /// it is; this copies it once.
    pub fn pending(&self) -> Vec<(SimTime, u8, Ticket, E)> {
        let mut order = self.order.clone();
        let mut pending = Vec::with_capacity(self.pending);
        while let Some(entry) = order.pop(|_| true) {
            let slot = ladder::slot_of(entry);
            let Slot { event, generation } = self.slots.slots[slot as usize];
            if generation & 1 == 1 {
                let at = SimTime(ladder::time_of(entry));
                pending.push((at, ladder::class_of(entry), Ticket { slot, generation }, event));
            }
        }
        pending
    }

    /// An empty queue whose clock stands at `now`.
    pub fn at(now: SimTime) -> Queue<E> {
        Queue { now, ..Queue::new() }
    }

    /// Cancels everything. The clock stays, and so does the memory; tickets of before name nothing.
    pub fn clear(&mut self) {
        self.order.retain(|slot| {
            self.slots.take(slot);
            false
        });
        self.order.clear();
        self.pending = 0;
    }

    /// Keeps the memory of cancelled events within that of pending ones.
    #[inline]
    fn sweep(&mut self) {
        let cancelled = self.slots.slots.len() - self.slots.free.len() - self.pending;
        if cancelled > SWEEP && cancelled > self.pending {
            self.order.retain(|slot| self.slots.waits(slot));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cancelled_events_do_not_pile_up() {
        let mut queue = Queue::new();
        for i in 0..100_u64 {
            queue.schedule(SimTime(1_000_000_000 + i), 0, i);
        }
        for i in 0..100_000_u64 {
            let ticket = queue.schedule(SimTime(i * 10_000), 1, i);
            assert_eq!(queue.cancel(ticket), Some(i));
        }
        assert!(queue.slots.slots.len() <= 100 + SWEEP + 2, "{} slots", queue.slots.slots.len());
        assert_eq!(std::iter::from_fn(|| queue.pop()).count(), 100);
        assert_eq!(queue.slots.free.len(), queue.slots.slots.len(), "every slot came back");
    }

    #[test]
    fn what_is_pending_is_told_in_order_and_can_be_scheduled_again() {
        let mut queue = Queue::new();
        let mut state = 3u64;
        let mut tickets = Vec::new();
        for i in 0..5_000u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = SimTime(queue.now().0 + (state >> 40) % 1_000 * if i % 7 == 0 { 100_000 } else { 1 });
            tickets.push(queue.schedule(at, (state >> 60) as u8 % 4, i));
            if i % 3 == 0 {
                queue.cancel(tickets[(state >> 33) as usize % tickets.len()]);
            }
            if i % 5 == 0 {
                queue.pop();
            }
        }
        let pending = queue.pending();
        assert_eq!(pending.len(), queue.len());
        let mut again = Queue::at(queue.now());
        for &(at, class, ticket, event) in &pending {
            assert_eq!(queue.clone().cancel(ticket), Some(event));
            again.schedule(at, class, event);
        }
        for (at, _, _, event) in pending {
            assert_eq!(queue.pop(), Some((at, event)));
            assert_eq!(again.pop(), Some((at, event)));
        }
        assert_eq!(queue.pop(), None);
    }

    #[test]
    fn a_slot_whose_generations_are_used_up_is_retired() {
        let mut queue = Queue::new();
        let old = queue.schedule(SimTime(1), 0, 'a');
        queue.slots.slots[0].generation = u32::MAX - 2;
        assert_eq!(queue.pop(), Some((SimTime(1), 'a')));
        let new = queue.schedule(SimTime(1), 0, 'b');
        assert_eq!((old.slot, new.slot), (0, 1));
        assert_eq!(queue.pop(), Some((SimTime(1), 'b')));
    }
}
