//! Operations of the API beside CreateInstance: what each one answers.
//!
//! One file a group. Every function is pure: it reads an operation and the state that it is about, and says what is to
//! happen, or why not ([`Refusal`]); a refusal changes nothing. What then happens in time, to hosts and to quotas is
//! the simulator's part (`sim::run`). [`run_instances`] is the exception: it makes instances at the gate, for `packyard
//! run-instances`.
//!
//! Values come as on the wire, because a wrong one must be answered as the API answers it: an operation keeps its
//! [`Params`], and each function reads those that it knows.

pub mod address;
pub mod deployment;
pub mod disks;
pub mod hosts;
pub mod hpc;
pub mod instance;
pub mod lifecycle;
pub mod names;
pub mod params;
pub mod redeploy;
pub mod refusal;
pub mod release_time;
pub mod run_instances;
pub mod sets;
pub mod snapshots;
pub mod tokens;

pub use instance::{Event, Instance, Lock, StoppedMode};
pub use params::{Action, Params};
pub use refusal::Refusal;
