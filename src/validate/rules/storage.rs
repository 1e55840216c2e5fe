//! T3 and T4: data disks against each other, and their snapshots. Each rule looks at the disks by rising N.

use crate::api::{DiskField, forms};
use crate::model::Utc;
use crate::validate::cx::{Cx, DiskCx};
use crate::world::{CategoryIx, Snapshot};

/// The last second of 15 July 2013: snapshots up to it are too old (R110, O12).
const TOO_OLD: Utc = Utc(1_373_932_799);

/// Most GiB of local SSD data disks of an instance (R116).
const EPHEMERAL_SSD_TOTAL: u64 = 1024;

fn some(cx: &Cx<'_>, bad: impl Fn(&DiskCx<'_>) -> bool) -> bool {
    cx.disks.iter().any(bad)
}

/// R114, O15.
pub(in crate::validate) fn local_data(cx: &Cx<'_>) -> bool {
    cx.data_categories.has(CategoryIx::EPHEMERAL_SSD) && cx.system_category != Some(CategoryIx::EPHEMERAL_SSD)
}

/// R115, O28.
pub(in crate::validate) fn type_combination(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| {
        let forbidden = |(system, data): &(CategoryIx, CategoryIx)| {
            cx.system_category == Some(*system) && cx.data_categories.has(*data)
        };
        row.forbidden.iter().any(forbidden)
    })
}

/// R117, O17.
pub(in crate::validate) fn device(cx: &Cx<'_>) -> bool {
    let device = |disk: &DiskCx<'_>| disk.raw.text(DiskField::Device).and_then(|text| text.bytes().last());
    let mut seen = 1u32;
    cx.disks.iter().any(|disk| {
        let Some(letter) = device(disk) else { return false };
        let bit = 1 << letter.wrapping_sub(b'a').min(31);
        let taken = seen & bit != 0;
        seen |= bit;
        taken
    })
}

/// R104, O29.
pub(in crate::validate) fn count(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| cx.disks.len() > row.max_data_disks as usize)
}

/// R118.
pub(in crate::validate) fn delete_with_instance(cx: &Cx<'_>) -> bool {
    some(cx, |disk| {
        disk.raw.text(DiskField::DeleteWithInstance).and_then(forms::boolean) == Some(false)
            && disk.category.is_some_and(|category| !cx.world.kinds.portable.has(category))
    })
}

/// Whether any check of T3 can fire.
pub(in crate::validate) fn at_odds(cx: &Cx<'_>) -> bool {
    let says = |disk: &DiskCx<'_>, field| disk.raw.text(field).is_some();
    !cx.disks.is_empty()
        && (local_data(cx)
            || type_combination(cx)
            || count(cx)
            || some(cx, |disk| says(disk, DiskField::Device) || says(disk, DiskField::DeleteWithInstance)))
}

fn local(cx: &Cx<'_>, disk: &DiskCx<'_>) -> bool {
    disk.category.is_some_and(|category| cx.world.kinds.local.has(category))
}

/// R113.
pub(in crate::validate) fn local_from_snapshot(cx: &Cx<'_>) -> bool {
    some(cx, |disk| disk.snapshot_id.is_some() && local(cx, disk))
}

/// R111, O4.
pub(in crate::validate) fn snapshot_unknown(cx: &Cx<'_>) -> bool {
    some(cx, |disk| disk.snapshot_id.is_some() && disk.snapshot.is_none())
}

/// Some disk is made from a snapshot of which this holds.
fn of_snapshot(cx: &Cx<'_>, holds: impl Fn(&Snapshot) -> bool) -> bool {
    some(cx, |disk| disk.snapshot.is_some_and(&holds))
}

/// R111, O4.
pub(in crate::validate) fn snapshot_not_here(cx: &Cx<'_>) -> bool {
    of_snapshot(cx, |one| foreign(cx, one))
}

fn foreign(cx: &Cx<'_>, one: &Snapshot) -> bool {
    one.owner != cx.account_ix.0 || Some(one.region) != cx.region_ix()
}

/// R110, O12.
pub(in crate::validate) fn snapshot_too_old(cx: &Cx<'_>) -> bool {
    of_snapshot(cx, |one| one.created <= TOO_OLD)
}

/// R111.
pub(in crate::validate) fn snapshot_not_ready(cx: &Cx<'_>) -> bool {
    of_snapshot(cx, |one| !one.accomplished)
}

/// R111.
pub(in crate::validate) fn snapshot_not_allowed(cx: &Cx<'_>) -> bool {
    of_snapshot(cx, |one| !one.create_disk_allowed)
}

/// R111.
pub(in crate::validate) fn snapshot_of_system_disk(cx: &Cx<'_>) -> bool {
    of_snapshot(cx, |one| one.system_disk)
}

/// R111.
pub(in crate::validate) fn snapshot_source_not_portable(cx: &Cx<'_>) -> bool {
    of_snapshot(cx, |one| !one.source_disk_portable)
}

/// R109, O30.
pub(in crate::validate) fn snapshot_capacity(cx: &Cx<'_>) -> bool {
    some(cx, |disk| disk.snapshot.is_some_and(|one| beyond_range(cx, disk, one)))
}

fn beyond_range(cx: &Cx<'_>, disk: &DiskCx<'_>, one: &Snapshot) -> bool {
    disk.category.is_some_and(|category| {
        let range = cx.world.category(category);
        !(range.data_min_gib..=range.data_max_gib).contains(&one.size_gib)
    })
}

/// R108, O11.
pub(in crate::validate) fn size_below_snapshot(cx: &Cx<'_>) -> bool {
    some(cx, |disk| disk.snapshot.is_some_and(|one| below(disk, one)))
}

fn below(disk: &DiskCx<'_>, one: &Snapshot) -> bool {
    disk.size.is_some_and(|size| size < i64::from(one.size_gib))
}

/// Whether any check of T4 fires: one look at each disk for the many requests of which none does.
pub(in crate::validate) fn snapshot_refused(cx: &Cx<'_>) -> bool {
    let refused = |disk: &DiskCx<'_>| {
        disk.snapshot_id.is_some()
            && (local(cx, disk)
                || disk.snapshot.is_none_or(|one| {
                    foreign(cx, one)
                        || one.created <= TOO_OLD
                        || !one.accomplished
                        || !one.create_disk_allowed
                        || one.system_disk
                        || !one.source_disk_portable
                        || beyond_range(cx, disk, one)
                        || below(disk, one)
                }))
    };
    !cx.disks.is_empty() && (some(cx, refused) || total(cx))
}

/// R116, O30.
pub(in crate::validate) fn total(cx: &Cx<'_>) -> bool {
    let exceeds = |category: CategoryIx, limit: u64| {
        let of_category = cx.disks.iter().filter(|disk| disk.category == Some(category));
        cx.data_categories.has(category) && of_category.map(DiskCx::gib).sum::<u64>() > limit
    };
    exceeds(CategoryIx::EPHEMERAL_SSD, EPHEMERAL_SSD_TOTAL)
        || cx.row().is_some_and(|row| row.totals.iter().any(|(category, limit)| exceeds(*category, *limit)))
}
