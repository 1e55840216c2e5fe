//! Packyard: a deterministic simulated cloud and its placement scheduler.
//!
//! The map of the house is `docs/ARCHITECTURE.md`. Arrows between modules point down only: [`model`] and
//! [`engine`] import nothing of the project; [`sim`] ties the parts into one run; [`cli`] is the edge.

pub mod api;
pub mod billing;
pub mod catalog;
pub mod cli;
pub mod compare;
pub mod engine;
pub mod evidence;
pub mod fit;
pub mod hypervisor;
pub mod journal;
pub mod load;
pub mod metrics;
pub mod model;
pub mod operations;
pub mod packing;
pub mod placement;
pub mod planner;
pub mod report;
pub mod scenario;
pub mod sim;
pub mod spot;
mod sync;
pub mod validate;
pub mod workload;
pub mod world;
