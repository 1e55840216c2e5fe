//! What a run measures: histograms of simulated latency and of engine cost (two clocks that never mix,
//! DESIGN "Two clocks"), and exact time-weighted utilization.

pub mod clock;
mod cost;
mod latency;
mod usage;

pub use cost::{CostProbe, CostStage, EngineCost, Unmeasured};
pub use latency::{Latency, LatencyStage, Percentiles};
pub use usage::{Level, Usage};
