//! CPU credits of burstable instances (BURST-1 to BURST-23): exact, and in closed form between two changes.
//!
//! Everything is counted in one unit small enough that nothing is ever rounded: a thousandth of a vCPU at a
//! ten-thousandth of its speed for a microsecond. [`CREDIT`] of them are one credit (BURST-1). While the wanted use
//! stays the same the balance is a straight line, so [`Credits::advance`] takes one step from load piece to load piece,
//! and [`Credits::next_empty`] finds the moment at which the credits end without a tick.
//!
//! Where the rule leaves room: a Standard instance without credits falls to its baseline at once, which is "within 15
//! minutes" (BURST-12); earnings and use of one moment are set against one another before either pot is touched
//! (BURST-5), so launch credits are spent only by use above the baseline.

use super::load::{FULL, Load};
use crate::model::{SimDuration, SimTime};

/// Units in one credit: one vCPU at full speed for one minute (BURST-1).
pub const CREDIT: i128 = 1_000 * FULL as i128 * 60_000_000;

/// Launch credits of each vCPU (BURST-3).
const LAUNCH_PER_VCPU: i128 = 30;
/// Hours of earnings that a balance, and an advance, can hold (BURST-4, BURST-13).
const CAP_HOURS: i128 = 24;
const HOUR: i128 = 3_600_000_000;

/// What happens without credits (BURST-10).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Mode {
    /// The speed falls to the baseline (BURST-12).
    Standard,
    /// It stays, first on credits in advance, then for a fee (BURST-13).
    Unlimited,
}

/// What the instance does, as far as credits go.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
enum Activity {
    Running,
    /// Stopped and still charged: earns (BURST-20).
    Idle,
    /// Expired, overdue, or stopped without charge: neither earns nor spends (BURST-21, BURST-22).
    Frozen,
}

/// A change of mode that is not possible now (BURST-17).
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the credit mode is changed on a running instance only")]
pub struct NotRunning;

/// The credits of one instance. Times may only grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Credits {
    cpu_milli: i128,
    /// Baseline of each vCPU in ten-thousandths.
    baseline: i128,
    mode: Mode,
    activity: Activity,
    at: SimTime,
    launch: i128,
    /// Earned and not spent; below zero: credits taken in advance.
    balance: i128,
    /// True while a Standard instance wants more than its baseline and has no credits.
    throttled: bool,
    totals: Totals,
}

/// What a life has come to so far, in units (see [`CREDIT`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Totals {
    /// Earned: what use below the baseline left over, up to the highest balance.
    pub earned: i128,
    /// Spent by use above the baseline, of launch credits, the balance and advances.
    pub spent: i128,
    /// Used beyond all credits in Unlimited mode, for a fee (BURST-13).
    pub overdrawn: i128,
    /// Advances that were charged because the instance stopped, went or changed its mode (BURST-14).
    pub advance_charged: i128,
    /// Wanted above the baseline and not given.
    pub denied: i128,
    /// How long it was throttled.
    pub throttled: SimDuration,
    /// How often throttling began.
    pub throttlings: u32,
}

impl Credits {
    /// The credits of an instance that is created at `at`: its launch credits (BURST-3). It earns while it is not
    /// running yet, as a stopped one does (BURST-20).
    ///
    /// `cpu_milli` are its vCPUs in thousandths, `baseline_percent` the baseline of each.
    pub fn new(cpu_milli: u32, baseline_percent: u32, mode: Mode, at: SimTime) -> Credits {
        Credits {
            cpu_milli: cpu_milli.into(),
            baseline: i128::from(baseline_percent) * i128::from(FULL) / 100,
            mode,
            activity: Activity::Idle,
            at,
            launch: LAUNCH_PER_VCPU * CREDIT * i128::from(cpu_milli) / 1_000,
            balance: 0,
            throttled: false,
            totals: Totals::default(),
        }
    }

    /// Units earned in an hour without use (BURST-2).
    pub fn hourly(&self) -> i128 {
        self.cpu_milli * self.baseline * HOUR
    }

    /// The highest balance, launch credits left out (BURST-4); also the most that is given in advance (BURST-13).
    pub fn cap(&self) -> i128 {
        CAP_HOURS * self.hourly()
    }

    /// Units to spend before anything else happens: launch credits and balance; in Unlimited mode the advance too.
    pub fn to_spend(&self) -> i128 {
        let floor = if self.mode == Mode::Unlimited { -self.cap() } else { 0 };
        self.launch + (self.balance - floor).max(0)
    }

    /// Launch credits and balance: what the instance has; zero while it lives on an advance.
    pub fn credits(&self) -> i128 {
        self.launch + self.balance.max(0)
    }

    /// Units taken in advance and not repaid (BURST-13).
    pub fn advance_taken(&self) -> i128 {
        (-self.balance).max(0)
    }

    /// Mode.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// True while a Standard instance is held at its baseline.
    pub fn throttled(&self) -> bool {
        self.throttled
    }

    /// What its life has come to.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// CPU use in ten-thousandths of each vCPU that an instance gets which wants `level` now.
    pub fn given(&self, level: u32) -> u32 {
        match self.activity {
            Activity::Running if self.throttled => level.min(self.baseline as u32),
            Activity::Running => level,
            Activity::Idle | Activity::Frozen => 0,
        }
    }

    /// Goes on to `to`, under the load of an instance that is `phase` into its pattern.
    pub fn advance(&mut self, to: SimTime, load: &Load, phase: u64) {
        if self.activity != Activity::Running {
            return self.steady(to, 0);
        }
        while self.at < to {
            let piece = load.at(self.at, phase);
            self.steady(piece.until.min(to), piece.level);
        }
        // The level of this moment, so that `throttled` and `given` speak of now and not of what is over.
        let level = load.at(to, phase).level;
        self.begin(level);
    }

    /// One straight piece at one wanted level.
    fn steady(&mut self, to: SimTime, level: u32) {
        let span = i128::from(to.since(self.at).0);
        self.at = to.max(self.at);
        if self.activity == Activity::Frozen || span == 0 {
            return;
        }
        let rate = self.rate(level);
        if rate >= 0 {
            self.throttled = false;
            let before = self.balance;
            self.balance = (self.balance + rate * span).min(self.cap());
            self.totals.earned += self.balance - before;
            return;
        }
        self.begin(level);
        let wanted = -rate * span;
        let spent = wanted.min(self.to_spend());
        let of_launch = spent.min(self.launch);
        self.launch -= of_launch;
        self.balance -= spent - of_launch;
        self.totals.spent += spent;
        let beyond = wanted - spent;
        match self.mode {
            Mode::Unlimited => self.totals.overdrawn += beyond,
            Mode::Standard => {
                self.totals.denied += beyond;
                self.totals.throttled.0 += (beyond / -rate) as u64;
                self.begin(level);
            }
        }
    }

    /// Units a microsecond at a wanted level; below zero: spends (BURST-5).
    fn rate(&self, level: u32) -> i128 {
        self.cpu_milli * (self.baseline - i128::from(level.min(FULL)))
    }

    /// Notes whether a Standard instance is throttled at this level.
    fn begin(&mut self, level: u32) {
        let throttled = self.mode == Mode::Standard && self.rate(level) < 0 && self.to_spend() == 0;
        self.totals.throttlings += u32::from(throttled && !self.throttled);
        self.throttled = throttled;
    }

    /// The next moment before `until` at which the last credit is spent: a Standard instance is throttled from then
    /// on, an Unlimited one pays. None while it does not run, or when that does not happen.
    pub fn next_empty(&self, load: &Load, phase: u64, until: SimTime) -> Option<SimTime> {
        let mut ahead = *self;
        // The state at the start of a piece, one pattern ago: when a whole pattern takes nothing, none ever will.
        let mut mark: Option<Credits> = None;
        while ahead.activity == Activity::Running && ahead.at < until {
            let piece = load.at(ahead.at, phase);
            let (left, rate) = (ahead.to_spend(), ahead.rate(piece.level));
            let to = piece.until.min(until);
            if rate < 0 && left > 0 {
                // The first whole microsecond at which nothing is left.
                let lasts = u64::try_from((left - rate - 1) / -rate).unwrap_or(u64::MAX);
                let empty = ahead.at + SimDuration(lasts);
                if empty < to || (empty == to && to < until) {
                    return Some(empty);
                }
            }
            if piece.until == SimTime::NEVER {
                return None;
            }
            ahead.steady(to, piece.level);
            match mark {
                None => mark = Some(ahead),
                Some(then) if ahead.at.since(then.at).0 >= load.period() => {
                    if ahead.launch == then.launch && ahead.balance >= then.balance {
                        return None;
                    }
                    mark = Some(ahead);
                }
                Some(_) => {}
            }
        }
        None
    }

    /// It runs from now on, with what it has (BURST-20, BURST-23). Call [`Credits::advance`] first.
    pub fn start(&mut self) {
        self.activity = Activity::Running;
    }

    /// It does not run for a while, without having been stopped: a reboot, a move (BURST-23). It earns as a stopped one
    /// does.
    pub fn pause(&mut self) {
        if self.activity == Activity::Running {
            self.activity = Activity::Idle;
            self.throttled = false;
        }
    }

    /// It was stopped and is still charged: it keeps its balance and goes on earning (BURST-20). What it took in
    /// advance is charged (BURST-14); returned in units.
    pub fn stop(&mut self) -> i128 {
        self.pause();
        self.charge_advance()
    }

    /// It was stopped without charge: the balance is lost, nothing is earned, and it restarts in Standard mode without
    /// launch credits (BURST-21 as of 2019, CON-3). Returns the advance that is charged.
    pub fn stop_without_charge(&mut self) -> i128 {
        let charged = self.charge_advance();
        (self.launch, self.balance) = (0, 0);
        self.mode = Mode::Standard;
        self.activity = Activity::Frozen;
        self.throttled = false;
        charged
    }

    /// It expired or its owner is overdue: the balance stays and nothing is earned. An overdue owner's instance is
    /// no longer Unlimited (BURST-22). Returns the advance that is charged.
    pub fn freeze(&mut self, overdue: bool) -> i128 {
        let charged = self.charge_advance();
        if overdue {
            self.mode = Mode::Standard;
        }
        self.activity = Activity::Frozen;
        self.throttled = false;
        charged
    }

    /// It is released: what it took in advance is charged (BURST-14).
    pub fn release(&mut self) -> i128 {
        self.freeze(false)
    }

    /// Switches the mode; the balance stays (BURST-17). An advance is charged when it becomes Standard (BURST-14);
    /// returned in units.
    ///
    /// # Errors
    /// The instance does not run.
    pub fn switch(&mut self, mode: Mode) -> Result<i128, NotRunning> {
        if self.activity != Activity::Running {
            return Err(NotRunning);
        }
        let charged = if mode == Mode::Standard { self.charge_advance() } else { 0 };
        self.mode = mode;
        self.throttled = false;
        Ok(charged)
    }

    fn charge_advance(&mut self) -> i128 {
        let advance = self.advance_taken();
        self.balance = self.balance.max(0);
        self.totals.advance_charged += advance;
        advance
    }
}

#[cfg(test)]
mod tests;
