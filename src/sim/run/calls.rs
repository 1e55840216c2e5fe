//! Calls on their way through the control plane: arrival, gate, placement, answer.

use crate::api::Request;
use crate::metrics::{CostStage, LatencyStage, Outcome};
use crate::model::{SimDuration, SimTime};
use crate::sim::control::ControlPlane;
use crate::sim::event::Event;
use crate::sim::log::Record;
use crate::sim::observe::Happened;
use crate::validate::{self, Admitted, Reject};
use crate::workload::{Arrival, End, WorkloadError};

use super::clients::Caller;
use super::{Call, Clients, Reached, Run};

/// The stages of [`Call::waits`].
const WAITS: [LatencyStage; 4] = [
    LatencyStage::ApiQueue,
    LatencyStage::Validation,
    LatencyStage::SchedulerQueue,
    LatencyStage::Scheduling,
];
const API_QUEUE: usize = 0;
const VALIDATION: usize = 1;
const SCHEDULER_QUEUE: usize = 2;
const SCHEDULING: usize = 3;

impl Run<'_> {
    pub(super) fn arrival(&mut self, now: SimTime) -> Result<(), WorkloadError> {
        let Arrival { template, end, .. } = self.next_arrival.take().expect("an arrival was scheduled");
        let client = match self.clients {
            Some(_) => self.client_calls(now, template, end, Caller::Arrival),
            None => None,
        };
        self.request_arrives(now, template, end, client);
        self.fetch_arrival()
    }

    /// A request comes in: of the workload, or of a client that tries again.
    pub(super) fn request_arrives(&mut self, now: SimTime, template: u32, end: End, client: Option<u32>) {
        let number = self.tally.requests;
        self.tally.requests += 1;
        self.log.note(now, Record::Requested, number, template);
        self.observer.happened(now, &Happened::Requested { number, template });
        self.mix.saw(template, self.templates);
        let call = Call {
            number,
            template,
            end,
            arrived: now,
            entered: now,
            begun: now,
            waits: [SimDuration::ZERO; 4],
            admitted: None,
            client,
        };
        if let Some(attempt) = client {
            self.client_writes(attempt, number);
        }
        if self.throttle.is_some()
            && let Some(reject) = self.throttled(now, template)
        {
            self.reject(now, &call, &reject, Reached::Gate);
        } else if self.control.is_some() {
            let call = self.calls.insert(call) as u32;
            self.enter_api(now, call);
        } else {
            self.answer_at_once(now, &call);
        }
    }

    /// Takes a call through gate and placement in no time: the way without a control plane.
    #[inline(never)]
    fn answer_at_once(&mut self, now: SimTime, call: &Call) {
        let Call { number, template, client, .. } = *call;
        match self.admit(now, number, template, client) {
            Ok(mut admitted) => {
                self.begin_call(now, number, template, client, &mut admitted);
                self.decide(now, call, &mut admitted);
                self.spare.put(admitted);
            }
            Err(reject) => self.reject(now, call, &reject, Reached::Gate),
        }
    }

    // --- stations ---

    pub(super) fn control(&mut self) -> &mut ControlPlane {
        self.control.as_mut().expect("only a control plane with queues schedules these events")
    }

    fn enter_api(&mut self, now: SimTime, call: u32) {
        if self.control().api.enter(call) {
            self.serve_api(now, call);
        }
    }

    fn serve_api(&mut self, now: SimTime, call: u32) {
        self.begin(now, call, API_QUEUE);
        let took = self.control().api_time();
        self.at(now + took, Event::Validated { call });
    }

    pub(super) fn validated(&mut self, now: SimTime, call: u32) {
        if let Some(next) = self.control().api.leave() {
            self.serve_api(now, next);
        }
        let Call { number, template, begun, client, .. } = self.calls[call as usize];
        self.calls[call as usize].waits[VALIDATION] = now.since(begun);
        match self.admit(now, number, template, client) {
            Ok(mut admitted) => {
                self.begin_call(now, number, template, client, &mut admitted);
                let waiting = &mut self.calls[call as usize];
                waiting.admitted = Some(admitted);
                waiting.entered = now;
                if self.control().schedulers.enter(call) {
                    self.serve_scheduler(now, call);
                }
            }
            Err(reject) => {
                let call = self.calls.remove(call as usize);
                self.reject(now, &call, &reject, Reached::Gate);
            }
        }
    }

    fn serve_scheduler(&mut self, now: SimTime, call: u32) {
        self.begin(now, call, SCHEDULER_QUEUE);
        let took = self.control().schedule_time();
        self.at(now + took, Event::Scheduled { call });
    }

    pub(super) fn scheduled(&mut self, now: SimTime, call: u32) {
        if let Some(next) = self.control().schedulers.leave() {
            self.serve_scheduler(now, next);
        }
        let mut call = self.calls.remove(call as usize);
        call.waits[SCHEDULING] = now.since(call.begun);
        let mut admitted = call.admitted.take().expect("only admitted calls reach a scheduler");
        self.decide(now, &call, &mut admitted);
        self.spare.put(admitted);
    }

    fn begin(&mut self, now: SimTime, call: u32, queue: usize) {
        let call = &mut self.calls[call as usize];
        call.begun = now;
        call.waits[queue] = now.since(call.entered);
    }

    /// Counts the way of a call through the control plane, now that its outcome is known.
    pub(super) fn answered(&mut self, now: SimTime, call: &Call, outcome: Outcome, reached: Reached) {
        if self.control.is_some() {
            let passed = if reached == Reached::Gate { SCHEDULER_QUEUE } else { WAITS.len() };
            for (stage, wait) in WAITS.into_iter().zip(call.waits).take(passed) {
                self.latency.record(stage, outcome, wait);
            }
        }
        self.latency.record(LatencyStage::Answer, outcome, now.since(call.arrived));
    }

    // --- gate and placement ---

    fn admit(
        &mut self,
        now: SimTime,
        number: u64,
        template: u32,
        client: Option<u32>,
    ) -> Result<Box<Admitted>, Reject> {
        let template = &self.templates[template as usize];
        let utc = self.start.after(now.since(SimTime::ZERO));
        let own = client_request(&self.clients, client);
        let request = own.unwrap_or_else(|| template.request(number));
        let mark = self.probe.start();
        let answer = validate::admit_boxed(request, self.world, template.account, utc, &mut self.spare);
        self.probe.stop(CostStage::Validation, mark);
        answer
    }

    /// A retry that overtakes its first call is told so (IDEM-6); with queues, calls in flight hold addresses (R181).
    fn begin_call(
        &mut self,
        now: SimTime,
        number: u64,
        template: u32,
        client: Option<u32>,
        admitted: &mut Admitted,
    ) {
        let own = client_request(&self.clients, client);
        if own.is_some() || self.control.is_some() {
            let request = own.unwrap_or_else(|| self.templates[template as usize].request(number));
            let utc = self.start.after(now.since(SimTime::ZERO));
            validate::begin(admitted, request, self.world, utc);
        }
    }

    fn decide(&mut self, now: SimTime, call: &Call, admitted: &mut Admitted) {
        if self.market.is_some() {
            self.market_stock(call, admitted);
        }
        let template = &self.templates[call.template as usize];
        let reached = Reached::Scheduler { loose: admitted.effective().is_loose() };
        let utc = self.start.after(now.since(SimTime::ZERO));
        let own = client_request(&self.clients, call.client);
        let request = own.unwrap_or_else(|| template.request(call.number));
        let mark = self.probe.start();
        let answer = validate::commit_in_place(admitted, request, self.world, self.fleet, utc);
        self.probe.stop(CostStage::Placement, mark);
        match answer {
            Ok(claimed) => self.create(now, call, claimed, admitted.effective(), reached),
            Err(reject) => self.reject(now, call, &reject, reached),
        }
    }

    fn reject(&mut self, now: SimTime, call: &Call, reject: &Reject, reached: Reached) {
        self.log.note(now, Record::Rejected, call.number, check_number(reject.check));
        let outcome = match reject {
            Reject { replay: Some(_), .. } => Outcome::Repeated,
            Reject { no_room: Some(_), .. } => Outcome::NoRoom,
            _ => Outcome::Refused,
        };
        self.answered(now, call, outcome, reached);
        self.tally.reject(reject);
        if let Some(ops) = &mut self.operations {
            ops.rejected(reject);
        }
        let Call { number, template, arrived, .. } = *call;
        self.observer.happened(now, &Happened::Rejected { number, template, arrived, reject });
        if let Some(attempt) = call.client {
            self.client_refused(now, attempt, reject);
        }
        if self.market.is_some() {
            self.market_refused(now, call, reject, reached);
        }
    }
}

/// The request of a client's own call, with its token.
fn client_request(clients: &Option<Box<Clients>>, client: Option<u32>) -> Option<&Request> {
    clients.as_ref()?.request(client?)
}

/// A check as the number that the digest uses: 32-bit FNV-1a of its id, the same in every version that has it.
fn check_number(id: &str) -> u32 {
    id.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
