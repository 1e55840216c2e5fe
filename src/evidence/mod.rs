//! What a run leaves behind for people to look at: time series, tables, histograms, a page.
//!
//! Everything here looks on ([`crate::sim::Observer`]) and changes nothing: a run with all of it on and one with none
//! have one digest. `docs/report.md` describes the files.

pub mod metric;
mod sampler;

pub use sampler::Sampler;
