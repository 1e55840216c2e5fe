use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::units::{At, Span};

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
}

impl TraceFormat {
    /// All formats.
    pub const ALL: [TraceFormat; 3] =
        [TraceFormat::AzureV1_2017, TraceFormat::HuaweiEast1, TraceFormat::PackyardCsv];

    /// The name that scenarios and the command line use.
    pub const fn name(self) -> &'static str {
        match self {
            TraceFormat::AzureV1_2017 => "azure-v1-2017",
            TraceFormat::HuaweiEast1 => "huawei-east-1",
            TraceFormat::PackyardCsv => "packyard-csv",
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
    /// The file, plain or zstd-compressed; relative to the scenario's folder. Without it, `--trace FILE` is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<At<String>>,
    /// Moment on the trace's clock that is the start of the run. Default: that of the first creation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<At<Span>>,
    /// Where to get the file, told when it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obtain: Option<String>,
}
