//! What a run measures: histograms of simulated latency and of engine cost (two clocks that never mix,
//! DESIGN "Two clocks"), and exact time-weighted utilization.

mod classes;
pub mod clock;
mod cost;
pub mod hdr;
mod intervals;
mod latency;
mod percentiles;
pub(crate) mod saved;
mod series;
mod usage;
mod waits;

pub(crate) use cost::Probe;
pub use cost::{CostStage, EngineCost};
pub use intervals::{histogram, merge};
pub use latency::{Latency, LatencyStage, LatencyState, Outcome};
pub use percentiles::{CurvePoint, Percentiles, curve};
pub use series::{Column, ColumnIx, Key, Kind, MOST_POINTS, Series, Value};
pub use usage::{Level, Usage};
pub use waits::{WaitCounter, Waits};
