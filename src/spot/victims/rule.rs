//! Who is reclaimed when stock is short.

use smallvec::SmallVec;

use super::Candidate;
use crate::placement::{DemandId, WhatIf};

/// A rule that chooses victims.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum Rule {
    /// Lowest bid first, equal bids at random (SPOT-33). Bids are compared as shares of the list price of their type,
    /// which within one type is the order of the bids (inferred: the documents do not compare types).
    #[default]
    LowestBid,
    /// The youngest first: the least work is lost.
    Youngest,
    /// The fewest that free the room; of these the smallest.
    Fewest,
    /// The least value: the sum of what their owners would pay an hour at most (their bids).
    LeastValue,
}

/// Place in an order: lower goes first. The tie is the instance's own random number.
pub(super) type Key = (u64, u32);

/// How good a host is to be freed: lower is better.
pub(super) type Score = (u64, u64, u32);

/// Victims on one host, by position in its list.
pub(super) type Picked = SmallVec<[usize; 8]>;

/// Largest number of candidates of a host whose pairs are all tried.
const PAIRS: usize = 64;

impl Rule {
    /// Place of a candidate in the order of its pool.
    pub(super) fn key(self, candidate: &Candidate) -> Key {
        let first = match self {
            Rule::LowestBid => candidate.bid,
            Rule::Youngest => u64::MAX - candidate.created.0,
            Rule::Fewest => u64::MAX - candidate.size.cpu_milli,
            Rule::LeastValue => candidate.value.saturating_mul(1_000_000) / candidate.size.cpu_milli.max(1),
        };
        (first, candidate.tie)
    }

    /// The victims on one host that free the room for a demand, and how good that is; none when even all of them do
    /// not. `candidates` are in the order of their keys.
    pub(super) fn pick(
        self,
        candidates: &[Candidate],
        room: &mut WhatIf<'_>,
        demand: DemandId,
    ) -> Option<(Score, Picked)> {
        match self {
            Rule::LowestBid | Rule::Youngest => {
                let picked = in_order(candidates, room, demand)?;
                let last = &candidates[*picked.last()?];
                let (first, tie) = self.key(last);
                Some(((first, u64::from(tie), picked.len() as u32), picked))
            }
            Rule::Fewest => {
                let size = |picked: &Picked| picked.iter().map(|&at| candidates[at].size.cpu_milli).sum();
                best(candidates, room, demand, |picked| {
                    (picked.len() as u64, size(picked), candidates[picked[0]].tie)
                })
            }
            Rule::LeastValue => {
                let value = |picked: &Picked| picked.iter().map(|&at| candidates[at].value).sum();
                best(candidates, room, demand, |picked| {
                    (value(picked), picked.len() as u64, candidates[picked[0]].tie)
                })
            }
        }
    }
}

/// Adds candidates in their order until the room is there, then spares those that it does not need, the last in the
/// order first. So the last victim is the first candidate that makes the host free enough: adding candidates of all hosts
/// in one order until some host is free ends at the host with the least such last victim.
fn in_order(candidates: &[Candidate], room: &mut WhatIf<'_>, demand: DemandId) -> Option<Picked> {
    let mut count = 0;
    while !room.fits(demand) {
        room.give(candidates.get(count)?.hold);
        count += 1;
    }
    let mut picked: Picked = (0..count).collect();
    for at in (0..count.saturating_sub(1)).rev() {
        room.keep(candidates[at].hold);
        if room.fits(demand) {
            picked.remove(at);
        } else {
            room.give(candidates[at].hold);
        }
    }
    for &at in &picked {
        room.keep(candidates[at].hold);
    }
    (!picked.is_empty()).then_some(picked)
}

/// The best of all single candidates, all pairs, and what their order gives. Exact when one or two are enough.
fn best(
    candidates: &[Candidate],
    room: &mut WhatIf<'_>,
    demand: DemandId,
    score: impl Fn(&Picked) -> Score,
) -> Option<(Score, Picked)> {
    let picked = in_order(candidates, room, demand)?;
    let mut best = (score(&picked), picked);
    let mut consider = |picked: Picked| {
        let score = score(&picked);
        if score < best.0 {
            best = (score, picked);
        }
    };
    for first in 0..candidates.len() {
        room.give(candidates[first].hold);
        if room.fits(demand) {
            consider(SmallVec::from_slice(&[first]));
        } else if candidates.len() <= PAIRS {
            for (second, other) in candidates.iter().enumerate().skip(first + 1) {
                room.give(other.hold);
                if room.fits(demand) {
                    consider(SmallVec::from_slice(&[first, second]));
                }
                room.keep(other.hold);
            }
        }
        room.keep(candidates[first].hold);
    }
    Some(best)
}
