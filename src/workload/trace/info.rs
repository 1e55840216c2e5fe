//! What a trace holds: counts, peaks, quantiles.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::path::Path;

use super::{Asked, RecordEnd, TraceError, TraceReader};
use crate::model::{Resources, SimDuration, SimTime};
use crate::scenario::workload::TraceFormat;

/// Arrivals per window of a fixed width; windows without arrivals count.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct WindowStats {
    /// Width of a window in seconds.
    pub width_s: u64,
    /// Mean.
    pub mean: f64,
    /// Median.
    pub p50: u64,
    /// 99th percentile.
    pub p99: u64,
    /// Maximum.
    pub max: u64,
}

/// One size or type of a trace.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct SizeShare {
    /// The type's name, where the trace names it.
    pub name: Option<String>,
    /// Thousandths of a vCPU; none for an unknown type.
    pub cpu_milli: Option<u32>,
    /// Memory in MiB; none for an unknown type.
    pub memory_mib: Option<u32>,
    /// Creations.
    pub count: u64,
}

/// Quantiles of a count or of seconds: the value at place `share * (count - 1)` of the sorted values, with a
/// straight line between neighbours, rounded.
#[derive(Clone, Copy, PartialEq, Debug, serde::Serialize)]
pub struct Quantiles {
    /// Quarter.
    pub p25: u64,
    /// Median.
    pub p50: u64,
    /// Three quarters.
    pub p75: u64,
    /// 90th percentile.
    pub p90: u64,
    /// 99th percentile.
    pub p99: u64,
    /// Maximum.
    pub max: u64,
}

/// The statistics of one trace. Peaks apply ends at or before a moment first.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct TraceInfo {
    /// Creations.
    pub requests: u64,
    /// Batches; the same as `requests` for formats without batches.
    pub batches: u64,
    /// Moment of the first creation on the trace's clock, in microseconds.
    #[serde(rename = "first_us")]
    pub first: SimTime,
    /// Moment of the last creation, likewise.
    #[serde(rename = "last_us")]
    pub last: SimTime,
    /// Creations whose end is known.
    pub ended: u64,
    /// Creations that are known not to end within the trace.
    pub still_running: u64,
    /// Creations about whose end the trace says nothing.
    pub unknown_end: u64,
    /// Lifetimes in seconds of those that ended; none when nothing did.
    pub lifetime_s: Option<Quantiles>,
    /// Size of batches.
    pub batch_size: Quantiles,
    /// Arrivals per five minutes.
    pub per_5min: WindowStats,
    /// Arrivals per hour.
    pub per_hour: WindowStats,
    /// Greatest number of instances alive at once.
    pub peak_instances: u64,
    /// Greatest sum of vCPUs alive at once, in thousandths.
    pub peak_cpu_milli: u64,
    /// Greatest sum of memory alive at once, in MiB.
    pub peak_memory_mib: u64,
    /// Sizes and types, the most frequent first.
    pub sizes: Vec<SizeShare>,
}

/// Size of a named type, in thousandths of a vCPU and MiB.
pub type SizeOf<'a> = &'a dyn Fn(&str) -> Option<(u32, u32)>;

impl TraceInfo {
    /// Reads a whole trace. Memory follows the live instances and the distinct lifetimes (in whole seconds).
    ///
    /// `size_of` resolves types that a trace names; an unknown one counts as an instance without resources.
    pub fn read(path: &Path, format: TraceFormat, size_of: SizeOf<'_>) -> Result<TraceInfo, TraceError> {
        let mut reader = TraceReader::open(path, format)?;
        let mut sums = Sums::default();
        while let Some(record) = reader.next()? {
            let place = record.asked as usize;
            if place >= sums.sizes.len() {
                sums.sizes.resize(place + 1, None);
            }
            let size =
                *sums.sizes[place].get_or_insert_with(|| match &reader.names().asked.values()[place] {
                    Asked::Size { cpu_milli, memory_mib } => Sized::new(Some((*cpu_milli, *memory_mib))),
                    Asked::Type(name) => Sized::new(size_of(name)),
                });
            sums.add(record.at, record.batch, place, size.taken(), record.end);
        }
        let Some(first) = sums.first else { return Err(TraceError::Empty { path: path.to_path_buf() }) };
        Ok(sums.finish(first, reader.names().asked.values()))
    }
}

#[derive(Clone, Copy)]
struct Sized {
    size: Option<(u32, u32)>,
    count: u64,
}

impl Sized {
    fn new(size: Option<(u32, u32)>) -> Sized {
        Sized { size, count: 0 }
    }

    fn taken(&self) -> (u32, u32) {
        self.size.unwrap_or((0, 0))
    }
}

/// Running sums over the records.
#[derive(Default)]
struct Sums {
    first: Option<SimTime>,
    last: SimTime,
    requests: u64,
    batch: Option<u64>,
    batch_len: u64,
    batches: Counted,
    lifetimes: Counted,
    still_running: u64,
    unknown_end: u64,
    five_minutes: Windows,
    hours: Windows,
    sizes: Vec<Option<Sized>>,
    live: Resources,
    live_count: u64,
    ends: BinaryHeap<Reverse<(SimTime, u32, u32)>>,
    peak_instances: u64,
    peak: Resources,
}

impl Sums {
    fn add(&mut self, at: SimTime, batch: u64, place: usize, taken: (u32, u32), end: RecordEnd) {
        let first = *self.first.get_or_insert(at);
        self.last = at;
        self.requests += 1;
        if let Some(sized) = &mut self.sizes[place] {
            sized.count += 1;
        }
        if self.batch.replace(batch) != Some(batch) {
            self.close_batch();
        }
        self.batch_len += 1;
        self.five_minutes.add(at.since(first).0 / FIVE_MINUTES);
        self.hours.add(at.since(first).0 / HOUR);
        while let Some(Reverse((_, cpu, memory))) = self.ends.pop_if_due(at) {
            self.live_count -= 1;
            self.live -= resources(cpu, memory);
        }
        self.live_count += 1;
        self.live += resources(taken.0, taken.1);
        self.peak_instances = self.peak_instances.max(self.live_count);
        self.peak.cpu_milli = self.peak.cpu_milli.max(self.live.cpu_milli);
        self.peak.memory_mib = self.peak.memory_mib.max(self.live.memory_mib);
        match end {
            RecordEnd::Never => self.still_running += 1,
            RecordEnd::Unknown => self.unknown_end += 1,
            RecordEnd::After(lifetime) => {
                self.lifetimes.add((lifetime.0 + 500_000) / 1_000_000);
                self.ends.push(Reverse((at + lifetime, taken.0, taken.1)));
            }
        }
    }

    fn close_batch(&mut self) {
        if self.batch_len > 0 {
            self.batches.add(self.batch_len);
            self.batch_len = 0;
        }
    }

    fn finish(mut self, first: SimTime, asked: &[Asked]) -> TraceInfo {
        self.close_batch();
        let span = self.last.since(first);
        let mut sizes: Vec<SizeShare> = asked
            .iter()
            .zip(self.sizes.iter())
            .filter_map(|(asked, sized)| {
                let Sized { size, count } = (*sized)?;
                let name = match asked {
                    Asked::Type(name) => Some(name.clone()),
                    Asked::Size { .. } => None,
                };
                let (cpu_milli, memory_mib) = size.unzip();
                Some(SizeShare { name, cpu_milli, memory_mib, count })
            })
            .collect();
        sizes.sort_by_key(|size| Reverse(size.count));
        TraceInfo {
            requests: self.requests,
            batches: self.batches.total,
            first,
            last: self.last,
            ended: self.lifetimes.total,
            still_running: self.still_running,
            unknown_end: self.unknown_end,
            lifetime_s: (self.lifetimes.total > 0).then(|| self.lifetimes.quantiles()),
            batch_size: self.batches.quantiles(),
            per_5min: self.five_minutes.stats(self.requests, span, FIVE_MINUTES),
            per_hour: self.hours.stats(self.requests, span, HOUR),
            peak_instances: self.peak_instances,
            peak_cpu_milli: self.peak.cpu_milli,
            peak_memory_mib: self.peak.memory_mib,
            sizes,
        }
    }
}

const FIVE_MINUTES: u64 = 300_000_000;
const HOUR: u64 = 3_600_000_000;

fn resources(cpu_milli: u32, memory_mib: u32) -> Resources {
    Resources { cpu_milli: cpu_milli.into(), memory_mib: memory_mib.into(), ..Resources::default() }
}

trait PopIfDue {
    fn pop_if_due(&mut self, at: SimTime) -> Option<Reverse<(SimTime, u32, u32)>>;
}

impl PopIfDue for BinaryHeap<Reverse<(SimTime, u32, u32)>> {
    fn pop_if_due(&mut self, at: SimTime) -> Option<Reverse<(SimTime, u32, u32)>> {
        if self.peek()?.0.0 <= at { self.pop() } else { None }
    }
}

/// Values with how often each came.
#[derive(Default)]
struct Counted {
    counts: BTreeMap<u64, u64>,
    total: u64,
}

impl Counted {
    fn add(&mut self, value: u64) {
        *self.counts.entry(value).or_default() += 1;
        self.total += 1;
    }

    /// The value at place `share * (total - 1)` of the sorted values, on a straight line between two neighbours.
    fn quantile(&self, share: f64) -> u64 {
        let place = share * self.total.saturating_sub(1) as f64;
        let (below, above) =
            (self.value_at(libm::floor(place) as u64), self.value_at(libm::ceil(place) as u64));
        let between = (above - below) as f64 * (place - libm::floor(place));
        below + libm::round(between) as u64
    }

    fn value_at(&self, place: u64) -> u64 {
        let mut seen = 0;
        for (value, count) in &self.counts {
            seen += count;
            if seen > place {
                return *value;
            }
        }
        0
    }

    fn quantiles(&self) -> Quantiles {
        Quantiles {
            p25: self.quantile(0.25),
            p50: self.quantile(0.5),
            p75: self.quantile(0.75),
            p90: self.quantile(0.9),
            p99: self.quantile(0.99),
            max: self.counts.last_key_value().map_or(0, |(value, _)| *value),
        }
    }
}

/// Arrivals per window; only windows with arrivals are held, and of those only how many had how many.
#[derive(Default)]
struct Windows {
    current: Option<u64>,
    count: u64,
    full: Counted,
}

impl Windows {
    fn add(&mut self, window: u64) {
        if self.current.replace(window) != Some(window) {
            self.close();
        }
        self.count += 1;
    }

    fn close(&mut self) {
        if self.count > 0 {
            self.full.add(self.count);
            self.count = 0;
        }
    }

    fn stats(mut self, requests: u64, span: SimDuration, width: u64) -> WindowStats {
        self.close();
        let windows = span.0 / width + 1;
        let empty = windows - self.full.total;
        if empty > 0 {
            self.full.counts.insert(0, empty);
            self.full.total = windows;
        }
        let Quantiles { p50, p99, max, .. } = self.full.quantiles();
        let mean = requests as f64 / windows as f64;
        WindowStats { width_s: width / 1_000_000, mean, p50, p99, max }
    }
}
