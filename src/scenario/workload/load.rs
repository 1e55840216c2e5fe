use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{At, Share, Span};
use super::Wrong;
use crate::hypervisor::load::{FULL, Load, Step};

/// How the CPU use of an instance moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LoadModel {
    /// Always the same.
    Constant,
    /// Busy for a part of each period.
    Periodic,
    /// A list of values, one a step, over and over.
    Trace,
}

/// CPU use that an instance wants, as a share of its vCPUs: `[workloads.load]` or `load` of a mix entry.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadSpec {
    /// `constant` (`use`), `periodic` (`low`, `high`, `period`, `busy`) or `trace` (`values`, `step`).
    pub model: At<LoadModel>,
    /// The use of a constant load.
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    pub level: Option<At<Share>>,
    /// Use outside the busy part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<At<Share>>,
    /// Use within the busy part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<At<Share>>,
    /// Length of the pattern. Default: a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<At<Span>>,
    /// Length of the busy part, which begins the pattern.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<At<Span>>,
    /// Use in each step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<At<Vec<Share>>>,
    /// Length of a step of `values`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<At<Span>>,
    /// When the pattern begins, counted from the start of the run. Default: with the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<At<Span>>,
    /// Each instance begins somewhere in the pattern by chance, instead of all at the same moment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spread: bool,
}

/// Most values of a load: about 16 bytes each.
const MOST_VALUES: usize = 100_000;

impl LoadSpec {
    /// The load, and how far into its pattern it is when the run starts (in microseconds).
    ///
    /// # Errors
    /// A key that the model does not have, or one that it needs.
    pub fn resolve(&self) -> Result<(Load, u64), Wrong> {
        let wrong = |what: &str| Wrong::at(&self.model, what);
        let shape = [self.low.is_some(), self.high.is_some(), self.period.is_some(), self.busy.is_some()];
        let list = [self.values.is_some(), self.step.is_some()];
        let load = match *self.model.get() {
            LoadModel::Constant => {
                if shape.contains(&true) || list.contains(&true) || self.phase.is_some() || self.spread {
                    return Err(wrong("a constant load has `use`, and nothing else"));
                }
                let level = self.level.as_ref().ok_or_else(|| wrong("a constant load needs `use`"))?;
                return Ok((Load::constant(level_of(*level.get())), 0));
            }
            LoadModel::Periodic => {
                if self.level.is_some() || list.contains(&true) {
                    return Err(wrong("a periodic load has `low`, `high`, `period` and `busy`"));
                }
                let (Some(low), Some(high), Some(busy)) = (&self.low, &self.high, &self.busy) else {
                    return Err(wrong("a periodic load needs `low`, `high` and `busy`"));
                };
                let day = At::default_of(Span::secs(86_400));
                let period = micros(self.period.as_ref().unwrap_or(&day))?;
                let busy_for = micros(busy)?;
                if busy_for >= period {
                    return Err(Wrong::at(busy, "the busy part is shorter than the period"));
                }
                let steps = [
                    Step { from: 0, level: level_of(*high.get()) },
                    Step { from: busy_for, level: level_of(*low.get()) },
                ];
                Load::new(&steps, period)
            }
            LoadModel::Trace => {
                if self.level.is_some() || shape.contains(&true) {
                    return Err(wrong("a traced load has `values` and `step`"));
                }
                let (Some(values), Some(step)) = (&self.values, &self.step) else {
                    return Err(wrong("a traced load needs `values` and `step`"));
                };
                if values.get().is_empty() || values.get().len() > MOST_VALUES {
                    return Err(Wrong::at(values, format!("a traced load has 1 to {MOST_VALUES} values")));
                }
                let step = micros(step)?;
                let steps: Vec<Step> = (0u64..)
                    .zip(values.get())
                    .map(|(at, share)| Step { from: at * step, level: level_of(*share) })
                    .collect();
                Load::new(&steps, steps.len() as u64 * step)
            }
        };
        let load = load.map_err(|error| wrong(&error.to_string()))?;
        let begins = self.phase.as_ref().map_or(0, |phase| phase.get().get().0 % load.period());
        let phase = (load.period() - begins) % load.period();
        Ok((load, phase))
    }
}

fn level_of(share: Share) -> u32 {
    (share.get() * f64::from(FULL)).round() as u32
}

/// A span that ends, is longer than nothing, and not longer than a year.
fn micros(span: &At<Span>) -> Result<u64, Wrong> {
    let micros = span.get().get().0;
    if (1..=366 * 86_400_000_000).contains(&micros) {
        return Ok(micros);
    }
    Err(Wrong::at(span, "must be longer than nothing, and a year at most"))
}
