//! The event queue against a sorted reference: any sequence of schedule, cancel, pop, peek and clear gives
//! the same answers.

use std::collections::BTreeMap;

use packyard::engine::{Queue, Ticket};
use packyard::model::SimTime;
use proptest::prelude::*;

/// What one pending event is in the reference, by (time, class, sequence).
type Key = (u64, u8, u64);

/// The queue under test and a sorted map that says what it must answer.
#[derive(Default)]
struct Pair {
    queue: Queue<u64>,
    reference: BTreeMap<Key, u64>,
    tickets: Vec<(Ticket, Key)>,
    sequence: u64,
    now: u64,
}

impl Pair {
    fn schedule(&mut self, at: u64, class: u8) {
        let event = self.sequence.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let key = (at, class, self.sequence);
        self.sequence += 1;
        let ticket = self.queue.schedule(SimTime(at), class, event);
        self.reference.insert(key, event);
        self.tickets.push((ticket, key));
    }

    fn cancel(&mut self, pick: usize) {
        if self.tickets.is_empty() {
            return;
        }
        // Tickets stay in the list, so that spent ones are tried again.
        let (ticket, key) = self.tickets[pick % self.tickets.len()];
        assert_eq!(self.queue.cancel(ticket), self.reference.remove(&key), "cancel of {key:?}");
    }

    fn pop(&mut self) -> bool {
        let expected = self.reference.pop_first();
        let got = self.queue.pop();
        assert_eq!(got, expected.map(|((at, ..), event)| (SimTime(at), event)));
        if let Some(((at, ..), _)) = expected {
            self.now = at;
        }
        expected.is_some()
    }

    fn check(&mut self) {
        assert_eq!(self.queue.len(), self.reference.len());
        assert_eq!(self.queue.is_empty(), self.reference.is_empty());
        assert_eq!(self.queue.now(), SimTime(self.now));
    }

    fn peek(&mut self) {
        let expected = self.reference.first_key_value().map(|((at, ..), _)| SimTime(*at));
        assert_eq!(self.queue.peek_time(), expected);
    }

    fn clear(&mut self) {
        self.queue.clear();
        self.reference.clear();
    }

    fn drain(&mut self) {
        while self.pop() {}
        self.check();
    }
}

/// One step of a random history; times are spans from now.
#[derive(Clone, Debug)]
enum Step {
    Schedule(u64, u8),
    Burst(u64, u16, u8),
    Spread(u64, u16),
    Cancel(usize),
    CancelMany(u16, u16),
    Pop(u16),
    Peek,
    Clear,
}

/// Spans of every size: none, microseconds, seconds, weeks, and up to the end of time.
fn span() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => Just(0),
        3 => 0..8_u64,
        3 => 0..5_000_000_u64,
        3 => 0..2_000_000_000_000_u64,
        1 => (0..64_u32, any::<u64>()).prop_map(|(bits, x)| x >> bits),
        1 => (0..4_u64).prop_map(|x| u64::MAX - x),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (span(), prop_oneof![0..3_u8, any::<u8>()]).prop_map(|(s, c)| Step::Schedule(s, c)),
        2 => (span(), 1..300_u16, 1..9_u8).prop_map(|(s, n, c)| Step::Burst(s, n, c)),
        2 => (span(), 1..300_u16).prop_map(|(s, n)| Step::Spread(s, n)),
        4 => any::<usize>().prop_map(Step::Cancel),
        1 => (any::<u16>(), 1..400_u16).prop_map(|(s, n)| Step::CancelMany(s, n)),
        6 => (1..60_u16).prop_map(Step::Pop),
        3 => Just(Step::Peek),
        1 => prop_oneof![9 => Just(Step::Peek), 1 => Just(Step::Clear)],
    ]
}

fn run(steps: Vec<Step>) {
    let mut pair = Pair::default();
    let mut noise = 1_u64;
    for step in steps {
        let now = pair.now;
        match step {
            Step::Schedule(span, class) => pair.schedule(now.saturating_add(span), class),
            Step::Burst(span, count, classes) => {
                for i in 0..count {
                    pair.schedule(now.saturating_add(span), (i % u16::from(classes)) as u8);
                }
            }
            Step::Spread(span, count) => {
                for _ in 0..count {
                    noise =
                        noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let at = now.saturating_add((noise >> 20) % span.saturating_add(1).max(1));
                    pair.schedule(at, (noise >> 61) as u8);
                }
            }
            Step::Cancel(pick) => pair.cancel(pick),
            Step::CancelMany(start, count) => {
                for i in 0..usize::from(count) {
                    pair.cancel(usize::from(start) + i * 7);
                }
            }
            Step::Pop(count) => {
                for _ in 0..count {
                    if !pair.pop() {
                        break;
                    }
                }
            }
            Step::Peek => pair.peek(),
            Step::Clear => pair.clear(),
        }
        pair.check();
    }
    pair.drain();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_gives_the_answers_of_a_sorted_map(steps in prop::collection::vec(step(), 1..120)) {
        run(steps);
    }
}

#[test]
#[should_panic(expected = "scheduled in the past")]
fn the_past_is_refused() {
    let mut queue = Queue::new();
    queue.schedule(SimTime(10), 0, ());
    queue.pop();
    queue.schedule(SimTime(9), 0, ());
}

#[test]
fn a_lower_class_overtakes_a_burst_that_is_being_taken() {
    // More of the lower class than the sorted front of the queue takes, in the middle of a large burst.
    let mut pair = Pair::default();
    for _ in 0..1000 {
        pair.schedule(7, 5);
    }
    pair.schedule(8, 0);
    for round in 0..40 {
        pair.pop();
        for i in 0..(round * 10) {
            pair.schedule(7, (i % 7) as u8);
        }
        pair.peek();
    }
    pair.drain();
}

#[test]
fn falling_times_with_a_look_at_each_keep_their_order() {
    let mut pair = Pair::default();
    for i in 0..5000 {
        pair.schedule(1_000_000 - i * 100, (i % 3) as u8);
        pair.peek();
        if i % 5 == 0 {
            pair.schedule(1_000_000 - i * 37, 9);
        }
    }
    pair.drain();
}

#[test]
fn the_end_of_time_is_a_moment_like_others() {
    let mut pair = Pair::default();
    for i in 0..3000_u64 {
        pair.schedule(u64::MAX - (i % 3), 255 - (i % 5) as u8);
        pair.schedule(i * i, 255);
    }
    for _ in 0..4000 {
        pair.pop();
    }
    for i in 0..500_u64 {
        pair.schedule(u64::MAX, (i % 256) as u8);
    }
    pair.drain();
    pair.schedule(u64::MAX, 0);
    pair.drain();
}

#[test]
fn a_spent_ticket_names_nothing() {
    let mut queue = Queue::new();
    let first = queue.schedule(SimTime(1), 0, 'a');
    assert_eq!(queue.pop(), Some((SimTime(1), 'a')));
    let second = queue.schedule(SimTime(2), 0, 'b');
    assert_eq!(queue.cancel(first), None, "the place of a fired event serves another one now");
    assert_eq!(queue.cancel(second), Some('b'));
    assert_eq!(queue.cancel(second), None);
    assert_eq!((queue.pop(), queue.peek_time(), queue.now()), (None, None, SimTime(1)));
    let third = queue.schedule(SimTime(3), 0, 'c');
    queue.clear();
    assert_eq!(queue.cancel(third), None);
    assert!(queue.is_empty());
    assert_eq!(queue.now(), SimTime(1), "the clock stays");
}
