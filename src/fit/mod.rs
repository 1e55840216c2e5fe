//! From a recorded workload to a scenario whose generators imitate it, and how well they do (`docs/fit.md`).
//!
//! A trace is read twice, with memory that follows what is alive at once, the different sizes and accounts, and the largest
//! batch. What is found: creations by hour, sizes of batches, what is asked for, lifetimes by type (Kaplan and Meier 1958,
//! with what still lives at the end), who asks and where, and what was there at the beginning. The scenario that is written
//! runs as any other. Its generators are then run themselves, with three seeds, and compared with the trace; of the models,
//! the simplest whose figures hold is taken.

mod customers;
mod goodness;
mod kinds;
mod observed;
mod sample;
mod trace;
mod write;

use std::path::PathBuf;

use serde::Serialize;

pub use goodness::{Compared, Distance, Goodness, Tried};
pub use trace::Open;

use crate::scenario::ScenarioError;
use crate::workload::WorkloadError;
use crate::workload::trace::TraceError;
use goodness::Imitation;
use trace::Traced;

/// Seeds that an imitation is run with.
pub const SEEDS: [u64; 3] = [1, 2, 3];
/// An imitation holds when creations a day, mean and peak of instances are off by no more with any of the seeds, as a share.
pub const CLOSE: f64 = 0.05;

/// How a trace is imitated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Model {
    /// One workload: rates by hour of the week, lifetimes by type.
    Week,
    /// Batches by how long their instances live and how large they are, each kind a workload with its own rates by hour of the week,
    /// evenly spaced: for traces whose long-lived or large instances come at other times than the others.
    Kinds,
    /// The same with the course of the whole trace: for traces whose weeks differ, or with short bursts.
    Run,
}

impl Model {
    /// All models, the simplest first.
    pub const ALL: [Model; 3] = [Model::Week, Model::Kinds, Model::Run];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Model::Week => "week",
            Model::Kinds => "kinds",
            Model::Run => "run",
        }
    }
}

/// What is wanted of a fit.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Options {
    /// So many times the trace: its rates, and the hosts that hold them.
    pub scale: f64,
    /// The model. None: the simplest that holds ([`CLOSE`]), or else the closest.
    pub model: Option<Model>,
}

/// A trace's imitation.
#[derive(Clone, PartialEq, Debug)]
pub struct Fitted {
    /// The scenario, as TOML.
    pub scenario: String,
    /// How well it does.
    pub goodness: Goodness,
}

/// Why a trace cannot be imitated. All are errors of the user's files.
#[derive(Debug, thiserror::Error)]
pub enum FitError {
    /// It cannot be read.
    #[error(transparent)]
    Trace(#[from] TraceError),
    /// It says nothing of ends.
    #[error("{}: the trace says of no creation how long it lives: nothing can be fitted to it", path.display())]
    NoLifetimes {
        /// The trace.
        path: PathBuf,
    },
    /// All of it was there at the beginning.
    #[error("{}: all creations are of one moment, the beginning: there is no rate to be fitted", path.display())]
    NoArrivals {
        /// The trace.
        path: PathBuf,
    },
    /// It names a type of which nothing is known.
    #[error("{}:{line}: column type: the catalog has no instance type `{name}`, so its size is not known", path.display())]
    UnknownType {
        /// The trace.
        path: PathBuf,
        /// Line of the record.
        line: u64,
        /// The name.
        name: String,
    },
    /// A name or a size of the trace that no scenario takes.
    #[error("the trace holds something that no scenario takes: {0}")]
    Scenario(Box<ScenarioError>),
    /// The generators cannot be made.
    #[error(transparent)]
    Workload(#[from] WorkloadError),
}

/// Fits a scenario to a trace. The same trace gives the same bytes.
///
/// # Errors
/// The trace is missing, damaged or empty, says nothing of ends, or names a type that the catalog does not have.
pub fn fit(open: Open<'_>, options: &Options) -> Result<Fitted, FitError> {
    let traced = Traced::read(open)?;
    let models: Vec<Model> = match options.model {
        Some(model) => vec![model],
        // Batches cannot be told apart by lifetimes that are not known.
        None if traced.bounds.unknown > 0 => vec![Model::Week],
        None => Model::ALL.to_vec(),
    };
    let (mut tried, mut best) = (Vec::new(), None::<(f64, Model, Imitation)>);
    for model in models {
        let imitation = Imitation::run(&write::scenario(&traced, model, 1.0, ""), &traced, &SEEDS)?;
        let worst = imitation.worst(&traced);
        tried.push(Tried { model, worst });
        if best.as_ref().is_none_or(|(least, ..)| worst < *least) {
            best = Some((worst, model, imitation));
        }
        if worst <= CLOSE {
            break;
        }
    }
    let Some((worst, model, imitation)) = best else { unreachable!("at least one model is tried") };
    let written = write::scenario(&traced, model, options.scale, &said(&traced, model, worst, options.scale));
    let scaled = if options.scale == 1.0 {
        Vec::new()
    } else {
        Imitation::run(&written, &traced, &SEEDS[..1])?.compared(&traced, options.scale)
    };
    let goodness = Goodness {
        file: traced.path.display().to_string(),
        model,
        tried,
        seeds: SEEDS.to_vec(),
        window_s: traced.bounds.window.as_secs_f64(),
        step_s: traced.bounds.step as f64 / 1e6,
        figures: imitation.compared(&traced, 1.0),
        scale: options.scale,
        scaled,
        distances: imitation.distances(&traced),
        notes: notes(&traced),
    };
    Ok(Fitted { scenario: written.text, goodness })
}

/// The comment on top of the scenario.
fn said(traced: &Traced, model: Model, worst: f64, scale: f64) -> String {
    let name = traced.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut said = format!(
        "Made by `packyard trace fit` from {name}, model `{}`: creations a day, mean and peak of instances\n\
         are off by at most {:.1} % with each of {} seeds.\n\
         The trace's first creation is Monday 0:00. Hosts have room for one and a half times the trace's peak.\n",
        model.name(),
        100.0 * worst,
        SEEDS.len()
    );
    if scale != 1.0 {
        said += &format!("Rates and hosts are {} times the trace's.\n", write::number(scale));
    }
    said
}

/// What is not imitated.
fn notes(traced: &Traced) -> Vec<String> {
    let mut notes = Vec::new();
    if traced.there() > 0 {
        notes.push(format!(
            "{} instances are there from the beginning, as a fleet that is not replaced",
            traced.there()
        ));
    }
    if traced.bounds.unknown > 0 {
        notes.push(format!(
            "of {} of {} creations the end is not known: they live as long as the others",
            traced.bounds.unknown, traced.bounds.records
        ));
    }
    if traced.classes > 0 {
        notes.push(format!("{} classes are not imitated, but for spot or regular", traced.classes));
    }
    notes
}
