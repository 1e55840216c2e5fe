//! Batches told apart by how long their instances live and how large they are, each kind with its own rates, sizes, mix and lifetimes.

use std::collections::BTreeMap;

use super::observed::HOUR;
use super::sample::Sample;
use crate::model::SimDuration;
use crate::workload::trace::RecordEnd;

/// Hours of a week.
const WEEK: u64 = 168;
const MINUTE: u64 = HOUR / 60;
/// Creations are counted by so many minutes: one, or more where a trace has more than so many of them.
const MOST_TICKS: u64 = 50_000;
/// The course of a rate has at most so many spans of many creations, each of at least so many.
const SPANS: u64 = 400;
const LEAST: u64 = 5;

/// Seconds that the mean lifetimes of kinds stay below, each about 1.25 times the one before; a further kind lives longer.
#[rustfmt::skip]
const LIVES: [u64; 51] = [
    60, 75, 100, 120, 150, 180, 240, 300, 360, 480, 600, 720, 900, 1_200, 1_500, 1_800, 2_400, 3_000,
    H, 5 * H / 4, 3 * H / 2, 2 * H, 5 * H / 2, 3 * H, 4 * H, 5 * H, 6 * H, 8 * H, 10 * H, 12 * H, 16 * H, 20 * H,
    24 * H, 30 * H, 40 * H, 48 * H, 60 * H, 72 * H, 96 * H, 120 * H, 144 * H, 192 * H, 240 * H, 288 * H, 384 * H, 480 * H,
    600 * H, 768 * H, 960 * H, 1_200 * H, 1_536 * H,
];
const H: u64 = 3_600;
/// The classes of what lives longer, and of what has no end.
const LONGER: usize = LIVES.len();
const RESIDENTS: usize = LONGER + 1;
/// Instances of one batch that live alike: the longest lives at most so many times as long as the shortest.
const ALIKE: f64 = 1.25;
/// Classes of mean vCPUs of an instance, each twice the one before, from one vCPU on.
const SIZES: usize = 10;
/// Classes of sizes with fewer creations are one with the next.
const FEW: u64 = 100;

/// One creation of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) entry: usize,
    pub(super) cpu_milli: u64,
    pub(super) end: RecordEnd,
}

impl Member {
    /// How long it lived, or, where nothing is known, was seen to; none: for ever.
    fn lived(&self, seen: u64) -> Option<u64> {
        match self.end {
            RecordEnd::After(lifetime) => Some(lifetime.0),
            RecordEnd::Unknown => Some(seen),
            RecordEnd::Never => None,
        }
    }
}

/// Cuts a batch of which the trace saw so much into parts that live alike, each in the order in which they end.
pub(super) fn parts(members: &mut [Member], seen: u64) -> impl Iterator<Item = &[Member]> {
    let key = move |member: &Member| member.lived(seen).unwrap_or(u64::MAX);
    members.sort_by_key(key);
    let mut rest = &*members;
    std::iter::from_fn(move || {
        let longest = key(rest.first()?) as f64 * ALIKE;
        let (part, after) = rest.split_at(rest.partition_point(|member| key(member) as f64 <= longest));
        rest = after;
        Some(part)
    })
}

/// The kinds of a trace: by class of lifetime and class of size.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds(BTreeMap<(usize, usize), Kind>);

impl Kinds {
    /// Adds a batch that came in a tick, and of which the trace saw so much, part by part.
    pub(super) fn add(&mut self, tick: u64, members: &mut [Member], seen: u64) {
        for part in parts(members, seen) {
            self.0.entry(class_of(part, seen)).or_default().add(tick, part, seen);
        }
    }

    /// The kinds that a scenario tells apart, with names.
    pub(super) fn told_apart(&self) -> Vec<(String, Kind)> {
        let mut parts = Vec::new();
        for lives in 0..=RESIDENTS {
            let first_of_lives = parts.len();
            let mut open: Option<(usize, Kind)> = None;
            for ((_, size), kind) in self.0.range((lives, 0)..(lives + 1, 0)) {
                match &mut open {
                    Some((_, known)) => known.merge(kind),
                    None => open = Some((*size, kind.clone())),
                }
                if let Some((size, kind)) = open.take_if(|(_, kind)| kind.count() >= FEW) {
                    parts.push((lives, size, kind));
                }
            }
            // Too few are left for a kind of their own.
            match (open, parts[first_of_lives..].last_mut()) {
                (Some((_, rest)), Some((.., kind))) => kind.merge(&rest),
                (Some((size, rest)), None) => parts.push((lives, size, rest)),
                (None, _) => {}
            }
        }
        let named = |(lives, size, mut kind): (usize, usize, Kind)| {
            let name = match lives {
                LONGER => "longer".to_owned(),
                RESIDENTS => "residents".to_owned(),
                _ => SimDuration::from_secs(LIVES[lives]).to_string(),
            };
            kind.residents = lives == RESIDENTS;
            (if size == 0 { name } else { format!("{name}-{}c", 1u32 << size) }, kind)
        };
        parts.into_iter().map(named).collect()
    }
}

/// The classes of lifetime and size of some that live alike.
fn class_of(members: &[Member], seen: u64) -> (usize, usize) {
    let count = members.len().max(1);
    let cpu_milli = members.iter().map(|member| member.cpu_milli).sum::<u64>() / count as u64;
    let size = ((cpu_milli / 1_000).max(1).ilog2() as usize).min(SIZES - 1);
    let lived: Option<u128> = members.iter().map(|member| member.lived(seen).map(u128::from)).sum();
    let Some(lived) = lived else { return (RESIDENTS, size) };
    let mean = (lived / count as u128) as u64;
    (LIVES.partition_point(|bound| bound * 1_000_000 <= mean), size)
}

/// The length of a tick by which creations of a trace of this length and clock are counted.
pub(super) fn tick(window: SimDuration, step: u64) -> u64 {
    MINUTE.max(step) * window.0.div_ceil(MINUTE.max(step) * MOST_TICKS)
}

/// Batches of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Kind {
    /// Creations by [`tick`] from the beginning.
    ticks: BTreeMap<u64, u64>,
    /// How often batches of each size came.
    pub(super) sizes: BTreeMap<u32, u64>,
    /// Batches of more than one; those of them that ask for the same; those of them that end at one moment.
    several: u64,
    alike: u64,
    together: u64,
    /// What is asked for, by entry of the trace.
    pub(super) wanted: BTreeMap<usize, Wanted>,
    /// What had no end is known to have none, since that is what the kind was told by.
    pub(super) residents: bool,
}

impl Kind {
    /// Adds a batch that came in a tick, and of which the trace saw so much.
    pub(super) fn add(&mut self, tick: u64, members: &[Member], seen: u64) {
        *self.ticks.entry(tick).or_default() += members.len() as u64;
        *self.sizes.entry(members.len() as u32).or_default() += 1;
        if let [first, rest @ ..] = members
            && !rest.is_empty()
        {
            self.several += 1;
            self.alike += u64::from(rest.iter().all(|member| member.entry == first.entry));
            self.together += u64::from(rest.iter().all(|member| member.end == first.end));
        }
        for member in members {
            let wanted = self.wanted.entry(member.entry).or_default();
            wanted.count += 1;
            let lifetimes = &mut wanted.lifetimes;
            match member.end {
                RecordEnd::After(lifetime) => lifetimes.add(lifetime.0),
                RecordEnd::Never => lifetimes.add_censored(seen),
                RecordEnd::Unknown => {}
            }
        }
    }

    /// Adds all of another kind.
    fn merge(&mut self, other: &Kind) {
        other.ticks.iter().for_each(|(tick, count)| *self.ticks.entry(*tick).or_default() += count);
        other.sizes.iter().for_each(|(size, count)| *self.sizes.entry(*size).or_default() += count);
        self.several += other.several;
        self.alike += other.alike;
        self.together += other.together;
        for (entry, of_other) in &other.wanted {
            let wanted = self.wanted.entry(*entry).or_default();
            wanted.count += of_other.count;
            wanted.lifetimes.merge(&of_other.lifetimes);
        }
    }

    /// Creations.
    pub(super) fn count(&self) -> u64 {
        self.wanted.values().map(|wanted| wanted.count).sum()
    }

    /// True when most batches of more than one ask for the same.
    pub(super) fn alike(&self) -> bool {
        2 * self.alike >= self.several
    }

    /// True when most batches of more than one end at one moment.
    pub(super) fn leaves_together(&self) -> bool {
        self.several > 0 && 2 * self.together > self.several
    }

    /// Creations an hour for each hour of one week. What the trace does not reach has the mean of the same hour on other days, or
    /// of all.
    pub(super) fn rates(&self, window: SimDuration, tick: u64) -> Vec<f64> {
        let reached = window.0.div_ceil(HOUR) as usize;
        let mut counts = vec![0u64; reached];
        for (at, count) in &self.ticks {
            counts[(at * tick / HOUR) as usize] += count;
        }
        let covered = |at: usize| window.0.saturating_sub(at as u64 * HOUR).min(HOUR) as f64 / HOUR as f64;
        let mean = |places: &mut dyn Iterator<Item = usize>| {
            let (count, hours) =
                places.fold((0u64, 0.0), |(count, hours), at| (count + counts[at], hours + covered(at)));
            (hours > 0.0).then(|| count as f64 / hours)
        };
        let all = mean(&mut (0..reached)).unwrap_or(0.0);
        let usual = |at: usize| {
            mean(&mut (at..reached).step_by(WEEK as usize))
                .or_else(|| mean(&mut (at % 24..reached).step_by(24)))
                .unwrap_or(all)
        };
        (0..WEEK as usize).map(usual).collect()
    }

    /// The course of the whole trace: spans of about as many creations, and a rush in a span of its own. The end of each and its
    /// creations.
    pub(super) fn course(&self, window: SimDuration, tick: u64) -> Vec<(SimDuration, u64)> {
        let enough = LEAST.max(self.count().div_ceil(SPANS));
        let (mut spans, mut until, mut open) = (Vec::new(), 0, 0);
        for (at, count) in &self.ticks {
            let (begin, end) = (at * tick, ((at + 1) * tick).min(window.0));
            if open + count < enough {
                open += count;
                continue;
            }
            // What came before is not of this rush, nor is the silence before it.
            if begin > until && (open == 0 || *count >= enough) {
                spans.push((SimDuration(begin), open));
                open = 0;
            }
            spans.push((SimDuration(end), open + count));
            (until, open) = (end, 0);
        }
        if until < window.0 {
            spans.push((window, open));
        }
        spans
    }
}

/// What is asked for of one entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    /// Creations.
    pub(super) count: u64,
    /// How long they live; nothing of those whose end is not known.
    pub(super) lifetimes: Sample,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lived(hours: u64) -> Member {
        Member { entry: 0, cpu_milli: 2_000, end: RecordEnd::After(SimDuration(hours * HOUR)) }
    }

    const NEVER: Member = Member { entry: 0, cpu_milli: 2_000, end: RecordEnd::Never };

    #[test]
    fn a_batch_falls_into_parts_that_live_alike() {
        let mut batch = [lived(10), NEVER, lived(12), lived(13), lived(1), NEVER, lived(16)];
        let parts: Vec<usize> = parts(&mut batch, 0).map(<[Member]>::len).collect();
        // 1; 10 and 12; 13 and 16; those without end.
        assert_eq!(parts, [1, 2, 2, 2]);
        let mut unknown = [Member { end: RecordEnd::Unknown, ..NEVER }, lived(5)];
        assert_eq!(super::parts(&mut unknown, 5 * HOUR).count(), 1, "seen as long as the other lived");
        assert_eq!(super::parts(&mut [lived(0), lived(0)], 0).count(), 1);
    }

    #[test]
    fn batches_are_told_apart_by_lifetime_and_size() {
        let sized = |cpu_milli, hours| Member { cpu_milli, ..lived(hours) };
        let mut kinds = Kinds::default();
        let mut add = |times: u64, member: Member| {
            (0..times).for_each(|_| kinds.add(0, &mut [member], 50 * HOUR));
        };
        add(100, lived(0));
        add(100, sized(16_000, 1));
        add(20, sized(8_000, 1));
        add(99, lived(1));
        add(100, lived(11));
        add(5, sized(1_000, 11));
        add(3, sized(64_000, 11));
        add(7, sized(64_000, 2_000));
        add(2, NEVER);
        let told = kinds.told_apart();
        let names: Vec<(&str, u64, bool)> =
            told.iter().map(|(name, kind)| (name.as_str(), kind.count(), kind.residents)).collect();
        let expected = [
            ("1min-2c", 100, false),
            // 99 small ones are too few, with the next size they are enough.
            ("75min-2c", 119, false),
            ("75min-16c", 100, false),
            // And what is left over at the end goes to those before.
            ("12h", 108, false),
            ("longer-64c", 7, false),
            ("residents-2c", 2, true),
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn rates_are_those_of_the_hours_that_the_trace_reaches() {
        // Eight days and half an hour: the first hour of the week is seen twice, and a half of the second day's again.
        let window = SimDuration(192 * HOUR + HOUR / 2);
        let mut kind = Kind::default();
        for (hour, count) in [(0, 4), (168, 2), (1, 3), (192, 5)] {
            (0..count).for_each(|_| kind.add(hour * 4, &[lived(1)], 0));
        }
        let tick = HOUR / 4;
        let week = kind.rates(window, tick);
        assert_eq!((week.len(), week[0], week[1], week[24]), (168, 3.0, 1.5, 5.0 / 1.5));
        kind.ticks.retain(|at, _| *at < 100);
        let week = kind.rates(SimDuration(25 * HOUR), tick);
        assert_eq!((week[24], week[25], week[48]), (0.0, 3.0, 2.0), "hours of the day that were seen");
    }

    #[test]
    fn a_course_has_a_rush_in_a_span_of_its_own() {
        let mut kind = Kind::default();
        for (tick, count) in [(2, 2), (3, 4), (7, 1), (9, 50), (20, 3)] {
            (0..count).for_each(|_| kind.add(tick, &[lived(1)], 0));
        }
        let spans = |window: u64| -> Vec<(u64, u64)> {
            let course = kind.course(SimDuration(window * MINUTE), MINUTE);
            course.into_iter().map(|(until, count)| (until.0 / MINUTE, count)).collect()
        };
        // Six by the fourth minute, one until the rush of the tenth, three after it.
        assert_eq!(spans(30), [(4, 6), (9, 1), (10, 50), (30, 3)]);
        kind.ticks.remove(&20);
        let spans = kind.course(SimDuration(10 * MINUTE), MINUTE);
        assert_eq!(spans.last(), Some(&(SimDuration(10 * MINUTE), 50)), "nothing comes after the end");
    }

    #[test]
    fn ticks_are_minutes_or_the_clock_of_the_trace_or_more_in_a_long_one() {
        let days = |days: u64| SimDuration(days * 24 * HOUR);
        assert_eq!(tick(days(31), 1_000_000), MINUTE);
        assert_eq!(tick(days(3), 5 * MINUTE), 5 * MINUTE);
        assert_eq!(tick(days(365), 1), 11 * MINUTE);
    }

    #[test]
    fn several_kinds_are_one() {
        let (mut all, mut other) = (Kind::default(), Kind::default());
        all.add(0, &[lived(1), lived(1)], 0);
        assert!(all.alike() && all.leaves_together());
        other.add(1, &[lived(30), lived(40), lived(50)], 0);
        all.merge(&other);
        assert_eq!((all.count(), all.ticks.len(), all.sizes.len()), (5, 2, 2));
        assert!(all.alike() && !all.leaves_together());
        assert_eq!(all.wanted[&0].lifetimes.count(), 5);
    }
}
