//! T5: encrypted data disks.

use super::disk_name;
use crate::api::DiskField;
use crate::validate::cx::{Cx, DiskCx};

/// Whether any check of T5 can fire: nothing to encrypt, no key, and no word about encryption means none can.
pub(in crate::validate) fn concerns(cx: &Cx<'_>) -> bool {
    let says = |disk: &DiskCx<'_>| disk.raw.text(DiskField::Encrypted).is_some() || disk.has_key();
    cx.disks.iter().any(|disk| disk.encrypted || says(disk))
}

/// R125.
pub(in crate::validate) fn category(cx: &Cx<'_>) -> Option<String> {
    cx.disks.iter().filter(|disk| disk.encrypted).find_map(|disk| {
        let category = disk.category.filter(|category| !cx.world.kinds.encryptable.has(*category))?;
        let (category, disk) = (cx.world.category_name(category), disk_name(disk));
        Some(format!("The disk category {category} of {disk} does not support encryption."))
    })
}

/// R124.
pub(in crate::validate) fn snapshot(cx: &Cx<'_>) -> Option<String> {
    cx.disks.iter().find_map(|disk| {
        let (explicit, snapshot) = disk.explicit_encrypted().zip(disk.snapshot)?;
        let id = disk.snapshot_id?;
        (explicit != snapshot.encrypted).then(|| {
            let disk = disk_name(disk);
            format!("The specified {disk}.Encrypted conflicts with the encryption of snapshot {id}.")
        })
    })
}

/// R126.
pub(in crate::validate) fn kms_off(cx: &Cx<'_>) -> bool {
    !cx.account.kms_enabled && cx.disks.iter().any(|disk| disk.encrypted)
}

/// A data disk is to be encrypted with an own key.
fn own_key(cx: &Cx<'_>) -> bool {
    cx.disks.iter().any(|disk| disk.has_key())
}

/// R127.
pub(in crate::validate) fn byok_region(cx: &Cx<'_>) -> bool {
    cx.region.is_some_and(|(_, region)| !region.byok_supported) && own_key(cx)
}

/// R127.
pub(in crate::validate) fn byok_user(cx: &Cx<'_>) -> bool {
    !cx.account.byok_whitelisted && own_key(cx)
}

/// R127.
pub(in crate::validate) fn byok_io(cx: &Cx<'_>) -> bool {
    !cx.optimized && own_key(cx)
}

/// R127.
pub(in crate::validate) fn byok_authorized(cx: &Cx<'_>) -> bool {
    !cx.account.ecs_kms_authorized && own_key(cx)
}

/// R127.
pub(in crate::validate) fn byok_key(cx: &Cx<'_>) -> bool {
    cx.disks.iter().filter_map(|disk| disk.raw.text(DiskField::KmsKeyId)).any(|id| {
        let key = cx.world.kms_keys.entry(id);
        key.is_none_or(|(_, region)| Some(*region) != cx.region_ix())
    })
}
