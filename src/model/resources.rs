use std::ops::{Add, AddAssign, Sub, SubAssign};

/// What an instance takes of a host, or what a host has: the quantities that reports add up.
///
/// The placement core has a finer demand (NUMA nodes, GPU shares by model); this is its sum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Resources {
    /// Thousandths of a vCPU.
    pub cpu_milli: u64,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Thousandths of a GPU.
    pub gpu_milli: u64,
    /// Local disks, counted.
    pub local_disks: u64,
}

impl Add for Resources {
    type Output = Resources;
    fn add(mut self, other: Resources) -> Resources {
        self += other;
        self
    }
}

impl AddAssign for Resources {
    fn add_assign(&mut self, other: Resources) {
        self.cpu_milli += other.cpu_milli;
        self.memory_mib += other.memory_mib;
        self.gpu_milli += other.gpu_milli;
        self.local_disks += other.local_disks;
    }
}

impl Sub for Resources {
    type Output = Resources;
    fn sub(mut self, other: Resources) -> Resources {
        self -= other;
        self
    }
}

impl SubAssign for Resources {
    /// Panics below zero: more was given back than was ever taken, and every figure after it would be wrong.
    fn sub_assign(&mut self, other: Resources) {
        let less = |a: u64, b: u64| a.checked_sub(b).expect("resources below zero");
        self.cpu_milli = less(self.cpu_milli, other.cpu_milli);
        self.memory_mib = less(self.memory_mib, other.memory_mib);
        self.gpu_milli = less(self.gpu_milli, other.gpu_milli);
        self.local_disks = less(self.local_disks, other.local_disks);
    }
}
