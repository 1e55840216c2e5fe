//! The placement core: scores shapes, not hosts.
//!
//! Hosts with the same class and the same free resources are interchangeable for packing, so the core never scans
//! hosts. A *shape* is such a class of hosts ([`Free`] is what a policy sees of it), and a decision finds the best
//! shape that has hosts, for one kind of request, and takes the host of the lowest rank out of it. The score of a
//! (request, shape) pair can never change, and is computed once.
//!
//! Life cycle: a [`FleetBuilder`] collects host classes, hosts and demands; [`Fleet::place`] turns a [`Want`] into a
//! [`Claim`] on real capacity; [`Fleet::release`] takes it back. Everything works from many threads through
//! `&self`; from one thread it is exact and deterministic. This module imports [`crate::model`] and the locks of `sync`
//! only: it knows no clock and no scenario, so that a benchmark can hammer it without a simulation.
//!
//! Data structures, costs and the lock protocol: `docs/placement.md`.

mod bars;
mod bits;
pub mod bounds;
mod builder;
mod change;
mod class;
mod demand;
pub mod exercise;
mod explain;
mod find;
mod fit;
mod fleet;
mod fork;
mod hostset;
mod layout;
mod locate;
mod luck;
mod membership;
mod order;
pub mod policy;
mod query;
mod restore;
mod sets;
mod shape;
mod shard;
mod state;
mod stats;
mod summary;
mod survey;
mod want;
mod what_if;

pub use builder::FleetBuilder;
pub use change::{Reservation, Unchanged};
pub use class::{
    BuildError, ClassSet, ClusterIx, HostClass, HostGroup, HostState, MAX_GPUS, MAX_NODES, Owner,
};
pub use demand::{Demand, DemandId, GpuDemand};
pub use explain::{Explanation, Lack, Near, ZoneExplanation};
pub use fleet::{Fleet, HostView, Usage};
pub use policy::Policy;
pub use restore::{FleetState, Misfit, SavedClaim, SavedWant};
pub use sets::{Granularity, SetIx, SetRule};
pub use shape::Free;
pub use stats::Stats;
pub use survey::{Cell, FILLS, Survey};
pub use want::{Claim, NoRoom, Reason, Want, Zones};
pub use what_if::{Hold, WhatIf};

#[cfg(test)]
mod tests;
