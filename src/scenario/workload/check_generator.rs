//! Checks of what a generator has beyond arrivals by day and week: states, flash crowds, groups, drift, accounts.

use super::check::Wrongs;
use super::{ArrivalsSpec, Choice, Distribution, LoopSpec, Spacing, WorkloadSpec};
use crate::model::SimDuration;
use crate::scenario::units::{At, Span};

/// Hours of a week.
const WEEK: usize = 168;
/// The most weeks that `hours` can go on for: two years.
const MOST_WEEKS: usize = 104;
/// The most instances of one deployment group.
const MOST_MEMBERS: u64 = 100_000;
/// The most clients of one closed loop.
const MOST_CLIENTS: u32 = 1_000_000;

impl ArrivalsSpec {
    /// `hours`, `course`, `spacing`, `states` and `flash`.
    pub(super) fn check_more(&self, wrongs: &mut Wrongs) {
        self.check_course(wrongs);
        if let Some(hours) = &self.hours {
            let of_hour = self.each.as_ref().and_then(parts_of_hour).unwrap_or(1);
            let week = WEEK * of_hour;
            let weeks = hours.get().len().div_ceil(week).clamp(1, MOST_WEEKS);
            let what = if of_hour == 1 {
                "hours of whole weeks from Monday 0:00"
            } else {
                "parts of an hour of whole weeks"
            };
            wrongs.shape(hours, weeks * week, what);
            if self.day.is_some() || self.week.is_some() {
                wrongs.add(hours, "`hours` say all: `day` and `week` mean nothing beside them");
            }
        }
        if let Some(each) = &self.each {
            if self.hours.is_none() {
                wrongs.add(each, "`each` is about `hours`: without them it means nothing");
            } else if parts_of_hour(each).is_none() {
                wrongs.add(each, "must be an hour or an even part of one, from a minute on");
            }
        }
        if let Some(first) = self.states.first() {
            if self.bursts.is_some() {
                wrongs.add(first, "a workload has `bursts` or `states`, not both");
            }
            if self.states.len() < 2 {
                wrongs.add(first, "at least two states are needed");
            }
            if self.states.iter().all(|state| *state.get().factor.get() == 0.0) {
                wrongs.add(first, "every state has factor 0");
            }
            if self.states.iter().filter(|state| *state.get().weight.get() > 0.0).count() < 2 {
                wrongs.add(first, "at least two states need a weight above 0");
            }
        }
        for state in &self.states {
            wrongs.number(&state.get().factor, 0.0, 1e6);
            wrongs.number(&state.get().weight, 0.0, 1e6);
            check_length(&state.get().mean, wrongs);
        }
        for flash in &self.flash {
            let flash = flash.get();
            wrongs.number(&flash.factor, 1.0, 1e6);
            for span in [Some(&flash.at), flash.rise.as_ref(), flash.hold.as_ref(), flash.fall.as_ref()] {
                if let Some(span) = span.filter(|span| span.get().is_forever()) {
                    wrongs.add(span, "must be a duration that ends");
                }
            }
            let spans = [&flash.rise, &flash.hold, &flash.fall];
            if spans.iter().all(|span| span.as_ref().is_none_or(|span| span.get().is_zero())) {
                wrongs.add(&flash.at, "a flash crowd needs a `rise`, a `hold` or a `fall`");
            }
        }
    }
}

impl ArrivalsSpec {
    /// `course` and `spacing`.
    fn check_course(&self, wrongs: &mut Wrongs) {
        let moves = self.day.is_some() || self.week.is_some();
        let multiplied = self.bursts.is_some() || !self.states.is_empty() || !self.flash.is_empty();
        if let Some(spacing) = self.spacing.as_ref().filter(|spacing| *spacing.get() == Spacing::Even)
            && (moves || multiplied)
        {
            wrongs.add(spacing, "even spacing needs a rate in steps: a constant one, `hours` or a `course`");
        }
        let Some(course) = &self.course else { return };
        if moves || multiplied || self.hours.is_some() {
            wrongs.add(course, "a `course` says all: no other shape of the rate means anything beside it");
        }
        let until = &course.get().until;
        let ends: Vec<SimDuration> = until.get().iter().map(|span| span.get()).collect();
        let ascend = ends.first().is_some_and(|first| *first > SimDuration::ZERO)
            && ends.windows(2).all(|pair| pair[0] < pair[1]);
        if !ascend || until.get().last().is_some_and(|span| span.is_forever()) {
            wrongs
                .add(until, "the ends of spans are one or more durations that grow, the last of which ends");
        }
        wrongs.shape(&course.get().weights, ends.len(), "one a span");
    }
}

impl LoopSpec {
    pub(super) fn check(&self, wrongs: &mut Wrongs) {
        if !(1..=MOST_CLIENTS).contains(self.clients.get()) {
            wrongs.add(&self.clients, format!("must be a whole number from 1 to {MOST_CLIENTS}"));
        }
        match self.think.get().resolve() {
            Ok(Distribution::Forever) => wrongs.add(&self.think, "who thinks for ever never asks"),
            think => wrongs.take(think),
        }
    }
}

impl WorkloadSpec {
    /// Groups, drift, and what hangs on accounts.
    pub(super) fn check_generator(&self, wrongs: &mut Wrongs) {
        if let Some(exponent) = &self.account_zipf {
            wrongs.number(exponent, 0.0, 10.0);
            if self.accounts.is_some() {
                wrongs.add(exponent, "a workload has `accounts` or `account_zipf`, not both");
            }
        }
        if let Some(sigma) = &self.lifetime_by_account {
            wrongs.number(sigma, 0.0, 5.0);
            if self.trace.is_some() {
                wrongs.add(sigma, "a trace says itself how long instances live");
            }
        }
        for drift in self.mix.iter().filter_map(|mix| mix.get().drift.as_ref()) {
            wrongs.number(&drift.get().to, 0.0, 1e12);
            check_length(&drift.get().by, wrongs);
        }
        let drifting = self.mix.iter().any(|mix| mix.get().drift.is_some());
        let ends = self.mix.iter().map(|mix| match &mix.get().drift {
            Some(drift) => *drift.get().to.get(),
            None => *mix.get().weight.get(),
        });
        if drifting && Choice::new(&ends.collect::<Vec<_>>()).is_none() {
            wrongs.add(&self.name, "every mix entry drifts to weight 0");
        }
        self.check_groups(wrongs);
    }

    fn check_groups(&self, wrongs: &mut Wrongs) {
        let Some(first) = self.groups.first() else { return };
        if self.fleet.is_some() || self.closed_loop.is_some() {
            wrongs.add(first, "groups come by themselves: they need `arrivals`");
        }
        if self.trace.is_some() {
            wrongs.add(first, "a trace says itself what comes together: `groups` mean nothing to it");
        }
        if self.arrivals.as_ref().is_some_and(|arrivals| arrivals.get().batch.is_some()) {
            wrongs.add(first, "a workload has `groups` or `batch`, not both");
        }
        let weights: Vec<f64> = self.groups.iter().map(|group| *group.get().weight.get()).collect();
        if Choice::new(&weights).is_none() {
            wrongs.add(first, "weights of groups are numbers of at least 0, not all of them 0");
        }
        for group in &self.groups {
            let members = &group.get().members;
            for name in members.get().keys() {
                if !self.mix.iter().any(|mix| mix.get().instance_type.get() == name) {
                    wrongs.add(members, format!("`{name}` is no type of the `mix`"));
                }
            }
            let count: u64 = members.get().values().map(|count| u64::from(*count)).sum();
            if !(1..=MOST_MEMBERS).contains(&count) {
                wrongs.add(members, format!("a group has from 1 to {MOST_MEMBERS} instances"));
            }
            if let Some(lifetime) = &group.get().lifetime {
                wrongs.take(lifetime.get().resolve());
            } else if self.lifetime.is_none() {
                wrongs.add(
                    members,
                    "neither the group nor the workload says how long it lives: set `lifetime`",
                );
            }
        }
    }
}

/// How many of these make an hour.
fn parts_of_hour(each: &At<Span>) -> Option<usize> {
    let (micros, hour) = (each.get().get().0, 3_600_000_000u64);
    ((60_000_000..=hour).contains(&micros) && hour.is_multiple_of(micros)).then(|| (hour / micros) as usize)
}

fn check_length(span: &At<Span>, wrongs: &mut Wrongs) {
    if span.get().is_zero() || span.get().is_forever() {
        wrongs.add(span, "must be a duration that ends, and longer than nothing");
    }
}
