//! The notice before a reclaim: lock, event, termination time.

use crate::model::{SimDuration, SimTime, Utc};

/// Time between the lock and the release (SPOT-34).
pub const NOTICE: SimDuration = SimDuration::from_secs(300);
/// Distance of the checks (SPOT-31).
pub const CHECK: SimDuration = SimDuration::from_secs(300);
/// Protection of an instance that names no SpotDuration (SPOT-7, SPOT-30).
pub const PROTECTION: SimDuration = SimDuration::from_secs(3_600);

/// Why an instance is reclaimed (SPOT-32).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The market price is above its bid.
    Price,
    /// Its stock is needed elsewhere: a regular request found no room.
    Stock,
    /// Its stock is needed elsewhere: the headroom for regular requests is gone.
    Headroom,
}

impl Cause {
    /// All causes.
    pub const ALL: [Cause; 3] = [Cause::Price, Cause::Stock, Cause::Headroom];

    /// A fragment that reads after "reclaimed: ".
    pub const fn text(self) -> &'static str {
        match self {
            Cause::Price => "market price above the bid",
            Cause::Stock => "a regular request found no room",
            Cause::Headroom => "headroom was gone",
        }
    }
}

/// An instance has been told that it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Notice {
    /// Why.
    pub cause: Cause,
    /// When it was told; it is locked from then on.
    pub at: SimTime,
}

impl Notice {
    /// LockReason of its OperationLocks (SPOT-34).
    pub const LOCK_REASON: &str = "Recycling";
    /// Name of the system event (SPOT-35).
    pub const EVENT: &str = "Instance:PreemptibleInstanceInterruption";
    /// Action of that event.
    pub const ACTION: &str = "delete";

    /// When it is released.
    pub fn ends(self) -> SimTime {
        self.at + NOTICE
    }

    /// What `instance/spot/termination-time` of its metadata answers, in a run that started at `start`. Without a notice
    /// the path does not exist (404, SPOT-35).
    pub fn termination_time(self, start: Utc) -> String {
        let moment = start.after(self.ends().since(SimTime::ZERO));
        jiff::Timestamp::from_second(moment.0)
            .map_or_else(|_| moment.0.to_string(), |stamp| stamp.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_is_told_when_it_goes() {
        // SPOT-34, SPOT-35.
        let notice = Notice { cause: Cause::Price, at: SimTime(7_200_000_000) };
        assert_eq!(notice.ends(), SimTime(7_500_000_000));
        assert_eq!(notice.termination_time(Utc(1_567_382_400)), "2019-09-02T02:05:00Z");
        assert_eq!((Notice::LOCK_REASON, Notice::ACTION), ("Recycling", "delete"));
        assert_eq!(Notice::EVENT, "Instance:PreemptibleInstanceInterruption");
    }
}
