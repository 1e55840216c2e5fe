//! Node controllers that fail and are mended, maintenance, and what a scenario does to hosts at set times.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::customers::OsName;
use crate::model::Os;
use crate::scenario::units::{At, Bandwidth, Moment, Share, Size, Span};
use crate::scenario::workload::{DistributionSpec, Law};

/// Boot time of some instances, instead of `boot`. The first table that fits counts.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BootSpec {
    /// Operating system of the image: `linux` or `windows`. Left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<OsName>")]
    pub os: Option<Os>,
    /// Family of the instance type. Left out: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<At<String>>,
    /// Instance type. Left out: any.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<At<String>>,
    /// Time from the finished system disk to the running instance.
    pub boot: DistributionSpec,
}

/// Where instances of a failed host come back.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Recover {
    /// On any host that fits, as soon as the failure is noticed.
    Elsewhere,
    /// On their own host, when it is mended.
    InPlace,
}

/// Hosts that fail, and what becomes of their instances.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FailuresSpec {
    /// Time from one failure of a host to its next, repair not counted. Left out: hosts fail by `[[events]]` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub between: Option<DistributionSpec>,
    /// Time from a failure to the end of the repair.
    pub repair: DistributionSpec,
    /// Distance of the heartbeats of a node controller.
    pub heartbeat: At<Span>,
    /// Heartbeats that must be missing in a row until a host counts as failed.
    pub missed: At<u32>,
    /// Where instances come back.
    pub recover: Recover,
    /// Where instances with local disks come back: elsewhere they find their local disks empty.
    pub recover_local_disks: Recover,
    /// Time until an instance that found no host tries again; it doubles with each try.
    pub retry: At<Span>,
    /// Most time between two tries.
    pub retry_at_most: At<Span>,
}

impl Default for FailuresSpec {
    fn default() -> Self {
        FailuresSpec {
            between: None,
            repair: DistributionSpec::lognormal(Span::secs(4 * 3_600), 0.8),
            heartbeat: At::default_of(Span::secs(10)),
            missed: At::default_of(6),
            recover: Recover::Elsewhere,
            recover_local_disks: Recover::InPlace,
            retry: At::default_of(Span::secs(30)),
            retry_at_most: At::default_of(Span::secs(600)),
        }
    }
}

impl FailuresSpec {
    /// True when failures never end by themselves.
    pub fn endless(&self) -> bool {
        self.between.as_ref().is_some_and(|law| *law.distribution.get() != Law::Forever)
    }
}

/// How hosts are emptied for maintenance: live migration by pre-copy.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MaintenanceSpec {
    /// Flow of one live migration.
    pub bandwidth: At<Bandwidth>,
    /// Memory that each vCPU of a running instance writes anew in a second.
    pub dirty_rate: At<Bandwidth>,
    /// Share of its memory that an instance writes to at all.
    pub working_set: At<Share>,
    /// The instance is paused and the rest is copied when no more than this is left.
    pub stop_below: At<Size>,
    /// Rounds of copying at most; then the instance is paused whatever is left.
    pub rounds: At<u32>,
    /// Part of the pause that does not depend on memory: devices, network.
    pub switch: At<Span>,
    /// Live migrations of one host at a time, out of it and into it, each.
    pub per_host: At<u32>,
    /// Time until an instance that found no other host tries again.
    pub retry: At<Span>,
    /// How long hosts wait to be empty before the work begins all the same, with the instances that are left stopped.
    pub patience: At<Span>,
}

impl Default for MaintenanceSpec {
    fn default() -> Self {
        MaintenanceSpec {
            bandwidth: At::default_of(Bandwidth(1_250_000_000)), // 10 Gbit/s
            dirty_rate: At::default_of(Bandwidth(20 << 20)),
            working_set: At::default_of(Share::new(0.2).expect("a share")),
            stop_below: At::default_of(Size(64 << 20)),
            rounds: At::default_of(30),
            switch: At::default_of(Span::millis(30)),
            per_host: At::default_of(2),
            retry: At::default_of(Span::secs(60)),
            patience: At::default_of(Span::secs(3_600)),
        }
    }
}

/// Something that happens to hosts at a set time.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// When: `"3d 04:00"`, `"36h"`.
    pub at: At<Moment>,
    /// What, in words: `"fail zone cn-hangzhou-g for 2h"`, `"drain pool web rack by rack for 30min"`,
    /// `"repair host 17 of cn-hangzhou-g"`.
    #[serde(rename = "do")]
    pub action: At<String>,
}
