//! Live migrations: both ends are claimed from the moment that one is decided until it is done or cut.

use crate::model::{HostIx, SimTime};
use crate::placement::{Claim, Reservation, Want};
use crate::sim::log::Record;
use crate::sim::observe::Happened;

use super::super::Run;
use super::{Move, NodeEvent};

impl Run<'_> {
    /// What an instance asks for when it leaves its host for another one.
    fn want_elsewhere(&self, slot: u32) -> Option<Want<'static>> {
        self.want(slot).map(|want| Want { host: None, ..want })
    }

    /// Claims another host for an instance that runs, and begins the copy or waits for a turn at the target. False
    /// when there is no room.
    pub(super) fn begin_move(&mut self, now: SimTime, slot: u32, from: HostIx) -> bool {
        let Some(want) = self.want_elsewhere(slot) else { return false };
        let instance = &self.instances[slot as usize];
        let number = instance.number;
        let demand = self.templates[instance.template as usize].demand;
        let claim = instance.claim.as_ref().expect("an instance that runs has its place");
        let Ok(reserved) = self.fleet.reserve_move(claim, &want) else {
            self.nodes().tally.moves_without_room += 1;
            return false;
        };
        let to = reserved.host();
        if self.nodes().is_dead(to) {
            // Nobody knows yet, but it does not answer.
            self.fleet.cancel(reserved);
            self.nodes().tally.moves_without_room += 1;
            return false;
        }
        let nodes = self.nodes();
        let copying = nodes.rules.copy.of(demand.memory_mib, demand.cpu_milli);
        let migration =
            nodes.moves.insert(Move { instance: slot, from, to: reserved, copying, end: None }) as u32;
        nodes.move_of.insert(slot, migration);
        nodes.trouble(from).moving_out += 1;
        nodes.tally.moves_begun += 1;
        self.log.note(now, Record::MoveBegun, number, to.0);
        self.observer.happened(now, &Happened::MoveBegun { number, from, to });
        let per_host = self.nodes().rules.moves_per_host;
        let incoming = self.nodes().incoming.entry(to).or_default();
        if incoming.running < per_host {
            self.copy(now, migration);
        } else {
            incoming.waiting.push_back(migration);
        }
        true
    }

    /// A migration has its turn: the copy flows.
    fn copy(&mut self, now: SimTime, migration: u32) {
        let nodes = self.nodes();
        let one = &nodes.moves[migration as usize];
        let (to, took) = (one.to.host(), one.copying.copy + one.copying.pause);
        nodes.incoming.entry(to).or_default().running += 1;
        let end = self.node_at(now + took, NodeEvent::Moved { migration });
        self.nodes().moves[migration as usize].end = Some(end);
    }

    /// Takes a migration off the books of both hosts.
    fn take_move(&mut self, now: SimTime, migration: u32) -> Move {
        let nodes = self.nodes();
        let one = nodes.moves.remove(migration as usize);
        nodes.move_of.remove(&one.instance);
        nodes.trouble(one.from).moving_out -= 1;
        nodes.settle(one.from);
        let to = one.to.host();
        let incoming = nodes.incoming.entry(to).or_default();
        match one.end {
            Some(_) => incoming.running -= 1,
            None => incoming.waiting.retain(|other| *other != migration),
        }
        let per_host = self.nodes().rules.moves_per_host;
        let incoming = self.nodes().incoming.entry(to).or_default();
        if incoming.running < per_host
            && let Some(next) = incoming.waiting.pop_front()
        {
            self.copy(now, next);
        } else if incoming.running == 0 {
            self.nodes().incoming.remove(&to);
        }
        one
    }

    /// The copy is done and the instance goes on at the target; its old place is free.
    pub(super) fn moved(&mut self, now: SimTime, migration: u32) {
        let Move { instance: slot, from, to, copying, .. } = self.take_move(now, migration);
        let claim = self.fleet.commit(to);
        let (old, to) = self.change_host(slot, claim);
        self.fleet.release(old);
        self.is_on(now, slot, from);
        let number = self.instances[slot as usize].number;
        self.nodes().tally.moved(copying.bytes, copying.copy, copying.pause);
        self.log.note(now, Record::Moved, number, to.0);
        self.observer.happened(now, &Happened::Moved { number, from, to, pause: copying.pause });
        self.look_again(now, from);
    }

    /// Calls the migration of an instance off, when there is one.
    pub(super) fn cut_move(&mut self, now: SimTime, slot: u32) {
        if let Some(&migration) = self.nodes().move_of.get(&slot) {
            self.call_off(now, migration);
        }
    }

    /// Calls off every migration out of a host or into it.
    pub(super) fn cut_moves_of(&mut self, now: SimTime, host: HostIx) {
        let of_host = |one: &Move| one.from == host || one.to.host() == host;
        let all = self.nodes().moves.iter().filter(|(_, one)| of_host(one));
        let mut cut: Vec<u32> = all.map(|(at, _)| at as u32).collect();
        // Those that wait go first: none of them may take the turn of one that is cut.
        cut.sort_by_key(|at| self.nodes().moves[*at as usize].end.is_some());
        for migration in cut {
            self.call_off(now, migration);
        }
    }

    fn call_off(&mut self, now: SimTime, migration: u32) {
        let Move { instance: slot, from, to, end, .. } = self.take_move(now, migration);
        self.cancel(end);
        let target: Reservation = to;
        self.fleet.cancel(target);
        self.nodes().tally.moves_cut += 1;
        let number = self.instances[slot as usize].number;
        self.log.note(now, Record::MoveCut, number, from.0);
        self.observer.happened(now, &Happened::MoveCut { number });
        self.look_again(now, from);
    }

    /// Moves an instance that is stopped and keeps its place: nothing is copied. False when there is no room.
    pub(super) fn move_stopped(&mut self, now: SimTime, slot: u32) -> bool {
        let Some(want) = self.want_elsewhere(slot) else { return false };
        let claim: &Claim = self.instances[slot as usize].claim.as_ref().expect("it keeps its place");
        let Ok(reserved) = self.fleet.reserve_move(claim, &want) else { return false };
        let claim = self.fleet.commit(reserved);
        let (old, to) = self.change_host(slot, claim);
        let from = old.host();
        self.fleet.release(old);
        self.is_on(now, slot, from);
        let number = self.instances[slot as usize].number;
        self.log.note(now, Record::Replaced, number, to.0);
        self.observer.happened(now, &Happened::Replaced { number, host: to });
        true
    }
}
