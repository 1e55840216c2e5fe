//! CreateHpcCluster and DeleteHpcCluster.

use std::collections::BTreeMap;

use crate::api::forms;

use super::refusal::*;
use super::sets::Sets;
use super::{Params, Refusal};

/// An HPC cluster: super computing instances of one region on one RDMA network (HPC-1). It costs nothing and has no
/// limit of instances (HPC-13).
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Cluster {
    /// Id.
    pub id: String,
    /// Account, by number; none: every account's (a fact of the scenario).
    pub account: Option<u32>,
    /// Region, by number.
    pub region: u32,
    /// Deployment set that it refers to (HPC-12).
    pub set: Option<u32>,
    /// Instances in it.
    pub instances: u32,
}

/// All HPC clusters, by their number in the world.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Clusters(pub BTreeMap<u32, Cluster>);

/// CreateHpcCluster (HPC-8): the deployment set that it refers to, if it names one (HPC-12).
///
/// # Errors
/// A missing or bad name, a bad description, a set that does not exist.
pub fn create(params: &Params, account: u32, sets: &Sets) -> Result<Option<u32>, Refusal> {
    let name = params.get("Name").ok_or(MISSING_PARAMETER)?;
    if !forms::name(name) {
        return Err(BAD_HPC_NAME);
    }
    if params.get("Description").is_some_and(|text| !forms::description(text)) {
        return Err(BAD_HPC_DESCRIPTION);
    }
    let Some(id) = params.get("DeploymentSetId") else { return Ok(None) };
    let own = sets.named(id).filter(|(_, set)| set.belongs_to(account));
    own.map(|(at, _)| Some(at)).ok_or(UNKNOWN_SET)
}

/// DeleteHpcCluster (HPC-11): the number of the cluster that goes.
///
/// # Errors
/// A cluster that does not exist or is another's, or has instances.
pub fn delete(params: &Params, account: u32, clusters: &Clusters) -> Result<u32, Refusal> {
    let id = params.get("HpcClusterId").ok_or(MISSING_PARAMETER)?;
    let mut own = clusters.0.iter().filter(|(_, cluster)| cluster.account.is_none_or(|own| own == account));
    let (at, cluster) = own.find(|(_, cluster)| cluster.id == id).ok_or(UNKNOWN_HPC)?;
    if cluster.instances > 0 { Err(HPC_NOT_EMPTY) } else { Ok(*at) }
}

#[cfg(test)]
mod tests {
    use super::super::sets::tests::set;
    use super::*;

    #[test]
    fn a_cluster_needs_a_name_and_goes_when_empty() {
        // NAME-7, HPC-1, HPC-8, HPC-11, HPC-12, HPC-13: any number of instances, and no call that asks for money
        let mut sets = Sets::default();
        sets.0.insert(4, set("ds-a"));
        let make = |pairs: &[(&str, &str)]| create(&Params::of(pairs), 0, &sets);
        assert_eq!(make(&[]), Err(MISSING_PARAMETER));
        assert_eq!(make(&[("Name", "9x")]), Err(BAD_HPC_NAME));
        assert_eq!(make(&[("Name", "mpi"), ("Description", "http://a")]), Err(BAD_HPC_DESCRIPTION));
        assert_eq!(make(&[("Name", "mpi")]), Ok(None));
        assert_eq!(make(&[("Name", "m:p_i-1")]), Ok(None));
        for wrong in ["m", "m.p", "https://m", &"m".repeat(129)] {
            assert_eq!(make(&[("Name", wrong)]), Err(BAD_HPC_NAME), "{wrong}");
        }
        assert_eq!(make(&[("Name", "mpi"), ("DeploymentSetId", "ds-a")]), Ok(Some(4)));
        assert_eq!(make(&[("Name", "mpi"), ("DeploymentSetId", "ds-b")]), Err(UNKNOWN_SET));

        let mut clusters = Clusters::default();
        let cluster =
            Cluster { id: "hpc-a".to_owned(), account: Some(0), region: 0, set: None, instances: 1 };
        clusters.0.insert(2, cluster);
        let of = |id: &str| Params::of(&[("HpcClusterId", id)]);
        assert_eq!(delete(&of("hpc-a"), 0, &clusters), Err(HPC_NOT_EMPTY));
        clusters.0.get_mut(&2).unwrap().instances = 5_000;
        assert_eq!(delete(&of("hpc-a"), 0, &clusters), Err(HPC_NOT_EMPTY));
        assert_eq!(delete(&of("hpc-b"), 0, &clusters), Err(UNKNOWN_HPC));
        clusters.0.get_mut(&2).unwrap().instances = 0;
        assert_eq!(delete(&of("hpc-a"), 0, &clusters), Ok(2));
    }
}
