//! S6: data disks, as far as the request alone tells. Each rule looks at the disks by rising N.

use super::{disk_name as name_of, padded_category};
use crate::api::{DiskField, forms};
use crate::validate::cx::{Cx, DiskCx};
use crate::world::CategoryIx;

pub(in crate::validate) fn suspect(cx: &Cx<'_>) -> bool {
    some(cx, |disk| {
        disk.raw.suspect()
            || !numbered(disk)
            || (disk.snapshot_id.is_none() && disk.size.is_none())
            || out_of_range(cx, disk)
            || lacks_encryption(disk)
    })
}

fn some(cx: &Cx<'_>, bad: impl Fn(&DiskCx<'_>) -> bool) -> bool {
    cx.disks.iter().any(bad)
}

/// The field is there on some disk and does not have the form.
fn malformed(cx: &Cx<'_>, field: DiskField, form: fn(&str) -> bool) -> bool {
    some(cx, |disk| disk.raw.text(field).is_some_and(|text| !form(text)))
}

fn numbered(disk: &DiskCx<'_>) -> bool {
    (1..=16).contains(&disk.raw.index)
}

/// R103.
pub(in crate::validate) fn index(cx: &Cx<'_>) -> bool {
    some(cx, |disk| !numbered(disk))
}

/// O26.
pub(in crate::validate) fn category_padded(cx: &Cx<'_>) -> bool {
    malformed(cx, DiskField::Category, |text| !padded_category(text))
}

/// Of the platform, but not for CreateInstance.
pub(in crate::validate) fn category_other_product(cx: &Cx<'_>) -> bool {
    some(cx, |disk| {
        let named = disk.raw.text(DiskField::Category).and_then(|name| cx.world.category_named(name));
        named.is_some_and(|category| !category.documented())
    })
}

/// R105.
pub(in crate::validate) fn category(cx: &Cx<'_>) -> bool {
    malformed(cx, DiskField::Category, |text| CategoryIx::of_documented(text).is_some())
}

/// R107.
pub(in crate::validate) fn size_integer(cx: &Cx<'_>) -> Option<String> {
    let bad = |disk: &&DiskCx<'_>| match disk.raw.text(DiskField::Size) {
        None => disk.snapshot_id.is_none(),
        Some(_) => disk.size.is_none_or(|size| size <= 0),
    };
    let disk = cx.disks.iter().find(bad)?;
    let text = disk.raw.text(DiskField::Size).unwrap_or_default();
    Some(format!("The specified {}.Size \"{text}\" is not a valid size.", name_of(disk)))
}

fn out_of_range(cx: &Cx<'_>, disk: &DiskCx<'_>) -> bool {
    let (None, Some(size), Some(category)) = (disk.snapshot_id, disk.size, disk.category) else {
        return false;
    };
    let range = cx.world.category(category);
    !(i64::from(range.data_min_gib)..=i64::from(range.data_max_gib)).contains(&size)
}

/// R106.
pub(in crate::validate) fn size_range(cx: &Cx<'_>) -> bool {
    some(cx, |disk| out_of_range(cx, disk))
}

/// R119.
pub(in crate::validate) fn disk_name(cx: &Cx<'_>) -> bool {
    malformed(cx, DiskField::DiskName, forms::name)
}

/// R120.
pub(in crate::validate) fn disk_description(cx: &Cx<'_>) -> bool {
    malformed(cx, DiskField::Description, forms::description)
}

/// R117.
pub(in crate::validate) fn device(cx: &Cx<'_>) -> bool {
    malformed(cx, DiskField::Device, forms::device)
}

/// R118, R4.
pub(in crate::validate) fn delete_with_instance(cx: &Cx<'_>) -> bool {
    malformed(cx, DiskField::DeleteWithInstance, |text| forms::boolean(text).is_some())
}

/// R121.
pub(in crate::validate) fn performance_level(cx: &Cx<'_>) -> bool {
    malformed(cx, DiskField::PerformanceLevel, |text| matches!(text, "PL1" | "PL2" | "PL3"))
}

/// R123.
pub(in crate::validate) fn encrypted_boolean(cx: &Cx<'_>) -> Option<String> {
    cx.disks.iter().find_map(|disk| {
        let text = disk.raw.text(DiskField::Encrypted).filter(|text| forms::boolean(text).is_none())?;
        Some(format!("The specified {}.Encrypted \"{text}\" is illegal.", name_of(disk)))
    })
}

fn lacks_encryption(disk: &DiskCx<'_>) -> bool {
    disk.has_key() && disk.explicit_encrypted() != Some(true)
}

/// R127.
pub(in crate::validate) fn key_needs_encrypted(cx: &Cx<'_>) -> bool {
    some(cx, lacks_encryption)
}
