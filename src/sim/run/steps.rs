//! A run that someone follows event by event, with a look at its state between any two: for comparing runs.

use serde::Serialize;

use crate::engine::draws::Draws;
use crate::model::{HostIx, SimTime, ZoneIx};
use crate::placement::HostView;
use crate::sim::observe::{Observer, Queues};
use crate::sim::{SimError, Simulation, assemble};
use crate::workload::End;

use super::{Ended, Go, Run, State};

/// What a run counts, between two events.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Counters {
    /// Requests that came in.
    pub requests: u64,
    /// Instances created.
    pub created: u64,
    /// Requests that were refused.
    pub rejected: u64,
    /// Requests without an answer yet.
    pub unanswered: u64,
    /// Instances released.
    pub released: u64,
    /// Instances that live.
    pub live: u64,
    /// Instances that have a place on a host.
    pub placed: u64,
    /// Thousandths of a vCPU that they have.
    pub cpu_milli: u64,
    /// Memory that they have, in MiB.
    pub memory_mib: u64,
    /// Thousandths of a GPU that they have.
    pub gpu_milli: u64,
    /// Instances that are down with their host.
    pub down: u64,
    /// Hosts that have failed and are not back.
    pub hosts_down: u64,
    /// What waits in the control plane; none when that is instant.
    pub queues: Option<Queues>,
    /// Events that are scheduled.
    pub pending: u64,
}

/// A live instance, between two events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct InstanceView {
    /// Number of its request.
    pub number: u64,
    /// Its template of the workload.
    pub template: u32,
    /// Its zone.
    pub zone: ZoneIx,
    /// Its state.
    pub state: State,
    /// Its host; none while it has given its place up.
    pub host: Option<HostIx>,
    /// When it ends, as far as the workload says.
    pub end: End,
}

/// A run before one of its events.
pub struct Ahead<'r> {
    /// Number of the event, from 1.
    pub number: u64,
    /// Its moment.
    pub at: SimTime,
    /// Records in the event log so far.
    pub records: u64,
    run: &'r dyn Looked,
}

impl Ahead<'_> {
    /// What the run has counted so far.
    pub fn counters(&self) -> Counters {
        self.run.counters()
    }

    /// A host; none when there is no such host.
    pub fn host(&self, host: HostIx) -> Option<HostView> {
        self.run.host(host)
    }

    /// The live instance of a request. Looks at every instance.
    pub fn instance(&self, number: u64) -> Option<InstanceView> {
        self.run.instance(number)
    }
}

/// What is left of a run that was followed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Followed {
    /// Digest of its event log.
    pub digest: String,
    /// Records of its event log.
    pub records: u64,
    /// Its events.
    pub events: u64,
    /// Virtual time of its end.
    pub now: SimTime,
}

/// A run, whatever measures it and looks on.
trait Looked {
    fn counters(&self) -> Counters;
    fn host(&self, host: HostIx) -> Option<HostView>;
    fn instance(&self, number: u64) -> Option<InstanceView>;
}

impl Looked for Run<'_> {
    fn counters(&self) -> Counters {
        let nodes = self.nodes.as_ref().map(|nodes| (nodes.tally.down.now(), nodes.tally.hosts_down.now()));
        let (down, hosts_down) = nodes.unwrap_or_default();
        Counters {
            requests: self.tally.requests,
            created: self.tally.created,
            rejected: self.tally.rejected,
            unanswered: self.tally.unanswered(),
            released: self.tally.released,
            live: self.tally.live(),
            placed: self.total.instances.now(),
            cpu_milli: self.total.cpu_milli.now(),
            memory_mib: self.total.memory_mib.now(),
            gpu_milli: self.total.gpu_milli.now(),
            down,
            hosts_down,
            queues: self.queues(),
            pending: self.queue.len() as u64,
        }
    }

    fn host(&self, host: HostIx) -> Option<HostView> {
        self.fleet.host(host)
    }

    fn instance(&self, number: u64) -> Option<InstanceView> {
        let (_, instance) = self.instances.iter().find(|(_, instance)| instance.number == number)?;
        Some(InstanceView {
            number,
            template: instance.template,
            zone: instance.zone,
            state: instance.state,
            host: instance.claim.as_ref().map(|claim| claim.host()),
            end: instance.end,
        })
    }
}

impl Simulation<'_> {
    /// Runs as [`Simulation::run_observed`] does, and asks `before` ahead of every event whether to go on. With `draws`
    /// each number that is drawn is written down for the event that draws it.
    ///
    /// # Errors
    /// A trace file failed or changed while it was read.
    pub fn follow(
        self,
        observer: &mut dyn Observer,
        draws: Option<&Draws>,
        mut before: impl FnMut(&Ahead<'_>) -> Go,
    ) -> Result<Followed, SimError> {
        let Simulation { scenario, mut cloud, workload, templates, market, plan } = self;
        let mut run = assemble(scenario, &mut cloud, workload, &templates, plan, None, observer)?;
        run.open_market(market);
        let more = |run: &Run<'_>, at: SimTime| {
            let number = run.events + 1;
            if let Some(draws) = draws {
                draws.event(number, at);
            }
            before(&Ahead { number, at, records: run.log.records(), run }) == Go::On
        };
        let Ended { now, .. } = run.go_while(more, |_| Go::On)?;
        Ok(Followed { digest: run.digest(), records: run.log.records(), events: run.events, now })
    }
}
