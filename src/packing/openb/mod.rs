//! The openb GPU cluster: 1,523 nodes, lists of pods, and the arrival orders of the published runs.
//!
//! A run starts from the empty cluster and never releases. A node is feasible with enough CPU and memory, and for GPU
//! pods an allowed model and enough devices with enough free thousandths; a pod that finds no node is dropped. The
//! measure is the share of all GPU thousandths that is allocated, against what has arrived so far.
//!
//! Source of data and protocol: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with
//! Fragmentation Gradient Descent", USENIX ATC 2023.

mod bound;
mod expected;
mod read;
mod run;

pub use bound::most_gpu_milli;
pub use expected::{Expected, PUBLISHED};
pub use read::{Nodes, Order, Pods, read_nodes, read_orders, read_pods};
pub use run::{Curve, Outcome, Policies, run};
