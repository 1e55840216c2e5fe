//! E1 and E2: HPC clusters and deployment sets.

use crate::api::Param;
use crate::validate::cx::Cx;
use crate::world::{DeploymentSet, HpcCluster};

fn names_hpc(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::HpcClusterId)
}

fn requires_hpc(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| row.requires_hpc)
}

fn named_hpc<'a>(cx: &Cx<'a>) -> Option<&'a HpcCluster> {
    let cluster = cx.text(Param::HpcClusterId).and_then(|id| cx.world.hpc_clusters.entry(id));
    cluster.map(|(_, cluster)| cluster).filter(|cluster| Some(cluster.region) == cx.region_ix())
}

pub(in crate::validate) fn hpc(cx: &Cx<'_>) -> bool {
    names_hpc(cx) || requires_hpc(cx)
}

/// R165.
pub(in crate::validate) fn hpc_needed(cx: &Cx<'_>) -> bool {
    requires_hpc(cx) && !names_hpc(cx)
}

/// R165.
pub(in crate::validate) fn hpc_not_needed(cx: &Cx<'_>) -> bool {
    names_hpc(cx) && !requires_hpc(cx)
}

/// R165.
pub(in crate::validate) fn hpc_unknown(cx: &Cx<'_>) -> bool {
    names_hpc(cx) && named_hpc(cx).is_none()
}

/// R165.
pub(in crate::validate) fn hpc_creating(cx: &Cx<'_>) -> bool {
    named_hpc(cx).is_some_and(|cluster| cluster.creating)
}

fn names_set(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::DeploymentSetId)
}

fn named_set<'a>(cx: &Cx<'a>) -> Option<&'a DeploymentSet> {
    let set = cx.text(Param::DeploymentSetId).and_then(|id| cx.world.sets.entry(id));
    set.map(|(_, set)| set).filter(|set| Some(set.region) == cx.region_ix())
}

/// R164.
pub(in crate::validate) fn set_unknown(cx: &Cx<'_>) -> bool {
    names_set(cx) && named_set(cx).is_none()
}

/// R164.
pub(in crate::validate) fn set_on_host(cx: &Cx<'_>) -> Option<String> {
    let id = cx.text(Param::DeploymentSetId)?;
    (cx.on_host && named_set(cx).is_some_and(|set| !set.dedicated_host_supported))
        .then(|| format!("The deployment set {id} does not support dedicated hosts."))
}

/// R164.
pub(in crate::validate) fn set_type(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| named_set(cx).is_some_and(|set| set.unsupported_families.has(row.family)))
}
