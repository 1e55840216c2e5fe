//! Published packing experiments on recorded workloads, run on the placement core alone.
//!
//! Each submodule is one data set with its protocol: the hosts, the order of requests, what ends a run and what is
//! counted. No simulator, clock or API gate is involved: a protocol is a loop over [`crate::placement::Fleet::place`]
//! and `release`. Everything is a pure function of the files and the policy.
//!
//! Protocols, commands, tables and deviations: `docs/packing.md`.

pub mod azure;
mod bound;
pub mod huawei;
pub mod openb;
mod sizes;

use std::path::PathBuf;

use crate::placement::BuildError;
use crate::workload::trace::TraceError;

/// Why an experiment cannot be run. All are errors of the user's files or arguments.
#[derive(Debug, thiserror::Error)]
pub enum PackingError {
    /// A file is missing, damaged or empty.
    #[error(transparent)]
    File(#[from] TraceError),
    /// The hosts or requests that a file describes cannot be.
    #[error("{}: {cause}", path.display())]
    Fleet {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: BuildError,
    },
    /// The file asks for a named type, whose size these protocols do not know.
    #[error("{}: asks for type `{name}`, and only sizes can be placed here", path.display())]
    Unsized {
        /// The file.
        path: PathBuf,
        /// The type.
        name: String,
    },
    /// A request that no empty host can hold, where hosts are added until all requests are placed.
    #[error("{}:{line}: the request is larger than a host", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
    },
}
