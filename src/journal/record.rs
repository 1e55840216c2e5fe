//! Recording: a listener between a workload and its run, and one between the event log and its chain.

use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;

use super::form::{Block, Checkpoint, Conclusion, Header, JOURNAL, StateHead, files, folder_of, frame};
use super::frame::{FileError, FrameWriter};
use crate::model::SimTime;
use crate::scenario::Scenario;
use crate::sim::{Chain, LogRecord, State, Summary};
use crate::workload::{Arrival, Supply, Workload, WorkloadError};

/// A journal that is being written. The file appears under its name at [`Recording::finish`] and not before.
pub struct Recording {
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    writer: FrameWriter,
    checkpoints: Vec<Checkpoint>,
}

impl Recording {
    /// Begins the journal of a run of `scenario`; gives back the workload that records itself while it is used.
    ///
    /// # Errors
    /// When the file cannot be begun, or the first arrival cannot be had.
    pub fn begin(
        path: &Path,
        scenario: &Scenario,
        workload: Workload,
    ) -> Result<(Recording, Workload), RecordError> {
        let mut writer = FrameWriter::create(path, JOURNAL)?;
        let header = Header {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.effective_toml(),
            folder: folder_of(scenario),
            kinds: workload.kinds(),
        };
        let content = postcard::to_stdvec(&header).expect("plain data has a form in bytes");
        writer.frame(frame::HEADER, &content)?;
        if let Some(files) = files(scenario)? {
            writer.long(frame::FILES, &files)?;
        }
        let shared = Arc::new(Mutex::new(Shared { writer, checkpoints: Vec::new() }));
        let listener = Arc::clone(&shared);
        let workload = workload
            .through(|source| Box::new(Listener { source, shared: listener, block: Block::default() }))?;
        Ok((Recording { shared }, workload))
    }

    /// The chain that notes its values on the way; for [`crate::sim::Simulation::chained`].
    pub fn chain(&self, chain: Box<dyn Chain>) -> Box<dyn Chain> {
        Box::new(Noting { chain, shared: Arc::clone(&self.shared) })
    }

    /// Puts states of the run into the journal: for [`crate::sim::Simulation::keeping`].
    pub fn keeper(&self) -> Box<dyn FnMut(SimTime, &State) -> Result<(), String>> {
        let shared = Arc::clone(&self.shared);
        Box::new(move |at, state| {
            let head = postcard::to_stdvec(&StateHead::of(at)).expect("plain data has a form in bytes");
            let content = postcard::to_stdvec(state).expect("plain data has a form in bytes");
            let writer = &mut shared.lock().writer;
            let written = writer.frame(frame::STATE_HEAD, &head);
            written.and_then(|()| writer.long(frame::STATE, &content)).map_err(|error| error.to_string())
        })
    }

    /// Writes how the run ended and puts the file in its place. The run and its workload must be gone.
    ///
    /// # Errors
    /// When the file cannot be written in full.
    pub fn finish(self, summary: &Summary) -> Result<(), FileError> {
        let shared = Arc::into_inner(self.shared).expect("the run is over, and with it those who listened");
        let Shared { mut writer, checkpoints } = shared.into_inner();
        let content = postcard::to_stdvec(&checkpoints).expect("plain data has a form in bytes");
        writer.long(frame::CHECKPOINTS, &content)?;
        let conclusion = Conclusion {
            digest: summary.run.digest.clone(),
            events: summary.engine.events,
            requests: summary.requests.total,
            cut_short: summary.run.cut_short,
        };
        writer.finish(&postcard::to_stdvec(&conclusion).expect("plain data has a form in bytes"))
    }
}

/// Why a run cannot be recorded.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The workload.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
}

/// Writes down every arrival that goes by.
struct Listener {
    source: Box<dyn Supply>,
    shared: Arc<Mutex<Shared>>,
    block: Block,
}

impl Listener {
    fn write(&mut self) -> Result<(), WorkloadError> {
        if self.block.is_empty() {
            return Ok(());
        }
        let content = self.block.take();
        let written = self.shared.lock().writer.frame(frame::ARRIVALS, &content);
        written.map_err(|error| WorkloadError::Supplied(error.to_string()))
    }
}

impl Supply for Listener {
    #[inline]
    fn next(&mut self) -> Result<Option<Arrival>, WorkloadError> {
        let arrival = self.source.next()?;
        match &arrival {
            Some(arrival) => {
                self.block.push(arrival);
                if self.block.is_full() {
                    self.write()?;
                }
            }
            None => self.write()?,
        }
        Ok(arrival)
    }

    fn progress(&self) -> f64 {
        self.source.progress()
    }
}

impl Drop for Listener {
    /// A run that ends before its workload leaves a block that is not full.
    fn drop(&mut self) {
        // A disk that is full now is full at `finish` too, which says so.
        let _ = self.write();
    }
}

/// Notes the value of the chain after each batch.
struct Noting {
    chain: Box<dyn Chain>,
    shared: Arc<Mutex<Shared>>,
}

impl Chain for Noting {
    fn link(&mut self, records: Vec<u8>) -> Vec<u8> {
        let at = LogRecord::last_time(&records);
        let buffer = self.chain.link(records);
        if let Some(at) = at {
            self.shared.lock().checkpoints.push(Checkpoint { at, chain: short(&self.chain.value()) });
        }
        buffer
    }

    fn value(&mut self) -> [u8; 32] {
        self.chain.value()
    }
}

/// The first half of a chain's value.
pub(super) fn short(value: &[u8; 32]) -> [u8; 16] {
    value[..16].try_into().expect("the first half of 32 bytes")
}
