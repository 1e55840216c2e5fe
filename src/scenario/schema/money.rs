//! Money: `[billing]` and `[prices]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::units::{At, Moment};

/// Bills: present, what runs is charged and accounts pay or fall into arrears.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BillingSpec {
    /// When what was settled by the hour falls due.
    pub due: Due,
    /// Money that accounts pay in during the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payments: Vec<PaymentSpec>,
}

/// When bills fall due.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Due {
    /// When 1000 is passed within a month, else on the 1st of the next month.
    #[default]
    Month,
    /// Every hour: a balance that is used up.
    Hour,
}

/// Money that an account pays in.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentSpec {
    /// Account that it goes to.
    pub account: At<String>,
    /// When, counted from the start of the run.
    pub at: At<Moment>,
    /// How much.
    pub amount: At<f64>,
    /// It also renews, by hand, every subscription of the account that has expired, for as long as was first bought.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
}

/// Prices of the scenario's own, over those of `data/prices.csv`. All but `types` are maps from a name to a price, where
/// `"*"` stands for every name.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PricesSpec {
    /// Instance types as a whole.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, At<TypePriceSpec>>,
    /// Dedicated-host types. What is left out follows from the price table: the vCPUs that a host sells, and its memory.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub hosts: BTreeMap<String, At<TypePriceSpec>>,
    /// An hour of a vCPU, by category of the instance type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub vcpu: BTreeMap<String, At<f64>>,
    /// An hour of a GiB of memory, by category of the instance type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub memory: BTreeMap<String, At<f64>>,
    /// An hour of a GPU, by model.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gpu: BTreeMap<String, At<f64>>,
    /// An hour of a GiB of cloud disk, by category (`"cloud_essd PL2"` for a performance level).
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub disk: BTreeMap<String, At<f64>>,
    /// An hour of a Mbit/s of public bandwidth that is paid by its width.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<At<f64>>,
    /// A CPU credit beyond what an instance has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<At<f64>>,
    /// Hours of pay as you go that a month of subscription costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month_hours: Option<At<f64>>,
}

/// Price of one instance type. What is left out follows from the price table.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TypePriceSpec {
    /// Pay as you go, an hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hour: Option<At<f64>>,
    /// By subscription, a month.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub month: Option<At<f64>>,
}
