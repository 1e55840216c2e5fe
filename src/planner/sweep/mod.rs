//! Sweeps: a grid or a Latin hypercube of settings, each on a number of seeds.
//!
//! Every run has a number and is a pure function of it, so a sweep can be cut into shards for any batch system, killed
//! at any moment and taken up again; what is gathered in the end is the same to the byte.

mod design;
mod gather;
mod ledger;
mod manifest;
mod page;
mod table;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::scenario::{Scenario, ScenarioError};
use crate::sim::SimError;

use super::objective::Objective;
use super::parallel;
use super::trial::{self, Ask};

pub use gather::{Gathered, gather};
pub use ledger::{Description, Found, Ledger, Line, Writer};
pub use manifest::{Axis, Design, Manifest, Sweep};

/// Version of the layout of a sweep's folder.
const SCHEMA: &str = "packyard-sweep/1";

/// Why a sweep cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// The manifest is wrong.
    #[error("{}: {what}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The scenario is wrong, as written or at a point.
    #[error("the scenario is wrong at {settings}")]
    Scenario {
        /// The point.
        settings: String,
        /// What is wrong.
        #[source]
        error: ScenarioError,
    },
    /// A run cannot be made.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// A file or folder cannot be read or written.
    #[error("{}: {error}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// The folder is that of another sweep.
    #[error(
        "{} holds runs of another sweep: manifest, scenario, trace or version differ; name another folder",
        folder.display()
    )]
    OtherSweep {
        /// The folder.
        folder: PathBuf,
    },
    /// Another process writes the file.
    #[error("{} is being written by another process", path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// Runs are missing.
    #[error(
        "{missing} of {all} runs are missing, the first is run {first}: run the sweep again, or gather --partial"
    )]
    Incomplete {
        /// How many.
        missing: u64,
        /// Of how many.
        all: u64,
        /// The first one.
        first: u64,
    },
    /// There is no such run.
    #[error("there is no run {run}: the sweep has runs 0 to {last}")]
    NoRun {
        /// The number.
        run: u64,
        /// The last one.
        last: u64,
    },
    /// Somebody ended it.
    #[error("interrupted")]
    Interrupted,
}

impl SweepError {
    fn io(path: &Path, error: std::io::Error) -> SweepError {
        SweepError::Io { path: path.to_owned(), error }
    }
}

/// A part of a sweep: the runs whose number leaves this rest, counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which part.
    pub part: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// Everything.
    pub const ALL: Shard = Shard { part: 1, of: 1 };

    /// Whether a run belongs to it.
    pub fn has(self, run: u64) -> bool {
        run % self.of == self.part - 1
    }

    /// Name of its file.
    pub fn file(self) -> String {
        format!("runs-{}-of-{}", self.part, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(part, of)| Some((part.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((part, of)) if (1..=of).contains(&part) => Ok(Shard { part, of }),
            _ => Err(format!("`{text}` is no shard: write for example 1/4, up to 4/4")),
        }
    }
}

/// A sweep that is ready to run.
#[derive(Debug)]
pub struct Runner {
    sweep: Sweep,
    trace: Option<PathBuf>,
    description: Description,
}

impl Runner {
    /// Prepares a sweep: reads the scenario, and makes its identity.
    ///
    /// # Errors
    /// A scenario that is wrong as written or at the first point, or a trace that cannot be read.
    pub fn new(sweep: Sweep, trace: Option<&Path>) -> Result<Runner, SweepError> {
        let scenario = load(&sweep, 0)?;
        let first = sweep.first_seed.unwrap_or(scenario.spec.seed);
        let seeds = (0..sweep.seeds).map(|place| first.wrapping_add(u64::from(place))).collect();
        let mut description = Description {
            schema: SCHEMA.to_owned(),
            sweep: String::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            name: sweep.name.clone(),
            scenario: scenario.spec.name.clone(),
            keys: sweep.keys.clone(),
            points: sweep.points.clone(),
            seeds,
        };
        description.sweep = identity(&sweep, &description, &scenario, trace)?;
        Ok(Runner { sweep, trace: trace.map(Path::to_owned), description })
    }

    /// What the sweep is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Point, seed and settings of a run.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn about(&self, run: u64) -> Result<(u64, u64, BTreeMap<String, String>), SweepError> {
        let seeds = self.description.seeds.len() as u64;
        if run >= self.description.runs() {
            return Err(SweepError::NoRun { run, last: self.description.runs() - 1 });
        }
        let point = run / seeds;
        let values = &self.description.points[point as usize];
        let settings = self.description.keys.iter().cloned().zip(values.iter().cloned()).collect();
        Ok((point, self.description.seeds[(run % seeds) as usize], settings))
    }

    /// Makes one run.
    ///
    /// # Errors
    /// A point that makes no scenario, a damaged trace, no such run, or an interruption.
    pub fn run(&self, run: u64, stop: &AtomicBool) -> Result<Line, SweepError> {
        let (point, seed, settings) = self.about(run)?;
        let scenario = load(&self.sweep, point as usize)?;
        let objectives = Objective::of(&scenario);
        let folder = self.sweep.scenario.parent().unwrap_or(Path::new(""));
        let ask = Ask { folder, trace: self.trace.as_deref(), stop, strict: false, asked: None };
        let trial = trial::run(&scenario, seed, &objectives, ask, None)?;
        if trial.cut_short {
            return Err(SweepError::Interrupted);
        }
        let objectives = objectives
            .iter()
            .zip(&trial.measured)
            .map(|(objective, measured)| (objective.name.clone(), (measured.value, measured.holds)))
            .collect();
        let sweep = self.description.sweep.clone();
        Ok(Line { sweep, run, point, seed, settings, figures: trial.figures, objectives })
    }

    /// Runs everything of a shard that is not done yet; the number of runs that were made. `look` is told of each.
    ///
    /// # Errors
    /// As [`Runner::run`], and whatever is wrong with the folder.
    pub fn go(
        &self,
        ledger: &Ledger,
        shard: Shard,
        workers: usize,
        stop: &AtomicBool,
        look: impl Fn(&Line, u64) + Sync,
    ) -> Result<u64, SweepError> {
        let writer = ledger.writer(&shard.file())?;
        let found = ledger.read()?;
        let open = |run: &u64| shard.has(*run) && !found.lines.contains_key(run);
        let pending: Vec<u64> = (0..self.description.runs()).filter(open).collect();
        let failed: Mutex<Option<SweepError>> = Mutex::new(None);
        let over = || stop.load(Ordering::Relaxed) || failed.lock().is_some();
        let done = parallel::map(pending.len(), workers, |place| {
            if over() {
                return false;
            }
            let written = self.run(pending[place], stop).and_then(|line| {
                writer.write(&line)?;
                look(&line, pending.len() as u64);
                Ok(())
            });
            if let Err(error) = written {
                failed.lock().get_or_insert(error);
                return false;
            }
            true
        });
        if stop.load(Ordering::Relaxed) {
            return Err(SweepError::Interrupted);
        }
        match failed.into_inner() {
            Some(error) => Err(error),
            None => Ok(done.len() as u64),
        }
    }
}

fn load(sweep: &Sweep, point: usize) -> Result<Scenario, SweepError> {
    Scenario::load_with(&sweep.scenario, &sweep.overrides(point)).map_err(|error| {
        let parts: Vec<String> = sweep
            .keys
            .iter()
            .zip(&sweep.points[point])
            .map(|(key, value)| format!("{key} = {value}"))
            .collect();
        SweepError::Scenario { settings: parts.join(", "), error }
    })
}

/// A hash of all that the results depend on.
fn identity(
    sweep: &Sweep,
    description: &Description,
    scenario: &Scenario,
    trace: Option<&Path>,
) -> Result<String, SweepError> {
    let mut hasher = blake3::Hasher::new_derive_key("packyard sweep v1");
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    let described = serde_json::to_vec(description).expect("a description has only plain values");
    add(&described);
    for (key, value) in &sweep.fixed {
        add(key.as_bytes());
        add(value.as_bytes());
    }
    let own = scenario.spec.workloads.iter().filter_map(|spec| spec.trace.as_ref());
    let own = own.filter_map(|spec| spec.get().path.as_ref()).map(|path| scenario.folder.join(path.as_str()));
    let spot = scenario.spec.spot.iter();
    let prices = spot.flat_map(|spot| {
        let others = spot.overrides.iter().map(|other| &other.price);
        std::iter::once(&spot.price).chain(others).filter_map(|price| price.file.as_ref())
    });
    let nodes = scenario.spec.node_lists.iter().map(|list| &list.path);
    let beside = prices.chain(nodes).map(|path| scenario.folder.join(path.as_str()));
    let files = std::iter::once(sweep.scenario.clone());
    let files = files.chain(own).chain(beside).chain(trace.map(Path::to_owned));
    for path in files {
        let bytes = std::fs::read(&path).map_err(|error| SweepError::io(&path, error))?;
        add(&bytes);
    }
    Ok(hasher.finalize().to_hex()[..32].to_owned())
}
