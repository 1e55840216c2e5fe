//! Hosts from lists of nodes: a class for each kind of node, a pool for each run of equal nodes in the file.

use std::path::Path;

use super::cloud::families_of;
use super::{Class, Files, Known, Pool, Problem};
use crate::model::ClassIx;
use crate::scenario::naming;
use crate::scenario::schema::NodeListSpec;
use crate::workload::trace::NodeList;

/// Adds the classes and pools of the lists, whose paths are relative to the folder, where they are not given.
pub(super) fn add(
    specs: &[NodeListSpec],
    (folder, files): (&Path, &Files),
    known: Known<'_>,
    classes: &mut Vec<Class>,
    pools: &mut Vec<Pool>,
) -> Result<(), Problem> {
    for (table, spec) in specs.iter().enumerate() {
        let zone = known.zone(&spec.zone)?;
        let families = families_of(&spec.path, "node list", &spec.families, known)?;
        let place = folder.join(spec.path.as_str());
        let list = match files.get(spec.path.as_str()) {
            Some(content) => NodeList::of(&place, content.to_vec()),
            None => NodeList::read(&place),
        };
        let list = list.map_err(|error| {
            Problem::at(&spec.path, error.to_string()).label("relative to the scenario's folder")
        })?;
        let first = classes.len();
        for class in &list.classes {
            classes.push(Class {
                name: class.label(),
                cpu_milli: class.cpu_milli,
                overcommit: 1.0,
                memory_mib: class.memory_mib,
                numa_nodes: 1,
                split_above_mib: None,
                gpus: (class.gpus > 0).then(|| (class.model.clone(), class.gpus)),
                local_disks: None,
                families: families.clone(),
                dedicated: false,
            });
        }
        let nodes = list.nodes.iter().filter(|&&node| !spec.gpu_only || list.classes[node as usize].gpus > 0);
        let mut latest = None;
        for &node in nodes {
            if latest == Some(node)
                && let Some(pool) = pools.last_mut()
            {
                pool.hosts += 1;
                continue;
            }
            latest = Some(node);
            pools.push(Pool {
                name: format!("{}/{}", spec.zone, list.classes[node as usize].label()),
                zone,
                class: ClassIx::from(first + node as usize),
                hosts: 1,
                shards: 1,
                hosts_per_rack: 20,
                racks_per_switch: 8,
                cluster: naming::cluster_id(&spec.zone),
                table,
            });
        }
        if latest.is_none() {
            return Err(
                Problem::at(&spec.path, "no node of the list has a GPU").label("`gpu_only` leaves none")
            );
        }
    }
    Ok(())
}
