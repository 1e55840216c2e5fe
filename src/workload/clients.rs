//! Closed loops: clients that ask, wait, think, and ask again.
//!
//! What a client does next hangs on the answers of the run, so these arrivals are not part of the stream that a
//! [`Workload`](super::Workload) hands out: the run asks for them. They are a pure function of the scenario, the seed
//! and the moments of the answers, so a run from a journal has them again.

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::{Distribution, WaitFor, WorkloadSpec};

use super::requests::{Requests, end_after};
use super::template::Builder;
use super::{End, Setting, Template, WorkloadError};

/// The clients of all closed loops of a scenario, numbered through.
pub struct Clients {
    loops: Vec<Loop>,
}

struct Loop {
    requests: Requests,
    think: Distribution,
    stream: Stream,
    wait_for: WaitFor,
    /// Number of its first client; those after it follow.
    first: u32,
    /// Account of each client: place among the workload's accounts.
    accounts: Vec<u32>,
    /// What has to be added to a template of `requests`.
    offset: u32,
}

/// What a client asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientRequest {
    /// Its request: place in the workload's templates.
    pub template: u32,
    /// When its instance ends.
    pub end: End,
}

impl Clients {
    /// The clients of a scenario whose requests are `templates`; none when it has none.
    ///
    /// # Errors
    /// A specification is wrong.
    pub fn of(
        specs: &[WorkloadSpec],
        setting: &Setting<'_>,
        templates: &[Template],
    ) -> Result<Option<Clients>, WorkloadError> {
        let mut loops = Vec::new();
        let mut first = 0;
        for (number, spec) in specs.iter().enumerate() {
            let Some(clients) = &spec.clients else { continue };
            let clients = clients.get();
            let number = number as u32;
            // Made once more as the workload made them: only where they begin differs.
            let mut requests = Requests::new(spec, number, setting, &mut Builder::default())?;
            let offset = templates.iter().position(|template| template.workload == number).unwrap_or(0) as u32;
            let count = *clients.count.get();
            let name = spec.name.get();
            let wrong = |wrong| WorkloadError::Wrong { workload: name.clone(), wrong };
            loops.push(Loop {
                think: clients.think.get().resolve().map_err(wrong)?,
                stream: Streams::new(setting.seed).stream(&format!("workload/{name}/think"), 0),
                wait_for: clients.wait_for,
                first,
                accounts: (0..count).map(|_| requests.draw_account()).collect(),
                requests,
                offset,
            });
            first += count;
        }
        Ok((!loops.is_empty()).then_some(Clients { loops }))
    }

    /// Number of clients.
    pub fn len(&self) -> u32 {
        self.loops.iter().map(|one| one.accounts.len() as u32).sum()
    }

    /// True without clients, which [`Clients::of`] never makes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How long a client thinks before it asks again.
    pub fn think(&mut self, client: u32) -> SimDuration {
        let one = self.of_client(client);
        one.think.sample_span(&mut one.stream)
    }

    /// What a client asks for at a moment.
    pub fn ask(&mut self, client: u32, at: SimTime) -> ClientRequest {
        let one = self.of_client(client);
        let account = one.accounts[(client - one.first) as usize];
        let drawn = one.requests.draw_for(at, account);
        let end = end_after(one.requests.lifetime(drawn));
        ClientRequest { template: one.offset + drawn.template, end }
    }

    /// What a client waits for when its request was granted.
    pub fn wait_for(&mut self, client: u32) -> WaitFor {
        self.of_client(client).wait_for
    }

    fn of_client(&mut self, client: u32) -> &mut Loop {
        let place = self.loops.partition_point(|one| one.first <= client) - 1;
        &mut self.loops[place]
    }
}
