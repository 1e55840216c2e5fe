//! Operations on their way: what a script or a customer sends, how it is answered, and what it sets going.

mod changes;
mod disks;
mod groups;
mod habits;
mod hosts;
mod lives;
#[cfg(test)]
mod tests;

use crate::hypervisor::State;
use crate::model::{SimDuration, SimTime, Utc};
use crate::operations::params::Subject;
use crate::operations::refusal::{NO_SUCH_RESOURCE, UNKNOWN_INSTANCE};
use crate::operations::tokens::Scope;
use crate::operations::{Action, Params, Refusal};
use crate::sim::event::Event;
use crate::sim::log::Record as LogRecord;
use crate::sim::observe::Happened;
use crate::sim::operations::OperationEvent;
use crate::sim::operations::{Operations, OperationsSummary, Target};

use super::Run;

/// Number of a log record that is about no instance.
const NOBODY: u64 = u64::MAX;

/// An operation as it is sent.
struct Call<'p> {
    action: Action,
    params: &'p Params,
    /// Id of what it makes.
    id: Option<String>,
}

impl Run<'_> {
    /// The state of operations; they are on wherever this is called.
    fn ops(&mut self) -> &mut Operations {
        self.operations.as_deref_mut().expect("only operations call this")
    }

    /// The date.
    pub(in crate::sim::run) fn utc(&self, now: SimTime) -> Utc {
        self.start.after(now.since(SimTime::ZERO))
    }

    /// A span of time of something that an instant control plane does at once.
    fn takes(&self, span: SimDuration) -> SimDuration {
        if self.control.is_some() { span } else { SimDuration::ZERO }
    }

    fn later(&mut self, at: SimTime, event: OperationEvent) -> crate::engine::Ticket {
        self.at(at, Event::Operation(event))
    }

    /// The section of the report.
    pub(in crate::sim) fn operations_summary(&self, now: SimTime) -> Option<OperationsSummary> {
        let ops = self.operations.as_deref()?;
        let stopped = self.instances.iter().filter(|(_, instance)| instance.state == State::Stopped);
        let (keep, free): (Vec<_>, Vec<_>) = stopped.partition(|(_, instance)| instance.claim.is_some());
        Some(ops.summary(self.world, (keep.len() as u64, free.len() as u64), now))
    }

    /// Schedules the script and what is known of the future from the start.
    pub(super) fn begin_operations(&mut self) {
        let Some(ops) = &self.operations else { return };
        let steps: Vec<SimTime> = ops.steps.iter().map(|step| step.at).collect();
        for (step, at) in steps.into_iter().enumerate() {
            self.later(at, OperationEvent::Scripted { step: step as u32 });
        }
        let hosts: Vec<u32> = self.ops().hosts.0.keys().copied().collect();
        for host in hosts {
            self.plan_host_end(SimTime::ZERO, host);
        }
    }

    pub(super) fn operation_event(&mut self, now: SimTime, event: OperationEvent) {
        match event {
            OperationEvent::Scripted { step } => self.scripted_operation(now, step),
            OperationEvent::Stopped { instance } => self.stopped(now, instance),
            OperationEvent::AutoRelease { instance } => self.auto_release(now, instance),
            OperationEvent::Pause { instance } => self.pause(now, instance),
            OperationEvent::Resume { instance } => self.resume(now, instance),
            OperationEvent::Reboot { instance } => self.habitual_reboot(now, instance),
            OperationEvent::HostReady { host } => self.host_ready(host),
            OperationEvent::HostEnds { host } => self.host_ends(now, host),
            OperationEvent::HostGoes { host } => self.host_goes(now, host),
            OperationEvent::HostAutoRelease { host } => self.host_auto_release(now, host),
            OperationEvent::Detached { disk } => self.detached(now, disk),
            OperationEvent::SnapshotDone { snapshot } => self.snapshot_done(snapshot),
        }
    }

    /// Sends a step of the script to everyone whom it is meant for.
    fn scripted_operation(&mut self, now: SimTime, at: u32) {
        let until = self.until;
        let step = &mut self.ops().steps[at as usize];
        let (action, every, sent) = (step.action, step.every, step.sent);
        step.sent += 1;
        let id = step.id.clone().map(|id| if sent == 0 { id } else { format!("{id}-{}", sent + 1) });
        let (target, params) = (step.target.clone(), step.params.clone());
        let params = self.wire(now, params);
        if let Some(every) = every.filter(|every| now + *every < until) {
            self.later(now + every, OperationEvent::Scripted { step: at });
        }
        match target {
            Target::Account(account, region) => {
                let call = Call { action, params: &params, id };
                let scope = Scope { account, action, region };
                let answer =
                    self.once(scope, &params, None, |run| run.of_account(now, call, account, region));
                self.answer(now, action, NOBODY, answer);
            }
            target => {
                for request in self.chosen(at, target) {
                    self.send(now, request, Call { action, params: &params, id: id.clone() });
                }
            }
        }
    }

    /// Parameters as on the wire: a release time that starts with `+` is counted from the call.
    fn wire(&self, now: SimTime, params: Vec<(String, String)>) -> Params {
        let utc = self.utc(now);
        Params::new(params.into_iter().map(|(name, value)| {
            let span =
                value.strip_prefix('+').and_then(|span| span.parse::<crate::scenario::units::Span>().ok());
            let value = match span {
                Some(span) if name == "AutoReleaseTime" => {
                    crate::scenario::units::Date(utc.after(span.0)).to_string()
                }
                _ => value,
            };
            (name, value)
        }))
    }

    /// Requests of the instances that a step is for, in the order of creation.
    fn chosen(&mut self, step: u32, target: Target) -> Vec<u64> {
        let instances = &self.instances;
        let ops = self.operations.as_deref_mut().expect("only operations call this");
        let request = |slot: &u32| instances[*slot as usize].number;
        match target {
            Target::Request(request) => vec![request],
            // One that does not live any more has no request here: it is answered as unknown (LIFE-75).
            Target::Some(workload, numbers) => numbers
                .iter()
                .map(|number| ops.by_workload.get(&(workload, *number)).map_or(NOBODY, &request))
                .collect(),
            Target::Share(workload, share, _) => {
                let Target::Share(_, _, luck) = &mut ops.steps[step as usize].target else {
                    return Vec::new();
                };
                let live = ops.by_workload.range((workload, 0)..=(workload, u64::MAX));
                live.filter(|_| share >= 1.0 || luck.unit() < share).map(|(_, slot)| request(slot)).collect()
            }
            Target::Account(..) => Vec::new(),
        }
    }

    /// Sends an operation to the instance of a request; false when it is refused.
    fn send(&mut self, now: SimTime, request: u64, call: Call<'_>) -> bool {
        debug_assert_eq!(call.action.subject(), Subject::Instance);
        let action = call.action;
        let answer = match self.ops().by_request.get(&request).copied() {
            Some(slot) => {
                let record = self.ops().record(slot);
                let scope = Scope { account: record.account, action, region: record.region };
                let params = call.params;
                self.once(scope, params, Some(request), |run| run.of_instance(now, slot, call))
            }
            // LIFE-75
            None if action == Action::ModifyInstanceAutoReleaseTime => Err(NO_SUCH_RESOURCE),
            None => Err(UNKNOWN_INSTANCE),
        };
        self.answer(now, action, request, answer);
        answer.is_ok()
    }

    /// Does what a call asks for, unless it repeats an accepted one: then nothing is done again (IDEM-3).
    fn once(
        &mut self,
        scope: Scope,
        params: &Params,
        about: Option<u64>,
        call: impl FnOnce(&mut Self) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        if self.ops().tokens.repeats(scope, params, about)? {
            return Ok(());
        }
        call(self)?;
        self.ops().tokens.accepted(scope, params, about);
        Ok(())
    }

    fn answer(&mut self, now: SimTime, action: Action, request: u64, answer: Result<(), Refusal>) {
        let refusal = answer.err();
        self.ops().answered(action, refusal);
        match refusal {
            None => self.log.note(now, LogRecord::Operated, request, name_number(action.name())),
            Some(refusal) => {
                self.log.note(now, LogRecord::OperationRefused, request, name_number(refusal.code))
            }
        }
        let number = (request != NOBODY).then_some(request);
        self.observer.happened(now, &Happened::Operated { number, operation: action.name(), refusal });
    }

    /// What becomes of an operation on an instance.
    fn of_instance(&mut self, now: SimTime, slot: u32, call: Call<'_>) -> Result<(), Refusal> {
        let params = call.params;
        match call.action {
            Action::StartInstance => self.start_instance(now, slot, params),
            Action::StopInstance => self.stop_instance(now, slot, params),
            Action::RebootInstance => self.reboot_instance(now, slot, params),
            Action::DeleteInstance => self.delete_instance(now, slot, params),
            Action::ModifyInstanceAutoReleaseTime => self.change_auto_release(now, slot, params),
            Action::ModifyInstanceAttribute => self.change_protection(slot, params),
            Action::ModifyInstanceDeployment => self.change_deployment(now, slot, params),
            Action::AllocatePublicIpAddress => self.allocate_address(now, slot),
            Action::RedeployInstance => self.redeploy_instance(now, slot, params),
            Action::AttachDisk => self.attach_disk(now, slot, params),
            Action::DetachDisk => self.detach_disk(now, slot, params),
            Action::CreateSnapshot => self.create_snapshot(now, slot, &call),
            Action::ResizeDisk => self.resize_disk(now, slot, params),
            Action::ModifyDiskAttribute => self.change_disk(slot, params),
            Action::SetLock => self.set_lock(now, slot, params),
            Action::ShutDown => self.shut_down(now, slot),
            Action::RaiseEvent => self.raise_event(slot, params),
            _ => unreachable!("the rest is about accounts"),
        }
    }

    /// What becomes of an operation of an account.
    fn of_account(&mut self, now: SimTime, call: Call<'_>, account: u32, region: u32) -> Result<(), Refusal> {
        let params = call.params;
        match call.action {
            Action::AllocateDedicatedHosts => self.allocate_hosts(now, &call, account, region),
            Action::ReleaseDedicatedHost => self.release_host(now, params, account),
            Action::ModifyDedicatedHostAttribute => self.change_host_attributes(params, account),
            Action::RedeployDedicatedHost => self.redeploy_host(now, params, account),
            Action::SetHostCondition => self.set_host_condition(params),
            Action::CreateDeploymentSet => self.create_set(&call, account, region),
            Action::DeleteDeploymentSet => self.delete_set(params, account),
            Action::CreateHpcCluster => self.create_cluster(&call, account, region),
            Action::DeleteHpcCluster => self.delete_cluster(params, account),
            Action::CreateDisk => self.create_disk(now, &call, account, region),
            Action::DeleteDisk => self.delete_disk(now, params, account),
            Action::DeleteSnapshot => self.delete_snapshot(params, account),
            _ => unreachable!("the rest is about instances"),
        }
    }
}

/// A name as the number that the digest uses: 32-bit FNV-1a.
fn name_number(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}
