//! The import shim of everything that threads share: the model checks put shuttle's types here.

pub(super) use parking_lot::{Mutex, MutexGuard};
pub(super) use std::sync::atomic::{AtomicU64, Ordering};
