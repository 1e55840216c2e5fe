//! Facts of accounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::{InternalFault, Quota};

/// Who calls on behalf of an account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Caller {
    /// The account itself.
    #[default]
    Root,
    /// A RAM user of it.
    Ram,
}

/// Subscription of an account to a product of the marketplace.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct SubscriptionFacts {
    /// The product was bought.
    pub bought: bool,
    /// Instances that use it, and how many may.
    #[serde(flatten)]
    pub quota: Quota,
}

/// An account: standing, grants, quotas.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct AccountFacts {
    /// Login name, compared with ResourceOwnerAccount.
    pub login_name: String,
    /// Who calls.
    pub caller: Caller,
    /// May not use CreateInstance.
    pub caller_denied: bool,
    /// A RAM user may pass roles.
    pub ram_can_pass_role: bool,
    /// The payment card awaits a verification.
    pub risk_verification_required: bool,
    /// Real-name authentication was passed.
    pub real_name_verified: bool,
    /// False: the agreement with a reseller was not authenticated.
    pub payment_policy_legal: bool,
    /// Registered methods of payment.
    pub payment_methods: Vec<String>,
    /// Has overdue payments.
    pub arrears: bool,
    /// Cash.
    pub balance: f64,
    /// Credit, usable like cash.
    pub credit_line: f64,
    /// Part of the funds that cannot be used for a subscription.
    pub frozen: f64,
    /// Coupons: used first for a subscription (R137).
    pub coupons: f64,
    /// Least balance plus credit for pay-as-you-go (R139).
    pub min_postpaid_balance: f64,
    /// Regions closed to the account.
    pub regions_denied: Vec<String>,
    /// Gated zones open to it.
    pub zones_granted: Vec<String>,
    /// Restricted types open to it.
    pub types_granted: Vec<String>,
    /// Host-restricted types open to it.
    pub host_types_granted: Vec<String>,
    /// Disk categories closed to it.
    pub disk_categories_denied: Vec<String>,
    /// May pass UserData.
    pub user_data_allowed: bool,
    /// KMS is activated.
    pub kms_enabled: bool,
    /// ECS may use its KMS keys.
    pub ecs_kms_authorized: bool,
    /// May encrypt with own keys.
    pub byok_whitelisted: bool,
    /// Enrolled for spot.
    pub spot_enabled: bool,
    /// Spot strategies allowed.
    pub spot_strategies: Vec<String>,
    /// Longest SpotDuration allowed, in hours.
    pub spot_max_duration: u32,
    /// Cap on outbound bandwidth in Mbit/s.
    pub max_bandwidth_out: u32,
    /// Its one-at-a-time creation lock is held.
    pub create_lock: bool,
    /// Pay-as-you-go instances, all regions.
    pub postpaid_instances: Quota,
    /// Pay-as-you-go instances by region; no entry, no limit.
    pub postpaid_instances_by_region: BTreeMap<String, Quota>,
    /// Pay-as-you-go disks.
    pub postpaid_disks: Quota,
    /// Portable disks.
    pub portable_disks: Quota,
    /// Subscriptions to products of the marketplace.
    pub subscriptions: BTreeMap<String, SubscriptionFacts>,
    /// Fault of the inside that hits the requests of this account (O37).
    pub internal_fault: Option<InternalFault>,
}

impl Default for AccountFacts {
    /// In good standing, everything granted that is not gated, endless funds, no quota.
    fn default() -> AccountFacts {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        AccountFacts {
            login_name: String::new(),
            caller: Caller::Root,
            caller_denied: false,
            ram_can_pass_role: true,
            risk_verification_required: false,
            real_name_verified: true,
            payment_policy_legal: true,
            payment_methods: texts(&["balance"]),
            arrears: false,
            balance: f64::INFINITY,
            credit_line: 0.0,
            frozen: 0.0,
            coupons: 0.0,
            min_postpaid_balance: 100.0,
            regions_denied: Vec::new(),
            zones_granted: Vec::new(),
            types_granted: Vec::new(),
            host_types_granted: Vec::new(),
            disk_categories_denied: Vec::new(),
            user_data_allowed: true,
            kms_enabled: true,
            ecs_kms_authorized: true,
            byok_whitelisted: true,
            spot_enabled: true,
            spot_strategies: texts(&["SpotWithPriceLimit", "SpotAsPriceGo"]),
            spot_max_duration: 6,
            max_bandwidth_out: 100,
            create_lock: false,
            postpaid_instances: Quota::default(),
            postpaid_instances_by_region: BTreeMap::new(),
            postpaid_disks: Quota::default(),
            portable_disks: Quota::default(),
            subscriptions: BTreeMap::new(),
            internal_fault: None,
        }
    }
}
