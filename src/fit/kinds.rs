//! Batches told apart by how long their instances live, each kind with its own rates, sizes, mix and lifetimes.

use std::collections::BTreeMap;

use super::observed::HOUR;
use super::sample::Sample;
use crate::model::SimDuration;
use crate::workload::trace::RecordEnd;

/// Hours of a week.
const WEEK: u64 = 168;
/// Rates of a whole trace are told apart by this step.
pub(super) const STEP: u64 = HOUR / 4;

/// Kinds of lifetimes: a name, and the bound in microseconds that the mean lifetime of a batch stays below.
const LIVES: [(&str, u64); 11] = [
    ("10min", HOUR / 6),
    ("30min", HOUR / 2),
    ("1h", HOUR),
    ("2h", 2 * HOUR),
    ("4h", 4 * HOUR),
    ("8h", 8 * HOUR),
    ("16h", 16 * HOUR),
    ("32h", 32 * HOUR),
    ("64h", 64 * HOUR),
    ("128h", 128 * HOUR),
    ("longer", u64::MAX),
];
/// Further kinds: batches of which less than half have no end; those of which half and more have none.
const RESIDENTS: [&str; 2] = ["some-residents", "residents"];
/// Classes of mean vCPUs of an instance, each twice the one before, from one vCPU on.
const SIZES: usize = 10;
/// Batches of so many times the trace's mean vCPUs are large ones.
const LARGE: f64 = 4.0;
/// All kinds that a reading tells apart.
pub(super) const COUNT: usize = (LIVES.len() + RESIDENTS.len()) * SIZES;

/// One creation of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) entry: usize,
    pub(super) cpu_milli: u64,
    pub(super) end: RecordEnd,
}

/// The kind of a batch of which the trace saw so much: its place among [`COUNT`] kinds.
pub(super) fn kind_of(members: &[Member], seen: u64) -> usize {
    let count = members.len().max(1) as u64;
    let cpu_milli = members.iter().map(|member| member.cpu_milli).sum::<u64>() / count;
    let size = ((cpu_milli / 1_000).max(1).ilog2() as usize).min(SIZES - 1);
    lives_of(members, seen) * SIZES + size
}

fn lives_of(members: &[Member], seen: u64) -> usize {
    let residents = members.iter().filter(|member| member.end == RecordEnd::Never).count();
    if residents > 0 {
        return LIVES.len() + usize::from(2 * residents >= members.len());
    }
    let lived = |member: &Member| match member.end {
        RecordEnd::After(lifetime) => lifetime.0,
        RecordEnd::Never | RecordEnd::Unknown => seen,
    };
    let sum: u128 = members.iter().map(|member| u128::from(lived(member))).sum();
    let mean = (sum / members.len().max(1) as u128) as u64;
    LIVES.iter().position(|(_, bound)| mean < *bound).unwrap_or(LIVES.len() - 1)
}

/// The kinds that a scenario tells apart, with names: by lifetime, and large ones from the others. `cpu_milli` is the mean
/// of the trace.
pub(super) fn told_apart(kinds: &[Kind], cpu_milli: f64) -> Vec<(String, Kind)> {
    let names = LIVES.iter().map(|(name, _)| *name).chain(RESIDENTS);
    let large_from =
        (0..SIZES).find(|size| f64::from(1_000u32 << size) >= LARGE * cpu_milli).unwrap_or(SIZES);
    let mut parts = Vec::new();
    for (name, kinds) in names.zip(kinds.chunks(SIZES)) {
        for (kinds, large) in [(&kinds[..large_from], ""), (&kinds[large_from..], "-large")] {
            let Some(kind) = Kind::of_all(kinds).filter(|kind| kind.count() > 0) else { continue };
            parts.push((format!("{name}{large}"), Kind { residents: RESIDENTS.contains(&name), ..kind }));
        }
    }
    parts
}

/// Batches of one kind.
#[derive(Clone, Debug)]
pub(super) struct Kind {
    /// Creations by [`STEP`] from the beginning.
    steps: Vec<u64>,
    /// How often batches of each size came.
    pub(super) sizes: BTreeMap<u32, u64>,
    /// Batches of more than one; those of them that ask for the same; those of them that end at one moment.
    several: u64,
    alike: u64,
    together: u64,
    /// Creations and lifetimes by entry of the mix.
    pub(super) counts: Vec<u64>,
    pub(super) lifetimes: Vec<Sample>,
    /// What had no end is known to have none, since that is what the kind was told by.
    pub(super) residents: bool,
}

impl Kind {
    /// Nothing yet, over so many steps.
    pub(super) fn new(steps: usize) -> Kind {
        Kind {
            steps: vec![0; steps],
            sizes: BTreeMap::new(),
            several: 0,
            alike: 0,
            together: 0,
            counts: Vec::new(),
            lifetimes: Vec::new(),
            residents: false,
        }
    }

    pub(super) fn one_entry_more(&mut self) {
        self.counts.push(0);
        self.lifetimes.push(Sample::default());
    }

    /// Adds a batch that came in a step, and of which the trace saw so much.
    pub(super) fn add(&mut self, step: usize, members: &[Member], seen: u64) {
        self.steps[step] += members.len() as u64;
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

    /// All kinds as one; none of none.
    pub(super) fn of_all(kinds: &[Kind]) -> Option<Kind> {
        let mut all = kinds.first()?.clone();
        for kind in &kinds[1..] {
            let pairs = |a: &mut Vec<u64>, b: &[u64]| a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            pairs(&mut all.steps, &kind.steps);
            pairs(&mut all.counts, &kind.counts);
            kind.sizes.iter().for_each(|(size, count)| *all.sizes.entry(*size).or_default() += count);
            all.several += kind.several;
            all.alike += kind.alike;
            all.together += kind.together;
            all.lifetimes.iter_mut().zip(&kind.lifetimes).for_each(|(a, b)| a.merge(b));
        }
        Some(all)
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

    /// Creations an hour: for each hour of one week, or for each step of as many weeks as the trace has. What the trace does not
    /// reach has the mean of the same time on other days, or of all.
    pub(super) fn rates(&self, window: SimDuration, one_week: bool) -> Vec<f64> {
        let (counts, step): (Vec<u64>, u64) = match one_week {
            true => (self.steps.chunks((HOUR / STEP) as usize).map(|hour| hour.iter().sum()).collect(), HOUR),
            false => (self.steps.clone(), STEP),
        };
        let (day, of_week) = ((24 * HOUR / step) as usize, (WEEK * HOUR / step) as usize);
        let covered = |at: usize| window.0.saturating_sub(at as u64 * step).min(step) as f64 / HOUR as f64;
        let mean = |places: &mut dyn Iterator<Item = usize>| {
            let (count, hours) =
                places.fold((0u64, 0.0), |(count, hours), at| (count + counts[at], hours + covered(at)));
            (hours > 0.0).then(|| count as f64 / hours)
        };
        let reached = counts.len();
        let all = mean(&mut (0..reached)).unwrap_or(0.0);
        let usual = |at: usize| {
            mean(&mut (at..reached).step_by(of_week))
                .or_else(|| mean(&mut (at % day..reached).step_by(day)))
                .unwrap_or(all)
        };
        let week: Vec<f64> = (0..of_week).map(usual).collect();
        if one_week {
            return week;
        }
        let weeks = reached.div_ceil(of_week);
        let rate = |at: usize| match counts.get(at) {
            Some(count) => *count as f64 / covered(at),
            None => week[at % of_week],
        };
        (0..weeks * of_week).map(rate).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lived(hours: u64) -> Member {
        Member { entry: 0, cpu_milli: 2_000, end: RecordEnd::After(SimDuration(hours * HOUR)) }
    }

    #[test]
    fn batches_are_told_apart_by_lifetime_and_size() {
        let never = Member { end: RecordEnd::Never, ..lived(0) };
        let large = Member { cpu_milli: 16_000, ..lived(1) };
        let batches: [&[Member]; 6] = [
            &[lived(0)],
            &[lived(0), lived(11)],
            &[lived(128)],
            &[lived(0), never],
            &[lived(0), lived(0), never],
            &[large],
        ];
        let mut kinds = vec![Kind::new(1); COUNT];
        for batch in batches {
            let kind = &mut kinds[kind_of(batch, 50 * HOUR)];
            if kind.counts.is_empty() {
                kind.one_entry_more();
            }
            kind.add(0, batch, 0);
        }
        kinds.iter_mut().filter(|kind| kind.counts.is_empty()).for_each(Kind::one_entry_more);
        let told = told_apart(&kinds, 2_500.0);
        let names: Vec<(&str, u64, bool)> =
            told.iter().map(|(name, kind)| (name.as_str(), kind.count(), kind.residents)).collect();
        let expected = [
            ("10min", 1, false),
            ("2h-large", 1, false),
            ("8h", 2, false),
            ("longer", 1, false),
            ("some-residents", 3, true),
            ("residents", 2, true),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn rates_are_those_of_the_hours_that_the_trace_reaches() {
        // Eight days and half an hour: the first hour of the week is seen twice, and a half of the second day's again.
        let window = SimDuration(192 * HOUR + HOUR / 2);
        let mut kind = Kind::new(192 * 4 + 2);
        kind.one_entry_more();
        for (hour, count) in [(0, 4), (168, 2), (1, 3), (192, 5)] {
            (0..count).for_each(|_| kind.add(hour * 4, &[lived(1)], 0));
        }
        let week = kind.rates(window, true);
        assert_eq!((week.len(), week[0], week[1], week[24]), (168, 3.0, 1.5, 5.0 / 1.5));
        let run = kind.rates(window, false);
        assert_eq!((run.len(), run[0], run[1], run[168 * 4], run[192 * 4]), (2 * 672, 16.0, 0.0, 8.0, 20.0));
        // The third quarter after the end: that of the second day of the first week, in which nothing came.
        assert_eq!(run[192 * 4 + 2], 0.0);
        let day = Kind { steps: kind.steps[..100].to_vec(), ..kind };
        let week = day.rates(SimDuration(25 * HOUR), true);
        assert_eq!((week[24], week[25], week[48]), (0.0, 3.0, 2.0), "hours of the day that were seen");
    }

    #[test]
    fn all_kinds_together_are_one() {
        let mut kinds = vec![Kind::new(2); 2];
        kinds.iter_mut().for_each(Kind::one_entry_more);
        kinds[0].add(0, &[lived(1), lived(1)], 0);
        kinds[1].add(1, &[lived(30), lived(40), lived(50)], 0);
        let all = Kind::of_all(&kinds).expect("some");
        assert_eq!((all.count(), all.steps.clone(), all.sizes.len()), (5, vec![2, 3], 2));
        assert!(all.alike() && !all.leaves_together() && kinds[0].leaves_together());
        assert_eq!(all.lifetimes[0].count(), 5);
    }
}
