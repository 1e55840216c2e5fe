//! A hash of everything in a world that requests can change.

use super::World;
use super::facts::Quota;

impl World {
    /// The hash: equal before and after a refused or dry-run request.
    pub fn digest(&self) -> blake3::Hash {
        let mut hash = blake3::Hasher::new();
        hash.update(&self.next_instance.to_le_bytes());
        for (_, name, account) in self.accounts.iter() {
            hash.update(name.as_bytes());
            for amount in [account.balance, account.coupons] {
                hash.update(&amount.to_le_bytes());
            }
            let by_region = account.postpaid_by_region.iter().map(|(_, quota)| *quota);
            let subscriptions = account.subscriptions.iter().map(|(_, one)| one.quota);
            let own = [account.postpaid_instances, account.postpaid_disks, account.portable_disks];
            quotas(&mut hash, own.into_iter().chain(by_region).chain(subscriptions));
            account.tokens.digest(&mut hash);
        }
        for (_, name, region) in self.regions.iter() {
            hash.update(name.as_bytes());
            hash.update(&region.default_vpc.unwrap_or(u32::MAX).to_le_bytes());
            hash.update(&(region.default_vswitches.len() as u64).to_le_bytes());
            region.classic.digest(&mut hash);
        }
        for (_, name, zone) in self.zones.iter() {
            hash.update(name.as_bytes());
            for free in zone.pools.free() {
                hash.update(&free.to_le_bytes());
            }
        }
        for (_, name, vpc) in self.vpcs.iter() {
            hash.update(name.as_bytes());
            quotas(&mut hash, [vpc.instances]);
        }
        for (_, name, vswitch) in self.vswitches.iter() {
            hash.update(name.as_bytes());
            vswitch.pool.digest(&mut hash);
            hash.update(&vswitch.reserved_in_flight.to_le_bytes());
        }
        quotas(&mut hash, self.groups.iter().map(|(_, _, group)| group.instances));
        quotas(&mut hash, self.sets.iter().map(|(_, _, set)| set.instances));
        for (_, _, vlan) in self.vlans.iter() {
            hash.update(&vlan.free_ips.to_le_bytes());
        }
        hash.finalize()
    }
}

fn quotas(hash: &mut blake3::Hasher, quotas: impl IntoIterator<Item = Quota>) {
    for quota in quotas {
        hash.update(&quota.used.to_le_bytes());
    }
}
