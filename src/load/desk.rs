//! The control plane behind the workers: one world behind a readers-writer lock, one fleet with locks of its own.

use parking_lot::{RwLock, RwLockReadGuard, RwLockWriteGuard};
use serde::Serialize;

use crate::api::Param;
use crate::metrics::clock::WallMark;
use crate::model::Utc;
use crate::placement::{Claim, Fleet};
use crate::sim::Cloud;
use crate::sim::templates::Template;
use crate::validate::{self, Created, Reject};
use crate::world::{Holdings, World};

/// A live instance: what has to be given back.
pub(super) struct Live {
    claim: Claim,
    holdings: Holdings,
}

/// How one kind of lock was used.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct LockUse {
    /// Times taken.
    pub taken: u64,
    /// Times that it was not free at once.
    pub contended: u64,
    /// Time spent waiting for it in nanoseconds, all workers together.
    pub waited_ns: u64,
}

/// How the lock of the world was used.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Locks {
    /// For phases 1 to 11 of the gate.
    pub shared: LockUse,
    /// For phases 12 to 14 with all claims, and for releases.
    pub exclusive: LockUse,
}

impl LockUse {
    /// Takes a lock: at once, or with its wait measured. The clock is read only when there is a wait.
    fn take<G>(&mut self, at_once: Option<G>, wait: impl FnOnce() -> G) -> G {
        self.taken += 1;
        at_once.unwrap_or_else(|| {
            let since = WallMark::now();
            let guard = wait();
            self.contended += 1;
            self.waited_ns += since.elapsed_nanos();
            guard
        })
    }

    fn add(&mut self, other: LockUse) {
        self.taken += other.taken;
        self.contended += other.contended;
        self.waited_ns += other.waited_ns;
    }
}

impl Locks {
    pub(super) fn add(&mut self, other: Locks) {
        self.shared.add(other.shared);
        self.exclusive.add(other.exclusive);
    }
}

/// What all workers share.
pub(super) struct Desk {
    world: RwLock<World>,
    pub(super) fleet: Fleet,
    templates: Vec<Template>,
    /// Templates in the order in which the workload asks for them; requests walk round it.
    order: Vec<u32>,
}

impl Desk {
    pub(super) fn new(cloud: Cloud, templates: Vec<Template>, order: Vec<u32>) -> Desk {
        let Cloud { world, fleet, .. } = cloud;
        Desk { world: RwLock::new(world), fleet, templates, order }
    }

    /// The template of request `number`.
    pub(super) fn template(&self, number: u64) -> &Template {
        let at = (number % self.order.len() as u64) as usize;
        &self.templates[self.order[at] as usize]
    }

    /// Answers request `number`: the gate's phases 1 to 11 with readers beside it, the rest alone.
    pub(super) fn serve(&self, number: u64, now: Utc, locks: &mut Locks) -> Result<Live, Reject> {
        let template = self.template(number);
        let request = template.request(number);
        let Created { claim, holdings, .. } = if request.has(Param::ClientToken) {
            // Two calls with one token must not both pass phase 2: they take turns.
            let mut world = self.exclusive(&mut locks.exclusive);
            validate::create(request, &mut world, &self.fleet, template.account, now)?
        } else {
            let admitted = {
                let world = self.shared(&mut locks.shared);
                validate::admit(request, &world, template.account, now)?
            };
            let mut world = self.exclusive(&mut locks.exclusive);
            validate::commit(&admitted, request, &mut world, &self.fleet, now)?
        };
        Ok(Live { claim, holdings })
    }

    /// Gives back all that an instance held.
    pub(super) fn release(&self, live: Live, locks: &mut Locks) {
        let Live { claim, holdings } = live;
        self.fleet.release(claim);
        self.exclusive(&mut locks.exclusive).give_back(holdings);
    }

    /// Claims of the whole fleet, used and sellable thousandths of a vCPU.
    pub(super) fn usage(&self) -> (u64, u64, u64) {
        let zones = (0..self.fleet.zones()).map(|zone| self.fleet.zone_usage(zone.into()));
        zones.fold((0, 0, 0), |sum, zone| {
            (sum.0 + zone.claims, sum.1 + zone.used.cpu_milli, sum.2 + zone.capacity.cpu_milli)
        })
    }

    fn shared(&self, used: &mut LockUse) -> RwLockReadGuard<'_, World> {
        used.take(self.world.try_read(), || self.world.read())
    }

    fn exclusive(&self, used: &mut LockUse) -> RwLockWriteGuard<'_, World> {
        used.take(self.world.try_write(), || self.world.write())
    }
}
