use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{At, Share, Size, Span};
use super::MapSpec;

/// The formats of recorded workloads.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, JsonSchema)]
pub enum TraceFormat {
    /// Azure Public Dataset V1 (2017) as batches of flavours, with lifetimes in bins.
    #[serde(rename = "azure-v1-2017")]
    AzureV1_2017,
    /// Huawei-East-1: creations with lifetimes, or creations and deletions.
    #[serde(rename = "huawei-east-1")]
    HuaweiEast1,
    /// Our own plain CSV.
    #[serde(rename = "packyard-csv")]
    PackyardCsv,
    /// Our own Parquet.
    #[serde(rename = "packyard-parquet")]
    PackyardParquet,
    /// Azure Packing Trace 2020: the SQLite file, or CSV exports of its tables.
    #[serde(rename = "azure-packing-2020")]
    AzurePacking2020,
    /// VM tables of the Azure Public Dataset of 2017 and 2019.
    #[serde(rename = "azure-vm")]
    AzureVm,
    /// Pod lists of the openb GPU cluster.
    #[serde(rename = "openb")]
    Openb,
    /// Job table of the Alibaba spot-GPU trace of 2026.
    #[serde(rename = "alibaba-spot-2026")]
    AlibabaSpot2026,
}

impl TraceFormat {
    /// All formats.
    pub const ALL: [TraceFormat; 8] = [
        TraceFormat::AzureV1_2017,
        TraceFormat::HuaweiEast1,
        TraceFormat::PackyardCsv,
        TraceFormat::PackyardParquet,
        TraceFormat::AzurePacking2020,
        TraceFormat::AzureVm,
        TraceFormat::Openb,
        TraceFormat::AlibabaSpot2026,
    ];

    /// The name that scenarios and the command line use.
    pub const fn name(self) -> &'static str {
        match self {
            TraceFormat::AzureV1_2017 => "azure-v1-2017",
            TraceFormat::HuaweiEast1 => "huawei-east-1",
            TraceFormat::PackyardCsv => "packyard-csv",
            TraceFormat::PackyardParquet => "packyard-parquet",
            TraceFormat::AzurePacking2020 => "azure-packing-2020",
            TraceFormat::AzureVm => "azure-vm",
            TraceFormat::Openb => "openb",
            TraceFormat::AlibabaSpot2026 => "alibaba-spot-2026",
        }
    }
}

impl fmt::Display for TraceFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for TraceFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<TraceFormat, String> {
        let known = TraceFormat::ALL.into_iter().find(|format| format.name() == text);
        known.ok_or_else(|| {
            let names = TraceFormat::ALL.map(TraceFormat::name).join(", ");
            format!("`{text}` is no trace format: known are {names}")
        })
    }
}

/// A recorded workload: `[workloads.trace]`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TraceSpec {
    /// Format of the file.
    pub format: At<TraceFormat>,
    /// The file, plain or compressed by gzip or zstd; relative to the scenario's folder. Without it, `--trace FILE` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<At<String>>,
    /// Moment on the trace's clock that is the start of the run. Default: that of the first creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<At<Span>>,
    /// Moment on the trace's clock from which on nothing is created any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<At<Span>>,
    /// Share of the trace's batches that is replayed, picked by chance. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<At<Share>>,
    /// How many seconds of the trace pass in a second: 2 halves all times and lifetimes. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub speed: Option<At<f64>>,
    /// So much later everything comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shift: Option<At<Span>>,
    /// How often every batch comes: independent copies, for accounts and zones of their own. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copies: Option<At<u32>>,
    /// Every copy of a batch but the first comes later by a time of its own, up to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<At<Span>>,
    /// The machine that fractions of a machine are measured by (`azure-packing-2020`). Default: 64 vCPU, 256 GiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub machine: Option<At<MachineSpec>>,
    /// How records become requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub map: Option<At<MapSpec>>,
    /// Where to get the file, told when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtain: Option<String>,
}

/// A machine that fractions are measured by.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MachineSpec {
    /// vCPUs.
    pub vcpus: At<u32>,
    /// Memory.
    pub memory: At<Size>,
}
