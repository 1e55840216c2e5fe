//! What a check is, and how a list of them is walked.

use super::commit::Order;
use super::cx::Cx;
use super::reject::Reject;
use crate::api::{Extra, Param, Params};

/// What a check that fires answers with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// A row of the error table.
    Row(u16),
    /// An answer without a row (X1 to X4).
    Extra(Extra),
    /// The stored success of a finished call.
    Replay,
}

/// How a check looks at a request.
#[derive(Clone, Copy)]
pub(super) enum Rule {
    /// Fires when this holds; the row's own text says all.
    When(fn(&Cx<'_>) -> bool),
    /// Fires when there is a culprit to name; the text goes into the row's `%s`.
    Says(fn(&Cx<'_>) -> Option<String>),
    /// As `When`, over counters: looked at by the commit.
    Counts(fn(&Order<'_>) -> bool),
    /// As `Says`, over counters: looked at by the commit.
    CountsSays(fn(&Order<'_>) -> Option<String>),
    /// Looked at while claiming, in [`super::commit`]: capacity and faults of the commit.
    Claims,
}

/// One check of the order of validation.
#[derive(Clone, Copy)]
pub struct Check {
    /// Its id, such as `S1.name`.
    pub id: &'static str,
    /// What it answers with.
    pub answer: Answer,
    pub(super) rule: Rule,
}

/// A group of checks, with the question whether any of them can fire at all.
pub struct Group {
    /// Id and title, such as `S1 identity texts`.
    pub title: &'static str,
    /// False when none of the checks can fire: they are skipped. Tested to be true to the checks.
    pub(super) applies: Guard,
    /// The checks, in order.
    pub checks: &'static [Check],
}

/// The question whether any check of a group can fire.
#[derive(Clone, Copy)]
pub(super) enum Guard {
    /// For requests with some parameters; [`Plan`] knows which groups these are without asking each.
    Params {
        /// One of these is in the request.
        names: Params,
        /// A rule may object to the text of one of these by itself.
        suspects: Params,
    },
    /// For requests of which this holds.
    Holds(fn(&Cx<'_>) -> bool),
    /// For all requests.
    Always,
}

/// For requests that have one of these parameters.
pub(super) const fn names(params: &[Param]) -> Guard {
    Guard::Params { names: Params::of(params), suspects: Params::NONE }
}

/// For requests with a text of one of these parameters to which a rule may object by itself.
pub(super) const fn suspects(params: &[Param]) -> Guard {
    Guard::Params { names: Params::NONE, suspects: Params::of(params) }
}

/// For requests that have one of `named`, or a text of one of `suspected` to which a rule may object by itself.
pub(super) const fn names_or_suspects(named: &[Param], suspected: &[Param]) -> Guard {
    Guard::Params { names: Params::of(named), suspects: Params::of(suspected) }
}

/// A phase: groups in order.
pub struct Phase {
    /// Number and name, such as `2. syntax`.
    pub title: &'static str,
    /// The groups, in order.
    pub groups: &'static [Group],
}

/// A check that fires on a condition.
pub(super) const fn when(id: &'static str, row: u16, rule: fn(&Cx<'_>) -> bool) -> Check {
    Check { id, answer: Answer::Row(row), rule: Rule::When(rule) }
}

/// A check that names its culprit.
pub(super) const fn says(id: &'static str, row: u16, rule: fn(&Cx<'_>) -> Option<String>) -> Check {
    Check { id, answer: Answer::Row(row), rule: Rule::Says(rule) }
}

/// A check whose answer has no row.
pub(super) const fn extra(id: &'static str, extra: Extra, rule: fn(&Cx<'_>) -> bool) -> Check {
    Check { id, answer: Answer::Extra(extra), rule: Rule::When(rule) }
}

/// A check of a counter.
pub(super) const fn counts(id: &'static str, row: u16, rule: fn(&Order<'_>) -> bool) -> Check {
    Check { id, answer: Answer::Row(row), rule: Rule::Counts(rule) }
}

/// A check of a counter that says more.
pub(super) const fn counts_says(id: &'static str, row: u16, rule: fn(&Order<'_>) -> Option<String>) -> Check {
    Check { id, answer: Answer::Row(row), rule: Rule::CountsSays(rule) }
}

/// A check that is looked at while claiming.
pub(super) const fn claims(id: &'static str, answer: Answer) -> Check {
    Check { id, answer, rule: Rule::Claims }
}

impl Check {
    /// Looks at the request.
    #[inline]
    pub(super) fn look(&self, cx: &Cx<'_>) -> Option<Reject> {
        match self.rule {
            Rule::When(rule) if !rule(cx) => None,
            Rule::When(_) => Some(Reject::new(self, None)),
            Rule::Says(rule) => rule(cx).map(|text| Reject::new(self, Some(text))),
            Rule::Counts(_) | Rule::CountsSays(_) | Rule::Claims => None,
        }
    }

    /// Looks at the counters.
    fn look_at_counters(&self, order: &Order<'_>) -> Option<Reject> {
        match self.rule {
            Rule::Counts(rule) => rule(order).then(|| Reject::new(self, None)),
            Rule::CountsSays(rule) => rule(order).map(|text| Reject::new(self, Some(text))),
            Rule::When(_) | Rule::Says(_) | Rule::Claims => None,
        }
    }
}

/// The first counter of this phase that is used up.
pub(super) fn first_counter(phase: &Phase, order: &Order<'_>) -> Option<Reject> {
    phase.groups.iter().flat_map(|group| group.checks).find_map(|check| check.look_at_counters(order))
}

/// The groups of some phases in a row, and which of them a request needs: a plain request names a dozen parameters, and
/// most groups are about others.
pub(super) struct Plan<const GROUPS: usize> {
    groups: [&'static Group; GROUPS],
    /// Groups, as bits, that do not hang on parameters.
    others: u64,
    /// By parameter: groups for requests that have it.
    named: [u64; Param::ALL.len()],
    /// By parameter: groups for requests with a suspect text of it.
    suspected: [u64; Param::ALL.len()],
}

/// Number of groups of some phases.
pub(super) const fn groups_of(phases: &[Phase]) -> usize {
    let (mut count, mut phase) = (0, 0);
    while phase < phases.len() {
        count += phases[phase].groups.len();
        phase += 1;
    }
    count
}

impl<const GROUPS: usize> Plan<GROUPS> {
    pub(super) const fn of(phases: &'static [Phase]) -> Plan<GROUPS> {
        assert!(GROUPS > 0 && GROUPS <= 64 && groups_of(phases) == GROUPS, "a set of groups is one word");
        let mut plan = Plan {
            groups: [&phases[0].groups[0]; GROUPS],
            others: 0,
            named: [0; Param::ALL.len()],
            suspected: [0; Param::ALL.len()],
        };
        let (mut at, mut phase) = (0, 0);
        while phase < phases.len() {
            let mut group = 0;
            while group < phases[phase].groups.len() {
                plan.groups[at] = &phases[phase].groups[group];
                match plan.groups[at].applies {
                    Guard::Holds(_) | Guard::Always => plan.others |= 1 << at,
                    Guard::Params { names, suspects } => {
                        let mut param = 0;
                        while param < Param::ALL.len() {
                            plan.named[param] |= (names.has(Param::ALL[param]) as u64) << at;
                            plan.suspected[param] |= (suspects.has(Param::ALL[param]) as u64) << at;
                            param += 1;
                        }
                    }
                }
                at += 1;
                group += 1;
            }
            phase += 1;
        }
        plan
    }

    /// The first check that fires.
    #[inline]
    pub(super) fn first(&self, cx: &Cx<'_>) -> Option<Reject> {
        let mut left = self.others;
        for param in cx.req.present().places() {
            left |= self.named[param];
        }
        for param in cx.req.suspects().places() {
            left |= self.suspected[param];
        }
        while left != 0 {
            let group = self.groups[left.trailing_zeros() as usize];
            left &= left - 1;
            if let Guard::Holds(holds) = group.applies
                && !holds(cx)
            {
                continue;
            }
            for check in group.checks {
                if let Some(reject) = check.look(cx) {
                    return Some(reject);
                }
            }
        }
        None
    }
}

/// The first check of phases 1 to 11 that fires when no group is skipped: what the short cuts are held against.
#[cfg(test)]
pub(super) fn first_unguarded(
    request: &crate::api::Request,
    world: &crate::world::World,
    account: crate::model::AccountIx,
    now: crate::model::Utc,
) -> Option<Reject> {
    let disks = super::cx::disks(request, world);
    let cx = Cx::new(request, &disks, world, account, world.accounts.get(account.0)?, now);
    let groups = super::order::PURE.iter().flat_map(|phase| phase.groups);
    groups.flat_map(|group| group.checks).find_map(|check| check.look(&cx))
}
