//! What of a world stands for what of a fleet: types for demands, hosts for hosts, sets for sets.

use super::World;
use crate::model::{HostIx, TypeIx};
use crate::placement::{ClusterIx, DemandId, SetIx};

/// Positions of the world to ids of the fleet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    demands: Vec<Option<DemandId>>,
    clusters: Vec<Option<ClusterIx>>,
    deployment_sets: Vec<Option<SetIx>>,
    hpc_clusters: Vec<Option<SetIx>>,
}

fn put<T>(list: &mut Vec<Option<T>>, at: u32, value: T) {
    let at = at as usize;
    if list.len() <= at {
        list.resize_with(at + 1, || None);
    }
    list[at] = Some(value);
}

fn get<T: Copy>(list: &[Option<T>], at: u32) -> Option<T> {
    list.get(at as usize).copied().flatten()
}

impl Bindings {
    pub(crate) fn cluster(&self, at: u32) -> Option<ClusterIx> {
        get(&self.clusters, at)
    }

    pub(crate) fn deployment_set(&self, at: u32) -> Option<SetIx> {
        get(&self.deployment_sets, at)
    }

    /// Sets of the fleet behind deployment sets and behind HPC clusters, for a snapshot.
    pub(super) fn sets(&self) -> [Vec<Option<SetIx>>; 2] {
        [self.deployment_sets.clone(), self.hpc_clusters.clone()]
    }

    /// Goes on with the sets of a snapshot.
    pub(super) fn set_sets(&mut self, [deployment_sets, hpc_clusters]: &[Vec<Option<SetIx>>; 2]) {
        self.deployment_sets.clone_from(deployment_sets);
        self.hpc_clusters.clone_from(hpc_clusters);
    }

    pub(crate) fn hpc_cluster(&self, at: u32) -> Option<SetIx> {
        get(&self.hpc_clusters, at)
    }
}

/// Names that are not of this world bind nothing: the functions answer false.
impl World {
    /// Says which demand of the fleet a type is.
    pub fn bind_type(&mut self, instance_type: TypeIx, demand: DemandId) {
        put(&mut self.bindings.demands, instance_type.0, demand);
    }

    /// The demand of the fleet that a type is; none: no host of the fleet takes it.
    #[inline]
    pub fn demand_of(&self, instance_type: TypeIx) -> Option<DemandId> {
        get(&self.bindings.demands, instance_type.0)
    }

    /// Says which host of the fleet a dedicated host is. The fleet must know it as owned by the account's number
    /// ([`crate::placement::Owner::Account`] of [`crate::model::AccountIx`]).
    pub fn bind_dedicated_host(&mut self, name: &str, host: HostIx) -> bool {
        let row = self.hosts.find(name).and_then(|at| self.hosts.get_mut(at));
        row.map(|row| row.host = Some(host)).is_some()
    }

    /// Says which host of the fleet a node controller is.
    pub fn bind_node_controller(&mut self, name: &str, host: HostIx) -> bool {
        self.node_controllers.bind(name, host)
    }

    /// Says which cluster of the fleet a cluster is.
    pub fn bind_cluster(&mut self, name: &str, cluster: ClusterIx) -> bool {
        let at = self.clusters.find(name);
        at.map(|at| put(&mut self.bindings.clusters, at, cluster)).is_some()
    }

    /// Says which set of the fleet a deployment set is.
    pub fn bind_deployment_set(&mut self, name: &str, set: SetIx) -> bool {
        let at = self.sets.find(name);
        at.map(|at| put(&mut self.bindings.deployment_sets, at, set)).is_some()
    }

    /// Says which set of the fleet an HPC cluster is.
    pub fn bind_hpc_cluster(&mut self, name: &str, set: SetIx) -> bool {
        let at = self.hpc_clusters.find(name);
        at.map(|at| put(&mut self.bindings.hpc_clusters, at, set)).is_some()
    }
}
