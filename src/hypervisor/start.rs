//! Start slots of node controllers: at most `k` starts at a time on one host, the rest wait in order.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::model::HostIx;

/// What a node controller answers to an instance that wants to start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// A slot is free: start now.
    Now,
    /// All slots are busy: the instance waits for [`StartSlots::done`].
    Wait,
}

/// Start slots as data; see [`StartSlots::save`].
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct StartState {
    busy: Vec<(HostIx, u16)>,
    waiting: Vec<(HostIx, Vec<u32>)>,
}

/// Start slots of every host of a run. A host costs two bytes; only hosts with a queue cost more.
#[derive(Debug)]
pub struct StartSlots {
    slots: u16,
    busy: Vec<u16>,
    /// Looked up by host, never walked.
    waiting: FxHashMap<HostIx, VecDeque<u32>>,
    queued: usize,
}

impl StartSlots {
    /// `hosts` hosts with `slots` concurrent starts each (at least one).
    pub fn new(hosts: usize, slots: u16) -> StartSlots {
        StartSlots { slots: slots.max(1), busy: vec![0; hosts], waiting: FxHashMap::default(), queued: 0 }
    }

    /// `instance` wants to start on `host`.
    pub fn ask(&mut self, host: HostIx, instance: u32) -> Turn {
        let busy = &mut self.busy[host.at()];
        if *busy < self.slots {
            *busy += 1;
            return Turn::Now;
        }
        self.waiting.entry(host).or_default().push_back(instance);
        self.queued += 1;
        Turn::Wait
    }

    /// A start on `host` is done; returns the instance that takes over its slot, if one waits.
    pub fn done(&mut self, host: HostIx) -> Option<u32> {
        if let Some(queue) = self.waiting.get_mut(&host) {
            let next = queue.pop_front();
            if queue.is_empty() {
                self.waiting.remove(&host);
            }
            if next.is_some() {
                self.queued -= 1;
                return next;
            }
        }
        let busy = &mut self.busy[host.at()];
        *busy = busy.checked_sub(1).expect("a start ended that never began");
        None
    }

    /// Takes `instance` out of the queue of `host`; false when it does not wait there.
    pub fn forget(&mut self, host: HostIx, instance: u32) -> bool {
        let Some(queue) = self.waiting.get_mut(&host) else { return false };
        let Some(at) = queue.iter().position(|waiting| *waiting == instance) else { return false };
        queue.remove(at);
        if queue.is_empty() {
            self.waiting.remove(&host);
        }
        self.queued -= 1;
        true
    }

    /// The slots as data: busy slots and waiting instances of the hosts that have any, by host.
    pub fn save(&self) -> StartState {
        let busy = self.busy.iter().enumerate().filter(|(_, busy)| **busy > 0);
        let mut waiting: Vec<(HostIx, Vec<u32>)> =
            self.waiting.iter().map(|(host, queue)| (*host, queue.iter().copied().collect())).collect();
        waiting.sort_unstable();
        StartState { busy: busy.map(|(host, busy)| (HostIx::from(host), *busy)).collect(), waiting }
    }

    /// Goes on from a state, when nothing starts; false when that names a host that is not there.
    pub fn restore(&mut self, state: &StartState) -> bool {
        for (host, busy) in &state.busy {
            let Some(place) = self.busy.get_mut(host.at()) else { return false };
            *place = *busy;
        }
        self.waiting =
            state.waiting.iter().map(|(host, queue)| (*host, queue.iter().copied().collect())).collect();
        self.queued = state.waiting.iter().map(|(_, queue)| queue.len()).sum();
        true
    }

    /// Instances that wait for a slot, over all hosts.
    pub fn queued(&self) -> usize {
        self.queued
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_bounded_and_the_queue_is_in_order() {
        let mut slots = StartSlots::new(2, 2);
        let host = HostIx(1);
        assert_eq!(slots.ask(host, 10), Turn::Now);
        assert_eq!(slots.ask(host, 11), Turn::Now);
        assert_eq!(slots.ask(host, 12), Turn::Wait);
        assert_eq!(slots.ask(host, 13), Turn::Wait);
        assert_eq!(slots.ask(HostIx(0), 14), Turn::Now, "another host has slots of its own");
        assert_eq!(slots.queued(), 2);
        assert_eq!(slots.done(host), Some(12));
        assert_eq!(slots.done(host), Some(13));
        assert_eq!(slots.done(host), None);
        assert_eq!(slots.ask(host, 15), Turn::Now);
        assert_eq!(slots.queued(), 0);
    }

    #[test]
    fn one_that_waits_can_leave_the_queue() {
        let mut slots = StartSlots::new(1, 1);
        let host = HostIx(0);
        for instance in 1..=4 {
            slots.ask(host, instance);
        }
        assert!(slots.forget(host, 3));
        assert!(!slots.forget(host, 3) && !slots.forget(host, 1), "it is gone; the first one does not wait");
        assert_eq!(slots.queued(), 2);
        assert_eq!([slots.done(host), slots.done(host), slots.done(host)], [Some(2), Some(4), None]);
    }
}
