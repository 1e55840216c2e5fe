//! Replay: the run of a journal again, as it was or with something changed.

use std::sync::Arc;

use parking_lot::Mutex;

use super::form::Checkpoint;
use super::read::Journal;
use super::record::short;
use crate::model::SimTime;
use crate::scenario::{Scenario, ScenarioError};
use crate::sim::{BATCH, Chain, LogRecord, Summary};

impl Journal {
    /// The scenario that was recorded, with some values taking the place of its own.
    ///
    /// # Errors
    /// A key that names no place, or a value that does not go together with the rest.
    pub fn scenario(&self, with: &[(String, String)]) -> Result<Scenario, ScenarioError> {
        // What `with` names anew is read from the folder of the name.
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        let name = self.header.folder.join(format!("{file} (scenario)")).display().to_string();
        let files = self.files.clone();
        let mut scenario = Scenario::from_str_beside(&self.header.scenario, &name, with, files)?;
        scenario.folder.clone_from(&self.header.folder);
        Ok(scenario)
    }
}

/// What a check of a replay against its journal has found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The digests agree.
    Same,
    /// The replay was of a part: so many records of the event log were compared, and they agree.
    SamePart {
        /// Records compared.
        records: u64,
    },
    /// The event logs differ.
    Differs {
        /// Records before this number (from 0) agree.
        from: u64,
        /// The first difference is before this one; none: it is in the last, shorter batch, or the end is missing.
        to: Option<u64>,
        /// Time of the last record that is known to agree.
        after: SimTime,
    },
}

/// Compares the chain of a replay with the values that its journal noted.
pub struct Check {
    found: Arc<Mutex<Found>>,
    checkpoints: Arc<Vec<Checkpoint>>,
    /// Batches before the replay begins.
    first: usize,
}

#[derive(Default)]
struct Found {
    /// Batches compared, and those before the first of them.
    compared: usize,
    /// The first that differs.
    differs: Option<usize>,
}

impl Check {
    /// A check against a journal; `until` is where the replay ends early, when it does.
    pub fn new(journal: &Journal, until: Option<SimTime>) -> Check {
        let mut checkpoints = journal.checkpoints.clone();
        if let Some(until) = until {
            // Of a batch that reaches beyond, the replay makes only a part.
            checkpoints.truncate(checkpoints.partition_point(|point| point.at < until));
        }
        Check { found: Arc::default(), checkpoints: Arc::new(checkpoints), first: 0 }
    }

    /// A check of a replay that begins with a state of the journal, after so many batches of the event log.
    #[must_use]
    pub fn after(self, batches: u64) -> Check {
        let first = usize::try_from(batches).unwrap_or(usize::MAX).min(self.checkpoints.len());
        self.found.lock().compared = first;
        Check { first, ..self }
    }

    /// The chain that compares its values on the way; for [`crate::sim::Simulation::chained`].
    pub fn chain(&self, chain: Box<dyn Chain>) -> Box<dyn Chain> {
        let (found, checkpoints) = (Arc::clone(&self.found), Arc::clone(&self.checkpoints));
        Box::new(Comparing { chain, found, checkpoints, batch: self.first })
    }

    /// What came of it. `whole`: the replay went to the end that the journal knows.
    pub fn verdict(&self, journal: &Journal, summary: &Summary, whole: bool) -> Verdict {
        let found = self.found.lock();
        let after = |batches: usize| {
            batches
                .checked_sub(1)
                .and_then(|last| journal.checkpoints.get(last))
                .map_or(SimTime::ZERO, |point| point.at)
        };
        let records = |batches: usize| batches as u64 * BATCH as u64;
        if let Some(batch) = found.differs {
            return Verdict::Differs {
                from: records(batch),
                to: Some(records(batch + 1)),
                after: after(batch),
            };
        }
        match &journal.conclusion {
            Some(conclusion) if whole && conclusion.digest == summary.run.digest => Verdict::Same,
            Some(_) if whole => {
                let batch = found.compared;
                Verdict::Differs { from: records(batch), to: None, after: after(batch) }
            }
            _ => Verdict::SamePart { records: records(found.compared - self.first) },
        }
    }
}

struct Comparing {
    chain: Box<dyn Chain>,
    found: Arc<Mutex<Found>>,
    checkpoints: Arc<Vec<Checkpoint>>,
    batch: usize,
}

impl Chain for Comparing {
    fn link(&mut self, records: Vec<u8>) -> Vec<u8> {
        let at = LogRecord::last_time(&records);
        let buffer = self.chain.link(records);
        if let Some(expected) = self.checkpoints.get(self.batch) {
            let mut found = self.found.lock();
            if found.differs.is_none() {
                let same = Some(expected.at) == at && expected.chain == short(&self.chain.value());
                found.compared += usize::from(same);
                found.differs = (!same).then_some(self.batch);
            }
        }
        self.batch += 1;
        buffer
    }

    fn value(&mut self) -> [u8; 32] {
        self.chain.value()
    }
}
