//! Clients, their fleets and closed loops in a snapshot. A request is not saved: it is made again as it was made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Attempt, Caller, Clients, Counts, End, Fleet, Loop, SimDuration, SimTime, written};
use crate::sim::run::loops::LoopState;
use crate::sim::slots::Slots;
use crate::sim::templates::Template;

#[derive(Serialize, Deserialize)]
struct SavedAttempt {
    first: u64,
    begun: SimTime,
    end: End,
    template: u32,
    wanted: u32,
    next: usize,
    turns: u32,
    retries: u32,
    wait: u64,
    caller: Caller,
    /// Turn and number of the request that it was written for, and the template of that turn.
    request: Option<(u32, u64, u32)>,
}

#[derive(Serialize, Deserialize)]
struct SavedFleet {
    instances: BTreeMap<u64, u32>,
    pending: u32,
    hold: SimTime,
    wait: SimDuration,
    looks: u64,
    wanted: u64,
    missing: u64,
    peak: u32,
    created: u64,
    deleted: u64,
}

type Saved = (Slots<SavedAttempt>, Vec<SavedFleet>, Vec<LoopState>, Vec<(u32, (Caller, u64))>, Counts);

impl Clients {
    /// Everything that changes, as bytes.
    pub(in crate::sim::run) fn save(&self) -> Vec<u8> {
        let Clients {
            rules: _,
            workloads: _,
            instead: _,
            attempts,
            fleets,
            loops,
            members,
            streams: _,
            counts,
        } = self;
        let attempts = attempts.map(|one| {
            let Attempt { first, begun, end, template, wanted, next, turns, retries, wait, caller, request } =
                one;
            Ok::<SavedAttempt, std::convert::Infallible>(SavedAttempt {
                first: *first,
                begun: *begun,
                end: *end,
                template: *template,
                wanted: *wanted,
                next: *next,
                turns: *turns,
                retries: *retries,
                wait: *wait,
                caller: *caller,
                request: request.as_ref().map(|one| (one.turn, one.number, one.template)),
            })
        });
        let Ok(attempts) = attempts;
        let fleets: Vec<SavedFleet> = fleets.iter().map(save_fleet).collect();
        let mut members: Vec<_> = members.iter().map(|(slot, member)| (*slot, *member)).collect();
        members.sort_unstable_by_key(|(slot, _)| *slot);
        let loops: Vec<LoopState> = loops.iter().map(Loop::save).collect();
        postcard::to_stdvec(&(attempts, fleets, loops, members, counts)).expect("plain data")
    }

    /// Goes on from a state; none when that is of other clients.
    pub(in crate::sim::run) fn restore(&mut self, bytes: &[u8], templates: &[Template]) -> Option<()> {
        let (attempts, fleets, loops, members, counts): Saved = postcard::from_bytes(bytes).ok()?;
        if fleets.len() != self.fleets.len() || loops.len() != self.loops.len() || !attempts.is_sound() {
            return None;
        }
        let attempts = attempts.turn(|saved| {
            let SavedAttempt {
                first,
                begun,
                end,
                template,
                wanted,
                next,
                turns,
                retries,
                wait,
                caller,
                request,
            } = saved;
            for known in [template, wanted] {
                templates.get(known as usize).ok_or(())?;
            }
            let request = match request {
                None => None,
                Some((turn, number, of)) => {
                    let template = templates.get(of as usize).ok_or(())?;
                    Some(written(template, of, first, turn, number))
                }
            };
            Ok::<Attempt, ()>(Attempt {
                first,
                begun,
                end,
                template,
                wanted,
                next,
                turns,
                retries,
                wait,
                caller,
                request,
            })
        });
        self.attempts = attempts.ok()?;
        for (fleet, saved) in self.fleets.iter_mut().zip(fleets) {
            restore_fleet(fleet, saved);
        }
        for (one, saved) in self.loops.iter_mut().zip(loops) {
            one.restore(saved)?;
        }
        self.members = members.into_iter().collect();
        self.counts = counts;
        Some(())
    }
}

fn save_fleet(fleet: &Fleet) -> SavedFleet {
    let Fleet {
        workload: _,
        name: _,
        target: _,
        every: _,
        step: _,
        remove: _,
        instances,
        pending,
        hold,
        wait,
        looks,
        wanted,
        missing,
        peak,
        created,
        deleted,
    } = fleet;
    SavedFleet {
        instances: instances.clone(),
        pending: *pending,
        hold: *hold,
        wait: *wait,
        looks: *looks,
        wanted: *wanted,
        missing: *missing,
        peak: *peak,
        created: *created,
        deleted: *deleted,
    }
}

fn restore_fleet(fleet: &mut Fleet, saved: SavedFleet) {
    let SavedFleet { instances, pending, hold, wait, looks, wanted, missing, peak, created, deleted } = saved;
    (fleet.instances, fleet.pending, fleet.hold, fleet.wait) = (instances, pending, hold, wait);
    (fleet.looks, fleet.wanted, fleet.missing, fleet.peak) = (looks, wanted, missing, peak);
    (fleet.created, fleet.deleted) = (created, deleted);
}
