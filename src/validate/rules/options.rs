//! S7 and S11: options of the instance, and parameters against each other.

use super::{malformed, none_of};
use crate::api::{DiskField, Param, UserData};
use crate::validate::cx::Cx;

/// Largest user data, decoded, in bytes (R172).
const USER_DATA_MAX: u32 = 16_384;

pub(in crate::validate) const OPTIONS: &[Param] = &[
    Param::IoOptimized,
    Param::SecurityEnhancementStrategy,
    Param::CreditSpecification,
    Param::Affinity,
    Param::Tenancy,
];

/// R46.
pub(in crate::validate) fn io_optimized(cx: &Cx<'_>) -> bool {
    none_of(cx, Param::IoOptimized, &["none", "optimized"])
}

/// R172.
pub(in crate::validate) fn user_data_base64(cx: &Cx<'_>) -> bool {
    cx.req.user_data() == UserData::Malformed
}

/// R172.
pub(in crate::validate) fn user_data_size(cx: &Cx<'_>) -> bool {
    matches!(cx.req.user_data(), UserData::Bytes(bytes) if bytes > USER_DATA_MAX)
}

/// R62.
pub(in crate::validate) fn security_enhancement(cx: &Cx<'_>) -> bool {
    none_of(cx, Param::SecurityEnhancementStrategy, &["Active", "Deactive"])
}

/// R49.
pub(in crate::validate) fn credit_specification(cx: &Cx<'_>) -> bool {
    none_of(cx, Param::CreditSpecification, &["Standard", "Unlimited"])
}

/// R156.
pub(in crate::validate) fn affinity(cx: &Cx<'_>) -> bool {
    none_of(cx, Param::Affinity, &["default", "host"])
}

/// R152.
pub(in crate::validate) fn tenancy(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::Tenancy, |text| matches!(text, "default" | "host"))
}

fn conflict(one: &str, other: &str) -> String {
    format!("The specified parameter \"{one}\" conflicts with \"{other}\".")
}

/// R155.
pub(in crate::validate) fn tenancy_host_id(cx: &Cx<'_>) -> Option<String> {
    (cx.req.is(Param::Tenancy, "default") && cx.req.has(Param::DedicatedHostId))
        .then(|| conflict("DedicatedHostId", "Tenancy"))
}

/// R156.
pub(in crate::validate) fn affinity_host(cx: &Cx<'_>) -> Option<String> {
    (cx.req.is(Param::Affinity, "host") && !cx.on_host).then(|| conflict("Affinity", "Tenancy"))
}

/// R102, R121.
pub(in crate::validate) fn performance_level(cx: &Cx<'_>) -> Option<String> {
    if cx.req.has(Param::SystemDiskPerformanceLevel) && !cx.req.is(Param::SystemDiskCategory, "cloud_essd") {
        return Some(conflict("SystemDisk.PerformanceLevel", "SystemDisk.Category"));
    }
    cx.disks.iter().find_map(|disk| {
        disk.raw.text(DiskField::PerformanceLevel)?;
        (disk.raw.text(DiskField::Category) != Some("cloud_essd")).then(|| {
            let name = super::disk_name(disk);
            conflict(&format!("{name}.PerformanceLevel"), &format!("{name}.Category"))
        })
    })
}

/// R165, O24.
pub(in crate::validate) fn hpc_needs_vswitch(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::HpcClusterId) && !cx.req.has(Param::VSwitchId)
}

/// Whether any check of S11 fires: one call for the many requests of which none does.
pub(in crate::validate) fn contradiction(cx: &Cx<'_>) -> bool {
    tenancy_host_id(cx).is_some()
        || affinity_host(cx).is_some()
        || performance_level(cx).is_some()
        || hpc_needs_vswitch(cx)
}
