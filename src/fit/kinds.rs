//! Batches told apart by how long their instances live, each kind with its own rates, sizes, mix and lifetimes.

use std::collections::BTreeMap;

use super::observed::HOUR;
use super::sample::Sample;
use crate::model::SimDuration;
use crate::workload::trace::RecordEnd;

/// Hours of a week.
pub(super) const WEEK: usize = 168;

/// The kinds: a name, and the bound in microseconds that the mean lifetime of a batch stays below. A batch of the last kind
/// has an instance without an end.
pub(super) const KINDS: [(&str, u64); 7] = [
    ("up-to-10min", HOUR / 6),
    ("up-to-1h", HOUR),
    ("up-to-6h", 6 * HOUR),
    ("up-to-1d", 24 * HOUR),
    ("up-to-5d", 120 * HOUR),
    ("longer", u64::MAX),
    ("residents", u64::MAX),
];

/// One creation of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) entry: usize,
    pub(super) end: RecordEnd,
}

/// The kind of a batch of which the trace saw so much.
pub(super) fn kind_of(members: &[Member], seen: u64) -> usize {
    if members.iter().any(|member| member.end == RecordEnd::Never) {
        return KINDS.len() - 1;
    }
    let lived = |member: &Member| match member.end {
        RecordEnd::After(lifetime) => lifetime.0,
        RecordEnd::Never | RecordEnd::Unknown => seen,
    };
    let sum: u128 = members.iter().map(|member| u128::from(lived(member))).sum();
    let mean = (sum / members.len().max(1) as u128) as u64;
    KINDS.iter().position(|(_, bound)| mean < *bound).unwrap_or(KINDS.len() - 2)
}

/// Batches of one kind.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// Creations by hour from the beginning.
    hours: Vec<u64>,
    /// How often batches of each size came.
    pub(super) sizes: BTreeMap<u32, u64>,
    /// Batches of more than one; those of them that ask for the same; those of them that end at one moment.
    several: u64,
    alike: u64,
    together: u64,
    /// Creations and lifetimes by entry of the mix.
    pub(super) counts: Vec<u64>,
    pub(super) lifetimes: Vec<Sample>,
}

impl Kind {
    /// Nothing yet, over so many hours.
    pub(super) fn new(hours: usize) -> Kind {
        Kind {
            hours: vec![0; hours],
            sizes: BTreeMap::new(),
            several: 0,
            alike: 0,
            together: 0,
            counts: Vec::new(),
            lifetimes: Vec::new(),
        }
    }

    pub(super) fn one_entry_more(&mut self) {
        self.counts.push(0);
        self.lifetimes.push(Sample::default());
    }

    /// Adds a batch that came in an hour, and of which the trace saw so much.
    pub(super) fn add(&mut self, hour: usize, members: &[Member], seen: u64) {
        self.hours[hour] += members.len() as u64;
        *self.sizes.entry(members.len() as u32).or_default() += 1;
        if let [first, rest @ ..] = members
            && !rest.is_empty()
        {
            self.several += 1;
            self.alike += u64::from(rest.iter().all(|member| member.entry == first.entry));
            self.together += u64::from(rest.iter().all(|member| member.end == first.end));
        }
        for member in members {
            self.counts[member.entry] += 1;
            let lifetimes = &mut self.lifetimes[member.entry];
            match member.end {
                RecordEnd::After(lifetime) => lifetimes.add(lifetime.0),
                RecordEnd::Never => lifetimes.add_censored(seen),
                RecordEnd::Unknown => {}
            }
        }
    }

    /// All kinds as one.
    pub(super) fn of_all(kinds: &[Kind]) -> Kind {
        let mut all = kinds[0].clone();
        for kind in &kinds[1..] {
            let pairs = |a: &mut Vec<u64>, b: &[u64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            pairs(&mut all.hours, &kind.hours);
            pairs(&mut all.counts, &kind.counts);
            kind.sizes.iter().for_each(|(size, count)| *all.sizes.entry(*size).or_default() += count);
            all.several += kind.several;
            all.alike += kind.alike;
            all.together += kind.together;
            all.lifetimes.iter_mut().zip(&kind.lifetimes).for_each(|(a, b)| a.merge(b));
        }
        all
    }

    /// Creations.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// True when most batches of more than one ask for the same.
    pub(super) fn alike(&self) -> bool {
        2 * self.alike >= self.several
    }

    /// True when most batches of more than one end at one moment.
    pub(super) fn leaves_together(&self) -> bool {
        self.several > 0 && 2 * self.together > self.several
    }

    /// Creations an hour for each hour of one week, or of as many as the trace has; hours of the week that the trace does
    /// not reach have the mean of the same hour of other days, or of all.
    pub(super) fn rates(&self, window: SimDuration, one_week: bool) -> Vec<f64> {
        let covered =
            |hour: usize| (window.0.saturating_sub(hour as u64 * HOUR)).min(HOUR) as f64 / HOUR as f64;
        let mean = |hours: &mut dyn Iterator<Item = usize>| {
            let (count, long) = hours
                .fold((0u64, 0.0), |(count, long), hour| (count + self.hours[hour], long + covered(hour)));
            (long > 0.0).then(|| count as f64 / long)
        };
        let reached = self.hours.len();
        let all = mean(&mut (0..reached)).unwrap_or(0.0);
        let week: Vec<f64> = (0..WEEK)
            .map(|hour| {
                mean(&mut (hour..reached).step_by(WEEK))
                    .or_else(|| mean(&mut (hour % 24..reached).step_by(24)))
                    .unwrap_or(all)
            })
            .collect();
        if one_week || reached <= WEEK {
            return week;
        }
        let weeks = reached.div_ceil(WEEK);
        (0..weeks * WEEK)
            .map(
                |hour| {
                    if hour < reached { self.hours[hour] as f64 / covered(hour) } else { week[hour % WEEK] }
                },
            )
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lived(hours: u64) -> Member {
        Member { entry: 0, end: RecordEnd::After(SimDuration(hours * HOUR)) }
    }

    #[test]
    fn batches_are_told_apart_by_their_mean_lifetime() {
        let name = |members: &[Member]| KINDS[kind_of(members, 50 * HOUR)].0;
        assert_eq!(name(&[lived(0)]), "up-to-10min");
        assert_eq!(name(&[lived(0), lived(11)]), "up-to-6h");
        assert_eq!(name(&[lived(120)]), "longer");
        assert_eq!(name(&[lived(0), Member { entry: 0, end: RecordEnd::Never }]), "residents");
    }

    #[test]
    fn rates_are_those_of_the_hours_that_the_trace_reaches() {
        // Eight days and half an hour: the first hour of the week is seen twice, and a half of the second.
        let window = SimDuration(192 * HOUR + HOUR / 2);
        let mut kind = Kind::new(193);
        kind.one_entry_more();
        for (hour, count) in [(0, 4), (168, 2), (1, 3), (192, 5)] {
            (0..count).for_each(|_| kind.add(hour, &[lived(1)], 0));
        }
        let week = kind.rates(window, true);
        assert_eq!((week.len(), week[0], week[1], week[24]), (168, 3.0, 1.5, 5.0 / 1.5));
        let run = kind.rates(window, false);
        assert_eq!((run.len(), run[0], run[168], run[192], run[193]), (336, 4.0, 2.0, 10.0, 0.0));
        assert_eq!(run[200], week[32]);
        let day = Kind { hours: kind.hours[..25].to_vec(), ..kind };
        let week = day.rates(SimDuration(25 * HOUR), true);
        assert_eq!((week[24], week[25], week[48]), (0.0, 3.0, 2.0), "hours of the day that were seen");
    }

    #[test]
    fn all_kinds_together_are_one() {
        let mut kinds = vec![Kind::new(2); 2];
        kinds.iter_mut().for_each(Kind::one_entry_more);
        kinds[0].add(0, &[lived(1), lived(1)], 0);
        kinds[1].add(1, &[lived(30), lived(40), lived(50)], 0);
        let all = Kind::of_all(&kinds);
        assert_eq!((all.count(), all.hours.clone(), all.sizes.len()), (5, vec![2, 3], 2));
        assert!(all.alike() && !all.leaves_together() && kinds[0].leaves_together());
        assert_eq!(all.lifetimes[0].count(), 5);
    }
}
