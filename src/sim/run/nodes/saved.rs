//! Failures and maintenance in a snapshot: everything but the rules, the script and the laws of wear.

use fixedbitset::FixedBitSet;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{Down, Drain, HostIx, Incoming, Move, NodeTally, Nodes, Outage, PoolWear, Trouble};
use crate::engine::{Stream, Ticket};
use crate::hypervisor::Copying;
use crate::placement::{Claim, Fleet, Misfit, Reservation, SavedClaim};
use crate::sim::slots::Slots;

/// What changes of the nodes of a run.
#[derive(Serialize, Deserialize)]
pub(in crate::sim::run) struct NodesState {
    wear: Vec<(Stream, Stream, HostIx)>,
    residents: Vec<Vec<u32>>,
    dead: Vec<u32>,
    #[serde(with = "crate::model::sorted")]
    trouble: FxHashMap<HostIx, Trouble>,
    outages: Slots<Outage>,
    #[serde(with = "crate::model::sorted")]
    down: FxHashMap<u32, Down>,
    drains: Slots<Drain>,
    moves: Slots<SavedMove>,
    #[serde(with = "crate::model::sorted")]
    move_of: FxHashMap<u32, u32>,
    #[serde(with = "crate::model::sorted")]
    incoming: FxHashMap<HostIx, Incoming>,
    wiping: Slots<SavedClaim>,
    tally: NodeTally,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct SavedMove {
    instance: u32,
    from: HostIx,
    to: SavedClaim,
    copying: Copying,
    end: Option<Ticket>,
}

/// How far the luck of a pool is, and the host that its next failure strikes.
fn worn(pool: &PoolWear) -> (&Stream, &Stream, HostIx) {
    let (failures, repairs) = pool.wear.luck();
    (failures, repairs, pool.next)
}

/// Nothing can go wrong.
fn sure<T>(done: Result<T, std::convert::Infallible>) -> T {
    let Ok(done) = done;
    done
}

impl Nodes {
    /// Everything that changes, as bytes.
    pub(in crate::sim::run) fn save(&self) -> Vec<u8> {
        /// As [`NodesState`], of what is there: the same fields in the same order.
        #[derive(Serialize)]
        struct Borrowed<'n> {
            wear: Vec<(&'n Stream, &'n Stream, HostIx)>,
            residents: &'n [Vec<u32>],
            dead: Vec<u32>,
            #[serde(with = "crate::model::sorted")]
            trouble: &'n FxHashMap<HostIx, Trouble>,
            outages: &'n Slots<Outage>,
            #[serde(with = "crate::model::sorted")]
            down: &'n FxHashMap<u32, Down>,
            drains: &'n Slots<Drain>,
            moves: Slots<SavedMove>,
            #[serde(with = "crate::model::sorted")]
            move_of: &'n FxHashMap<u32, u32>,
            #[serde(with = "crate::model::sorted")]
            incoming: &'n FxHashMap<HostIx, Incoming>,
            wiping: Slots<SavedClaim>,
            tally: &'n NodeTally,
        }
        let Nodes {
            rules: _,
            script: _,
            wear,
            residents,
            dead,
            trouble,
            outages,
            down,
            drains,
            moves,
            move_of,
            incoming,
            wiping,
            tally,
        } = self;
        let state = Borrowed {
            wear: wear.iter().map(worn).collect(),
            residents,
            dead: dead.ones().map(|host| host as u32).collect(),
            trouble,
            outages,
            down,
            drains,
            moves: sure(moves.map(|one| {
                let Move { instance, from, to, copying, end } = one;
                Ok(SavedMove {
                    instance: *instance,
                    from: *from,
                    to: to.save(),
                    copying: *copying,
                    end: *end,
                })
            })),
            move_of,
            incoming,
            wiping: sure(wiping.map(|claim| Ok(claim.save()))),
            tally,
        };
        postcard::to_stdvec(&state).expect("plain data")
    }

    /// Reads a state.
    pub(in crate::sim::run) fn read(bytes: &[u8]) -> Option<NodesState> {
        postcard::from_bytes(bytes).ok()
    }

    /// Goes on from a state; what it holds of the fleet is claimed again.
    ///
    /// # Errors
    /// When the fleet has no room for it, or other hosts.
    pub(in crate::sim::run) fn restore(&mut self, state: NodesState, fleet: &Fleet) -> Result<bool, Misfit> {
        let NodesState {
            wear,
            residents,
            dead,
            trouble,
            outages,
            down,
            drains,
            moves,
            move_of,
            incoming,
            wiping,
            tally,
        } = state;
        let sound = outages.is_sound() && drains.is_sound() && moves.is_sound() && wiping.is_sound();
        if wear.len() != self.wear.len() || residents.len() != self.residents.len() || !sound {
            return Ok(false);
        }
        for (pool, (failures, repairs, next)) in self.wear.iter_mut().zip(wear) {
            pool.wear.go_on(failures, repairs);
            pool.next = next;
        }
        let claim = |saved: SavedClaim| fleet.restore_claim(saved);
        self.moves = moves.turn(|SavedMove { instance, from, to, copying, end }| {
            let to = Reservation::of(claim(to)?);
            Ok::<Move, Misfit>(Move { instance, from, to, copying, end })
        })?;
        self.wiping = wiping.turn::<Claim, Misfit>(claim)?;
        // A membership without a host has no claim that would bring it back.
        let mut held: Vec<_> = down.values().filter_map(|down| down.held).collect();
        held.sort_unstable();
        held.into_iter().for_each(|(set, zone)| fleet.hold_membership(set, zone));
        self.dead = FixedBitSet::with_capacity(self.residents.len());
        for host in dead.into_iter().filter(|host| (*host as usize) < residents.len()) {
            self.dead.insert(host as usize);
        }
        (self.residents, self.trouble, self.outages, self.down) = (residents, trouble, outages, down);
        (self.drains, self.move_of, self.incoming, self.tally) = (drains, move_of, incoming, tally);
        Ok(true)
    }
}
