//! Workloads: arrival processes, mixes, lifetimes, trace readers.
