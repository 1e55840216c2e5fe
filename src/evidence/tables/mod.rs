//! Parquet tables of a run: requests, instances, hosts, time series.

mod schema;
mod sink;

use std::io;
use std::path::Path;

use parquet::data_type::ByteArray;
use rustc_hash::FxHashMap;

use crate::metrics::{ColumnIx, Outcome, Series, Waits};
use crate::model::{HostIx, Resources, SimTime, Utc, ZoneIx};
use crate::placement::{Fleet, HostState};
use crate::sim::{Gone, Happened, Labels};

pub use schema::{ColumnSpec, Kind, Selection, TABLES, TableSpec};
use schema::{HOSTS, INSTANCES, REQUESTS, SERIES};
use sink::{Cell, Sink};

/// Which requests a big run keeps: a share of them, chosen by their number, the same in every table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample(u64);

impl Sample {
    /// All requests.
    pub const ALL: Sample = Sample(u64::MAX);

    /// A share from above 0 to 1.
    pub fn share(share: f64) -> Sample {
        if share >= 1.0 { Sample::ALL } else { Sample((share * u64::MAX as f64) as u64) }
    }

    /// Whether the request of this number is kept.
    #[inline]
    pub fn keeps(self, number: u64) -> bool {
        // SplitMix64's finalizer: neighbours are independent.
        let mut hash = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self == Sample::ALL || (hash ^ (hash >> 31)) < self.0
    }
}

/// Numbers of texts.
#[derive(Debug, Default)]
struct Names {
    by_text: FxHashMap<String, u32>,
    /// By address of a constant: a faster way to the same numbers.
    by_constant: FxHashMap<(usize, usize), u32>,
    new: Vec<ByteArray>,
}

impl Names {
    fn text(&mut self, text: &str) -> u32 {
        if let Some(&known) = self.by_text.get(text) {
            return known;
        }
        let number = self.by_text.len() as u32;
        self.by_text.insert(text.to_owned(), number);
        self.new.push(ByteArray::from(text.as_bytes().to_vec()));
        number
    }

    fn constant(&mut self, text: &'static str) -> u32 {
        let key = (text.as_ptr() as usize, text.len());
        if let Some(&known) = self.by_constant.get(&key) {
            return known;
        }
        let number = self.text(text);
        self.by_constant.insert(key, number);
        number
    }
}

/// Names and sizes of one template, ready for a row.
#[derive(Clone, Copy, Debug)]
struct Template {
    workload: Cell,
    account: Cell,
    zone: Cell,
    instance_type: Cell,
    faulty: bool,
    demand: Resources,
}

/// An instance that lives.
#[derive(Clone, Copy, Debug)]
struct Live {
    template: u32,
    zone: ZoneIx,
    host: HostIx,
    arrived: SimTime,
    created: SimTime,
    running: Option<SimTime>,
    restarts: u32,
}

/// Writes the tables while a run goes on.
#[derive(Debug)]
pub struct Tables {
    sink: Sink,
    sample: Sample,
    start: Utc,
    names: Names,
    templates: Vec<Template>,
    zones: Vec<u32>,
    classes: Vec<u32>,
    dedicated: FxHashMap<u32, String>,
    outcomes: [u32; 4],
    causes: Vec<(Gone, u32)>,
    live: FxHashMap<u64, Live>,
    created_on: Vec<u32>,
    /// Names of the columns of the series.
    columns: FxHashMap<u32, [Cell; 4]>,
}

impl Tables {
    /// Creates the files in `folder`.
    ///
    /// # Errors
    /// When a file cannot be created.
    pub fn create(
        folder: &Path,
        labels: &Labels,
        selection: &Selection,
        sample: Sample,
    ) -> io::Result<Tables> {
        let sink = Sink::create(folder, selection)?;
        let mut names = Names::default();
        let zones: Vec<u32> = labels.zones.iter().map(|zone| names.text(zone)).collect();
        let classes = labels.classes.iter().map(|class| names.text(class)).collect();
        let templates = labels
            .templates
            .iter()
            .map(|template| Template {
                workload: Cell::Text(names.text(&template.workload)),
                account: Cell::Text(names.text(&template.account)),
                zone: template.zone.map_or(Cell::Null, |zone| Cell::Text(zones[zone.at()])),
                instance_type: Cell::Text(names.text(&template.instance_type)),
                faulty: template.faulty,
                demand: template.demand,
            })
            .collect();
        Ok(Tables {
            sink,
            sample,
            start: labels.start,
            outcomes: Outcome::ALL.map(|outcome| names.constant(outcome.name())),
            names,
            templates,
            zones,
            classes,
            dedicated: labels.dedicated_hosts.iter().cloned().collect(),
            causes: Vec::new(),
            live: FxHashMap::default(),
            created_on: Vec::new(),
            columns: FxHashMap::default(),
        })
    }

    /// A moment of the calendar in microseconds.
    #[inline]
    fn time(&self, at: SimTime) -> Cell {
        Cell::Int(self.start.0.saturating_mul(1_000_000).saturating_add(at.0 as i64))
    }

    #[inline]
    fn row(&mut self, table: usize, row: &[Cell]) {
        self.sink.row(table, row);
        if self.sink.is_full(table) {
            self.flush(table);
        }
    }

    fn flush(&mut self, table: usize) {
        if !self.names.new.is_empty() {
            self.sink.name(std::mem::take(&mut self.names.new));
        }
        self.sink.flush(table);
    }

    // --- requests and instances ---

    /// Something happened.
    #[inline]
    pub fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        match *what {
            Happened::Created { number, template, arrived, zone, host } => {
                let place = host.at();
                if self.created_on.len() <= place {
                    self.created_on.resize(place + 1, 0);
                }
                self.created_on[place] += 1;
                if !self.sample.keeps(number) {
                    return;
                }
                let nothing = [Cell::Null; 3];
                self.answered(at, number, template, arrived, Outcome::Created, nothing);
                if self.sink.wants(INSTANCES) {
                    let live =
                        Live { template, zone, host, arrived, created: at, running: None, restarts: 0 };
                    self.live.insert(number, live);
                }
            }
            Happened::Rejected { number, template, arrived, reject } if self.sample.keeps(number) => {
                let outcome = match reject {
                    crate::validate::Reject { replay: Some(_), .. } => Outcome::Repeated,
                    crate::validate::Reject { no_room: Some(_), .. } => Outcome::NoRoom,
                    _ => Outcome::Refused,
                };
                let code = match reject.code {
                    "" => Cell::Null,
                    code => Cell::Text(self.names.constant(code)),
                };
                let check = Cell::Text(self.names.constant(reject.check));
                let missing = reject.no_room.map(|reason| self.names.constant(reason.text()));
                let missing = missing.map_or(Cell::Null, Cell::Text);
                self.answered(at, number, template, arrived, outcome, [code, check, missing]);
            }
            Happened::Running { number, .. } => {
                if let Some(live) = self.live.get_mut(&number) {
                    live.running = Some(at);
                }
            }
            Happened::RunsAgain { number, host } => {
                if let Some(live) = self.live.get_mut(&number) {
                    live.host = host;
                    live.restarts += 1;
                }
            }
            Happened::Moved { number, to: host, .. } | Happened::Replaced { number, host } => {
                if let Some(live) = self.live.get_mut(&number) {
                    live.host = host;
                }
            }
            Happened::Released { number, cause } => {
                if let Some(live) = self.live.remove(&number) {
                    self.instance(number, &live, Some((at, cause)));
                }
            }
            _ => {}
        }
    }

    fn answered(
        &mut self,
        at: SimTime,
        number: u64,
        template: u32,
        arrived: SimTime,
        outcome: Outcome,
        [code, check, missing]: [Cell; 3],
    ) {
        let of = self.templates[template as usize];
        let row = [
            Cell::Int(number as i64),
            self.time(arrived),
            self.time(at),
            Cell::Int(at.since(arrived).0 as i64),
            of.workload,
            of.account,
            of.zone,
            of.instance_type,
            Cell::Text(self.outcomes[outcome as usize]),
            code,
            check,
            missing,
            Cell::Bool(of.faulty),
        ];
        self.row(REQUESTS, &row);
    }

    fn cause(&mut self, cause: Gone) -> u32 {
        if let Some(&(_, known)) = self.causes.iter().find(|(known, _)| *known == cause) {
            return known;
        }
        let name = serde_json::to_value(cause).expect("a cause is a plain name");
        let number = self.names.text(name.as_str().unwrap_or("?"));
        self.causes.push((cause, number));
        number
    }

    fn instance(&mut self, number: u64, live: &Live, ended: Option<(SimTime, Gone)>) {
        let of = self.templates[live.template as usize];
        let cause = ended.map_or(Cell::Null, |(_, cause)| Cell::Text(self.cause(cause)));
        let time = |at: Option<SimTime>| at.map_or(Cell::Null, |at| self.time(at));
        let start = live.running.map_or(Cell::Null, |at| Cell::Int(at.since(live.arrived).0 as i64));
        let row = [
            Cell::Int(number as i64),
            self.time(live.arrived),
            self.time(live.created),
            time(live.running),
            time(ended.map(|(at, _)| at)),
            start,
            cause,
            of.workload,
            of.account,
            Cell::Text(self.zones[live.zone.at()]),
            of.instance_type,
            Cell::Float(of.demand.cpu_milli as f64 / 1e3),
            Cell::Float(of.demand.memory_mib as f64 / 1024.0),
            Cell::Float(of.demand.gpu_milli as f64 / 1e3),
            Cell::Int(live.host.0.into()),
            Cell::Int(live.restarts.into()),
        ];
        self.row(INSTANCES, &row);
    }

    // --- series ---

    /// Writes what a sample has put into the series for the interval `from..to`.
    pub fn sampled(&mut self, series: &Series, from: SimTime, to: SimTime) {
        if !self.sink.wants(SERIES) {
            return;
        }
        let head = [self.time(to), Cell::Int(to.since(from).0 as i64)];
        for (column, value) in series.fresh() {
            let of = &series.columns()[column.at()];
            let Some(number) = value.get(of.kind) else { continue };
            let [low, high] = match of.kind {
                crate::metrics::Kind::Count => [Cell::Null; 2],
                crate::metrics::Kind::Level => {
                    let (low, high) = value.range();
                    [Cell::Float(low), Cell::Float(high)]
                }
            };
            let name = self.column(series, column);
            self.value(head, name, number, low, high);
        }
        for (metric, waits) in series.fresh_waits() {
            let metric = Cell::Text(self.names.constant(metric));
            for (detail, quantile) in QUANTILES {
                let detail = Cell::Text(self.names.constant(detail));
                let Some(value) = Waits::quantile(waits, quantile) else { continue };
                self.value(
                    head,
                    [metric, Cell::Null, Cell::Null, detail],
                    value as f64,
                    Cell::Null,
                    Cell::Null,
                );
            }
        }
    }

    fn column(&mut self, series: &Series, column: ColumnIx) -> [Cell; 4] {
        if let Some(&known) = self.columns.get(&(column.at() as u32)) {
            return known;
        }
        let key = &series.columns()[column.at()].key;
        let mut part =
            |text: &str| if text.is_empty() { Cell::Null } else { Cell::Text(self.names.text(text)) };
        let cells = [part(key.metric), part(&key.zone), part(&key.class), part(&key.detail)];
        self.columns.insert(column.at() as u32, cells);
        cells
    }

    fn value(&mut self, head: [Cell; 2], name: [Cell; 4], value: f64, low: Cell, high: Cell) {
        let row = [head[0], head[1], name[0], name[1], name[2], name[3], Cell::Float(value), low, high];
        self.row(SERIES, &row);
    }

    // --- the end ---

    /// The run has ended with this fleet: writes the instances that live and the hosts.
    pub fn ended(&mut self, fleet: &Fleet) {
        let mut live: Vec<(u64, Live)> = self.live.drain().collect();
        live.sort_unstable_by_key(|(number, _)| *number);
        for (number, live) in live {
            self.instance(number, &live, None);
        }
        if self.sink.wants(HOSTS) {
            (0..fleet.len()).map(HostIx).for_each(|host| self.host(fleet, host));
        }
    }

    fn host(&mut self, fleet: &Fleet, host: HostIx) {
        let Some(view) = fleet.host(host) else { return };
        let state = match view.state {
            HostState::Up => "up",
            HostState::Draining => "draining",
            HostState::Failed => "failed",
        };
        let dedicated = self.dedicated.get(&host.0).map(|id| self.names.text(id));
        let gib = |mib: u64| Cell::Float(mib as f64 / 1024.0);
        let whole = |milli: u64| Cell::Float(milli as f64 / 1e3);
        let row = [
            Cell::Int(host.0.into()),
            dedicated.map_or(Cell::Null, Cell::Text),
            Cell::Text(self.zones[view.zone.at()]),
            Cell::Text(self.classes[view.class.at()]),
            Cell::Int(view.rack.into()),
            Cell::Int(view.switch.into()),
            Cell::Text(self.names.constant(state)),
            whole(view.capacity.cpu_milli),
            gib(view.capacity.memory_mib),
            whole(view.capacity.gpu_milli),
            Cell::Int(view.capacity.local_disks as i64),
            whole(view.free.cpu_milli),
            gib(view.free.memory_mib),
            whole(view.free.gpu_milli),
            Cell::Int(view.free.local_disks as i64),
            Cell::Int(self.created_on.get(host.at()).copied().unwrap_or(0).into()),
        ];
        self.row(HOSTS, &row);
    }

    /// Writes what is left and closes the files.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn finish(mut self) -> io::Result<()> {
        if !self.names.new.is_empty() {
            self.sink.name(std::mem::take(&mut self.names.new));
        }
        self.sink.finish()
    }
}

/// The percentiles of waits that the series table has, as details.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_its_share_and_always_the_same() {
        let kept = |sample: Sample| (0..100_000).filter(|&number| sample.keeps(number)).count();
        assert_eq!(kept(Sample::ALL), 100_000);
        assert_eq!(kept(Sample::share(1.0)), 100_000);
        let tenth = kept(Sample::share(0.1));
        assert!((9_500..10_500).contains(&tenth), "{tenth}");
        let rare = (0..100_000).filter(|&number| Sample::share(0.01).keeps(number));
        assert!(
            rare.into_iter().all(|number| Sample::share(0.1).keeps(number)),
            "a smaller sample is a part"
        );
    }
}
