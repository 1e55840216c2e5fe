//! Two runs side by side, each on a thread of its own, which tell what they do as they do it.

use std::collections::VecDeque;
use std::sync::Arc;

use crossbeam::channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;

use super::chance::Chance;
use super::matching::Matching;
use super::side::Side;
use crate::engine::draws::{self, Draw, Draws, StreamName};
use crate::sim::{Ahead, Chain, Followed, Go, Linked, LogRecord};
use crate::workload::{Arrival, Supply, WorkloadError};

/// Pieces that wait at most.
const WAITING: usize = 4;
/// Draws in a piece.
const DRAWS: usize = 1 << 14;
/// Records of each side from the difference on that are waited for.
const AFTER: usize = 6;

/// What a run did since its last piece.
#[derive(Default)]
struct Piece {
    records: Vec<LogRecord>,
    /// Events that logged something or might: records before it, and its number.
    starts: Vec<(u64, u64)>,
    arrivals: Vec<Arrival>,
    draws: Vec<Draw>,
    streams: Vec<StreamName>,
    end: Option<Followed>,
}

type Sent = Result<Piece, String>;

/// Where a run puts what it does.
struct Outbox {
    piece: Piece,
    send: Sender<Sent>,
    /// Nobody wants any more.
    closed: bool,
}

impl Outbox {
    fn flush(&mut self) {
        let piece = std::mem::take(&mut self.piece);
        self.closed |= self.send.send(Ok(piece)).is_err();
    }
}

/// Tells the records.
struct Telling {
    chain: Linked,
    outbox: Arc<Mutex<Outbox>>,
}

impl Chain for Telling {
    fn link(&mut self, records: Vec<u8>) -> Vec<u8> {
        let mut outbox = self.outbox.lock();
        outbox.piece.records.extend(LogRecord::all(&records));
        outbox.flush();
        self.chain.link(records)
    }

    fn value(&mut self) -> [u8; 32] {
        self.chain.value()
    }

    fn last(&mut self, records: &[u8]) {
        self.outbox.lock().piece.records.extend(LogRecord::all(records));
    }
}

/// Tells the arrivals.
struct Passing {
    source: Box<dyn Supply>,
    outbox: Arc<Mutex<Outbox>>,
}

impl Supply for Passing {
    fn next(&mut self) -> Result<Option<Arrival>, WorkloadError> {
        let arrival = self.source.next()?;
        self.outbox.lock().piece.arrivals.extend(arrival);
        Ok(arrival)
    }

    fn progress(&self) -> f64 {
        self.source.progress()
    }
}

/// Makes the run of a side from beginning to end, or until nobody listens.
fn run(side: &Side, send: Sender<Sent>, with_draws: bool) {
    let outbox = Arc::new(Mutex::new(Outbox { piece: Piece::default(), send, closed: false }));
    let listening = with_draws.then(draws::listen);
    let draws = listening.as_ref().map(|(draws, _)| draws);
    match follow(side, &outbox, draws) {
        Ok(end) => {
            let mut outbox = outbox.lock();
            outbox.piece.end = Some(end);
            outbox.flush();
        }
        // When nobody listens the other side has failed, and said why.
        Err(error) => drop(outbox.lock().send.send(Err(format!("{}: {error}", side.path.display())))),
    }
}

fn follow(
    side: &Side,
    outbox: &Arc<Mutex<Outbox>>,
    draws: Option<&Draws>,
) -> Result<Followed, crate::sim::SimError> {
    let passing = Arc::clone(outbox);
    let simulation =
        side.simulation(|workload| workload.through(|source| Box::new(Passing { source, outbox: passing })))?;
    let telling = Telling { chain: Linked::default(), outbox: Arc::clone(outbox) };
    let mut streams = 0;
    let mut tell_draws = |outbox: &mut Outbox, draws: &Draws| {
        let (taken, names) = draws.take(streams);
        streams += names.len();
        outbox.piece.draws.extend(taken);
        outbox.piece.streams.extend(names);
    };
    let before = |ahead: &Ahead<'_>| {
        let mut outbox = outbox.lock();
        let start = (ahead.records, ahead.number);
        match outbox.piece.starts.last_mut() {
            // An event that logged nothing is no start of any record.
            Some(last) if last.0 == start.0 => *last = start,
            _ => outbox.piece.starts.push(start),
        }
        if let Some(draws) = draws.filter(|draws| draws.waiting() >= DRAWS) {
            tell_draws(&mut outbox, draws);
            outbox.flush();
        }
        if outbox.closed { Go::Stop } else { Go::On }
    };
    let end = simulation.chained(Box::new(telling)).follow(&mut (), draws, before)?;
    if let Some(draws) = draws {
        tell_draws(&mut outbox.lock(), draws);
    }
    Ok(end)
}

/// What two runs have in common, and where that ends.
pub(super) struct Met {
    /// The event log.
    pub(super) records: Matching<LogRecord>,
    /// What came in.
    pub(super) arrivals: Matching<Arrival>,
    /// What was drawn, when that was asked for.
    pub(super) chance: Option<Chance>,
    /// How each side ended; none when it was not followed to its end.
    pub(super) ends: [Option<Followed>; 2],
    starts: [VecDeque<(u64, u64)>; 2],
}

impl Met {
    fn new(with_draws: bool) -> Met {
        Met {
            records: Matching::new(),
            arrivals: Matching::new(),
            chance: with_draws.then(Chance::default),
            ends: [None, None],
            starts: [VecDeque::new(), VecDeque::new()],
        }
    }

    pub(super) fn ended(&self) -> [bool; 2] {
        [self.ends[0].is_some(), self.ends[1].is_some()]
    }

    /// Number of the event, on a side, in which the first record that differs was logged.
    pub(super) fn event(&self, side: usize) -> Option<u64> {
        self.records.ahead(side).front()?;
        let first = self.records.matched();
        let known = self.starts[side].iter().rev().find(|(records, _)| *records <= first);
        known.map(|(_, event)| *event)
    }

    fn take(&mut self, side: usize, piece: Piece) {
        let Piece { records, starts, arrivals, draws, streams, end } = piece;
        let done = self.records.differs(self.ended());
        if !done {
            self.starts[side].extend(starts);
        }
        if !done || self.records.ahead(side).len() < AFTER {
            self.records.push(side, records);
        }
        for starts in &mut self.starts {
            while starts.get(1).is_some_and(|(records, _)| *records <= self.records.matched()) {
                starts.pop_front();
            }
        }
        if !self.arrivals.differs(self.ended()) {
            self.arrivals.push(side, arrivals);
        }
        if let Some(chance) = &mut self.chance {
            chance.push(side, &streams, &draws);
        }
        self.ends[side] = end;
    }

    /// Whether all is known that was asked for.
    fn is_enough(&self) -> bool {
        let ended = self.ended();
        let seen = |side: usize| ended[side] || self.records.ahead(side).len() >= AFTER;
        ended == [true, true] || (self.chance.is_none() && self.records.differs(ended) && seen(0) && seen(1))
    }
}

/// Runs both sides until they differ, or to their ends when draws are compared too.
///
/// # Errors
/// What is wrong with a side, in words.
pub(super) fn meet(sides: [&Side; 2], with_draws: bool) -> Result<Met, String> {
    std::thread::scope(|scope| {
        let pieces: [Receiver<Sent>; 2] = sides.map(|side| {
            let (send, pieces) = bounded(WAITING);
            scope.spawn(move || run(side, send, with_draws));
            pieces
        });
        let mut met = Met::new(with_draws);
        let mut received = [0usize; 2];
        while !met.is_enough() {
            let ended = met.ended();
            // The side that is behind goes on, so that little has to be held.
            let side = usize::from(ended[0] || (!ended[1] && received[1] < received[0]));
            let piece = pieces[side].recv().map_err(|_| "a run ended without a word".to_owned())??;
            received[side] += piece.records.len().max(1);
            met.take(side, piece);
        }
        Ok(met)
    })
}
