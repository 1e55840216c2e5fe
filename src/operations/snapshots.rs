//! CreateSnapshot, and a snapshot as the source of a disk.

use crate::api::forms;
use crate::hypervisor::State;

use super::disks::Disk;
use super::refusal::*;
use super::{Instance, Params, Refusal};

/// Most snapshots of a disk (IMG-30 of 2019, QUO-30).
pub const MOST: u32 = 64;

/// A snapshot that a disk is to be made from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Source {
    /// Size of the disk that it was taken of, in GiB.
    pub gib: u32,
    /// It is accomplished (IMG-36).
    pub finished: bool,
    /// It was taken of a system disk.
    pub system: bool,
}

impl Source {
    /// Its size, when a data disk can be made of it (IMG-37).
    ///
    /// # Errors
    /// It is not finished, or of a system disk.
    pub fn usable(self) -> Result<u32, Refusal> {
        if !self.finished {
            return Err(SNAPSHOT_NOT_READY);
        }
        if self.system { Err(SNAPSHOT_OF_SYSTEM) } else { Ok(self.gib) }
    }
}

/// CreateSnapshot (IMG-30, IMG-32, IMG-33, IMG-35). `local`: the disk lies on its host (IMG-39).
///
/// # Errors
/// A lock or state of the instance, a disk that never was in use, one snapshot too many or too early, a bad name.
pub fn create(params: &Params, instance: &Instance, disk: Option<&Disk>, local: bool) -> Result<(), Refusal> {
    let bad_name = |name: &str| !forms::name(name) || name.starts_with("auto");
    if params.get("SnapshotName").is_some_and(bad_name) {
        return Err(BAD_SNAPSHOT_NAME);
    }
    instance.open()?;
    let disk = disk.ok_or(UNKNOWN_DISK)?;
    if local {
        return Err(BAD_CATEGORY);
    }
    if !disk.ever_attached {
        return Err(NEVER_ATTACHED);
    }
    if !instance.ever_ran {
        return Err(NEVER_USED);
    }
    if !matches!(instance.state, State::Running | State::Stopped) {
        return Err(SNAPSHOT_STATE);
    }
    if disk.snapshot_under_way {
        return Err(CREATING_SNAPSHOT);
    }
    if disk.snapshots >= MOST { Err(SNAPSHOT_QUOTA) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::super::Lock;
    use super::super::disks::{DiskState, tests::disk};
    use super::*;

    #[test]
    fn one_at_a_time_and_at_most_sixty_four() {
        // NAME-11, RPC-91, IMG-30, IMG-32, IMG-33, IMG-35, IMG-39, QUO-30
        let used = disk(DiskState::InUse);
        let go = |pairs: &[(&str, &str)], instance: &Instance, disk: &Disk| {
            create(&Params::of(pairs), instance, Some(disk), false)
        };
        let running = Instance::running();
        assert_eq!(go(&[], &running, &used), Ok(()));
        assert_eq!(go(&[("SnapshotName", "before")], &running, &used), Ok(()));
        for wrong in ["auto-1", "s", "1st", "http://s", &"s".repeat(129)] {
            assert_eq!(go(&[("SnapshotName", wrong)], &running, &used), Err(BAD_SNAPSHOT_NAME), "{wrong}");
        }
        assert_eq!((UNKNOWN_DISK.status, UNKNOWN_DISK.code), (404, "InvalidDiskId.NotFound"));
        assert_eq!(go(&[], &running, &Disk { snapshot_under_way: true, ..used }), Err(CREATING_SNAPSHOT));
        assert_eq!(go(&[], &running, &Disk { snapshots: 64, ..used }), Err(SNAPSHOT_QUOTA));
        assert_eq!(go(&[], &running, &Disk { ever_attached: false, ..used }), Err(NEVER_ATTACHED));
        let fresh = Instance { ever_ran: false, state: State::Stopped, ..running.clone() };
        assert_eq!(go(&[], &fresh, &used), Err(NEVER_USED));
        let starting = Instance { state: State::Starting, ..running.clone() };
        assert_eq!(go(&[], &starting, &used), Err(SNAPSHOT_STATE));
        assert_eq!(SNAPSHOT_STATE.status, 400);
        let locked = Instance { lock: Some(Lock::Security), ..running.clone() };
        assert_eq!(go(&[], &locked, &used), Err(LOCKED_FOR_SECURITY));
        assert_eq!(create(&Params::default(), &running, Some(&used), true), Err(BAD_CATEGORY));
        assert_eq!(create(&Params::default(), &running, None, false), Err(UNKNOWN_DISK));
    }

    #[test]
    fn a_source_is_finished_and_of_a_data_disk() {
        // IMG-36, IMG-37
        let good = Source { gib: 40, finished: true, system: false };
        assert_eq!(good.usable(), Ok(40));
        assert_eq!(Source { finished: false, ..good }.usable(), Err(SNAPSHOT_NOT_READY));
        assert_eq!(Source { system: true, ..good }.usable(), Err(SNAPSHOT_OF_SYSTEM));
    }
}
