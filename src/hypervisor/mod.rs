//! The simulated hypervisor: what a node controller and a disk pool do between a placement and a running
//! instance.
//!
//! A node controller starts a bounded number of instances at a time ([`StartSlots`]); each start clones the
//! system disk from its image through the zone's shared bandwidth ([`ClonePool`]) and then boots. The state of
//! an instance and its allowed transitions are in [`State`] (LIFE-1 and following).
//!
//! What its customers do with an instance is a [`load::Load`]; from it follow the CPU credits of burstable types
//! ([`credits`]) and how much of the wanted time an over-committed host cannot give ([`steal`]).
//! Hosts fail and are mended ([`Wear`]), somebody notices ([`Heartbeat`]), and instances move while they run
//! ([`PreCopy`]).
//!
//! Nothing here knows the event queue: callers ask what happens next and when.

mod clone;
pub mod credits;
mod life;
pub mod load;
mod migration;
mod outage;
mod start;
pub mod steal;

pub use clone::{ClonePool, CloneState};
pub use life::{IllegalTransition, State};
pub use migration::{Copying, PreCopy};
pub use outage::{Heartbeat, Wear};
pub use start::{StartSlots, StartState, Turn};
