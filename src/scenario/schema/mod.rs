//! The scenario file as written: one struct a table, with its defaults.
//!
//! Strict: no key passes unread. No enum here is untagged and nothing is flattened, because both would lose the
//! place of an error. The documentation of each field is its description in the JSON schema.

mod cloud;
mod customers;
mod money;
mod node_list;
mod nodes;
mod operations;
mod spot;

use std::collections::BTreeMap;
mod objectives;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use cloud::{
    ClassSpec, ControlPlaneSpec, DedicatedHostSpec, DiskPoolSpec, GpuShareSpec, GpuSpec, LocalDiskKind,
    LocalDiskSpec, PoolSpec, RegionSpec, TypeSpec,
};
pub use customers::{AccountSpec, Charge, ImageSpec, NetworkSpec};
pub use money::{BillingSpec, Due, PaymentSpec, PricesSpec, TypePriceSpec};
pub use node_list::NodeListSpec;
pub use nodes::{BootSpec, EventSpec, FailuresSpec, MaintenanceSpec, Recover};
pub use objectives::{
    InterruptionSpec, Judge, KnobSpec, LatencyEnd, LatencySpec, ObjectivesSpec, PlanSpec, RejectionCount,
    RejectionSpec, RequestsOf, SurviveSpec,
};
pub use operations::OperationSpec;
pub use spot::{
    FleetStrategy, HeadroomPolicy, HeadroomSpec, PriceModel, PriceSpec, SpotFleetSpec, SpotOverrideSpec,
    SpotSpec, VictimsSpec,
};

use super::units::{At, Date, Span};
use super::workload::WorkloadSpec;

/// A scenario: what the cloud is made of, who asks it for what, and how long.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScenarioSpec {
    /// Name of the scenario, for reports.
    pub name: String,
    /// What the scenario is for, in a sentence.
    pub description: String,
    /// Root of all chance: the same seed gives the same run.
    pub seed: u64,
    /// Moment of the calendar at which the run starts; date-bound rules and diurnal load follow it.
    pub start: Date,
    /// Length of the run in virtual time. `"forever"` ends with the last event, for traces that end.
    pub duration: At<Span>,
    /// First part of the run, left out of the statistics.
    pub warmup: At<Span>,
    /// Placement policy.
    #[schemars(extend("anyOf" = [{ "enum": super::POLICIES }, { "pattern": "^power-of-[1-9][0-9]*$" }]))]
    pub policy: At<String>,
    /// Parameters in `params` that CreateInstance does not have are errors. Left out: they are ignored, as on the wire.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub strict_params: bool,
    /// How long the control plane takes. Left out: it takes no time at all (`instant = true`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_plane: Option<ControlPlaneSpec>,
    /// Hosts that fail. Left out: none does, but those that `[[events]]` name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failures: Option<FailuresSpec>,
    /// How hosts are emptied for maintenance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance: Option<MaintenanceSpec>,
    /// Networks of the accounts.
    pub network: NetworkSpec,
    /// What the report shows.
    pub report: ReportSpec,
    /// The spot market. Left out: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot: Option<SpotSpec>,
    /// Regions and their zones. Left out: the catalog's regions of the zones that pools name.
    pub regions: Vec<RegionSpec>,
    /// Host classes beside the catalog's dedicated-host types.
    pub classes: Vec<ClassSpec>,
    /// Pools of hosts (node controllers).
    pub pools: Vec<PoolSpec>,
    /// Hosts from lists of nodes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub node_lists: Vec<NodeListSpec>,
    /// Hosts that belong to one account.
    pub dedicated_hosts: Vec<DedicatedHostSpec>,
    /// Disk pools. A zone and category without one has room for everything.
    pub disk_pools: Vec<DiskPoolSpec>,
    /// Instance types beside the catalog's.
    pub types: Vec<TypeSpec>,
    /// Public images beside the catalog's.
    pub images: Vec<ImageSpec>,
    /// Facts of the world beside those that follow from the rest, by kind and name, under the names of the conformance
    /// fixtures: `[world.accounts.1000000001]` with `arrears = true`.
    #[serde(skip_serializing_if = "is_empty")]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub world: At<toml::Table>,
    /// Bills. Left out: nothing costs anything, unless there are `prices`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing: Option<BillingSpec>,
    /// Prices of the scenario's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<PricesSpec>,
    /// Accounts. Left out: one, `1000000001`, without limits.
    pub accounts: Vec<AccountSpec>,
    /// What happens to hosts at set times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventSpec>,
    /// Who asks for what, when, and for how long.
    pub workloads: Vec<WorkloadSpec>,
    /// Operations of the API that are sent at given moments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<OperationSpec>,
    /// What the cloud has to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub objectives: Option<ObjectivesSpec>,
    /// What a plan may change to make it hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanSpec>,
}

impl Default for ScenarioSpec {
    fn default() -> Self {
        ScenarioSpec {
            name: String::new(),
            description: String::new(),
            seed: 1,
            start: Date(crate::model::Utc(1_567_382_400)), // Monday 2019-09-02, 00:00 UTC
            duration: At::default_of(Span::secs(86_400)),
            warmup: At::default_of(Span::secs(0)),
            policy: At::default_of("best-fit".to_owned()),
            strict_params: false,
            control_plane: None,
            failures: None,
            maintenance: None,
            network: NetworkSpec::default(),
            report: ReportSpec::default(),
            spot: None,
            regions: Vec::new(),
            classes: Vec::new(),
            pools: Vec::new(),
            node_lists: Vec::new(),
            dedicated_hosts: Vec::new(),
            disk_pools: Vec::new(),
            types: Vec::new(),
            images: Vec::new(),
            world: At::default_of(toml::Table::new()),
            billing: None,
            prices: None,
            accounts: Vec::new(),
            events: Vec::new(),
            workloads: Vec::new(),
            operations: Vec::new(),
            objectives: None,
            plan: None,
        }
    }
}

fn is_empty(table: &At<toml::Table>) -> bool {
    table.get().is_empty()
}

/// What the report shows.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportSpec {
    /// Distance of the samples of the time series.
    pub interval: At<Span>,
}

impl Default for ReportSpec {
    fn default() -> Self {
        ReportSpec { interval: At::default_of(Span::secs(600)) }
    }
}
