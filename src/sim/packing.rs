//! How full hosts are, judged by what the run really asked for.

use rustc_hash::FxHashMap;

use crate::model::{HostIx, Resources};
use crate::placement::{DemandId, Fleet, Want};

use super::summary::Packing;

/// Hosts by fullness, and what is stranded: free on hosts that have no room for any demand of `mix`.
///
/// Looks at every host once; asks for room once for each kind of host that occurs.
pub(super) fn packing(fleet: &Fleet, mix: &[DemandId]) -> Packing {
    let mut packing = Packing::default();
    let mut stranded = Resources::default();
    let mut rooms = FxHashMap::default();
    for host in (0..fleet.len()).map(HostIx) {
        let Some(view) = fleet.host(host) else { continue };
        packing.hosts += 1;
        if view.free == view.capacity {
            packing.empty += 1;
            continue;
        }
        let kind = (view.class, view.owner, view.state, view.nodes, view.devices, view.free.local_disks);
        let room = *rooms.entry(kind).or_insert_with(|| {
            let want = |demand| Want::zone(demand, view.zone).owned_by(view.owner).on(host);
            mix.iter().any(|&demand| fleet.fits(&want(demand)))
        });
        if room {
            packing.partly += 1;
        } else {
            packing.full += 1;
            stranded += view.free;
        }
    }
    packing.stranded_vcpus = stranded.cpu_milli as f64 / 1e3;
    packing.stranded_memory_gib = stranded.memory_mib as f64 / 1024.0;
    packing
}
