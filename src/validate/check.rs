//! What a check is, and how a list of them is walked.

use super::commit::Order;
use super::cx::Cx;
use super::reject::Reject;
use crate::api::Extra;

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
    pub(super) applies: fn(&Cx<'_>) -> bool,
    /// The checks, in order.
    pub checks: &'static [Check],
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

/// For groups whose checks are always looked at.
pub(super) fn always(_: &Cx<'_>) -> bool {
    true
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

/// The first check of these phases that fires.
#[inline]
pub(super) fn first(phases: &[Phase], cx: &Cx<'_>) -> Option<Reject> {
    for phase in phases {
        for group in phase.groups {
            if !(group.applies)(cx) {
                continue;
            }
            for check in group.checks {
                if let Some(reject) = check.look(cx) {
                    return Some(reject);
                }
            }
        }
    }
    None
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
