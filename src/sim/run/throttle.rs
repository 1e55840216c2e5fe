//! The rate limit of CreateInstance: so many calls a minute of one account in one region (QUO-9, QUO-81, RPC-70).

use std::borrow::Cow;

use crate::model::SimTime;
use crate::scenario::Scenario;
use crate::validate::Reject;
use crate::workload;

use super::Run;

/// The code of a call that comes in too fast. The error table has no row for it.
pub(in crate::sim) const THROTTLING: &str = "Throttling";

const MINUTE: u64 = 60_000_000;

/// Calls of the minute, by account and region. Minutes are counted from the start of the run, as a fixed window.
#[derive(Debug)]
pub(in crate::sim) struct Throttle {
    /// By template: its counter and what the account may send; none: no limit.
    limits: Vec<Option<(u32, u32)>>,
    counters: Vec<(u64, u32)>,
}

impl Throttle {
    /// None when no account of the scenario has a limit.
    pub(in crate::sim) fn new(scenario: &Scenario, templates: &[workload::Template]) -> Option<Throttle> {
        let limit = |at: usize| scenario.spec.accounts[at].calls_per_minute.get();
        let regions = scenario.regions.len();
        if (0..scenario.accounts.len()).all(|at| limit(at).is_none()) {
            return None;
        }
        let of = |template: &workload::Template| {
            let region = scenario.regions.iter().position(|region| region.id == template.region)?;
            let account = template.account.at();
            Some(((account * regions + region) as u32, limit(account)?))
        };
        Some(Throttle {
            limits: templates.iter().map(of).collect(),
            counters: vec![(0, 0); scenario.accounts.len() * regions],
        })
    }

    /// Calls of the minute, for a snapshot.
    pub(super) fn save(&self) -> Vec<(u64, u32)> {
        self.counters.clone()
    }

    /// Goes on from a state; none when that is of other accounts.
    pub(super) fn restore(&mut self, counters: Vec<(u64, u32)>) -> Option<()> {
        (counters.len() == self.counters.len()).then(|| self.counters = counters)
    }

    /// Counts a call; the answer when it is one too many.
    fn count(&mut self, now: SimTime, template: u32) -> Option<Reject> {
        let (counter, most) = self.limits[template as usize]?;
        let (minute, calls) = &mut self.counters[counter as usize];
        if *minute != now.0 / MINUTE {
            (*minute, *calls) = (now.0 / MINUTE, 0);
        }
        *calls += 1;
        (*calls > most).then_some(Reject {
            check: "API.throttling",
            row: None,
            status: 400,
            code: THROTTLING,
            message: Cow::Borrowed("more calls of this account in this minute than its limit"),
            replay: None,
            no_room: None,
        })
    }
}

impl Run<'_> {
    /// The answer to a call that comes in too fast: it gets no further.
    #[inline(never)]
    pub(super) fn throttled(&mut self, now: SimTime, template: u32) -> Option<Reject> {
        self.throttle.as_mut()?.count(now, template)
    }
}
