//! S5: the system disk, as far as the request alone tells.

use super::{malformed, none_of, padded_category};
use crate::api::{Param, forms};
use crate::validate::cx::Cx;
use crate::world::CategoryIx;

pub(in crate::validate) const SYSTEM_DISK: &[Param] = &[
    Param::SystemDiskSize,
    Param::SystemDiskCategory,
    Param::SystemDiskName,
    Param::SystemDiskDescription,
    Param::SystemDiskPerformanceLevel,
];

/// R94, O13.
pub(in crate::validate) fn size_integer(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::SystemDiskSize, |text| forms::integer(text).is_some_and(|size| size > 0))
}

/// R94.
pub(in crate::validate) fn size_min(cx: &Cx<'_>) -> bool {
    cx.req.integer(Param::SystemDiskSize).is_some_and(|size| size < 20)
}

/// R94.
pub(in crate::validate) fn size_max(cx: &Cx<'_>) -> bool {
    cx.req.integer(Param::SystemDiskSize).is_some_and(|size| size > 500)
}

/// O26.
pub(in crate::validate) fn category_padded(cx: &Cx<'_>) -> bool {
    cx.text(Param::SystemDiskCategory).is_some_and(padded_category)
}

/// Of the platform, but not for CreateInstance.
pub(in crate::validate) fn category_other_product(cx: &Cx<'_>) -> bool {
    let named = cx.text(Param::SystemDiskCategory).and_then(|name| cx.world.category_named(name));
    named.is_some_and(|category| !category.documented())
}

/// R97.
pub(in crate::validate) fn category(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::SystemDiskCategory, |name| CategoryIx::of_documented(name).is_some())
}

/// R100.
pub(in crate::validate) fn disk_name(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::SystemDiskName, forms::name)
}

/// R101.
pub(in crate::validate) fn disk_description(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::SystemDiskDescription, forms::description)
}

/// R102.
pub(in crate::validate) fn performance_level(cx: &Cx<'_>) -> bool {
    none_of(cx, Param::SystemDiskPerformanceLevel, &["PL1", "PL2", "PL3"])
}
