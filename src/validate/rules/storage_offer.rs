//! T1, T2, T6: size of the system disk, offers of each category from the widest scope to the narrowest, and what the
//! operator has frozen.

use crate::api::Param;
use crate::validate::cx::Cx;
use crate::world::{CategoryIx, CategorySet};

/// R96, O13.
pub(in crate::validate) fn default_size(cx: &Cx<'_>) -> Option<String> {
    (!cx.req.has(Param::SystemDiskSize) && cx.system_gib > 500).then(|| {
        format!("The system disk size {} derived from the image is out of the range 20-500.", cx.system_gib)
    })
}

/// R95.
pub(in crate::validate) fn image_size(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::SystemDiskSize)
        && cx.image.is_some_and(|(_, image)| cx.system_gib < i64::from(image.size_gib))
}

/// O13.
pub(in crate::validate) fn category_max(cx: &Cx<'_>) -> bool {
    cx.system_category
        .is_some_and(|category| cx.system_gib > i64::from(cx.world.category(category).system_max_gib))
}

/// R122.
pub(in crate::validate) fn withdrawn(cx: &Cx<'_>) -> bool {
    cx.region.is_some_and(|(_, region)| cx.categories.meets(region.withdrawn_categories))
}

/// R122.
pub(in crate::validate) fn system_region(cx: &Cx<'_>) -> Option<String> {
    let (category, (_, region)) = cx.system_category.zip(cx.region)?;
    (!region.system_categories.has(category)).then(|| not_supported(cx, "SystemDisk.Category", category))
}

/// R122.
pub(in crate::validate) fn data_region(cx: &Cx<'_>) -> Option<String> {
    let (_, region) = cx.region?;
    if cx.data_categories.minus(region.data_categories).is_empty() {
        return None;
    }
    cx.disks.iter().find_map(|disk| {
        let category = disk.category.filter(|category| !region.data_categories.has(*category))?;
        Some(not_supported(cx, &format!("{}.Category", super::disk_name(disk)), category))
    })
}

fn not_supported(cx: &Cx<'_>, parameter: &str, category: CategoryIx) -> String {
    let region = cx.text(Param::RegionId).unwrap_or_default();
    let category = cx.world.category_name(category);
    format!("The specified {parameter} {category} is not supported in region {region}.")
}

/// R99.
pub(in crate::validate) fn system_io(cx: &Cx<'_>) -> bool {
    match cx.system_category {
        Some(CategoryIx::CLOUD | CategoryIx::EPHEMERAL_SSD) => cx.optimized,
        Some(CategoryIx::ESSD) => !cx.optimized,
        _ => false,
    }
}

/// G9.
pub(in crate::validate) fn authorized(cx: &Cx<'_>) -> bool {
    cx.categories.meets(cx.account.categories_denied)
}

/// R122.
pub(in crate::validate) fn instance_type(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| cx.categories.meets(row.unsupported_categories))
}

fn zone_lacks(cx: &Cx<'_>) -> bool {
    lacks(cx, cx.fixed_zone.and_then(|zone| cx.world.zones.get(zone)).map(|zone| zone.unsupported_categories))
}

fn cluster_lacks(cx: &Cx<'_>) -> bool {
    lacks(cx, cx.cluster.map(|(_, cluster)| cluster.unsupported_categories))
}

fn lacks(cx: &Cx<'_>, unsupported: Option<CategorySet>) -> bool {
    unsupported.is_some_and(|unsupported| cx.categories.meets(unsupported))
}

fn both_named(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::ZoneId) && cx.req.has(Param::ClusterId)
}

/// O42.
pub(in crate::validate) fn zone_and_cluster(cx: &Cx<'_>) -> bool {
    both_named(cx) && (zone_lacks(cx) || cluster_lacks(cx))
}

/// O42.
pub(in crate::validate) fn cluster(cx: &Cx<'_>) -> bool {
    !cx.req.has(Param::ZoneId) && cluster_lacks(cx)
}

/// O42.
pub(in crate::validate) fn zone(cx: &Cx<'_>) -> bool {
    !both_named(cx) && zone_lacks(cx)
}

/// R122.
pub(in crate::validate) fn local_freeze(cx: &Cx<'_>) -> bool {
    cx.region.is_some_and(|(_, region)| region.local_disks_frozen)
        && cx.categories.meets(cx.world.kinds.local)
}

/// R122.
pub(in crate::validate) fn category_freeze(cx: &Cx<'_>) -> bool {
    cx.region.is_some_and(|(_, region)| cx.categories.meets(region.frozen_categories))
}

/// Whether any check of T1 fires: one call for the many requests of which none does.
pub(in crate::validate) fn size_refused(cx: &Cx<'_>) -> bool {
    default_size(cx).is_some() || image_size(cx) || category_max(cx)
}

/// Whether any check of T2 fires: one call for the many requests of which none does.
pub(in crate::validate) fn category_refused(cx: &Cx<'_>) -> bool {
    withdrawn(cx)
        || system_region(cx).is_some()
        || data_region(cx).is_some()
        || system_io(cx)
        || authorized(cx)
        || instance_type(cx)
        || zone_and_cluster(cx)
        || cluster(cx)
        || zone(cx)
}

/// Whether any check of T6 fires: one call for the many requests of which none does.
pub(in crate::validate) fn frozen(cx: &Cx<'_>) -> bool {
    local_freeze(cx) || category_freeze(cx)
}
