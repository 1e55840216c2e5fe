//! The thread that writes the tables: makes rows of what the run tells.

use std::path::Path;

use parquet::errors::ParquetError;
use rustc_hash::FxHashMap;

use crate::metrics::Outcome;
use crate::model::{HostIx, SimTime, Utc, ZoneIx};
use crate::placement::HostState;
use crate::sim::{Gone, Labels};

use super::fact::{Answer, Fact, HostFact, Message, Sampled, What};
use super::schema::{HOSTS, INSTANCES, REQUESTS, SERIES, Selection};
use super::sink::{Cell, Names, Sink};

/// Names and sizes of one template, ready for a row.
#[derive(Clone, Copy, Debug)]
struct Template {
    workload: Cell,
    account: Cell,
    zone: Cell,
    instance_type: Cell,
    faulty: Cell,
    vcpus: Cell,
    memory_gib: Cell,
    gpus: Cell,
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

/// Makes rows.
pub(super) struct Writer {
    sink: Sink,
    start: Utc,
    templates: Vec<Template>,
    zones: Vec<Cell>,
    classes: Vec<Cell>,
    dedicated: FxHashMap<u32, Cell>,
    outcomes: [Cell; Outcome::ALL.len()],
    causes: Vec<(Gone, Cell)>,
    live: FxHashMap<u64, Live>,
    /// Names of the columns of the series.
    columns: Vec<[Cell; 4]>,
}

impl Writer {
    /// Creates the files in `folder`.
    ///
    /// # Errors
    /// When a file cannot be created.
    pub(super) fn create(folder: &Path, labels: &Labels, kept: &Selection) -> std::io::Result<Writer> {
        let mut sink = Sink::create(folder, kept)?;
        let names = &mut sink.names;
        let zones: Vec<Cell> = labels.zones.iter().map(|zone| names.text(zone)).collect();
        let classes = labels.classes.iter().map(|class| names.text(class)).collect();
        let outcomes = Outcome::ALL.map(|outcome| names.constant(outcome.name()));
        let template = |template: &crate::sim::TemplateLabel| Template {
            workload: names.text(&template.workload),
            account: names.text(&template.account),
            zone: template.zone.map_or(Cell::NULL, |zone| zones[zone.at()]),
            instance_type: names.text(&template.instance_type),
            faulty: Cell::bool(template.faulty),
            vcpus: vcpus(names, template.demand.cpu_milli),
            memory_gib: gib(names, template.demand.memory_mib),
            gpus: vcpus(names, template.demand.gpu_milli),
        };
        let templates = labels.templates.iter().map(template).collect();
        let dedicated = labels.dedicated_hosts.iter().map(|(host, id)| (*host, names.text(id))).collect();
        Ok(Writer {
            start: labels.start,
            templates,
            zones,
            classes,
            dedicated,
            outcomes,
            causes: Vec::new(),
            live: FxHashMap::default(),
            columns: Vec::new(),
            sink,
        })
    }

    /// Writes what a message says; a batch of facts comes back empty.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn take(&mut self, message: Message) -> Result<Option<Vec<Fact>>, ParquetError> {
        match message {
            Message::Facts(mut facts) => {
                facts.iter().try_for_each(|fact| self.fact(fact))?;
                facts.clear();
                return Ok(Some(facts));
            }
            Message::Sampled(sampled) => self.sampled(&sampled)?,
            Message::Hosts(hosts) => hosts.iter().try_for_each(|host| self.host(host))?,
        }
        Ok(None)
    }

    /// The run has ended: writes the instances that live, and closes the files.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn finish(mut self) -> Result<(), ParquetError> {
        let mut live: Vec<(u64, Live)> = self.live.drain().collect();
        live.sort_unstable_by_key(|(number, _)| *number);
        live.iter().try_for_each(|(number, live)| self.instance(*number, live, None))?;
        self.sink.finish()
    }

    /// A moment of the calendar in microseconds.
    #[inline]
    fn time(&self, at: SimTime) -> Cell {
        Cell::int(self.start.0.saturating_mul(1_000_000).saturating_add(at.0 as i64))
    }

    // --- requests and instances ---

    fn fact(&mut self, fact: &Fact) -> Result<(), ParquetError> {
        let Fact { at, number, what } = *fact;
        match what {
            What::Created { template, arrived, zone, host } => {
                self.answered(fact, template, arrived, Outcome::Created, [Cell::NULL; 3])?;
                let live = Live { template, zone, host, arrived, created: at, running: None, restarts: 0 };
                self.live.insert(number, live);
            }
            What::Rejected { template, arrived, answer: Answer { outcome, code, check, missing } } => {
                let names = &mut self.sink.names;
                let code = if code.is_empty() { Cell::NULL } else { names.constant(code) };
                let missing = missing.map_or(Cell::NULL, |reason| names.constant(reason.text()));
                let check = names.constant(check);
                self.answered(fact, template, arrived, outcome, [code, check, missing])?;
            }
            What::Running => self.change(number, |live| live.running = Some(at)),
            What::RunsAgain { host } => self.change(number, |live| {
                live.host = host;
                live.restarts += 1;
            }),
            What::Moved { host } => self.change(number, |live| live.host = host),
            What::Released { cause } => {
                if let Some(live) = self.live.remove(&number) {
                    self.instance(number, &live, Some((at, cause)))?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn change(&mut self, number: u64, change: impl FnOnce(&mut Live)) {
        self.live.get_mut(&number).map(change);
    }

    fn answered(
        &mut self,
        fact: &Fact,
        template: u32,
        arrived: SimTime,
        outcome: Outcome,
        [code, check, missing]: [Cell; 3],
    ) -> Result<(), ParquetError> {
        let of = self.templates[template as usize];
        let row = [
            Cell::int(fact.number as i64),
            self.time(arrived),
            self.time(fact.at),
            Cell::int(fact.at.since(arrived).0 as i64),
            of.workload,
            of.account,
            of.zone,
            of.instance_type,
            self.outcomes[outcome as usize],
            code,
            check,
            missing,
            of.faulty,
        ];
        self.sink.row(REQUESTS, &row)
    }

    fn cause(&mut self, cause: Gone) -> Cell {
        if let Some(&(_, known)) = self.causes.iter().find(|(known, _)| *known == cause) {
            return known;
        }
        let name = serde_json::to_value(cause).expect("a cause is a plain name");
        let cell = self.sink.names.text(name.as_str().unwrap_or("?"));
        self.causes.push((cause, cell));
        cell
    }

    fn instance(
        &mut self,
        number: u64,
        live: &Live,
        ended: Option<(SimTime, Gone)>,
    ) -> Result<(), ParquetError> {
        let of = self.templates[live.template as usize];
        let cause = ended.map_or(Cell::NULL, |(_, cause)| self.cause(cause));
        let time = |at: Option<SimTime>| at.map_or(Cell::NULL, |at| self.time(at));
        let row = [
            Cell::int(number as i64),
            self.time(live.arrived),
            self.time(live.created),
            time(live.running),
            time(ended.map(|(at, _)| at)),
            live.running.map_or(Cell::NULL, |at| Cell::int(at.since(live.arrived).0 as i64)),
            cause,
            of.workload,
            of.account,
            self.zones[live.zone.at()],
            of.instance_type,
            of.vcpus,
            of.memory_gib,
            of.gpus,
            Cell::int(live.host.0),
            Cell::int(live.restarts),
        ];
        self.sink.row(INSTANCES, &row)
    }

    // --- series ---

    fn sampled(&mut self, sampled: &Sampled) -> Result<(), ParquetError> {
        let names = &mut self.sink.names;
        for key in &sampled.names {
            let mut part = |text: &str| if text.is_empty() { Cell::NULL } else { names.text(text) };
            self.columns.push([part(key.metric), part(&key.zone), part(&key.class), part(&key.detail)]);
        }
        let head = [self.time(sampled.to), Cell::int(sampled.to.since(sampled.from).0 as i64)];
        for &(column, value, range) in &sampled.values {
            let (low, high) = range.unzip();
            let end = |end: Option<f64>| end.map_or(Cell::NULL, Cell::float);
            self.value(head, self.columns[column], value, [end(low), end(high)])?;
        }
        for &(metric, percentile, value) in &sampled.waits {
            let names = &mut self.sink.names;
            let name = [names.constant(metric), Cell::NULL, Cell::NULL, names.constant(percentile)];
            self.value(head, name, value, [Cell::NULL; 2])?;
        }
        Ok(())
    }

    fn value(
        &mut self,
        [time, interval]: [Cell; 2],
        [metric, zone, class, detail]: [Cell; 4],
        value: f64,
        [low, high]: [Cell; 2],
    ) -> Result<(), ParquetError> {
        let row = [time, interval, metric, zone, class, detail, Cell::float(value), low, high];
        self.sink.row(SERIES, &row)
    }

    // --- hosts ---

    fn host(&mut self, of: &HostFact) -> Result<(), ParquetError> {
        let names = &mut self.sink.names;
        let state = names.constant(match of.state {
            HostState::Up => "up",
            HostState::Draining => "draining",
            HostState::Failed => "failed",
        });
        let row = [
            Cell::int(of.host.0),
            self.dedicated.get(&of.host.0).copied().unwrap_or(Cell::NULL),
            self.zones[of.zone.at()],
            self.classes[of.class],
            Cell::int(of.rack),
            Cell::int(of.switch),
            state,
            vcpus(names, of.capacity.cpu_milli),
            gib(names, of.capacity.memory_mib),
            vcpus(names, of.capacity.gpu_milli),
            Cell::int(of.capacity.local_disks as i64),
            vcpus(names, of.free.cpu_milli),
            gib(names, of.free.memory_mib),
            vcpus(names, of.free.gpu_milli),
            Cell::int(of.free.local_disks as i64),
            Cell::int(of.created),
        ];
        self.sink.row(HOSTS, &row)
    }
}

/// Thousandths of a vCPU or GPU as whole ones.
fn vcpus(names: &mut Names, milli: u64) -> Cell {
    names.size(milli as f64 / 1e3)
}

fn gib(names: &mut Names, mib: u64) -> Cell {
    names.size(mib as f64 / 1024.0)
}
