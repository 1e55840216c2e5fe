//! CreateDisk, AttachDisk, DetachDisk, DeleteDisk, ResizeDisk, and the attribute DeleteWithInstance.

use crate::hypervisor::State;
use crate::model::Utc;
use crate::world::{CategoryIx, Quota};

use super::refusal::*;
use super::snapshots::Source;
use super::{Instance, Lock, Params, Refusal};

/// State of a disk (DISK-40). Creating and Attaching take no time here.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum DiskState {
    /// On its own, ready to be attached.
    Available,
    /// On an instance.
    InUse,
    /// On its way off an instance (DISK-62).
    Detaching,
}

/// A disk as operations see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Disk {
    /// Its state.
    pub state: DiskState,
    /// The system disk of its instance.
    pub system: bool,
    /// Category.
    pub category: CategoryIx,
    /// Size in GiB.
    pub gib: u32,
    /// Slot of its pool: its category, or one level of `cloud_essd`.
    pub slot: u8,
    /// May be detached and live alone (DISK-50).
    pub portable: bool,
    /// Goes with its instance (DISK-51).
    pub delete_with_instance: bool,
    /// Snapshots of it that exist (IMG-30).
    pub snapshots: u32,
    /// A snapshot of it is being made (IMG-33).
    pub snapshot_under_way: bool,
    /// It has been on an instance at least once (IMG-32).
    pub ever_attached: bool,
    /// Zone, by number.
    pub zone: u32,
    /// Account, by number.
    pub account: u32,
}

/// What a category is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Category {
    /// The category.
    pub category: CategoryIx,
    /// Smallest and largest data disk in GiB (DISK-7).
    pub gib: (u32, u32),
    /// It lies on the host (DISK-70).
    pub local: bool,
}

/// What is asked of a new disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Create {
    /// Category; `cloud` by default (DISK-60).
    pub category: CategoryIx,
    /// Size in GiB: the larger of Size and the snapshot's (DISK-8).
    pub gib: u32,
    /// Performance level of an ESSD, counted from 0 for PL1 (DISK-9).
    pub level: usize,
}

/// Performance levels of `cloud_essd` (DISK-9).
const LEVELS: [&str; 3] = ["PL1", "PL2", "PL3"];
/// Least size of a disk of each level, in GiB (DISK-9).
const LEAST_OF_LEVEL: [u32; 3] = [20, 461, 1261];

/// CreateDisk (DISK-60). `category`: the one that is named, when it exists; `source`: the snapshot that is named, when
/// it exists.
///
/// # Errors
/// Neither Size nor SnapshotId, an unknown or local category, a size outside its range or below the snapshot, a snapshot
/// that cannot be used.
pub fn create(
    params: &Params,
    category: Option<Category>,
    source: Option<Source>,
) -> Result<Create, Refusal> {
    let category = category.filter(|category| !category.local).ok_or(BAD_CATEGORY)?;
    let size = params.integer("Size", 1..=i64::from(u32::MAX), BAD_DISK_SIZE)?.map(|gib| gib as u32);
    let held = match (params.has("SnapshotId"), source) {
        (false, _) => None,
        (true, None) => return Err(UNKNOWN_SNAPSHOT),
        (true, Some(source)) => Some(source.usable()?),
    };
    let gib = match (size, held) {
        (None, None) => return Err(MISSING_PARAMETER),
        (Some(size), Some(held)) if size < held => return Err(DISK_TOO_SMALL),
        (size, held) => size.unwrap_or(0).max(held.unwrap_or(0)),
    };
    let level = params.word("PerformanceLevel", &LEVELS, INVALID_PARAMETER)?;
    if level.is_some() && category.category != CategoryIx::ESSD {
        return Err(INVALID_PARAMETER);
    }
    let least = level.map_or(category.gib.0, |level| category.gib.0.max(LEAST_OF_LEVEL[level]));
    if !(least..=category.gib.1).contains(&gib) {
        return Err(BAD_DISK_SIZE);
    }
    Ok(Create { category: category.category, gib, level: level.unwrap_or(0) })
}

/// Whether the account may have one more disk of its own: both quotas count it (DISK-90, QUO-20).
///
/// # Errors
/// A quota is used up.
pub fn within_quotas(postpaid: Quota, portable: Quota) -> Result<(), Refusal> {
    if postpaid.exceeded_by(1) {
        return Err(DISK_QUOTA);
    }
    if portable.exceeded_by(1) { Err(PORTABLE_QUOTA) } else { Ok(()) }
}

/// AttachDisk (DISK-61). `taken`: the instance's type takes the disk's category. The answer is DeleteWithInstance.
///
/// # Errors
/// A state or lock of the instance, a disk that is not Available or lies in another zone, one disk too many.
pub fn attach(
    params: &Params,
    instance: &Instance,
    disk: Option<&Disk>,
    taken: bool,
    now: Utc,
) -> Result<bool, Refusal> {
    let delete_with_instance = params.flag("DeleteWithInstance")?;
    instance.open()?;
    instance.paid(now)?;
    instance.in_state(&[State::Running, State::Stopped])?;
    let disk = disk.filter(|disk| disk.account == instance.account).ok_or(UNKNOWN_DISK)?;
    match disk.state {
        DiskState::Available => {}
        DiskState::InUse => return Err(DISK_IN_USE),
        DiskState::Detaching => return Err(DISK_STATUS),
    }
    if disk.zone != instance.zone {
        return Err(OTHER_ZONE);
    }
    if !taken {
        return Err(CATEGORY_OF_TYPE);
    }
    if instance.data_disks >= instance.max_data_disks {
        return Err(TOO_MANY_DISKS);
    }
    Ok(delete_with_instance)
}

/// DetachDisk (DISK-62): it takes about a minute, and the disk no longer goes with the instance (DISK-53).
///
/// # Errors
/// A state or lock of the instance, a disk that is not on it or cannot leave it.
pub fn detach(instance: &Instance, disk: Option<&Disk>) -> Result<(), Refusal> {
    instance.open()?;
    instance.in_state(&[State::Running, State::Stopped])?;
    let disk = disk.ok_or(UNKNOWN_DISK)?;
    if disk.state != DiskState::InUse {
        return Err(DISK_STATUS);
    }
    if disk.system || !disk.portable { Err(NOT_PORTABLE) } else { Ok(()) }
}

/// DeleteDisk (DISK-63): whether there is a disk to delete; an id that is not known is ignored.
///
/// # Errors
/// A disk that is attached, or of which a snapshot is being made.
pub fn delete(disk: Option<&Disk>, account: u32) -> Result<bool, Refusal> {
    let Some(disk) = disk.filter(|disk| disk.account == account) else { return Ok(false) };
    if disk.state != DiskState::Available {
        return Err(DISK_STILL_ATTACHED);
    }
    if disk.snapshot_under_way { Err(DISK_CREATING_SNAPSHOT) } else { Ok(true) }
}

/// ResizeDisk (DISK-64): GiB that are added. `most`: the largest disk of the category. The room in the pool is taken at
/// once, whether the system sees it now (online) or after a restart (offline).
///
/// # Errors
/// A state of the instance, a local disk, a size that is not larger or too large, a snapshot under way.
pub fn resize(
    params: &Params,
    instance: &Instance,
    disk: Option<&Disk>,
    most: u32,
    local: bool,
) -> Result<u32, Refusal> {
    let online = params.word("Type", &["offline", "online"], INVALID_PARAMETER)? == Some(1);
    let size = params.integer("NewSize", 1..=i64::from(u32::MAX), BAD_DISK_SIZE)?.ok_or(MISSING_PARAMETER)?;
    instance.open()?;
    let disk = disk.ok_or(UNKNOWN_DISK)?;
    if local {
        return Err(BAD_CATEGORY); // DISK-70
    }
    // Basic disks grow offline only (DISK-64).
    if online && (instance.state != State::Running || disk.category == CategoryIx::CLOUD) {
        return Err(WRONG_STATE);
    }
    instance.in_state(&[State::Running, State::Stopped])?;
    if disk.snapshot_under_way {
        return Err(DISK_CREATING_SNAPSHOT);
    }
    if size <= i64::from(disk.gib) {
        return Err(DISK_TOO_SMALL);
    }
    if size > i64::from(most) {
        return Err(BAD_DISK_SIZE);
    }
    Ok(size as u32 - disk.gib)
}

/// ModifyDiskAttribute, as far as DeleteWithInstance goes: its new value (DISK-51).
///
/// # Errors
/// A disk that cannot outlive its instance.
pub fn goes_with_instance(params: &Params, disk: Option<&Disk>) -> Result<bool, Refusal> {
    let goes = params.flag("DeleteWithInstance")?;
    let disk = disk.ok_or(UNKNOWN_DISK)?;
    if disk.system || !disk.portable { Err(DELETE_WITH_INSTANCE) } else { Ok(goes) }
}

/// True for a disk that stays when its instance is released (DISK-52, LIFE-70): portable, not to be deleted with it, and
/// no security lock, under which all go (LIFE-42).
pub fn stays(disk: &Disk, lock: Option<Lock>) -> bool {
    disk.portable && !disk.system && !disk.delete_with_instance && lock != Some(Lock::Security)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::StoppedMode;
    use super::*;

    const NOW: Utc = Utc(0);

    pub(crate) fn disk(state: DiskState) -> Disk {
        Disk {
            state,
            system: false,
            category: CategoryIx::SSD,
            gib: 100,
            slot: 2,
            portable: true,
            delete_with_instance: true,
            snapshots: 0,
            snapshot_under_way: false,
            ever_attached: true,
            zone: 0,
            account: 0,
        }
    }

    fn ssd() -> Option<Category> {
        Some(Category { category: CategoryIx::SSD, gib: (20, 32_768), local: false })
    }

    #[test]
    fn a_new_disk_has_a_size_within_its_category() {
        // DISK-7, DISK-8, DISK-24, DISK-60, DISK-70, IMG-37, RPC-92
        assert_eq!((UNKNOWN_SNAPSHOT.status, UNKNOWN_SNAPSHOT.code), (404, "InvalidSnapshotId.NotFound"));
        let make = |pairs: &[(&str, &str)], source| create(&Params::of(pairs), ssd(), source);
        assert_eq!(make(&[], None), Err(MISSING_PARAMETER));
        assert_eq!(
            make(&[("Size", "20")], None),
            Ok(Create { category: CategoryIx::SSD, gib: 20, level: 0 })
        );
        assert_eq!(make(&[("Size", "19")], None), Err(BAD_DISK_SIZE));
        assert_eq!(make(&[("Size", "32769")], None), Err(BAD_DISK_SIZE));
        let source = Some(Source { gib: 100, finished: true, system: false });
        assert_eq!(make(&[("SnapshotId", "s")], source).map(|disk| disk.gib), Ok(100));
        assert_eq!(make(&[("SnapshotId", "s"), ("Size", "200")], source).map(|disk| disk.gib), Ok(200));
        assert_eq!(make(&[("SnapshotId", "s"), ("Size", "99")], source), Err(DISK_TOO_SMALL));
        assert_eq!(make(&[("SnapshotId", "s")], None), Err(UNKNOWN_SNAPSHOT));
        let local = Some(Category { local: true, ..ssd().unwrap() });
        assert_eq!(create(&Params::of(&[("Size", "20")]), local, None), Err(BAD_CATEGORY));
        assert_eq!(create(&Params::of(&[("Size", "20")]), None, None), Err(BAD_CATEGORY));
    }

    #[test]
    fn a_performance_level_has_a_least_size() {
        // DISK-9
        let essd = Some(Category { category: CategoryIx::ESSD, ..ssd().unwrap() });
        for (level, least) in [("PL1", 20), ("PL2", 461), ("PL3", 1261)] {
            let make = |gib: u32| {
                create(&Params::of(&[("PerformanceLevel", level), ("Size", &gib.to_string())]), essd, None)
            };
            assert_eq!(make(least).map(|made| made.gib), Ok(least), "{level}");
            assert_eq!(make(least - 1), Err(BAD_DISK_SIZE), "{level}");
        }
        let wrong = |pairs: &[(&str, &str)], category| create(&Params::of(pairs), category, None);
        assert_eq!(wrong(&[("PerformanceLevel", "PL9"), ("Size", "2000")], essd), Err(INVALID_PARAMETER));
        assert_eq!(wrong(&[("PerformanceLevel", "PL1"), ("Size", "20")], ssd()), Err(INVALID_PARAMETER));
    }

    #[test]
    fn both_quotas_count_a_disk_of_its_own() {
        // DISK-90, QUO-20
        let full = Quota { used: 4, limit: Some(4) };
        let free = Quota { used: 3, limit: Some(4) };
        assert_eq!(within_quotas(free, free), Ok(()));
        assert_eq!(within_quotas(full, free), Err(DISK_QUOTA));
        assert_eq!(within_quotas(free, full), Err(PORTABLE_QUOTA));
    }

    #[test]
    fn an_available_disk_of_the_zone_is_attached() {
        // DISK-2, DISK-22, DISK-24, DISK-40, DISK-61
        let running = Instance::running();
        let none = Params::default();
        let free = disk(DiskState::Available);
        let go = |instance: &Instance, disk: &Disk| attach(&none, instance, Some(disk), true, NOW);
        assert_eq!(go(&running, &free), Ok(false));
        assert_eq!(go(&Instance::stopped(StoppedMode::StopCharging), &free), Ok(false));
        assert_eq!(go(&running, &disk(DiskState::InUse)), Err(DISK_IN_USE));
        assert_eq!(go(&running, &disk(DiskState::Detaching)), Err(DISK_STATUS));
        assert_eq!(go(&running, &Disk { zone: 1, ..free }), Err(OTHER_ZONE));
        assert_eq!(go(&running, &Disk { account: 1, ..free }), Err(UNKNOWN_DISK));
        assert_eq!(go(&Instance { data_disks: 16, ..running.clone() }, &free), Err(TOO_MANY_DISKS));
        assert_eq!(attach(&none, &running, Some(&free), false, NOW), Err(CATEGORY_OF_TYPE));
        let locked = Instance { lock: Some(Lock::Security), ..running.clone() };
        assert_eq!(go(&locked, &free), Err(LOCKED_FOR_SECURITY));
        let overdue = Instance { lock: Some(Lock::Financial), ..running };
        assert_eq!(go(&overdue, &free), Err(EXPIRED_OR_IN_ARREARS));
    }

    #[test]
    fn a_portable_disk_in_use_is_detached() {
        // DISK-50, DISK-62
        let running = Instance::running();
        let used = disk(DiskState::InUse);
        assert_eq!(detach(&running, Some(&used)), Ok(()));
        assert_eq!(detach(&running, Some(&Disk { system: true, ..used })), Err(NOT_PORTABLE));
        assert_eq!(detach(&running, Some(&Disk { portable: false, ..used })), Err(NOT_PORTABLE));
        assert_eq!(detach(&running, None), Err(UNKNOWN_DISK));
        assert_eq!(detach(&running, Some(&disk(DiskState::Detaching))), Err(DISK_STATUS));
        let starting = Instance { state: State::Starting, ..running };
        assert_eq!(detach(&starting, Some(&used)), Err(WRONG_STATE));
    }

    #[test]
    fn an_available_disk_is_deleted_and_an_unknown_one_ignored() {
        // DISK-63
        assert_eq!(delete(Some(&disk(DiskState::Available)), 0), Ok(true));
        assert_eq!(delete(None, 0), Ok(false));
        assert_eq!(delete(Some(&disk(DiskState::Available)), 1), Ok(false));
        assert_eq!(delete(Some(&disk(DiskState::InUse)), 0), Err(DISK_STILL_ATTACHED));
        let busy = Disk { snapshot_under_way: true, ..disk(DiskState::Available) };
        assert_eq!(delete(Some(&busy), 0), Err(DISK_CREATING_SNAPSHOT));
    }

    #[test]
    fn a_disk_only_grows() {
        // DISK-64, DISK-70
        let running = Instance::running();
        let used = disk(DiskState::InUse);
        let to = |size: &str, extra: &[(&str, &str)], disk: &Disk| {
            let mut pairs = vec![("NewSize", size)];
            pairs.extend(extra);
            resize(&Params::of(&pairs), &running, Some(disk), 32_768, false)
        };
        assert_eq!(to("150", &[], &used), Ok(50));
        assert_eq!(to("100", &[], &used), Err(DISK_TOO_SMALL));
        assert_eq!(to("40000", &[], &used), Err(BAD_DISK_SIZE));
        assert_eq!(to("150", &[("Type", "online")], &used), Ok(50));
        let basic = Disk { category: CategoryIx::CLOUD, ..used };
        assert_eq!(to("150", &[("Type", "online")], &basic), Err(WRONG_STATE));
        assert_eq!(to("150", &[], &Disk { snapshot_under_way: true, ..used }), Err(DISK_CREATING_SNAPSHOT));
        let local = resize(&Params::of(&[("NewSize", "150")]), &running, Some(&used), 800, true);
        assert_eq!(local, Err(BAD_CATEGORY));
    }

    #[test]
    fn what_is_portable_and_kept_outlives_its_instance() {
        // DISK-50, DISK-51, DISK-52, LIFE-42, LIFE-70, DEL-B3, DEL-B5
        let kept = Disk { delete_with_instance: false, ..disk(DiskState::InUse) };
        assert!(stays(&kept, None) && stays(&kept, Some(Lock::Financial)));
        assert!(!stays(&kept, Some(Lock::Security)));
        assert!(!stays(&disk(DiskState::InUse), None));
        assert!(!stays(&Disk { portable: false, ..kept }, None));
        let keep = Params::of(&[("DeleteWithInstance", "false")]);
        assert_eq!(goes_with_instance(&keep, Some(&kept)), Ok(false));
        assert_eq!(
            goes_with_instance(&keep, Some(&Disk { system: true, ..kept })),
            Err(DELETE_WITH_INSTANCE)
        );
    }
}
