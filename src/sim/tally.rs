//! Counts of what became of requests.

use std::collections::BTreeMap;

use crate::api::{ErrorTable, Extra};
use crate::placement::Reason;
use crate::validate::Reject;

use super::run::THROTTLING;
use super::summary::{CodeCount, ReasonCount, RequestCounts};

/// A [`Tally`] as data.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct TallyState {
    counts: [u64; 5],
    by_code: Vec<(u16, String, u64)>,
    no_room: Vec<(Reason, u64)>,
}

impl TallyState {
    /// Requests that came in.
    pub(super) fn requests(&self) -> u64 {
        self.counts[0]
    }
}

/// The code of the API of this name.
fn known_code(name: &str) -> Option<&'static str> {
    let rows = ErrorTable::shipped().rows().iter().map(|row| row.code.as_str());
    let extra =
        [Extra::MissingParameter(""), Extra::InvalidParameter(""), Extra::TokenMismatch, Extra::DryRun];
    rows.chain(extra.map(Extra::code)).chain([THROTTLING]).find(|code| *code == name)
}

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

    /// The counts as data.
    pub(super) fn save(&self) -> TallyState {
        let Tally { requests, created, rejected, replayed, released, by_code, no_room } = self;
        TallyState {
            counts: [*requests, *created, *rejected, *replayed, *released],
            by_code: by_code.iter().map(|((status, code), n)| (*status, (*code).to_owned(), *n)).collect(),
            no_room: no_room.iter().map(|(reason, n)| (*reason, *n)).collect(),
        }
    }

    /// Counts that go on from a state; none when that has a code that no answer has.
    pub(super) fn restore(state: &TallyState) -> Option<Tally> {
        let [requests, created, rejected, replayed, released] = state.counts;
        let by_code = state.by_code.iter().map(|(status, code, n)| Some(((*status, known_code(code)?), *n)));
        Some(Tally {
            requests,
            created,
            rejected,
            replayed,
            released,
            by_code: by_code.collect::<Option<_>>()?,
            no_room: state.no_room.iter().copied().collect(),
        })
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
