//! What the queues are measured on.

/// A typed event, as large as those of the simulator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    pub(crate) kind: u32,
    pub(crate) entity: u32,
    pub(crate) number: u64,
}

/// The operations that every candidate offers.
pub(crate) trait Pending {
    /// The name in reports.
    const NAME: &'static str;

    /// An empty queue.
    fn empty() -> Self;

    /// Adds an event; ties are broken by class, then by order of arrival.
    fn schedule(&mut self, at: u64, class: u8, event: Event);

    /// Takes the next event.
    fn next(&mut self) -> Option<(u64, Event)>;
}

/// A candidate that can take an event back.
pub(crate) trait Cancelling: Pending {
    /// What names a scheduled event.
    type Ticket: Copy;

    /// Adds an event that may be taken back.
    fn schedule_timeout(&mut self, at: u64, class: u8, event: Event) -> Self::Ticket;

    /// Takes an event back; false when it is gone.
    fn cancel(&mut self, ticket: Self::Ticket) -> bool;
}

/// How far ahead of its cause an event is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spans {
    /// Exponential, one hour in the mean.
    Exponential,
    /// Half of them a few seconds, half of them weeks (exponential, two weeks in the mean).
    Bimodal,
    /// Exponential, one hour in the mean, and put off to the next full minute: a sixtieth of all events
    /// shares a moment.
    Bursts,
    /// Exactly one hour: all events share one moment.
    Lockstep,
}

impl Spans {
    pub(crate) const ALL: [Spans; 4] = [Spans::Exponential, Spans::Bimodal, Spans::Bursts, Spans::Lockstep];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Spans::Exponential => "exponential",
            Spans::Bimodal => "bimodal",
            Spans::Bursts => "bursts",
            Spans::Lockstep => "lockstep",
        }
    }
}

const MILLISECOND: u64 = 1_000;
const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3_600 * SECOND;
const WEEK: u64 = 7 * 24 * HOUR;
const MINUTE: u64 = 60 * SECOND;

/// The exponential distribution with mean 1 << 32, as quantiles to interpolate between: a draw costs two
/// nanoseconds, so that it weighs little in what is measured.
struct Quantiles(Vec<u64>);

const QUANTILES: usize = 1 << 10;

impl Quantiles {
    fn new() -> Quantiles {
        let quantile = |i: usize| -libm::log(1.0 - i as f64 / (QUANTILES as f64 + 0.5));
        Quantiles((0..=QUANTILES).map(|i| (quantile(i) * (1_u64 << 32) as f64) as u64).collect())
    }

    /// An exponential number from 64 random bits.
    #[inline]
    fn draw(&self, bits: u64, mean: u64) -> u64 {
        let (i, part) = ((bits >> 54) as usize, (bits >> 22) & 0xFFFF_FFFF);
        let (low, high) = (self.0[i], self.0[i + 1]);
        let unit = low + (((high - low) * part) >> 32);
        ((u128::from(unit) * u128::from(mean)) >> 32) as u64 + 1
    }
}

/// A xorshift step.
#[inline]
fn step(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    state.wrapping_mul(NOISE)
}

/// An odd number with well spread bits.
const NOISE: u64 = 0x9E37_79B9_7F4A_7C15;

/// Who schedules what next.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Model {
    /// Each event that is taken schedules one other.
    Hold,
    /// The same between simulated processes with a state of their own: each event goes to a process, which
    /// draws where its successor goes (one in ten to another process) and when.
    Phold,
}

/// A queue with its load, in the middle of a run.
pub(crate) struct Load<Q> {
    queue: Q,
    model: Model,
    spans: Spans,
    quantiles: Quantiles,
    /// The states of chance: one for the hold model, one a process for PHOLD.
    processes: Vec<u64>,
    number: u64,
    digest: u64,
}

impl<Q: Pending> Load<Q> {
    /// A load with so many pending events.
    pub(crate) fn new(model: Model, spans: Spans, pending: usize) -> Load<Q> {
        let processes = match model {
            Model::Hold => 1,
            Model::Phold => pending.div_ceil(16) as u64,
        };
        let mut load = Load {
            queue: Q::empty(),
            model,
            spans,
            quantiles: Quantiles::new(),
            processes: (1..=processes).map(|process| process.wrapping_mul(NOISE)).collect(),
            number: 0,
            digest: 0,
        };
        for number in 0..pending as u64 {
            load.add(0, (number % processes) as u32);
        }
        load
    }

    #[inline]
    fn add(&mut self, now: u64, process: u32) {
        let state = &mut self.processes[process as usize];
        let bits = step(state);
        let at = match self.spans {
            Spans::Exponential => now + self.quantiles.draw(bits, HOUR),
            Spans::Bimodal => {
                now + self.quantiles.draw(bits, if *state & 1 == 0 { 2 * SECOND } else { 2 * WEEK })
            }
            Spans::Bursts => (now + self.quantiles.draw(bits, HOUR)).next_multiple_of(MINUTE),
            Spans::Lockstep => now + HOUR,
        };
        let entity = match self.model {
            Model::Phold if (*state).is_multiple_of(10) => {
                (((*state >> 32) * self.processes.len() as u64) >> 32) as u32
            }
            _ => process,
        };
        let event = Event { kind: 1, entity, number: self.number };
        self.number += 1;
        self.queue.schedule(at, (event.number % 4) as u8, event);
    }

    /// Takes and schedules `events` events.
    pub(crate) fn run(&mut self, events: usize) {
        for _ in 0..events {
            let Some((now, event)) = self.queue.next() else { return };
            self.add(now, event.entity);
        }
    }

    /// Takes and schedules `events` events and hashes what was taken in which order.
    pub(crate) fn digest(&mut self, events: usize) -> u64 {
        for _ in 0..events {
            let Some((now, event)) = self.queue.next() else { break };
            self.digest = (self.digest ^ now).wrapping_mul(NOISE).rotate_left(23) ^ event.number;
            self.add(now, event.entity);
        }
        self.digest
    }
}

/// Requests with a timeout: each event that is taken cancels the timeout it came with, and schedules its
/// successor and the timeout of that. No timeout ever fires; they are half of what is pending.
pub(crate) struct Timeouts<Q: Cancelling> {
    queue: Q,
    chance: u64,
    quantiles: Quantiles,
    timeouts: Vec<Q::Ticket>,
    pub(crate) digest: u64,
}

impl<Q: Cancelling> Timeouts<Q> {
    /// A load with so many pending events, half of them timeouts.
    pub(crate) fn new(pending: usize) -> Timeouts<Q> {
        let mut load = Timeouts {
            queue: Q::empty(),
            chance: NOISE,
            quantiles: Quantiles::new(),
            timeouts: Vec::new(),
            digest: 0,
        };
        for entity in 0..pending as u32 / 2 {
            let timeout = load.add(0, entity);
            load.timeouts.push(timeout);
        }
        load
    }

    #[inline]
    fn add(&mut self, now: u64, entity: u32) -> Q::Ticket {
        let at = now + self.quantiles.draw(step(&mut self.chance), 100 * MILLISECOND);
        self.queue.schedule(at, 1, Event { kind: 1, entity, number: 0 });
        self.queue.schedule_timeout(now + MINUTE, 0, Event { kind: 2, entity, number: 0 })
    }

    /// Handles `requests` requests: an event taken, one cancelled and two scheduled for each.
    pub(crate) fn run(&mut self, requests: usize) {
        for _ in 0..requests {
            let Some((now, event)) = self.queue.next() else { return };
            let waited = self.queue.cancel(self.timeouts[event.entity as usize]);
            self.digest = (self.digest ^ now).wrapping_mul(NOISE) ^ u64::from(waited);
            self.timeouts[event.entity as usize] = self.add(now, event.entity);
        }
    }
}
