//! What an instance asks of a host.

use crate::model::{ClassIx, Resources};

use super::class::{ClassSet, HostClass};

/// A registered demand class: a position in the fleet's table of demands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct DemandId(pub u32);

/// GPUs that an instance takes.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct GpuDemand {
    /// Number of devices.
    pub count: u32,
    /// Thousandths of each device, 1 to 1000.
    pub milli_each: u32,
    /// Models allowed; empty allows any.
    pub models: Vec<String>,
}

/// What one instance takes of its host, and which host classes may serve it. A few dozen to a few hundred of
/// these exist in a run: requests share them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Demand {
    /// Thousandths of a vCPU.
    pub cpu_milli: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// GPUs.
    pub gpu: Option<GpuDemand>,
    /// Local disks.
    pub local_disks: u32,
    /// Network cards, counted only on classes that limit them.
    pub nics: u32,
    /// Classes that may serve it (families are resolved by the caller).
    pub classes: ClassSet,
}

impl Demand {
    /// CPU and memory only, on any class.
    pub fn plain(cpu_milli: u32, memory_mib: u32) -> Demand {
        Demand { cpu_milli, memory_mib, ..Demand::default() }
    }

    /// Devices, and thousandths of each.
    #[inline]
    pub(super) fn gpus(&self) -> (u32, u32) {
        self.gpu.as_ref().map_or((0, 0), |gpu| (gpu.count, gpu.milli_each))
    }

    /// True for a share of one device.
    pub fn gpu_share(&self) -> bool {
        self.gpus().0 == 1 && self.gpus().1 < 1_000
    }

    /// The sum of what it takes.
    pub fn resources(&self) -> Resources {
        let (count, milli) = self.gpus();
        Resources {
            cpu_milli: self.cpu_milli.into(),
            memory_mib: self.memory_mib.into(),
            gpu_milli: u64::from(count) * u64::from(milli),
            local_disks: self.local_disks.into(),
        }
    }

    /// Whether hosts of `class` may serve it, room aside: class set and GPU model.
    pub(super) fn served_by(&self, class: ClassIx, facts: &HostClass) -> bool {
        self.classes.contains(class) && self.model_allowed(facts)
    }

    /// Whether the GPU model of `class` is one that is asked for; true without GPUs.
    pub(crate) fn model_allowed(&self, class: &HostClass) -> bool {
        self.gpu.as_ref().is_none_or(|gpu| {
            gpu.count == 0
                || gpu.models.is_empty()
                || class.gpu_model.as_ref().is_some_and(|model| gpu.models.contains(model))
        })
    }

    /// What is wrong with it, if anything.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let (count, milli) = self.gpus();
        if self.cpu_milli == 0
            && self.memory_mib == 0
            && count == 0
            && self.local_disks == 0
            && self.nics == 0
        {
            return Some("asks for nothing");
        }
        if count > 0 && !(1..=1_000).contains(&milli) {
            return Some("a share of a GPU is 1 to 1000 thousandths");
        }
        None
    }
}
