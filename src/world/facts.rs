//! Facts of a world as data: what a fixture or a scenario says. [`super::World`] is built from them.
//!
//! Every fact has a default under which a plain request succeeds and nothing runs out, so that a world only has to
//! say what matters to it. Names of the fields are those of the conformance fixtures.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::facts_account::{AccountFacts, Caller, SubscriptionFacts};
pub use super::facts_network::{ClassicFacts, SecurityGroupFacts, VSwitchFacts, VlanFacts, VpcFacts};
pub use super::facts_storage::{
    DiskCategoryFacts, ImageFacts, ImageSource, MaintenanceFacts, ProductFacts, SnapshotFacts,
};
use super::timestamp;
use crate::model::Utc;

/// Everything that exists, before any request.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct WorldFacts {
    /// The calendar at the start.
    #[serde(deserialize_with = "timestamp::required", serialize_with = "timestamp::write")]
    pub now: Utc,
    /// Accounts by their id.
    pub accounts: BTreeMap<String, AccountFacts>,
    /// Regions.
    pub regions: BTreeMap<String, RegionFacts>,
    /// Zones, of all regions.
    pub zones: BTreeMap<String, ZoneFacts>,
    /// Clusters of node controllers.
    pub clusters: BTreeMap<String, ClusterFacts>,
    /// Node controllers that requests may name.
    pub node_controllers: BTreeMap<String, NodeControllerFacts>,
    /// Instance types.
    pub instance_types: BTreeMap<String, InstanceTypeFacts>,
    /// Disk categories of the platform. The five that CreateInstance takes are there even when they are not listed.
    pub disk_categories: BTreeMap<String, DiskCategoryFacts>,
    /// Images: public, custom, of the marketplace.
    pub images: BTreeMap<String, ImageFacts>,
    /// Products of the marketplace.
    pub marketplace: BTreeMap<String, ProductFacts>,
    /// Snapshots.
    pub snapshots: BTreeMap<String, SnapshotFacts>,
    /// VPCs.
    pub vpcs: BTreeMap<String, VpcFacts>,
    /// vSwitches, of all VPCs.
    pub vswitches: BTreeMap<String, VSwitchFacts>,
    /// Security groups.
    pub security_groups: BTreeMap<String, SecurityGroupFacts>,
    /// VLANs of the classic network.
    pub vlans: BTreeMap<String, VlanFacts>,
    /// Dedicated hosts.
    pub dedicated_hosts: BTreeMap<String, DedicatedHostFacts>,
    /// Deployment sets.
    pub deployment_sets: BTreeMap<String, DeploymentSetFacts>,
    /// HPC clusters.
    pub hpc_clusters: BTreeMap<String, HpcClusterFacts>,
    /// Key pairs.
    pub key_pairs: BTreeMap<String, RegionalFacts>,
    /// RAM roles.
    pub ram_roles: Vec<String>,
    /// Resource groups.
    pub resource_groups: Vec<String>,
    /// KMS keys.
    pub kms_keys: BTreeMap<String, RegionalFacts>,
    /// Market price per hour by zone and type; no entry, no price to be below.
    pub spot_market: BTreeMap<String, BTreeMap<String, f64>>,
    /// What the operator has frozen in all regions.
    pub maintenance: MaintenanceFacts,
    /// Client tokens that are known from the start.
    pub idempotency: BTreeMap<String, TokenFacts>,
    /// How long a client token is remembered, in seconds; for ever when left out (IDEM-10).
    pub token_ttl_s: Option<u64>,
    /// Faults to be injected.
    pub faults: FaultFacts,
}

/// A counter and what it may reach; unlimited when nothing is said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Quota {
    /// Now in use.
    pub used: u64,
    /// The most; none is unlimited.
    pub limit: Option<u64>,
}

impl Quota {
    /// This many at most, none in use.
    pub const fn limited(limit: u64) -> Quota {
        Quota { used: 0, limit: Some(limit) }
    }

    /// True when `more` would exceed the limit.
    #[inline]
    pub const fn exceeded_by(self, more: u64) -> bool {
        match self.limit {
            Some(limit) => self.used.saturating_add(more) > limit,
            None => false,
        }
    }
}

/// A region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct RegionFacts {
    /// ECS exists there.
    pub ecs_supported: bool,
    /// Demands real-name authentication (R177).
    pub real_name_required: bool,
    /// No sales at all.
    pub sales_suspended: bool,
    /// Families that are not sold.
    pub unsupported_families: Vec<String>,
    /// VPC exists.
    pub vpc_supported: bool,
    /// The classic network exists.
    pub classic_supported: bool,
    /// Requests without a vSwitch go to the default VPC (R87).
    pub default_vpc_mode: bool,
    /// The default VPC; none yet: it would be made.
    pub default_vpc_id: Option<String>,
    /// VPC instances have public bandwidth of their own (R93).
    pub vpc_public_bandwidth: bool,
    /// Methods of paying for public bandwidth.
    pub internet_charge_types: Vec<String>,
    /// Categories offered for system disks.
    pub system_disk_categories: Vec<String>,
    /// Categories offered for data disks.
    pub data_disk_categories: Vec<String>,
    /// CPU credit modes offered.
    pub credit_specifications: Vec<String>,
    /// Disks may be encrypted with own keys.
    pub byok_supported: bool,
    /// Addresses of the classic network.
    pub classic_network: ClassicFacts,
    /// Disk categories that this region no longer sells.
    pub withdrawn_disk_categories: Vec<String>,
    /// What the operator has frozen in this region.
    pub maintenance: MaintenanceFacts,
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

impl Default for RegionFacts {
    fn default() -> RegionFacts {
        RegionFacts {
            ecs_supported: true,
            real_name_required: false,
            sales_suspended: false,
            unsupported_families: Vec::new(),
            vpc_supported: true,
            classic_supported: true,
            default_vpc_mode: false,
            default_vpc_id: None,
            vpc_public_bandwidth: true,
            internet_charge_types: texts(&["PayByTraffic"]),
            system_disk_categories: texts(&super::DOCUMENTED),
            data_disk_categories: texts(&super::DOCUMENTED),
            credit_specifications: texts(&["Standard", "Unlimited"]),
            byok_supported: true,
            classic_network: ClassicFacts::default(),
            withdrawn_disk_categories: Vec::new(),
            maintenance: MaintenanceFacts::default(),
        }
    }
}

/// How far a zone is open.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneStatus {
    /// For sale.
    #[default]
    OnSale,
    /// Exists, not for sale.
    NotOnSale,
    /// Switched off.
    Disabled,
}

/// A zone.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct ZoneFacts {
    /// Region it lies in.
    pub region: String,
    /// How far it is open.
    pub status: ZoneStatus,
    /// False: frozen for new instances.
    pub create_allowed: bool,
    /// Needs a grant (`zones_granted` of the account).
    pub gated: bool,
    /// VPC exists.
    pub vpc_supported: bool,
    /// New VPC instances can be created.
    pub vpc_create_available: bool,
    /// Can hold a default vSwitch.
    pub default_vswitch_supported: bool,
    /// Types that it does not carry.
    pub unsupported_types: Vec<String>,
    /// Disk categories that it does not carry.
    pub unsupported_disk_categories: Vec<String>,
    /// Instances left by type; a type without entry has plenty. Real capacity: it is made into hosts.
    pub stock: BTreeMap<String, u64>,
    /// GiB left by disk category; a category without entry has plenty.
    pub disk_pool_free_gib: BTreeMap<String, u64>,
}

impl Default for ZoneFacts {
    fn default() -> ZoneFacts {
        ZoneFacts {
            region: String::new(),
            status: ZoneStatus::OnSale,
            create_allowed: true,
            gated: false,
            vpc_supported: true,
            vpc_create_available: true,
            default_vswitch_supported: true,
            unsupported_types: Vec::new(),
            unsupported_disk_categories: Vec::new(),
            stock: BTreeMap::new(),
            disk_pool_free_gib: BTreeMap::new(),
        }
    }
}

/// A cluster of node controllers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct ClusterFacts {
    /// Region.
    pub region: String,
    /// Zone.
    pub zone: String,
    /// Account that it is private to; none: public.
    pub owner: Option<String>,
    /// Disk categories that it does not carry.
    pub unsupported_disk_categories: Vec<String>,
}

/// A node controller that requests may name.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct NodeControllerFacts {
    /// Cluster it belongs to.
    pub cluster: String,
    /// `available`, or anything else.
    pub status: String,
}

impl Default for NodeControllerFacts {
    fn default() -> NodeControllerFacts {
        NodeControllerFacts { cluster: String::new(), status: "available".to_owned() }
    }
}

/// An instance type.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct InstanceTypeFacts {
    /// Family, such as `ecs.g5`.
    pub family: String,
    /// vCPUs.
    pub vcpus: u32,
    /// Thousandths of a vCPU, where a type does not have whole ones; else from `vcpus`.
    pub cpu_milli: Option<u32>,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Previous generation, still sold (R47, R98).
    pub retired: bool,
    /// Taken out of the catalog.
    pub offline: bool,
    /// Needs a grant (`types_granted`), except on dedicated hosts.
    pub restricted: bool,
    /// Needs a grant on dedicated hosts (`host_types_granted`).
    pub host_restricted: bool,
    /// `none`, `optimized`.
    pub io_modes: Vec<String>,
    /// `vpc`, `classic`.
    pub networks: Vec<String>,
    /// Has CPU credits.
    pub burstable: bool,
    /// Takes user data.
    pub user_data: bool,
    /// Lives in HPC clusters only.
    pub requires_hpc: bool,
    /// Comes with local disks.
    pub local_disks: bool,
    /// Most data disks.
    pub max_data_disks: u32,
    /// Most outbound bandwidth in Mbit/s.
    pub max_bandwidth_out: u32,
    /// Disk categories that it does not take.
    pub unsupported_disk_categories: Vec<String>,
    /// Pairs of system and data category that it does not take.
    pub forbidden_disk_combinations: Vec<(String, String)>,
    /// Most GiB of data disks by category.
    pub category_total_limit_gib: BTreeMap<String, u64>,
    /// Subscription price of a month.
    pub price_month: f64,
}

impl Default for InstanceTypeFacts {
    fn default() -> InstanceTypeFacts {
        InstanceTypeFacts {
            family: String::new(),
            vcpus: 1,
            cpu_milli: None,
            memory_mib: 1024,
            retired: false,
            offline: false,
            restricted: false,
            host_restricted: false,
            io_modes: texts(&["optimized"]),
            networks: texts(&["vpc"]),
            burstable: false,
            user_data: true,
            requires_hpc: false,
            local_disks: false,
            max_data_disks: 16,
            max_bandwidth_out: 100,
            unsupported_disk_categories: Vec::new(),
            forbidden_disk_combinations: Vec::new(),
            category_total_limit_gib: BTreeMap::new(),
            price_month: 100.0,
        }
    }
}

/// A dedicated host.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct DedicatedHostFacts {
    /// Account it belongs to.
    pub owner: String,
    /// Region.
    pub region: String,
    /// Zone.
    pub zone: String,
    /// `Available`, or anything else.
    pub status: String,
    /// `PrePaid` or `PostPaid`.
    pub charge_type: String,
    /// End of its subscription.
    #[serde(
        deserialize_with = "timestamp::optional",
        serialize_with = "timestamp::write_optional",
        skip_serializing_if = "Option::is_none"
    )]
    pub expires: Option<Utc>,
    /// Families that it takes.
    pub supported_families: Vec<String>,
    /// Charge types of instances that it takes.
    pub supported_charge_types: Vec<String>,
    /// May be chosen by the system.
    pub auto_placement: bool,
    /// One of its instances is being migrated.
    pub instance_transition: bool,
    /// vCPUs left. Real capacity: it is made into a host.
    pub free_vcpus: u64,
}

impl Default for DedicatedHostFacts {
    fn default() -> DedicatedHostFacts {
        DedicatedHostFacts {
            owner: String::new(),
            region: String::new(),
            zone: String::new(),
            status: "Available".to_owned(),
            charge_type: "PostPaid".to_owned(),
            expires: None,
            supported_families: Vec::new(),
            supported_charge_types: texts(&["PrePaid", "PostPaid"]),
            auto_placement: true,
            instance_transition: false,
            free_vcpus: 0,
        }
    }
}

/// A deployment set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct DeploymentSetFacts {
    /// Region.
    pub region: String,
    /// Takes instances on dedicated hosts.
    pub dedicated_host_supported: bool,
    /// Families that it does not take.
    pub unsupported_families: Vec<String>,
    /// Instances in it.
    pub instances: Quota,
    /// What becomes of a member whose host failed when no host keeps the rule: `CancelMembershipAndStart`, or
    /// `KeepStopped` (DEP-41, CDS-P08).
    pub on_unable_to_redeploy: String,
}

/// An HPC cluster.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct HpcClusterFacts {
    /// Region.
    pub region: String,
    /// `available`, `creating`.
    pub status: String,
}

impl Default for HpcClusterFacts {
    fn default() -> HpcClusterFacts {
        HpcClusterFacts { region: String::new(), status: "available".to_owned() }
    }
}

/// Something that only has a region.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct RegionalFacts {
    /// Region.
    pub region: String,
}

/// How far the first call of a client token has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenState {
    /// Still running.
    InProgress,
    /// Finished with success.
    #[default]
    Done,
}

/// A client token that is known from the start.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct TokenFacts {
    /// Account it belongs to; the only one when left out.
    pub account: Option<String>,
    /// How far its first call has come.
    pub state: TokenState,
    /// The first call's parameters.
    pub request: BTreeMap<String, String>,
    /// What was created.
    pub instance_id: Option<String>,
}

/// Kinds of injected faults (O37).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Validation fails for an unknown reason, dry runs included (row 45).
    Unknown,
    /// The commit throws (row 145).
    Exception,
    /// The commit fails with a text of the backend (row 132).
    Detail,
}

/// An injected fault of the inside.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize, Serialize)]
pub struct InternalFault {
    /// Its kind.
    pub kind: FaultKind,
    /// Text of the backend, for [`FaultKind::Detail`].
    #[serde(default)]
    pub detail: String,
}

/// Faults to be injected.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct FaultFacts {
    /// Fault of the inside, for every request.
    pub internal: Option<InternalFault>,
}
