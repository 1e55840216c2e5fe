//! What the cloud has to hold, and what a plan may change to make it so: `docs/planning.md`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::units::{At, Share, Span};

/// What has to hold: `[objectives]`. Everything is judged after the warm-up.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ObjectivesSpec {
    /// Rates and percentiles have to hold in every window of this length. Left out: over the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<At<Span>>,
    /// Largest share of sound requests that find no room; spot requests do not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejection_rate: Option<At<Share>>,
    /// The same for some types, some accounts, or spot requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rejections: Vec<RejectionSpec>,
    /// Percentiles of simulated latency.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub latency: Vec<LatencySpec>,
    /// Largest share of spot instances that are told to go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interruption_rate: Option<At<Share>>,
    /// The same for some types or some accounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub interruptions: Vec<InterruptionSpec>,
    /// Failures after which every instance finds another place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survive: Option<At<SurviveSpec>>,
    /// Least share of vCPUs and of memory that is free in each zone, at every sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headroom: Option<At<Share>>,
}

/// A rejection rate of a part of the requests: `[[objectives.rejections]]`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectionSpec {
    /// Name, for reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<At<String>>,
    /// Instance types that count. Left out: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<At<String>>,
    /// Accounts that count: an account class is the list of its accounts. Left out: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<At<String>>,
    /// Whose requests count.
    #[serde(default, skip_serializing_if = "RequestsOf::is_default")]
    pub of: RequestsOf,
    /// Largest share that is refused.
    pub most: At<Share>,
    /// Which refusals count.
    #[serde(default)]
    pub count: RejectionCount,
    /// Window, instead of that of `[objectives]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<At<Span>>,
}

/// Whose requests count. Without a spot market all requests are regular ones.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestsOf {
    /// Those that do not buy on the spot market.
    #[default]
    Regular,
    /// Those that do; a pool that its headroom has closed to them counts as no room.
    Spot,
    /// All.
    All,
}

impl RequestsOf {
    fn is_default(&self) -> bool {
        *self == RequestsOf::default()
    }
}

/// The share of spot instances that are told to go: `[[objectives.interruptions]]`. It is taken of all spot instances that
/// lived in the window at hand, or after the warm-up.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InterruptionSpec {
    /// Name, for reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<At<String>>,
    /// Instance types that count. Left out: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<At<String>>,
    /// Accounts that count. Left out: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<At<String>>,
    /// Largest share that is told to go.
    pub most: At<Share>,
    /// Window, instead of that of `[objectives]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<At<Span>>,
}

/// Which refusals count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RejectionCount {
    /// For want of room: no host, or no disk pool, had any. The share is of these and of what was created.
    #[default]
    NoRoom,
    /// Every refusal, for whatever reason. The share is of all requests.
    All,
}

/// A percentile of simulated latency: `[[objectives.latency]]`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencySpec {
    /// From the request to what.
    pub until: LatencyEnd,
    /// The percentile, such as `99.0`.
    pub percentile: At<f64>,
    /// What it may be at most.
    pub most: At<Span>,
    /// Window, instead of that of `[objectives]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<At<Span>>,
}

/// Where a latency ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LatencyEnd {
    /// The answer to a request that was granted.
    Created,
    /// The running instance.
    Running,
}

/// Failures that must be survived, one at a time, at every new peak of the load: every instance of what failed finds
/// another place. Which hosts fail is the worst case: those that are used most.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SurviveSpec {
    /// So many hosts of one zone at once; their instances go to other hosts of the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hosts: Option<At<u32>>,
    /// A rack of each zone; its instances go to other hosts of the zone.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rack: bool,
    /// A whole zone; its instances go to the other zones of its region.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub zone: bool,
    /// Only these zones fail. Left out: each one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<At<String>>,
}

/// What a plan may change, and how sure it has to be: `[plan]`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PlanSpec {
    /// Seeds that every setting is judged on: the scenario's `seed` and those after it.
    pub seeds: At<u32>,
    /// Confidence of every statement.
    pub confidence: At<Share>,
    /// How rates and percentiles of several seeds make one verdict.
    pub judge: Judge,
    /// Name of the unit of cost, for reports.
    pub currency: String,
    /// Settings that a search may try before it answers with the best one so far.
    pub most_settings: At<u32>,
    /// What may change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub knobs: Vec<At<KnobSpec>>,
}

impl Default for PlanSpec {
    fn default() -> Self {
        PlanSpec {
            seeds: At::default_of(20),
            confidence: At::default_of(Share::new(0.9).unwrap_or(Share::ALL)),
            judge: Judge::EverySeed,
            currency: String::new(),
            most_settings: At::default_of(500),
            knobs: Vec::new(),
        }
    }
}

/// How several seeds make one verdict.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Judge {
    /// Every objective holds on every seed: the statement is about the share of runs that hold.
    #[default]
    EverySeed,
    /// The mean of a rate or a percentile, plus its confidence bound by Student's t, is within the objective: the
    /// statement is about the long-run mean. Survival and headroom still hold on every seed.
    Mean,
}

/// One thing that a plan may change: any key of the scenario.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KnobSpec {
    /// Path of the key, as for `--set`: `pools.web.hosts`.
    pub key: At<String>,
    /// Least value that is tried (with `high`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<At<f64>>,
    /// Largest value that is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<At<f64>>,
    /// Distance of the values. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<At<f64>>,
    /// Unit that is written behind the number, such as `"TiB"`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// Cost of one more of the value. Negative: more of it is worth something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<At<f64>>,
    /// Values to choose from, instead of `low` and `high`: TOML values (names, lists of zones).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<serde_json::Value>")]
    pub values: Vec<toml::Value>,
    /// Cost of each of `values`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<f64>,
    /// Key of another knob: `costs` are for each one of its value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_per: Option<At<String>>,
}
