//! One run of one setting on one seed: what was measured, and the figures that tables show.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::metrics::{LatencyStage, Outcome};
use crate::placement::Reason;
use crate::scenario::Scenario;
use crate::sim::{Go, SimError, Simulation, Summary, ZoneUse};

use super::gauge::{Gauge, Measured, Placed};
use super::objective::Objective;
use super::parallel::Turn;

/// How a run is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    /// Folder that traces are relative to.
    pub(super) folder: &'a Path,
    /// Trace of the command line.
    pub(super) trace: Option<&'a Path>,
    /// Somebody wants to end everything.
    pub(super) stop: &'a AtomicBool,
    /// End the run as soon as an objective has failed for certain.
    pub(super) strict: bool,
    /// Requests that count, by objective, from an earlier run on the seed.
    pub(super) asked: Option<&'a [u64]>,
}

/// What one run came to.
#[derive(Clone, PartialEq, Debug)]
pub struct Trial {
    /// Seed of the run.
    pub seed: u64,
    /// What was measured, by objective.
    pub measured: Vec<Measured>,
    /// Figures of the run; of a part of it when it was ended early.
    pub figures: Figures,
    /// True when the run was ended before its time.
    pub cut_short: bool,
    /// Requests that counted, by objective.
    pub(super) asked: Vec<u64>,
    /// Peak of each zone: thousandths of a vCPU and MiB.
    pub(super) peaks: Vec<(String, u64, u64)>,
}

impl Trial {
    /// The first objective that did not hold.
    pub fn broken(&self) -> Option<usize> {
        self.measured.iter().position(|measured| !measured.holds)
    }
}

/// Figures of a run that tables show. A pure function of version, scenario, seed and trace.
#[derive(Clone, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Figures {
    /// Digest of the event log.
    pub digest: String,
    /// Virtual length in seconds.
    pub virtual_secs: f64,
    /// Events of the engine.
    pub events: u64,
    /// Requests sent.
    pub requests: u64,
    /// Instances created.
    pub created: u64,
    /// Requests refused, for whatever reason.
    pub rejected: u64,
    /// Regular requests refused for want of room, after the warm-up.
    pub no_room: u64,
    /// Share of them among the regular ones that found room or none, after the warm-up.
    pub rejection_rate: f64,
    /// Instances that live at the end.
    pub live: u64,
    /// Most instances at once.
    pub peak_instances: u64,
    /// Most vCPUs at once.
    pub peak_vcpus: f64,
    /// Most memory at once, in GiB.
    pub peak_memory_gib: f64,
    /// Hosts.
    pub hosts: u64,
    /// Sellable vCPUs.
    pub vcpus: f64,
    /// Memory in GiB.
    pub memory_gib: f64,
    /// Mean share of vCPUs placed, after the warm-up.
    pub vcpu_mean: f64,
    /// Largest share of vCPUs placed in any zone.
    pub vcpu_peak: f64,
    /// Mean share of memory placed, after the warm-up.
    pub memory_mean: f64,
    /// Largest share of memory placed in any zone.
    pub memory_peak: f64,
    /// Hosts without an instance at the end.
    pub empty_hosts: u64,
    /// Stranded vCPUs at the end.
    pub stranded_vcpus: f64,
    /// Stranded memory at the end, in GiB.
    pub stranded_memory_gib: f64,
    /// Median time to the answer of a granted request, microseconds of virtual time; 0 when nothing takes time.
    pub answer_p50_us: u64,
    /// Its 99th percentile.
    pub answer_p99_us: u64,
    /// Median time to the running instance.
    pub running_p50_us: u64,
    /// Its 99th percentile.
    pub running_p99_us: u64,
    /// Spot instances bought.
    pub spot_bought: u64,
    /// Of these told to go.
    pub spot_told: u64,
    /// Hours that spot instances lived, summed.
    pub spot_hours: f64,
    /// What they paid, in the currency of the prices.
    pub spot_paid: f64,
    /// What most placements without room were short of; empty when every one had room.
    pub short_of: String,
}

impl Figures {
    /// The figures of a summary, and of what the gauge counted.
    fn of(summary: &Summary, placed: Placed) -> Figures {
        let counts = &summary.requests;
        let total = |of: fn(&ZoneUse) -> f64| summary.zones.iter().map(of).sum::<f64>();
        let most = |of: fn(&ZoneUse) -> f64| summary.zones.iter().map(of).fold(0.0, f64::max);
        let (vcpus, memory_gib) = (total(|zone| zone.vcpus), total(|zone| zone.memory_gib));
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let stages = &summary.simulated_latency_us;
        // A stage with one outcome only is not split.
        let stage = |name: &str, outcome: Option<&str>| {
            let named = || stages.iter().filter(|stage| stage.stage == name);
            let stage = named().find(|stage| stage.outcome == outcome).or_else(|| named().next());
            stage.map_or((0, 0), |stage| (stage.percentiles.p50, stage.percentiles.p99))
        };
        let answer = stage(LatencyStage::Answer.name(), Some(Outcome::Created.name()));
        let running = stage(LatencyStage::Running.name(), None);
        let spot = summary.spot.as_ref();
        Figures {
            digest: summary.run.digest.clone(),
            virtual_secs: summary.run.virtual_secs,
            events: summary.engine.events,
            requests: counts.total,
            created: counts.created,
            rejected: counts.rejected,
            no_room: placed.no_room,
            rejection_rate: share(placed.no_room as f64, (placed.no_room + placed.created) as f64),
            live: counts.live,
            peak_instances: summary.peaks.instances,
            peak_vcpus: summary.peaks.vcpus,
            peak_memory_gib: summary.peaks.memory_gib,
            hosts: summary.packing.hosts,
            vcpus,
            memory_gib,
            vcpu_mean: share(total(|zone| zone.vcpu_mean * zone.vcpus), vcpus),
            vcpu_peak: most(|zone| zone.vcpu_peak),
            memory_mean: share(total(|zone| zone.memory_mean * zone.memory_gib), memory_gib),
            memory_peak: most(|zone| zone.memory_peak),
            empty_hosts: summary.packing.empty,
            stranded_vcpus: summary.packing.stranded_vcpus,
            stranded_memory_gib: summary.packing.stranded_memory_gib,
            answer_p50_us: answer.0,
            answer_p99_us: answer.1,
            running_p50_us: running.0,
            running_p99_us: running.1,
            spot_bought: spot.map_or(0, |spot| spot.bought),
            spot_told: spot.map_or(0, |spot| spot.interruptions.total()),
            spot_hours: spot.map_or(0.0, |spot| spot.instance_hours),
            spot_paid: spot.map_or(0.0, |spot| spot.cost),
            short_of: short_of(summary, placed).to_owned(),
        }
    }
}

/// What most requests without room were short of.
fn short_of(summary: &Summary, placed: Placed) -> &'static str {
    match summary.no_room.first() {
        Some(reason) if reason.count >= placed.no_disks => word(reason.reason),
        _ if placed.no_disks > 0 => "disks",
        _ => "",
    }
}

/// What a request without room was short of, in a word.
fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Memory => "memory",
        Reason::Cpu => "vCPUs",
        Reason::Gpu => "GPUs",
        Reason::LocalDisks => "local disks",
        Reason::Nics => "network cards",
        Reason::Numa => "NUMA nodes",
        Reason::State => "hosts in service",
        Reason::Set | Reason::SetFull => "hosts for a set",
        Reason::NoHosts | Reason::Class | Reason::Owner | Reason::Cluster | Reason::WrongHost => {
            "hosts of the kind"
        }
        Reason::Policy => "hosts that the policy takes",
    }
}

/// Runs a scenario on one seed.
///
/// # Errors
/// A trace that is missing or damaged, or a cloud that cannot be built.
pub(super) fn run(
    scenario: &Scenario,
    seed: u64,
    objectives: &[Objective],
    ask: Ask<'_>,
    turn: Option<Turn<'_>>,
) -> Result<Trial, SimError> {
    let mut own = scenario.clone();
    own.spec.seed = seed;
    let simulation = Simulation::new(&own, ask.folder, ask.trace)?;
    let mut gauge = Gauge::new(objectives, &own, &simulation, ask.strict, ask.asked);
    let over = || ask.stop.load(Ordering::Relaxed) || turn.is_some_and(|turn| turn.is_over());
    let watch = |_: &_| if over() { Go::Stop } else { Go::On };
    let summary = simulation.run_observed(None, &mut gauge, watch)?;
    let figures = Figures::of(&summary, gauge.placed());
    let (measured, asked) = gauge.finish();
    let peak = |zone: &ZoneUse| {
        let whole = |peak: f64, capacity: f64, unit: f64| (peak * capacity * unit).round() as u64;
        let cpu_milli = whole(zone.vcpu_peak, zone.vcpus, 1e3);
        (zone.zone.clone(), cpu_milli, whole(zone.memory_peak, zone.memory_gib, 1024.0))
    };
    let peaks = summary.zones.iter().map(peak).collect();
    Ok(Trial { seed, measured, figures, cut_short: summary.run.cut_short, asked, peaks })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One host for one instance, asked for ten times a day by those who stay an hour.
    const SCENARIO: &str = r#"
        duration = "40d"
        [[classes]]
        name = "one"
        vcpus = 2
        memory = "8GiB"
        [[pools]]
        zone = "cn-hangzhou-g"
        class = "one"
        hosts = 1
        [[workloads]]
        name = "calls"
        arrivals = { rate = "20/h" }
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }]
        [objectives]
    "#;

    /// How far a run got, in days, and whether it holds.
    fn length(objective: &str, strict: bool, asked: Option<u64>) -> (f64, bool) {
        let text = format!("{SCENARIO}{objective}");
        let scenario = Scenario::from_str(&text, "test.toml").expect("a sound scenario");
        let objectives = Objective::of(&scenario);
        let stop = AtomicBool::new(false);
        let asked = asked.map(|asked| vec![asked; objectives.len()]);
        let ask = Ask { folder: Path::new(""), trace: None, stop: &stop, strict, asked: asked.as_deref() };
        let trial = run(&scenario, 1, &objectives, ask, None).expect("a run");
        assert_eq!(trial.cut_short, trial.figures.virtual_secs < 40.0 * 86_400.0);
        (trial.figures.virtual_secs / 86_400.0, trial.broken().is_none())
    }

    #[test]
    fn a_run_ends_as_soon_as_it_has_failed_for_certain() {
        // Nearly all calls are lost. Of about 19,200 requests more than a hundredth is lost before the first day is over.
        let rate = "rejection_rate = 0.01";
        let (days, holds) = length(rate, true, Some(19_200));
        assert!(days < 1.0 && !holds, "{days}");
        // Without the number of requests nothing is certain before the end, and a table of figures needs whole runs.
        assert_eq!(length(rate, true, None), (40.0, false));
        assert_eq!(length(rate, false, Some(19_200)), (40.0, false));
        // The first window of a day is over after a day.
        let (days, holds) = length("rejection_rate = 0.01\nwindow = \"1d\"", true, None);
        assert!((1.0..1.1).contains(&days) && !holds, "{days}");
        // The first sample that finds no headroom, the first peak that survives no failure.
        for objective in ["headroom = 0.5", "survive = { hosts = 1 }"] {
            let (days, holds) = length(objective, true, None);
            assert!(days < 1.0 && !holds, "{objective}: {days}");
        }
        assert_eq!(length("rejection_rate = 1.0", true, Some(19_200)), (40.0, true));
    }
}
