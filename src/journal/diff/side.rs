//! One of two runs that are compared: a journal, the output folder of a run, or a scenario.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::journal::{FileError, Journal};
use crate::scenario::{Scenario, ScenarioError};
use crate::sim::{self, SimError, Simulation};
use crate::workload::{Workload, WorkloadError};

/// A run that can be made, as often as it takes.
pub struct Side {
    /// The file or folder.
    pub path: PathBuf,
    /// The scenario, with what was changed of it.
    pub scenario: Scenario,
    /// The digest that a journal or a summary says it has; none when it was changed since, or never ran.
    pub recorded: Option<String>,
    /// Version of the program that made the record.
    pub version: Option<String>,
    journal: Option<Journal>,
    trace: Option<PathBuf>,
}

/// Why there is no such run.
#[derive(Debug, thiserror::Error)]
pub enum SideError {
    /// The journal.
    #[error(transparent)]
    File(#[from] FileError),
    /// The scenario.
    #[error(transparent)]
    Scenario(#[from] Box<ScenarioError>),
    /// What is named is none of what can be compared.
    #[error("{}: {what}", path.display())]
    Other {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl Side {
    /// Opens what `path` names, with some values in place of the scenario's own. `trace` is the trace file of a scenario
    /// that leaves it to the command line.
    ///
    /// # Errors
    /// The path names no journal, no output folder and no scenario, or what it names is wrong.
    pub fn open(path: &Path, with: &[(String, String)], trace: Option<&Path>) -> Result<Side, SideError> {
        let other = |what: String| SideError::Other { path: path.to_owned(), what };
        let mut side = if path.is_dir() {
            Side::of_folder(path, with)?
        } else if begins_as_journal(path, b'J') {
            let journal = Journal::open(path, false)?;
            if let Some((key, _)) = with.iter().find(|(key, _)| key.split('.').next() == Some("workloads")) {
                return Err(other(format!("{key}: the requests of a journal stay what they are")));
            }
            Side {
                path: path.to_owned(),
                scenario: journal.scenario(with).map_err(Box::new)?,
                recorded: journal.conclusion.as_ref().map(|end| end.digest.clone()),
                version: Some(journal.header.version.clone()),
                journal: Some(journal),
                trace: None,
            }
        } else if begins_as_journal(path, b'S') {
            return Err(other("is a snapshot; compare journals, output folders or scenarios".to_owned()));
        } else {
            let scenario = Scenario::load_with(path, with).map_err(Box::new)?;
            Side {
                path: path.to_owned(),
                scenario,
                recorded: None,
                version: None,
                journal: None,
                trace: None,
            }
        };
        if !with.is_empty() {
            side.recorded = None;
        }
        side.trace = trace.map(Path::to_owned);
        Ok(side)
    }

    fn of_folder(path: &Path, with: &[(String, String)]) -> Result<Side, SideError> {
        let other = |what: &str| SideError::Other { path: path.to_owned(), what: what.to_owned() };
        let scenario = path.join("scenario.toml");
        if !scenario.is_file() {
            return Err(other("holds no scenario.toml: name the output folder of one run"));
        }
        let scenario = Scenario::load_with(&scenario, with).map_err(Box::new)?;
        let summary = fs::read(path.join("summary.json")).ok();
        let summary: Option<serde_json::Value> =
            summary.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let of_run = |name: &str| summary.as_ref()?.get("run")?.get(name)?.as_str().map(str::to_owned);
        Ok(Side {
            path: path.to_owned(),
            scenario,
            recorded: of_run("digest"),
            version: of_run("version"),
            journal: None,
            trace: None,
        })
    }

    /// Everything that comes in.
    ///
    /// # Errors
    /// A trace is missing or damaged, or the journal has changed.
    pub fn workload(&self) -> Result<Workload, WorkloadError> {
        match &self.journal {
            Some(journal) => journal.workload(),
            None => sim::workload(&self.scenario, &self.scenario.folder, self.trace.as_deref()),
        }
    }

    /// The run, ready to start. `through` may put something between the workload and those who ask it.
    ///
    /// # Errors
    /// A trace is missing or damaged, or the cloud cannot be built.
    pub fn simulation(
        &self,
        through: impl FnOnce(Workload) -> Result<Workload, WorkloadError>,
    ) -> Result<Simulation<'_>, SimError> {
        Simulation::of(&self.scenario, through(self.workload()?)?)
    }
}

/// Whether a file begins as one of ours does.
fn begins_as_journal(path: &Path, letter: u8) -> bool {
    let mut head = [0; 9];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head[..8] == *b"packyard" && head[8] == letter
}
