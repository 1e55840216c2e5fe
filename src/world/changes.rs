//! What operations make, change and take away: dedicated hosts, deployment sets, HPC clusters, snapshots.

use super::facts::Quota;
use super::sets::{IndexSet, Table};
use super::{ChargeType, ChargeTypes, DedicatedHost, DeploymentSet, HostStatus, HpcCluster, Snapshot, World};
use crate::model::{AccountIx, HostIx, RegionIx, Utc, ZoneIx};
use crate::placement::SetIx;

/// A dedicated host that is being allocated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewHost<'a> {
    pub(crate) account: AccountIx,
    pub(crate) zone: ZoneIx,
    pub(crate) charge: ChargeType,
    pub(crate) expires: Option<Utc>,
    /// Families that it takes, by number.
    pub(crate) families: &'a [u32],
    pub(crate) auto_placement: bool,
    pub(crate) vcpus: u64,
    pub(crate) host: HostIx,
}

impl World {
    /// Adds a dedicated host, not in service yet (DHST-1); its number.
    pub(crate) fn add_dedicated_host(&mut self, id: &str, new: &NewHost<'_>) -> u32 {
        let at = self.hosts.put(
            id,
            DedicatedHost {
                owner: new.account.0,
                region: self.zones.get(new.zone.0).map_or(u32::MAX, |zone| zone.region),
                zone: new.zone.0,
                status: HostStatus::Changing,
                charge_type: new.charge,
                expires: new.expires,
                families: IndexSet::of(new.families.iter().copied()),
                charge_types: ChargeTypes { prepaid: true, postpaid: true },
                auto_placement: new.auto_placement,
                instance_transition: false,
                free_vcpus: new.vcpus,
                host: Some(new.host),
            },
        );
        if new.auto_placement {
            self.let_choose(at, true);
        }
        at
    }

    /// Takes a dedicated host away.
    pub(crate) fn remove_dedicated_host(&mut self, at: u32) {
        self.let_choose(at, false);
        self.hosts.remove(at);
    }

    /// Sets the AutoPlacement attribute of a dedicated host (DHST-14).
    pub(crate) fn set_auto_placement(&mut self, at: u32, auto: bool) {
        self.let_choose(at, auto);
        if let Some(host) = self.hosts.get_mut(at) {
            host.auto_placement = auto;
        }
    }

    /// Sets the state of a dedicated host by number.
    pub(crate) fn set_host_status(&mut self, at: u32, status: HostStatus) {
        if let Some(host) = self.hosts.get_mut(at) {
            host.status = status;
        }
    }

    /// Sets the end of a dedicated host's subscription.
    pub(crate) fn set_host_expiry(&mut self, at: u32, expires: Option<Utc>) {
        if let Some(host) = self.hosts.get_mut(at) {
            host.expires = expires;
        }
    }

    /// Puts a host into the list of those that may be chosen, or takes it out. The list is in order of names.
    fn let_choose(&mut self, at: u32, auto: bool) {
        let Some(host) = self.hosts.get(at) else { return };
        let key = (host.owner, host.zone);
        let mut list = self.auto_hosts.remove(&key).unwrap_or_default();
        list.retain(|other| *other != at);
        if auto {
            let name = self.hosts.name(at);
            let place = list.partition_point(|other| self.hosts.name(*other) < name);
            list.insert(place, at);
        }
        self.auto_hosts.insert(key, list);
    }

    /// Adds a deployment set; its number. `refused`: families that it does not take.
    pub(crate) fn add_deployment_set(
        &mut self,
        id: &str,
        region: RegionIx,
        refused: &[u32],
        keep_stopped: bool,
        set: SetIx,
    ) -> u32 {
        let row = DeploymentSet {
            region: region.0,
            dedicated_host_supported: false,
            unsupported_families: IndexSet::of(refused.iter().copied()),
            instances: Quota::default(),
            keep_stopped,
        };
        let at = self.sets.put(id, row);
        self.bind_deployment_set(id, set);
        at
    }

    /// Takes a deployment set away.
    pub(crate) fn remove_deployment_set(&mut self, at: u32) {
        self.sets.remove(at);
    }

    /// Adds an HPC cluster; its number.
    pub(crate) fn add_hpc_cluster(&mut self, id: &str, region: RegionIx, set: SetIx) -> u32 {
        let at = self.hpc_clusters.put(id, HpcCluster { region: region.0, creating: false });
        self.bind_hpc_cluster(id, set);
        at
    }

    /// Takes an HPC cluster away.
    pub(crate) fn remove_hpc_cluster(&mut self, at: u32) {
        self.hpc_clusters.remove(at);
    }

    /// Adds a snapshot; its number.
    pub(crate) fn add_snapshot(&mut self, id: &str, row: Snapshot) -> u32 {
        self.snapshots.put(id, row)
    }

    /// A snapshot is accomplished (IMG-36).
    pub(crate) fn finish_snapshot(&mut self, at: u32) {
        if let Some(snapshot) = self.snapshots.get_mut(at) {
            snapshot.accomplished = true;
        }
    }

    /// Takes a snapshot away.
    pub(crate) fn remove_snapshot(&mut self, at: u32) {
        self.snapshots.remove(at);
    }
}

impl<T> Table<T> {
    /// Takes an entity away. Its name keeps its position: it is an entity that was deleted.
    fn remove(&mut self, at: u32) {
        if let Some(row) = self.get_row_mut(at) {
            *row = None;
        }
    }
}
