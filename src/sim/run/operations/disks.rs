//! Disks of their own, and the disks of instances: made, attached, detached, enlarged, left behind; snapshots.

use crate::model::{AccountIx, SimDuration, SimTime, ZoneIx};
use crate::operations::disks::{self, Category, Disk, DiskState};
use crate::operations::refusal::{
    INVALID_PARAMETER, MISSING_PARAMETER, OTHER_ZONE, POOL_FULL, UNKNOWN_DISK, UNKNOWN_SNAPSHOT,
};
use crate::operations::{Params, Refusal, snapshots};
use crate::sim::log::Record as LogRecord;
use crate::sim::operations::OperationEvent;
use crate::sim::operations::{DETACH, Own, SNAPSHOT_MIB_A_SECOND, Source};
use crate::world::{CategoryIx, Snapshot, pool_slot};

use super::super::Run;
use super::{Call, NOBODY};

/// A disk of an instance that a call names.
enum Named {
    /// One that it was created with: its place among those.
    Born(usize),
    /// One of its own that is attached to it.
    Own(u32),
}

impl Run<'_> {
    /// Room of the pools of a zone has changed: their levels follow.
    #[inline(never)]
    pub(in crate::sim::run) fn touch_pools(&mut self, now: SimTime, zone: u32) {
        let world = &*self.world;
        let Some(ops) = self.operations.as_deref_mut() else { return };
        for pool in ops.pools.iter_mut().filter(|pool| pool.zone == zone) {
            let free = world.slot_room(ZoneIx(zone), pool.slot).unwrap_or(pool.gib);
            pool.sold.set(now, pool.gib.saturating_sub(free));
        }
    }

    // --- disks of their own ---

    pub(super) fn create_disk(
        &mut self,
        now: SimTime,
        call: &Call<'_>,
        account: u32,
        region: u32,
    ) -> Result<(), Refusal> {
        let params = call.params;
        let zone = self.world.zones.find(params.get("ZoneId").ok_or(MISSING_PARAMETER)?);
        let here = |zone: &u32| self.world.zones.get(*zone).is_some_and(|row| row.region == region);
        let zone = zone.filter(here).ok_or(OTHER_ZONE)?;
        let category = CategoryIx::of_documented(params.get("DiskCategory").unwrap_or("cloud"));
        let category = category.map(|category| {
            let row = self.world.category(category);
            let local = self.world.kinds.local.has(category);
            Category { category, gib: (row.data_min_gib, row.data_max_gib), local }
        });
        let source = params.get("SnapshotId").and_then(|id| self.world.snapshots.entry(id));
        let source =
            source.filter(|(_, row)| row.owner == account && row.region == region).map(|(_, row)| {
                snapshots::Source { gib: row.size_gib, finished: row.accomplished, system: row.system_disk }
            });
        let made = disks::create(params, category, source)?;
        let slot = pool_slot(made.category, made.level) as u8;
        let row = self.world.accounts.get(account).ok_or(INVALID_PARAMETER)?;
        disks::within_quotas(row.postpaid_disks, row.portable_disks)?;
        if !self.world.has_room_for(ZoneIx(zone), slot, made.gib) {
            return Err(POOL_FULL);
        }
        let holding = self.world.take_disk(AccountIx(account), ZoneIx(zone), slot, made.gib);
        let id =
            self.new_id(call, "d", |run, id| run.operations.as_ref().is_some_and(|ops| !ops.disks.has(id)));
        let disk = Disk {
            state: DiskState::Available,
            system: false,
            category: made.category,
            gib: made.gib,
            slot,
            portable: true,
            delete_with_instance: false,
            snapshots: 0,
            snapshot_under_way: false,
            ever_attached: false,
            zone,
            account,
        };
        self.log.note(now, LogRecord::DiskMade, NOBODY, made.gib);
        self.ops().disks.insert(Own { id, disk, holding, workload: None, on: None });
        self.touch_pools(now, zone);
        Ok(())
    }

    pub(super) fn delete_disk(&mut self, now: SimTime, params: &Params, account: u32) -> Result<(), Refusal> {
        let id = params.get("DiskId").ok_or(MISSING_PARAMETER)?;
        let found = self.ops().disks.named(id).map(|(at, own)| (at, own.disk));
        if disks::delete(found.as_ref().map(|(_, disk)| disk), account)?
            && let Some((at, _)) = found
        {
            self.drop_disk(now, at);
        }
        Ok(())
    }

    /// A disk of its own is deleted: room and quotas are free again.
    pub(in crate::sim::run) fn drop_disk(&mut self, now: SimTime, at: u32) {
        let own = self.ops().disks.remove(at);
        self.forget_source(Source::Own(at));
        self.log.note(now, LogRecord::DiskGone, NOBODY, own.holding.gib());
        self.world.give_back_disk(own.holding);
        self.touch_pools(now, own.disk.zone);
    }

    // --- attach and detach ---

    pub(super) fn attach_disk(&mut self, now: SimTime, slot: u32, params: &Params) -> Result<(), Refusal> {
        let id = params.get("DiskId").ok_or(MISSING_PARAMETER)?;
        let (view, utc) = (self.view(slot), self.utc(now));
        let instance_type = self.ops().record(slot).instance_type;
        let found = self.ops().disks.named(id).map(|(at, own)| (at, own.disk));
        let taken = found.is_none_or(|(_, disk)| {
            let row = self.world.types.get(instance_type);
            row.is_none_or(|row| !row.unsupported_categories.has(disk.category))
        });
        let goes = disks::attach(params, &view, found.as_ref().map(|(_, disk)| disk), taken, utc)?;
        let Some((at, _)) = found else { return Err(UNKNOWN_DISK) };
        let number = self.instances[slot as usize].number;
        let ops = self.ops();
        ops.disks.change(at, |own| {
            own.disk.state = DiskState::InUse;
            own.disk.ever_attached = true;
            own.disk.delete_with_instance = goes;
            own.on = Some(number);
        });
        ops.record_mut(slot).attached.push(at);
        Ok(())
    }

    pub(super) fn detach_disk(&mut self, now: SimTime, slot: u32, params: &Params) -> Result<(), Refusal> {
        let named = self.disk_of(slot, params)?;
        let disk = named.as_ref().map(|named| self.disk(slot, named));
        disks::detach(&self.view(slot), disk.as_ref())?;
        let Some(named) = named else { return Err(UNKNOWN_DISK) };
        let at = match named {
            Named::Own(at) => {
                self.ops().record_mut(slot).attached.retain(|other| *other != at);
                at
            }
            Named::Born(place) => self.split(slot, place),
        };
        self.ops().disks.change(at, |own| own.disk.state = DiskState::Detaching);
        let took = self.takes(DETACH);
        self.later(now + took, OperationEvent::Detached { disk: at });
        Ok(())
    }

    /// DISK-53, DISK-62.
    pub(super) fn detached(&mut self, now: SimTime, at: u32) {
        let Some(own) = self.ops().disks.get(at) else { return };
        let number = own.on.unwrap_or(NOBODY);
        let gib = own.disk.gib;
        self.ops().disks.change(at, |own| {
            own.disk.state = DiskState::Available;
            own.disk.delete_with_instance = false;
            own.on = None;
        });
        self.log.note(now, LogRecord::DiskMade, number, gib);
    }

    /// Makes a disk that an instance was created with one of its own; its slot.
    fn split(&mut self, slot: u32, place: usize) -> u32 {
        let instance = &mut self.instances[slot as usize];
        let (number, zone) = (instance.number, instance.zone.0);
        let ops = self.operations.as_deref_mut().expect("only operations call this");
        let record = ops.record_mut(slot);
        let workload = record.workload;
        let owned = record.disks.remove(place);
        let holding = self.world.split_disk(&mut instance.holdings, owned.disk.slot, owned.disk.gib);
        let id = format!("d-{number}-{}", owned.index);
        let disk = Disk { zone, ..owned.disk };
        let at = ops.disks.insert(Own { id, disk, holding, workload: Some(workload), on: Some(number) });
        // Later places have moved up by one; snapshots of this disk follow it.
        for source in ops.snapshots.values_mut() {
            match *source {
                Source::Born { slot: of, place: p, .. } if of == slot && p == place => {
                    *source = Source::Own(at)
                }
                Source::Born { slot: of, request, place: p } if of == slot && p > place => {
                    *source = Source::Born { slot, request, place: p - 1 };
                }
                _ => {}
            }
        }
        at
    }

    /// The end of an instance: disks that stay become their own, the others go (LIFE-70, DISK-52).
    pub(super) fn part_disks(&mut self, now: SimTime, slot: u32) {
        let number = self.instances[slot as usize].number;
        let lock = self.ops().record(slot).lock;
        let mut place = 0;
        while let Some(owned) = self.ops().record(slot).disks.get(place).copied() {
            if disks::stays(&owned.disk, lock) {
                let at = self.split(slot, place);
                self.detached(now, at);
            } else {
                place += 1;
            }
        }
        for at in std::mem::take(&mut self.ops().record_mut(slot).attached) {
            let stays = self.ops().disks.get(at).is_some_and(|own| disks::stays(&own.disk, lock));
            if stays {
                self.detached(now, at);
            } else {
                self.drop_disk(now, at);
            }
        }
        for source in self.ops().snapshots.values_mut() {
            if matches!(source, Source::Born { request, .. } if *request == number) {
                *source = Source::Gone;
            }
        }
    }

    /// A new instance takes over a disk that an earlier one of its workload has left behind; it goes with the new one.
    pub(super) fn reuse_disk(&mut self, now: SimTime, slot: u32) {
        let (number, zone) = (self.instances[slot as usize].number, self.instances[slot as usize].zone.0);
        let ops = self.ops();
        let record = ops.record(slot);
        let Some(at) = ops.disks.left_by(record.workload, zone, record.account) else { return };
        let Some(id) = ops.disks.get(at).map(|own| own.id.clone()) else { return };
        let goes = ("DeleteWithInstance".to_owned(), "true".to_owned());
        let params = Params::new([("DiskId".to_owned(), id), goes]);
        let action = crate::operations::Action::AttachDisk;
        self.send(now, number, Call { action, params: &params, id: None });
    }

    // --- changes ---

    /// The disk of an instance that a call names: none when it has no such disk.
    fn disk_of(&mut self, slot: u32, params: &Params) -> Result<Option<Named>, Refusal> {
        let id = params.get("DiskId").ok_or(MISSING_PARAMETER)?;
        let ops = self.ops();
        let record = ops.record(slot);
        if let Some(place) = record.born(id) {
            return Ok(Some(Named::Born(place)));
        }
        let own = ops.disks.named(id).filter(|(at, _)| record.attached.contains(at));
        Ok(own.map(|(at, _)| Named::Own(at)))
    }

    fn disk(&mut self, slot: u32, named: &Named) -> Disk {
        let ops = self.ops();
        match named {
            Named::Born(place) => ops.record(slot).disks[*place].disk,
            Named::Own(at) => ops.disks.get(*at).expect("a disk that was just named").disk,
        }
    }

    fn change_named(&mut self, slot: u32, named: &Named, change: impl FnOnce(&mut Disk)) {
        let ops = self.ops();
        match named {
            Named::Born(place) => change(&mut ops.record_mut(slot).disks[*place].disk),
            Named::Own(at) => ops.disks.change(*at, |own| change(&mut own.disk)),
        }
    }

    fn is_local(&self, disk: Option<&Disk>) -> bool {
        disk.is_some_and(|disk| self.world.kinds.local.has(disk.category))
    }

    pub(super) fn resize_disk(&mut self, now: SimTime, slot: u32, params: &Params) -> Result<(), Refusal> {
        let named = self.disk_of(slot, params)?;
        let disk = named.as_ref().map(|named| self.disk(slot, named));
        let most = disk.map_or(0, |disk| {
            let row = self.world.category(disk.category);
            if disk.system { row.system_max_gib } else { row.data_max_gib }
        });
        let more =
            disks::resize(params, &self.view(slot), disk.as_ref(), most, self.is_local(disk.as_ref()))?;
        let (Some(named), Some(disk)) = (named, disk) else { return Err(UNKNOWN_DISK) };
        let zone = self.instances[slot as usize].zone;
        if !self.world.has_room_for(zone, disk.slot, more) {
            return Err(POOL_FULL);
        }
        match named {
            Named::Born(_) => {
                self.world.grow_in(&mut self.instances[slot as usize].holdings, disk.slot, more)
            }
            Named::Own(at) => {
                let ops = self.operations.as_deref_mut().expect("only operations call this");
                let world = &mut *self.world;
                ops.disks.change(at, |own| world.grow_disk(&mut own.holding, more));
            }
        }
        self.change_named(slot, &named, |disk| disk.gib += more);
        self.touch_pools(now, zone.0);
        Ok(())
    }

    pub(super) fn change_disk(&mut self, slot: u32, params: &Params) -> Result<(), Refusal> {
        let named = self.disk_of(slot, params)?;
        let disk = named.as_ref().map(|named| self.disk(slot, named));
        let goes = disks::goes_with_instance(params, disk.as_ref())?;
        let Some(named) = named else { return Err(UNKNOWN_DISK) };
        self.change_named(slot, &named, |disk| disk.delete_with_instance = goes);
        Ok(())
    }

    // --- snapshots ---

    pub(super) fn create_snapshot(
        &mut self,
        now: SimTime,
        slot: u32,
        call: &Call<'_>,
    ) -> Result<(), Refusal> {
        let named = self.disk_of(slot, call.params)?;
        let disk = named.as_ref().map(|named| self.disk(slot, named));
        let view = self.view(slot);
        snapshots::create(call.params, &view, disk.as_ref(), self.is_local(disk.as_ref()))?;
        let (Some(named), Some(disk)) = (named, disk) else { return Err(UNKNOWN_DISK) };
        let id = self.new_id(call, "s", |run, id| run.world.snapshots.is_new(id));
        let row = Snapshot {
            owner: view.account,
            region: view.region,
            size_gib: disk.gib,
            accomplished: false,
            created: self.utc(now),
            system_disk: disk.system,
            encrypted: false,
            create_disk_allowed: true,
            source_disk_portable: disk.portable,
        };
        let at = self.world.add_snapshot(&id, row);
        self.change_named(slot, &named, |disk| {
            (disk.snapshots, disk.snapshot_under_way) = (disk.snapshots + 1, true)
        });
        let request = self.instances[slot as usize].number;
        let source = match named {
            Named::Born(place) => Source::Born { slot, request, place },
            Named::Own(at) => Source::Own(at),
        };
        self.ops().snapshots.insert(at, source);
        let secs = (u64::from(disk.gib) * 1_024).div_ceil(SNAPSHOT_MIB_A_SECOND);
        let took = self.takes(SimDuration::from_secs(secs));
        self.later(now + took, OperationEvent::SnapshotDone { snapshot: at });
        Ok(())
    }

    /// IMG-36: the snapshot is accomplished.
    pub(super) fn snapshot_done(&mut self, at: u32) {
        self.world.finish_snapshot(at);
        self.change_source(at, |disk| disk.snapshot_under_way = false);
    }

    pub(super) fn delete_snapshot(&mut self, params: &Params, account: u32) -> Result<(), Refusal> {
        let id = params.get("SnapshotId").ok_or(MISSING_PARAMETER)?;
        let own = self.world.snapshots.entry(id).filter(|(_, row)| row.owner == account);
        let (at, finished) = own.map(|(at, row)| (at, row.accomplished)).ok_or(UNKNOWN_SNAPSHOT)?;
        self.change_source(at, |disk| {
            disk.snapshots -= 1;
            disk.snapshot_under_way &= finished;
        });
        self.ops().snapshots.remove(&at);
        self.world.remove_snapshot(at);
        Ok(())
    }

    /// Changes the disk that a snapshot is of, while there is one.
    fn change_source(&mut self, at: u32, change: impl FnOnce(&mut Disk)) {
        match self.ops().snapshots.get(&at).copied() {
            Some(Source::Born { slot, place, .. }) => self.change_named(slot, &Named::Born(place), change),
            Some(Source::Own(disk)) => self.change_named(u32::MAX, &Named::Own(disk), change),
            Some(Source::Gone) | None => {}
        }
    }

    /// A disk is gone: its snapshots stay (IMG-38).
    fn forget_source(&mut self, gone: Source) {
        for source in self.ops().snapshots.values_mut() {
            if *source == gone {
                *source = Source::Gone;
            }
        }
    }
}
