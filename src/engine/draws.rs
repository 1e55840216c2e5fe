//! A check of chance: every number that the streams of a thread give, written down draw by draw.
//!
//! [`listen`] begins on the thread that builds and runs a simulation. A stream that is made there from then on knows of
//! it, whatever thread draws from it; any other stream pays one test of an empty pointer a draw. Nothing that is
//! written down here comes back to a run.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::model::SimTime;

thread_local! {
    /// Who listens to streams that this thread makes.
    static LISTENER: RefCell<Option<Arc<Mutex<Ledger>>>> = const { RefCell::new(None) };
}

/// One number that a stream gave.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draw {
    /// Number of the stream in the order in which streams were made, as in the report of the draws.
    pub stream: u32,
    /// The 64 bits.
    pub value: u64,
    /// Number of the run's event in which it was drawn, from 1; 0: before the first.
    pub event: u64,
    /// Virtual time of that event.
    pub at: SimTime,
}

/// Name of a stream: what it is for, and for whom.
pub type StreamName = (String, u64);

#[derive(Default)]
struct Ledger {
    event: u64,
    at: SimTime,
    names: Vec<StreamName>,
    by_name: BTreeMap<StreamName, u32>,
    draws: Vec<Draw>,
}

/// What has been written down and not been taken yet.
pub struct Draws(Arc<Mutex<Ledger>>);

/// While it lives, streams that its thread makes are listened to.
pub struct Listening(PhantomData<*const ()>);

/// Listens to every stream that this thread makes from now on, until the second value is dropped.
pub fn listen() -> (Draws, Listening) {
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    LISTENER.with_borrow_mut(|listener| *listener = Some(Arc::clone(&ledger)));
    (Draws(ledger), Listening(PhantomData))
}

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENER.with_borrow_mut(|listener| *listener = None);
    }
}

impl Draws {
    /// What is drawn from now on belongs to the event of this number.
    pub fn event(&self, number: u64, at: SimTime) {
        let mut ledger = self.0.lock();
        (ledger.event, ledger.at) = (number, at);
    }

    /// Takes what has been written down, in order, and the names of streams from number `known` on. A stream that is
    /// made twice keeps its number.
    pub fn take(&self, known: usize) -> (Vec<Draw>, Vec<StreamName>) {
        let mut ledger = self.0.lock();
        (std::mem::take(&mut ledger.draws), ledger.names[known..].to_vec())
    }

    /// Draws that wait to be taken.
    pub fn waiting(&self) -> usize {
        self.0.lock().draws.len()
    }
}

/// What a stream that is listened to carries.
#[derive(Clone)]
pub(crate) struct Tap {
    stream: u32,
    ledger: Arc<Mutex<Ledger>>,
}

impl std::fmt::Debug for Tap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tap({})", self.stream)
    }
}

impl Tap {
    /// The tap of a stream that is being made; none when nobody listens.
    pub(crate) fn of(purpose: &str, entity: u64) -> Option<Box<Tap>> {
        LISTENER.with_borrow(|listener| {
            let ledger = Arc::clone(listener.as_ref()?);
            let name = (purpose.to_owned(), entity);
            let mut open = ledger.lock();
            let next = open.names.len() as u32;
            let stream = *open.by_name.entry(name.clone()).or_insert(next);
            if stream == next {
                open.names.push(name);
            }
            drop(open);
            Some(Box::new(Tap { stream, ledger }))
        })
    }

    #[cold]
    pub(crate) fn drawn(&self, value: u64) {
        let mut ledger = self.ledger.lock();
        let (event, at) = (ledger.event, ledger.at);
        ledger.draws.push(Draw { stream: self.stream, value, event, at });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    #[test]
    fn draws_are_written_down_in_order_and_change_nothing() {
        let mut quiet = Streams::new(1).stream("a", 0);
        let expected: Vec<u64> = (0..3).map(|_| quiet.next_u64()).collect();
        let (draws, listening) = listen();
        let mut a = Streams::new(1).stream("a", 0);
        let mut b = Streams::new(1).stream("b", 7);
        assert_eq!(a.next_u64(), expected[0]);
        draws.event(5, SimTime(40));
        b.next_u64();
        assert_eq!(a.next_u64(), expected[1]);
        assert_eq!(draws.waiting(), 3);
        let (taken, names) = draws.take(0);
        assert_eq!(names, [("a".to_owned(), 0), ("b".to_owned(), 7)]);
        let told: Vec<_> = taken.iter().map(|draw| (draw.stream, draw.event, draw.at.0)).collect();
        assert_eq!(told, [(0, 0, 0), (1, 5, 40), (0, 5, 40)]);
        assert_eq!(taken[2].value, expected[1]);
        drop(listening);
        Streams::new(1).stream("c", 0).next_u64();
        assert_eq!(draws.take(0), (Vec::new(), names));
    }
}
