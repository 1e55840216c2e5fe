//! Takes the time series of a run (`docs/report.md` lists the metrics).
//!
//! A feature that has something to show over time adds a field to [`View`] or a variant to [`Happened`], a name to
//! [`super::metric`], and its lines to [`features`] here. A column exists from the first
//! value on, so a feature that is off leaves none.

mod features;
#[cfg(test)]
mod tests;

use rustc_hash::FxHashMap;

use crate::metrics::{ColumnIx, Key, Kind, MOST_POINTS, Series, Usage, WaitCounter};
use crate::model::{Money, Resources, SimDuration, SimTime, ZoneIx};
use crate::placement::{Cell, FILLS, Reason, Survey};
use crate::sim::{Happened, Labels, Observer, View};

use super::metric;
use features::{Rare, Spot};

/// Counts of the interval that is under way.
#[derive(Debug, Default)]
struct Counts {
    zones: Vec<ZoneCounts>,
    started: u64,
    released: u64,
    rare: Rare,
    /// Refusals by code, in the order in which codes first came.
    codes: Vec<(&'static str, u64)>,
    code_of: FxHashMap<&'static str, usize>,
}

#[derive(Clone, Debug, Default)]
struct ZoneCounts {
    requests: u64,
    created: u64,
    no_room: [u64; Reason::ALL.len()],
}

/// The integrals of a zone's use at the last sample.
#[derive(Clone, Copy, Debug, Default)]
struct Integrals {
    instances: u128,
    cpu_milli: u128,
    memory_mib: u128,
    gpu_milli: u128,
}

impl Integrals {
    fn of(usage: &Usage, at: SimTime) -> Integrals {
        Integrals {
            instances: usage.instances.integral(at),
            cpu_milli: usage.cpu_milli.integral(at),
            memory_mib: usage.memory_mib.integral(at),
            gpu_milli: usage.gpu_milli.integral(at),
        }
    }
}

/// An observer that keeps the time series of a run, of bounded size.
#[derive(Debug)]
pub struct Sampler {
    every: SimDuration,
    zone_of: Vec<Option<ZoneIx>>,
    zones: Vec<String>,
    classes: Vec<String>,
    counts: Counts,
    answers: WaitCounter,
    runs: WaitCounter,
    answer_column: usize,
    run_column: usize,
    last: SimTime,
    before: Vec<Integrals>,
    before_total: Integrals,
    survey: Survey,
    types: Vec<String>,
    spot: Spot,
    /// Money billed up to the last sample.
    billed: Money,
    columns: Columns,
    series: Series,
}

/// Columns by metric and numbers, so that no name is built twice.
#[derive(Debug, Default)]
struct Columns(FxHashMap<(&'static str, u32, u32, u32), ColumnIx>);

/// No zone, class or detail.
const NONE: u32 = u32::MAX;

impl Sampler {
    /// A sampler for a run with these names, with a sample every so often.
    pub fn new(labels: &Labels, every: SimDuration) -> Sampler {
        let mut series = Series::new(every, MOST_POINTS);
        let answer_column = series.waits_column(metric::ANSWER);
        let run_column = series.waits_column(metric::RUNNING);
        let zones = labels.zones.len();
        Sampler {
            every,
            zone_of: labels.templates.iter().map(|template| template.zone).collect(),
            zones: labels.zones.clone(),
            classes: labels.classes.clone(),
            // One more for requests that name no zone that exists.
            counts: Counts { zones: vec![ZoneCounts::default(); zones + 1], ..Counts::default() },
            answers: WaitCounter::default(),
            runs: WaitCounter::default(),
            answer_column,
            run_column,
            last: SimTime::ZERO,
            before: vec![Integrals::default(); zones],
            before_total: Integrals::default(),
            survey: Survey::new(),
            types: labels.types.clone(),
            spot: Spot::default(),
            billed: Money::ZERO,
            columns: Columns::default(),
            series,
        }
    }

    /// The series so far.
    pub fn series(&self) -> &Series {
        &self.series
    }

    /// The series.
    pub fn into_series(self) -> Series {
        self.series
    }

    fn zone_counts(&mut self, template: u32) -> &mut ZoneCounts {
        let none = self.counts.zones.len() - 1;
        let zone = self.zone_of[template as usize].map_or(none, ZoneIx::at);
        &mut self.counts.zones[zone]
    }

    // --- columns ---

    fn column(
        &mut self,
        kind: Kind,
        metric: &'static str,
        zone: u32,
        class: u32,
        detail: Detail<'_>,
    ) -> ColumnIx {
        let number = (metric, zone, class, detail.number());
        if let Some(&known) = self.columns.0.get(&number) {
            return known;
        }
        let name = |names: &[String], at: u32| names.get(at as usize).cloned().unwrap_or_default();
        let key = Key {
            metric,
            zone: name(&self.zones, zone),
            class: name(&self.classes, class),
            detail: detail.text(),
        };
        let column = self.series.column(kind, key);
        self.columns.0.insert(number, column);
        column
    }

    fn count(&mut self, metric: &'static str, zone: u32, detail: Detail<'_>, count: u64) {
        let column = self.column(Kind::Count, metric, zone, NONE, detail);
        self.series.count(column, count as f64);
    }

    fn level(&mut self, metric: &'static str, zone: u32, class: u32, detail: Detail<'_>, level: f64) {
        let column = self.column(Kind::Level, metric, zone, class, detail);
        self.series.level(column, level, level, level);
    }

    // --- a sample ---

    fn counts(&mut self) {
        let mut counts = std::mem::take(&mut self.counts);
        let mut sum = ZoneCounts::default();
        let last = counts.zones.len() - 1;
        for (zone, of) in counts.zones.iter_mut().enumerate() {
            let of = std::mem::take(of);
            sum.requests += of.requests;
            sum.created += of.created;
            sum.no_room.iter_mut().zip(of.no_room).for_each(|(sum, count)| *sum += count);
            let zone = if zone == last { continue } else { zone as u32 };
            self.count(metric::REQUESTS, zone, Detail::None, of.requests);
            self.count(metric::CREATED, zone, Detail::None, of.created);
            self.no_room(zone, &of.no_room);
        }
        self.count(metric::REQUESTS, NONE, Detail::None, sum.requests);
        self.count(metric::CREATED, NONE, Detail::None, sum.created);
        self.no_room(NONE, &sum.no_room);
        self.count(metric::STARTED, NONE, Detail::None, std::mem::take(&mut counts.started));
        self.count(metric::RELEASED, NONE, Detail::None, std::mem::take(&mut counts.released));
        for (metric, detail, count) in counts.rare.take() {
            let detail = detail.map_or(Detail::None, |(number, name)| Detail::Named(number, name));
            self.count(metric, NONE, detail, count);
        }
        let mut rejected = 0;
        for (number, (code, count)) in counts.codes.iter_mut().enumerate() {
            rejected += *count;
            let detail = Detail::Named(number as u32, code);
            self.count(metric::REJECTED, NONE, detail, std::mem::take(count));
        }
        self.count(metric::REJECTED, NONE, Detail::None, rejected);
        self.counts = counts;
    }

    fn no_room(&mut self, zone: u32, counts: &[u64; Reason::ALL.len()]) {
        for (reason, &count) in Reason::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
            self.count(metric::NO_ROOM, zone, Detail::Named(reason as u32, reason.text()), count);
        }
    }

    /// Time-weighted means of the interval, exact; the range has the value at its end as well.
    fn usage(&mut self, at: SimTime, zone: u32, usage: &Usage, before: Integrals, capacity: Resources) {
        let span = at.since(self.last).0;
        if span == 0 {
            return;
        }
        let now = Integrals::of(usage, at);
        let shares = [
            (metric::INSTANCES, now.instances - before.instances, usage.instances.now(), 1),
            (metric::VCPU_USED, now.cpu_milli - before.cpu_milli, usage.cpu_milli.now(), capacity.cpu_milli),
            (
                metric::MEMORY_USED,
                now.memory_mib - before.memory_mib,
                usage.memory_mib.now(),
                capacity.memory_mib,
            ),
            (metric::GPU_USED, now.gpu_milli - before.gpu_milli, usage.gpu_milli.now(), capacity.gpu_milli),
        ];
        for (metric, area, end, whole) in shares.into_iter().filter(|(.., whole)| *whole > 0) {
            let mean = area as f64 / span as f64 / whole as f64;
            let end = end as f64 / whole as f64;
            let column = self.column(Kind::Level, metric, zone, NONE, Detail::None);
            self.series.level(column, mean, mean.min(end), mean.max(end));
        }
    }

    fn hosts(&mut self, at: SimTime, view: &View<'_>) {
        let mut survey = std::mem::take(&mut self.survey);
        let cells = survey.look(view.fleet, view.mix);
        let mut total = Sum::default();
        let mut zones: Vec<Sum> = Vec::new();
        zones.resize_with(self.zones.len(), Sum::default);
        let mut classes: Vec<Sum> = Vec::new();
        classes.resize_with(self.classes.len(), Sum::default);
        for cell in cells {
            total.add(cell);
            zones[cell.zone.at()].add(cell);
            classes[cell.class.at()].add(cell);
            self.shares(cell.zone.0, cell.class.0, cell.used, cell.capacity);
        }
        for (class, sum) in classes.iter().enumerate().filter(|(_, sum)| sum.hosts > 0) {
            self.shares(NONE, class as u32, sum.used, sum.capacity);
            self.stranded(NONE, class as u32, sum);
        }
        for (zone, sum) in zones.iter().enumerate().filter(|(_, sum)| sum.hosts > 0) {
            let (usage, before) = (&view.zones[zone], self.before[zone]);
            self.usage(at, zone as u32, usage, before, sum.capacity);
            self.before[zone] = Integrals::of(usage, at);
            self.room(zone as u32, sum);
        }
        self.usage(at, NONE, view.total, self.before_total, total.capacity);
        self.before_total = Integrals::of(view.total, at);
        self.room(NONE, &total);
        for (fill, &hosts) in total.fills.iter().enumerate() {
            self.level(metric::HOSTS_BY_FILL, NONE, NONE, Detail::Number(fill as u32), hosts as f64);
        }
        self.survey = survey;
    }

    fn shares(&mut self, zone: u32, class: u32, used: Resources, capacity: Resources) {
        let shares = [
            (metric::VCPU_USED, used.cpu_milli, capacity.cpu_milli),
            (metric::MEMORY_USED, used.memory_mib, capacity.memory_mib),
            (metric::GPU_USED, used.gpu_milli, capacity.gpu_milli),
            (metric::LOCAL_DISKS_USED, used.local_disks, capacity.local_disks),
        ];
        for (metric, used, whole) in shares.into_iter().filter(|(.., whole)| *whole > 0) {
            self.level(metric, zone, class, Detail::None, used as f64 / whole as f64);
        }
    }

    fn stranded(&mut self, zone: u32, class: u32, sum: &Sum) {
        let gib = sum.stranded.memory_mib as f64 / 1024.0;
        self.level(metric::VCPUS_STRANDED, zone, class, Detail::None, sum.stranded.cpu_milli as f64 / 1e3);
        self.level(metric::MEMORY_STRANDED, zone, class, Detail::None, gib);
    }

    fn room(&mut self, zone: u32, sum: &Sum) {
        self.stranded(zone, NONE, sum);
        let gib = sum.free.memory_mib as f64 / 1024.0;
        self.level(metric::VCPUS_FREE, zone, NONE, Detail::None, sum.free.cpu_milli as f64 / 1e3);
        self.level(metric::MEMORY_FREE, zone, NONE, Detail::None, gib);
        self.level(metric::HOSTS_EMPTY, zone, NONE, Detail::None, sum.empty as f64);
        self.level(metric::HOSTS_FULL, zone, NONE, Detail::None, sum.full as f64);
        if sum.down > 0 || self.columns.0.contains_key(&(metric::HOSTS_DOWN, zone, NONE, NONE)) {
            self.level(metric::HOSTS_DOWN, zone, NONE, Detail::None, sum.down as f64);
        }
    }
}

/// What a column is split by beside zone and class.
#[derive(Clone, Copy)]
enum Detail<'a> {
    None,
    Number(u32),
    /// A number of the metric's own, and its name.
    Named(u32, &'a str),
}

impl Detail<'_> {
    fn number(self) -> u32 {
        match self {
            Detail::None => NONE,
            Detail::Number(number) | Detail::Named(number, _) => number,
        }
    }

    fn text(self) -> String {
        match self {
            Detail::None => String::new(),
            Detail::Number(number) => number.to_string(),
            Detail::Named(_, name) => name.to_owned(),
        }
    }
}

/// A sum of cells.
#[derive(Debug, Default)]
struct Sum {
    hosts: u64,
    down: u64,
    empty: u64,
    full: u64,
    capacity: Resources,
    used: Resources,
    free: Resources,
    stranded: Resources,
    fills: [u64; FILLS],
}

impl Sum {
    fn add(&mut self, cell: &Cell) {
        self.hosts += cell.hosts;
        self.down += cell.down;
        self.empty += cell.empty;
        self.full += cell.full;
        self.capacity += cell.capacity;
        self.used += cell.used;
        self.free += cell.free;
        self.stranded += cell.stranded;
        self.fills.iter_mut().zip(cell.fills).for_each(|(sum, hosts)| *sum += hosts);
    }
}

impl Observer for Sampler {
    fn interval(&self) -> Option<SimDuration> {
        Some(self.every)
    }

    #[inline]
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        match *what {
            Happened::Requested { template, .. } => self.zone_counts(template).requests += 1,
            Happened::Rejected { template, arrived, reject, .. } => {
                self.answers.record(at.since(arrived));
                if reject.replay.is_some() {
                    self.counts.rare.add(what);
                    return;
                }
                if let Some(reason) = reject.no_room {
                    self.zone_counts(template).no_room[reason as usize] += 1;
                }
                let Counts { codes, code_of, .. } = &mut self.counts;
                let code = *code_of.entry(reject.code).or_insert_with(|| {
                    codes.push((reject.code, 0));
                    codes.len() - 1
                });
                codes[code].1 += 1;
            }
            Happened::Created { template, arrived, .. } => {
                self.answers.record(at.since(arrived));
                self.zone_counts(template).created += 1;
            }
            Happened::Running { arrived, .. } => {
                self.runs.record(at.since(arrived));
                self.counts.started += 1;
            }
            Happened::Released { .. } => self.counts.released += 1,
            _ => self.counts.rare.add(what),
        }
    }

    fn sample(&mut self, at: SimTime, view: &View<'_>) {
        if at == SimTime::ZERO {
            return;
        }
        self.series.open(at);
        self.counts();
        self.hosts(at, view);
        self.features(at, view);
        let (answers, runs) = (self.answers.take(), self.runs.take());
        self.series.wait(self.answer_column, answers);
        self.series.wait(self.run_column, runs);
        self.last = at;
    }
}
