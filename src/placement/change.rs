//! Changing what is claimed: reserve and commit, resize in place, migrate.

use super::bars::Bars;
use super::demand::DemandId;
use super::fleet::Fleet;
use super::query::Key;
use super::restore::SavedClaim;
use super::sets::Granularity;
use super::want::{Claim, NoRoom, Reason, Want};
use crate::model::{HostIx, ZoneIx};

/// Room that is set aside while something else is being decided. It counts as claimed.
#[must_use = "a reservation that is dropped keeps its capacity for ever"]
#[derive(PartialEq, Eq, Debug)]
pub struct Reservation {
    claim: Claim,
}

impl Reservation {
    /// The host.
    pub fn host(&self) -> HostIx {
        self.claim.host()
    }

    /// The reservation that a claim was.
    pub fn of(claim: Claim) -> Reservation {
        Reservation { claim }
    }

    /// As data: what [`Fleet::restore_claim`] claims again.
    pub fn save(&self) -> SavedClaim {
        self.claim.save()
    }
}

/// A change that did not happen: the claim as it was, and why.
#[derive(PartialEq, Eq, Debug)]
pub struct Unchanged {
    /// The claim, still good.
    pub claim: Claim,
    /// Why there is no room for the change.
    pub none: NoRoom,
}

impl Fleet {
    /// Sets room aside: [`Fleet::place`] in two steps.
    ///
    /// # Errors
    /// As [`Fleet::place`].
    pub fn reserve(&self, want: &Want<'_>) -> Result<Reservation, NoRoom> {
        self.place(want).map(|claim| Reservation { claim })
    }

    /// Sets room aside on another host for an instance that stays where it is until its copy is there (live migration):
    /// both ends count as claimed. `want` says what and where as for [`Fleet::place`]; the host of `claim` is never
    /// chosen. Within one set the member does not stand in its own way, and until one of the two ends is given back
    /// both are members, so that no other member comes near either. A set that it is to join beside its own one is
    /// asked as for a new member.
    ///
    /// # Errors
    /// When no other host has room; nothing was claimed.
    pub fn reserve_move(&self, claim: &Claim, want: &Want<'_>) -> Result<Reservation, NoRoom> {
        let reserved = self.in_zones(want, |zone| match want.set {
            Some(set) => self.reserve_in_set(set, claim, want, zone),
            None => self.place_found(want, |claiming| self.find_other(claim, want, zone, claiming)),
        });
        reserved.map(|claim| Reservation { claim })
    }

    /// Makes a reservation a claim.
    pub fn commit(&self, reservation: Reservation) -> Claim {
        reservation.claim
    }

    /// Gives a reservation back.
    pub fn cancel(&self, reservation: Reservation) {
        self.release(reservation.claim);
    }

    /// Changes what an instance takes, on its host. Its node and devices may change. The set it counts in stays.
    ///
    /// # Errors
    /// When the host has no room for the new demand beside its other instances; the claim is unchanged.
    pub fn resize(&self, claim: Claim, to: DemandId) -> Result<Claim, Unchanged> {
        let (shard, at) = self.layout.locate(claim.host);
        let home = &self.shards[shard];
        let mut state = home.lock();
        let owner = state.label_at(at).owner;
        let key = Key { demand: to, owner, cluster: None, lifetime: 0, named: true };
        let before = state.save(at);
        state.vacate(&self.facts, claim.demand, at, claim.nodes, claim.devices);
        match state.named(&self.facts, key, at) {
            Ok(query) => {
                let (nodes, devices) = state.occupy(&self.facts, query, at);
                home.grew();
                Ok(Claim { demand: to, nodes, devices, ..claim })
            }
            Err(reason) => {
                state.restore(&self.facts, claim.demand, at, &before);
                Err(Unchanged { claim, none: NoRoom { reason } })
            }
        }
    }

    /// Moves an instance to another host, at once: at no moment is it on both or on none. `want` says what and where
    /// as for [`Fleet::place`]; the host it is on now is never chosen. A copy that takes time is a [`Fleet::reserve`]
    /// first and a [`Fleet::release`] after.
    ///
    /// # Errors
    /// When no other host has room; the claim is unchanged.
    pub fn migrate(&self, claim: Claim, want: &Want<'_>) -> Result<Claim, Unchanged> {
        let old_zone = self.layout.segment(claim.host).zone;
        let moved = self.in_zones(want, |zone| match want.set {
            None => self.move_to(&claim, want, zone),
            Some(set) => self.move_in_set(set, &claim, want, zone, old_zone),
        });
        match moved {
            Ok(new) => {
                if let Some(old) = claim.set()
                    && Some(old) != want.set
                {
                    self.leave_set(old, old_zone, claim.host);
                }
                Ok(new)
            }
            Err(none) => Err(Unchanged { claim, none }),
        }
    }

    fn move_to(&self, claim: &Claim, want: &Want<'_>, zone: ZoneIx) -> Result<Claim, Reason> {
        self.move_found(claim, want, |claiming| self.find_other(claim, want, zone, claiming))
    }

    /// A host of a zone for an instance without a set, other than the one it is on.
    fn find_other(
        &self,
        claim: &Claim,
        want: &Want<'_>,
        zone: ZoneIx,
        claiming: bool,
    ) -> Result<(usize, u32), Reason> {
        let Some(place) = self.zones.get(zone.at()) else { return Err(Reason::NoHosts) };
        match want.host {
            Some(host) if host == claim.host => Err(Reason::WrongHost),
            Some(host) => self.find_named(want, zone, host),
            None => self.find_any(place, self.key(want), self.bar_over(Some(claim.host)), claiming),
        }
    }

    /// The bar over one host.
    pub(super) fn bar_over(&self, host: Option<HostIx>) -> Option<Bars<'_>> {
        Bars::new(&self.layout, Granularity::Host, &[], host)
    }

    /// Claims the host that `find` names and gives the old claim back, under both locks, taken in shard order.
    pub(super) fn move_found(
        &self,
        claim: &Claim,
        want: &Want<'_>,
        find: impl Fn(bool) -> Result<(usize, u32), Reason>,
    ) -> Result<Claim, Reason> {
        let (from, old_at) = self.layout.locate(claim.host);
        loop {
            let (to, at) = find(true)?;
            let mut low = self.shards[from.min(to)].lock();
            let mut high = (from != to).then(|| self.shards[from.max(to)].lock());
            let target = match &mut high {
                Some(high) if to > from => &mut **high,
                _ => &mut *low,
            };
            let query = target.query(&self.facts, self.key(want));
            target.stats.decisions += 1;
            if !target.has_room_at(&self.facts, query, at) {
                target.stats.retries += 1;
                continue;
            }
            let new = self.claim(target, query, to, at, want);
            let source = match &mut high {
                Some(high) if from > to => &mut **high,
                _ => &mut *low,
            };
            source.vacate(&self.facts, claim.demand, old_at, claim.nodes, claim.devices);
            self.shards[from].grew();
            return Ok(new);
        }
    }
}
