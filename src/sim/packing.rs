//! How full hosts are, judged by what the run really asked for.

use crate::model::Resources;
use crate::placement::{DemandId, Fleet, Survey};

use super::summary::Packing;

/// Hosts by fullness, and what is stranded: free on hosts that have no room for any demand of their zone's mix.
pub(super) fn packing(fleet: &Fleet, mix: &[Vec<DemandId>]) -> Packing {
    let mut packing = Packing::default();
    let mut stranded = Resources::default();
    let mut survey = Survey::new();
    for cell in survey.look(fleet, mix) {
        packing.hosts += cell.hosts;
        packing.down += cell.down;
        packing.empty += cell.empty;
        packing.partly += cell.partly;
        packing.full += cell.full;
        stranded += cell.stranded;
    }
    packing.stranded_vcpus = stranded.cpu_milli as f64 / 1e3;
    packing.stranded_memory_gib = stranded.memory_mib as f64 / 1024.0;
    packing
}
