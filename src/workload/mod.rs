//! Workloads: who asks for what, when, and for how long.
//!
//! A [`Workload`] merges the generators and trace replays of a scenario into one stream of [`Arrival`]s in order of
//! time, made one at a time: memory follows the templates, not the length of the run. An arrival points to a
//! [`Template`], a flat CreateInstance request that is made once.
//!
//! All chance comes from streams named after the workload and the purpose, so that another arrival rate does not
//! change who asks for what, and another mix does not change when.

use std::path::{Path, PathBuf};

use crate::model::{AccountIx, InstanceType, SimDuration, SimTime, Utc};
use crate::scenario::workload::{Fault, Known, WorkloadSpec, Wrong};

mod arrivals;
mod client;
pub mod dist;
mod faults;
mod generator;
mod mapping;
mod modulation;
mod replay;
mod requests;
mod rescaled;
mod shape;
mod supply;
mod template;
#[cfg(test)]
mod tests;
pub mod trace;

pub(crate) use client::Target;
pub use dist::Distribution;
pub use mapping::{ClassRow, Mapping, MappingRow};
pub use shape::local_hours;
pub use supply::{Kinds, Supply};
pub use template::trace_type;

use generator::Generator;
use replay::Replay;
use template::Builder;

/// A flat CreateInstance request that many arrivals share.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Template {
    /// Parameters as on the wire, in a fixed order.
    pub params: Vec<(String, String)>,
    /// Number of the workload, in the order of the scenario.
    pub workload: u32,
    /// Account that sends it.
    pub account: AccountIx,
    /// Region that it goes to.
    pub region: String,
    /// Zone that it is meant for, named by `ZoneId` or not.
    pub zone: String,
    /// True when `VSwitchId` is left out and has to be filled in with a vSwitch of [`Template::zone`].
    pub needs_vswitch: bool,
    /// What is wrong with it on purpose.
    pub fault: Option<Fault>,
    /// Its entry of the workload's mix; none for a trace.
    pub entry: Option<u32>,
    /// What a client asks for instead, in turn, when there is no room: places in [`Workload::templates`].
    pub instead: Vec<u32>,
    /// Row of the error table that it is meant for: it is then sent by the customer of that row's estate
    /// ([`crate::validate::estate`]), whatever [`Template::account`] says.
    pub row: Option<u16>,
}

/// When the instance of an arrival is released, if it was created.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum End {
    /// So long after it began to run.
    After(SimDuration),
    /// At a fixed moment, whatever the control plane did: a trace says so. It may lie past the end of the run.
    At(SimTime),
    /// Never.
    Never,
}

/// One request that arrives.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Arrival {
    /// Moment of arrival.
    pub at: SimTime,
    /// Its request: place in [`Workload::templates`].
    pub template: u32,
    /// When its instance ends.
    pub end: End,
}

/// One of the accounts of a workload, as [`Workload::draw_customer`] gives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Customer(u32);

/// What a workload needs to know of its scenario.
#[derive(Clone, Debug)]
pub struct Setting<'a> {
    /// Seed of the run.
    pub seed: u64,
    /// Length of the run; nothing arrives at its end or later.
    pub duration: SimDuration,
    /// Date of the start of the run.
    pub start: Utc,
    /// Names of the scenario; accounts are numbered in this order.
    pub known: Known<'a>,
    /// Folder that paths of traces are relative to.
    pub folder: &'a Path,
    /// Trace given on the command line, for the workload that names none.
    pub trace: Option<&'a Path>,
}

/// Why a workload cannot be made, or ended early. All are errors of the user's files.
#[derive(Debug, thiserror::Error)]
pub enum WorkloadError {
    /// The specification is wrong.
    #[error("workload `{workload}`: {wrong}")]
    Wrong {
        /// Name of the workload.
        workload: String,
        /// What is wrong, and where.
        wrong: Wrong,
    },
    /// A trace cannot be read.
    #[error("workload `{workload}`: {cause}")]
    Trace {
        /// Name of the workload.
        workload: String,
        /// What the reader says.
        cause: trace::TraceError,
    },
    /// A trace names something that the scenario does not have.
    #[error("workload `{workload}`: trace {} names {kind} `{name}`, which the scenario does not have", path.display())]
    NotInScenario {
        /// Name of the workload.
        workload: String,
        /// The trace.
        path: PathBuf,
        /// `zone` or `account`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A workload replays a trace that no one named.
    #[error("workload `{workload}` replays a trace of format {format}: name the file with --trace FILE{}", obtain_line(obtain.as_deref()))]
    NoTrace {
        /// Name of the workload.
        workload: String,
        /// Format of the trace.
        format: crate::scenario::workload::TraceFormat,
        /// Where to get it.
        obtain: Option<String>,
    },
    /// A trace was named on the command line and no single workload takes it.
    #[error("--trace names a file, but {0}")]
    SpareTrace(&'static str),
    /// Arrivals that come from elsewhere (a journal, another thread) ended early.
    #[error("{0}")]
    Supplied(String),
    /// More kinds of requests than a run should hold.
    #[error(
        "workload `{workload}` asks for {count} kinds of requests (mix x zones x accounts): the most is {most}"
    )]
    TooManyTemplates {
        /// Name of the workload.
        workload: String,
        /// Kinds asked for.
        count: usize,
        /// The limit.
        most: usize,
    },
}

fn obtain_line(obtain: Option<&str>) -> String {
    obtain.map(|text| format!("\n  to get it: {text}")).unwrap_or_default()
}

/// All workloads of a scenario, merged in order of time.
pub struct Workload {
    names: Vec<String>,
    sources: Vec<Source>,
    /// Next arrival of each source.
    heads: Vec<Option<Arrival>>,
    /// Fleets and closed loops by the number of their workload: asked for one request at a time, whenever the run needs one.
    on_demand: Vec<(u32, Box<Generator>)>,
    templates: Vec<Template>,
    types: Vec<InstanceType>,
    /// How often traces ask for each type.
    load: Vec<(String, u64)>,
}

enum Source {
    Generator(Box<Generator>),
    Replay(Box<Replay>),
    /// Of a fleet and of a closed loop nothing arrives by itself.
    OnDemand,
    Supplied(Box<dyn Supply>),
}

impl Source {
    fn next(&mut self, name: &str) -> Result<Option<Arrival>, WorkloadError> {
        match self {
            Source::Generator(generator) => Ok(generator.next()),
            Source::Replay(replay) => {
                replay.next().map_err(|cause| WorkloadError::Trace { workload: name.to_owned(), cause })
            }
            Source::OnDemand => Ok(None),
            Source::Supplied(supply) => supply.next(),
        }
    }
}

impl Workload {
    /// Makes the workloads of a scenario. A trace is read once from beginning to end, which finds its sizes and any
    /// damage before the run begins.
    ///
    /// # Errors
    /// A specification is wrong, or a trace is missing or damaged.
    pub fn new(specs: &[WorkloadSpec], setting: &Setting<'_>) -> Result<Workload, WorkloadError> {
        for (place, spec) in specs.iter().enumerate() {
            let mut wrongs = spec.check(&setting.known);
            if specs[..place].iter().any(|other| other.name == spec.name) {
                wrongs.push(Wrong::at(&spec.name, format!("two workloads are named `{}`", spec.name)));
            }
            if let Some(wrong) = wrongs.into_iter().next() {
                return Err(WorkloadError::Wrong { workload: spec.name.get().clone(), wrong });
            }
        }
        let paths = trace_paths(specs, setting)?;
        let mut builder = Builder::default();
        let mut sources = Vec::new();
        let mut on_demand = Vec::new();
        for (number, (spec, path)) in specs.iter().zip(paths).enumerate() {
            let number = number as u32;
            sources.push(match (&spec.arrivals, path) {
                _ if spec.is_on_demand() => {
                    let generator = Generator::new(spec, number, None, setting, &mut builder)?;
                    on_demand.push((number, Box::new(generator)));
                    Source::OnDemand
                }
                (_, Some(path)) => {
                    Source::Replay(Box::new(Replay::new(spec, number, &path, setting, &mut builder)?))
                }
                (Some(arrivals), None) => Source::Generator(Box::new(Generator::new(
                    spec,
                    number,
                    Some(arrivals.get()),
                    setting,
                    &mut builder,
                )?)),
                (None, None) => {
                    let wrong = Wrong::at(&spec.name, "a workload needs a source of requests");
                    return Err(WorkloadError::Wrong { workload: spec.name.get().clone(), wrong });
                }
            });
        }
        let names = specs.iter().map(|spec| spec.name.get().clone()).collect();
        let Builder { templates, types } = builder;
        let mut workload =
            Workload { names, sources, heads: Vec::new(), on_demand, templates, types, load: Vec::new() };
        let rows = workload.mappings().flat_map(|mapping| &mapping.rows);
        let load = rows.map(|row| (row.instance_type.clone(), row.count)).collect();
        workload.load = load;
        for place in 0..workload.sources.len() {
            let head = workload.advance(place)?;
            workload.heads.push(head);
        }
        Ok(workload)
    }

    /// The next arrival of all workloads; of several at one moment, that of the first workload of the scenario. None
    /// at the end.
    ///
    /// # Errors
    /// A trace file failed or changed since it was read first.
    #[expect(
        clippy::should_implement_trait,
        reason = "a fallible source; an iterator of results invites collect()"
    )]
    pub fn next(&mut self) -> Result<Option<Arrival>, WorkloadError> {
        let waiting =
            self.heads.iter().enumerate().filter_map(|(place, head)| Some((head.as_ref()?.at, place)));
        let Some((_, place)) = waiting.min() else { return Ok(None) };
        let following = self.advance(place)?;
        Ok(std::mem::replace(&mut self.heads[place], following))
    }

    /// Moment of the next arrival; none at the end.
    pub fn peek_time(&self) -> Option<SimTime> {
        self.heads.iter().flatten().map(|head| head.at).min()
    }

    /// Share of the records of all traces that have been handed out; 0 when there is no trace.
    pub fn progress(&self) -> f64 {
        if let [Source::Supplied(supply)] = self.sources.as_slice() {
            return supply.progress();
        }
        let replays = self.sources.iter().filter_map(|source| match source {
            Source::Replay(replay) => Some(replay.progress()),
            Source::Generator(_) | Source::OnDemand | Source::Supplied(_) => None,
        });
        let (read, all) = replays.fold((0, 0), |sum, replay| (sum.0 + replay.0, sum.1 + replay.1));
        if all == 0 { 0.0 } else { read as f64 / all as f64 }
    }

    /// Template and end of the next instance of a fleet or a closed loop at a moment; of a customer, where it is known who
    /// asks. None when the workload of this number is neither.
    pub fn draw(&mut self, workload: u32, at: SimTime, customer: Option<Customer>) -> Option<(u32, End)> {
        self.generator(workload).map(|generator| generator.draw(at, customer))
    }

    /// The customer that the next client of a closed loop belongs to; none when the workload of this number is none.
    pub fn draw_customer(&mut self, workload: u32) -> Option<Customer> {
        self.generator(workload).map(|generator| generator.draw_customer())
    }

    /// Numbers of the workloads of which nothing arrives by itself: fleets and closed loops.
    pub fn on_demand(&self) -> impl Iterator<Item = u32> {
        self.on_demand.iter().map(|(number, _)| *number)
    }

    /// How far the luck of fleets and closed loops is, by the number of their workload.
    pub(crate) fn save_on_demand(&self) -> Vec<(u32, Vec<u128>)> {
        self.on_demand.iter().map(|(number, generator)| (*number, generator.luck())).collect()
    }

    /// Goes on from there; false when these are other fleets and loops.
    pub(crate) fn restore_on_demand(&mut self, saved: &[(u32, Vec<u128>)]) -> bool {
        let numbers = self.on_demand.iter().map(|(number, _)| *number);
        numbers.eq(saved.iter().map(|(number, _)| *number))
            && self.on_demand.iter_mut().zip(saved).all(|((_, own), (_, luck))| own.go_on(luck))
    }

    fn generator(&mut self, workload: u32) -> Option<&mut Generator> {
        self.on_demand
            .iter_mut()
            .find(|(number, _)| *number == workload)
            .map(|(_, generator)| &mut **generator)
    }

    /// All requests that arrivals point to.
    pub fn templates(&self) -> &[Template] {
        &self.templates
    }

    /// Adds requests that somebody else sends than a generator or a trace, under a name of their own.
    pub(crate) fn extend(&mut self, name: &str, templates: Vec<Template>) {
        let workload = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.templates.extend(templates.into_iter().map(|template| Template { workload, ..template }));
    }

    /// Instance types that traces ask for by size and that the world therefore needs beside the catalog's: family
    /// `ecs.trace`, in order of vCPUs and memory.
    pub fn required_types(&self) -> &[InstanceType] {
        &self.types
    }

    /// How often traces ask for each type, in order of first sight, as far as that is known beforehand.
    pub fn load(&self) -> &[(String, u64)] {
        &self.load
    }

    /// What replayed traces ask for, and what is requested for it, trace by trace.
    pub fn mappings(&self) -> impl Iterator<Item = &Mapping> {
        self.sources.iter().filter_map(|source| match source {
            Source::Replay(replay) => Some(replay.mapping()),
            Source::Generator(_) | Source::OnDemand | Source::Supplied(_) => None,
        })
    }

    /// Names of the workloads, by [`Template::workload`].
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn advance(&mut self, place: usize) -> Result<Option<Arrival>, WorkloadError> {
        self.sources[place].next(&self.names[place])
    }
}

/// The rows of the error table that any of these workloads draws from, in order.
pub fn fault_rows(specs: &[WorkloadSpec]) -> Vec<u16> {
    let mut rows: Vec<u16> = specs.iter().flat_map(requests::fault_rows).collect();
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// The file of each workload that replays a trace.
fn trace_paths(specs: &[WorkloadSpec], setting: &Setting<'_>) -> Result<Vec<Option<PathBuf>>, WorkloadError> {
    let traces = || specs.iter().filter_map(|spec| spec.trace.as_ref());
    let unnamed = traces().filter(|trace| trace.get().path.is_none()).count();
    if setting.trace.is_some() && unnamed != 1 {
        match traces().count() {
            0 => return Err(WorkloadError::SpareTrace("no workload of the scenario replays a trace")),
            1 => {}
            _ if unnamed == 0 => {
                return Err(WorkloadError::SpareTrace("every workload that replays a trace names its own"));
            }
            _ => return Err(WorkloadError::SpareTrace("several workloads of the scenario need one")),
        }
    }
    let single = traces().count() == 1;
    specs
        .iter()
        .map(|spec| {
            let Some(trace) = spec.trace.as_ref().map(|trace| trace.get()) else { return Ok(None) };
            match (&trace.path, setting.trace) {
                (None, Some(given)) => Ok(Some(given.to_path_buf())),
                (Some(_), Some(given)) if single => Ok(Some(given.to_path_buf())),
                (Some(own), _) => Ok(Some(setting.folder.join(own.get()))),
                (None, None) => Err(WorkloadError::NoTrace {
                    workload: spec.name.get().clone(),
                    format: *trace.format.get(),
                    obtain: trace.obtain.clone(),
                }),
            }
        })
        .collect()
}
