//! Random draws of two runs, compared stream by stream.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

use crate::engine::draws::{Draw, StreamName};
use crate::model::SimTime;

/// Draws that one side may be ahead by in all streams together, before some are given up.
const AHEAD: usize = 4_000_000;

/// A number that was drawn, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Drawn {
    /// The 64 bits in hexadecimal.
    #[serde(serialize_with = "hexadecimal")]
    pub value: u64,
    /// Number of the event, from 1; 0: before the first.
    pub event: u64,
    /// Its virtual time, in microseconds.
    pub at: SimTime,
}

fn hexadecimal<S: serde::Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{value:016x}"))
}

/// A draw that is not the same on both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct DrawDifference {
    /// Number of the draw in its stream, from 0.
    pub draw: u64,
    /// The first run's; none: it never made this draw.
    pub a: Option<Drawn>,
    /// The second run's.
    pub b: Option<Drawn>,
}

/// What two runs drew from one stream.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct StreamReport {
    /// What it is for.
    pub purpose: String,
    /// For whom.
    pub entity: u64,
    /// Draws of each run.
    pub draws: [u64; 2],
    /// The first draw with another value, or that only one run made.
    pub value: Option<DrawDifference>,
    /// The first draw at another virtual time.
    pub moment: Option<DrawDifference>,
    /// Draws that were compared. Fewer than both runs made only when one was far ahead of the other.
    pub compared: u64,
}

impl StreamReport {
    /// Both runs drew the same at the same times.
    pub fn is_same(&self) -> bool {
        self.value.is_none() && self.moment.is_none() && self.draws[0] == self.draws[1]
    }
}

/// What two runs drew.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ChanceReport {
    /// Draws of each run.
    pub draws: [u64; 2],
    /// Streams of both runs, by name.
    pub streams: Vec<StreamReport>,
}

impl ChanceReport {
    /// Both runs drew the same at the same times.
    pub fn is_same(&self) -> bool {
        self.streams.iter().all(StreamReport::is_same)
    }

    /// The stream whose first difference comes first in virtual time; of several the first by name.
    pub fn first(&self) -> Option<(&StreamReport, DrawDifference)> {
        let time =
            |found: &DrawDifference| [found.a, found.b].into_iter().flatten().map(|drawn| drawn.at).min();
        let each = self.streams.iter().filter_map(|stream| {
            let found = [stream.value, stream.moment].into_iter().flatten().min_by_key(|found| found.draw)?;
            Some((stream, found))
        });
        each.min_by_key(|(_, found)| time(found))
    }
}

#[derive(Default)]
struct Stream {
    draws: [u64; 2],
    /// What one side has drawn and the other has not yet.
    ahead: VecDeque<Drawn>,
    compared: u64,
    value: Option<DrawDifference>,
    moment: Option<DrawDifference>,
    given_up: bool,
}

impl Stream {
    /// True when `ahead` is that of this side, or empty.
    fn leads(&self, side: usize) -> bool {
        self.draws[side] >= self.draws[1 - side]
    }

    fn is_known(&self) -> bool {
        self.given_up || (self.value.is_some() && self.moment.is_some())
    }
}

/// Draws of two runs as they come.
#[derive(Default)]
pub(super) struct Chance {
    by_name: BTreeMap<StreamName, usize>,
    streams: Vec<Stream>,
    /// By side and number of the stream there: its place in `streams`.
    places: [Vec<usize>; 2],
    /// Draws held in all streams.
    held: usize,
}

impl Chance {
    pub(super) fn push(&mut self, side: usize, names: &[StreamName], draws: &[Draw]) {
        for name in names {
            let next = self.streams.len();
            let place = *self.by_name.entry(name.clone()).or_insert(next);
            if place == next {
                self.streams.push(Stream::default());
            }
            self.places[side].push(place);
        }
        for draw in draws {
            let place = self.places[side][draw.stream as usize];
            self.draw(place, side, Drawn { value: draw.value, event: draw.event, at: draw.at });
        }
    }

    fn draw(&mut self, place: usize, side: usize, drawn: Drawn) {
        let stream = &mut self.streams[place];
        let leads = stream.leads(side);
        stream.draws[side] += 1;
        if stream.is_known() {
            return;
        }
        if leads {
            if self.held < AHEAD {
                self.held += 1;
                stream.ahead.push_back(drawn);
            } else {
                self.held -= stream.ahead.len();
                stream.ahead = VecDeque::new();
                stream.given_up = true;
            }
            return;
        }
        let Some(other) = stream.ahead.pop_front() else { return };
        self.held -= 1;
        let (a, b) = if side == 0 { (drawn, other) } else { (other, drawn) };
        let found = Some(DrawDifference { draw: stream.compared, a: Some(a), b: Some(b) });
        if stream.value.is_none() && a.value != b.value {
            stream.value = found;
        }
        if stream.moment.is_none() && a.at != b.at {
            stream.moment = found;
        }
        stream.compared += 1;
        if stream.is_known() {
            self.held -= stream.ahead.len();
            stream.ahead = VecDeque::new();
        }
    }

    pub(super) fn report(self) -> ChanceReport {
        let Chance { by_name, mut streams, .. } = self;
        let mut reports = Vec::with_capacity(by_name.len());
        for ((purpose, entity), place) in by_name {
            let stream = std::mem::take(&mut streams[place]);
            let only = |drawn: &Drawn| {
                let (a, b) = if stream.draws[0] > stream.draws[1] {
                    (Some(*drawn), None)
                } else {
                    (None, Some(*drawn))
                };
                DrawDifference { draw: stream.compared, a, b }
            };
            reports.push(StreamReport {
                purpose,
                entity,
                draws: stream.draws,
                value: stream.value.or_else(|| stream.ahead.front().map(only)),
                moment: stream.moment,
                compared: stream.compared,
            });
        }
        let sum = |side: usize| reports.iter().map(|stream| stream.draws[side]).sum();
        ChanceReport { draws: [sum(0), sum(1)], streams: reports }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(purpose: &str) -> StreamName {
        (purpose.to_owned(), 0)
    }

    fn draw(stream: u32, value: u64, event: u64) -> Draw {
        Draw { stream, value, event, at: SimTime(10 * event) }
    }

    #[test]
    fn streams_are_compared_by_name_whatever_their_order() {
        let mut chance = Chance::default();
        chance.push(0, &[name("a"), name("b")], &[draw(0, 7, 1), draw(1, 8, 1), draw(0, 9, 2)]);
        chance.push(
            1,
            &[name("b"), name("a")],
            &[draw(1, 7, 1), draw(0, 8, 1), draw(1, 5, 2), draw(1, 6, 3)],
        );
        let report = chance.report();
        assert_eq!(report.draws, [3, 4]);
        let [a, b] = &report.streams[..] else { panic!("{report:?}") };
        assert!(b.is_same() && !a.is_same() && !report.is_same());
        let found = a.value.expect("the second draw has another value");
        assert_eq!((found.draw, found.a.unwrap().value, found.b.unwrap().value), (1, 9, 5));
        assert_eq!((a.moment, a.draws, a.compared), (None, [2, 3], 2));
        assert_eq!(report.first().unwrap().1, found);
    }

    #[test]
    fn other_moments_and_missing_draws_are_told() {
        let mut chance = Chance::default();
        chance.push(0, &[name("a")], &[draw(0, 1, 1), draw(0, 2, 4)]);
        chance.push(1, &[name("a")], &[draw(0, 1, 2)]);
        let report = chance.report();
        let stream = &report.streams[0];
        assert_eq!(stream.moment.unwrap().draw, 0);
        let missing = stream.value.unwrap();
        assert_eq!((missing.draw, missing.a.unwrap().event, missing.b), (1, 4, None));
    }
}
