//! What clients do: they send a refused call again, ask for something else, give up; their fleets grow and shrink, their
//! closed loops go round ([`super::loops`]).

mod saved;

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use rustc_hash::FxHashMap;

use crate::api::{Param, Request};
use crate::engine::Streams;
use crate::hypervisor::State;
use crate::model::{SimDuration, SimTime};
use crate::scenario::Scenario;
use crate::scenario::workload::{ClientSpec, Remove, RetryOn};
use crate::sim::event::{ClientEvent, Event};
use crate::sim::log::Record;
use crate::sim::observe::Gone;
use crate::sim::slots::Slots;
use crate::sim::summary::{ClientSummary, FleetSummary};
use crate::sim::templates::Template;
use crate::validate::Reject;
use crate::workload::{self, End, Target};

use super::Run;
use super::loops::Loop;

/// The longest wait of a fleet that is refused, in looks.
const LONGEST_HOLD: u64 = 32;

/// Clients of one run; there when a workload of the scenario has a client, or is a fleet or a closed loop.
#[derive(Debug)]
pub(in crate::sim) struct Clients {
    /// By workload.
    rules: Vec<Option<Rule>>,
    /// By template: its workload, and what is asked for instead.
    workloads: Vec<u32>,
    instead: Vec<Vec<u32>>,
    attempts: Slots<Attempt>,
    fleets: Vec<Fleet>,
    pub(super) loops: Vec<Loop>,
    /// Caller and request of the instances that a fleet has or a client waits for, by slot. Looked up, never walked.
    members: FxHashMap<u32, (Caller, u64)>,
    streams: Streams,
    counts: Counts,
}

/// Who makes a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) enum Caller {
    /// Somebody whom the workload or a trace sends.
    Arrival,
    /// A fleet, by its number.
    Fleet(u32),
    /// A client of a closed loop, by its number.
    Loop(u32),
}

/// What the client of a workload does.
#[derive(Debug)]
struct Rule {
    name: String,
    retries: u32,
    backoff: u64,
    /// Growth of the wait, in thousandths.
    growth: u64,
    most: u64,
    /// Part of the wait that is left to chance, in millionths.
    jitter: u64,
    on: Vec<RetryOn>,
}

/// One call of a client, with all its tries.
#[derive(Debug)]
struct Attempt {
    /// Number of its first request.
    first: u64,
    begun: SimTime,
    end: End,
    /// What it asks for now, and what it asked for first.
    template: u32,
    wanted: u32,
    /// Next of the things that it can ask for instead.
    next: usize,
    /// Requests sent for other things: each has a token of its own (IDEM-4).
    turns: u32,
    retries: u32,
    wait: u64,
    caller: Caller,
    request: Option<Written>,
}

/// The request of a call.
#[derive(Debug)]
struct Written {
    /// The turn that it was made for, and the number of the request that was its first.
    turn: u32,
    number: u64,
    /// The template that it was made of.
    template: u32,
    request: Box<Request>,
}

/// Makes a request with the token of its client's call and turn.
fn written(template: &Template, number_of: u32, first: u64, turn: u32, number: u64) -> Written {
    let mut request = Box::new(template.request(number).clone());
    request.set(Param::ClientToken, &format!("packyard-{first}-{turn}"));
    Written { turn, number, template: number_of, request }
}

#[derive(Debug)]
struct Fleet {
    workload: u32,
    name: String,
    target: Target,
    every: SimDuration,
    step: usize,
    remove: Remove,
    /// Slots of its instances by request, so that the oldest comes first.
    instances: BTreeMap<u64, u32>,
    /// Calls without an answer.
    pending: u32,
    /// After a refusal it asks for nothing more until then; the wait doubles while nothing is created.
    hold: SimTime,
    wait: SimDuration,
    looks: u64,
    wanted: u64,
    missing: u64,
    peak: u32,
    created: u64,
    deleted: u64,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Counts {
    calls: u64,
    at_once: u64,
    after_retry: u64,
    elsewhere: u64,
    given_up: u64,
    refused: u64,
    retries: u64,
    /// Microseconds from the first request to the answer that created.
    #[serde(with = "crate::metrics::saved")]
    served: Histogram<u64>,
}

impl Rule {
    fn new(name: &str, spec: &ClientSpec) -> Rule {
        Rule {
            name: name.to_owned(),
            retries: *spec.retries.get(),
            backoff: spec.backoff.get().get().0,
            growth: (spec.factor.get() * 1e3).round() as u64,
            most: spec.most.get().get().0,
            jitter: (spec.jitter.get().get() * 1e6).round() as u64,
            on: spec.on.clone(),
        }
    }

    /// The wait after one of `wait`; nothing before the first.
    fn longer(&self, wait: u64) -> u64 {
        if wait == 0 {
            return self.backoff.min(self.most);
        }
        let longer = u128::from(wait) * u128::from(self.growth) / 1_000;
        u64::try_from(longer).unwrap_or(u64::MAX).min(self.most)
    }
}

impl Clients {
    /// None when no workload has a client, is a fleet or a closed loop.
    pub(in crate::sim) fn new(scenario: &Scenario, templates: &[workload::Template]) -> Option<Clients> {
        let spec = &scenario.spec;
        let fleets: Vec<Fleet> = (0u32..)
            .zip(&spec.workloads)
            .filter_map(|(number, workload)| {
                let fleet = workload.fleet.as_ref()?.get();
                let region = workload.region.as_ref().map_or("", |region| region.get().as_str());
                Some(Fleet {
                    workload: number,
                    name: workload.name.get().clone(),
                    target: Target::new(fleet, spec.start.0, region),
                    every: fleet.every.get().get(),
                    step: fleet.step.as_ref().map_or(usize::MAX, |step| *step.get() as usize),
                    remove: fleet.remove,
                    instances: BTreeMap::new(),
                    pending: 0,
                    hold: SimTime::ZERO,
                    wait: fleet.every.get().get(),
                    looks: 0,
                    wanted: 0,
                    missing: 0,
                    peak: 0,
                    created: 0,
                    deleted: 0,
                })
            })
            .collect();
        let rule = |workload: &crate::scenario::workload::WorkloadSpec| {
            workload.client.as_ref().map(|client| Rule::new(workload.name.get(), client.get()))
        };
        let rules: Vec<Option<Rule>> = spec.workloads.iter().map(rule).collect();
        let loops = Loop::all(spec);
        if fleets.is_empty() && loops.is_empty() && rules.iter().all(Option::is_none) {
            return None;
        }
        Some(Clients {
            rules,
            workloads: templates.iter().map(|template| template.workload).collect(),
            instead: templates.iter().map(|template| template.instead.clone()).collect(),
            attempts: Slots::new(),
            fleets,
            loops,
            members: FxHashMap::default(),
            streams: Streams::new(spec.seed),
            counts: Counts {
                calls: 0,
                at_once: 0,
                after_retry: 0,
                elsewhere: 0,
                given_up: 0,
                refused: 0,
                retries: 0,
                served: Histogram::new(3).expect("three digits are possible"),
            },
        })
    }

    /// The request of a client's call.
    pub(super) fn request(&self, attempt: u32) -> Option<&Request> {
        self.attempts[attempt as usize].request.as_ref().map(|written| &*written.request)
    }

    /// What clients did.
    pub(in crate::sim) fn summary(&self) -> ClientSummary {
        let counts = &self.counts;
        let fleet = |fleet: &Fleet| FleetSummary {
            fleet: fleet.name.clone(),
            wanted_mean: fleet.wanted as f64 / fleet.looks.max(1) as f64,
            wanted_peak: fleet.peak.into(),
            missing_share: fleet.missing as f64 / fleet.wanted.max(1) as f64,
            created: fleet.created,
            deleted: fleet.deleted,
            live: fleet.instances.len() as u64,
        };
        ClientSummary {
            calls: counts.calls,
            served_at_once: counts.at_once,
            served_after_retry: counts.after_retry,
            served_elsewhere: counts.elsewhere,
            refused: counts.refused,
            given_up: counts.given_up,
            under_way: self.attempts.len() as u64,
            retries: counts.retries,
            served_p50_us: counts.served.value_at_quantile(0.5),
            served_p99_us: counts.served.value_at_quantile(0.99),
            served_max_us: counts.served.max(),
            fleets: self.fleets.iter().map(fleet).collect(),
            loops: self.loops.iter().map(Loop::summary).collect(),
        }
    }

    /// What a client does about an answer.
    fn after(&mut self, attempt: u32, reject: &Reject) -> Then {
        let one = &mut self.attempts[attempt as usize];
        let workload = self.workloads[one.wanted as usize] as usize;
        let Some(Some(rule)) = self.rules.get(workload) else {
            return Then::GiveUp { hopeless: false };
        };
        let why = match reject {
            _ if reject.code.ends_with("NoStock") => RetryOn::NoStock,
            _ if reject.code.starts_with("Throttling") => RetryOn::Throttling,
            _ if reject.status >= 500 => RetryOn::Server,
            // Another 4xx would fail again (IDEM-8).
            _ => return Then::GiveUp { hopeless: true },
        };
        if why == RetryOn::NoStock
            && let Some(other) = self.instead[one.wanted as usize].get(one.next)
        {
            one.next += 1;
            one.turns += 1;
            one.template = *other;
            return Then::Again { after: 0 };
        }
        if !rule.on.contains(&why) || one.retries >= rule.retries {
            return Then::GiveUp { hopeless: false };
        }
        if why == RetryOn::NoStock && one.template != one.wanted {
            // Begins anew with what it wanted: another request than the last one.
            one.turns += 1;
            one.template = one.wanted;
        }
        one.next = 0;
        one.retries += 1;
        one.wait = rule.longer(one.wait);
        let purpose = format!("workload/{}/client", rule.name);
        let mut stream = self.streams.stream(&purpose, (one.first << 10) | u64::from(one.retries));
        let loose = (u128::from(one.wait) * u128::from(rule.jitter) / 1_000_000) as u64;
        Then::Again { after: one.wait - stream.below(loose + 1) }
    }

    /// The call is over; its fleet knows.
    fn end(&mut self, attempt: u32) -> Attempt {
        let one = self.attempts.remove(attempt as usize);
        if let Caller::Fleet(fleet) = one.caller {
            self.fleets[fleet as usize].pending -= 1;
        }
        one
    }
}

impl Fleet {
    /// A refusal that its client does nothing about: the first one since the last wait makes the next wait longer.
    fn hold_back(&mut self, now: SimTime) {
        if now >= self.hold {
            self.wait = SimDuration((self.wait.0.saturating_mul(2)).min(LONGEST_HOLD * self.every.0));
            self.hold = now + self.wait;
        }
    }
}

enum Then {
    /// Sends again after so many microseconds.
    Again { after: u64 },
    /// Does not; `hopeless`: the answer would always be the same.
    GiveUp { hopeless: bool },
}

impl Run<'_> {
    /// The first look of every fleet; every client of a closed loop begins to think.
    pub(in crate::sim) fn clients_begin(&mut self) {
        let Some(clients) = &self.clients else { return };
        let (fleets, streams) = (clients.fleets.len() as u32, clients.streams);
        for fleet in 0..fleets {
            self.at(SimTime::ZERO, Event::Client(ClientEvent::Look { fleet }));
        }
        self.loops_begin(streams);
    }

    /// A call of a workload begins; none when its client does nothing about refusals.
    #[inline(never)]
    pub(super) fn client_calls(
        &mut self,
        now: SimTime,
        template: u32,
        end: End,
        caller: Caller,
    ) -> Option<u32> {
        let clients = self.clients.as_mut()?;
        let workload = clients.workloads[template as usize];
        // Spot fleets are workloads without a client, after the scenario's.
        let has_client = clients.rules.get(workload as usize).is_some_and(Option::is_some);
        if caller == Caller::Arrival && !has_client {
            return None;
        }
        clients.counts.calls += 1;
        if let Caller::Fleet(fleet) = caller {
            clients.fleets[fleet as usize].pending += 1;
        }
        let attempt = Attempt {
            first: self.tally.requests,
            begun: now,
            end,
            template,
            wanted: template,
            next: 0,
            turns: 0,
            retries: 0,
            wait: 0,
            caller,
            request: None,
        };
        Some(clients.attempts.insert(attempt) as u32)
    }

    /// Makes the request of a client's call, with its token: the same for a retry, another one for another request
    /// (IDEM-1, IDEM-4, IDEM-5).
    #[inline(never)]
    pub(super) fn client_writes(&mut self, attempt: u32, number: u64) {
        let Some(clients) = &mut self.clients else { return };
        let one = &mut clients.attempts[attempt as usize];
        if one.request.as_ref().is_some_and(|written| written.turn == one.turns) {
            return;
        }
        let template = &self.templates[one.template as usize];
        one.request = Some(written(template, one.template, one.first, one.turns, number));
    }

    /// A client's call was refused, or answered with the instance of an earlier one.
    #[inline(never)]
    pub(super) fn client_refused(&mut self, now: SimTime, attempt: u32, reject: &Reject) {
        let Some(clients) = &mut self.clients else { return };
        if reject.replay.is_some() {
            let one = clients.end(attempt);
            self.call_failed(now, &one);
            return;
        }
        match clients.after(attempt, reject) {
            Then::Again { after } => {
                let at = now + SimDuration(after);
                self.at(at, Event::Client(ClientEvent::Retry { attempt }));
            }
            Then::GiveUp { hopeless } => {
                let one = clients.end(attempt);
                if let Caller::Fleet(fleet) = one.caller {
                    clients.fleets[fleet as usize].hold_back(now);
                }
                if hopeless {
                    clients.counts.refused += 1;
                } else {
                    clients.counts.given_up += 1;
                }
                self.log.note(now, Record::GaveUp, one.first, one.retries + one.turns + 1);
                self.call_failed(now, &one);
            }
        }
    }

    /// A call is over without an instance of its own: the client of a closed loop goes on.
    fn call_failed(&mut self, now: SimTime, one: &Attempt) {
        if let Caller::Loop(client) = one.caller {
            self.loop_answered(now, client, one.begun, false);
        }
    }

    /// A client's call created an instance.
    #[inline(never)]
    pub(super) fn client_served(&mut self, now: SimTime, attempt: u32, slot: u32) {
        let number = self.instances[slot as usize].number;
        let Some(clients) = &mut self.clients else { return };
        let one = clients.end(attempt);
        let counts = &mut clients.counts;
        match (one.template == one.wanted, one.retries) {
            (false, _) => counts.elsewhere += 1,
            (true, 0) => counts.at_once += 1,
            (true, _) => counts.after_retry += 1,
        }
        counts.served.record(now.since(one.begun).0.max(1)).expect("the histogram grows with its values");
        match one.caller {
            Caller::Arrival => {}
            Caller::Fleet(fleet) => {
                clients.members.insert(slot, (one.caller, number));
                let fleet = &mut clients.fleets[fleet as usize];
                fleet.instances.insert(number, slot);
                fleet.created += 1;
                (fleet.hold, fleet.wait) = (SimTime::ZERO, fleet.every);
            }
            Caller::Loop(client) => {
                let waits = self.loop_answered(now, client, one.begun, true);
                if let (true, Some(clients)) = (waits, &mut self.clients) {
                    clients.members.insert(slot, (one.caller, number));
                }
            }
        }
    }

    /// An instance is gone, whatever the reason: its fleet misses it at its next look, the client that waited for its end
    /// goes on.
    pub(super) fn client_entered(&mut self, now: SimTime, slot: u32, state: State) {
        if state != State::Released {
            return;
        }
        let Some(clients) = &mut self.clients else { return };
        match clients.members.remove(&slot) {
            None | Some((Caller::Arrival, _)) => {}
            Some((Caller::Fleet(fleet), number)) => {
                clients.fleets[fleet as usize].instances.remove(&number);
            }
            Some((Caller::Loop(client), _)) => self.loop_ended(now, client),
        }
    }

    pub(super) fn client_event(&mut self, now: SimTime, event: ClientEvent) {
        match event {
            ClientEvent::Retry { attempt } => self.client_retries(now, attempt),
            ClientEvent::Look { fleet } => self.fleet_looks(now, fleet),
            ClientEvent::Ask { client } => self.client_asks(now, client),
        }
    }

    fn client_retries(&mut self, now: SimTime, attempt: u32) {
        let Some(clients) = &mut self.clients else { return };
        clients.counts.retries += 1;
        let one = &clients.attempts[attempt as usize];
        let (template, end) = (one.template, one.end);
        self.log.note(now, Record::Retried, one.first, one.retries + one.turns);
        self.request_arrives(now, template, end, Some(attempt));
    }

    fn fleet_looks(&mut self, now: SimTime, number: u32) {
        let Some(clients) = &mut self.clients else { return };
        let fleet = &mut clients.fleets[number as usize];
        let target = fleet.target.at(now);
        let live = fleet.instances.len();
        let expected = live + fleet.pending as usize;
        let wanted = target as usize;
        fleet.looks += 1;
        fleet.wanted += u64::from(target);
        fleet.missing += wanted.saturating_sub(live) as u64;
        fleet.peak = fleet.peak.max(target);
        let (workload, every, step) = (fleet.workload, fleet.every, fleet.step);
        self.log.note(now, Record::Looked, number.into(), target);
        let missing = if now < fleet.hold { 0 } else { wanted.saturating_sub(expected) };
        for _ in 0..missing.min(step) {
            let Some((template, end)) = self.workload.draw(workload, now, None) else { break };
            let call = self.client_calls(now, template, end, Caller::Fleet(number));
            self.request_arrives(now, template, end, call);
        }
        self.fleet_shrinks(now, number, live.saturating_sub(wanted).min(step));
        let next = now + every;
        if next < self.until {
            self.at(next, Event::Client(ClientEvent::Look { fleet: number }));
        }
    }

    /// Deletes instances of a fleet that run (LIFE-21); a subscription that is not over stays (LIFE-57).
    fn fleet_shrinks(&mut self, now: SimTime, number: u32, count: usize) {
        if count == 0 {
            return;
        }
        let Some(clients) = &self.clients else { return };
        let fleet = &clients.fleets[number as usize];
        let deletable =
            |slot: &u32| matches!(self.instances[*slot as usize].state, State::Running | State::Stopped);
        let slots: Vec<u32> = match fleet.remove {
            Remove::Oldest => fleet.instances.values().copied().filter(deletable).take(count).collect(),
            Remove::Newest => fleet.instances.values().rev().copied().filter(deletable).take(count).collect(),
        };
        for slot in slots {
            if self.subscription_keeps(now, slot) {
                continue;
            }
            self.release(now, slot, Gone::ScaledDown);
            if let Some(clients) = &mut self.clients {
                clients.fleets[number as usize].deleted += 1;
            }
        }
    }
}
