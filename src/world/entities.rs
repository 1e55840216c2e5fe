//! Entities of a built world: facts with their texts resolved to positions in tables.

use smallvec::SmallVec;

use super::addresses::{AddressPool, Cidr};
use super::facts::InternalFault;
use super::facts::{Caller, ImageSource, Quota, ZoneStatus};
use super::sets::{CategoryIx, CategorySet, IndexSet};
use super::tokens::Tokens;
use crate::model::{HostIx, Os, Utc};

/// How an instance is paid.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum ChargeType {
    /// By subscription.
    PrePaid,
    /// Pay as you go.
    #[default]
    PostPaid,
}

impl ChargeType {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            ChargeType::PrePaid => "PrePaid",
            ChargeType::PostPaid => "PostPaid",
        }
    }
}

/// Which charge types are possible.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct ChargeTypes {
    pub(crate) prepaid: bool,
    pub(crate) postpaid: bool,
}

impl ChargeTypes {
    pub(super) fn of(names: &[String]) -> ChargeTypes {
        let has = |charge: ChargeType| names.iter().any(|name| name == charge.name());
        ChargeTypes { prepaid: has(ChargeType::PrePaid), postpaid: has(ChargeType::PostPaid) }
    }

    pub(crate) fn has(self, charge: ChargeType) -> bool {
        match charge {
            ChargeType::PrePaid => self.prepaid,
            ChargeType::PostPaid => self.postpaid,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) login_name: Box<str>,
    pub(crate) caller: Caller,
    pub(crate) caller_denied: bool,
    pub(crate) ram_can_pass_role: bool,
    pub(crate) risk_verification_required: bool,
    pub(crate) real_name_verified: bool,
    pub(crate) payment_policy_legal: bool,
    pub(crate) has_payment_method: bool,
    pub(crate) arrears: bool,
    /// Amounts in millionths.
    pub(crate) balance: i64,
    pub(crate) credit_line: i64,
    pub(crate) frozen: i64,
    pub(crate) coupons: i64,
    pub(crate) min_postpaid_balance: i64,
    pub(crate) regions_denied: IndexSet,
    pub(crate) zones_granted: IndexSet,
    pub(crate) types_granted: IndexSet,
    pub(crate) host_types_granted: IndexSet,
    pub(crate) categories_denied: CategorySet,
    pub(crate) user_data_allowed: bool,
    pub(crate) kms_enabled: bool,
    pub(crate) ecs_kms_authorized: bool,
    pub(crate) byok_whitelisted: bool,
    pub(crate) spot_enabled: bool,
    pub(crate) spot_with_price_limit: bool,
    pub(crate) spot_as_price_go: bool,
    pub(crate) spot_max_duration: u32,
    pub(crate) max_bandwidth_out: u32,
    pub(crate) create_lock: bool,
    /// Fault of the inside that hits its requests (O37).
    pub(crate) fault: Option<Box<InternalFault>>,
    pub(crate) postpaid_instances: Quota,
    /// By region; a few at most.
    pub(crate) postpaid_by_region: Vec<(u32, Quota)>,
    pub(crate) postpaid_disks: Quota,
    pub(crate) portable_disks: Quota,
    /// By product; a few at most.
    pub(crate) subscriptions: Vec<(u32, Subscription)>,
    pub(crate) tokens: Tokens,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscription {
    pub(crate) bought: bool,
    pub(crate) quota: Quota,
}

impl Account {
    /// Cash and credit, in millionths.
    pub(crate) fn funds(&self) -> i128 {
        i128::from(self.balance) + i128::from(self.credit_line)
    }

    /// Everything that an order can be paid with: it falls with each subscription.
    pub(crate) fn means(&self) -> i128 {
        self.funds() + i128::from(self.coupons)
    }

    pub(crate) fn subscription(&self, product: u32) -> Option<&Subscription> {
        self.subscriptions.iter().find(|(at, _)| *at == product).map(|(_, one)| one)
    }

    pub(crate) fn postpaid_in(&self, region: u32) -> Option<&Quota> {
        self.postpaid_by_region.iter().find(|(at, _)| *at == region).map(|(_, quota)| quota)
    }

    pub(super) fn subscription_mut(&mut self, product: u32) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|(at, _)| *at == product).map(|(_, one)| one)
    }

    pub(super) fn postpaid_in_mut(&mut self, region: u32) -> Option<&mut Quota> {
        self.postpaid_by_region.iter_mut().find(|(at, _)| *at == region).map(|(_, quota)| quota)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Region {
    pub(crate) ecs_supported: bool,
    pub(crate) real_name_required: bool,
    pub(crate) sales_suspended: bool,
    pub(crate) unsupported_families: IndexSet,
    pub(crate) vpc_supported: bool,
    pub(crate) classic_supported: bool,
    pub(crate) default_vpc_mode: bool,
    pub(crate) default_vpc: Option<u32>,
    /// Default vSwitches of the default VPC, by name.
    pub(crate) default_vswitches: Vec<u32>,
    pub(crate) vpc_public_bandwidth: bool,
    pub(crate) pay_by_traffic: bool,
    pub(crate) pay_by_bandwidth: bool,
    pub(crate) system_categories: CategorySet,
    pub(crate) data_categories: CategorySet,
    pub(crate) credit_standard: bool,
    pub(crate) credit_unlimited: bool,
    pub(crate) byok_supported: bool,
    /// Categories that are no longer sold, here or anywhere.
    pub(crate) withdrawn_categories: CategorySet,
    /// Categories that the operator has frozen for new instances.
    pub(crate) frozen_categories: CategorySet,
    /// The operator has frozen configurations with local disks.
    pub(crate) local_disks_frozen: bool,
    pub(crate) classic: AddressPool,
    /// Its zones, by name.
    pub(crate) zones: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) region: u32,
    pub(crate) status: ZoneStatus,
    pub(crate) create_allowed: bool,
    pub(crate) gated: bool,
    pub(crate) vpc_supported: bool,
    pub(crate) vpc_create_available: bool,
    pub(crate) default_vswitch_supported: bool,
    pub(crate) unsupported_types: IndexSet,
    pub(crate) unsupported_categories: CategorySet,
    /// Its disk pools.
    pub(crate) pools: super::pools::Pools,
}

#[derive(Clone, Debug)]
pub(crate) struct Cluster {
    pub(crate) region: u32,
    pub(crate) zone: u32,
    pub(crate) owner: Option<u32>,
    pub(crate) unsupported_categories: CategorySet,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeController {
    pub(crate) cluster: u32,
    pub(crate) available: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct TypeRow {
    pub(crate) family: u32,
    pub(crate) cpu_milli: u32,
    pub(crate) memory_mib: u32,
    pub(crate) retired: bool,
    pub(crate) offline: bool,
    pub(crate) restricted: bool,
    pub(crate) host_restricted: bool,
    pub(crate) io_none: bool,
    pub(crate) io_optimized: bool,
    pub(crate) classic: bool,
    pub(crate) burstable: bool,
    pub(crate) user_data: bool,
    pub(crate) requires_hpc: bool,
    pub(crate) local_disks: bool,
    pub(crate) max_data_disks: u32,
    pub(crate) max_bandwidth_out: u32,
    pub(crate) unsupported_categories: CategorySet,
    /// Pairs of system and data category.
    pub(crate) forbidden: SmallVec<[(CategoryIx, CategoryIx); 1]>,
    pub(crate) totals: SmallVec<[(CategoryIx, u64); 1]>,
    /// In millionths.
    pub(crate) price_month: i64,
}

/// A disk category of this world.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Category {
    pub(crate) data_min_gib: u32,
    pub(crate) data_max_gib: u32,
    pub(crate) system_max_gib: u32,
}

/// What is true of whole sets of categories.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CategoryKinds {
    pub(crate) portable: CategorySet,
    pub(crate) local: CategorySet,
    pub(crate) encryptable: CategorySet,
}

/// What the gate asks of the state of an image.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ImageStatus {
    Available,
    Deleted,
    Disabled,
    Other,
}

#[derive(Clone, Debug)]
pub(crate) struct Image {
    pub(crate) source: ImageSource,
    pub(crate) os: Os,
    /// Windows Server 1903 (R55).
    pub(crate) windows_1903: bool,
    pub(crate) bits: u32,
    pub(crate) size_gib: u32,
    pub(crate) status: ImageStatus,
    pub(crate) cloud_init: bool,
    pub(crate) io_optimized: bool,
    pub(crate) unsupported_types: IndexSet,
    pub(crate) encrypted_snapshot: bool,
    pub(crate) create_instance_allowed: bool,
    pub(crate) password_preset: bool,
    pub(crate) product: Option<u32>,
    pub(crate) owner: Option<u32>,
    /// Ascending.
    pub(crate) shared_with: Vec<u32>,
    pub(crate) region: Option<u32>,
    /// None: everywhere.
    pub(crate) regions: Option<IndexSet>,
}

#[derive(Clone, Debug)]
pub(crate) struct Product {
    pub(crate) removed: bool,
    /// Ascending.
    pub(crate) images: Vec<u32>,
    pub(crate) charge_types: ChargeTypes,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Snapshot {
    pub(crate) owner: u32,
    pub(crate) region: u32,
    pub(crate) size_gib: u32,
    pub(crate) accomplished: bool,
    pub(crate) created: Utc,
    pub(crate) system_disk: bool,
    pub(crate) encrypted: bool,
    pub(crate) create_disk_allowed: bool,
    pub(crate) source_disk_portable: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Vpc {
    pub(crate) owner: u32,
    pub(crate) available: bool,
    pub(crate) cidr: Cidr,
    pub(crate) io_optimized: bool,
    pub(crate) instances: Quota,
    pub(crate) vswitches: Vec<u32>,
}

#[derive(Clone, Debug)]
pub(crate) struct VSwitch {
    pub(crate) vpc: u32,
    pub(crate) region: u32,
    pub(crate) zone: u32,
    pub(crate) available: bool,
    pub(crate) is_default: bool,
    pub(crate) pool: AddressPool,
    pub(crate) reserved_in_flight: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct SecurityGroup {
    pub(crate) region: u32,
    /// None: of the classic network.
    pub(crate) vpc: Option<u32>,
    pub(crate) owner: u32,
    pub(crate) instances: Quota,
}

#[derive(Clone, Debug)]
pub(crate) struct Vlan {
    pub(crate) region: u32,
    pub(crate) free_ips: u32,
}

/// What the gate asks of the state of a dedicated host (O38).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum HostStatus {
    /// In service.
    Available,
    /// Faulty: row 174.
    Failed,
    /// In a transition, or expired: row 175.
    Changing,
}

impl HostStatus {
    /// From the status of the API. Both spellings of the documents are known (DHST-2).
    pub fn named(status: &str) -> HostStatus {
        match status {
            "Available" => HostStatus::Available,
            "UnderAssessment" | "Under-Assessment" | "PermanentFailure" | "Permanent-Failure"
            | "TempUnavailable" => HostStatus::Failed,
            _ => HostStatus::Changing,
        }
    }
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct DedicatedHost {
    pub(crate) owner: u32,
    pub(crate) region: u32,
    pub(crate) zone: u32,
    pub(crate) status: HostStatus,
    pub(crate) charge_type: ChargeType,
    pub(crate) expires: Option<Utc>,
    pub(crate) families: IndexSet,
    pub(crate) charge_types: ChargeTypes,
    pub(crate) auto_placement: bool,
    pub(crate) instance_transition: bool,
    pub(crate) free_vcpus: u64,
    /// The host behind it.
    pub(crate) host: Option<HostIx>,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct DeploymentSet {
    pub(crate) region: u32,
    pub(crate) dedicated_host_supported: bool,
    pub(crate) unsupported_families: IndexSet,
    pub(crate) instances: Quota,
    /// A member that finds no host which keeps the rule stays stopped (DEP-41).
    pub(crate) keep_stopped: bool,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct HpcCluster {
    pub(crate) region: u32,
    pub(crate) creating: bool,
}
