//! Deployment sets and HPC clusters: made and deleted.

use crate::catalog::Catalog;
use crate::model::RegionIx;
use crate::operations::hpc::{self, Cluster};
use crate::operations::sets::{self, FAMILIES, OnUnable, Set};
use crate::operations::{Params, Refusal};
use crate::placement::SetRule;
use crate::world::Quota;

use super::super::Run;
use super::Call;

impl Run<'_> {
    pub(super) fn create_set(&mut self, call: &Call<'_>, account: u32, region: u32) -> Result<(), Refusal> {
        let ops = self.ops();
        let quota = Quota { used: ops.sets.of(account, region), limit: ops.limits[account as usize].1 };
        let made = sets::create(call.params, quota)?;
        // A set takes the families of the documents' lists; types of the scenario's own are no concern of theirs.
        let listed =
            |name: &str| Catalog::shipped().family_named(name).is_some() && !FAMILIES.contains(&name);
        let refused = self.world.families.all_names().filter(|(_, name)| listed(name)).map(|(at, _)| at);
        let mut refused: Vec<u32> = refused.collect();
        refused.sort_unstable();
        let set = Set {
            id: self.new_id(call, "ds", |run, id| run.world.sets.is_new(id)),
            account: Some(account),
            region,
            refused,
            apart: made.apart,
            on_unable: made.on_unable,
            of_hpc: false,
            members: 0,
        };
        let keep = set.on_unable == OnUnable::KeepStopped;
        let bound = self.fleet.add_set(set.rule());
        let at = self.world.add_deployment_set(&set.id, RegionIx(region), &set.refused, keep, bound);
        self.ops().sets.0.insert(at, set);
        Ok(())
    }

    pub(super) fn delete_set(&mut self, params: &Params, account: u32) -> Result<(), Refusal> {
        let at = sets::delete(params, account, &self.ops().sets)?;
        self.ops().sets.0.remove(&at);
        self.world.remove_deployment_set(at);
        Ok(())
    }

    pub(super) fn create_cluster(
        &mut self,
        call: &Call<'_>,
        account: u32,
        region: u32,
    ) -> Result<(), Refusal> {
        let set = hpc::create(call.params, account, &self.ops().sets)?;
        let id = self.new_id(call, "hpc", |run, id| run.world.hpc_clusters.is_new(id));
        let bound = self.fleet.add_set(SetRule::Near);
        let at = self.world.add_hpc_cluster(&id, RegionIx(region), bound);
        let ops = self.ops();
        if let Some(set) = set.and_then(|set| ops.sets.0.get_mut(&set)) {
            set.of_hpc = true;
        }
        ops.clusters.0.insert(at, Cluster { id, account: Some(account), region, set, instances: 0 });
        Ok(())
    }

    pub(super) fn delete_cluster(&mut self, params: &Params, account: u32) -> Result<(), Refusal> {
        let at = hpc::delete(params, account, &self.ops().clusters)?;
        let ops = self.ops();
        let cluster = ops.clusters.0.remove(&at);
        if let Some(set) = cluster.and_then(|cluster| cluster.set) {
            let still = ops.clusters.0.values().any(|other| other.set == Some(set));
            if let Some(set) = ops.sets.0.get_mut(&set) {
                set.of_hpc = still;
            }
        }
        self.world.remove_hpc_cluster(at);
        Ok(())
    }

    /// An instance has left its deployment set because no host kept the set's rule (DEP-41).
    pub(in crate::sim::run) fn left_set(&mut self, slot: u32) {
        let Some(ops) = self.operations.as_deref_mut() else { return };
        let set = ops.record_mut(slot).set.take();
        if let Some(set) = set.and_then(|set| ops.sets.0.get_mut(&set)) {
            set.members -= 1;
        }
    }

    /// The id that a call gives what it makes, if nothing ever had it, else a made-up one.
    pub(super) fn new_id(
        &mut self,
        call: &Call<'_>,
        prefix: &str,
        is_new: impl Fn(&Self, &str) -> bool,
    ) -> String {
        match &call.id {
            Some(id) if is_new(self, id) => id.clone(),
            _ => self.ops().made_up(prefix),
        }
    }
}
