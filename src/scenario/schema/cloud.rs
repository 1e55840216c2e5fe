//! What the cloud is made of: regions, host classes, pools, dedicated hosts, disk pools, instance types.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::customers::Charge;
use super::nodes::BootSpec;
use crate::scenario::units::{At, Bandwidth, Size, Span};
use crate::scenario::workload::DistributionSpec;

/// A region: one of the catalog's, or an invented one (which lists its zones).
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionSpec {
    /// Region id, such as `cn-hangzhou`.
    pub id: At<String>,
    /// Zones of the region that the scenario has. Left out: those of the catalog.
    #[serde(default)]
    pub zones: Vec<At<String>>,
}

/// A class of hosts: hosts of one class are alike.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassSpec {
    /// Name that pools use; none of the catalog's dedicated-host types.
    pub name: At<String>,
    /// vCPUs for instances, before over-commit.
    pub vcpus: At<u32>,
    /// Memory for instances.
    pub memory: At<Size>,
    /// CPU sockets. Each is a NUMA node with an equal part of vCPUs and memory; 1 means no such parts.
    #[serde(default = "one")]
    pub sockets: At<u32>,
    /// Instances with more memory than this may be split over the NUMA nodes; smaller ones stay within one.
    /// Left out: only those that do not fit into one node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_above: Option<At<Size>>,
    /// vCPUs sold for each one of the host.
    #[serde(default = "no_overcommit")]
    pub overcommit: At<f64>,
    /// Families of instance types that the class serves; `"*"` for all.
    #[serde(default = "every_family")]
    pub families: Vec<At<String>>,
    /// GPUs of each host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpus: Option<GpuSpec>,
    /// Local disks of each host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_disks: Option<LocalDiskSpec>,
}

/// GPUs (or other accelerators) of a host.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuSpec {
    /// Model, such as `NVIDIA V100`.
    pub model: At<String>,
    /// Number of devices.
    pub count: At<u32>,
}

/// GPUs of an instance type: whole ones, or a share of one.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuShareSpec {
    /// Model, such as `NVIDIA V100`.
    pub model: At<String>,
    /// Number of devices: below 1 it is a share of one, otherwise a whole number.
    pub count: At<f64>,
}

/// Kind of a local disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LocalDiskKind {
    /// Spinning disk.
    Hdd,
    /// Solid state.
    Ssd,
    /// Solid state on NVMe.
    Nvme,
}

impl LocalDiskKind {
    /// The catalog's word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            LocalDiskKind::Hdd => "hdd",
            LocalDiskKind::Ssd => "ssd",
            LocalDiskKind::Nvme => "nvme",
        }
    }
}

/// Local disks of a host or of an instance type.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalDiskSpec {
    /// Number of disks.
    pub count: At<u32>,
    /// Size of each.
    pub size: At<Size>,
    /// Kind of disk.
    pub kind: LocalDiskKind,
}

/// A pool of hosts of one class.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoolSpec {
    /// Name, for reports and for `--set pools.NAME.hosts=...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<At<String>>,
    /// Zone of the hosts; give this or `zones`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<At<String>>,
    /// Several zones: `hosts` in each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<At<String>>,
    /// Class of the hosts: one of `[[classes]]` or a dedicated-host type of the catalog.
    pub class: At<String>,
    /// Number of hosts in each zone.
    pub hosts: At<u32>,
    /// Locks that the hosts of a zone are divided among: more let more schedulers place at the same time.
    #[serde(default = "one")]
    pub shards: At<u32>,
    /// Hosts of one rack.
    #[serde(default = "hosts_per_rack")]
    pub hosts_per_rack: At<u32>,
    /// Racks behind one switch.
    #[serde(default = "racks_per_switch")]
    pub racks_per_switch: At<u32>,
    /// Cluster id that requests may name. Left out: one cluster a zone, `c-ZONE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<At<String>>,
}

/// Dedicated hosts: whole hosts of one account, outside the pools.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DedicatedHostSpec {
    /// Account that they belong to. Left out: the first account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<At<String>>,
    /// Dedicated-host type of the catalog, or one of `[[classes]]`.
    #[serde(rename = "type")]
    pub host_type: At<String>,
    /// Zone that they are in.
    pub zone: At<String>,
    /// Number of hosts.
    #[serde(default = "one")]
    pub count: At<u32>,
    /// How they are paid for.
    #[serde(default = "prepaid")]
    pub charge: Charge,
    /// Takes instances that ask for a dedicated host without naming one.
    #[serde(default = "yes")]
    pub auto_placement: bool,
    /// Nobody has them yet: AllocateDedicatedHosts hands them out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stock: bool,
    /// Months of the subscription, counted from the start of the run. Left out: it does not end within the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<At<u32>>,
    /// The subscription is renewed at its end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub auto_renew: bool,
    /// vCPUs sold for each thread, for the types that let it be chosen. Left out: the type's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overcommit: Option<At<f64>>,
    /// What a failure does to the instances: `Migrate` or `Stop`. Left out: by the local disks of the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_maintenance: Option<At<String>>,
}

/// Room for cloud disks of one category in one zone.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DiskPoolSpec {
    /// Zone of the pool.
    pub zone: At<String>,
    /// Disk category, such as `cloud_ssd`.
    pub category: At<String>,
    /// Performance level of `cloud_essd` that the pool is for: `PL2` or `PL3`. Left out: all levels without a pool of
    /// their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performance_level: Option<At<String>>,
    /// Capacity, before over-commit.
    pub capacity: At<Size>,
    /// Space sold for each part that is there.
    #[serde(default = "no_overcommit")]
    pub overcommit: At<f64>,
}

/// An instance type of the scenario's own.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TypeSpec {
    /// Name that requests use.
    pub name: At<String>,
    /// Family, for the classes that serve it.
    #[serde(default = "custom_family")]
    pub family: At<String>,
    /// vCPUs, in thousandths if need be (`0.5`).
    pub vcpus: At<f64>,
    /// Memory, a whole number of MiB.
    pub memory: At<Size>,
    /// GPUs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuShareSpec>,
    /// Local disks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_disks: Option<LocalDiskSpec>,
    /// Cloud disk categories that it takes.
    #[serde(default = "usual_categories")]
    pub disk_categories: Vec<At<String>>,
}

/// How long the control plane takes: every part is a queue in virtual time.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ControlPlaneSpec {
    /// True: nothing takes any time, and the rest of this table is not used (replays of traces).
    pub instant: bool,
    /// Requests that the API works on at a time.
    pub api_workers: At<u32>,
    /// Time that the API takes for one request.
    pub api_service: DistributionSpec,
    /// Schedulers that place at a time.
    pub schedulers: At<u32>,
    /// Time that a scheduler takes for one placement.
    pub schedule_service: DistributionSpec,
    /// Instances that one host starts at a time.
    pub node_concurrency: At<u32>,
    /// Time to set up the clone of a system disk, before its data flows.
    pub clone_setup: DistributionSpec,
    /// Time from the finished system disk to the running instance.
    pub boot: DistributionSpec,
    /// Boot times of some operating systems, families or types, instead of `boot`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub boots: Vec<BootSpec>,
    /// Flow at which a released instance's local disks are wiped, each on its own, before their place is free again.
    /// Left out: it takes no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wipe_bandwidth: Option<At<Bandwidth>>,
    /// Flow of image data to new disks in each zone, shared by the clones under way.
    pub clone_bandwidth: At<Bandwidth>,
}

impl Default for ControlPlaneSpec {
    fn default() -> Self {
        ControlPlaneSpec {
            instant: false,
            api_workers: At::default_of(32),
            api_service: DistributionSpec::lognormal(Span::millis(4), 0.5),
            schedulers: At::default_of(4),
            schedule_service: DistributionSpec::lognormal(Span::millis(2), 0.4),
            node_concurrency: At::default_of(4),
            clone_setup: DistributionSpec::lognormal(Span::millis(300), 0.4),
            boot: DistributionSpec::lognormal(Span::secs(20), 0.35),
            boots: Vec::new(),
            wipe_bandwidth: None,
            clone_bandwidth: At::default_of(Bandwidth(20 << 30)),
        }
    }
}

fn one() -> At<u32> {
    At::default_of(1)
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn yes() -> bool {
    true
}

fn no_overcommit() -> At<f64> {
    At::default_of(1.0)
}

fn every_family() -> Vec<At<String>> {
    vec![At::default_of("*".to_owned())]
}

fn hosts_per_rack() -> At<u32> {
    At::default_of(20)
}

fn racks_per_switch() -> At<u32> {
    At::default_of(8)
}

fn prepaid() -> Charge {
    Charge::PrePaid
}

fn custom_family() -> At<String> {
    At::default_of("custom".to_owned())
}

fn usual_categories() -> Vec<At<String>> {
    ["cloud_efficiency", "cloud_ssd", "cloud_essd"].map(|name| At::default_of(name.to_owned())).to_vec()
}
