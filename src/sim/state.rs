//! A whole run at a moment, as data, for snapshots.

use serde::{Deserialize, Serialize};

use super::run::{Ended, Go, Progress, Run, RunState};
use super::{Keeping, SimError, Simulation, assemble};
use crate::model::{SimDuration, SimTime};

/// A run between two events: world counters, every live instance with its place and what it holds, calls under way,
/// pending events in order, positions of random streams and of the workload, statistics, the state of the digest.
///
/// What follows from the scenario alone is not in it: a state goes on in a simulation of the same scenario
/// ([`Simulation::resume`]).
#[derive(Serialize, Deserialize)]
pub struct State(RunState);

/// What a state holds, in numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct StateSize {
    /// Live instances.
    pub instances: usize,
    /// Calls in the control plane.
    pub calls: usize,
    /// Pending events.
    pub events: usize,
    /// Requests that have come in.
    pub requests: u64,
}

impl State {
    /// Version of the layout: raise it whenever a struct that a state is made of changes.
    pub const FORM: u32 = 2;

    /// The time of the last event before it.
    pub fn now(&self) -> SimTime {
        self.0.now()
    }

    /// The chain of the event log up to the last full batch: where a chain for [`Simulation::chained`] goes on.
    pub fn chain(&self) -> [u8; 32] {
        self.0.chain()
    }

    /// Full batches of the event log before it.
    pub fn batches(&self) -> u64 {
        self.0.batches()
    }

    /// How much there is.
    pub fn size(&self) -> StateSize {
        self.0.size()
    }
}

/// Runs to the end as [`Run::go`] does, from one kept state to the next.
pub(super) fn go_keeping(
    run: &mut Run<'_>,
    keeping: Keeping,
    watch: &mut dyn FnMut(&Progress) -> Go,
) -> Result<Ended, SimError> {
    let Keeping { every, mut keep } = keeping;
    let begin = run.now();
    let mut next = SimTime((begin.0 / every.0 + 1).saturating_mul(every.0));
    while next < run.until && run.advance_watched(next, &mut *watch)? {
        keep(next, &State(run.save()?)).map_err(SimError::Keep)?;
        next = SimTime(next.0.saturating_add(every.0));
    }
    Ok(run.go(watch)?)
}

impl<'a> Simulation<'a> {
    /// Runs up to `moment` and saves what is there then, after everything that happens at it or before.
    ///
    /// # Errors
    /// A trace failed, or the run has a part that a snapshot cannot hold.
    pub fn save_at(self, moment: SimTime) -> Result<State, SimError> {
        let Simulation { scenario, mut cloud, workload, templates, market, plan } = self;
        let mut nobody = ();
        let mut run = assemble(scenario, &mut cloud, workload, &templates, plan, None, &mut nobody)?;
        run.open_market(market);
        run.advance_to(moment)?;
        Ok(State(run.save()?))
    }

    /// Goes on from a state instead of beginning.
    #[must_use]
    pub fn resume(mut self, state: State) -> Simulation<'a> {
        self.plan.state = Some(Box::new(state.0));
        self
    }

    /// Gives the state to `keep` at every multiple of `every`, with everything that happens at it or before, while the run
    /// goes on. The event log must be linked where it is made: a chain beside the run has no value before its end.
    #[must_use]
    pub fn keeping(
        mut self,
        every: SimDuration,
        keep: Box<dyn FnMut(SimTime, &State) -> Result<(), String>>,
    ) -> Simulation<'a> {
        self.plan.keeping = Some(Keeping { every: SimDuration(every.0.max(1)), keep });
        self
    }

    /// Tries whether a state given to [`Simulation::resume`] fits, and runs nothing.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn try_out(self) -> Result<(), SimError> {
        let Simulation { scenario, mut cloud, workload, templates, plan, .. } = self;
        assemble(scenario, &mut cloud, workload, &templates, plan, None, &mut ()).map(|_| ())
    }
}
