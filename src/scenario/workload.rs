//! The `[[workloads]]` blocks of a scenario: who asks for what, when, and for how long.
//!
//! A workload generates requests (`arrivals`, `closed_loop` or `fleet`, with a `mix`) or replays a `trace`. All tables are flat structs
//! with optional fields and a check afterwards, so that an unknown key or a missing one is told with its place.
//! `docs/workload.md` describes every key.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units::{At, Size, Span};

mod arrivals;
mod check;
mod check_generator;
mod check_trace;
mod client;
mod distribution;
mod distribution_spec;
mod fault;
mod load;
mod map;
mod operations;
mod trace;

pub use arrivals::{
    ArrivalsSpec, BatchSpec, BurstsSpec, CourseSpec, DaySpec, FlashSpec, GroupSpec, Spacing, StateSpec,
    WeekSpec,
};
pub use check::Known;
pub use client::{ClientSpec, Fallback, FleetSpec, LoopSpec, Remove, RetryOn, WaitFor};
pub use distribution::{Choice, Distribution};
pub use distribution_spec::{DistributionSpec, Law};
pub use fault::{Fault, FaultsSpec, Rows};
pub use load::{LoadModel, LoadSpec};
pub use map::{MapClass, MapNames, MapSizes, MapSpec};
pub use operations::{HabitsSpec, PauseSpec};
pub use trace::{MachineSpec, TraceFormat, TraceSpec};

/// Something wrong with a workload: what, and where in the scenario's text (an empty range: nowhere).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wrong {
    /// Bytes of the text.
    pub span: Range<usize>,
    /// What is wrong and what would be right: a fragment in lower case.
    pub what: String,
}

impl Wrong {
    /// Something wrong with a value that stands in the text.
    pub fn at<T>(value: &At<T>, what: impl Into<String>) -> Wrong {
        Wrong { span: value.span(), what: what.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Wrong {}

/// One workload: `[[workloads]]`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkloadSpec {
    /// Name, unique in the scenario. The workload's luck hangs on it: renaming draws other numbers.
    pub name: At<String>,
    /// Region that the requests go to. Default: the scenario's first region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<At<String>>,
    /// Weight of each zone of the region that gets requests. Default: all zones of the region alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<At<BTreeMap<String, f64>>>,
    /// Whether requests name their zone (`ZoneId`), or leave it to the vSwitch.
    #[serde(default = "yes")]
    pub name_zone: bool,
    /// Weight of each account that sends requests. Default: all accounts of the scenario alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<At<BTreeMap<String, f64>>>,
    /// A heavy tail among the accounts: weights 1, 2^-s, 3^-s ... in the order of the scenario; excludes `accounts`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_zipf: Option<At<f64>>,
    /// When requests arrive; excludes `trace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arrivals: Option<At<ArrivalsSpec>>,
    /// A fleet that scales up and down; excludes `arrivals` and `trace`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<At<FleetSpec>>,
    /// Clients that wait and think between their calls; excludes `arrivals`, `trace` and `fleet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_loop: Option<At<LoopSpec>>,
    /// A recorded workload to replay; excludes `arrivals` and `mix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<At<TraceSpec>>,
    /// What is asked for, by weight.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mix: Vec<At<MixSpec>>,
    /// Deployment groups that come and go together, instead of single requests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<At<GroupSpec>>,
    /// How far lifetimes hang on the account: each account's are multiplied by a factor of its own, lognormal with this
    /// sigma and mean 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_by_account: Option<At<f64>>,
    /// How long instances live from the moment they run. Needed where neither a mix entry nor a trace says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<At<DistributionSpec>>,
    /// Image of all requests that do not name their own. Default: a CentOS 7.6 system image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<At<String>>,
    /// System disk of all requests that do not name their own. Default: the API's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_disk: Option<At<SystemDiskSpec>>,
    /// Data disks of all requests that do not name their own. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_disks: Option<At<Vec<DataDiskSpec>>>,
    /// Further CreateInstance parameters of all requests, as on the wire.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
    /// CPU use of the instances of all mix entries that do not say their own. Default: none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<At<LoadSpec>>,
    /// What clients do when a call is refused. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<At<ClientSpec>>,
    /// Requests that are wrong on purpose.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faults: Option<At<FaultsSpec>>,
    /// False: a creation leaves the instance stopped, as CreateInstance does, until a script starts it.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub start: bool,
    /// What the customers do with their instances while they live.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operations: Option<At<HabitsSpec>>,
}

impl WorkloadSpec {
    /// True when nothing of it arrives by itself: a fleet or a closed loop, which answer to what the run does.
    pub fn is_on_demand(&self) -> bool {
        self.fleet.is_some() || self.closed_loop.is_some()
    }
}

fn is_true(flag: &bool) -> bool {
    *flag
}

fn yes() -> bool {
    true
}

/// One kind of request of a workload: `[[workloads.mix]]`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixSpec {
    /// Instance type, of the catalog or of the scenario.
    #[serde(rename = "type")]
    pub instance_type: At<String>,
    /// Types that a client asks for instead, in turn, when there is no room (`client.fallback`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<At<String>>,
    /// How often it is asked for, beside the others' weights.
    #[serde(default = "one")]
    pub weight: At<f64>,
    /// How the weight moves while the run goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<At<DriftSpec>>,
    /// How long these instances live, instead of the workload's `lifetime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<At<DistributionSpec>>,
    /// Image, instead of the workload's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<At<String>>,
    /// CPU use, instead of the workload's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<At<LoadSpec>>,
    /// System disk, instead of the workload's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_disk: Option<At<SystemDiskSpec>>,
    /// Data disks, instead of the workload's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_disks: Option<At<Vec<DataDiskSpec>>>,
    /// Further CreateInstance parameters as on the wire; a name that the workload has too is replaced.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

fn one() -> At<f64> {
    At::default_of(1.0)
}

/// A weight that moves in a straight line, and then stays.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DriftSpec {
    /// The weight that it moves to.
    pub to: At<f64>,
    /// When it is reached, from the start of the run.
    pub by: At<Span>,
}

/// A system disk. What is left out is left out of the request.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemDiskSpec {
    /// Category, such as `cloud_efficiency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<At<String>>,
    /// Size, sent in whole GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<At<Size>>,
    /// Performance level of `cloud_essd`: `PL1` to `PL3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_level: Option<At<String>>,
}

/// Data disks of one kind.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataDiskSpec {
    /// Category, such as `cloud_ssd`. Default: the API's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<At<String>>,
    /// Size, sent in whole GiB.
    pub size: At<Size>,
    /// Performance level of `cloud_essd`: `PL1` to `PL3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_level: Option<At<String>>,
    /// How many of them.
    #[serde(default = "one_disk")]
    pub count: At<u32>,
}

fn one_disk() -> At<u32> {
    At::default_of(1)
}
