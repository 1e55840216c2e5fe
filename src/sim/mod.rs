//! One simulated run: ties workload, gate, placement, hypervisor and metrics together.

mod log;
mod station;
mod summary;

pub use summary::{
    CodeCount, Engine, Packing, Peaks, RequestCounts, RunInfo, SUMMARY_SCHEMA, Stage, Summary, ZoneUse,
};
