use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::units::At;

/// Hosts from a list of nodes: `[[node_lists]]`. Each line is a host, in order of file, after those of the pools.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeListSpec {
    /// The file, plain or compressed, relative to the scenario's folder: a node list of openb (`cpu_milli`, `memory_mib`,
    /// `gpu`, `model`) or of the Alibaba spot-GPU trace of 2026 (`gpu_model`, `gpu_capacity_num`, `cpu_num`).
    pub path: At<String>,
    /// Zone of the hosts.
    pub zone: At<String>,
    /// Whether hosts without GPUs are left out.
    #[serde(default)]
    pub gpu_only: bool,
    /// Families of instance types that the hosts serve; `"*"` for all.
    #[serde(default = "every_family")]
    pub families: Vec<At<String>>,
}

fn every_family() -> Vec<At<String>> {
    vec![At::default_of("*".to_owned())]
}
