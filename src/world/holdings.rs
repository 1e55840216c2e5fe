//! What one instance holds of the world, taken in one step and given back in one step.

use super::addresses::Taken;
use super::entities::ChargeType;
use super::pools::Gib;
use super::{World, ZoneIx};
use crate::model::AccountIx;

const NONE: u32 = u32::MAX;

/// Where an address comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AddressFrom {
    /// A vSwitch.
    VSwitch(u32),
    /// The classic network of a region, and the VLAN that was named.
    Classic { region: u32, vlan: Option<u32> },
}

/// What an instance takes of the world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Take {
    pub(crate) account: AccountIx,
    pub(crate) charge: ChargeType,
    pub(crate) region: u32,
    pub(crate) zone: ZoneIx,
    pub(crate) vpc: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) set: Option<u32>,
    pub(crate) product: Option<u32>,
    pub(crate) address: AddressFrom,
    /// The address that was asked for.
    pub(crate) named_address: Option<u32>,
    /// Disks, the system disk included.
    pub(crate) disks: u8,
    /// Portable data disks.
    pub(crate) portable_disks: u8,
    /// GiB of new disks, by slot.
    pub(crate) gib: Gib,
    /// Price of a subscription before coupons, in millionths.
    pub(crate) price: i64,
}

/// What one instance holds of the world: quotas, an address, disk room. Give it back with [`World::give_back`] when
/// the instance is released, exactly once. 64 bytes; the placement core's claim is apart.
#[must_use = "holdings that are dropped stay taken for ever"]
#[derive(PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Holdings {
    pub(super) account: u32,
    pub(super) zone: u32,
    vpc: u32,
    group: u32,
    set: u32,
    product: u32,
    /// vSwitch or VLAN, as [`CLASSIC`] says.
    network: u32,
    /// Position of the address.
    offset: u32,
    pub(super) gib: Gib,
    pub(super) disks: u8,
    pub(super) portable_disks: u8,
    /// Of [`POSTPAID`], [`CLASSIC`] and [`COUNTED`].
    flags: u8,
}

/// Pay as you go.
const POSTPAID: u8 = 1;
/// In the classic network.
const CLASSIC: u8 = 2;
/// The count of free addresses went down.
const COUNTED: u8 = 4;

const _: () = assert!(size_of::<Holdings>() <= 64, "a live instance holds at most 64 bytes of the world");

fn some(at: u32) -> Option<u32> {
    (at != NONE).then_some(at)
}

impl Holdings {
    /// One of the disks is no longer the instance's: it stays when the rest is given back (SPOT-36).
    pub(crate) fn leave_disk(&mut self, slot: usize, gib: u32, portable: bool) {
        if let Some(held) = self.gib.get_mut(slot) {
            *held = held.saturating_sub(gib);
        }
        self.disks = self.disks.saturating_sub(1);
        self.portable_disks = self.portable_disks.saturating_sub(u8::from(portable));
    }

    /// The same holdings as data for a snapshot: only one of the two may ever be given back to one world.
    pub(crate) fn copy(&self) -> Holdings {
        Holdings { ..*self }
    }

    fn is(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Pay as you go.
    pub(super) fn postpaid(&self) -> bool {
        self.is(POSTPAID)
    }

    /// The private address that the instance holds.
    pub fn address(&self, world: &World) -> Option<std::net::Ipv4Addr> {
        let offset = some(self.offset)?;
        let cidr = if self.is(CLASSIC) {
            world.regions.get(world.zones.get(self.zone)?.region)?.classic.cidr()
        } else {
            world.vswitches.get(self.network)?.pool.cidr()
        };
        Some(cidr.address(offset).into())
    }
}

impl World {
    /// Speaks for one address of a vSwitch on behalf of a call in flight; false when all that are free are spoken for.
    pub(crate) fn hold_address(&mut self, vswitch: u32) -> bool {
        let Some(row) = self.vswitches.get_mut(vswitch) else { return false };
        let free = row.reserved_in_flight < row.pool.free();
        row.reserved_in_flight += u32::from(free);
        free
    }

    /// Takes one [hold](World::hold_address) back.
    pub(crate) fn let_address_go(&mut self, vswitch: u32) {
        if let Some(row) = self.vswitches.get_mut(vswitch) {
            row.reserved_in_flight -= 1;
        }
    }

    /// Takes everything; the gate has seen that nothing is exceeded.
    pub(crate) fn take(&mut self, take: &Take) -> Holdings {
        let postpaid = take.charge == ChargeType::PostPaid;
        if let Some(account) = self.accounts.get_mut(take.account.0) {
            if postpaid {
                account.postpaid_instances.used += 1;
                account.postpaid_disks.used += u64::from(take.disks);
                if let Some(quota) = account.postpaid_in_mut(take.region) {
                    quota.used += 1;
                }
            } else {
                account.pay(take.price);
            }
            account.portable_disks.used += u64::from(take.portable_disks);
            if let Some(one) = take.product.and_then(|product| account.subscription_mut(product)) {
                one.quota.used += 1;
            }
        }
        if let Some(set) = take.set.and_then(|set| self.sets.get_mut(set)) {
            set.instances.used += 1;
        }
        if let Some(vpc) = take.vpc.and_then(|vpc| self.vpcs.get_mut(vpc)) {
            vpc.instances.used += 1;
        }
        if let Some(group) = take.group.and_then(|group| self.groups.get_mut(group)) {
            group.instances.used += 1;
        }
        self.take_room(take.zone, &take.gib);
        let (classic, network, taken) = match take.address {
            AddressFrom::VSwitch(at) => {
                let taken = self.vswitches.get_mut(at).map(|vswitch| vswitch.pool.take(take.named_address));
                (false, at, taken)
            }
            AddressFrom::Classic { region, vlan } => {
                if let Some(vlan) = vlan.and_then(|vlan| self.vlans.get_mut(vlan)) {
                    vlan.free_ips = vlan.free_ips.saturating_sub(1);
                }
                let taken = self.regions.get_mut(region).map(|row| row.classic.take(take.named_address));
                (true, vlan.unwrap_or(NONE), taken)
            }
        };
        let taken = taken.unwrap_or(Taken { offset: None, counted: false });
        self.next_instance += 1;
        let flag = |is: bool, flag: u8| if is { flag } else { 0 };
        Holdings {
            account: take.account.0,
            zone: take.zone.0,
            vpc: take.vpc.unwrap_or(NONE),
            group: take.group.unwrap_or(NONE),
            set: take.set.unwrap_or(NONE),
            product: take.product.unwrap_or(NONE),
            network,
            offset: taken.offset.unwrap_or(NONE),
            gib: take.gib,
            disks: take.disks,
            portable_disks: take.portable_disks,
            flags: flag(postpaid, POSTPAID) | flag(classic, CLASSIC) | flag(taken.counted, COUNTED),
        }
    }

    /// Gives back what an instance held. Money that a subscription has cost stays spent.
    pub fn give_back(&mut self, holdings: Holdings) {
        let taken = Taken { offset: some(holdings.offset), counted: holdings.is(COUNTED) };
        let region = self.zones.get(holdings.zone).map_or(NONE, |zone| zone.region);
        if holdings.is(CLASSIC) {
            if let Some(region) = self.regions.get_mut(region) {
                region.classic.give_back(taken);
            }
            if let Some(vlan) = self.vlans.get_mut(holdings.network) {
                vlan.free_ips += 1;
            }
        } else if let Some(vswitch) = self.vswitches.get_mut(holdings.network) {
            vswitch.pool.give_back(taken);
        }
        self.give_back_room(ZoneIx(holdings.zone), &holdings.gib);
        if let Some(group) = self.groups.get_mut(holdings.group) {
            group.instances.used -= 1;
        }
        if let Some(vpc) = self.vpcs.get_mut(holdings.vpc) {
            vpc.instances.used -= 1;
        }
        if let Some(set) = self.sets.get_mut(holdings.set) {
            set.instances.used -= 1;
        }
        if let Some(account) = self.accounts.get_mut(holdings.account) {
            if let Some(one) = account.subscription_mut(holdings.product) {
                one.quota.used -= 1;
            }
            account.portable_disks.used -= u64::from(holdings.portable_disks);
            if holdings.postpaid() {
                account.postpaid_instances.used -= 1;
                account.postpaid_disks.used -= u64::from(holdings.disks);
                if let Some(quota) = account.postpaid_in_mut(region) {
                    quota.used -= 1;
                }
            }
        }
    }

    /// Puts an instance into a deployment set, or takes it out (DEP-42): the quotas of both follow.
    pub(crate) fn change_set(&mut self, holdings: &mut Holdings, set: Option<u32>) {
        if let Some(old) = self.sets.get_mut(holdings.set) {
            old.instances.used -= 1;
        }
        if let Some(new) = set.and_then(|set| self.sets.get_mut(set)) {
            new.instances.used += 1;
        }
        holdings.set = set.unwrap_or(NONE);
    }

    /// Whether an instance may leave its deployment set to start again when no host keeps the set's rule (DEP-41); none
    /// when it is in no set.
    pub fn may_leave_set(&self, holdings: &Holdings) -> Option<bool> {
        self.sets.get(holdings.set).map(|set| !set.keep_stopped)
    }

    /// Takes an instance out of its deployment set.
    pub fn leave_set(&mut self, holdings: &mut Holdings) {
        self.change_set(holdings, None);
    }
}

impl super::Account {
    /// Pays a subscription: coupons first (R137), then cash and credit. Endless funds stay endless.
    fn pay(&mut self, price: i64) {
        let coupons = self.coupons.clamp(0, price);
        self.coupons -= coupons;
        if self.balance != i64::MAX {
            self.balance = self.balance.saturating_sub(price - coupons);
        }
    }
}
