//! What customers do with their instances by habit: stop them for the night, reboot them.

use crate::hypervisor::State;
use crate::model::{SimDuration, SimTime};
use crate::operations::refusal::NO_STOCK;
use crate::operations::{Action, Params};
use crate::sim::operations::OperationEvent;
use crate::sim::operations::{Habits, Operations, PAUSE, REBOOT, START_AGAIN};

use super::super::Run;
use super::Call;

/// Microseconds of a day.
const DAY: u64 = 86_400_000_000;

impl Habits {
    /// The next moment after `now` at which it is `clock` (microseconds of the day, UTC), up to the spread later.
    fn next(&mut self, start: i64, now: SimTime, clock: u64) -> SimTime {
        let midnight = (start.rem_euclid(86_400) as u64) * 1_000_000;
        let time_of_day = (midnight + now.0) % DAY;
        let ahead = match (clock + DAY - time_of_day) % DAY {
            0 => DAY,
            ahead => ahead,
        };
        let spread = self.pause.as_ref().map_or(0, |pause| pause.spread);
        let late = if spread == 0 { 0 } else { self.luck.below(spread) };
        now + SimDuration(ahead + late)
    }
}

impl Run<'_> {
    fn habits(&mut self, slot: u32) -> Option<&mut Habits> {
        let ops: &mut Operations = self.ops();
        let workload = ops.record(slot).workload;
        ops.habits.get_mut(workload as usize)?.as_mut()
    }

    fn number(&self, slot: u32) -> u64 {
        self.instances[slot as usize].number
    }

    /// An instance runs for the first time: its customer's habits begin.
    pub(super) fn begin_habits(&mut self, now: SimTime, slot: u32) {
        let start = self.start.0;
        let Some(habits) = self.habits(slot) else { return };
        let (address, reuse) = (habits.public_address, habits.reuse_disks);
        let pauses = habits.pause.as_ref().map(|pause| (pause.share, pause.from));
        let stop = match pauses {
            Some((share, from)) if habits.luck.unit() < share => Some(habits.next(start, now, from)),
            _ => None,
        };
        if let Some(at) = stop {
            let ticket = self.later(at, OperationEvent::Pause { instance: slot });
            self.ops().record_mut(slot).tickets[PAUSE] = Some(ticket);
        }
        self.plan_reboot(now, slot);
        if address {
            let call = Call { action: Action::AllocatePublicIpAddress, params: &Params::default(), id: None };
            self.send(now, self.number(slot), call);
        }
        if reuse {
            self.reuse_disk(now, slot);
        }
    }

    /// The evening: the customer stops the instance.
    pub(super) fn pause(&mut self, now: SimTime, slot: u32) {
        let start = self.start.0;
        let Some(habits) = self.habits(slot) else { return };
        let Some((params, to)) = habits.pause.as_ref().map(|pause| (pause.params.clone(), pause.to)) else {
            return;
        };
        let morning = habits.next(start, now, to);
        let call = Call { action: Action::StopInstance, params: &params, id: None };
        let paused = self.send(now, self.number(slot), call);
        let ticket = self.later(morning, OperationEvent::Resume { instance: slot });
        let record = self.ops().record_mut(slot);
        record.paused = paused;
        record.tickets[PAUSE] = Some(ticket);
    }

    /// The morning: the customer starts what was stopped, and tries again later while there is no stock (LIFE-36).
    pub(super) fn resume(&mut self, now: SimTime, slot: u32) {
        let start = self.start.0;
        if self.ops().record(slot).paused && self.instances[slot as usize].state == State::Stopped {
            let before = self.refused_for_stock();
            let params = Params::default();
            let call = Call { action: Action::StartInstance, params: &params, id: None };
            if !self.send(now, self.number(slot), call) && self.refused_for_stock() > before {
                let ticket = self.later(now + START_AGAIN, OperationEvent::Resume { instance: slot });
                self.ops().record_mut(slot).tickets[PAUSE] = Some(ticket);
                return;
            }
        }
        self.ops().record_mut(slot).paused = false;
        let Some(habits) = self.habits(slot) else { return };
        let Some(from) = habits.pause.as_ref().map(|pause| pause.from) else { return };
        let evening = habits.next(start, now, from);
        let ticket = self.later(evening, OperationEvent::Pause { instance: slot });
        self.ops().record_mut(slot).tickets[PAUSE] = Some(ticket);
    }

    fn refused_for_stock(&mut self) -> u64 {
        self.ops().answers.get(&(Action::StartInstance, Some(NO_STOCK))).copied().unwrap_or(0)
    }

    fn plan_reboot(&mut self, now: SimTime, slot: u32) {
        let Some(habits) = self.habits(slot) else { return };
        let Some(mean) = habits.reboot_secs else { return };
        let after = SimDuration::from_secs_f64(-libm::log(habits.luck.unit_open_below()) * mean);
        let ticket = self.later(now + after, OperationEvent::Reboot { instance: slot });
        self.ops().record_mut(slot).tickets[REBOOT] = Some(ticket);
    }

    /// The customer reboots the instance, if it runs.
    pub(super) fn habitual_reboot(&mut self, now: SimTime, slot: u32) {
        if self.instances[slot as usize].state == State::Running {
            let params = Params::default();
            let call = Call { action: Action::RebootInstance, params: &params, id: None };
            self.send(now, self.number(slot), call);
        }
        self.plan_reboot(now, slot);
    }
}
