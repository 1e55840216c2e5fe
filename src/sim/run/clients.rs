//! Clients of closed loops: they ask, wait for the answer or for the end of their instance, think, and ask again.

use rustc_hash::FxHashMap;

use crate::metrics::{CostProbe, Outcome};
use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::WaitFor;
use crate::sim::event::Event;
use crate::sim::observe::Observer;
use crate::workload::Clients;

use super::Run;

/// The clients, and whose requests and instances are whose.
pub(in crate::sim) struct Waiting {
    clients: Clients,
    /// Client by the number of its request, while it waits.
    by_request: FxHashMap<u64, u32>,
}

impl Waiting {
    pub(in crate::sim) fn new(clients: Clients) -> Waiting {
        Waiting { clients, by_request: FxHashMap::default() }
    }
}

impl<P: CostProbe, O: Observer> Run<'_, P, O> {
    /// Every client thinks before it asks for the first time.
    pub(super) fn begin_clients(&mut self) {
        let count = self.clients.as_ref().map_or(0, |waiting| waiting.clients.len());
        for client in 0..count {
            self.client_thinks(SimTime::ZERO, client);
        }
    }

    /// A client has thought enough.
    pub(super) fn client_asks(&mut self, now: SimTime, client: u32) {
        let number = self.tally.requests;
        let Some(waiting) = &mut self.clients else { return };
        waiting.by_request.insert(number, client);
        let request = waiting.clients.ask(client, now);
        self.ask(now, request.template, request.end);
    }

    /// A request has its answer.
    pub(super) fn client_answered(&mut self, now: SimTime, number: u64, outcome: Outcome) {
        let Some(waiting) = &mut self.clients else { return };
        let Some(&client) = waiting.by_request.get(&number) else { return };
        let goes_on = outcome == Outcome::Created && waiting.clients.wait_for(client) == WaitFor::Release;
        if !goes_on {
            waiting.by_request.remove(&number);
            self.client_thinks(now, client);
        }
    }

    /// The instance of a request is gone.
    pub(super) fn client_released(&mut self, now: SimTime, number: u64) {
        let client = self.clients.as_mut().and_then(|waiting| waiting.by_request.remove(&number));
        if let Some(client) = client {
            self.client_thinks(now, client);
        }
    }

    fn client_thinks(&mut self, now: SimTime, client: u32) {
        let Some(waiting) = &mut self.clients else { return };
        let think = waiting.clients.think(client);
        // Without any thought the answer of a control plane that takes no time would come back at the same moment,
        // and the run would never go on.
        let at = now + think.max(SimDuration(1));
        if at < self.until {
            self.at(at, Event::Client { client });
        }
    }
}
