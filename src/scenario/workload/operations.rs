//! What the customers of a workload do with their instances while they live: `[workloads.operations]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{At, Moment, Rate, Share, Span};

/// Habits of the customers of a workload.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HabitsSpec {
    /// Instances that are stopped for a part of each day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<At<PauseSpec>>,
    /// How often a running instance is rebooted, such as `"0.1/d"`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reboots: Option<At<Rate>>,
    /// Each instance asks for a public address once it runs (it needs InternetMaxBandwidthOut).
    #[serde(skip_serializing_if = "is_false")]
    pub public_address: bool,
    /// Each instance attaches a data disk that an earlier one of the workload has left behind in its zone, once it runs;
    /// the disk goes with the new instance.
    #[serde(skip_serializing_if = "is_false")]
    pub reuse_disks: bool,
}

/// A stop every day and a start some hours later.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PauseSpec {
    /// Share of the instances that do it.
    pub share: At<Share>,
    /// Local time of the stop, such as `"20:00"`.
    pub from: At<Moment>,
    /// Local time of the start, such as `"08:00"`.
    pub to: At<Moment>,
    /// StoppedMode of the stop. Left out: what the account's feature says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<At<String>>,
    /// Both happen up to so much later, evenly spread.
    #[serde(default = "half_an_hour")]
    pub spread: At<Span>,
}

fn half_an_hour() -> At<Span> {
    At::default_of(Span::secs(1_800))
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// One day in microseconds.
const DAY: u64 = 86_400_000_000;

impl HabitsSpec {
    /// Everything that is wrong with the habits: what, and the value where it stands.
    pub(super) fn check(&self) -> Vec<super::Wrong> {
        let mut wrongs = Vec::new();
        if let Some(pause) = self.pause.as_ref().map(At::get) {
            for time in [&pause.from, &pause.to] {
                if time.get().0.0 >= DAY {
                    wrongs.push(super::Wrong::at(time, "a time of day lies below 24:00, such as `20:00`"));
                }
            }
            if pause.from == pause.to {
                wrongs.push(super::Wrong::at(&pause.to, "`from` and `to` are the same time of day"));
            }
            if let Some(mode) = &pause.mode
                && !matches!(mode.get().as_str(), "KeepCharging" | "StopCharging")
            {
                wrongs.push(super::Wrong::at(mode, "`mode` is `KeepCharging` or `StopCharging`"));
            }
            let away = (DAY + pause.to.get().0.0 - pause.from.get().0.0) % DAY;
            if pause.spread.get().0.0 >= away.min(DAY - away) {
                wrongs.push(super::Wrong::at(
                    &pause.spread,
                    "the spread reaches from one to the other of `from` and `to`",
                ));
            }
        }
        wrongs
    }
}
