//! What any run can have beside its scenario: a journal, a second thread.

use std::path::PathBuf;

use super::CliError;
use crate::journal::{Recording, beside};
use crate::scenario::Scenario;
use crate::scenario::units::Span;
use crate::sim::{Chain, Linked, Simulation, State, Summary};
use crate::workload::Workload;

/// Options of commands that run a scenario.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct Wiring {
    /// Write a journal of the run: the scenario and every request that comes in, for `packyard replay`
    #[arg(long, value_name = "FILE")]
    pub(super) record: Option<PathBuf>,
    /// Also put the whole state of the run into the journal every so often, such as `6h`: `replay --from` begins at the last
    /// one before its moment
    #[arg(long, value_name = "SPAN", requires = "record", conflicts_with = "threads")]
    pub(super) states: Option<Span>,
    /// With 2, requests are made and the event log is hashed on a second thread; the digest is the same
    #[arg(long, value_name = "1|2", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(super) threads: u8,
}

impl Wiring {
    /// The simulation of a workload, which goes on from a state when there is one; and its recording when there is to be
    /// one. `chain` is put around the chain of the event log.
    ///
    /// # Errors
    /// When the journal cannot be begun, or the cloud cannot be built.
    pub(super) fn simulation<'a>(
        &self,
        scenario: &'a Scenario,
        mut workload: Workload,
        state: Option<State>,
        chain: impl FnOnce(Box<dyn Chain>) -> Box<dyn Chain>,
    ) -> Result<(Simulation<'a>, Option<Recording>), CliError> {
        let begin = state.as_ref().map(State::chain).unwrap_or_default();
        let mut links: Box<dyn Chain> = chain(Box::new(Linked::from(begin)));
        let mut recording = None;
        if let Some(path) = &self.record {
            let (begun, recorded) = Recording::begin(path, scenario, workload).map_err(CliError::new)?;
            (workload, links) = (recorded, begun.chain(links));
            recording = Some(begun);
        }
        let keeper = self.states.zip(recording.as_ref().map(Recording::keeper));
        if self.threads == 2 {
            (workload, links) = beside(workload, links).map_err(CliError::new)?;
        }
        let mut simulation = Simulation::of(scenario, workload).map_err(CliError::new)?;
        if let Some(state) = state {
            simulation = simulation.resume(state);
        }
        if let Some((every, keep)) = keeper {
            simulation = simulation.keeping(every.0, keep);
        }
        Ok((simulation.chained(links), recording))
    }
}

/// Closes a journal, when there is one, after a run that has ended.
///
/// # Errors
/// When it cannot be written in full.
pub(super) fn close(recording: Option<Recording>, summary: &Summary) -> Result<(), CliError> {
    recording.map_or(Ok(()), |recording| recording.finish(summary)).map_err(CliError::new)
}
