//! Arrivals that come from elsewhere: a journal, another thread, a workload that someone listens to.

use serde::{Deserialize, Serialize};

use super::generator::Generator;
use super::template::Builder;
use super::{Arrival, Setting, Source, Template, Workload, WorkloadError};
use crate::model::InstanceType;
use crate::scenario::workload::WorkloadSpec;

/// Where arrivals come from, in order of time.
pub trait Supply: Send {
    /// The next arrival; none at the end, and from then on.
    ///
    /// # Errors
    /// What feeds it failed: a damaged file, a trace that changed.
    fn next(&mut self) -> Result<Option<Arrival>, WorkloadError>;

    /// Share of all arrivals that have been handed out, from 0 to 1, where it is known; else 0.
    fn progress(&self) -> f64;
}

/// What arrivals point to: everything of a workload but the arrivals.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Kinds {
    /// Names of the workloads.
    pub names: Vec<String>,
    /// All requests.
    pub templates: Vec<Template>,
    /// Instance types that the world needs beside the catalog's.
    pub types: Vec<InstanceType>,
    /// How often traces ask for each type, as far as that is known beforehand.
    pub load: Vec<(String, u64)>,
}

impl Supply for Workload {
    fn next(&mut self) -> Result<Option<Arrival>, WorkloadError> {
        Workload::next(self)
    }

    fn progress(&self) -> f64 {
        Workload::progress(self)
    }
}

impl Workload {
    /// A workload whose arrivals come from `supply`. They must point into `kinds`.
    ///
    /// # Errors
    /// When the first arrival cannot be had.
    pub fn supplied(kinds: Kinds, supply: Box<dyn Supply>) -> Result<Workload, WorkloadError> {
        let Kinds { mut names, templates, types, load } = kinds;
        if names.is_empty() {
            names.push(String::new());
        }
        let sources = vec![Source::Supplied(supply)];
        let mut workload =
            Workload { names, sources, heads: Vec::new(), on_demand: Vec::new(), templates, types, load };
        let head = workload.advance(0)?;
        workload.heads.push(head);
        Ok(workload)
    }

    /// Puts something between a workload and those who ask it for arrivals: a recorder, a channel to another thread.
    ///
    /// # Errors
    /// When the first arrival cannot be had.
    pub fn through(
        mut self,
        wrap: impl FnOnce(Box<dyn Supply>) -> Box<dyn Supply>,
    ) -> Result<Workload, WorkloadError> {
        let kinds = Kinds {
            names: self.names.clone(),
            templates: std::mem::take(&mut self.templates),
            types: std::mem::take(&mut self.types),
            load: std::mem::take(&mut self.load),
        };
        let on_demand = std::mem::take(&mut self.on_demand);
        Ok(Workload { on_demand, ..Workload::supplied(kinds, wrap(Box::new(self)))? })
    }

    /// Makes the fleets and closed loops of `specs` anew for a workload that was supplied: what they ask for is the
    /// scenario's luck and answers to what the run did, so it is no input that a journal could hold.
    ///
    /// # Errors
    /// A specification is wrong.
    pub fn with_on_demand(
        mut self,
        specs: &[WorkloadSpec],
        setting: &Setting<'_>,
    ) -> Result<Workload, WorkloadError> {
        let numbered = (0u32..).zip(specs).filter(|(_, spec)| spec.is_on_demand());
        for (number, spec) in numbered {
            let mut generator = Generator::new(spec, number, None, setting, &mut Builder::default())?;
            // The templates of a workload stand together.
            let first = self.templates.iter().position(|template| template.workload == number);
            generator.move_templates(first.unwrap_or(0) as u32);
            self.on_demand.push((number, Box::new(generator)));
        }
        Ok(self)
    }

    /// What its arrivals point to.
    pub fn kinds(&self) -> Kinds {
        Kinds {
            names: self.names.clone(),
            templates: self.templates.clone(),
            types: self.types.clone(),
            load: self.load.clone(),
        }
    }
}
