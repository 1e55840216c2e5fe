//! Which shard, and which host in it: for zones of several shards, for the policies that look at positions or
//! draw, and for requests that name their host.

use super::bars::{Bars, barred};
use super::demand::DemandId;
use super::fleet::{Fleet, Zone};
use super::policy::{Pick, Score};
use super::query::Key;
use super::want::{Reason, Want};
use crate::model::{HostIx, ZoneIx};
use crate::sync::Ordering;

/// Draws before the exact way is taken.
const DRAWS: u32 = 24;

impl Fleet {
    /// The shard and position that a request without a set gets in a zone. Policies that draw or keep a cursor
    /// move on only when `claiming`.
    pub(super) fn find_in(
        &self,
        want: &Want<'_>,
        zone: ZoneIx,
        claiming: bool,
    ) -> Result<(usize, u32), Reason> {
        let Some(place) = self.zones.get(zone.at()) else { return Err(Reason::NoHosts) };
        if want.set.is_some() {
            return self.find_in_set(want, zone);
        }
        match want.host {
            Some(host) => self.find_named(want, zone, host),
            None => self.find_any(place, self.key(want), None, claiming),
        }
    }

    pub(super) fn find_named(
        &self,
        want: &Want<'_>,
        zone: ZoneIx,
        host: HostIx,
    ) -> Result<(usize, u32), Reason> {
        if host.0 >= self.len() || self.layout.segment(host).zone != zone {
            return Err(Reason::WrongHost);
        }
        let (shard, at) = self.layout.locate(host);
        self.shards[shard].lock().named(&self.facts, self.key(want), at).map(|_| (shard, at))
    }

    /// The host that the policy picks in a zone, outside the bars.
    pub(super) fn find_any(
        &self,
        place: &Zone,
        key: Key,
        bars: Option<Bars<'_>>,
        claiming: bool,
    ) -> Result<(usize, u32), Reason> {
        let found = match self.facts.pick {
            Pick::Best => self.find_best(place, key, bars),
            Pick::Lowest => self.find_lowest(place, key, bars),
            Pick::Next => self.find_next(place, key, bars, claiming),
            Pick::Random if claiming => self.draw(place, key, bars).map(|(_, shard, at)| (shard, at)),
            Pick::Power(choices) if claiming => self.best_of(place, key, bars, choices),
            Pick::Random | Pick::Power(_) => self.find_lowest(place, key, bars),
        };
        found.ok_or_else(|| self.why_not(place, key, bars))
    }

    /// Whether a shard needs no look, for requests that ask for nothing but a demand.
    fn known_full(&self, shard: u32, key: &Key) -> Option<Reason> {
        let demand: DemandId = key.demand;
        if key.is_plain() { self.shards[shard as usize].known_full(demand) } else { None }
    }

    fn find_best(&self, place: &Zone, key: Key, bars: Option<Bars<'_>>) -> Option<(usize, u32)> {
        let mut best: Option<(Score, usize, u32)> = None;
        for &shard in &place.shards {
            if self.known_full(shard, &key).is_some() {
                continue;
            }
            let mut state = self.shards[shard as usize].lock();
            let query = state.query(&self.facts, key);
            if let Some((score, at)) = state.find_best(&self.facts, query, bars.map(|bars| bars.of(shard)))
                && best.is_none_or(|(held, ..)| score > held)
            {
                best = Some((score, shard as usize, at));
            }
        }
        best.map(|(_, shard, at)| (shard, at))
    }

    fn find_lowest(&self, place: &Zone, key: Key, bars: Option<Bars<'_>>) -> Option<(usize, u32)> {
        (0..place.shards.len()).find_map(|part| self.lowest_of_part(place, part, key, bars, 0..u32::MAX))
    }

    fn lowest_of_part(
        &self,
        place: &Zone,
        part: usize,
        key: Key,
        bars: Option<Bars<'_>>,
        range: std::ops::Range<u32>,
    ) -> Option<(usize, u32)> {
        let shard = place.shards[part];
        if self.known_full(shard, &key).is_some() {
            return None;
        }
        let mut state = self.shards[shard as usize].lock();
        let query = state.query(&self.facts, key);
        let end = range.end.min(state.shape_of.len() as u32);
        let at = state.find_lowest(query, range.start..end, bars.map(|bars| bars.of(shard)))?;
        Some((shard as usize, at))
    }

    fn find_next(
        &self,
        place: &Zone,
        key: Key,
        bars: Option<Bars<'_>>,
        claiming: bool,
    ) -> Option<(usize, u32)> {
        let cursor = place.cursor.load(Ordering::Relaxed);
        let (part, at) = ((cursor >> 32) as usize, cursor as u32);
        let parts = place.shards.len();
        let found = self
            .lowest_of_part(place, part, key, bars, at..u32::MAX)
            .map(|found| (part, found))
            .or_else(|| {
                (part + 1..part + parts).map(|part| part % parts).find_map(|part| {
                    self.lowest_of_part(place, part, key, bars, 0..u32::MAX).map(|found| (part, found))
                })
            })
            .or_else(|| self.lowest_of_part(place, part, key, bars, 0..at).map(|found| (part, found)));
        if let (Some((part, (_, at))), true) = (found, claiming) {
            place.cursor.store((part as u64) << 32 | u64::from(at), Ordering::Relaxed);
        }
        found.map(|(_, found)| found)
    }

    /// A host with room, each with equal chance: first by drawing hosts, then by counting those with room.
    fn draw(&self, place: &Zone, key: Key, bars: Option<Bars<'_>>) -> Option<(Score, usize, u32)> {
        for _ in 0..DRAWS {
            let mut drawn = place.luck.below(place.hosts);
            for &shard in &place.shards {
                let mut state = self.shards[shard as usize].lock();
                let hosts = state.shape_of.len() as u32;
                if drawn >= hosts {
                    drawn -= hosts;
                    continue;
                }
                let query = state.query(&self.facts, key);
                if state.has_room_at(&self.facts, query, drawn)
                    && barred(bars.map(|bars| bars.of(shard)), drawn).is_none()
                {
                    return Some((state.score_at(query, drawn), shard as usize, drawn));
                }
                break;
            }
        }
        let mut counts = Vec::with_capacity(place.shards.len());
        for &shard in &place.shards {
            let mut state = self.shards[shard as usize].lock();
            let query = state.query(&self.facts, key);
            counts.push(state.count_open(query, bars.map(|bars| bars.of(shard))));
        }
        let total: u32 = counts.iter().sum();
        if total == 0 {
            return None;
        }
        let mut drawn = place.luck.below(total);
        for (part, &shard) in place.shards.iter().enumerate() {
            if drawn >= counts[part] {
                drawn -= counts[part];
                continue;
            }
            let mut state = self.shards[shard as usize].lock();
            let query = state.query(&self.facts, key);
            let at = state.nth_open(query, bars.map(|bars| bars.of(shard)), drawn)?;
            return Some((state.score_at(query, at), shard as usize, at));
        }
        None
    }

    fn best_of(&self, place: &Zone, key: Key, bars: Option<Bars<'_>>, choices: u32) -> Option<(usize, u32)> {
        let mut best: Option<(Score, usize, u32)> = None;
        for _ in 0..choices.max(1) {
            let (score, shard, at) = self.draw(place, key, bars)?;
            let better = |(held, other, place): (Score, usize, u32)| {
                score > held || (score == held && (shard, at) < (other, place))
            };
            if best.is_none_or(better) {
                best = Some((score, shard, at));
            }
        }
        best.map(|(_, shard, at)| (shard, at))
    }

    fn why_not(&self, place: &Zone, key: Key, bars: Option<Bars<'_>>) -> Reason {
        let reasons = place.shards.iter().map(|&shard| {
            if let Some(reason) = self.known_full(shard, &key) {
                return reason;
            }
            let home = &self.shards[shard as usize];
            let mut state = home.lock();
            let query = state.query(&self.facts, key);
            if bars.is_none() {
                home.note_full(&mut state, &self.facts, query)
            } else {
                state.why_not(&self.facts, query).0
            }
        });
        reasons.max().unwrap_or(Reason::NoHosts)
    }
}
