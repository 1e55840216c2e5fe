//! Reading a journal: checked as a whole first, then handed over arrival by arrival.

use std::path::{Path, PathBuf};

use super::form::{Checkpoint, Conclusion, Header, JOURNAL, StateHead, frame, read_files, unpack};
use super::frame::{Damage, FileError, Frame, FrameReader};
use crate::model::SimTime;
use crate::scenario::Files;
use crate::sim::{self, State};
use crate::workload::{Arrival, Supply, Workload, WorkloadError};

/// A journal that was read and checked from beginning to end.
#[derive(Clone, PartialEq, Debug)]
pub struct Journal {
    /// The file.
    pub path: PathBuf,
    /// What ran.
    pub header: Header,
    /// How the run ended; none when the journal is damaged.
    pub conclusion: Option<Conclusion>,
    /// The chain of the event log after each full batch; none when the journal is damaged before them.
    pub checkpoints: Vec<Checkpoint>,
    /// Arrivals that can be read.
    pub arrivals: u64,
    /// The time of the last of them.
    pub last: SimTime,
    /// Where it is damaged, when it was read to be salvaged.
    pub damage: Option<Damage>,
    /// Moments of which it holds the state, as far as this program can go on from them.
    pub states: Vec<SimTime>,
    /// Contents of the files that the scenario names.
    pub files: Files,
}

impl Journal {
    /// Reads a journal. With `salvage` a damaged one is good up to the damage; its header must be whole.
    ///
    /// # Errors
    /// When the file is no journal, or damaged, with the place.
    pub fn open(path: &Path, salvage: bool) -> Result<Journal, FileError> {
        let mut frames = FrameReader::open(path, JOURNAL)?;
        let header: Header = match frames.next()? {
            Some(Frame { kind: frame::HEADER, content }) => read(&frames, &content)?,
            _ => return Err(frames.damage("a journal begins with its header")),
        };
        let mut journal = Journal {
            path: path.to_owned(),
            header,
            conclusion: None,
            checkpoints: Vec::new(),
            arrivals: 0,
            last: SimTime::ZERO,
            damage: None,
            states: Vec::new(),
            files: Files::default(),
        };
        let mut checkpoints = Vec::new();
        match journal.scan(&mut frames, &mut checkpoints) {
            Ok(()) => {}
            Err(FileError::Damaged(damage)) if salvage => {
                journal.damage = Some(damage);
                journal.conclusion = None;
            }
            Err(error) => return Err(error),
        }
        Ok(journal)
    }

    fn scan(&mut self, frames: &mut FrameReader, checkpoints: &mut Vec<u8>) -> Result<(), FileError> {
        let mut files = Vec::new();
        while let Some(Frame { kind, content }) = frames.next()? {
            match kind {
                frame::FILES => {
                    files.extend(content);
                    continue;
                }
                _ if !files.is_empty() => {
                    let files = std::mem::take(&mut files);
                    self.files = read_files(&files).ok_or_else(|| frames.damage("no contents of files"))?;
                }
                _ => {}
            }
            match kind {
                frame::STATE_HEAD => {
                    let head: StateHead = read(frames, &content)?;
                    self.states.extend(head.is_usable().then_some(head.at));
                }
                // Read when it is wanted.
                frame::STATE => {}
                frame::ARRIVALS => {
                    let arrivals = unpack(&content, self.last, self.header.kinds.templates.len());
                    let arrivals = arrivals.ok_or_else(|| frames.damage("a block that holds no arrivals"))?;
                    self.arrivals += arrivals.len() as u64;
                    self.last = arrivals.last().map_or(self.last, |arrival| arrival.at);
                }
                frame::CHECKPOINTS => checkpoints.extend(content),
                frame::END => {
                    self.checkpoints = read(frames, checkpoints)?;
                    self.conclusion = Some(read(frames, &content)?);
                }
                other => return Err(frames.damage(format!("a frame of the unknown kind {other}"))),
            }
        }
        Ok(())
    }

    /// The last state before `moment` that it holds; none when it holds none, or none that this program can go on from.
    ///
    /// # Errors
    /// When the file changed since it was opened.
    pub fn state_before(&self, moment: SimTime) -> Result<Option<(SimTime, State)>, FileError> {
        let Some(&wanted) = self.states.iter().rfind(|at| **at < moment) else { return Ok(None) };
        let mut frames = FrameReader::open(&self.path, JOURNAL)?;
        let (mut found, mut bytes) = (false, Vec::new());
        while let Some(Frame { kind, content }) = frames.next()? {
            match kind {
                frame::STATE_HEAD => {
                    let head: StateHead = read(&frames, &content)?;
                    found = head.at == wanted && head.is_usable();
                }
                frame::STATE if found => bytes.extend(content),
                _ if found => break,
                _ => {}
            }
        }
        Ok(Some((wanted, read(&frames, &bytes)?)))
    }

    /// The workload that it recorded.
    ///
    /// # Errors
    /// When the file changed since it was opened.
    pub fn workload(&self) -> Result<Workload, WorkloadError> {
        let told = |error: FileError| WorkloadError::Supplied(error.to_string());
        let mut frames = FrameReader::open(&self.path, JOURNAL).map_err(told)?;
        frames.next().map_err(told)?;
        let playback = Playback {
            frames,
            templates: self.header.kinds.templates.len(),
            block: Vec::new().into_iter(),
            last: SimTime::ZERO,
            given: 0,
            all: self.arrivals,
        };
        let scenario = self.scenario(&[]).map_err(|error| WorkloadError::Supplied(error.to_string()))?;
        let setting = sim::setting(&scenario, &scenario.folder, None);
        Workload::supplied(self.header.kinds.clone(), Box::new(playback))?
            .with_on_demand(&scenario.spec.workloads, &setting)
    }
}

/// Reads a frame's content.
fn read<T: serde::de::DeserializeOwned>(frames: &FrameReader, content: &[u8]) -> Result<T, FileError> {
    match postcard::take_from_bytes(content) {
        Ok((value, [])) => Ok(value),
        _ => Err(frames.damage("the content of the frame is not what its kind says")),
    }
}

/// Hands the arrivals of a journal over.
struct Playback {
    frames: FrameReader,
    templates: usize,
    block: std::vec::IntoIter<Arrival>,
    last: SimTime,
    given: u64,
    all: u64,
}

impl Supply for Playback {
    fn next(&mut self) -> Result<Option<Arrival>, WorkloadError> {
        loop {
            if let Some(arrival) = self.block.next() {
                self.given += 1;
                return Ok(Some(arrival));
            }
            // Also the end of what can be salvaged: what follows was judged when the journal was opened.
            if self.given == self.all {
                return Ok(None);
            }
            let told = |error: FileError| WorkloadError::Supplied(error.to_string());
            let changed = || WorkloadError::Supplied("the journal changed while it was read".to_owned());
            let frame = self.frames.next().map_err(told)?.ok_or_else(changed)?;
            if frame.kind == frame::ARRIVALS {
                let arrivals = unpack(&frame.content, self.last, self.templates).ok_or_else(changed)?;
                self.last = arrivals.last().map_or(self.last, |arrival| arrival.at);
                self.block = arrivals.into_iter();
            }
        }
    }

    fn progress(&self) -> f64 {
        if self.all == 0 { 1.0 } else { self.given as f64 / self.all as f64 }
    }
}
