//! Snapshots: a whole run at a moment, in a file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::frame::{FileError, FileKind, Frame, FrameReader, FrameWriter};
use crate::model::SimTime;
use crate::scenario::{Scenario, ScenarioError};
use crate::sim::State;

const SNAPSHOT: FileKind = FileKind { name: "snapshot", letter: b'S', version: 1, last: END };

const HEADER: u8 = 1;
const STATE: u8 = 2;
const END: u8 = 3;

/// What a snapshot is of.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SnapshotHeader {
    /// Version of the program that wrote it; no other one can go on.
    pub version: String,
    /// Layout of the state.
    pub form: u32,
    /// The effective scenario as TOML, every default filled in.
    pub scenario: String,
    /// Folder of the scenario, which paths of traces are relative to.
    pub folder: PathBuf,
    /// The moment that was asked for.
    pub at: SimTime,
}

/// A snapshot that was read and checked.
pub struct Snapshot {
    /// What it is of.
    pub header: SnapshotHeader,
    /// The run.
    pub state: State,
    path: PathBuf,
}

impl Snapshot {
    /// Writes the state of a run of `scenario` at a moment.
    ///
    /// # Errors
    /// When the file cannot be written in full; it does not appear then.
    pub fn write(path: &Path, scenario: &Scenario, at: SimTime, state: &State) -> Result<(), FileError> {
        let folder = if scenario.folder.as_os_str().is_empty() { Path::new(".") } else { &scenario.folder };
        let header = SnapshotHeader {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            form: State::FORM,
            scenario: scenario.effective_toml(),
            folder: folder.canonicalize().unwrap_or_else(|_| folder.to_owned()),
            at,
        };
        let mut writer = FrameWriter::create(path, SNAPSHOT)?;
        writer.frame(HEADER, &bytes(&header))?;
        writer.long(STATE, &bytes(state))?;
        writer.finish(&[])
    }

    /// Reads a snapshot.
    ///
    /// # Errors
    /// When the file is none, is damaged (with the place), or was written by another version of the program.
    pub fn open(path: &Path) -> Result<Snapshot, FileError> {
        let mut frames = FrameReader::open(path, SNAPSHOT)?;
        let other = |what: String| FileError::Other { path: path.to_owned(), what };
        let header: SnapshotHeader = match frames.next()? {
            Some(Frame { kind: HEADER, content }) => {
                let header = postcard::from_bytes(&content);
                header.map_err(|_| frames.damage("a header that cannot be read"))?
            }
            _ => return Err(frames.damage("a snapshot begins with its header")),
        };
        if (header.version.as_str(), header.form) != (env!("CARGO_PKG_VERSION"), State::FORM) {
            return Err(other(format!(
                "was written by packyard {} (layout {}), this is {} (layout {}): only the same version can go on",
                header.version,
                header.form,
                env!("CARGO_PKG_VERSION"),
                State::FORM
            )));
        }
        let mut content = Vec::new();
        while let Some(frame) = frames.next()? {
            match frame.kind {
                STATE => content.extend(frame.content),
                END => {}
                other => return Err(frames.damage(format!("a frame of the unknown kind {other}"))),
            }
        }
        match postcard::take_from_bytes(&content) {
            Ok((state, [])) => Ok(Snapshot { header, state, path: path.to_owned() }),
            _ => Err(other("holds a state that this program cannot read".to_owned())),
        }
    }

    /// The scenario of the run, with some values taking the place of its own.
    ///
    /// # Errors
    /// A key that names no place, or a value that does not go together with the rest.
    pub fn scenario(&self, overrides: &[(String, String)]) -> Result<Scenario, ScenarioError> {
        let name = format!("{} (scenario)", self.path.display());
        let mut scenario = Scenario::from_str_with(&self.header.scenario, &name, overrides)?;
        scenario.folder.clone_from(&self.header.folder);
        Ok(scenario)
    }
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("plain data has a form in bytes")
}
