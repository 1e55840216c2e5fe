//! The vocabulary shared by every part: ids, time, resources, money, instance types, disk categories.
//!
//! No I/O, no behaviour beyond arithmetic and formatting. Imports nothing of the project.

pub mod calendar;
mod catalog;
mod ids;
mod money;
mod resources;
pub(crate) mod sorted;
mod time;

pub use catalog::{
    Architecture, DedicatedHostType, DiskCategory, Generation, Gpu, Image, InstanceType, IoOptimized,
    LocalDisks, Os, Region, Zone,
};
pub use ids::{AccountIx, ClassIx, HostIx, ImageIx, RegionIx, TypeIx, ZoneIx};
pub use money::Money;
pub use resources::Resources;
pub use time::{SimDuration, SimTime, Utc};
