//! Counts of what became of requests.

use std::collections::BTreeMap;

use crate::placement::Reason;
use crate::validate::Reject;

use super::summary::{CodeCount, ReasonCount, RequestCounts};

/// Running counts; answers by check, turned into codes at the end.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) requests: u64,
    pub(super) created: u64,
    pub(super) rejected: u64,
    pub(super) replayed: u64,
    pub(super) released: u64,
    by_code: BTreeMap<(u16, &'static str), u64>,
    no_room: BTreeMap<Reason, u64>,
}

impl Tally {
    /// Counts a refusal, or the repeated answer of a finished call (R20).
    pub(super) fn reject(&mut self, reject: &Reject) {
        if reject.replay.is_some() {
            self.replayed += 1;
            return;
        }
        self.rejected += 1;
        *self.by_code.entry((reject.status, reject.code)).or_default() += 1;
        if let Some(reason) = reject.no_room {
            *self.no_room.entry(reason).or_default() += 1;
        }
    }

    /// What the placement core ran into when there was no room, most frequent first.
    pub(super) fn no_room(&self) -> Vec<ReasonCount> {
        let count = |(&reason, &count): (&Reason, &u64)| ReasonCount { reason, count };
        let mut reasons: Vec<ReasonCount> = self.no_room.iter().map(count).collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
        reasons
    }

    /// Calls without an answer yet.
    pub(super) fn unanswered(&self) -> u64 {
        self.requests - self.created - self.rejected - self.replayed
    }

    /// Instances that live now.
    pub(super) fn live(&self) -> u64 {
        self.created - self.released
    }

    /// The counts of the report.
    pub(super) fn counts(&self) -> RequestCounts {
        let mut rejected_by_code: Vec<CodeCount> = self
            .by_code
            .iter()
            .map(|(&(status, code), &count)| CodeCount { status, code: code.to_owned(), count })
            .collect();
        rejected_by_code.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
        RequestCounts {
            total: self.requests,
            created: self.created,
            rejected: self.rejected,
            replayed: self.replayed,
            unanswered: self.unanswered(),
            released: self.released,
            live: self.live(),
            rejected_by_code,
        }
    }
}
