//! One simulated run: ties workload, gate, placement, hypervisor and metrics together.
//!
//! [`Simulation::new`] builds a cloud and a workload from a scenario; [`Simulation::run`] runs it and gives a
//! [`Summary`]. A simulation starts no thread and reads no clock: an observer may look on and stop the run, and a
//! [`EngineCost`] measures what the engine costs.

mod cloud;
mod control;
mod event;
mod labels;
mod log;
mod market;
mod mix;
mod nodes;
mod observe;
mod operations;
mod packing;
mod run;
mod slots;
mod state;
mod station;
mod summary;
mod summary_money;
mod tally;
pub(crate) mod templates;

use std::path::Path;

pub use cloud::{Cloud, build};
pub use labels::{Labels, TemplateLabel};
pub use log::{BATCH, Chain, Linked, LogRecord, link};
pub use nodes::{MigrationReport, NodeReport};
pub use observe::{Gone, Happened, Observer, Queues, View};
pub use operations::{DiskPoolUse, HostUse, OperationCount, OperationsSummary, RefusalCount, RestartUse};
pub use run::{Ahead, Counters, Followed, Go, InstanceView, Progress, Unsound};
pub use state::{State, StateSize};
pub use summary::{
    AccountBill, BillingSummary, ChargeAmount, ClientSummary, CodeCount, ContentionSummary, CreditSummary,
    Engine, FleetSummary, LoopSummary, Packing, Peaks, ReasonCount, RequestCounts, RunInfo, SUMMARY_SCHEMA,
    Stage, Summary, ZoneUse,
};

use crate::engine::Streams;
use crate::metrics::{EngineCost, Latency, LatencyStage, Outcome, Usage};
use crate::model::{SimDuration, SimTime};
use crate::scenario::Scenario;
use crate::workload::{Setting, Workload, WorkloadError};

use control::ControlPlane;
use market::MarketRun;
use run::{Book, Clients, Ended, Loads, Nodes, Run, RunState, Throttle, Times};
use templates::Template;

/// Why a simulation cannot be made, or ended early.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The workload or its trace is wrong.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
    /// A snapshot does not fit, or cannot be made.
    #[error(transparent)]
    State(#[from] Unsound),
    /// The scenario passed its checks and still describes something that cannot be built.
    #[error("the scenario describes a cloud that cannot be built: {0}")]
    Cloud(String),
    /// A state of the run could not be kept.
    #[error("cannot keep the state of the run: {0}")]
    Keep(String),
    /// A file of spot prices is missing or damaged.
    #[error(transparent)]
    Prices(#[from] crate::spot::model::ReplayError),
}

impl SimError {
    fn bug(error: impl std::fmt::Display) -> SimError {
        SimError::Cloud(error.to_string())
    }
}

/// A run that is ready to start.
pub struct Simulation<'a> {
    scenario: &'a Scenario,
    cloud: Cloud,
    workload: Workload,
    templates: Vec<Template>,
    market: Option<Box<MarketRun>>,
    plan: Plan,
}

/// What a run does otherwise than its scenario says.
#[derive(Default)]
struct Plan {
    state: Option<Box<RunState>>,
    chain: Option<Box<dyn Chain>>,
    until: Option<SimTime>,
    warmup: Option<SimTime>,
    keeping: Option<Keeping>,
}

/// Who keeps states of a run while it goes on.
type Keep = Box<dyn FnMut(SimTime, &State) -> Result<(), String>>;

/// States of a run at multiples of a span.
struct Keeping {
    every: SimDuration,
    keep: Keep,
}

impl<'a> Simulation<'a> {
    /// Builds the cloud and the workload. `folder` is where relative trace paths start; `trace` is a trace file
    /// named on the command line.
    ///
    /// # Errors
    /// A trace is missing or damaged, or the cloud cannot be built.
    pub fn new(
        scenario: &'a Scenario,
        folder: &Path,
        trace: Option<&Path>,
    ) -> Result<Simulation<'a>, SimError> {
        Simulation::of(scenario, workload(scenario, folder, trace)?)
    }

    /// Builds the cloud for a workload that is made already, such as that of a journal.
    ///
    /// # Errors
    /// The cloud cannot be built.
    pub fn of(scenario: &'a Scenario, workload: Workload) -> Result<Simulation<'a>, SimError> {
        let mut cloud = cloud::build_for(scenario, workload.required_types(), workload.load())?;
        let templates = templates::parse(scenario, &cloud, &workload);
        let market = market::open(scenario, &mut cloud, &workload, &templates)?;
        Ok(Simulation { scenario, cloud, workload, templates, market, plan: Plan::default() })
    }

    /// Lets `chain` link the event log, instead of the run itself.
    #[must_use]
    pub fn chained(mut self, chain: Box<dyn Chain>) -> Simulation<'a> {
        self.plan.chain = Some(chain);
        self
    }

    /// Ends the run at `moment`, when that is before the end of the scenario: nothing arrives then or later.
    #[must_use]
    pub fn until(mut self, moment: SimTime) -> Simulation<'a> {
        self.plan.until = Some(moment);
        self
    }

    /// Takes everything before `moment` for the warm-up.
    #[must_use]
    pub fn measured_from(mut self, moment: SimTime) -> Simulation<'a> {
        self.plan.warmup = Some(moment);
        self
    }

    /// Runs to the end, or until `watch` says stop.
    ///
    /// # Errors
    /// A trace file failed or changed while it was read.
    pub fn run(
        self,
        cost: Option<&mut EngineCost>,
        watch: impl FnMut(&Progress) -> Go,
    ) -> Result<Summary, SimError> {
        self.run_observed(cost, &mut (), watch)
    }

    /// Runs as [`Simulation::run`] does, while `observer` looks on.
    ///
    /// # Errors
    /// As [`Simulation::run`].
    pub fn run_observed(
        self,
        cost: Option<&mut EngineCost>,
        observer: &mut dyn Observer,
        mut watch: impl FnMut(&Progress) -> Go,
    ) -> Result<Summary, SimError> {
        self.run_watched(cost, observer, &mut watch)
    }

    /// [`Simulation::run_observed`], compiled once for all who call it.
    fn run_watched(
        self,
        cost: Option<&mut EngineCost>,
        observer: &mut dyn Observer,
        watch: &mut dyn FnMut(&Progress) -> Go,
    ) -> Result<Summary, SimError> {
        let Simulation { scenario, mut cloud, workload, templates, market, mut plan } = self;
        let keeping = plan.keeping.take();
        let spec = &scenario.spec;
        let instant = scenario.control_plane().instant;
        let mut run = assemble(scenario, &mut cloud, workload, &templates, plan, cost, observer)?;
        run.open_market(market);
        let warmup = run.warmup;
        let Ended { now, cut_short } = match keeping {
            Some(keeping) => state::go_keeping(&mut run, keeping, watch)?,
            None => run.go(watch)?,
        };
        let digest = run.digest();
        let nodes = run.nodes.as_ref().map(|nodes| nodes.tally.report());
        let end = run.start.after(now.since(SimTime::ZERO));
        let billing = run.money.as_mut().map(|book| book.summary(run.world, end, now, run.market.as_deref()));
        let contention = run.loads.as_ref().map(|loads| loads.contention());
        let credits = run.loads.as_mut().and_then(|loads| loads.credits(now));
        let clients = run.clients.as_ref().map(|clients| clients.summary());
        let simulated_latency_us = if instant { Vec::new() } else { stages(&run.latency) };
        let (requests, no_room) = (run.tally.counts(), run.tally.no_room());
        let operations = run.operations_summary(now);
        let (events, total, per_zone, mix) = (run.events, run.total, run.zones, run.mix);
        let spot = run.market.map(|market| market.summary(now, &cloud.world));
        Ok(Summary {
            schema: SUMMARY_SCHEMA,
            run: RunInfo {
                version: env!("CARGO_PKG_VERSION"),
                scenario: spec.name.clone(),
                seed: spec.seed,
                policy: spec.policy.get().clone(),
                digest,
                virtual_secs: now.as_secs_f64(),
                warmup_secs: warmup.as_secs_f64(),
                cut_short,
            },
            requests,
            no_room,
            peaks: Peaks {
                instances: total.instances.peak(),
                vcpus: total.cpu_milli.peak() as f64 / 1e3,
                memory_gib: total.memory_mib.peak() as f64 / 1024.0,
            },
            simulated_latency_us,
            zones: zone_use(scenario, &cloud, &per_zone, warmup.min(now), now),
            nodes,
            packing: packing::packing(&cloud.fleet, mix.by_zone()),
            billing,
            contention,
            credits,
            clients,
            operations,
            spot,
            engine: Engine { events, ..Engine::default() },
        })
    }

    /// Names of what an observer is told about by number.
    pub fn labels(&self) -> Labels {
        Labels::new(self.scenario, &self.cloud, &self.workload, &self.templates)
    }

    /// Whether requests of a template buy on the scenario's spot market. Without a market none does.
    pub fn is_spot(&self, template: usize) -> bool {
        self.market.is_some() && self.templates[template].spot.is_some()
    }

    /// Who will ask for what: the requests of the workload by number of their template.
    pub fn workload(&self) -> &Workload {
        &self.workload
    }

    /// The cloud before anything happens.
    pub fn cloud(&self) -> &Cloud {
        &self.cloud
    }

    /// The cloud before anything happens, taken out.
    pub fn into_cloud(self) -> Cloud {
        self.cloud
    }

    /// The cloud at a moment of the run, with everything that happened up to it.
    ///
    /// # Errors
    /// A trace file failed or changed while it was read.
    pub fn cloud_at(self, moment: SimTime) -> Result<Cloud, SimError> {
        let Simulation { scenario, mut cloud, workload, templates, market, plan } = self;
        let mut nobody = ();
        let mut run = assemble(scenario, &mut cloud, workload, &templates, plan, None, &mut nobody)?;
        run.open_market(market);
        run.advance_to(moment)?;
        Ok(cloud)
    }
}

/// Puts the parts of a run together.
fn assemble<'a>(
    scenario: &Scenario,
    cloud: &'a mut Cloud,
    workload: Workload,
    templates: &'a [Template],
    plan: Plan,
    cost: Option<&'a mut EngineCost>,
    observer: &'a mut dyn Observer,
) -> Result<Run<'a>, SimError> {
    let spec = &scenario.spec;
    let zones = cloud.world.all_zones().count();
    let plane = scenario.control_plane();
    let control = (!plane.instant).then(|| {
        let hosts = scenario.host_count() as usize;
        ControlPlane::new(plane, Streams::new(spec.seed), hosts, zones)
    });
    let times = Times {
        start: spec.start.0,
        warmup: plan.warmup.unwrap_or(SimTime::ZERO + spec.warmup.get().get()),
        until: plan.until.unwrap_or(SimTime::NEVER).min(SimTime::ZERO + spec.duration.get().get()),
    };
    // What only some scenarios have.
    let operations = operations::Operations::new(scenario, cloud, &workload);
    let known = templates::Types::new(scenario, &workload);
    let loads = Loads::new(scenario, workload.templates(), |template| known.of(template));
    let money = Book::new(scenario, &cloud.world, workload.templates(), |template| known.of(template));
    let clients = Clients::new(scenario, workload.templates());
    let throttle = Throttle::new(scenario, workload.templates());
    let world = &mut cloud.world;
    let mut run = Run::new(world, &cloud.fleet, workload, templates, control, times, zones, cost, observer);
    run.nodes = Nodes::new(scenario, Streams::new(spec.seed));
    run.operations = operations;
    run.loads = loads.map(Box::new);
    run.money = money.map(Box::new);
    run.clients = clients.map(Box::new);
    run.throttle = throttle.map(Box::new);
    run.spot = spec.spot.as_ref().map(|spot| {
        let text = toml::to_string(spot).expect("every value of a scenario has a TOML form");
        *blake3::hash(text.as_bytes()).as_bytes()
    });
    if let Some(state) = plan.state {
        run.restore(*state)?;
    }
    if let Some(chain) = plan.chain {
        run.log.rechain(chain);
    }
    Ok(run)
}

/// The empty cloud of a scenario, its workload, and the workload's requests, parsed: where the simulator and the
/// load benchmark both start.
pub(crate) fn prepare(
    scenario: &Scenario,
    folder: &Path,
    trace: Option<&Path>,
) -> Result<(Cloud, Workload, Vec<Template>), SimError> {
    let workload = workload(scenario, folder, trace)?;
    let cloud = cloud::build_for(scenario, workload.required_types(), workload.load())?;
    let templates = templates::parse(scenario, &cloud, &workload);
    Ok((cloud, workload, templates))
}

/// The workload of a scenario. `folder` is where relative trace paths start; `trace` is a trace file named on the
/// command line.
///
/// # Errors
/// A trace is missing or damaged.
pub fn workload(scenario: &Scenario, folder: &Path, trace: Option<&Path>) -> Result<Workload, WorkloadError> {
    let mut workload = Workload::new(&scenario.spec.workloads, &setting(scenario, folder, trace))?;
    market::add_fleets(scenario, &mut workload);
    Ok(workload)
}

/// What the workloads of a scenario need to know of the rest of it.
pub fn setting<'s>(scenario: &'s Scenario, folder: &'s Path, trace: Option<&'s Path>) -> Setting<'s> {
    Setting {
        seed: scenario.spec.seed,
        duration: scenario.spec.duration.get().get(),
        start: scenario.spec.start.0,
        known: scenario.known(),
        folder,
        trace,
    }
}

/// Every stage over all outcomes, then by outcome where there was more than one.
fn stages(latency: &Latency) -> Vec<Stage> {
    let mut stages = Vec::new();
    for stage in LatencyStage::ALL {
        stages.push(Stage { stage: stage.name(), outcome: None, percentiles: latency.percentiles(stage) });
        let parts: Vec<Stage> = Outcome::ALL
            .into_iter()
            .map(|outcome| Stage {
                stage: stage.name(),
                outcome: Some(outcome.name()),
                percentiles: latency.part(stage, outcome),
            })
            .filter(|part| part.percentiles.count > 0)
            .collect();
        stages.extend((parts.len() > 1).then_some(parts).into_iter().flatten());
    }
    stages
}

fn zone_use(
    scenario: &Scenario,
    cloud: &Cloud,
    per_zone: &[Usage],
    from: SimTime,
    to: SimTime,
) -> Vec<ZoneUse> {
    let mut zones = Vec::new();
    for (zone, name) in cloud.world.all_zones() {
        let usage = cloud.fleet.zone_usage(zone);
        // Estates of the error table's rows are no part of the cloud that is planned.
        let planned = scenario.zones.iter().any(|known| known.id == name);
        if usage.hosts == 0 || !planned {
            continue;
        }
        let level = &per_zone[zone.at()];
        let share = |value: f64, capacity: u64| if capacity == 0 { 0.0 } else { value / capacity as f64 };
        let capacity = usage.capacity;
        zones.push(ZoneUse {
            zone: name.to_owned(),
            hosts: u64::from(usage.hosts),
            vcpus: capacity.cpu_milli as f64 / 1e3,
            memory_gib: capacity.memory_mib as f64 / 1024.0,
            vcpu_mean: share(level.cpu_milli.mean(from, to), capacity.cpu_milli),
            vcpu_peak: share(level.cpu_milli.peak() as f64, capacity.cpu_milli),
            memory_mean: share(level.memory_mib.mean(from, to), capacity.memory_mib),
            memory_peak: share(level.memory_mib.peak() as f64, capacity.memory_mib),
        });
    }
    zones
}
