//! Journals: a run written down so that it can be run again, exactly, or with one thing changed.
//!
//! A journal ([`Recording`]) holds the effective scenario, every request that came in and what became of the event log
//! (values of its chain, the digest). [`Journal`] reads one, knows when and where it is damaged, and gives the workload
//! back; [`Check`] compares the event log of a replay with that of the recording. [`beside`] puts the input side and
//! the digest of any run on a second thread. `docs/journal.md` has the form of the file and the commands.

mod beside;
pub mod diff;
mod form;
mod frame;
mod read;
mod record;
mod replay;
mod snapshot;

pub use beside::beside;
pub use form::{Checkpoint, Conclusion, Header};
pub use frame::{Damage, FileError};
pub use read::Journal;
pub use record::{RecordError, Recording};
pub use replay::{Check, Verdict};
pub use snapshot::{Snapshot, SnapshotHeader};
