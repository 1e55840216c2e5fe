//! Deployment sets and HPC clusters: instances that keep apart, or near each other.
//!
//! A set knows which positions of which shards its members bar, sorted, so that the search skips them without a
//! look at any other host. Sets lie behind a fixed number of locks (stripes). Lock order: a stripe, then a shard.

use smallvec::SmallVec;

use super::fleet::{Fleet, Zone};
use super::layout::Layout;
use super::sync::{AtomicU64, Mutex, Ordering};
use super::want::{Claim, Reason, Want};
use crate::model::{HostIx, ZoneIx};

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

/// Positions of one shard that members bar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Bar {
    shard: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    members: u32,
}

impl Bar {
    /// Over one host.
    pub(super) fn one(shard: u32, at: u32) -> Bar {
        Bar { shard, start: at, end: at + 1, members: 1 }
    }
}

/// One set.
#[derive(Clone, Debug)]
struct Set {
    rule: SetRule,
    /// For `Spread`: sorted by shard and position, disjoint.
    bars: SmallVec<[Bar; 7]>,
    /// For `Near`: hosts of members.
    hosts: Vec<HostIx>,
    /// Members in each zone that has any.
    counts: SmallVec<[(ZoneIx, u32); 2]>,
}

/// The bars of one shard among those of a set.
#[inline]
pub(super) fn bars_of(bars: &[Bar], shard: u32) -> &[Bar] {
    let start = bars.partition_point(|bar| bar.shard < shard);
    let end = start + bars[start..].partition_point(|bar| bar.shard == shard);
    &bars[start..end]
}

const STRIPES: usize = 64;

/// All sets of a fleet.
#[derive(Debug)]
pub(super) struct Sets {
    stripes: Vec<Mutex<Vec<Set>>>,
    next: AtomicU64,
}

impl Sets {
    pub(super) fn new() -> Sets {
        Sets { stripes: (0..STRIPES).map(|_| Mutex::new(Vec::new())).collect(), next: AtomicU64::new(0) }
    }

    /// A twin in the same state.
    pub(super) fn fork(&self) -> Sets {
        let stripes = self.stripes.iter().map(|stripe| Mutex::new(stripe.lock().clone())).collect();
        Sets { stripes, next: AtomicU64::new(self.next.load(Ordering::Relaxed)) }
    }

    fn add(&self, rule: SetRule) -> SetIx {
        let number = self.next.fetch_add(1, Ordering::Relaxed) as usize;
        let mut sets = self.stripes[number % STRIPES].lock();
        // Threads may add out of order: the slots between belong to sets that are being added.
        while sets.len() <= number / STRIPES {
            sets.push(Set { rule, bars: SmallVec::new(), hosts: Vec::new(), counts: SmallVec::new() });
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
        self.counts.iter().find(|(known, _)| *known == zone).map_or(0, |&(_, count)| count)
    }

    fn count_in(&mut self, zone: ZoneIx) {
        match self.counts.iter_mut().find(|(known, _)| *known == zone) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((zone, 1)),
        }
    }

    fn count_out(&mut self, zone: ZoneIx) {
        if let Some((_, count)) = self.counts.iter_mut().find(|(known, _)| *known == zone) {
            *count -= 1;
        }
    }

    /// Hosts that a member on `host` bars.
    fn reach(layout: &Layout, apart: Granularity, host: HostIx) -> std::ops::Range<u32> {
        match apart {
            Granularity::Host => host.0..host.0 + 1,
            Granularity::Rack => layout.segment(host).rack_hosts(host),
            Granularity::Switch => layout.segment(host).switch_hosts(host),
        }
    }

    fn join(&mut self, layout: &Layout, zone: ZoneIx, host: HostIx) {
        self.count_in(zone);
        let SetRule::Spread { apart, .. } = self.rule else { return self.hosts.push(host) };
        layout.positions(Self::reach(layout, apart, host), |shard, positions| {
            let at = self.bars.partition_point(|bar| (bar.shard, bar.start) < (shard, positions.start));
            match self.bars.get_mut(at) {
                Some(bar) if (bar.shard, bar.start) == (shard, positions.start) => bar.members += 1,
                _ => {
                    let bar = Bar { shard, start: positions.start, end: positions.end, members: 1 };
                    self.bars.insert(at, bar);
                }
            }
        });
    }

    fn leave(&mut self, layout: &Layout, zone: ZoneIx, host: HostIx) {
        self.count_out(zone);
        let SetRule::Spread { apart, .. } = self.rule else {
            if let Some(at) = self.hosts.iter().rposition(|known| *known == host) {
                self.hosts.remove(at);
            }
            return;
        };
        layout.positions(Self::reach(layout, apart, host), |shard, positions| {
            let at = self.bars.partition_point(|bar| (bar.shard, bar.start) < (shard, positions.start));
            if let Some(bar) = self.bars.get_mut(at) {
                bar.members -= 1;
                if bar.members == 0 {
                    self.bars.remove(at);
                }
            }
        });
    }

    /// Racks, then switches of members in a zone, as ranges of hosts: those with the most members first, the
    /// lowest among equals.
    fn near(&self, layout: &Layout, zone: ZoneIx) -> Vec<std::ops::Range<u32>> {
        let mut ranges = Vec::new();
        for apart in [Granularity::Rack, Granularity::Switch] {
            let mut reached: Vec<(u32, std::ops::Range<u32>)> = Vec::new();
            for &host in self.hosts.iter().filter(|&&host| layout.segment(host).zone == zone) {
                let range = Self::reach(layout, apart, host);
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

    /// The bars that a request's set puts up now, and whether the set is full in a zone.
    pub(super) fn bars_in(&self, want: &Want<'_>, zone: ZoneIx) -> (SmallVec<[Bar; 7]>, bool) {
        let Some(set) = want.set else { return (SmallVec::new(), false) };
        let bars = self.sets.with(set, |set| {
            let full = matches!(set.rule, SetRule::Spread { per_zone, .. } if set.count(zone) >= per_zone);
            (set.bars.clone(), full)
        });
        bars.unwrap_or_default()
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
        if let SetRule::Spread { per_zone, .. } = set.rule
            && set.count(zone) >= per_zone
        {
            return Err(Reason::SetFull);
        }
        if let Some(host) = want.host {
            if leaving == Some(host) {
                return Err(Reason::WrongHost);
            }
            let (shard, at) = self.find_named(want, zone, host)?;
            return match super::find::barred(bars_of(&set.bars, shard as u32), at) {
                Some(_) => Err(Reason::Set),
                None => Ok((shard, at)),
            };
        }
        if set.rule == SetRule::Near
            && let Some(found) = self.find_near(set, place, want, leaving)
        {
            return Ok(found);
        }
        let Some(leaving) = leaving else { return self.find_any(place, self.key(want), &set.bars, claiming) };
        let (own, mut bars) = (self.bar_of(leaving), set.bars.clone());
        let at = bars.partition_point(|bar| (bar.shard, bar.end) <= (own.shard, own.start));
        if bars.get(at).is_none_or(|bar| (bar.shard, bar.start) > (own.shard, own.start)) {
            bars.insert(at, own);
        }
        self.find_any(place, self.key(want), &bars, claiming)
    }

    fn find_near(
        &self,
        set: &Set,
        place: &Zone,
        want: &Want<'_>,
        leaving: Option<HostIx>,
    ) -> Option<(usize, u32)> {
        let key = self.key(want);
        let own: Vec<Bar> = leaving.map(|host| self.bar_of(host)).into_iter().collect();
        for range in set.near(&self.layout, place.zone) {
            let mut parts = Vec::new();
            self.layout.positions(range, |shard, positions| parts.push((shard, positions)));
            let best = parts.into_iter().filter_map(|(shard, positions)| {
                let mut state = self.shards[shard as usize].lock();
                let query = state.query(&self.facts, key);
                let (score, at) = state.find_within(&self.facts, query, positions, bars_of(&own, shard))?;
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
            let claim = self.place_found(want, |claiming| self.find_for(set, want, zone, None, claiming))?;
            set.join(&self.layout, zone, claim.host);
            Ok(claim)
        });
        placed.unwrap_or(Err(Reason::Set))
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
                set.leave(&self.layout, old_zone, claim.host);
            }
            let find = |claiming| self.find_for(set, want, zone, Some(claim.host), claiming);
            let moved = self.move_found(claim, want, find);
            match &moved {
                Ok(new) => set.join(&self.layout, zone, new.host),
                Err(_) if member => set.join(&self.layout, old_zone, claim.host),
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
            match set.rule {
                SetRule::Spread { per_zone, .. } if set.count(zone) >= per_zone => {
                    return Err(Reason::SetFull);
                }
                _ if super::find::barred(bars_of(&set.bars, shard as u32), at).is_some() => {
                    return Err(Reason::Set);
                }
                _ => set.join(&self.layout, zone, host),
            }
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
                set.leave(&self.layout, old_zone, claim.host);
            }
            let find = |claiming| self.find_for(set, want, zone, Some(claim.host), claiming);
            let reserved = self.place_found(want, find);
            if member {
                set.join(&self.layout, old_zone, claim.host);
            }
            if let Ok(new) = &reserved {
                set.join(&self.layout, zone, new.host);
            }
            reserved
        });
        reserved.unwrap_or(Err(Reason::Set))
    }

    /// Makes the holder of a claim a member of a set, whatever the set's limits; false when there is no such set.
    pub(super) fn seat(&self, set: SetIx, host: HostIx) -> bool {
        let zone = self.layout.segment(host).zone;
        self.sets.with(set, |set| set.join(&self.layout, zone, host)).is_some()
    }

    /// Takes a member out of a set.
    pub(super) fn leave_set(&self, set: SetIx, zone: ZoneIx, host: HostIx) {
        self.sets.with(set, |set| set.leave(&self.layout, zone, host));
    }

    /// Gives a member's claim back, under the lock of its set.
    pub(super) fn release_member(&self, set: SetIx, claim: Claim) {
        let zone = self.layout.segment(claim.host).zone;
        self.sets.with(set, |set| {
            set.leave(&self.layout, zone, claim.host);
            self.vacate(claim);
        });
    }
}
