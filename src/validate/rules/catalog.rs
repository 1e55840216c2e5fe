//! C1 to C7: is the named thing sold?

use crate::api::Param;
use crate::validate::cx::Cx;
use crate::world::{TypeRow, ZoneStatus};

/// The type exists and this holds of it.
fn of_type(cx: &Cx<'_>, holds: impl Fn(&TypeRow) -> bool) -> bool {
    cx.row().is_some_and(holds)
}

pub(in crate::validate) fn suspended(cx: &Cx<'_>) -> bool {
    cx.region.is_some_and(|(_, region)| region.sales_suspended)
}

/// R44.
pub(in crate::validate) fn type_unknown(cx: &Cx<'_>) -> bool {
    cx.instance_type.is_none()
}

/// R45.
pub(in crate::validate) fn offline(cx: &Cx<'_>) -> Option<String> {
    let name = cx.text(Param::InstanceType)?;
    of_type(cx, |row| row.offline).then(|| format!("The specified InstanceType {name} is offline."))
}

/// R45.
pub(in crate::validate) fn family(cx: &Cx<'_>) -> bool {
    cx.region.is_some_and(|(_, region)| of_type(cx, |row| region.unsupported_families.has(row.family)))
}

/// R45, O43.
pub(in crate::validate) fn authorized(cx: &Cx<'_>) -> bool {
    !cx.on_host
        && cx.instance_type.is_some_and(|(at, row)| row.restricted && !cx.account.types_granted.has(at))
}

/// R45, O43.
pub(in crate::validate) fn authorized_on_host(cx: &Cx<'_>) -> bool {
    cx.on_host
        && cx
            .instance_type
            .is_some_and(|(at, row)| row.host_restricted && !cx.account.host_types_granted.has(at))
}

/// R50.
pub(in crate::validate) fn credit_not_burstable(cx: &Cx<'_>) -> Option<String> {
    let name = cx.text(Param::InstanceType)?;
    (cx.req.has(Param::CreditSpecification) && of_type(cx, |row| !row.burstable))
        .then(|| format!("CreditSpecification does not match instance type {name}."))
}

/// R51.
pub(in crate::validate) fn credit_region(cx: &Cx<'_>) -> bool {
    cx.region.is_some_and(|(_, region)| match cx.text(Param::CreditSpecification) {
        Some("Standard") => !region.credit_standard,
        Some("Unlimited") => !region.credit_unlimited,
        _ => false,
    })
}

/// R48.
pub(in crate::validate) fn not_optimizable(cx: &Cx<'_>) -> bool {
    cx.optimized && of_type(cx, |row| !row.io_optimized)
}

/// R48.
pub(in crate::validate) fn must_be_optimized(cx: &Cx<'_>) -> bool {
    !cx.optimized && of_type(cx, |row| !row.io_none)
}

/// R65, G5.
pub(in crate::validate) fn zone_unknown_or_disabled(cx: &Cx<'_>) -> Option<String> {
    let (zone, region) = (cx.text(Param::ZoneId)?, cx.text(Param::RegionId)?);
    cx.zone
        .is_none_or(|(_, row)| row.status == ZoneStatus::Disabled)
        .then(|| format!("The specified zone {zone} is disabled or does not exist in region {region}."))
}

/// R65.
pub(in crate::validate) fn zone_not_granted(cx: &Cx<'_>) -> bool {
    cx.zone.is_some_and(|(at, zone)| zone.gated && !cx.account.zones_granted.has(at))
}

/// R65.
pub(in crate::validate) fn zone_not_on_sale(cx: &Cx<'_>) -> bool {
    cx.zone.is_some_and(|(_, zone)| zone.status == ZoneStatus::NotOnSale)
}

/// R65.
pub(in crate::validate) fn zone_creation_frozen(cx: &Cx<'_>) -> bool {
    cx.zone.is_some_and(|(_, zone)| !zone.create_allowed)
}

/// R68.
pub(in crate::validate) fn cluster_unknown(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::ClusterId) && cx.cluster.is_none()
}

/// R68.
pub(in crate::validate) fn cluster_foreign(cx: &Cx<'_>) -> bool {
    cx.cluster.is_some_and(|(_, cluster)| cluster.owner.is_some_and(|owner| owner != cx.account_ix.0))
}

/// R68.
pub(in crate::validate) fn cluster_region(cx: &Cx<'_>) -> bool {
    cx.cluster.is_some_and(|(_, cluster)| Some(cluster.region) != cx.region_ix())
}

/// R68.
pub(in crate::validate) fn cluster_zone(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::ZoneId)
        && cx.cluster.is_some_and(|(_, cluster)| Some(cluster.zone) != cx.zone.map(|(at, _)| at))
}

/// R69, G6.
pub(in crate::validate) fn node_unknown(cx: &Cx<'_>) -> bool {
    if !cx.req.has(Param::NodeControllerId) {
        return false;
    }
    let Some((_, node)) = cx.node else { return true };
    let Some(cluster) = cx.world.clusters.get(node.cluster) else { return true };
    Some(cluster.region) != cx.region_ix()
        || cx.cluster.is_some_and(|(at, _)| at != node.cluster)
        || cx.zone.is_some_and(|(at, _)| at != cluster.zone)
}

/// R69.
pub(in crate::validate) fn node_unavailable(cx: &Cx<'_>) -> bool {
    cx.node.is_some_and(|(_, node)| !node.available)
}

/// R67.
pub(in crate::validate) fn zone_type(cx: &Cx<'_>) -> bool {
    carries_not(cx, cx.named_zone)
}

/// The zone does not carry the type.
pub(super) fn carries_not(cx: &Cx<'_>, zone: Option<u32>) -> bool {
    zone.and_then(|at| cx.world.zones.get(at))
        .is_some_and(|zone| cx.instance_type.is_some_and(|(at, _)| zone.unsupported_types.has(at)))
}

/// Whether any check of C2 fires: one call for the many requests of which none does.
pub(in crate::validate) fn type_refused(cx: &Cx<'_>) -> bool {
    type_unknown(cx)
        || offline(cx).is_some()
        || family(cx)
        || authorized(cx)
        || authorized_on_host(cx)
        || credit_not_burstable(cx).is_some()
        || credit_region(cx)
}

/// Whether any check of C3 fires: one call for the many requests of which none does.
pub(in crate::validate) fn io_mismatch(cx: &Cx<'_>) -> bool {
    not_optimizable(cx) || must_be_optimized(cx)
}
