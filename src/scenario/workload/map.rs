use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::At;

/// How the records of a trace become CreateInstance requests: `[workloads.trace.map]`.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapSpec {
    /// What a size becomes. Default: `exact`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<At<MapSizes>>,
    /// Families of the catalog that sizes are mapped to. Default: all current ones without local disks that are not
    /// burstable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub families: Option<At<Vec<String>>>,
    /// Type of single sizes or types of the trace, whatever `sizes` says: `{ "2c-7g" = "ecs.g5.large" }`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub types: Option<At<BTreeMap<String, String>>>,
    /// What the trace's accounts become. Default: `named` in our own formats, `spread` in others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accounts: Option<At<MapNames>>,
    /// What the trace's zones become. Default: as for accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<At<MapNames>>,
    /// What the classes of the trace (priority, quality of service, type of job) mean.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub classes: BTreeMap<String, MapClass>,
}

/// What sizes become.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MapSizes {
    /// A type of the run with exactly this size, family `ecs.trace`.
    Exact,
    /// The catalog type whose size differs least, up or down: by the sum of the ratios' logarithms.
    Nearest,
    /// The catalog type that holds the size with the least to spare, by the same measure.
    Cover,
}

/// What names become.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MapNames {
    /// Those of the scenario with the same name.
    Named,
    /// Those of the workload, by weight: always the same for the same name.
    Spread,
    /// Any of the workload, by weight, drawn for each batch (accounts) or record (zones).
    Ignore,
}

/// What a class of a trace means.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapClass {
    /// Whether its instances are spot instances. Default: as the trace says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spot: Option<bool>,
    /// A priority, sent as the tag `priority`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Further CreateInstance parameters, as on the wire.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}
