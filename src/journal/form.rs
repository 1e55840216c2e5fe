//! What a journal holds, and its binary form.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::frame::{FileError, FileKind};
use crate::model::{SimDuration, SimTime};
use crate::scenario::{Files, Scenario};
use crate::sim::State;
use crate::workload::{Arrival, End, Kinds};

/// A journal as a file.
pub(super) const JOURNAL: FileKind = FileKind { name: "journal", letter: b'J', version: 2, last: frame::END };

/// Kinds of frames.
pub(super) mod frame {
    /// The [`super::Header`], always the first.
    pub(in crate::journal) const HEADER: u8 = 1;
    /// A block of arrivals.
    pub(in crate::journal) const ARRIVALS: u8 = 2;
    /// The [`super::Checkpoint`]s.
    pub(in crate::journal) const CHECKPOINTS: u8 = 3;
    /// The [`super::Conclusion`], always the last.
    pub(in crate::journal) const END: u8 = 4;
    /// [`super::files`], between the header and the first arrivals; none when the scenario names no file.
    pub(in crate::journal) const FILES: u8 = 5;
    /// A [`super::StateHead`], before the frames of its state.
    pub(in crate::journal) const STATE_HEAD: u8 = 6;
    /// A [`crate::sim::State`], or a part of one.
    pub(in crate::journal) const STATE: u8 = 7;
}

/// What ran.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Version of the program that recorded.
    pub version: String,
    /// The effective scenario as TOML, every default filled in.
    pub scenario: String,
    /// Folder of the scenario, for what `--with` may name anew.
    pub folder: PathBuf,
    /// What the arrivals point to.
    pub kinds: Kinds,
}

/// Contents of the files that a scenario names, as bytes.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn files(scenario: &Scenario) -> Result<Option<Vec<u8>>, FileError> {
    let files = scenario.named_files().map_err(|(path, cause)| FileError::Io {
        doing: "read",
        path: path.into(),
        cause,
    })?;
    let list: Vec<(&str, &[u8])> = files.iter().collect();
    Ok((!list.is_empty()).then(|| postcard::to_stdvec(&list).expect("plain data has a form in bytes")))
}

/// Reads what [`files`] made; no bytes are no files.
pub(super) fn read_files(bytes: &[u8]) -> Option<Files> {
    if bytes.is_empty() {
        return Some(Files::default());
    }
    let (list, rest): (Vec<(String, Vec<u8>)>, &[u8]) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then(|| Files::of(list))
}

/// What a state in a journal is of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct StateHead {
    /// The moment: everything that happens at it is part of the state.
    pub(super) at: SimTime,
    /// Version of the program that wrote it; no other one can go on.
    pub(super) version: String,
    /// Layout of the state.
    pub(super) form: u32,
}

impl StateHead {
    pub(super) fn of(at: SimTime) -> StateHead {
        StateHead { at, version: env!("CARGO_PKG_VERSION").to_owned(), form: State::FORM }
    }

    /// Whether this program can go on from it.
    pub(super) fn is_usable(&self) -> bool {
        *self == StateHead::of(self.at)
    }
}

/// Where a scenario's files are, whatever folder a program is started in later.
pub(super) fn folder_of(scenario: &Scenario) -> PathBuf {
    let folder = if scenario.folder.as_os_str().is_empty() { Path::new(".") } else { &scenario.folder };
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

/// The chain of the event log after a full batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Time of the last record of the batch.
    pub at: SimTime,
    /// The first 16 bytes of the chain's value.
    pub chain: [u8; 16],
}

/// How the run ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Conclusion {
    /// Digest of the event log.
    pub digest: String,
    /// Events of the engine.
    pub events: u64,
    /// Requests that came in.
    pub requests: u64,
    /// It was interrupted.
    pub cut_short: bool,
}

/// Arrivals in a block.
pub(super) const BLOCK: usize = 1 << 14;

const NEVER: u8 = 0;
const AFTER: u8 = 1;
const AT: u8 = 2;

/// Arrivals on their way into a frame: numbers of seven bits a byte, times as steps from one arrival to the next. Each
/// field has a column of its own, which packs better.
#[derive(Debug, Default)]
pub(super) struct Block {
    count: usize,
    last: SimTime,
    steps: Vec<u8>,
    templates: Vec<u8>,
    ends: Vec<u8>,
    spans: Vec<u8>,
}

impl Block {
    /// Adds an arrival; they come in order of time.
    pub(super) fn push(&mut self, arrival: &Arrival) {
        let Arrival { at, template, end } = *arrival;
        put(&mut self.steps, at.since(self.last).0);
        self.last = at;
        put(&mut self.templates, template.into());
        let (kind, span) = match end {
            End::Never => (NEVER, 0),
            End::After(span) => (AFTER, span.0),
            // A recorded end is after the arrival, and the distance is the smaller number.
            End::At(moment) => (AT, moment.0.wrapping_sub(at.0)),
        };
        self.ends.push(kind);
        put(&mut self.spans, span);
        self.count += 1;
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= BLOCK
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The content of a frame; the block is empty then, and goes on at its last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let columns = [&mut self.steps, &mut self.templates, &mut self.ends, &mut self.spans];
        let mut content = Vec::with_capacity(8 + columns.iter().map(|column| column.len()).sum::<usize>());
        put(&mut content, self.count as u64);
        for column in columns {
            content.append(column);
        }
        self.count = 0;
        content
    }
}

/// The arrivals of a frame's content, the first `last` after which they go on; none when it is no such content.
pub(super) fn unpack(content: &[u8], mut last: SimTime, templates: usize) -> Option<Vec<Arrival>> {
    let mut rest = content;
    let count = usize::try_from(get(&mut rest)?).ok().filter(|count| *count <= content.len())?;
    let mut column = |read: fn(&mut &[u8]) -> Option<u64>| -> Option<Vec<u64>> {
        (0..count).map(|_| read(&mut rest)).collect()
    };
    let (steps, kinds) = (column(get)?, column(get)?);
    let (ends, spans) = (column(byte)?, column(get)?);
    if !rest.is_empty() {
        return None;
    }
    let mut arrivals = Vec::with_capacity(count);
    for at in 0..count {
        last = SimTime(last.0.checked_add(steps[at])?);
        let template = u32::try_from(kinds[at]).ok().filter(|template| (*template as usize) < templates)?;
        let end = match ends[at] as u8 {
            NEVER => End::Never,
            AFTER => End::After(SimDuration(spans[at])),
            AT => End::At(SimTime(last.0.wrapping_add(spans[at]))),
            _ => return None,
        };
        arrivals.push(Arrival { at: last, template, end });
    }
    Some(arrivals)
}

/// Writes a number, seven bits a byte, the low ones first.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn get(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for place in 0..10 {
        let byte = byte(bytes)?;
        number |= (byte & 0x7F).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn byte(bytes: &mut &[u8]) -> Option<u64> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(u64::from(*first))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn end() -> impl Strategy<Value = End> {
        prop_oneof![
            Just(End::Never),
            any::<u64>().prop_map(|span| End::After(SimDuration(span))),
            any::<u64>().prop_map(|at| End::At(SimTime(at))),
        ]
    }

    proptest! {
        #[test]
        fn arrivals_come_back(steps in prop::collection::vec((0..u64::MAX >> 8, 0u32..50, end()), 0..60), split in 0usize..60) {
            let (mut block, mut at, mut all) = (Block::default(), SimTime::ZERO, Vec::new());
            let mut frames = Vec::new();
            for (place, (step, template, end)) in steps.into_iter().enumerate() {
                if place == split {
                    frames.push(block.take());
                }
                at = SimTime(at.0 + step);
                let arrival = Arrival { at, template, end };
                block.push(&arrival);
                all.push(arrival);
            }
            frames.push(block.take());
            let (mut last, mut back) = (SimTime::ZERO, Vec::new());
            for content in frames {
                let arrivals = unpack(&content, last, 50).expect("what was packed");
                last = arrivals.last().map_or(last, |arrival| arrival.at);
                back.extend(arrivals);
            }
            prop_assert_eq!(back, all);
        }

        #[test]
        fn any_bytes_are_arrivals_or_none(content in prop::collection::vec(any::<u8>(), 0..300), last: u64) {
            if let Some(arrivals) = unpack(&content, SimTime(last), 7) {
                prop_assert!(arrivals.iter().all(|arrival| arrival.template < 7 && arrival.at.0 >= last));
            }
        }
    }
}
