//! The spot market: `[spot]`. Without the table there is none: spot requests are placed like others, and nothing moves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::units::{At, Share, Span};

/// The spot market.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpotSpec {
    /// Where prices come from.
    pub price: PriceSpec,
    /// Other prices for some regions, zones or types: the last table that names a type and its zone holds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<SpotOverrideSpec>,
    /// Who is reclaimed when stock is short.
    pub victims: VictimsSpec,
    /// Room that is kept for regular requests.
    pub headroom: HeadroomSpec,
    /// Clients that keep a number of spot instances running.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fleets: Vec<SpotFleetSpec>,
}

/// Names of the price models.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PriceModel {
    /// Follows the smoothed use of the pool.
    #[default]
    Utilization,
    /// The highest bid that finds no capacity.
    Auction,
    /// Drifts slowly round a mean.
    Smooth,
    /// Read from a file.
    Replay,
}

/// Where prices come from. Keys that the model does not use are errors.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PriceSpec {
    /// The model.
    pub model: At<PriceModel>,
    /// Distance of the steps, a multiple of five minutes (all but `replay`). Default: five minutes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<At<Span>>,
    /// Lowest price as a share of the list price (all but `replay`). Default: 10 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<At<Share>>,
    /// Time in which half of the past is forgotten (`utilization`: one hour; `smooth`: two days).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub half_life: Option<At<Span>>,
    /// Use of the pool up to which the price is the floor (`utilization`). Default: 50 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low: Option<At<Share>>,
    /// Use of the pool from which on the price is the list price (`utilization`). Default: 95 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub high: Option<At<Share>>,
    /// Power of the rise between them, 1 to 8 (`utilization`). Default: 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<At<u32>>,
    /// Mean price as a share of the list price (`smooth`). Default: 30 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mean: Option<At<Share>>,
    /// Standard deviation as a share of the list price (`smooth`). Default: 5 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spread: Option<At<Share>>,
    /// How long a refused bid stays in the book (`auction`). Default: one hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<At<Span>>,
    /// Price file, relative to the scenario's folder (`replay`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<At<String>>,
}

/// Other prices for some regions, zones or types. What is left out means all.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotOverrideSpec {
    /// Region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<At<String>>,
    /// Zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<At<String>>,
    /// Instance type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<At<String>>,
    /// Where these prices come from.
    pub price: PriceSpec,
}

/// Who is reclaimed when stock is short.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum VictimsSpec {
    /// Lowest bid first, equal bids at random: the documented rule.
    #[default]
    LowestBid,
    /// Youngest first.
    Youngest,
    /// The fewest that free the room.
    Fewest,
    /// The least sum of bids.
    LeastValue,
}

/// Names of the headroom policies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeadroomPolicy {
    /// None: a regular request that finds no room is refused and starts a reclaim.
    #[default]
    None,
    /// A share of each pool.
    Fixed,
    /// What is expected to be asked for, from the recent rate and its spread.
    Predicted,
}

/// Room that is kept for regular requests. Keys that the policy does not use are errors.
#[derive(Clone, PartialEq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HeadroomSpec {
    /// The policy.
    pub policy: At<HeadroomPolicy>,
    /// Share of the pool (`fixed`). Default: 5 %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<At<Share>>,
    /// How far back arrivals are looked at (`predicted`). Default: six hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<At<Span>>,
    /// Time that has to be bridged (`predicted`). Default: ten minutes, a check and a notice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizon: Option<At<Span>>,
    /// Standard deviations on top of the mean (`predicted`). Default: 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deviations: Option<At<f64>>,
}

/// How a spot fleet chooses among its pools.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FleetStrategy {
    /// The lowest price a vCPU.
    #[default]
    LowestPrice,
    /// The pool in which it has the fewest.
    Diversified,
}

/// A client that keeps a number of spot instances running, over several zones and types.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpotFleetSpec {
    /// Name, unique among fleets and workloads.
    pub name: At<String>,
    /// Account. Default: the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<At<String>>,
    /// Instances to keep running.
    pub target: At<u32>,
    /// Zones that it uses.
    pub zones: At<Vec<At<String>>>,
    /// Instance types that it uses.
    pub types: At<Vec<At<String>>>,
    /// How it chooses among them.
    #[serde(default)]
    pub strategy: FleetStrategy,
    /// Price limit as a share of the list price; left out: SpotAsPriceGo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<At<Share>>,
    /// How often it looks whether some are missing.
    #[serde(default = "one_minute")]
    pub interval: At<Span>,
    /// How long it leaves a pool alone that has refused it.
    #[serde(default = "five_minutes")]
    pub cool_down: At<Span>,
    /// After so long without enough spot instances it takes regular ones; left out: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fall_back_after: Option<At<Span>>,
    /// How long it keeps each of those.
    #[serde(default = "one_hour")]
    pub fall_back_for: At<Span>,
    /// Further CreateInstance parameters of all its requests, as on the wire.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}

fn one_minute() -> At<Span> {
    At::default_of(Span::secs(60))
}

fn five_minutes() -> At<Span> {
    At::default_of(Span::secs(300))
}

fn one_hour() -> At<Span> {
    At::default_of(Span::secs(3_600))
}
