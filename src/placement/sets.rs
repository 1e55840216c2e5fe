//! Deployment sets and HPC clusters: instances that keep apart, or near each other.
//!
//! A set knows the hosts of its members; the search asks of a host that it meets whether one of them bars it
//! (`bars`). Sets lie behind a fixed number of locks (stripes). Lock order: a stripe, then a shard.

use crossbeam::utils::CachePadded;
use smallvec::SmallVec;

use super::bars::{self, Bars};
use super::fleet::{Fleet, Zone};
use super::layout::Layout;
use super::want::{Claim, Reason, Want};
use crate::model::{HostIx, ZoneIx};
use crate::sync::{AtomicU64, Mutex, Ordering};

/// A deployment set or an HPC cluster of the fleet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct SetIx(pub u32);

/// What two members of a set may not share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Granularity {
    /// A host (DEP-1).
    Host,
    /// A rack.
    Rack,
    /// A switch (DEP-2).
    Switch,
}

/// How the members of a set are laid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum SetRule {
    /// No two members share a host, rack or switch, and a zone has at most so many of them (DEP-10: 7).
    Spread {
        /// What they do not share.
        apart: Granularity,
        /// Members a zone.
        per_zone: u32,
    },
    /// Near each other, as an HPC cluster: in the rack of a member when there is room (the rack with the most
    /// members first), else behind the switch of one, else anywhere. Within each the policy picks; policies that
    /// draw take the lowest rank.
    Near,
}

/// One set: one cache line while it has up to seven members, all of one zone.
#[derive(Clone, Debug)]
#[repr(align(64))]
struct Set {
    rule: SetRule,
    /// Hosts of members, in no order that matters.
    hosts: SmallVec<[HostIx; 7]>,
    /// The zone of the first member ever, and members there now.
    home: (ZoneIx, u32),
    /// The same for other zones.
    elsewhere: Option<Box<Elsewhere>>,
}

const _: () = assert!(size_of::<Set>() == 64);

/// Members in each other zone that has had any.
#[derive(Clone, Debug, Default)]
struct Elsewhere(Vec<(ZoneIx, u32)>);

const STRIPES: usize = 64;
/// Of a set that has had no member.
const NO_ZONE: ZoneIx = ZoneIx(u32::MAX);

/// All sets of a fleet.
#[derive(Debug)]
pub(super) struct Sets {
    stripes: Vec<CachePadded<Mutex<Vec<Set>>>>,
    next: AtomicU64,
}

impl Sets {
    pub(super) fn new() -> Sets {
        Sets {
            stripes: (0..STRIPES).map(|_| Mutex::new(Vec::new()).into()).collect(),
            next: AtomicU64::new(0),
        }
    }

    /// A twin in the same state.
    pub(super) fn fork(&self) -> Sets {
        let stripes = self.stripes.iter().map(|stripe| Mutex::new(stripe.lock().clone()).into()).collect();
        Sets { stripes, next: AtomicU64::new(self.next.load(Ordering::Relaxed)) }
    }

    fn add(&self, rule: SetRule) -> SetIx {
        let number = self.next.fetch_add(1, Ordering::Relaxed) as usize;
        let mut sets = self.stripes[number % STRIPES].lock();
        // Threads may add out of order: the slots between belong to sets that are being added.
        while sets.len() <= number / STRIPES {
            sets.push(Set { rule, hosts: SmallVec::new(), home: (NO_ZONE, 0), elsewhere: None });
        }
        sets[number / STRIPES].rule = rule;
        SetIx(number as u32)
    }

    /// The rules of all sets, in order of their numbers.
    pub(super) fn rules(&self) -> Vec<SetRule> {
        let count = self.next.load(Ordering::Relaxed) as u32;
        (0..count).filter_map(|at| self.with(SetIx(at), |set| set.rule)).collect()
    }

    /// Works on one set under its lock; none when there is no such set.
    #[inline]
    fn with<T>(&self, set: SetIx, work: impl FnOnce(&mut Set) -> T) -> Option<T> {
        let at = set.0 as usize;
        self.stripes[at % STRIPES].lock().get_mut(at / STRIPES).map(work)
    }
}

impl Set {
    fn count(&self, zone: ZoneIx) -> u32 {
        if self.home.0 == zone {
            return self.home.1;
        }
        let elsewhere = self.elsewhere.iter().flat_map(|elsewhere| &elsewhere.0);
        elsewhere.copied().find(|(known, _)| *known == zone).map_or(0, |(_, count)| count)
    }

    /// The count of a zone, to change it.
    fn count_mut(&mut self, zone: ZoneIx) -> &mut u32 {
        if self.home.0 == NO_ZONE {
            self.home.0 = zone;
        }
        if self.home.0 == zone {
            return &mut self.home.1;
        }
        let counts = &mut self.elsewhere.get_or_insert_default().0;
        let at = counts.iter().position(|(known, _)| *known == zone).unwrap_or_else(|| {
            counts.push((zone, 0));
            counts.len() - 1
        });
        &mut counts[at].1
    }

    fn count_in(&mut self, zone: ZoneIx) {
        *self.count_mut(zone) += 1;
    }

    fn count_out(&mut self, zone: ZoneIx) {
        let count = self.count_mut(zone);
        *count = count.checked_sub(1).expect("who leaves a set was a member of it");
    }

    /// Whether it may have no more members in a zone.
    fn is_full(&self, zone: ZoneIx) -> bool {
        matches!(self.rule, SetRule::Spread { per_zone, .. } if self.count(zone) >= per_zone)
    }

    fn join(&mut self, zone: ZoneIx, host: HostIx) {
        self.count_in(zone);
        self.hosts.push(host);
    }

    fn leave(&mut self, zone: ZoneIx, host: HostIx) {
        self.count_out(zone);
        if let Some(at) = self.hosts.iter().position(|member| *member == host) {
            self.hosts.swap_remove(at);
        }
    }

    /// What its members bar to others, and the host that is left.
    #[inline]
    fn bars<'a>(&'a self, layout: &'a Layout, leaving: Option<HostIx>) -> Option<Bars<'a>> {
        match self.rule {
            SetRule::Spread { apart, .. } => Bars::new(layout, apart, &self.hosts, leaving),
            SetRule::Near => Bars::new(layout, Granularity::Host, &[], leaving),
        }
    }

    /// Racks, then switches of members in a zone, as ranges of hosts: those with the most members first, the
    /// lowest among equals.
    fn near(&self, layout: &Layout, zone: ZoneIx) -> Vec<std::ops::Range<u32>> {
        let mut ranges = Vec::new();
        for apart in [Granularity::Rack, Granularity::Switch] {
            let mut reached: Vec<(u32, std::ops::Range<u32>)> = Vec::new();
            for &host in self.hosts.iter().filter(|&&host| layout.segment(host).zone == zone) {
                let range = bars::reach(layout, apart, host);
                match reached.iter_mut().find(|(_, known)| *known == range) {
                    Some((count, _)) => *count += 1,
                    None => reached.push((1, range)),
                }
            }
            reached.sort_by_key(|(count, range)| (std::cmp::Reverse(*count), range.start));
            ranges.extend(reached.into_iter().map(|(_, range)| range));
        }
        ranges
    }
}

impl Fleet {
    /// Makes a set.
    pub fn add_set(&self, rule: SetRule) -> SetIx {
        self.sets.add(rule)
    }

    /// Members of a set in a zone.
    pub fn set_members(&self, set: SetIx, zone: ZoneIx) -> u32 {
        self.sets.with(set, |set| set.count(zone)).unwrap_or(0)
    }

    /// Keeps a place in a set for a member that has no host for the time being: it counts in its zone, and bars nobody
    /// (DEP-10, DEP-40, DEP-41).
    pub fn hold_membership(&self, set: SetIx, zone: ZoneIx) {
        self.sets.with(set, |set| set.count_in(zone));
    }

    /// Ends what [`Fleet::hold_membership`] began.
    pub fn drop_membership(&self, set: SetIx, zone: ZoneIx) {
        self.sets.with(set, |set| set.count_out(zone));
    }

    /// The members whom a request's set keeps apart now, and whether the set is full in a zone.
    pub(super) fn members_of(
        &self,
        want: &Want<'_>,
        zone: ZoneIx,
    ) -> (Granularity, SmallVec<[HostIx; 7]>, bool) {
        let nobody = (Granularity::Host, SmallVec::new(), false);
        let Some(set) = want.set else { return nobody };
        let members = self.sets.with(set, |set| match set.rule {
            SetRule::Spread { apart, .. } => (apart, set.hosts.clone(), set.is_full(zone)),
            SetRule::Near => nobody.clone(),
        });
        members.unwrap_or(nobody)
    }

    /// Where a member of a set would go in a zone. Claims nothing.
    pub(super) fn find_in_set(&self, want: &Want<'_>, zone: ZoneIx) -> Result<(usize, u32), Reason> {
        let Some(set) = want.set else { return Err(Reason::Set) };
        let found = self.sets.with(set, |set| self.find_for(set, want, zone, None, false));
        found.unwrap_or(Err(Reason::Set))
    }

    /// Where a member goes; not to the host `leaving`.
    fn find_for(
        &self,
        set: &Set,
        want: &Want<'_>,
        zone: ZoneIx,
        leaving: Option<HostIx>,
        claiming: bool,
    ) -> Result<(usize, u32), Reason> {
        let Some(place) = self.zones.get(zone.at()) else { return Err(Reason::NoHosts) };
        if set.is_full(zone) {
            return Err(Reason::SetFull);
        }
        let bars = set.bars(&self.layout, leaving);
        if let Some(host) = want.host {
            if leaving == Some(host) {
                return Err(Reason::WrongHost);
            }
            let (shard, at) = self.find_named(want, zone, host)?;
            return match bars::barred(bars.map(|bars| bars.of(shard as u32)), at) {
                Some(_) => Err(Reason::Set),
                None => Ok((shard, at)),
            };
        }
        if set.rule == SetRule::Near
            && let Some(found) = self.find_near(set, place, want, leaving)
        {
            return Ok(found);
        }
        self.find_any(place, self.key(want), bars, claiming)
    }

    fn find_near(
        &self,
        set: &Set,
        place: &Zone,
        want: &Want<'_>,
        leaving: Option<HostIx>,
    ) -> Option<(usize, u32)> {
        let key = self.key(want);
        let own = self.bar_over(leaving);
        for range in set.near(&self.layout, place.zone) {
            let mut parts = Vec::new();
            self.layout.positions(range, |shard, positions| parts.push((shard, positions)));
            let best = parts.into_iter().filter_map(|(shard, positions)| {
                let mut state = self.shards[shard as usize].lock();
                let query = state.query(&self.facts, key);
                let (score, at) =
                    state.find_within(&self.facts, query, positions, own.map(|own| own.of(shard)))?;
                Some((std::cmp::Reverse(score), shard as usize, at))
            });
            if let Some((_, shard, at)) = best.min() {
                return Some((shard, at));
            }
        }
        None
    }

    /// Places a member of a set. The set stays locked, so that its limits hold whatever other threads do.
    pub(super) fn place_in_set(&self, want: &Want<'_>, zone: ZoneIx) -> Result<Claim, Reason> {
        let Some(set) = want.set else { return Err(Reason::Set) };
        let placed = self.sets.with(set, |set| {
            if let (Some(shard), SetRule::Spread { .. }) = (self.only_shard(want, zone), set.rule) {
                return self.place_member_in_only(set, want, zone, shard);
            }
            let claim = self.place_found(want, |claiming| self.find_for(set, want, zone, None, claiming))?;
            set.join(zone, claim.host);
            Ok(claim)
        });
        placed.unwrap_or(Err(Reason::Set))
    }

    /// The short way for a member, as [`Fleet::place_in_only`]. Nothing of the set is read or written between the two
    /// locks: so the cache misses on the set and on the shard overlap.
    #[inline]
    fn place_member_in_only(
        &self,
        set: &mut Set,
        want: &Want<'_>,
        zone: ZoneIx,
        shard: usize,
    ) -> Result<Claim, Reason> {
        let key = self.key(want);
        let home = &self.shards[shard];
        let full = if key.is_plain() { home.known_full(key.demand) } else { None };
        if let Some(reason) = full {
            return Err(if set.is_full(zone) { Reason::SetFull } else { reason });
        }
        let mut guard = home.lock();
        let state = &mut *guard;
        state.stats.decisions += 1;
        if set.is_full(zone) {
            return Err(Reason::SetFull);
        }
        let query = state.query(&self.facts, key);
        let bars = set.bars(&self.layout, None).map(|bars| bars.of(shard as u32));
        match state.find_best(&self.facts, query, bars) {
            Some((_, at)) => {
                let claim = self.claim(state, query, shard, at, want);
                set.join(zone, claim.host);
                Ok(claim)
            }
            None if bars.is_none() => Err(home.note_full(state, &self.facts, query)),
            None => Err(state.why_not(&self.facts, query).0),
        }
    }

    /// Moves a claim to a host of a zone as a member of a set, under the lock of the set. A claim that is a member
    /// already does not stand in its own way.
    pub(super) fn move_in_set(
        &self,
        set: SetIx,
        claim: &Claim,
        want: &Want<'_>,
        zone: ZoneIx,
        old_zone: ZoneIx,
    ) -> Result<Claim, Reason> {
        let member = claim.set() == Some(set);
        let moved = self.sets.with(set, |set| {
            if member {
                set.leave(old_zone, claim.host);
            }
            let find = |claiming| self.find_for(set, want, zone, Some(claim.host), claiming);
            let moved = self.move_found(claim, want, find);
            match &moved {
                Ok(new) => set.join(zone, new.host),
                Err(_) if member => set.join(old_zone, claim.host),
                Err(_) => {}
            }
            moved
        });
        moved.unwrap_or(Err(Reason::Set))
    }

    /// Makes the holder of a claim on `host` a member of a set, where it is.
    pub(super) fn enter_set(&self, set: SetIx, zone: ZoneIx, host: HostIx) -> Result<(), Reason> {
        let (shard, at) = self.layout.locate(host);
        let entered = self.sets.with(set, |set| {
            if set.is_full(zone) {
                return Err(Reason::SetFull);
            }
            let bars = set.bars(&self.layout, None).map(|bars| bars.of(shard as u32));
            if bars::barred(bars, at).is_some() {
                return Err(Reason::Set);
            }
            set.join(zone, host);
            Ok(())
        });
        entered.unwrap_or(Err(Reason::Set))
    }

    /// Claims a host of a zone for a member of a set that keeps its claim for the time being, under the lock of the
    /// set: both are members until one is given back.
    pub(super) fn reserve_in_set(
        &self,
        set: SetIx,
        claim: &Claim,
        want: &Want<'_>,
        zone: ZoneIx,
    ) -> Result<Claim, Reason> {
        let member = claim.set() == Some(set);
        let old_zone = self.layout.segment(claim.host).zone;
        let reserved = self.sets.with(set, |set| {
            if member {
                set.leave(old_zone, claim.host);
            }
            let find = |claiming| self.find_for(set, want, zone, Some(claim.host), claiming);
            let reserved = self.place_found(want, find);
            if member {
                set.join(old_zone, claim.host);
            }
            if let Ok(new) = &reserved {
                set.join(zone, new.host);
            }
            reserved
        });
        reserved.unwrap_or(Err(Reason::Set))
    }

    /// Makes the holder of a claim a member of a set, whatever the set's limits; false when there is no such set.
    pub(super) fn seat(&self, set: SetIx, host: HostIx) -> bool {
        let zone = self.layout.segment(host).zone;
        self.sets.with(set, |set| set.join(zone, host)).is_some()
    }

    /// Takes a member out of a set.
    pub(super) fn leave_set(&self, set: SetIx, zone: ZoneIx, host: HostIx) {
        self.sets.with(set, |set| set.leave(zone, host));
    }

    /// Gives a member's claim back, under the lock of its set.
    pub(super) fn release_member(&self, set: SetIx, claim: Claim) {
        let zone = self.layout.segment(claim.host).zone;
        let (shard, at) = self.layout.locate(claim.host);
        let home = &self.shards[shard];
        self.sets.with(set, |set| {
            // Both locks before any work on either, as in `place_member_in_only`; and the set's line is called for
            // before it is needed.
            let mut state = home.lock();
            std::hint::black_box(set.home.1);
            state.vacate(&self.facts, claim.demand, at, claim.nodes, claim.devices);
            home.grew();
            set.leave(zone, claim.host);
        });
    }
}
