//! Subscriptions: when one ends, is renewed, stops and is released (LIFE-50 to LIFE-55).

use super::DAY;
use crate::model::Utc;
use crate::validate::Period;

/// Seconds that Beijing is ahead of UTC: the clock hours of all timelines are Beijing's.
pub const BEIJING: i64 = 8 * 3_600;

/// First and last hour of the day at which renewals are paid (LIFE-52).
const RENEWAL_HOURS: (i64, i64) = (8, 18);
/// Days from the expiry day T on which a renewal is paid (LIFE-52).
const RENEWAL_DAYS: [i64; 5] = [-3, -1, 0, 6, 14];

/// What the timeline of a subscription brings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Step {
    /// An attempt to pay for the next term (LIFE-52).
    Renew,
    /// The instance stops (LIFE-51, LIFE-53).
    Stop,
    /// It is released.
    Release,
}

/// A step somewhere within a span of time: the documents name hours, not minutes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// First second.
    pub from: Utc,
    /// Length in seconds; 0: exactly `from`.
    pub seconds: u64,
    /// What happens in it.
    pub step: Step,
}

/// A running subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Term {
    /// Expiry T: 00:00 in Beijing of the day after the last day (LIFE-50).
    ends: Utc,
    /// What it renews itself by.
    renewal: Option<Period>,
    /// Steps of this term that are over.
    done: usize,
}

impl Term {
    /// A subscription for `period` that begins at `start`; `renewal` is its automatic renewal.
    pub fn new(start: Utc, period: Period, renewal: Option<Period>) -> Term {
        let last = later(period, start);
        // 00:00 of the day after the last one.
        let day = (last.0 + BEIJING).div_euclid(DAY) + 1;
        Term { ends: Utc(day * DAY - BEIJING), renewal, done: 0 }
    }

    /// Expiry day T.
    pub fn ends(&self) -> Utc {
        self.ends
    }

    /// What it renews itself by.
    pub fn renewal(&self) -> Option<Period> {
        self.renewal
    }

    /// True from T on.
    pub fn expired(&self, now: Utc) -> bool {
        now >= self.ends
    }

    /// Switches automatic renewal off. It cannot be switched on again once the subscription is over (LIFE-55), and
    /// nothing here switches it on. What comes next follows the timeline without it (LIFE-51).
    pub fn renew_no_more(&mut self) {
        if self.renewal.take().is_some() {
            self.done = 0;
        }
    }

    /// The steps of this term in order.
    fn steps(&self) -> Vec<Window> {
        let at = |days: i64, step: Step, (from, to): (i64, i64)| Window {
            from: Utc(self.ends.0 + days * DAY + from * 3_600),
            seconds: ((to - from) * 3_600) as u64,
            step,
        };
        let (stop, release) = if self.renewal.is_some() { (15, 30) } else { (0, 15) };
        let renewals = RENEWAL_DAYS.iter().filter(|_| self.renewal.is_some());
        renewals
            .map(|day| at(*day, Step::Renew, RENEWAL_HOURS))
            .chain([at(stop, Step::Stop, (0, 24)), at(release, Step::Release, (0, 0))])
            .collect()
    }

    /// The next step, and takes it as done. None after the release.
    pub fn take_next(&mut self) -> Option<Window> {
        let next = self.steps().get(self.done).copied()?;
        self.done += 1;
        Some(next)
    }

    /// The next term is paid, automatically or by hand before the release: it counts from the old expiry (LIFE-54).
    pub fn renew(&mut self, by: Period) {
        self.ends = later(by, self.ends);
        self.done = 0;
    }
}

/// So much later, by the calendar of Beijing.
fn later(period: Period, from: Utc) -> Utc {
    Utc(period.end(Utc(from.0 + BEIJING)).0 - BEIJING)
}
