//! Who asks, and with what: accounts, networks, images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Os;
use crate::scenario::units::{Amount, At, Limit, Size};

/// How something is paid for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
pub enum Charge {
    /// By subscription.
    PrePaid,
    /// By use.
    PostPaid,
}

/// An account: who asks, and what it may have.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSpec {
    /// Account id.
    pub id: At<String>,
    /// So many accounts instead of one: `ID-1`, `ID-2` ..., each with what the table says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<At<u32>>,
    /// Cash balance.
    #[serde(default = "unlimited_amount")]
    pub balance: Amount,
    /// Credit that is used like cash.
    #[serde(default = "no_amount")]
    pub credit: Amount,
    /// Most pay-as-you-go instances in all regions.
    #[serde(default)]
    pub max_instances: Limit,
    /// Most pay-as-you-go instances in each region.
    #[serde(default)]
    pub max_instances_per_region: Limit,
    /// Most pay-as-you-go disks.
    #[serde(default)]
    pub max_disks: Limit,
    /// Most data disks that outlive their instances.
    #[serde(default)]
    pub max_portable_disks: Limit,
    /// Most pay-as-you-go dedicated hosts.
    #[serde(default, skip_serializing_if = "is_none")]
    pub max_dedicated_hosts: Limit,
    /// Most deployment sets in each region.
    #[serde(default = "two", skip_serializing_if = "is_two")]
    pub max_deployment_sets: Limit,
    /// The account's instances stop without charges where they can, unless a call says otherwise.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stop_without_charges: bool,
    /// Largest outgoing bandwidth of an instance in Mbit/s.
    #[serde(default = "max_bandwidth_out")]
    pub max_bandwidth_out: u32,
    /// Most CreateInstance calls a minute in each region; more are throttled (QUO-9).
    #[serde(default, skip_serializing_if = "no_limit")]
    pub calls_per_minute: Limit,
    /// May ask for spot instances.
    #[serde(default = "yes")]
    pub spot: bool,
    /// Passed real-name authentication, which regions in mainland China demand.
    #[serde(default = "yes")]
    pub real_name_verified: bool,
}

impl AccountSpec {
    /// An account without limits.
    pub fn unlimited(id: &str) -> AccountSpec {
        AccountSpec {
            id: At::default_of(id.to_owned()),
            count: None,
            balance: unlimited_amount(),
            credit: no_amount(),
            max_instances: Limit::NONE,
            max_instances_per_region: Limit::NONE,
            max_disks: Limit::NONE,
            max_portable_disks: Limit::NONE,
            max_dedicated_hosts: Limit::NONE,
            max_deployment_sets: two(),
            stop_without_charges: false,
            max_bandwidth_out: max_bandwidth_out(),
            calls_per_minute: Limit::NONE,
            spot: true,
            real_name_verified: true,
        }
    }
}

/// Networks: each account has one VPC and one security group a region, and one vSwitch a zone.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkSpec {
    /// Private addresses of a vSwitch.
    pub addresses_per_vswitch: Limit,
    /// Most instances of a VPC.
    pub instances_per_vpc: Limit,
    /// Most instances of a security group.
    pub instances_per_security_group: Limit,
    /// Public addresses that each region has for instances.
    #[serde(skip_serializing_if = "is_none")]
    pub public_addresses_per_region: Limit,
}

/// A public image of the scenario's own.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSpec {
    /// Image id.
    pub id: At<String>,
    /// Operating system.
    #[serde(default = "linux")]
    #[schemars(with = "OsName")]
    pub os: Os,
    /// Size, a whole number of GiB: what a clone copies, and the least system disk.
    #[serde(default = "usual_image")]
    pub size: At<Size>,
    /// Bits of the architecture: 32 or 64.
    #[serde(default = "bits")]
    pub bits: At<u32>,
    /// Has cloud-init (takes user data).
    #[serde(default = "yes")]
    pub cloud_init: bool,
}

/// The operating systems, for the JSON schema.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(dead_code, reason = "only its schema is used: the model's own type knows nothing of schemas")]
pub(super) enum OsName {
    Linux,
    Windows,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

fn is_none(limit: &Limit) -> bool {
    *limit == Limit::NONE
}

/// Deployment sets of an account in a region (QUO-60).
fn two() -> Limit {
    Limit(Some(2))
}

fn is_two(limit: &Limit) -> bool {
    *limit == two()
}

fn yes() -> bool {
    true
}

fn no_limit(limit: &Limit) -> bool {
    *limit == Limit::NONE
}

fn unlimited_amount() -> Amount {
    Amount::UNLIMITED
}

fn no_amount() -> Amount {
    Amount(Some(crate::model::Money::ZERO))
}

fn max_bandwidth_out() -> u32 {
    100
}

fn linux() -> Os {
    Os::Linux
}

fn usual_image() -> At<Size> {
    At::default_of(Size::gib(20))
}

fn bits() -> At<u32> {
    At::default_of(64)
}
