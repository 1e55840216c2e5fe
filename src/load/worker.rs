//! Workers: tasks that take requests off the schedule, wait for their moment, and answer them.

use std::collections::BTreeMap;
use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::engine::Stream;
use crate::metrics::clock::WallMark;
use crate::model::{SimDuration, Utc, ZoneIx};
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
    /// Requests that are answered together: zones and places.
    group: Vec<(Option<ZoneIx>, usize)>,
    /// When the work on each of them began, what is left to do of it, its answer.
    begins: Vec<u64>,
    drafts: Vec<Draft>,
    answers: Vec<Result<Live, Reject>>,
    /// Instances that are released together.
    leaving: Vec<Live>,
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
            group: Vec::new(),
            begins: Vec::new(),
            drafts: Vec::new(),
            answers: Vec::new(),
            leaving: Vec::new(),
            book: Book::new(),
        }
    }

    /// Works through its part of a step; then through what others are late with.
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
            let Some(now) = shift.wait(moment).await else { break };
            next = self.serve(&shift, place, now);
        }
        for _ in 0..shift.lanes.len() {
            self.help(&shift, u64::MAX);
        }
        self
    }

    /// Answers a request whose moment has come, together with those after it whose moments have come too; gives the one
    /// after them.
    fn serve(&mut self, shift: &Shift, place: usize, now: u64) -> Option<usize> {
        self.join(shift, place);
        let next = loop {
            match shift.lanes.take(self.lane) {
                Some(due) if self.group.len() < GROUP && shift.lanes.moment(due) <= now => {
                    self.join(shift, due);
                }
                next => break next,
            }
        };
        self.answer(shift, now, true);
        next
    }

    /// Until a moment: answers what the worker of the next lane, in turn, is late with. True when the moment has come.
    fn help(&mut self, shift: &Shift, moment: u64) -> bool {
        self.neighbour += 1;
        loop {
            let now = shift.zero.elapsed_nanos();
            if now >= moment {
                return true;
            }
            if shift.over() {
                return false;
            }
            while self.group.len() < GROUP
                && let Some(place) = shift.lanes.take_late(self.neighbour, now)
            {
                self.join(shift, place);
            }
            if self.group.is_empty() {
                return false;
            }
            self.book.helped += self.answer(shift, now, false);
        }
    }

    /// Takes a request into the group.
    fn join(&mut self, shift: &Shift, place: usize) {
        self.group.push((self.desk.template(shift.first + place as u64).zone, place));
    }

    /// Answers the requests of the group, and says how many; then releases as many instances as are too many. What was
    /// created for another lane leaves at once, so that each worker keeps the mix of its own. Gives the step up when a
    /// request comes too late.
    fn answer(&mut self, shift: &Shift, now: u64, own: bool) -> u64 {
        let Worker { desk, group, begins, drafts, answers, live, leaving, luck, book, .. } = self;
        if group.iter().any(|(_, place)| now - shift.lanes.moment(*place) > shift.give_up_ns) {
            group.clear();
            shift.gave_up.store(true, Ordering::Relaxed);
            return 0;
        }
        // Requests that meet in a shard come one after another: its lines move once for all of them.
        group.sort_unstable();
        let date = shift.start.after(SimDuration(now / 1_000));
        let mut begun = now;
        for &(_, place) in &*group {
            drafts.push(desk.draft(shift.first + place as u64, date));
            begins.push(begun);
            begun = shift.zero.elapsed_nanos();
        }
        desk.decide(drafts.drain(..), date, &mut book.locks, |answer| answers.push(answer.map(Live::of)));
        let answered = shift.zero.elapsed_nanos();
        let count = group.len() as u64;
        book.last_ns = answered;
        for (((_, place), begun), answer) in group.drain(..).zip(begins.drain(..)).zip(answers.drain(..)) {
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
        let mut done = answered;
        let surplus = live.len().saturating_sub(self.target);
        if surplus > 0 {
            for _ in 0..surplus {
                let newest = live.len() - 1;
                let chosen = if own { luck.below(live.len() as u64) as usize } else { newest };
                leaving.push(live.swap_remove(chosen));
            }
            leaving.sort_unstable_by_key(Live::host);
            desk.release(leaving.drain(..), &mut book.locks);
            done = shift.zero.elapsed_nanos();
            if now >= shift.warmup_ns {
                let each = (done - answered) / surplus as u64;
                (0..surplus).for_each(|_| book.release.saturating_record(each));
            }
        }
        book.busy_ns += done - now;
        count
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
