//! A whole run at a moment, as data, for snapshots.

use serde::{Deserialize, Serialize};

use super::run::RunState;
use super::{SimError, Simulation, assemble};
use crate::metrics::Unmeasured;
use crate::model::SimTime;

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

    /// How much there is.
    pub fn size(&self) -> StateSize {
        self.0.size()
    }
}

impl<'a> Simulation<'a> {
    /// Runs up to `moment` and saves what is there then, after everything that happens at it or before.
    ///
    /// # Errors
    /// A trace failed, or the run has a part that a snapshot cannot hold.
    pub fn save_at(self, moment: SimTime) -> Result<State, SimError> {
        let Simulation { scenario, mut cloud, workload, templates, market, plan } = self;
        let (probe, observer) = (&mut Unmeasured, &mut ());
        let mut run = assemble(scenario, &mut cloud, workload, &templates, plan, probe, observer)?;
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

    /// Tries whether a state given to [`Simulation::resume`] fits, and runs nothing.
    ///
    /// # Errors
    /// When it does not fit.
    pub fn try_out(self) -> Result<(), SimError> {
        let Simulation { scenario, mut cloud, workload, templates, plan, .. } = self;
        assemble(scenario, &mut cloud, workload, &templates, plan, &mut Unmeasured, &mut ()).map(|_| ())
    }
}
