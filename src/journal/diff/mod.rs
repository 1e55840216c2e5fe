//! The first divergence of two runs: the first record of the event log that differs, what was drawn and given
//! differently, and the state of both runs around it.
//!
//! Both runs are made side by side until their event logs differ (`lockstep`); each is then made once more up to the
//! event in which that happened (`sight`). Memory does not grow with the length of the runs.

mod chance;
mod given;
mod lockstep;
mod matching;
mod side;
mod sight;
mod text;

use serde::Serialize;

pub use chance::{ChanceReport, DrawDifference, Drawn, StreamReport};
pub use given::KeyDifference;
pub use side::{Side, SideError};
pub use sight::{EventSight, HostSight, Sight};
pub use text::text;

use crate::model::SimTime;
use crate::sim::LogRecord;
use crate::workload::Arrival;

/// A record of the event log in words.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Told {
    /// Its number in the log, from 0.
    pub record: u64,
    /// Its virtual time, in microseconds.
    pub at: SimTime,
    /// What it says.
    pub what: String,
}

/// One of the two runs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SideReport {
    /// The file or folder that was named.
    pub path: String,
    /// Name of its scenario.
    pub scenario: String,
    /// Its seed.
    pub seed: u64,
    /// Its digest; none when it was not run to its end.
    pub digest: Option<String>,
    /// The digest that its journal or summary says.
    pub recorded: Option<String>,
    /// Version of the program that wrote that down.
    pub version: Option<String>,
}

/// What came in differently.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InputDifference {
    /// Number of the request among those that came in from outside, from 0.
    pub number: u64,
    /// The first run's; none: it had no more.
    pub a: Option<Arrival>,
    /// The second run's.
    pub b: Option<Arrival>,
}

/// Where the event logs part.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Divergence {
    /// Number of the first record that differs, from 0.
    pub record: u64,
    /// The last records before it, which both have.
    pub before: Vec<Told>,
    /// The record and those after it, of each run; empty when it has ended.
    pub records: [Vec<Told>; 2],
    /// The event in which each run logged it, and the state around it.
    pub events: [Option<EventSight>; 2],
}

/// Two runs compared.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Comparison {
    /// The runs.
    pub sides: [SideReport; 2],
    /// Keys of the scenarios that differ.
    pub keys: Vec<KeyDifference>,
    /// In words, how the kinds of requests differ.
    pub kinds: Option<String>,
    /// The first request from outside that differs, as far as it was read before the event logs parted.
    pub input: Option<InputDifference>,
    /// Records of the event log that are the same.
    pub records: u64,
    /// Where the event logs part; none when they are the same to the end.
    pub divergence: Option<Divergence>,
    /// Random draws, when they were compared.
    pub draws: Option<ChanceReport>,
}

impl Comparison {
    /// The event logs are the same, and the draws where they were compared.
    pub fn is_equal(&self) -> bool {
        self.divergence.is_none() && self.draws.as_ref().is_none_or(ChanceReport::is_same)
    }
}

/// Compares two runs; with `draws` also every random draw, to the end of both.
///
/// # Errors
/// What is wrong with one of the runs, in words.
pub fn compare(a: &Side, b: &Side, draws: bool) -> Result<Comparison, String> {
    let sides = [a, b];
    let said = |side: &Side, error: &dyn std::fmt::Display| format!("{}: {error}", side.path.display());
    let kinds = {
        let [a, b] = sides.map(|side| side.workload().map_err(|error| said(side, &error)));
        given::kinds(a?.templates(), b?.templates())
    };
    let met = lockstep::meet(sides, draws)?;
    let ended = met.ended();
    let first = met.arrivals.differs(ended).then(|| InputDifference {
        number: met.arrivals.matched(),
        a: met.arrivals.ahead(0).front().copied(),
        b: met.arrivals.ahead(1).front().copied(),
    });
    let divergence = if met.records.differs(ended) { Some(divergence(sides, &met)?) } else { None };
    let report = |at: usize| SideReport {
        path: sides[at].path.display().to_string(),
        scenario: sides[at].scenario.spec.name.clone(),
        seed: sides[at].scenario.spec.seed,
        digest: met.ends[at].as_ref().map(|end| end.digest.clone()),
        recorded: sides[at].recorded.clone(),
        version: sides[at].version.clone(),
    };
    Ok(Comparison {
        sides: [report(0), report(1)],
        keys: given::keys(&a.scenario, &b.scenario),
        kinds,
        input: first,
        records: met.records.matched(),
        divergence,
        draws: met.chance.map(chance::Chance::report),
    })
}

fn divergence(sides: [&Side; 2], met: &lockstep::Met) -> Result<Divergence, String> {
    /// Records of each run from the difference on that are shown.
    const SHOWN: usize = 6;
    let matched = met.records.matched();
    let ahead =
        [0, 1].map(|side| met.records.ahead(side).iter().take(SHOWN).copied().collect::<Vec<LogRecord>>());
    // Hosts and instances of the first record on each side, and what else the same moment touched.
    let (mut hosts, mut requests) = (Vec::new(), Vec::new());
    for records in &ahead {
        let moment = records.first().map(|record| record.at);
        for record in records.iter().filter(|record| Some(record.at) == moment) {
            hosts.extend(record.host());
        }
        requests.extend(records.first().and_then(LogRecord::request));
    }
    hosts.sort();
    hosts.dedup();
    requests.sort_unstable();
    requests.dedup();
    let wanted = sight::Wanted { hosts: &hosts, requests: &requests };
    let mut events = [None, None];
    let mut records = [Vec::new(), Vec::new()];
    let mut before = Vec::new();
    for side in [0, 1] {
        // Of a run that has ended there is no such event; its names are wanted all the same.
        let event = met.event(side).unwrap_or(u64::MAX);
        let told = |error| format!("{}: {error}", sides[side].path.display());
        let (seen, labels) = if event == u64::MAX {
            (None, sides[side].simulation(Ok).map_err(told)?.labels())
        } else {
            sight::look(sides[side], event, &wanted).map_err(told)?
        };
        events[side] = seen;
        let tell = |(number, record): (u64, LogRecord)| text::tell(number, record, &labels);
        records[side] = (matched..).zip(ahead[side].iter().copied()).map(tell).collect();
        if side == 0 {
            let recent: Vec<LogRecord> = met.records.recent().collect();
            before = (matched - recent.len() as u64..).zip(recent).map(tell).collect();
        }
    }
    Ok(Divergence { record: matched, before, records, events })
}
