//! What the run tells the thread that writes the tables: plain records, so that telling costs next to nothing.

use crate::metrics::{Key, Outcome};
use crate::model::{HostIx, Resources, SimTime, ZoneIx};
use crate::placement::{HostState, Reason};
use crate::sim::Gone;

/// Records of one batch: half a megabyte.
pub(super) const BATCH: usize = 1 << 13;

/// Something that happened to a request or its instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fact {
    pub(super) at: SimTime,
    pub(super) number: u64,
    pub(super) what: What,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Created { template: u32, arrived: SimTime, zone: ZoneIx, host: HostIx },
    Rejected { template: u32, arrived: SimTime, answer: Answer },
    Running,
    RunsAgain { host: HostIx },
    Moved { host: HostIx },
    Released { cause: Gone },
}

/// How a request was refused. An empty code is none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answer {
    pub(super) outcome: Outcome,
    pub(super) code: &'static str,
    pub(super) check: &'static str,
    pub(super) missing: Option<Reason>,
}

/// A host at the end of the run.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostFact {
    pub(super) host: HostIx,
    pub(super) zone: ZoneIx,
    pub(super) class: usize,
    pub(super) rack: u32,
    pub(super) switch: u32,
    pub(super) state: HostState,
    pub(super) capacity: Resources,
    pub(super) free: Resources,
    pub(super) created: u32,
}

/// What one sample has put into the series.
#[derive(Debug)]
pub(super) struct Sampled {
    pub(super) from: SimTime,
    pub(super) to: SimTime,
    /// Names of the columns that are new; columns are numbered in the order of their names.
    pub(super) names: Vec<Key>,
    /// Column, value, and the range of a level.
    pub(super) values: Vec<(usize, f64, Option<(f64, f64)>)>,
    /// Metric, percentile, value.
    pub(super) waits: Vec<(&'static str, &'static str, f64)>,
}

/// One message.
pub(super) enum Message {
    Facts(Vec<Fact>),
    Sampled(Sampled),
    Hosts(Vec<HostFact>),
}
