//! Snapshots: a whole run at a moment, in a file.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::form::{files, folder_of, read_files};
use super::frame::{FileError, FileKind, Frame, FrameReader, FrameWriter};
use crate::model::SimTime;
use crate::scenario::{Files, Scenario, ScenarioError};
use crate::sim::State;

const SNAPSHOT: FileKind = FileKind { name: "snapshot", letter: b'S', version: 2, last: END };

const HEADER: u8 = 1;
const STATE: u8 = 2;
const END: u8 = 3;
const FILES: u8 = 4;

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
    files: Files,
    path: PathBuf,
}

impl Snapshot {
    /// Writes the state of a run of `scenario` at a moment.
    ///
    /// # Errors
    /// When the file cannot be written in full; it does not appear then.
    pub fn write(path: &Path, scenario: &Scenario, at: SimTime, state: &State) -> Result<(), FileError> {
        let header = SnapshotHeader {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            form: State::FORM,
            scenario: scenario.effective_toml(),
            folder: folder_of(scenario),
            at,
        };
        let mut writer = FrameWriter::create(path, SNAPSHOT)?;
        writer.frame(HEADER, &bytes(&header))?;
        if let Some(files) = files(scenario)? {
            writer.long(FILES, &files)?;
        }
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
        let (mut content, mut files) = (Vec::new(), Vec::new());
        while let Some(frame) = frames.next()? {
            match frame.kind {
                STATE => content.extend(frame.content),
                FILES => files.extend(frame.content),
                END => {}
                other => return Err(frames.damage(format!("a frame of the unknown kind {other}"))),
            }
        }
        match postcard::take_from_bytes(&content) {
            Ok((state, [])) => {
                let files = read_files(&files)
                    .ok_or_else(|| other("holds no contents of files where they should be".to_owned()))?;
                Ok(Snapshot { header, state, files, path: path.to_owned() })
            }
            _ => Err(other("holds a state that this program cannot read".to_owned())),
        }
    }

    /// The scenario of the run, with some values taking the place of its own.
    ///
    /// # Errors
    /// A key that names no place, or a value that does not go together with the rest.
    pub fn scenario(&self, overrides: &[(String, String)]) -> Result<Scenario, ScenarioError> {
        // What the overrides name anew is read from the folder of the name.
        let file = self.path.file_name().unwrap_or_default().to_string_lossy();
        let name = self.header.folder.join(format!("{file} (scenario)")).display().to_string();
        let mut scenario =
            Scenario::from_str_beside(&self.header.scenario, &name, overrides, self.files.clone())?;
        scenario.folder.clone_from(&self.header.folder);
        Ok(scenario)
    }
}

fn bytes<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_stdvec(value).expect("plain data has a form in bytes")
}
