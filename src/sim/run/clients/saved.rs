//! Clients and their fleets in a snapshot. A request is not saved: it is made again as it was made.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Attempt, Clients, Counts, End, Fleet, SimDuration, SimTime, written};
use crate::sim::slots::Slots;
use crate::sim::templates::Template;
use crate::workload::Workload;

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
    fleet: Option<u32>,
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
    drawn: u64,
}

type Saved = (Slots<SavedAttempt>, Vec<SavedFleet>, Vec<(u32, (u32, u64))>, Counts);

impl Clients {
    /// Everything that changes, as bytes.
    pub(in crate::sim::run) fn save(&self) -> Vec<u8> {
        let Clients { rules: _, workloads: _, instead: _, attempts, fleets, members, streams: _, counts } =
            self;
        let attempts = attempts.map(|one| {
            let Attempt { first, begun, end, template, wanted, next, turns, retries, wait, fleet, request } =
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
                fleet: *fleet,
                request: request.as_ref().map(|one| (one.turn, one.number, one.template)),
            })
        });
        let Ok(attempts) = attempts;
        let fleets: Vec<SavedFleet> = fleets.iter().map(save_fleet).collect();
        let mut members: Vec<_> = members.iter().map(|(slot, member)| (*slot, *member)).collect();
        members.sort_unstable();
        postcard::to_stdvec(&(attempts, fleets, members, counts)).expect("plain data")
    }

    /// Goes on from a state, and lets `workload` draw for the fleets what it had drawn; none when the state is of other
    /// clients.
    pub(in crate::sim::run) fn restore(
        &mut self,
        bytes: &[u8],
        templates: &[Template],
        workload: &mut Workload,
    ) -> Option<()> {
        let (attempts, fleets, members, counts): Saved = postcard::from_bytes(bytes).ok()?;
        if fleets.len() != self.fleets.len() || !attempts.is_sound() {
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
                fleet,
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
                fleet,
                request,
            })
        });
        self.attempts = attempts.ok()?;
        for (fleet, saved) in self.fleets.iter_mut().zip(fleets) {
            for _ in 0..saved.drawn {
                workload.draw(fleet.workload)?;
            }
            restore_fleet(fleet, saved);
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
        drawn,
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
        drawn: *drawn,
    }
}

fn restore_fleet(fleet: &mut Fleet, saved: SavedFleet) {
    let SavedFleet { instances, pending, hold, wait, looks, wanted, missing, peak, created, deleted, drawn } =
        saved;
    (fleet.instances, fleet.pending, fleet.hold, fleet.wait) = (instances, pending, hold, wait);
    (fleet.looks, fleet.wanted, fleet.missing, fleet.peak) = (looks, wanted, missing, peak);
    (fleet.created, fleet.deleted, fleet.drawn) = (created, deleted, drawn);
}
