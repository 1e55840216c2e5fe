use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{At, Share, Span};
use super::{DaySpec, DistributionSpec, WeekSpec, Wrong};

/// A refusal that a client tries again after.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RetryOn {
    /// `Throttling`: too many calls in a minute.
    Throttling,
    /// Every 5xx (IDEM-8).
    Server,
    /// `OperationDenied.NoStock`, when nothing else has room either.
    NoStock,
}

/// Where a client looks when there is no room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fallback {
    /// The other zones of the workload, in their order from its own on.
    Zone,
    /// The types that the mix entry names in `or`, in their order.
    Type,
}

/// What a client does when a call is refused: `[workloads.client]`. Each call carries a ClientToken; a retry repeats
/// it, and a call that asks for something else has one of its own (IDEM-4).
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientSpec {
    /// Most retries before it gives up.
    pub retries: At<u32>,
    /// Wait before the first retry.
    pub backoff: At<Span>,
    /// Each further wait is longer by this factor.
    pub factor: At<f64>,
    /// Longest wait.
    pub most: At<Span>,
    /// Share of each wait that is left to chance.
    pub jitter: At<Share>,
    /// What it tries again after.
    pub on: Vec<RetryOn>,
    /// Where it looks at once when there is no room, before it waits.
    pub fallback: Vec<Fallback>,
}

impl Default for ClientSpec {
    fn default() -> Self {
        ClientSpec {
            retries: At::default_of(5),
            backoff: At::default_of(Span::secs(1)),
            factor: At::default_of(2.0),
            most: At::default_of(Span::secs(60)),
            jitter: At::default_of(Share::new(0.5).expect("a half is a share")),
            on: vec![RetryOn::Throttling, RetryOn::Server],
            fallback: Vec::new(),
        }
    }
}

impl ClientSpec {
    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        if *self.retries.get() > 1_000 {
            return Err(Wrong::at(&self.retries, "at most 1000 retries"));
        }
        if !(1.0..=100.0).contains(self.factor.get()) {
            return Err(Wrong::at(&self.factor, "must be a number from 1 to 100"));
        }
        for span in [&self.backoff, &self.most] {
            if span.get().is_zero() || span.get().is_forever() {
                return Err(Wrong::at(span, "must be a duration that ends, and longer than nothing"));
            }
        }
        if self.most.get() < self.backoff.get() {
            return Err(Wrong::at(
                &self.most,
                "the longest wait is not shorter than the first one, `backoff`",
            ));
        }
        Ok(())
    }
}

/// Which instances a fleet deletes when it is too large.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Remove {
    /// The last ones that were created.
    #[default]
    Newest,
    /// The first ones.
    Oldest,
}

/// A fleet that scales: `[workloads.fleet]`. It looks at its size now and then, and creates or deletes what is missing
/// or too much. Excludes `arrivals` and `trace`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetSpec {
    /// Mean number of instances over a week.
    pub size: At<u32>,
    /// How the number moves over the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day: Option<At<DaySpec>>,
    /// How it moves over the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<At<WeekSpec>>,
    /// Hours that local time is ahead of UTC. Default: that of the region's city.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc_offset_hours: Option<At<f64>>,
    /// Time between two looks.
    #[serde(default = "five_minutes")]
    pub every: At<Span>,
    /// Most instances created or deleted at one look. Default: as many as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<At<u32>>,
    /// Which ones go.
    #[serde(default)]
    pub remove: Remove,
}

fn five_minutes() -> At<Span> {
    At::default_of(Span::secs(300))
}

/// A closed loop: `[workloads.closed_loop]`. Each of its clients thinks, asks, waits, and thinks again, so a slow answer
/// slows down what comes next. What a client does about a refusal is said by `client`, as for every workload. Excludes
/// `arrivals`, `trace` and `fleet`.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoopSpec {
    /// Number of clients. Each belongs to one account.
    pub clients: At<u32>,
    /// How long a client thinks before it asks; for the first time from the start of the run on.
    pub think: At<DistributionSpec>,
    /// What a client that was served waits for before it thinks again. A call that failed is over with its last answer.
    #[serde(default)]
    pub wait_for: WaitFor,
}

/// What a client of a closed loop waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitFor {
    /// The answer to its call.
    #[default]
    Answer,
    /// The end of its instance.
    End,
}
