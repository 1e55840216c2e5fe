//! Maintenance: hosts are closed, emptied, worked on and opened again, one step after the other.

use std::ops::Range;

use crate::hypervisor::State;
use crate::model::{HostIx, SimDuration, SimTime};
use crate::scenario::Hosts;
use crate::sim::log::Record;
use crate::sim::observe::Happened;

use super::super::{Run, Step};
use super::{Drain, NodeEvent};

/// What of one range of hosts is not in another.
fn without(part: &Range<u32>, other: &Range<u32>) -> impl Iterator<Item = Range<u32>> + use<> {
    let before = part.start..part.end.min(other.start);
    let after = part.start.max(other.end)..part.end;
    [before, after].into_iter().filter(|range| !range.is_empty())
}

impl Run<'_> {
    pub(super) fn drain(&mut self, now: SimTime, steps: Vec<Hosts>, work: Option<SimDuration>) {
        let drain =
            Drain { rest: steps.into(), work, hosts: Vec::new(), busy: 0, patience: None, done: None };
        let at = self.nodes().drains.insert(drain) as u32;
        self.next_step(now, at);
    }

    /// Closes the hosts of the next step; those that another drain has already are left to it.
    fn next_step(&mut self, now: SimTime, at: u32) {
        let hosts = loop {
            let nodes = self.nodes();
            let Some(step) = nodes.drains[at as usize].rest.pop_front() else {
                nodes.drains.remove(at as usize);
                return;
            };
            let mut hosts: Vec<HostIx> = step.into_iter().flatten().map(HostIx).collect();
            hosts.retain(|host| nodes.trouble.get(host).is_none_or(|trouble| trouble.drain.is_none()));
            if !hosts.is_empty() {
                break hosts;
            }
        };
        let drain = &mut self.nodes().drains[at as usize];
        drain.hosts.clone_from(&hosts);
        drain.busy = hosts.len() as u32;
        if drain.work.is_some() {
            let patience = self.nodes().rules.patience;
            if now + patience < SimTime::NEVER {
                let ticket = self.node_at(now + patience, NodeEvent::Patience { drain: at });
                self.nodes().drains[at as usize].patience = Some(ticket);
            }
        }
        // All are closed before any is emptied: nothing moves from one to the next.
        for &host in &hosts {
            self.nodes().trouble(host).drain = Some(at);
            self.refresh(host);
            self.tell_host(now, Record::Maintenance, host, 0, &Happened::HostClosed { host });
            self.cut_moves_of(now, host);
        }
        for host in hosts {
            self.emptying(now, host);
        }
    }

    /// Moves what can be moved off a host that is to be emptied, as much at a time as it may.
    pub(super) fn emptying(&mut self, now: SimTime, host: HostIx) {
        let ticket = self.nodes().trouble(host).emptying.take();
        self.cancel(ticket);
        let trouble = self.nodes().trouble(host);
        if trouble.drain.is_none() || trouble.in_work || trouble.empty {
            return self.nodes().settle(host);
        }
        let dead = self.nodes().is_dead(host);
        let mut is_left = false;
        for slot in self.residents(host) {
            if self.nodes().move_of.contains_key(&slot) {
                continue;
            }
            let nodes = self.nodes();
            if nodes.trouble(host).moving_out >= nodes.rules.moves_per_host {
                break; // The end of a migration looks again.
            }
            let (state, step) = (self.instances[slot as usize].state, self.instances[slot as usize].step);
            let goes = match state {
                _ if dead || !self.can_move(slot) => false,
                State::Running if step == Step::None => self.begin_move(now, slot, host),
                State::Stopped if !self.nodes().down.contains_key(&slot) => self.move_stopped(now, slot),
                _ => false,
            };
            is_left |= !goes;
        }
        if self.nodes().residents[host.at()].is_empty() {
            self.is_empty(now, host);
        } else if is_left {
            let at = now + self.nodes().rules.move_retry;
            let ticket = self.node_at(at, NodeEvent::Emptying { host: host.0 });
            self.nodes().trouble(host).emptying = Some(ticket);
        }
    }

    /// Looks at a host that is to be emptied again, in this moment but after what goes on now.
    pub(super) fn look_again(&mut self, now: SimTime, host: HostIx) {
        let Some(trouble) = self.nodes().trouble.get_mut(&host) else { return };
        if trouble.drain.is_none() || trouble.in_work || trouble.empty {
            return;
        }
        let before = trouble.emptying.take();
        self.cancel(before);
        let ticket = self.node_at(now, NodeEvent::Emptying { host: host.0 });
        self.nodes().trouble(host).emptying = Some(ticket);
    }

    /// An instance has left a host: the last one makes it empty.
    pub(super) fn look_when_empty(&mut self, now: SimTime, host: HostIx) {
        if self.nodes().residents[host.at()].is_empty() {
            self.look_again(now, host);
        }
    }

    fn is_empty(&mut self, now: SimTime, host: HostIx) {
        let trouble = self.nodes().trouble(host);
        trouble.empty = true;
        let drain = trouble.drain.expect("only a host that is drained is asked whether it is empty");
        self.nodes().tally.hosts_emptied += 1;
        self.tell_host(now, Record::Maintenance, host, 1, &Happened::HostEmpty { host });
        self.one_less(now, drain);
    }

    /// One host less to wait for; with the last one the work begins.
    fn one_less(&mut self, now: SimTime, at: u32) {
        let drain = &mut self.nodes().drains[at as usize];
        drain.busy -= 1;
        if drain.busy == 0 {
            self.begin_work(now, at);
        }
    }

    /// The work on the hosts of a step begins. What is still on them is stopped for it, and keeps its place.
    pub(super) fn begin_work(&mut self, now: SimTime, at: u32) {
        let drain = &mut self.nodes().drains[at as usize];
        let (hosts, work, patience) = (drain.hosts.clone(), drain.work, drain.patience.take());
        self.cancel(patience);
        for host in hosts {
            self.nodes().trouble(host).in_work = true;
            self.nodes().tally.hosts_worked_on += 1;
            self.refresh(host);
            self.cut_moves_of(now, host);
            let stopped = self.all_go_down(now, host);
            self.nodes().tally.stopped_for_work += stopped;
        }
        if let Some(work) = work {
            let ticket = self.node_at(now + work, NodeEvent::WorkDone { drain: at });
            self.nodes().drains[at as usize].done = Some(ticket);
        }
    }

    pub(super) fn work_done(&mut self, now: SimTime, at: u32) {
        let hosts = std::mem::take(&mut self.nodes().drains[at as usize].hosts);
        for host in hosts {
            self.open(now, host);
        }
        self.nodes().drains[at as usize].done = None;
        self.next_step(now, at);
    }

    /// A host takes instances again, and starts those that were stopped for the work.
    fn open(&mut self, now: SimTime, host: HostIx) {
        let trouble = self.nodes().trouble(host);
        (trouble.drain, trouble.empty, trouble.in_work) = (None, false, false);
        let ticket = trouble.emptying.take();
        self.cancel(ticket);
        self.refresh(host);
        self.tell_host(now, Record::Maintenance, host, 2, &Happened::HostOpened { host });
        self.start_residents(now, host);
        self.nodes().settle(host);
    }

    /// A repair takes hosts off the list of every drain that has not come to them yet.
    pub(super) fn strike_off(&mut self, repaired: &Hosts) {
        for (_, drain) in self.nodes().drains.iter_mut() {
            for step in &mut drain.rest {
                for range in repaired {
                    *step = step.iter().flat_map(|part| without(part, range)).collect();
                }
            }
        }
    }

    /// A repair takes a host out of its drain.
    pub(super) fn leave_drain(&mut self, now: SimTime, host: HostIx) {
        let Some(trouble) = self.nodes().trouble.get(&host) else { return };
        let Some(at) = trouble.drain else { return };
        let was_busy = !trouble.empty && !trouble.in_work;
        self.nodes().drains[at as usize].hosts.retain(|other| *other != host);
        self.open(now, host);
        if was_busy {
            self.one_less(now, at);
        }
        let drain = &mut self.nodes().drains[at as usize];
        if drain.hosts.is_empty() {
            // Nobody is left to be worked on: the next step comes now.
            let (patience, done) = (drain.patience.take(), drain.done.take());
            self.cancel(patience);
            self.cancel(done);
            self.next_step(now, at);
        }
    }
}

#[cfg(test)]
mod unit {
    use super::without;

    #[test]
    fn what_is_left_of_a_range() {
        let left = |part, other| without(&part, &other).collect::<Vec<_>>();
        assert_eq!(left(2..8, 4..5), [2..4, 5..8]);
        assert_eq!(left(2..8, 0..4), [4..8]);
        assert_eq!(left(2..8, 6..20), [2..6]);
        assert_eq!(left(2..8, 0..9), []);
        assert_eq!(left(2..8, 8..9), [2..8]);
        assert_eq!(left(2..8, 0..2), [2..8]);
    }
}
