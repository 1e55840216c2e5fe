//! The bills of one account: what falls due when, and what follows when it is not paid.

use super::DAY;
use super::term::BEIJING;
use crate::model::{Money, Utc, calendar};

/// What a bill is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Charge {
    /// vCPUs and memory by the second.
    PayAsYouGo,
    /// vCPUs and memory of spot instances.
    Spot,
    /// Subscriptions, paid in advance.
    Subscription,
    /// Disks and public bandwidth of pay-as-you-go and spot instances.
    DisksAndBandwidth,
    /// CPU credits of Unlimited instances (BURST-14).
    CpuCredits,
    /// Dedicated hosts, by the second or in advance (DHST-30).
    DedicatedHosts,
}

impl Charge {
    /// All of them, in the order of reports.
    pub const ALL: [Charge; 6] = [
        Charge::PayAsYouGo,
        Charge::Spot,
        Charge::Subscription,
        Charge::DisksAndBandwidth,
        Charge::CpuCredits,
        Charge::DedicatedHosts,
    ];

    /// Name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Charge::PayAsYouGo => "pay as you go",
            Charge::Spot => "spot",
            Charge::Subscription => "subscriptions",
            Charge::DisksAndBandwidth => "disks and bandwidth",
            Charge::CpuCredits => "CPU credits",
            Charge::DedicatedHosts => "dedicated hosts",
        }
    }
}

/// When settled bills fall due.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DueRule {
    /// When the amount is passed within a month, else on the 1st of the next month (LIFE-63).
    Month(Money),
    /// With every settlement: a balance that is used up by the hour.
    Hour,
}

/// How an account stands (LIFE-60 to LIFE-62).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Standing {
    /// Everything that was due is paid.
    Good,
    /// A bill is overdue since day T; instances still run.
    Overdue {
        /// Day T.
        due: Utc,
    },
    /// Overdue for 15 days: its pay-as-you-go instances are stopped (LIFE-61).
    Stopped {
        /// Day T.
        due: Utc,
    },
    /// Overdue for 30 days: they are released (LIFE-62).
    Released {
        /// Day T.
        due: Utc,
    },
}

/// What the timeline of an overdue account brings next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Next {
    /// Another attempt to take the money.
    Deduct,
    /// Its instances stop.
    Stop,
    /// They are released.
    Release,
}

/// The bills of one account. `bills = paid + owed + settled` at every moment.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Ledger {
    bills: [Money; Charge::ALL.len()],
    /// Billed and not due yet.
    settled: Money,
    /// Due and not paid.
    owed: Money,
    paid: Money,
    standing: Standing,
    /// Month that bills are collected for, as months since the year 0.
    month: i64,
    /// Attempts that failed.
    refused: u32,
}

impl Ledger {
    /// An empty ledger at `now`.
    pub fn new(now: Utc) -> Ledger {
        Ledger {
            bills: [Money::ZERO; Charge::ALL.len()],
            settled: Money::ZERO,
            owed: Money::ZERO,
            paid: Money::ZERO,
            standing: Standing::Good,
            month: month_of(now),
            refused: 0,
        }
    }

    /// Adds a bill that is collected until it falls due.
    pub fn bill(&mut self, charge: Charge, amount: Money) {
        self.bills[charge as usize] += amount;
        self.settled += amount;
    }

    /// Adds a bill that was paid in the same moment: a subscription.
    pub fn bill_paid(&mut self, charge: Charge, amount: Money) {
        self.bills[charge as usize] += amount;
        self.paid += amount;
    }

    /// Looks whether what is settled falls due at `now`; true when something did.
    pub fn fall_due(&mut self, now: Utc, rule: DueRule) -> bool {
        let month = month_of(now);
        let new_month = std::mem::replace(&mut self.month, month) != month;
        let due = match rule {
            DueRule::Hour => true,
            DueRule::Month(above) => new_month || self.settled > above,
        };
        if !due || self.settled == Money::ZERO {
            return false;
        }
        self.owed += std::mem::replace(&mut self.settled, Money::ZERO);
        true
    }

    /// Tries to take what is owed from `funds` (none: endless), all or nothing; returns what was taken. The first
    /// failure makes `now` the day T of the timeline.
    pub fn deduct(&mut self, now: Utc, funds: Option<Money>) -> Option<Money> {
        if funds.is_some_and(|funds| funds < self.owed) {
            self.refused += 1;
            if self.standing == Standing::Good {
                self.standing = Standing::Overdue { due: now };
            }
            return None;
        }
        let taken = std::mem::replace(&mut self.owed, Money::ZERO);
        self.paid += taken;
        self.standing = Standing::Good;
        Some(taken)
    }

    /// What comes next on the timeline after `now`, and when: deductions on T+7 and T+14 (LIFE-60), the stop on T+15
    /// (LIFE-61), the release on T+30 (LIFE-62).
    pub fn next(&self, now: Utc) -> Option<(Utc, Next)> {
        let steps: &[(i64, Next)] = match self.standing {
            Standing::Good | Standing::Released { .. } => return None,
            Standing::Overdue { .. } => &[(7, Next::Deduct), (14, Next::Deduct), (15, Next::Stop)],
            Standing::Stopped { .. } => &[(30, Next::Release)],
        };
        let due = self.due_day()?;
        let at = |days: i64| Utc(due.0 + days * DAY);
        steps.iter().map(|(days, next)| (at(*days), *next)).find(|(moment, _)| *moment > now)
    }

    /// Day T, while the account is overdue.
    pub fn due_day(&self) -> Option<Utc> {
        match self.standing {
            Standing::Good => None,
            Standing::Overdue { due } | Standing::Stopped { due } | Standing::Released { due } => Some(due),
        }
    }

    /// The account's instances are stopped from now on, or released.
    pub fn advance(&mut self, next: Next) {
        if let Some(due) = self.due_day() {
            match next {
                Next::Deduct => {}
                Next::Stop => self.standing = Standing::Stopped { due },
                Next::Release => self.standing = Standing::Released { due },
            }
        }
    }

    /// How the account stands.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Everything billed for one kind of charge.
    pub fn billed(&self, charge: Charge) -> Money {
        self.bills[charge as usize]
    }

    /// Everything billed.
    pub fn bills(&self) -> Money {
        self.bills.iter().fold(Money::ZERO, |sum, bill| sum + *bill)
    }

    /// What was paid.
    pub fn paid(&self) -> Money {
        self.paid
    }

    /// What is due and not paid.
    pub fn owed(&self) -> Money {
        self.owed
    }

    /// What is billed and not due yet.
    pub fn settled(&self) -> Money {
        self.settled
    }

    /// Attempts to take money that failed.
    pub fn refused(&self) -> u32 {
        self.refused
    }
}

/// The month of a moment in Beijing, counted on.
fn month_of(now: Utc) -> i64 {
    let (year, month, _) = calendar::civil((now.0 + BEIJING).div_euclid(DAY));
    year * 12 + month - 1
}
