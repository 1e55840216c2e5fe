//! Operations of the API that a script sends: `[[operations]]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::units::{At, Moment, Share, Span};

/// One operation, sent at a moment of the run.
#[derive(Clone, PartialEq, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationSpec {
    /// When, counted from the start of the run.
    pub at: At<Moment>,
    /// Which: a name of the API such as `StopInstance`, or an act of the operator (`docs/operations.md` lists both).
    #[serde(rename = "do")]
    #[schemars(extend("enum" = crate::operations::Action::ALL.iter().map(|action| action.name()).collect::<Vec<_>>()))]
    pub action: At<String>,
    /// Again and again at this distance, until the end of the run. Left out: once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<At<Span>>,
    /// To the instance of this request, numbered from 0 through the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<At<u64>>,
    /// To instances of this workload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<At<String>>,
    /// Of the workload: those with these numbers, counted from 0 in the order of creation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instances: Vec<u64>,
    /// Of the workload's instances that live then: each one with this chance. Left out: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<At<Share>>,
    /// Account that sends an operation that is not about an instance. Left out: the first account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<At<String>>,
    /// Region that such an operation goes to. Left out: the first region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<At<String>>,
    /// Id of what the operation makes, for later operations and requests to name. Left out: a made-up one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<At<String>>,
    /// Parameters as on the wire. `AutoReleaseTime = "+2h"` is a time after the call; a DiskId of `system` or `data-1`
    /// is a disk that the instance was created with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub params: BTreeMap<String, String>,
}
