//! Pay as you go: charged by the second, billed by the hour, nothing below a cent in a whole life (LIFE-64).

use crate::model::{Money, Utc};

const HOUR: i128 = 3_600;

/// What two things of one instance cost: vCPUs and memory, and what it keeps when it gives them up (disks, bandwidth).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Metered {
    /// vCPUs and memory, and what comes with the type.
    pub compute: Money,
    /// Disks and public bandwidth by its width (LIFE-35).
    pub rest: Money,
}

impl Metered {
    /// Both together.
    pub fn sum(self) -> Money {
        self.compute + self.rest
    }
}

/// The meter of one instance.
///
/// It adds up rate times seconds without rounding and bills the whole millionths that have come together; what is left
/// over is in the next bill. So a life costs the same however often it is billed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Meter {
    /// An hour.
    rate: Metered,
    /// Second up to which `used` is counted.
    since: i64,
    /// Millionths times seconds of an hour's price.
    used: [i128; 2],
    billed: [i64; 2],
    minimum: Money,
}

impl Meter {
    /// A meter that starts at `at`; a life that stays below `minimum` costs nothing.
    pub fn new(at: Utc, rate: Metered, minimum: Money) -> Meter {
        Meter { rate, since: at.0, used: [0; 2], billed: [0; 2], minimum }
    }

    /// Changes what an hour costs from `at` on.
    pub fn set_rate(&mut self, at: Utc, rate: Metered) {
        self.run(at);
        self.rate = rate;
    }

    /// What an hour costs now.
    pub fn rate(&self) -> Metered {
        self.rate
    }

    /// Bills what has come together until `at` and was not billed before. Nothing while the life has cost less than
    /// the minimum.
    pub fn settle(&mut self, at: Utc) -> Metered {
        self.run(at);
        let whole = self.used.map(|used| i64::try_from(used / HOUR).unwrap_or(i64::MAX));
        if Money(whole[0]) + Money(whole[1]) < self.minimum {
            return Metered::default();
        }
        let bill = [whole[0] - self.billed[0], whole[1] - self.billed[1]];
        self.billed = whole;
        Metered { compute: Money(bill[0]), rest: Money(bill[1]) }
    }

    /// Everything that was billed.
    pub fn billed(&self) -> Metered {
        Metered { compute: Money(self.billed[0]), rest: Money(self.billed[1]) }
    }

    fn run(&mut self, at: Utc) {
        let seconds = i128::from((at.0 - self.since).max(0));
        self.since = self.since.max(at.0);
        self.used[0] += i128::from(self.rate.compute.0) * seconds;
        self.used[1] += i128::from(self.rate.rest.0) * seconds;
    }
}
