//! Workers: tasks that take requests off the schedule, wait for their moment, and answer them.

use std::collections::BTreeMap;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::engine::Stream;
use crate::metrics::clock::WallMark;
use crate::model::{SimDuration, Utc};
use crate::validate::Reject;

use super::desk::{Desk, Draft, GROUP, Live, Locks};
use super::lanes::Lanes;

/// The runtime's timer counts milliseconds: further off than this, a worker sleeps.
const SLEEP_ABOVE_NS: u64 = 3_000_000;
/// It gets up that much earlier.
const UP_EARLIER_NS: u64 = 2_000_000;
/// It sleeps no longer than this at a time, so that an interruption is noticed.
const LONGEST_SLEEP_NS: u64 = 50_000_000;
/// Nearer than this, it spins on the clock.
const SPIN_BELOW_NS: u64 = 20_000;
/// A worker that is never early lets others run after so many groups of requests.
const IN_A_ROW: u32 = 64;
/// Longest time that a histogram counts exactly; longer ones count as this.
const LONGEST_NS: u64 = 600_000_000_000;

/// One step as its workers see it.
pub(super) struct Shift {
    /// The requests, with their moments in nanoseconds after `zero`.
    pub(super) lanes: Lanes,
    /// Requests meant to be sent before this are not measured.
    pub(super) warmup_ns: u64,
    /// The step is given up when a request would begin later than this after its moment.
    pub(super) give_up_ns: u64,
    /// Number of the first request in the run.
    pub(super) first: u64,
    /// Date at `zero`.
    pub(super) start: Utc,
    pub(super) zero: WallMark,
    /// More workers than threads: they must not spin in each other's way.
    pub(super) crowded: bool,
    /// Raised by an interruption.
    pub(super) stop: Arc<AtomicBool>,
    pub(super) gave_up: AtomicBool,
}

impl Shift {
    fn over(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.gave_up.load(Ordering::Relaxed)
    }

    /// The date at a time after `zero`.
    fn date(&self, nanos: u64) -> Utc {
        self.start.after(SimDuration(nanos / 1_000))
    }

    /// Waits for a moment; the time when it has come, or none when the step has ended before.
    async fn wait(&self, moment: u64) -> Option<u64> {
        loop {
            let now = self.zero.elapsed_nanos();
            if self.over() {
                return None;
            }
            if now >= moment {
                return Some(now);
            }
            let wait = moment - now;
            if wait > SLEEP_ABOVE_NS {
                let nanos = (wait - UP_EARLIER_NS).min(LONGEST_SLEEP_NS);
                tokio::time::sleep(Duration::from_nanos(nanos)).await;
            } else if wait > SPIN_BELOW_NS || self.crowded {
                tokio::task::yield_now().await;
            } else {
                spin_loop();
            }
        }
    }
}

/// What a worker writes down in one step; merged at its end.
pub(super) struct Book {
    /// From the intended moment to the answer, in nanoseconds.
    pub(super) response: Histogram<u64>,
    /// From the begin of the work to the answer.
    pub(super) service: Histogram<u64>,
    /// One release: its share of the time that a group of them took.
    pub(super) release: Histogram<u64>,
    /// Requests sent before the end of the warm-up.
    pub(super) warmup: u64,
    /// Requests of other lanes that it answered because they were late, warm-up included.
    pub(super) helped: u64,
    pub(super) created: u64,
    pub(super) replayed: u64,
    /// Refusals by status and code.
    pub(super) rejected: BTreeMap<(u16, &'static str), u64>,
    pub(super) locks: Locks,
    /// Time in requests and releases.
    pub(super) busy_ns: u64,
    /// When the last answer was given.
    pub(super) last_ns: u64,
}

impl Book {
    pub(super) fn new() -> Book {
        let histogram =
            || Histogram::new_with_bounds(1, LONGEST_NS, 3).expect("three significant figures are allowed");
        Book {
            response: histogram(),
            service: histogram(),
            release: histogram(),
            warmup: 0,
            helped: 0,
            created: 0,
            replayed: 0,
            rejected: BTreeMap::new(),
            locks: Locks::default(),
            busy_ns: 0,
            last_ns: 0,
        }
    }

    /// Adds what another worker has written down.
    pub(super) fn add(&mut self, other: &Book) {
        let pairs = [
            (&mut self.response, &other.response),
            (&mut self.service, &other.service),
            (&mut self.release, &other.release),
        ];
        for (mine, theirs) in pairs {
            mine.add(theirs).expect("all histograms have the same bounds");
        }
        self.warmup += other.warmup;
        self.helped += other.helped;
        self.created += other.created;
        self.replayed += other.replayed;
        for (&code, &count) in &other.rejected {
            *self.rejected.entry(code).or_default() += count;
        }
        self.locks.add(other.locks);
        self.busy_ns += other.busy_ns;
        self.last_ns = self.last_ns.max(other.last_ns);
    }

    /// Measured requests that were refused.
    pub(super) fn refused(&self) -> u64 {
        self.rejected.values().sum()
    }

    fn answer(&mut self, reject: Option<&Reject>) {
        match reject {
            None => self.created += 1,
            Some(reject) if reject.replay.is_some() => self.replayed += 1,
            Some(reject) => *self.rejected.entry((reject.status, reject.code)).or_default() += 1,
        }
    }
}

/// One worker with the instances that it has created.
pub(super) struct Worker {
    desk: Arc<Desk>,
    /// The lane whose requests are its own.
    lane: usize,
    /// The lane that it looked at last for late requests.
    neighbour: usize,
    live: Vec<Live>,
    /// Instances that it keeps alive.
    target: usize,
    /// Which instance is released next.
    luck: Stream,
    /// Requests that are answered together: their places and when the work on each began.
    group: Vec<(usize, u64)>,
    drafts: Vec<Draft>,
    answers: Vec<Result<Live, Reject>>,
    pub(super) book: Book,
}

impl Worker {
    pub(super) fn new(desk: Arc<Desk>, lane: usize, live: Vec<Live>, luck: Stream) -> Worker {
        let target = live.len();
        Worker {
            desk,
            lane,
            neighbour: lane,
            live,
            target,
            luck,
            group: Vec::with_capacity(GROUP),
            drafts: Vec::with_capacity(GROUP),
            answers: Vec::with_capacity(GROUP),
            book: Book::new(),
        }
    }

    /// Works through its part of a step.
    pub(super) async fn work(mut self, shift: Arc<Shift>) -> Worker {
        self.book = Book::new();
        let mut in_a_row = 0;
        let mut next = shift.lanes.take(self.lane);
        while let Some(place) = next
            && !shift.over()
        {
            let moment = shift.lanes.moment(place);
            let late = shift.zero.elapsed_nanos() >= moment || self.help(&shift, moment);
            in_a_row = if late { in_a_row + 1 } else { 0 };
            if in_a_row == IN_A_ROW {
                in_a_row = 0;
                tokio::task::yield_now().await;
            }
            let Some(begun) = shift.wait(moment).await else { break };
            next = self.serve(&shift, place, begun);
        }
        self
    }

    /// Ahead of its next request: answers what another worker is late with. True when that took until the moment.
    fn help(&mut self, shift: &Shift, moment: u64) -> bool {
        self.neighbour += 1;
        let mut now = shift.zero.elapsed_nanos();
        while now < moment
            && !shift.over()
            && let Some(place) = shift.lanes.take_late(self.neighbour, now)
        {
            if self.draft(shift, place, now) {
                self.finish(shift);
                self.book.helped += 1;
            }
            now = shift.zero.elapsed_nanos();
        }
        now >= moment
    }

    /// Answers a request whose moment has come, together with those after it whose moments have come by then; gives the
    /// one after them.
    fn serve(&mut self, shift: &Shift, mut place: usize, mut now: u64) -> Option<usize> {
        let next = loop {
            if !self.draft(shift, place, now) {
                break None;
            }
            let next = shift.lanes.take(self.lane);
            now = shift.zero.elapsed_nanos();
            match next {
                Some(due) if self.group.len() < GROUP && shift.lanes.moment(due) <= now => place = due,
                next => break next,
            }
        };
        self.finish(shift);
        next
    }

    /// Begins the work on a request. False when it comes too late: the step is given up.
    fn draft(&mut self, shift: &Shift, place: usize, begun: u64) -> bool {
        if begun - shift.lanes.moment(place) > shift.give_up_ns {
            shift.gave_up.store(true, Ordering::Relaxed);
            return false;
        }
        self.group.push((place, begun));
        self.drafts.push(self.desk.draft(shift.first + place as u64, shift.date(begun)));
        true
    }

    /// Answers the requests that were begun; then releases as many instances as are too many.
    fn finish(&mut self, shift: &Shift) {
        let Some(&(first, begun)) = self.group.first() else { return };
        let Worker { desk, live, book, answers, .. } = self;
        desk.decide(self.drafts.drain(..), shift.date(begun), &mut book.locks, |answer| {
            answers.push(answer.map(Live::of));
        });
        let answered = shift.zero.elapsed_nanos();
        book.last_ns = answered;
        for ((place, begun), answer) in self.group.drain(..).zip(answers.drain(..)) {
            let moment = shift.lanes.moment(place);
            if moment < shift.warmup_ns {
                book.warmup += 1;
            } else {
                book.response.saturating_record(answered - moment);
                book.service.saturating_record(answered - begun);
                book.answer(answer.as_ref().err());
            }
            live.extend(answer);
        }
        let surplus = live.len().saturating_sub(self.target);
        let mut done = answered;
        if surplus > 0 {
            let luck = &mut self.luck;
            let leaving = (0..surplus).map(|_| live.swap_remove(luck.below(live.len() as u64) as usize));
            desk.release(leaving, &mut book.locks);
            done = shift.zero.elapsed_nanos();
            if shift.lanes.moment(first) >= shift.warmup_ns {
                book.release.saturating_record_n((done - answered) / surplus as u64, surplus as u64);
            }
        }
        book.busy_ns += done - begun;
    }

    /// Instances that it holds.
    pub(super) fn live(&self) -> usize {
        self.live.len()
    }

    /// Releases everything.
    pub(super) fn leave(self) {
        self.desk.release(self.live, &mut Locks::default());
    }
}
