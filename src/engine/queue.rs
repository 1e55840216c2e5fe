//! The queue of pending events.

use serde::{Deserialize, Serialize};

use super::ladder::{self, Ladder};
use crate::model::SimTime;

/// Cancelled events are swept out when there are more of them than of pending ones, and than this.
const SWEEP: usize = 1024;

/// The name of one scheduled event, for [`Queue::cancel`]. It stays safe to use after the event has fired or
/// was cancelled: it then names nothing.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
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

/// A [`Queue`] as data.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct QueueState<E> {
    now: SimTime,
    /// Generation and payload of every slot.
    slots: Vec<(u32, E)>,
    free: Vec<u32>,
    /// Moment, class and slot of what is pending, in the order in which it fires.
    pending: Vec<(SimTime, u8, u32)>,
}

impl<E> QueueState<E> {
    /// The clock.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The number of pending events.
    pub fn len(&self) -> usize {
        self.pending.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }
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
    // In line: a loop that takes events does so in one place.
    #[inline(always)]
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

    /// The queue as data. Tickets stay good for a queue that is restored from it.
    pub fn save(&self) -> QueueState<E> {
        let slots = &self.slots.slots;
        let mut order = self.order.clone();
        let mut pending = Vec::with_capacity(self.pending);
        // Slots of cancelled events are free as soon as the ladder gives them back; in a state they are free now.
        let mut cancelled = Vec::new();
        while let Some(entry) = order.pop(|_| true) {
            let slot = ladder::slot_of(entry);
            if slots[slot as usize].generation & 1 == 1 {
                pending.push((SimTime(ladder::time_of(entry)), ladder::class_of(entry), slot));
            } else {
                cancelled.push(slot);
            }
        }
        cancelled.retain(|slot| slots[*slot as usize].generation != u32::MAX - 1);
        cancelled.sort_unstable();
        let free = self.slots.free.iter().copied().chain(cancelled).collect();
        let slots = slots.iter().map(|slot| (slot.generation, slot.event)).collect();
        QueueState { now: self.now, slots, free, pending }
    }

    /// A queue that goes on from a state; none when that is none of a queue.
    pub fn restore(state: QueueState<E>) -> Option<Queue<E>> {
        let QueueState { now, slots, free, pending } = state;
        let mut queue = Queue { now, pending: pending.len(), ..Queue::new() };
        let slots: Vec<Slot<E>> =
            slots.into_iter().map(|(generation, event)| Slot { event, generation }).collect();
        let waits = |slot: u32| slots.get(slot as usize).map(|slot| slot.generation & 1 == 1);
        let waiting = slots.iter().filter(|slot| slot.generation & 1 == 1).count();
        let sound = free.iter().all(|slot| waits(*slot) == Some(false))
            && waiting == pending.len()
            && pending.iter().all(|(at, _, slot)| *at >= now && waits(*slot) == Some(true));
        for &(at, class, slot) in pending.iter().filter(|_| sound) {
            queue.order.push(ladder::entry(at.0, class, slot));
        }
        queue.slots = Slots { slots, free };
        sound.then_some(queue)
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
    fn a_queue_goes_on_from_its_state_and_tickets_stay_good() {
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
        let state = queue.save();
        assert_eq!((state.len(), state.now()), (queue.len(), queue.now()));
        let mut again = Queue::restore(state.clone()).expect("a sound state");
        assert_eq!(again.save(), state);
        for ticket in tickets {
            assert_eq!(queue.clone().cancel(ticket), again.clone().cancel(ticket), "a ticket names the same");
        }
        // What comes later comes after its like that waited before.
        for queue in [&mut queue, &mut again] {
            for i in 0..100 {
                queue.schedule(SimTime(queue.now().0 + i % 7), 1, 1_000_000 + i);
            }
        }
        while let Some(next) = queue.pop() {
            assert_eq!(again.pop(), Some(next));
        }
        assert_eq!(again.pop(), None);
        let mut broken = state;
        broken.pending.pop();
        assert!(Queue::restore(broken).is_none());
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
