//! What multiplies a rate: bursts, states, flash crowds.

use crate::engine::Stream;
use crate::model::SimTime;
use crate::scenario::units::{At, Span};
use crate::scenario::workload::{BurstsSpec, Choice, FlashSpec, StateSpec};

use super::dist::exponential;

/// A rate that jumps between states: a Markov-modulated Poisson process.
pub(super) enum Modulation {
    /// Two states by turns.
    Bursts(Bursts),
    /// Any number of states.
    States(States),
}

/// Quiet times and bursts.
pub(super) struct Bursts {
    stream: Stream,
    every: f64,
    length: f64,
    factor: f64,
    active: bool,
    switch_at: u64,
}

/// States that follow one another by chance.
pub(super) struct States {
    stream: Stream,
    /// Factor and mean stay in microseconds.
    states: Vec<(f64, f64)>,
    /// The choice of the next state, by the state that is left (which is never chosen).
    next: Vec<Choice>,
    current: usize,
    switch_at: u64,
}

impl Modulation {
    pub(super) fn factor(&self) -> f64 {
        match self {
            Modulation::Bursts(bursts) => bursts.factor(),
            Modulation::States(states) => states.states[states.current].0,
        }
    }

    /// When the state ends.
    pub(super) fn switch_at(&self) -> u64 {
        match self {
            Modulation::Bursts(bursts) => bursts.switch_at,
            Modulation::States(states) => states.switch_at,
        }
    }

    // Apart, since a state ends rarely.
    #[inline(never)]
    pub(super) fn switch(&mut self) {
        match self {
            Modulation::Bursts(bursts) => bursts.switch(),
            Modulation::States(states) => states.switch(),
        }
    }

    /// The mean of the factor over a long time.
    pub(super) fn mean(&self) -> f64 {
        match self {
            Modulation::Bursts(bursts) => 1.0 / bursts.quiet_share(),
            Modulation::States(states) => states.mean(),
        }
    }
}

impl Bursts {
    pub(super) fn new(spec: &BurstsSpec, mut stream: Stream) -> Bursts {
        let (every, length) = (spec.every.get().get().0 as f64, spec.length.get().get().0 as f64);
        // The run begins in the middle of things: with the share of time that bursts have.
        let active = stream.unit() < length / (every + length);
        let mut bursts =
            Bursts { stream, every, length, factor: *spec.factor.get(), active: !active, switch_at: 0 };
        bursts.switch();
        bursts
    }

    /// The quiet rate relative to the mean rate.
    pub(super) fn quiet_share(&self) -> f64 {
        (self.every + self.length) / (self.every + self.length * self.factor)
    }

    fn factor(&self) -> f64 {
        if self.active { self.factor } else { 1.0 }
    }

    fn switch(&mut self) {
        self.active = !self.active;
        let mean = if self.active { self.length } else { self.every };
        let stay = (mean * exponential(&mut self.stream)) as u64;
        self.switch_at = self.switch_at.saturating_add(stay.max(1));
    }
}

impl States {
    /// The states of a checked specification. None when no choice can be made among them.
    pub(super) fn new(specs: &[At<StateSpec>], mut stream: Stream) -> Option<States> {
        let states: Vec<(f64, f64)> = specs
            .iter()
            .map(|spec| (*spec.get().factor.get(), spec.get().mean.get().get().0 as f64))
            .collect();
        let weights: Vec<f64> = specs.iter().map(|spec| *spec.get().weight.get()).collect();
        let without = |left: usize| {
            let others =
                weights.iter().enumerate().map(|(at, weight)| if at == left { 0.0 } else { *weight });
            Choice::new(&others.collect::<Vec<_>>())
        };
        let next: Vec<Choice> = (0..states.len()).map(without).collect::<Option<_>>()?;
        let share = stationary(&states, &next);
        let current = Choice::new(&share)?.at(stream.unit());
        let mut made = States { stream, states, next, current, switch_at: 0 };
        made.stay();
        Some(made)
    }

    fn stay(&mut self) {
        let stay = (self.states[self.current].1 * exponential(&mut self.stream)) as u64;
        self.switch_at = self.switch_at.saturating_add(stay.max(1));
    }

    fn switch(&mut self) {
        self.current = self.next[self.current].at(self.stream.unit());
        self.stay();
    }

    fn mean(&self) -> f64 {
        let share = stationary(&self.states, &self.next);
        self.states.iter().zip(share).map(|((factor, _), share)| factor * share).sum()
    }
}

/// Share of time in each state, by repeated steps of the jump chain (averaged over two, for chains that alternate).
fn stationary(states: &[(f64, f64)], next: &[Choice]) -> Vec<f64> {
    let mut visits = vec![1.0 / states.len() as f64; states.len()];
    for _ in 0..10_000 {
        let mut after = vec![0.0; states.len()];
        for (from, choice) in next.iter().enumerate() {
            for (to, share) in choice.shares().enumerate() {
                after[to] += visits[from] * share;
            }
        }
        visits.iter_mut().zip(after).for_each(|(before, after)| *before = f64::midpoint(*before, after));
    }
    let time: Vec<f64> = visits.iter().zip(states).map(|(visits, (_, mean))| visits * mean).collect();
    let all: f64 = time.iter().sum();
    time.into_iter().map(|part| part / all).collect()
}

/// Flash crowds: known moments at which the rate shoots up.
#[derive(Default)]
pub(super) struct Flashes(Vec<Flash>);

/// Times in microseconds.
struct Flash {
    at: u64,
    rise: f64,
    hold: f64,
    fall: f64,
    /// What comes on top, relative to the usual rate.
    above: f64,
    end: u64,
}

/// A flash crowd is over after so many times its `fall`: what is left is a third of a thousandth.
const OVER: f64 = 8.0;

impl Flashes {
    pub(super) fn new(specs: &[At<FlashSpec>]) -> Flashes {
        let micros = |span: &Option<At<Span>>| span.as_ref().map_or(0.0, |span| span.get().get().0 as f64);
        let flash = |spec: &At<FlashSpec>| {
            let spec = spec.get();
            let at = spec.at.get().get().0;
            let (rise, hold, fall) = (micros(&spec.rise), micros(&spec.hold), micros(&spec.fall));
            let end = at.saturating_add((rise + hold + OVER * fall) as u64);
            Flash { at, rise, hold, fall, above: *spec.factor.get() - 1.0, end }
        };
        Flashes(specs.iter().map(flash).collect())
    }

    /// A bound of the factor from a moment on, and how long it holds.
    pub(super) fn bound(&self, now: u64) -> (f64, u64) {
        let (mut bound, mut until) = (1.0, u64::MAX);
        for flash in &self.0 {
            if now < flash.at {
                until = until.min(flash.at);
            } else if now < flash.end {
                bound *= 1.0 + flash.above;
                until = until.min(flash.end);
            }
        }
        (bound, until)
    }

    /// The factor at a moment.
    #[inline(never)]
    pub(super) fn at(&self, moment: SimTime) -> f64 {
        self.0.iter().map(|flash| 1.0 + flash.above * flash.height(moment.0)).product()
    }
}

impl Flash {
    /// How much of its height a flash crowd has at a moment: 0 to 1.
    fn height(&self, moment: u64) -> f64 {
        if moment < self.at || moment >= self.end {
            return 0.0;
        }
        let since = (moment - self.at) as f64;
        if since < self.rise {
            since / self.rise
        } else if since < self.rise + self.hold {
            1.0
        } else {
            libm::exp(-(since - self.rise - self.hold) / self.fall)
        }
    }
}
