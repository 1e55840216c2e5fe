//! Finding victims without scanning the fleet.
//!
//! For each zone and each kind of request that ever found no room there, hosts with reclaimable instances stand in an
//! order: how good it would be to free room for that kind of request on them, under the rule. A search takes the first.
//! When something changes on a host, it is only marked; a search judges the marked hosts anew, each once, before it
//! looks. So a search costs the logarithm of the number of hosts and what has changed since the last one, however many
//! instances and hosts there are (`benches/spot.rs`). Whatever was missed is caught at the end: the first host is
//! judged again before it is believed.
//!
//! Beside that, each class of hosts of a zone keeps its candidates in the order of the rule, for headroom: there any room
//! counts, wherever it is.

mod rule;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

pub use rule::Rule;
use rule::{Key, Score};

use crate::model::{ClassIx, HostIx, Resources, SimTime, ZoneIx};
use crate::placement::{DemandId, Fleet, Hold};

/// An instance that may be reclaimed.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub struct Candidate {
    /// The caller's number of it.
    pub life: u32,
    /// Its host.
    pub host: HostIx,
    /// What it holds of the host.
    pub hold: Hold,
    /// What that is in sum.
    pub size: Resources,
    /// Its bid as a share of the list price, in millionths.
    pub bid: u64,
    /// Its bid in thousandths an hour.
    pub value: u64,
    /// When it was created.
    pub created: SimTime,
    /// Its random number, for ties.
    pub tie: u32,
}

/// The candidates of one host, in the order of their keys.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Host {
    host: HostIx,
    candidates: Vec<Candidate>,
}

/// Hosts in the order in which they are freed for one kind of request.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Tree {
    order: BTreeSet<(Score, u32)>,
    /// By host of the zone: its place in the order.
    scores: Vec<Option<Score>>,
    /// Hosts to judge anew.
    marked: Vec<u32>,
    is_marked: Vec<bool>,
}

impl Tree {
    fn mark(&mut self, host: u32) {
        let at = host as usize;
        if self.is_marked.len() <= at {
            self.is_marked.resize(at + 1, false);
            self.scores.resize(at + 1, None);
        }
        if !self.is_marked[at] {
            self.is_marked[at] = true;
            self.marked.push(host);
        }
    }

    fn put(&mut self, host: u32, score: Option<Score>) {
        let held = &mut self.scores[host as usize];
        if *held == score {
            return;
        }
        if let Some(old) = held.take() {
            self.order.remove(&(old, host));
        }
        if let Some(new) = score {
            self.order.insert((new, host));
        }
        *held = score;
    }
}

/// The candidates of one zone.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Zone {
    /// Number of a host that has or had candidates.
    #[serde(with = "crate::model::sorted")]
    number: FxHashMap<HostIx, u32>,
    hosts: Vec<Host>,
    /// All candidates of each class, by key.
    #[serde(with = "crate::model::sorted")]
    classes: FxHashMap<ClassIx, BTreeSet<(Key, u32)>>,
    /// A few dozen at most: found by a look at each.
    trees: Vec<(DemandId, Tree)>,
}

impl Zone {
    fn mark(&mut self, host: u32) {
        self.trees.iter_mut().for_each(|(_, tree)| tree.mark(host));
    }
}

/// Where a candidate stands.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Place {
    zone: ZoneIx,
    class: ClassIx,
    host: HostIx,
    key: Key,
}

/// Victims that free the room for one request.
pub type Victims = SmallVec<[u32; 4]>;

/// All instances that may be reclaimed now.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Index {
    rule: Rule,
    zones: Vec<Zone>,
    #[serde(with = "crate::model::sorted")]
    places: FxHashMap<u32, Place>,
}

impl Index {
    /// An empty index for this many zones.
    pub fn new(rule: Rule, zones: usize) -> Index {
        Index { rule, zones: (0..zones).map(|_| Zone::default()).collect(), places: FxHashMap::default() }
    }

    /// Number of candidates.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// True without candidates.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds a candidate. Nothing happens when its host is none of the fleet.
    pub fn add(&mut self, fleet: &Fleet, candidate: Candidate) {
        let Some((zone_ix, class)) = fleet.standing(candidate.host) else { return };
        self.remove(candidate.life);
        let (rule, zone) = (self.rule, &mut self.zones[zone_ix.at()]);
        let next = zone.hosts.len() as u32;
        let number = *zone.number.entry(candidate.host).or_insert(next);
        if number == next {
            zone.hosts.push(Host { host: candidate.host, candidates: Vec::new() });
        }
        let key = rule.key(&candidate);
        let list = &mut zone.hosts[number as usize].candidates;
        let at = list.partition_point(|other| (rule.key(other), other.life) < (key, candidate.life));
        list.insert(at, candidate);
        zone.classes.entry(class).or_default().insert((key, candidate.life));
        zone.mark(number);
        self.places.insert(candidate.life, Place { zone: zone_ix, class, host: candidate.host, key });
    }

    /// Takes a candidate out, when it is one.
    pub fn remove(&mut self, life: u32) {
        let Some(Place { zone, class, host, key }) = self.places.remove(&life) else { return };
        let zone = &mut self.zones[zone.at()];
        let number = zone.number[&host];
        zone.hosts[number as usize].candidates.retain(|candidate| candidate.life != life);
        if let Some(class) = zone.classes.get_mut(&class) {
            class.remove(&(key, life));
        }
        zone.mark(number);
    }

    /// Something else changed on a host.
    pub fn touch(&mut self, zone: ZoneIx, host: HostIx) {
        let zone = &mut self.zones[zone.at()];
        if let Some(&number) = zone.number.get(&host) {
            zone.mark(number);
        }
    }

    /// The first candidate of a class of hosts in a zone, in the order of the rule.
    pub fn first(&self, zone: ZoneIx, class: ClassIx) -> Option<u32> {
        self.zones[zone.at()].classes.get(&class)?.first().map(|(_, life)| *life)
    }

    /// The victims whose release gives a request of this kind room in a zone; none when no release does.
    pub fn find(&mut self, fleet: &Fleet, zone: ZoneIx, demand: DemandId) -> Option<Victims> {
        let rule = self.rule;
        let Zone { hosts, trees, .. } = &mut self.zones[zone.at()];
        let at = trees.iter().position(|(known, _)| *known == demand).unwrap_or_else(|| {
            let mut tree = Tree::default();
            (0..hosts.len() as u32).for_each(|host| tree.mark(host));
            trees.push((demand, tree));
            trees.len() - 1
        });
        let tree = &mut trees[at].1;
        let judge = |host: &Host| {
            if host.candidates.is_empty() {
                return None;
            }
            rule.pick(&host.candidates, &mut fleet.what_if(host.host)?, demand)
        };
        while let Some(host) = tree.marked.pop() {
            tree.is_marked[host as usize] = false;
            tree.put(host, judge(&hosts[host as usize]).map(|(score, _)| score));
        }
        while let Some(&(held, number)) = tree.order.first() {
            let host = &hosts[number as usize];
            match judge(host) {
                Some((score, picked)) if score == held => {
                    return Some(picked.iter().map(|&at| host.candidates[at].life).collect());
                }
                now => tree.put(number, now.map(|(score, _)| score)),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
