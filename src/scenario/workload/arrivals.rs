use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{At, Rate, Share, Span};
use super::DistributionSpec;

/// When requests arrive: `[workloads.arrivals]`. A Poisson process of mean `rate`; the other tables shape it, and
/// leave its mean over whole weeks as it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArrivalsSpec {
    /// Mean number of requests over time, such as `"120/h"`.
    pub rate: At<Rate>,
    /// How the rate moves over the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<At<DaySpec>>,
    /// How the rate moves over the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<At<WeekSpec>>,
    /// The rate of each hour of the week from Monday 0:00, 168 numbers relative to one another, each for its whole hour, or as
    /// many for each of several weeks; begins anew after them. Excludes `day` and `week`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<At<Vec<f64>>>,
    /// How long each of `hours` holds: an hour, or an even part of one, with as many more numbers for a week. Default: an hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<At<Span>>,
    /// The rate over the run in spans of any length; begins anew after them. Excludes all other shapes of the rate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<At<CourseSpec>>,
    /// How requests are spaced along the rate. Default: `random`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spacing: Option<At<Spacing>>,
    /// Hours that local time is ahead of UTC, for `day`, `week` and `hours`. Default: that of the region's city (no summer
    /// time).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_hours: Option<At<f64>>,
    /// Bursts: the rate is multiplied for a while, now and then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bursts: Option<At<BurstsSpec>>,
    /// States that the rate moves between; excludes `bursts`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub states: Vec<At<StateSpec>>,
    /// Flash crowds: known moments at which the rate shoots up. They come on top of `rate`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flash: Vec<At<FlashSpec>>,
    /// Requests come in batches at the same moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<At<BatchSpec>>,
}

/// How requests are spaced along their rate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spacing {
    /// Each batch knows nothing of the others: a Poisson process.
    #[default]
    Random,
    /// Each batch has so much of the expected number as it has requests to itself, and comes at a moment drawn within that. So the
    /// number up to any moment is off by less than a batch. For rates that do not move, `hours` and a `course`.
    Even,
}

/// The course of a rate: spans from the start of the run on, each with its part of the requests.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CourseSpec {
    /// End of each span, from the start of the run.
    pub until: At<Vec<Span>>,
    /// Requests of each span, relative to one another.
    pub weights: At<Vec<f64>>,
}

/// The shape of a day: a wave by `peak_hour` and `swing`, or 24 values.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DaySpec {
    /// Local hour of the greatest rate, 0 to 24, of a cosine wave. Default: 15.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peak_hour: Option<At<f64>>,
    /// How far the wave goes above and below the mean: 0.5 is 150 % at the peak and 50 % at night.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub swing: Option<At<Share>>,
    /// The rate at 0:00, 1:00 ... 23:00 local time, relative to one another; straight lines between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<At<Vec<f64>>>,
}

/// The shape of a week: one factor for the weekend, or seven values.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeekSpec {
    /// Rate on Saturday and Sunday relative to that of the other days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekend: Option<At<f64>>,
    /// The rate of Monday to Sunday, relative to one another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape: Option<At<Vec<f64>>>,
}

/// Bursts: a two-state Markov-modulated Poisson process.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BurstsSpec {
    /// Mean length of the quiet time between two bursts (exponential).
    pub every: At<Span>,
    /// Mean length of a burst (exponential).
    pub length: At<Span>,
    /// Rate within a burst relative to the quiet rate.
    pub factor: At<f64>,
}

/// One state of a Markov-modulated Poisson process.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateSpec {
    /// Rate in this state relative to the others.
    pub factor: At<f64>,
    /// Mean length of a stay (exponential).
    pub mean: At<Span>,
    /// How often it follows another state, beside the others' weights.
    #[serde(default = "one")]
    pub weight: At<f64>,
}

/// A flash crowd: the rate rises in a straight line, stays, and falls away exponentially.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlashSpec {
    /// When it begins, from the start of the run.
    pub at: At<Span>,
    /// Rate at its height relative to the rate without it.
    pub factor: At<f64>,
    /// Time to its height. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rise: Option<At<Span>>,
    /// Time at its height. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<At<Span>>,
    /// Time in which what is above the usual rate falls to 1/e. Default: it ends at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fall: Option<At<Span>>,
}

/// Batches: a compound Poisson process. Sizes are geometric with a `mean`, or of a list.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchSpec {
    /// Mean size of a geometric law on 1, 2, 3 ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<At<f64>>,
    /// Sizes to choose from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sizes: Option<At<Vec<u32>>>,
    /// Weight of each of `sizes`. Default: all alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<At<Vec<f64>>>,
    /// Whether all of a batch ask for the same, in one zone, from one account.
    #[serde(default = "yes")]
    pub alike: bool,
    /// Whether all of a batch end at one moment, so long after they came.
    #[serde(default, skip_serializing_if = "no")]
    pub leave_together: bool,
}

/// A deployment group: instances that come at one moment, from one account and in one zone, and end at one moment:
/// `[[workloads.groups]]`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// How often it comes, beside the others' weights.
    #[serde(default = "one")]
    pub weight: At<f64>,
    /// How many instances of each type of the `mix` it has.
    pub members: At<BTreeMap<String, u32>>,
    /// How long the group lives, from the moment it comes, instead of the workload's `lifetime`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<At<DistributionSpec>>,
}

fn one() -> At<f64> {
    At::default_of(1.0)
}

fn no(value: &bool) -> bool {
    !*value
}

fn yes() -> bool {
    true
}
