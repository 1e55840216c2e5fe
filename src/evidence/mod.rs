//! What a run leaves behind for people to look at: time series, tables, histograms, a page.
//!
//! Everything here looks on ([`crate::sim::Observer`]) and changes nothing: a run with all of it on and one with none
//! have one digest. `docs/report.md` describes the files.

mod events;
mod hostmap;
mod manifest;
pub mod metric;
mod recorder;
mod sampler;
pub mod tables;

pub use events::EventFile;
pub use hostmap::{HostMap, ZoneMap};
pub use manifest::{FileEntry, MANIFEST, Manifest};
pub use recorder::{ENGINE_LOG, LATENCY_LOG, Options, Recorded, Recorder};
pub use sampler::Sampler;
