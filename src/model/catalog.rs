//! Rows of the catalog, typed. The catalog module reads them from `data/*.csv`; a scenario may add its own.

use super::Resources;

/// How current an instance type is (2021 view; see `data/README.md`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// On the recommended list.
    Current,
    /// Still sold.
    Previous,
    /// No longer recommended; "retired types" of the API reference (R47, R98).
    Retired,
}

/// Whether a type can, must or cannot be I/O optimized.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IoOptimized {
    /// Only I/O optimized.
    Required,
    /// Both modes.
    Optional,
    /// Never I/O optimized.
    Unsupported,
}

/// Accelerators of one instance type (GPUs; the catalog also counts FPGAs and NPUs here).
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Gpu {
    /// Model name as printed by the documents.
    pub model: String,
    /// Thousandths of a device: 125 to 875 is a share of one, from 1000 on whole devices.
    pub milli: u32,
}

/// Local disks that come with a type or a host.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct LocalDisks {
    /// Number of disks.
    pub count: u32,
    /// Size of each in GiB.
    pub gib_each: u32,
    /// `hdd`, `ssd` or `nvme`.
    pub kind: String,
}

/// An instance type: what one instance of it takes and may have.
#[derive(Clone, PartialEq, Debug, serde::Serialize, serde::Deserialize)]
pub struct InstanceType {
    /// API name, such as `ecs.g5.large`.
    pub name: String,
    /// Family in API form, such as `ecs.g5`.
    pub family: String,
    /// How current it is.
    pub generation: Generation,
    /// `general`, `compute`, `memory`, `gpu`, `burstable` ...
    pub category: String,
    /// Thousandths of a vCPU (catalog types have whole vCPUs, scenario types may not).
    pub cpu_milli: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Accelerators.
    pub gpu: Option<Gpu>,
    /// Local disks.
    pub local_disks: Option<LocalDisks>,
    /// Baseline bandwidth in thousandths of Gbit/s, when documented.
    pub bandwidth_gbps_milli: Option<u32>,
    /// Packet rate in thousands a second, when documented.
    pub pps_k: Option<u32>,
    /// Largest number of network interfaces, when documented.
    pub eni_max: Option<u32>,
    /// Private addresses per network interface, when documented.
    pub private_ip_per_eni: Option<u32>,
    /// I/O optimization (holes filled: see `data/README.md`).
    pub io_optimized: IoOptimized,
    /// Cloud disk categories the type takes (holes filled: see `data/README.md`).
    pub disk_categories: Vec<String>,
    /// Baseline CPU share per vCPU in percent, for burstable types.
    pub baseline_cpu_percent: Option<u32>,
    /// CPU credits earned per hour by the whole instance, for burstable types.
    pub cpu_credits_per_hour: Option<u32>,
    /// Named by the documents of September 2019.
    pub in_2019: bool,
    /// How current it was in September 2019, when the documents of then name it.
    pub generation_2019: Option<Generation>,
    /// Sold by invitation only.
    pub preview: bool,
}

impl InstanceType {
    /// True for burstable types (CPU credits).
    pub fn burstable(&self) -> bool {
        self.category == "burstable"
    }

    /// What one instance takes of its host.
    pub fn resources(&self) -> Resources {
        Resources {
            cpu_milli: self.cpu_milli.into(),
            memory_mib: self.memory_mib.into(),
            gpu_milli: self.gpu.as_ref().map_or(0, |gpu| gpu.milli.into()),
            local_disks: self.local_disks.as_ref().map_or(0, |disks| disks.count.into()),
        }
    }
}

/// A dedicated-host type: also the named classes that a scenario's pools may use.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct DedicatedHostType {
    /// Name, such as `ddh.g5`.
    pub name: String,
    /// How current it is.
    pub generation: Generation,
    /// CPU sockets.
    pub sockets: u32,
    /// Physical cores of all sockets.
    pub physical_cores: u32,
    /// vCPUs sold.
    pub vcpus: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Local disks.
    pub local_disks: Option<LocalDisks>,
    /// Families it takes, in API form.
    pub families: Vec<String>,
    /// True when it takes custom types.
    pub custom_types: bool,
    /// Range of the adjustable over-commit ratio, when adjustable.
    pub overcommit_range: Option<(u32, u32)>,
    /// Default over-commit ratio (already inside `vcpus`), when there is one.
    pub overcommit_default: Option<u32>,
    /// CPU model.
    pub cpu_model: String,
    /// Bandwidth in Gbit/s.
    pub bandwidth_gbps: u32,
    /// Packet rate in thousands a second.
    pub pps_k: u32,
    /// Named by the documents of September 2019.
    pub in_2019: bool,
}

/// One row of the disk table: a category, or one performance level of `cloud_essd`.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct DiskCategory {
    /// API value, such as `cloud_essd`.
    pub category: String,
    /// Marketing name.
    pub name: String,
    /// `PL0` to `PL3` for ESSD, else none.
    pub performance_level: Option<String>,
    /// Sizes in GiB allowed as a system disk, when it can be one.
    pub system_gib: Option<(u32, u32)>,
    /// Sizes in GiB allowed as a data disk, when it can be one that is asked for by size.
    pub data_gib: Option<(u32, u32)>,
    /// Largest number of data disks of an instance, when fixed.
    pub max_data_disks: Option<u32>,
    /// Largest total of one instance in GiB.
    pub max_total_gib: Option<u32>,
    /// IOPS: base, per GiB in thousandths, and ceiling.
    pub iops: Option<(u32, u32, u32)>,
    /// Throughput in thousandths of MB/s: base, per GiB, and ceiling; none where the table gives prose.
    pub throughput_milli: Option<(u32, u32, u32)>,
    /// Outlives and moves between instances (as a data disk).
    pub portable: bool,
    /// Can be detached (as a data disk).
    pub detachable: bool,
    /// Can be encrypted.
    pub encryptable: bool,
    /// Can have snapshots.
    pub snapshot: bool,
    /// Only for I/O optimized instances.
    pub needs_io_optimized: bool,
    /// Still sold.
    pub purchasable: bool,
    /// True for disks of the host itself.
    pub local: bool,
}

/// Operating system family of an image.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Os {
    /// Linux and other Unix-like systems.
    Linux,
    /// Windows Server.
    Windows,
}

/// Architecture of an image.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// 32-bit x86.
    I386,
    /// 64-bit x86.
    X86_64,
}

/// A public image.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Image {
    /// Image id.
    pub id: String,
    /// Operating system family.
    pub os: Os,
    /// Architecture; 32-bit ones need less than 4 GiB of memory (R56).
    pub architecture: Architecture,
    /// Size in GiB: least system disk.
    pub size_gib: u32,
    /// Has cloud-init.
    pub cloud_init: bool,
    /// Has drivers for I/O optimized instances.
    pub io_optimized: bool,
    /// Works on I/O optimized instances only.
    pub io_optimized_only: bool,
    /// Platform, such as `CentOS`.
    pub platform: String,
    /// Full name of the system.
    pub os_name: String,
    /// Date of release, `YYYY-MM-DD`.
    pub release_date: String,
}

/// A region.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Region {
    /// Region id, such as `cn-hangzhou`.
    pub id: String,
    /// Name.
    pub name: String,
    /// City.
    pub city: String,
    /// Lies in mainland China: real-name authentication is demanded there (QUO-10).
    pub mainland_china: bool,
    /// Endpoint of the API.
    pub endpoint: String,
    /// Named by the documents of September 2019.
    pub in_2019: bool,
}

/// A zone.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Zone {
    /// Zone id, such as `cn-hangzhou-b`.
    pub id: String,
    /// Region it lies in.
    pub region: String,
    /// Local name.
    pub local_name: String,
    /// Within the documented count of September 2019.
    pub in_2019: bool,
}
