//! What a run ends with: every figure of the report, as data.

use serde::Serialize;

use crate::metrics::{CostStage, EngineCost, Percentiles};
use crate::placement::Reason;
use crate::spot::market::SpotSummary;

use super::nodes::NodeReport;
use super::operations::OperationsSummary;
pub use super::summary_money::{
    AccountBill, BillingSummary, ChargeAmount, ClientSummary, ContentionSummary, CreditSummary, FleetSummary,
    LoopSummary,
};

/// Version of the summary's layout; it changes whenever a field changes its name or meaning.
pub const SUMMARY_SCHEMA: &str = "packyard-summary/2";

/// The result of one run. Everything but [`Summary::engine`] is a pure function of version, scenario, seed and
/// trace; `engine` is about this machine.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// [`SUMMARY_SCHEMA`].
    pub schema: &'static str,
    /// What ran.
    pub run: RunInfo,
    /// Requests and what became of them, over the whole run.
    pub requests: RequestCounts,
    /// Why placements found no room, most frequent first.
    pub no_room: Vec<ReasonCount>,
    /// Peaks over the whole run.
    pub peaks: Peaks,
    /// Simulated latency in microseconds of virtual time, after the warm-up: each stage over all outcomes, followed
    /// by its parts by outcome where there were several.
    pub simulated_latency_us: Vec<Stage>,
    /// Use of each zone, after the warm-up (peaks: whole run).
    pub zones: Vec<ZoneUse>,
    /// Hosts at the end of the run.
    pub packing: Packing,
    /// Money, when the scenario has bills.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<BillingSummary>,
    /// CPU use and contention of hosts, when a workload says how its instances use their CPU.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contention: Option<ContentionSummary>,
    /// CPU credits, when there were burstable instances with a load.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credits: Option<CreditSummary>,
    /// What clients did, when a workload has a client, is a fleet or a closed loop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clients: Option<ClientSummary>,
    /// The spot market, when the scenario has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot: Option<SpotSummary>,
    /// Operations of the API, dedicated hosts, disk pools and sets; none in a scenario without them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operations: Option<OperationsSummary>,
    /// Failures and maintenance of hosts, where the scenario has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodes: Option<NodeReport>,
    /// What this machine spent.
    pub engine: Engine,
}

/// What ran.
#[derive(Clone, Debug, Serialize)]
pub struct RunInfo {
    /// Version of Packyard.
    pub version: &'static str,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of all chance.
    pub seed: u64,
    /// Placement policy.
    pub policy: String,
    /// Digest of the event log.
    pub digest: String,
    /// Virtual length in seconds.
    pub virtual_secs: f64,
    /// Warm-up in seconds: left out of latencies and means.
    pub warmup_secs: f64,
    /// True when the run was interrupted: the figures cover what ran until then.
    pub cut_short: bool,
}

/// Requests and what became of them.
#[derive(Clone, Debug, Serialize)]
pub struct RequestCounts {
    /// Requests sent: `created + rejected + replayed + unanswered`.
    pub total: u64,
    /// Instances created.
    pub created: u64,
    /// Requests refused.
    pub rejected: u64,
    /// Requests that repeated a finished call with its client token and got its answer again.
    pub replayed: u64,
    /// Requests still in the control plane when the run was interrupted; zero at a regular end.
    pub unanswered: u64,
    /// Instances released.
    pub released: u64,
    /// Instances that live at the end: `created - released`.
    pub live: u64,
    /// Refusals by status and code, most frequent first.
    pub rejected_by_code: Vec<CodeCount>,
}

/// Refusals with one answer.
#[derive(Clone, Debug, Serialize)]
pub struct CodeCount {
    /// HTTP status.
    pub status: u16,
    /// Error code of the API.
    pub code: String,
    /// How many.
    pub count: u64,
}

/// Placements that found no room for one reason.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ReasonCount {
    /// The constraint that removed the last hosts.
    pub reason: Reason,
    /// How many.
    pub count: u64,
}

/// Largest values over the whole run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Peaks {
    /// Instances that held a place.
    pub instances: u64,
    /// vCPUs placed.
    pub vcpus: f64,
    /// Memory placed in GiB.
    pub memory_gib: f64,
}

/// Percentiles of one stage.
#[derive(Clone, Debug, Serialize)]
pub struct Stage {
    /// Name of the stage.
    pub stage: &'static str,
    /// Outcome of the requests that are counted; left out where all are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
    /// Its percentiles.
    #[serde(flatten)]
    pub percentiles: Percentiles,
}

/// Use of one zone.
#[derive(Clone, Debug, Serialize)]
pub struct ZoneUse {
    /// Zone id.
    pub zone: String,
    /// Hosts.
    pub hosts: u64,
    /// Sellable vCPUs.
    pub vcpus: f64,
    /// Memory in GiB.
    pub memory_gib: f64,
    /// Mean share of vCPUs placed, over time.
    pub vcpu_mean: f64,
    /// Peak share of vCPUs placed.
    pub vcpu_peak: f64,
    /// Mean share of memory placed, over time.
    pub memory_mean: f64,
    /// Peak share of memory placed.
    pub memory_peak: f64,
}

/// How full the hosts are at the end of the run.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Packing {
    /// All hosts.
    pub hosts: u64,
    /// Hosts that take no instances at the end: draining or failed.
    pub down: u64,
    /// Hosts without an instance, as the next two among those that take some.
    pub empty: u64,
    /// Hosts with an instance and room for another one of the mix.
    pub partly: u64,
    /// Hosts with an instance and no room for any of the mix.
    pub full: u64,
    /// Free vCPUs on hosts that have no room for any instance type of the mix: stranded.
    pub stranded_vcpus: f64,
    /// Free memory on such hosts in GiB.
    pub stranded_memory_gib: f64,
}

/// What this machine spent: wall time and memory. Never part of a comparison of results.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Engine {
    /// Events of the engine.
    pub events: u64,
    /// Wall seconds of the run (without reading the scenario).
    pub wall_secs: f64,
    /// Events a second of wall time.
    pub events_per_sec: f64,
    /// Requests a second of wall time.
    pub requests_per_sec: f64,
    /// Largest resident memory of this process in MiB; zero where the system does not tell.
    pub peak_memory_mib: f64,
    /// Cost by stage in nanoseconds of wall time, one in seventeen measured.
    pub cost_ns: Vec<Stage>,
}

impl Summary {
    /// Fills in what the run cost on this machine: measured stages, wall seconds, largest resident memory in MiB.
    pub fn measured(&mut self, cost: &EngineCost, wall_secs: f64, peak_memory_mib: f64) {
        let a_second = |count: u64| count as f64 / wall_secs.max(1e-9);
        self.engine = Engine {
            events: self.engine.events,
            wall_secs,
            events_per_sec: a_second(self.engine.events),
            requests_per_sec: a_second(self.requests.total),
            peak_memory_mib,
            cost_ns: CostStage::ALL
                .into_iter()
                .map(|stage| Stage {
                    stage: stage.name(),
                    outcome: None,
                    percentiles: cost.percentiles(stage),
                })
                .collect(),
        };
    }
}
