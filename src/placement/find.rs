//! Finding a host in one shard: by score over shapes, or by position. Never by a scan of hosts.

use std::ops::Range;

use super::bars::{Bars, barred};
use super::hostset::BLOCK;
use super::policy::{Pick, Score};
use super::query::{Key, UNKNOWN};
use super::shape;
use super::state::{Facts, State};
use super::want::Reason;

impl State {
    /// The host with the best score, the lowest among equals.
    #[inline]
    pub(super) fn find_best(
        &mut self,
        facts: &Facts,
        query: usize,
        bars: Option<Bars<'_>>,
    ) -> Option<(Score, u32)> {
        self.settle(facts, query);
        let mut best: Option<(Score, u32)> = None;
        let mut from = 0;
        while let Some((slot, score, shape)) = self.queries[query].order.next(from) {
            from = slot + 1;
            if best.is_some_and(|(held, _)| held != score) {
                break;
            }
            if !self.is_live(shape) {
                self.strike(query, slot, shape);
                continue;
            }
            let hosts = &mut self.shapes.list[shape as usize].hosts;
            let least = hosts.least(&self.shape_of, shape);
            let least = if bars.is_none() { Some(least) } else { self.outside(shape, least, bars) };
            if let Some(least) = least
                && best.is_none_or(|(_, held)| least < held)
            {
                best = Some((score, least));
            }
            if best.is_some() && !self.queries[query].order.tied(slot) {
                break;
            }
        }
        best
    }

    /// The least host of a shape that is not barred.
    fn outside(&self, shape: u32, least: u32, bars: Option<Bars<'_>>) -> Option<u32> {
        let mut at = least;
        while let Some(end) = barred(bars, at) {
            at = self.shapes.list[shape as usize].hosts.next(&self.shape_of, shape, end)?;
        }
        Some(at)
    }

    /// The lowest host in `range` with room (policies that look at positions).
    pub(super) fn find_lowest(
        &mut self,
        query: usize,
        range: Range<u32>,
        bars: Option<Bars<'_>>,
    ) -> Option<u32> {
        let mut from = range.start;
        while from < range.end {
            let block = self.queries[query].blocks.next(from as usize / BLOCK)?;
            let start = (block * BLOCK) as u32;
            let end = self.shape_of.len().min((block + 1) * BLOCK) as u32;
            let mut any = false;
            for at in start..end {
                if !self.open.has(self.shape_of[at as usize], query) {
                    continue;
                }
                any = true;
                if at >= from && at < range.end && barred(bars, at).is_none() {
                    return Some(at);
                }
            }
            if !any {
                self.queries[query].blocks.clear(block);
            }
            from = if end < range.end { barred(bars, end).unwrap_or(end) } else { end };
        }
        None
    }

    /// The best host of a few neighbours; the lowest with room under policies that look at positions.
    pub(super) fn find_within(
        &mut self,
        facts: &Facts,
        query: usize,
        range: Range<u32>,
        bars: Option<Bars<'_>>,
    ) -> Option<(Score, u32)> {
        if facts.pick != Pick::Best {
            return self.find_lowest(query, range, bars).map(|at| (Score(0), at));
        }
        self.settle(facts, query);
        let mut best: Option<(Score, u32)> = None;
        let mut from = 0;
        while let Some((slot, score, shape)) = self.queries[query].order.next(from) {
            from = slot + 1;
            if best.is_some_and(|(held, _)| held != score) {
                break;
            }
            let hosts = &self.shapes.list[shape as usize].hosts;
            if let Some(least) = hosts.next(&self.shape_of, shape, range.start)
                && let Some(at) = self.outside(shape, least, bars)
                && at < range.end
                && best.is_none_or(|(_, held)| at < held)
            {
                best = Some((score, at));
            }
        }
        best
    }

    /// How many hosts outside the bars have room (policies that look at positions).
    pub(super) fn count_open(&mut self, query: usize, bars: Option<Bars<'_>>) -> u32 {
        let open = self.live.iter().filter(|&&shape| self.open.has(shape, query));
        let all: u32 = open.map(|&shape| self.shapes.list[shape as usize].hosts.len()).sum();
        let barred = bars.map_or_else(Vec::new, |bars| bars.positions());
        all - barred
            .into_iter()
            .flatten()
            .filter(|&at| self.open.has(self.shape_of[at as usize], query))
            .count() as u32
    }

    /// The host with room that has `nth` such hosts outside the bars before it.
    pub(super) fn nth_open(&mut self, query: usize, bars: Option<Bars<'_>>, nth: u32) -> Option<u32> {
        let end = self.shape_of.len() as u32;
        let mut at = self.find_lowest(query, 0..end, bars)?;
        for _ in 0..nth {
            at = self.find_lowest(query, at + 1..end, bars)?;
        }
        Some(at)
    }

    /// Whether the host at a position has room for a query, of any policy.
    pub(super) fn has_room_at(&mut self, facts: &Facts, query: usize, at: u32) -> bool {
        self.judge(facts, query, self.shape_of[at as usize])
    }

    /// The score of the host at a position for a query that has room there.
    pub(super) fn score_at(&self, query: usize, at: u32) -> Score {
        self.queries[query].evals[self.shape_of[at as usize] as usize].score
    }

    /// Why no host has room: among the hosts that may serve the request at all, the shortage of the most; else the
    /// constraint that removed the last ones. And whether some host has room all the same (and was barred, or got
    /// it since).
    pub(super) fn why_not(&mut self, facts: &Facts, query: usize) -> (Reason, bool) {
        let mut hosts = [0u64; Reason::ALL.len()];
        for at in 0..self.live.len() {
            let shape = self.live[at];
            self.judge(facts, query, shape);
            let reason = self.marks.get(shape, query).reason().unwrap_or(Reason::Set);
            hosts[reason as usize] += u64::from(self.shapes.list[shape as usize].hosts.len());
        }
        let (eligible, barred) = (Reason::Nics as usize, &hosts);
        let reason = (eligible..hosts.len())
            .filter(|&reason| barred[reason] > 0)
            .max_by_key(|&reason| (barred[reason], std::cmp::Reverse(reason)))
            .or_else(|| (0..eligible).rev().find(|&reason| barred[reason] > 0))
            .map_or(Reason::NoHosts, |reason| Reason::ALL[reason]);
        (reason, hosts[Reason::Set as usize] > 0)
    }

    /// The query of a request that names its host, when the host may serve it.
    pub(super) fn named(&mut self, facts: &Facts, key: Key, at: u32) -> Result<usize, Reason> {
        let query = self.query(facts, key);
        if self.has_room_at(facts, query, at) {
            return Ok(query);
        }
        Err(self.marks.get(self.shape_of[at as usize], query).reason().unwrap_or(Reason::Policy))
    }

    /// Checks that the index agrees with the hosts; panics when not. For tests.
    pub(super) fn check(&mut self, facts: &Facts) {
        let mut counts = vec![0u32; self.shapes.list.len()];
        for (at, &shape) in self.shape_of.iter().enumerate() {
            assert_ne!(shape, UNKNOWN);
            counts[shape as usize] += 1;
            let words = self.shapes.vector(shape);
            let class = &facts.classes[shape::class_of(words)];
            let free = shape::Free::new(words, class);
            let mut gpus: Vec<u32> = self.devices_at(at as u32).iter().map(|&left| left.into()).collect();
            gpus.sort_unstable();
            assert_eq!(gpus, free.gpus(), "devices of position {at}");
        }
        for (shape, &count) in counts.iter().enumerate() {
            let hosts = &mut self.shapes.list[shape].hosts;
            assert_eq!(hosts.len(), count);
            assert_eq!(self.live.contains(&(shape as u32)), count > 0);
            if count > 0 {
                let least = self.shape_of.iter().position(|&other| other == shape as u32);
                assert_eq!(Some(hosts.least(&self.shape_of, shape as u32) as usize), least);
            }
        }
    }
}
