//! What a plan came to: the answer and what is said about it.

use serde::Serialize;

use super::statistics::Interval;
use super::trials::Standing;

/// Version of the plan's layout; it changes whenever a field changes its name or meaning.
pub const PLAN_SCHEMA: &str = "packyard-plan/1";

/// What a plan came to. A pure function of version, scenario, seeds and trace.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Plan {
    /// [`PLAN_SCHEMA`].
    pub schema: &'static str,
    /// Version of Packyard.
    pub version: &'static str,
    /// Name of the scenario.
    pub scenario: String,
    /// Placement policy.
    pub policy: String,
    /// Name of the unit of cost; may be empty.
    pub currency: String,
    /// What the statements rest on.
    pub basis: Basis,
    /// What has to hold.
    pub objectives: Vec<Goal>,
    /// What may change.
    pub knobs: Vec<KnobLine>,
    /// The smallest setting that could do without any refusal, by the volume of the peak; the search begins there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bound: Option<Setting>,
    /// The answer; none when nothing within the bounds holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// When nothing holds: how the objectives stand where everything is at its top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_the_way: Option<InTheWay>,
    /// What one step more or less of each knob does.
    pub sensitivity: Vec<Neighbour>,
    /// Cost against rejection, cheapest first.
    pub frontier: Vec<FrontierPoint>,
    /// The answer on seeds that the search never saw.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
    /// Settings and runs that the search took.
    pub effort: Effort,
}

/// What the statements of a plan rest on.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Basis {
    /// First seed.
    pub first_seed: u64,
    /// Number of seeds.
    pub seeds: u32,
    /// Confidence.
    pub confidence: f64,
    /// `every-seed` or `mean`.
    pub judge: &'static str,
    /// With this confidence at least this share of all seeds holds (Wilks); only where every seed has to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reliability: Option<f64>,
}

/// One objective.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Goal {
    /// Its name.
    pub name: String,
    /// `at most` or `at least`.
    pub sense: &'static str,
    /// The limit.
    pub limit: f64,
    /// `share`, `us` or `instances`.
    pub unit: &'static str,
    /// Length of the windows in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_secs: Option<f64>,
}

/// One knob.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct KnobLine {
    /// Its key.
    pub key: String,
    /// The cheapest value.
    pub from: String,
    /// The dearest value.
    pub to: String,
    /// Number of values.
    pub values: usize,
}

/// A setting and what it costs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Setting {
    /// Key and value of each knob.
    pub values: Vec<(String, String)>,
    /// What it costs.
    pub cost: f64,
    /// Hosts in all.
    pub hosts: u64,
}

/// The cheapest setting that holds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Answer {
    /// The setting.
    pub setting: Setting,
    /// How each objective stands there.
    pub standings: Vec<Standing>,
    /// Rejection rate over the seeds, after the warm-up.
    pub rejection_rate: Interval,
    /// Largest share of vCPUs placed in any zone, mean over the seeds.
    pub vcpu_peak: f64,
    /// Largest share of memory placed in any zone, mean over the seeds.
    pub memory_peak: f64,
    /// What requests without room were short of, here or one step below.
    pub binds: String,
    /// The spot market there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot: Option<SpotUse>,
}

/// Spot instances of a setting, over whole runs.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SpotUse {
    /// How many live at a time, over the seeds.
    pub instances: Interval,
    /// Share of those bought that were told to go, over the seeds.
    pub told_to_go: Interval,
    /// What they paid, in the currency of the prices; mean over the seeds.
    pub paid: f64,
}

/// Why nothing holds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct InTheWay {
    /// The objective that is missed.
    pub objective: String,
    /// The setting with everything at its top.
    pub setting: Setting,
    /// How each objective stands there.
    pub standings: Vec<Standing>,
    /// What requests without room were short of there.
    pub binds: String,
}

/// A setting one step from the answer.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Neighbour {
    /// Key of the knob that moved.
    pub key: String,
    /// By how much.
    pub change: String,
    /// Its value there.
    pub value: String,
    /// Cost beside the answer's.
    pub cost_change: f64,
    /// Whether every objective holds.
    pub holds: bool,
    /// The first objective that does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub broken: Option<String>,
    /// Seeds on which that one does not hold.
    pub failed_seeds: u32,
    /// Rejection rate over the seeds.
    pub rejection_rate: Interval,
    /// What requests without room were short of.
    pub binds: String,
}

/// A point of the frontier.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FrontierPoint {
    /// The setting.
    pub setting: Setting,
    /// Rejection rate over the seeds.
    pub rejection_rate: Interval,
    /// Whether every objective holds.
    pub holds: bool,
    /// True for the answer.
    pub answer: bool,
}

/// The answer on fresh seeds.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Verified {
    /// First fresh seed.
    pub first_seed: u64,
    /// Fresh seeds.
    pub seeds: u32,
    /// Those on which every objective held.
    pub held: u32,
    /// Two-sided bounds of the share that holds (Clopper and Pearson), at the plan's confidence.
    pub share: [f64; 2],
}

/// What a search took.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Effort {
    /// Settings that were judged.
    pub settings: u32,
    /// Runs that were needed.
    pub runs: u64,
    /// False when the plan's number of settings ended the search: the answer may then not be the cheapest.
    pub complete: bool,
}

impl Plan {
    /// A run that shows the plan: the setting that was found, or the one that comes closest, on the seed on which the
    /// objective with the least margin stands worst.
    pub fn example(&self) -> Option<(&Setting, u64)> {
        let found = self.answer.as_ref().map(|answer| (&answer.setting, &answer.standings));
        let closest = self.in_the_way.as_ref().map(|way| (&way.setting, &way.standings));
        let (setting, standings) = found.or(closest)?;
        Some((setting, tightest(standings)?))
    }
}

/// The seed on which the objective with the least margin stands worst.
pub(super) fn tightest(standings: &[Standing]) -> Option<u64> {
    let least = standings.iter().min_by(|a, b| a.margin.total_cmp(&b.margin));
    least.map(|standing| standing.worst_seed)
}
