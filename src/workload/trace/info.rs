//! What a trace holds: counts, peaks, quantiles.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::alive::{Alive, Load};
use super::{Asked, Options, Record, RecordEnd, TraceError, TraceReader};
use crate::model::{SimDuration, SimTime};
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
    /// Thousandths of a GPU, all devices together.
    pub gpu_milli: u32,
    /// Number of GPUs and allowed models (none named: any), where GPUs are asked for.
    pub gpus: Option<String>,
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

/// A name and how often it comes.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Count {
    /// Name.
    pub name: String,
    /// Creations.
    pub count: u64,
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
    /// Creations a day, over the time from the first to the last.
    pub per_day: f64,
    /// Creations of what lived before the beginning of the trace; their lifetimes count from their true beginning.
    pub lived_before: u64,
    /// Creations that may be taken away.
    pub spot: u64,
    /// Distinct accounts.
    pub accounts: u64,
    /// Memory for each vCPU in GiB, over all creations.
    pub gib_per_vcpu: f64,
    /// Mean number of instances alive, from the first creation to the last.
    pub mean_instances: f64,
    /// Greatest number of instances alive at once.
    pub peak_instances: u64,
    /// Greatest sum of vCPUs alive at once, in thousandths.
    pub peak_cpu_milli: u64,
    /// Greatest sum of memory alive at once, in MiB.
    pub peak_memory_mib: u64,
    /// Greatest sum of GPUs alive at once, in thousandths.
    pub peak_gpu_milli: u64,
    /// Classes (priority, quality of service, type of job), the most frequent first.
    pub classes: Vec<Count>,
    /// Sizes and types, the most frequent first.
    pub sizes: Vec<SizeShare>,
}

/// Size of a named type, in thousandths of a vCPU and MiB.
pub type SizeOf<'a> = &'a dyn Fn(&str) -> Option<(u32, u32)>;

impl TraceInfo {
    /// Reads a whole trace. Memory follows the live instances and the distinct lifetimes (in whole seconds).
    ///
    /// `size_of` resolves types that a trace names; an unknown one counts as an instance without resources.
    ///
    /// # Errors
    /// The trace is missing, empty or damaged.
    pub fn read(path: &Path, format: TraceFormat, size_of: SizeOf<'_>) -> Result<TraceInfo, TraceError> {
        TraceInfo::read_all(&[path], format, &Options::default(), size_of)
    }

    /// Reads several traces of one format as one: their records are merged in order of time.
    ///
    /// # Errors
    /// One of them is missing or damaged, or all are empty.
    pub fn read_all(
        paths: &[&Path],
        format: TraceFormat,
        options: &Options,
        size_of: SizeOf<'_>,
    ) -> Result<TraceInfo, TraceError> {
        let open = |path: &&Path| TraceReader::open_with(path, format, options);
        let mut readers: Vec<TraceReader> = paths.iter().map(open).collect::<Result<_, _>>()?;
        let mut heads: Vec<Option<Record>> =
            readers.iter_mut().map(TraceReader::next).collect::<Result<_, _>>()?;
        let mut sums = Sums::default();
        // What each reader calls a thing, and what the sums call it.
        let mut asked: Vec<Vec<u32>> = vec![Vec::new(); readers.len()];
        let earliest = |heads: &[Option<Record>]| {
            let waiting =
                heads.iter().enumerate().filter_map(|(place, head)| Some((head.as_ref()?.at, place)));
            waiting.min().map(|(_, place)| place)
        };
        while let Some(place) = earliest(&heads) {
            let following = readers[place].next()?;
            let Some(record) = std::mem::replace(&mut heads[place], following) else { break };
            let (names, known) = (readers[place].names(), &mut asked[place]);
            while known.len() <= record.asked as usize {
                known.push(sums.size_place(&names.asked.values()[known.len()], size_of));
            }
            let size = known[record.asked as usize] as usize;
            if let Some(class) = record.class {
                let name = &names.classes.values()[class as usize];
                match sums.classes.iter_mut().find(|known| known.name == *name) {
                    Some(known) => known.count += 1,
                    None => sums.classes.push(Count { name: name.clone(), count: 1 }),
                }
            }
            // Batches of different files are different ones.
            sums.add(&record, record.batch * paths.len() as u64 + place as u64, size);
        }
        let accounts: BTreeSet<&String> =
            readers.iter().flat_map(|reader| reader.names().accounts.values()).collect();
        let accounts = accounts.len() as u64;
        let Some(first) = sums.first else { return Err(TraceError::Empty { path: paths[0].to_path_buf() }) };
        Ok(sums.finish(first, accounts))
    }
}

#[derive(Clone)]
struct Sized {
    asked: Asked,
    size: Option<(u32, u32)>,
    count: u64,
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
    sizes: Vec<Sized>,
    classes: Vec<Count>,
    spot: u64,
    lived_before: u64,
    asked_for: Load,
    alive: Alive,
}

impl Sums {
    /// The place of a size among those seen so far.
    fn size_place(&mut self, asked: &Asked, size_of: SizeOf<'_>) -> u32 {
        let place = self.sizes.iter().position(|sized| sized.asked == *asked);
        place.unwrap_or_else(|| {
            let size = match asked {
                Asked::Type(name) => size_of(name),
                sized => sized.size(),
            };
            self.sizes.push(Sized { asked: asked.clone(), size, count: 0 });
            self.sizes.len() - 1
        }) as u32
    }

    fn add(&mut self, record: &Record, batch: u64, place: usize) {
        let Record { at, end, age, spot, .. } = *record;
        let first = match self.first {
            Some(first) => first,
            None => {
                self.alive = Alive::begun(at);
                *self.first.insert(at)
            }
        };
        self.last = at;
        self.requests += 1;
        self.spot += u64::from(spot);
        self.lived_before += u64::from(age > SimDuration::ZERO);
        self.sizes[place].count += 1;
        if self.batch.replace(batch) != Some(batch) {
            self.close_batch();
        }
        self.batch_len += 1;
        self.five_minutes.add(at.since(first).0 / FIVE_MINUTES);
        self.hours.add(at.since(first).0 / HOUR);
        let taken = self.sizes[place].taken();
        self.asked_for += taken;
        let ends = match end {
            RecordEnd::After(lifetime) => Some(at + lifetime),
            RecordEnd::Never | RecordEnd::Unknown => None,
        };
        self.alive.add(at, taken, ends);
        match end {
            RecordEnd::Never => self.still_running += 1,
            RecordEnd::Unknown => self.unknown_end += 1,
            RecordEnd::After(lifetime) => {
                self.lifetimes.add(((age + lifetime).0.saturating_add(500_000)) / 1_000_000);
            }
        }
    }

    fn close_batch(&mut self) {
        if self.batch_len > 0 {
            self.batches.add(self.batch_len);
            self.batch_len = 0;
        }
    }

    fn finish(mut self, first: SimTime, accounts: u64) -> TraceInfo {
        self.close_batch();
        let span = self.last.since(first);
        let peak = self.alive.peak();
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let mut sizes: Vec<SizeShare> = self.sizes.iter().map(Sized::share).collect();
        sizes.sort_by_key(|size| (Reverse(size.count), size.cpu_milli, size.memory_mib, size.name.clone()));
        self.classes.sort_by_key(|class| Reverse(class.count));
        let (cpu, memory) =
            (self.asked_for.cpu_milli as f64 / 1e3, self.asked_for.memory_mib as f64 / 1_024.0);
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
            per_day: share(self.requests as f64, span.as_secs_f64() / 86_400.0),
            lived_before: self.lived_before,
            spot: self.spot,
            accounts,
            gib_per_vcpu: share(memory, cpu),
            mean_instances: share(self.alive.lived() as f64, span.0 as f64),
            peak_instances: self.alive.peak_count(),
            peak_cpu_milli: peak.cpu_milli,
            peak_memory_mib: peak.memory_mib,
            peak_gpu_milli: peak.gpu_milli,
            classes: self.classes,
            sizes,
        }
    }
}

impl Sized {
    fn taken(&self) -> Load {
        let (cpu, memory) = self.size.unwrap_or((0, 0));
        let gpu_milli = self.asked.gpus().map_or(0, |gpus| u64::from(gpus.milli()));
        Load { cpu_milli: cpu.into(), memory_mib: memory.into(), gpu_milli }
    }

    fn share(&self) -> SizeShare {
        let name = match &self.asked {
            Asked::Type(name) => Some(name.clone()),
            _ => None,
        };
        let gpus = self.asked.gpus().map(|gpus| {
            let count = match gpus.milli_each {
                1_000 => gpus.count.to_string(),
                milli => format!("{} of {milli} thousandths", gpus.count),
            };
            if gpus.models.is_empty() { count } else { format!("{count} {}", gpus.models) }
        });
        let (cpu_milli, memory_mib) = self.size.unzip();
        let gpu_milli = self.asked.gpus().map_or(0, super::Gpus::milli);
        SizeShare { name, gpu_milli, gpus, cpu_milli, memory_mib, count: self.count }
    }
}

const FIVE_MINUTES: u64 = 300_000_000;
const HOUR: u64 = 3_600_000_000;

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
