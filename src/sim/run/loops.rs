//! Closed loops: clients that think, ask, wait for the answer or for the end of their instance, and think again.
//!
//! A loop's calls are calls of [`Clients`](super::Clients) like any other: its workload's `client` says what happens after
//! a refusal. This file only knows when a client asks.

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime};
use crate::scenario::ScenarioSpec;
use crate::scenario::workload::{Distribution, WaitFor};
use crate::sim::event::{ClientEvent, Event};
use crate::sim::log::Record;
use crate::sim::summary::LoopSummary;
use crate::workload::Customer;

use super::Run;
use super::clients::Caller;

/// The closed loop of one workload.
#[derive(Debug)]
pub(super) struct Loop {
    workload: u32,
    name: String,
    think: Distribution,
    wait_for: WaitFor,
    /// Number of its first client, through all loops.
    first: u32,
    count: u32,
    members: Vec<Member>,
    counts: Counts,
}

#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
struct Member {
    customer: Customer,
    /// Its thinking times: those of another client change nothing about them.
    luck: Stream,
}

#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Counts {
    calls: u64,
    served: u64,
    failed: u64,
    /// Clients that wait for an answer or a retry, and clients whose instance they wait for.
    waiting: u32,
    living: u32,
    /// Microseconds of all thinking that came to its end.
    thought: u128,
    /// Microseconds from the first request to the last answer, of all calls that are over.
    answered: u128,
}

/// What changes of a loop.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct LoopState {
    members: Vec<Member>,
    counts: Counts,
}

impl Loop {
    /// The loops of a checked scenario, their clients numbered through.
    pub(super) fn all(spec: &ScenarioSpec) -> Vec<Loop> {
        let mut first = 0;
        let mut loops = Vec::new();
        for (number, workload) in (0u32..).zip(&spec.workloads) {
            let Some(closed) = workload.closed_loop.as_ref().map(|closed| closed.get()) else { continue };
            let count = *closed.clients.get();
            loops.push(Loop {
                workload: number,
                name: workload.name.get().clone(),
                think: closed.think.get().resolve().expect("the scenario was checked"),
                wait_for: closed.wait_for,
                first,
                count,
                members: Vec::new(),
                counts: Counts::default(),
            });
            first += count;
        }
        loops
    }

    /// Everything that changes, as data.
    pub(super) fn save(&self) -> LoopState {
        let Loop { workload: _, name: _, think: _, wait_for: _, first: _, count: _, members, counts } = self;
        LoopState { members: members.clone(), counts: counts.clone() }
    }

    /// Goes on from a state; none when that has other clients.
    pub(super) fn restore(&mut self, state: LoopState) -> Option<()> {
        let LoopState { members, counts } = state;
        (members.len() == self.count as usize).then(|| (self.members, self.counts) = (members, counts))
    }

    pub(super) fn summary(&self) -> LoopSummary {
        let Counts { calls, served, failed, waiting, living, thought, answered } = self.counts;
        let mean = |micros: u128, count: u64| micros as f64 / count.max(1) as f64 / 1e6;
        LoopSummary {
            workload: self.name.clone(),
            clients: self.count.into(),
            calls,
            served,
            failed,
            think_mean_s: mean(thought, calls),
            answer_mean_s: mean(answered, served + failed),
            waiting: waiting.into(),
            living: living.into(),
        }
    }
}

/// The loop of a client.
fn of(loops: &mut [Loop], client: u32) -> &mut Loop {
    let place = loops.partition_point(|one| one.first <= client) - 1;
    &mut loops[place]
}

impl Run<'_> {
    /// Every client thinks before it asks for the first time.
    pub(super) fn loops_begin(&mut self, streams: Streams) {
        let Some(clients) = &mut self.clients else { return };
        let mut asking = 0;
        for one in &mut clients.loops {
            let purpose = format!("workload/{}/think", one.name);
            for member in 0..one.count {
                let customer =
                    self.workload.draw_customer(one.workload).expect("a closed loop asks for requests");
                one.members.push(Member { customer, luck: streams.stream(&purpose, member.into()) });
            }
            asking += one.count;
        }
        for client in 0..asking {
            self.client_thinks(SimTime::ZERO, client);
        }
    }

    /// A client has thought enough: it asks.
    pub(super) fn client_asks(&mut self, now: SimTime, client: u32) {
        let Some(clients) = &mut self.clients else { return };
        let one = of(&mut clients.loops, client);
        one.counts.calls += 1;
        one.counts.waiting += 1;
        let (workload, customer) = (one.workload, one.members[(client - one.first) as usize].customer);
        let drawn = self.workload.draw(workload, now, Some(customer));
        let (template, end) = drawn.expect("a closed loop asks for requests");
        self.log.note(now, Record::Asked, client.into(), template);
        let call = self.client_calls(now, template, end, Caller::Loop(client));
        self.request_arrives(now, template, end, call);
    }

    /// The call of a client is over; true when the client now waits for the end of its instance.
    pub(super) fn loop_answered(&mut self, now: SimTime, client: u32, begun: SimTime, served: bool) -> bool {
        let Some(clients) = &mut self.clients else { return false };
        let one = of(&mut clients.loops, client);
        one.counts.waiting -= 1;
        one.counts.answered += u128::from(now.since(begun).0);
        one.counts.served += u64::from(served);
        one.counts.failed += u64::from(!served);
        if served && one.wait_for == WaitFor::End {
            one.counts.living += 1;
            return true;
        }
        self.client_thinks(now, client);
        false
    }

    /// The instance that a client waited for is gone.
    pub(super) fn loop_ended(&mut self, now: SimTime, client: u32) {
        if let Some(clients) = &mut self.clients {
            of(&mut clients.loops, client).counts.living -= 1;
        }
        self.client_thinks(now, client);
    }

    fn client_thinks(&mut self, now: SimTime, client: u32) {
        let Some(clients) = &mut self.clients else { return };
        let one = of(&mut clients.loops, client);
        let member = &mut one.members[(client - one.first) as usize];
        // Without any thought a control plane that takes no time would be asked at the same moment for ever.
        let think = one.think.sample_span(&mut member.luck).max(SimDuration(1));
        let at = now + think;
        if at < self.until {
            one.counts.thought += u128::from(think.0);
            self.at(at, Event::Client(ClientEvent::Ask { client }));
        }
    }
}
